"""Inspection histories: the state of switching and skip-lot inspection per supplier, item and plan."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "inspection_history",
        sa.Column("site", sa.String(100), primary_key=True),
        sa.Column("supplier", sa.String(200), primary_key=True),
        sa.Column("item", sa.String(200), primary_key=True),
        sa.Column("plan", sa.String(200), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),  # UTC microseconds
    )
