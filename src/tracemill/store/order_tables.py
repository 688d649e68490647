"""The table of work orders: which lots stand on which order, so that an order can be asked about."""

from sqlalchemy import BigInteger, Column, String, Table

from tracemill.store.tables import metadata

order_line = Table(
    "order_line",
    metadata,
    Column("work_order", String(200), primary_key=True),
    Column("lot_id", BigInteger, primary_key=True),
    Column("site", String(100), nullable=False),
    Column("side", String(10), nullable=False),
)
