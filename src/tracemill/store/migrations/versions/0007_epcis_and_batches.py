"""Captured EPCIS events and capture jobs are found without reading other feeds; rejections are carried on to supplier batches."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INDEXES = (("message_epcis", "id", "epcis"), ("message_epcis_key", "key", "epcis"), ("message_epcis_job", "id", "epcis-jobs"))


def upgrade() -> None:
    for name, column, feed in INDEXES:
        only = sa.text(f"feed = '{feed}'")
        op.create_index(name, "message", [column], sqlite_where=only, postgresql_where=only)
    op.create_table(
        "batch_spread",
        sa.Column("lot_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
    )
