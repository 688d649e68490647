"""What of lots is in handling units."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TIME = sa.BigInteger()  # UTC microseconds


def upgrade() -> None:
    op.create_table(
        "unit_content",
        sa.Column("unit", sa.String(200), primary_key=True),
        sa.Column("lot_id", sa.BigInteger(), primary_key=True),
        sa.Column("system", sa.String(100), primary_key=True),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("parent", sa.String(200), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("told_at", TIME, nullable=False),
        sa.Column("disputed", sa.Boolean(), nullable=False),
    )
    op.create_index("unit_content_parent", "unit_content", ["parent"])
