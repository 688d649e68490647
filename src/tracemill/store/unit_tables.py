"""The table of handling units: which lots are in which unit, and where each system says that it stands."""

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text

from tracemill.store.tables import UtcTime, metadata

unit_content = Table(
    "unit_content",
    metadata,
    Column("unit", String(200), primary_key=True),
    Column("lot_id", BigInteger, primary_key=True),
    Column("system", String(100), primary_key=True),
    Column("site", String(100), nullable=False),
    Column("quantity", Text, nullable=False),  # in the lot's base unit
    Column("parent", String(200), nullable=False),
    Column("place", Text, nullable=False),
    Column("told_at", UtcTime, nullable=False),
    Column("disputed", Boolean, nullable=False),  # the lot has the case that systems tell different places
)
Index("unit_content_parent", unit_content.c.parent)
