"""Quality records that are linked to lots, the lots of work orders, and master data."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TIME = sa.BigInteger()  # UTC microseconds


def upgrade() -> None:
    for part in (_records, _orders, _master_data):
        part()


def _records() -> None:
    op.create_table(
        "quality_record",
        sa.Column("lot_id", sa.BigInteger(), primary_key=True),
        sa.Column("key", sa.String(450), primary_key=True),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("native", sa.String(200), nullable=False),
        sa.Column("supplier", sa.String(200), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
        sa.Column("data", sa.Text(), nullable=False),
    )
    op.create_index("quality_record_native", "quality_record", ["native"])
    op.create_index("quality_record_supplier", "quality_record", ["site", "supplier", "opened_at"])


def _orders() -> None:
    op.create_table(
        "order_line",
        sa.Column("work_order", sa.String(200), primary_key=True),
        sa.Column("lot_id", sa.BigInteger(), primary_key=True),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("side", sa.String(10), nullable=False),
    )


def _master_data() -> None:
    op.create_table(
        "master_data",
        sa.Column("site", sa.String(100), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("key", sa.String(420), primary_key=True),
        sa.Column("valid_from", TIME, primary_key=True),
        sa.Column("item", sa.String(200), nullable=False),
        sa.Column("system", sa.String(100), nullable=False),
        sa.Column("told_at", TIME, nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
    )
    op.create_index("ix_master_data_item", "master_data", ["item"])
    op.create_index("master_data_recorded", "master_data", ["site", "recorded_at"])
