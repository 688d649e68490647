"""Quality records that are linked to lots, and the lots of work orders."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "quality_record",
        sa.Column("lot_id", sa.BigInteger(), primary_key=True),
        sa.Column("key", sa.String(450), primary_key=True),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("native", sa.String(200), nullable=False),
        sa.Column("supplier", sa.String(200), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),  # UTC microseconds
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("data", sa.Text(), nullable=False),
    )
    op.create_index("quality_record_native", "quality_record", ["native"])
    op.create_index("quality_record_supplier", "quality_record", ["site", "supplier", "opened_at"])
    op.create_table(
        "order_line",
        sa.Column("work_order", sa.String(200), primary_key=True),
        sa.Column("lot_id", sa.BigInteger(), primary_key=True),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("side", sa.String(10), nullable=False),
    )
