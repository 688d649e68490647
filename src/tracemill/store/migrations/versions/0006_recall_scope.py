"""Recalls: a frozen scope keeps who left which lot out and why; lots are found along an item and along a machine."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("recall_version", sa.Column("excluded", sa.Text(), nullable=False, server_default="{}"))
    op.create_index("lot_item", "lot", ["site", "item", "id"])
    op.create_index("transformation_machine", "transformation", ["machine", "id"])
