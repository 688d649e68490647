"""The table of quality records: what is linked to lots, so that it can be found by its id, its supplier and its defect."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from tracemill.store.tables import UtcTime, metadata

quality_record = Table(
    "quality_record",
    metadata,
    Column("lot_id", BigInteger, primary_key=True),
    Column("key", String(450), primary_key=True),  # kind, system and id
    Column("site", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("native", String(200), nullable=False),
    Column("supplier", String(200), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("data", Text, nullable=False),
)
Index("quality_record_native", quality_record.c.native)
Index("quality_record_supplier", quality_record.c.site, quality_record.c.supplier, quality_record.c.opened_at)
