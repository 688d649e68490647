"""Recalls: what each started from, its frozen scopes, and the lots that it names itself."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.BigInteger()  # UTC microseconds


def upgrade() -> None:
    for part in (_recall, _version, _lot):
        part()


def _recall() -> None:
    op.create_table(
        "recall",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("mock", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("sites", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.String(200), nullable=False),
        sa.Column("detected_at", TIME, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("hold_asked_at", TIME),
        sa.Column("hold_asked_by", sa.String(200)),
        sa.Column("held_at", TIME),
        sa.Column("verified_at", TIME),
        sa.Column("closed_at", TIME),
        sa.UniqueConstraint("n"),
    )


def _version() -> None:
    op.create_table(
        "recall_version",
        sa.Column("recall", sa.String(20), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("positions", sa.Text(), nullable=False),
        sa.Column("lots", sa.Text(), nullable=False),
    )


def _lot() -> None:
    op.create_table(
        "recall_lot",
        sa.Column("recall", sa.String(20), primary_key=True),
        sa.Column("lot_id", sa.BigInteger(), primary_key=True),
        sa.Column("root", sa.Boolean(), nullable=False),
        sa.Column("asked_at", TIME),
        sa.Column("excluded_at", TIME),
        sa.Column("excluded_by", sa.String(200)),
        sa.Column("reason", sa.Text()),
    )
