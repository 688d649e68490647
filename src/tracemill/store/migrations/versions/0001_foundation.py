"""The foundation: every table of the first release, written out, with monthly partitions on PostgreSQL from the first day."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.BigInteger()  # UTC microseconds
PARTITIONED = ("message", "body", "attempt")


def upgrade() -> None:
    for part in (_messages, _bodies, _record, _lots, _deliveries, _work, _systems):
        part()
    if op.get_bind().dialect.name == "postgresql":
        for table in PARTITIONED:
            op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")


def _messages() -> None:
    op.create_table(
        "seen",
        sa.Column("system", sa.String(100), primary_key=True),
        sa.Column("feed", sa.String(100), primary_key=True),
        sa.Column("key", sa.String(500), primary_key=True),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("read_started", TIME, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("received_at", TIME, primary_key=True),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("system", sa.String(100), nullable=False),
        sa.Column("feed", sa.String(100), nullable=False),
        sa.Column("key", sa.String(500), nullable=False),
        sa.Column("read_started", TIME, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("content_type", sa.String(100), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("correlation", sa.String(100), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("conflicting", sa.Boolean(), nullable=False),
        sa.Column("cause_code", sa.String(100)),
        sa.Column("cause", sa.Text()),
        sa.Column("hint", sa.Text()),
        sa.Column("processed_at", TIME),
        sa.Column("settled_by", sa.String(200)),
        sa.Column("reason", sa.Text()),
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_index("message_state", "message", ["state", "id"])
    op.create_index("message_uuid", "message", ["uuid"])


def _bodies() -> None:
    op.create_table(
        "body",
        sa.Column("hash", sa.LargeBinary(), primary_key=True),
        sa.Column("month", TIME, primary_key=True),
        sa.Column("codec", sa.String(20), nullable=False),
        sa.Column("key_id", sa.String(100)),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        postgresql_partition_by="RANGE (month)",
    )
    op.create_table(
        "business_key",
        sa.Column("value", sa.String(200), primary_key=True),
        sa.Column("kind", sa.String(50), primary_key=True),
        sa.Column("message_id", sa.BigInteger(), primary_key=True),
        sa.Column("look", sa.String(200), nullable=False),
    )
    op.create_index("business_key_message", "business_key", ["message_id"])
    op.create_index("ix_business_key_look", "business_key", ["look"])


def _record() -> None:
    op.create_table(
        "site_position",
        sa.Column("site", sa.String(100), primary_key=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "event",
        sa.Column("site", sa.String(100), primary_key=True),
        sa.Column("position", sa.BigInteger(), primary_key=True),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("type", sa.String(60), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("lot_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
    )
    op.create_index("event_lot", "event", ["lot_id", "position"])
    op.create_index("ix_event_id", "event", ["id"])
    op.create_table(
        "change",
        sa.Column("site", sa.String(100), primary_key=True),
        sa.Column("position", sa.BigInteger(), primary_key=True),
        sa.Column("ordinal", sa.Integer(), primary_key=True),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("occurred_at", TIME, nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("mapping", sa.String(100), nullable=False),
        sa.Column("policy", sa.String(40), nullable=False),
    )
    op.create_index("change_lot", "change", ["lot_id", "position"])
    op.create_table(
        "audit",
        sa.Column("site", sa.String(100), primary_key=True),
        sa.Column("position", sa.BigInteger(), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )


def _lots() -> None:
    op.create_table(
        "lot",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("number", sa.String(200), nullable=False),
        sa.Column("look", sa.String(200), nullable=False),
        sa.Column("item", sa.String(200), nullable=False),
        sa.Column("supplier_batch", sa.String(200), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("unsafe", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.UniqueConstraint("uuid"),
    )
    op.create_index("ix_lot_look", "lot", ["look"])
    op.create_index("ix_lot_supplier_batch", "lot", ["supplier_batch"])
    op.create_index("lot_number", "lot", ["number"])
    op.create_index("lot_verdict", "lot", ["site", "verdict"])
    op.create_table(
        "identity",
        sa.Column("system", sa.String(100), primary_key=True),
        sa.Column("scope", sa.String(200), primary_key=True),
        sa.Column("native", sa.String(200), primary_key=True),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("look", sa.String(200), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME),
    )
    op.create_index("identity_look", "identity", ["look", "system"])
    op.create_index("identity_native", "identity", ["native"])
    op.create_index("ix_identity_lot_id", "identity", ["lot_id"])
    op.create_table(
        "hold",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("system", sa.String(100), nullable=False),
        sa.Column("quantity", sa.String(60)),
        sa.Column("placed_at", TIME, nullable=False),
        sa.Column("lifted_at", TIME),
        sa.Column("lifted_by", sa.String(200)),
    )
    still_open = sa.text("lifted_at IS NULL")
    op.create_index("hold_open", "hold", ["reason"], sqlite_where=still_open, postgresql_where=still_open)
    op.create_index("ix_hold_lot_id", "hold", ["lot_id"])
    op.create_table(
        "waiting_hold",
        sa.Column("system", sa.String(100), primary_key=True),
        sa.Column("native", sa.String(200), primary_key=True),
        sa.Column("message", sa.String(36), primary_key=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("waiting_hold_native", "waiting_hold", ["native"])


def _deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("system", sa.String(100), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.String(40), nullable=False),
        sa.Column("purpose", sa.String(300), nullable=False),
        sa.Column("restricts", sa.Boolean(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("approved_by", sa.String(200)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("verify_after", TIME),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", TIME),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("sent_ended", TIME),
        sa.Column("decided_at", TIME, nullable=False),
        sa.Column("settled_at", TIME),
        sa.Column("native", sa.String(300), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("correlation", sa.String(100), nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("superseded_by", sa.String(36)),
        sa.UniqueConstraint("uuid"),
    )
    op.create_index("delivery_due", "delivery", ["system", "state", "next_at"])
    op.create_index("delivery_lot", "delivery", ["lot_id", "system", "id"])
    op.create_table(
        "attempt",
        sa.Column("delivery_id", sa.BigInteger(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("ended_at", TIME, primary_key=True),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        postgresql_partition_by="RANGE (ended_at)",
    )


def _work() -> None:
    op.create_table(
        "case_file",
        sa.Column("key", sa.String(400), primary_key=True),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("lot_id", sa.BigInteger()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("consequence", sa.String(10), nullable=False),
        sa.Column("next_action", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
        sa.Column("closed_by", sa.String(200)),
        sa.Column("note", sa.Text()),
        sa.UniqueConstraint("uuid"),
    )
    op.create_index("ix_case_file_lot_id", "case_file", ["lot_id"])
    op.create_table(
        "timer",
        sa.Column("key", sa.String(400), primary_key=True),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("due", TIME, nullable=False),
    )
    op.create_index("ix_timer_due", "timer", ["due"])


def _systems() -> None:
    op.create_table(
        "feed_cursor",
        sa.Column("system", sa.String(100), primary_key=True),
        sa.Column("feed", sa.String(100), primary_key=True),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("read_at", TIME),
        sa.Column("ok_at", TIME),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
    )
    op.create_table(
        "system_state",
        sa.Column("system", sa.String(100), primary_key=True),
        sa.Column("paused_at", TIME),
        sa.Column("paused_by", sa.String(200)),
        sa.Column("reason", sa.Text()),
    )
    op.create_table(
        "account",
        sa.Column("client_id", sa.String(100), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("sites", sa.Text(), nullable=False),
        sa.Column("systems", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("disabled_at", TIME),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "idempotency",
        sa.Column("client_id", sa.String(100), primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("answer", sa.Text()),
        sa.Column("at", TIME, nullable=False),
    )
