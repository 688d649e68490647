"""The tables of recalls: each recall, its frozen scopes, and the lots that it names itself."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from tracemill.store.tables import UtcTime, metadata

recall = Table(
    "recall",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("n", Integer, nullable=False, unique=True),
    Column("mock", Boolean, nullable=False),
    Column("origin", Text, nullable=False),
    Column("sites", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_by", String(200), nullable=False),
    Column("detected_at", UtcTime, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("hold_asked_at", UtcTime),
    Column("hold_asked_by", String(200)),
    Column("held_at", UtcTime),
    Column("verified_at", UtcTime),
    Column("closed_at", UtcTime),
)

recall_version = Table(
    "recall_version",
    metadata,
    Column("recall", String(20), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("positions", Text, nullable=False),
    Column("lots", Text, nullable=False),
    Column("excluded", Text, nullable=False, server_default="{}"),
)

recall_lot = Table(
    "recall_lot",
    metadata,
    Column("recall", String(20), primary_key=True),
    Column("lot_id", BigInteger, primary_key=True),
    Column("root", Boolean, nullable=False),
    Column("asked_at", UtcTime),
    Column("excluded_at", UtcTime),
    Column("excluded_by", String(200)),
    Column("reason", Text),
)
