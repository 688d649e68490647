"""Vessels: what happened to them, in order of when it occurred."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "vessel_fact",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("vessel", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(36), nullable=False),
        sa.Column("content", sa.String(36), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
    )
    op.create_index("vessel_fact_at", "vessel_fact", ["site", "vessel", "at"])
