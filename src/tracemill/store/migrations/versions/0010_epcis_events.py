"""Captured EPCIS events are found by page and by id, and capture jobs by page, without reading other feeds."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0005"

INDEXES = (("message_epcis", "id", "epcis"), ("message_epcis_key", "key", "epcis"), ("message_epcis_job", "id", "epcis-jobs"))


def upgrade() -> None:
    for name, column, feed in INDEXES:
        only = sa.text(f"feed = '{feed}'")
        op.create_index(name, "message", [column], sqlite_where=only, postgresql_where=only)
