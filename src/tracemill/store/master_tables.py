"""The table of master data: each definition from the day on which it counts."""

from sqlalchemy import Column, Index, String, Table, Text

from tracemill.store.tables import UtcTime, metadata

master_data = Table(
    "master_data",
    metadata,
    Column("site", String(100), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("key", String(420), primary_key=True),
    Column("valid_from", UtcTime, primary_key=True),  # the beginning of 1970: as long as anybody remembers
    Column("item", String(200), nullable=False, index=True),
    Column("system", String(100), nullable=False),
    Column("told_at", UtcTime, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("data", Text, nullable=False),
)
Index("master_data_recorded", master_data.c.site, master_data.c.recorded_at)
