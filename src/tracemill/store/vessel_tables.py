"""The table of what happened to vessels, with how each fact leaves them."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from tracemill.store.tables import UtcTime, metadata

vessel_fact = Table(
    "vessel_fact",
    metadata,
    Column("id", String(36), primary_key=True),  # of the event
    Column("site", String(100), nullable=False),
    Column("vessel", String(200), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("rank", Integer, nullable=False),  # among facts of the same time
    Column("lot", String(36), nullable=False),
    Column("content", String(36), nullable=False),
    Column("since", UtcTime, nullable=False),  # when what it is folded with begins
    Column("data", Text, nullable=False),
    Column("standing", Text, nullable=False),
)
Index("vessel_fact_at", vessel_fact.c.site, vessel_fact.c.vessel, vessel_fact.c.at)
