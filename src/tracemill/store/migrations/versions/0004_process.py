"""Process summaries: the conditions under which lots were made."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "process_summary",
        sa.Column("site", sa.String(100), primary_key=True),
        sa.Column("position", sa.BigInteger(), primary_key=True),
        sa.Column("ordinal", sa.Integer(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("transformation_id", sa.BigInteger(), nullable=False),
        sa.Column("parameter", sa.String(200), nullable=False),
        sa.Column("started", sa.String(40), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
    )
    for column in ("lot_id", "transformation_id"):
        op.create_index(f"ix_process_summary_{column}", "process_summary", [column])
