"""The tables of the genealogy: transformations, the edges between them and lots, and the conditions they ran under."""

from sqlalchemy import BigInteger, Column, Double, Index, Integer, SmallInteger, String, Table, Text

from tracemill.store.tables import UtcTime, metadata

transformation = Table(
    "transformation",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("site", String(100), nullable=False),
    Column("key", String(400), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("work_order", String(200), nullable=False, index=True),
    Column("operation", String(200), nullable=False),
    Column("machine", String(200), nullable=False),
    Column("recipe", String(200), nullable=False),
    Column("first_at", UtcTime, nullable=False),
)

Index("transformation_machine", transformation.c.machine, transformation.c.id)

process_summary = Table(
    "process_summary",
    metadata,
    Column("site", String(100), primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),  # of the summary in its change
    Column("lot_id", BigInteger, nullable=False, index=True),
    Column("transformation_id", BigInteger, nullable=False, index=True),
    Column("parameter", String(200), nullable=False),
    Column("started", String(40), nullable=False),  # with the parameter: which summary this one is, or replaces
    Column("data", Text, nullable=False),
)

edge = Table(
    "edge",
    metadata,
    Column("site", String(100), primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("lot_id", BigInteger, nullable=False),
    Column("transformation_id", BigInteger, nullable=False),
    Column("side", SmallInteger, nullable=False),
    Column("quantity", String(60), nullable=False),
    Column("amount", Double, nullable=False),
    Column("unit", String(10), nullable=False),
    Column("evidence", SmallInteger, nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
)
Index("edge_lot", edge.c.lot_id, edge.c.side, edge.c.transformation_id)
Index("edge_transformation", edge.c.transformation_id, edge.c.side, edge.c.lot_id)

batch_spread = Table(
    "batch_spread",
    metadata,
    Column("lot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("after", BigInteger, nullable=False),
)

spread = Table(
    "spread",
    metadata,
    Column("lot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("after", BigInteger, nullable=False),
)
