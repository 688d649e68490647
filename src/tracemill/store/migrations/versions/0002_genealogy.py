"""Genealogy: transformations, the edges of lots, where a lot came from outside, and whose holds are still to be carried on."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.BigInteger()  # UTC microseconds


def upgrade() -> None:
    for part in (_transformation, _edge, _spread):
        part()
    op.add_column("lot", sa.Column("received", sa.Boolean(), nullable=False, server_default=sa.false()))


def _transformation() -> None:
    op.create_table(
        "transformation",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("key", sa.String(400), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("work_order", sa.String(200), nullable=False),
        sa.Column("operation", sa.String(200), nullable=False),
        sa.Column("machine", sa.String(200), nullable=False),
        sa.Column("recipe", sa.String(200), nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.UniqueConstraint("uuid"),
    )
    op.create_index("ix_transformation_work_order", "transformation", ["work_order"])


def _edge() -> None:
    op.create_table(
        "edge",
        sa.Column("site", sa.String(100), primary_key=True),
        sa.Column("position", sa.BigInteger(), primary_key=True),
        sa.Column("ordinal", sa.Integer(), primary_key=True),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("transformation_id", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("quantity", sa.String(60), nullable=False),
        sa.Column("amount", sa.Double(), nullable=False),
        sa.Column("unit", sa.String(10), nullable=False),
        sa.Column("evidence", sa.SmallInteger(), nullable=False),
        sa.Column("occurred_at", TIME, nullable=False),
    )
    op.create_index("edge_lot", "edge", ["lot_id", "side", "transformation_id"])
    op.create_index("edge_transformation", "edge", ["transformation_id", "side", "lot_id"])


def _spread() -> None:
    op.create_table(
        "spread",
        sa.Column("lot_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
    )
