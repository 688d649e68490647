"""Recalls: a frozen scope keeps which lots were left out of it, by whom and why."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("recall_version", sa.Column("excluded", sa.Text(), nullable=False, server_default="{}"))
