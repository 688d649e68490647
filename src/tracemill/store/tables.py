"""All tables. Ids are bigint inside and UUID outside; times are UTC microseconds; records are canonical JSON text."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """An aware time as UTC microseconds: sortable, exact and the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:  # noqa: ARG002  SQLAlchemy's signature
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:  # noqa: ARG002  SQLAlchemy's signature
        return None if value is None else _EPOCH + timedelta(microseconds=value)


def _monthly(column: str) -> dict[str, Any]:
    return {"postgresql_partition_by": f"RANGE ({column})"}


site_position = Table(
    "site_position",
    metadata,
    Column("site", String(100), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False),
)

seen = Table(
    "seen",
    metadata,
    Column("system", String(100), primary_key=True),
    Column("feed", String(100), primary_key=True),
    Column("key", String(500), primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("read_started", UtcTime, nullable=False),
    Column("message_id", BigInteger, nullable=False),
)

message = Table(
    "message",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("received_at", UtcTime, primary_key=True),
    Column("uuid", String(36), nullable=False),
    Column("site", String(100), nullable=False),
    Column("system", String(100), nullable=False),
    Column("feed", String(100), nullable=False),
    Column("key", String(500), nullable=False),
    Column("read_started", UtcTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("content_type", String(100), nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("correlation", String(100), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("conflicting", Boolean, nullable=False),
    Column("cause_code", String(100)),
    Column("cause", Text),
    Column("hint", Text),
    Column("processed_at", UtcTime),
    Column("settled_by", String(200)),
    Column("reason", Text),
    **_monthly("received_at"),
)
Index("message_state", message.c.state, message.c.id)
Index("message_uuid", message.c.uuid)
for _name, _column, _feed in (
    ("message_epcis", message.c.id, "epcis"),
    ("message_epcis_key", message.c.key, "epcis"),
    ("message_epcis_job", message.c.id, "epcis-jobs"),
):  # each holds one feed, so that no other message pays for it
    _only = text(f"feed = '{_feed}'")
    Index(_name, _column, sqlite_where=_only, postgresql_where=_only)

body = Table(
    "body",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("month", UtcTime, primary_key=True),
    Column("codec", String(20), nullable=False),
    Column("key_id", String(100)),
    Column("data", LargeBinary, nullable=False),
    **_monthly("month"),
)

business_key = Table(
    "business_key",
    metadata,
    Column("value", String(200), primary_key=True),
    Column("kind", String(50), primary_key=True),
    Column("message_id", BigInteger, primary_key=True),
    Column("look", String(200), nullable=False, index=True),
)
Index("business_key_message", business_key.c.message_id)

event = Table(
    "event",
    metadata,
    Column("site", String(100), primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("id", String(36), nullable=False, index=True),
    Column("type", String(60), nullable=False),
    Column("source", String(100), nullable=False),
    Column("lot_id", BigInteger),
    Column("message_id", BigInteger),
    Column("recorded_at", UtcTime, nullable=False),
    Column("data", Text, nullable=False),
)
Index("event_lot", event.c.lot_id, event.c.position)

change = Table(
    "change",
    metadata,
    Column("site", String(100), primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("lot_id", BigInteger, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("data", Text, nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("mapping", String(100), nullable=False),
    Column("policy", String(40), nullable=False),
)
Index("change_lot", change.c.lot_id, change.c.position)

audit = Table(
    "audit",
    metadata,
    Column("site", String(100), primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(100), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

lot = Table(
    "lot",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("site", String(100), nullable=False),
    Column("number", String(200), nullable=False),
    Column("look", String(200), nullable=False, index=True),
    Column("item", String(200), nullable=False),
    Column("supplier_batch", String(200), nullable=False, index=True),
    Column("verdict", String(20), nullable=False),
    Column("unsafe", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("received", Boolean, nullable=False, server_default=false()),
)
Index("lot_verdict", lot.c.site, lot.c.verdict)
Index("lot_number", lot.c.number)
Index("lot_item", lot.c.site, lot.c.item, lot.c.id)

identity = Table(
    "identity",
    metadata,
    Column("system", String(100), primary_key=True),
    Column("scope", String(200), primary_key=True),
    Column("native", String(200), primary_key=True),
    Column("lot_id", BigInteger, nullable=False, index=True),
    Column("look", String(200), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime),
)
Index("identity_look", identity.c.look, identity.c.system)
Index("identity_native", identity.c.native)

hold = Table(
    "hold",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("lot_id", BigInteger, nullable=False, index=True),
    Column("reason", String(40), nullable=False),
    Column("system", String(100), nullable=False),
    Column("quantity", String(60)),
    Column("placed_at", UtcTime, nullable=False),
    Column("lifted_at", UtcTime),
    Column("lifted_by", String(200)),
)
Index("hold_open", hold.c.reason, sqlite_where=text("lifted_at IS NULL"), postgresql_where=text("lifted_at IS NULL"))

inspection_history = Table(
    "inspection_history",
    metadata,
    Column("site", String(100), primary_key=True),
    Column("supplier", String(200), primary_key=True),
    Column("item", String(200), primary_key=True),
    Column("plan", String(200), primary_key=True),
    Column("state", Text, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

waiting_hold = Table(
    "waiting_hold",
    metadata,
    Column("system", String(100), primary_key=True),
    Column("native", String(200), primary_key=True),
    Column("message", String(36), primary_key=True),
    Column("cause", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

Index("waiting_hold_native", waiting_hold.c.native)

delivery = Table(
    "delivery",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("site", String(100), nullable=False),
    Column("system", String(100), nullable=False),
    Column("lot_id", BigInteger, nullable=False),
    Column("verb", String(40), nullable=False),
    Column("purpose", String(300), nullable=False),
    Column("restricts", Boolean, nullable=False),
    Column("value", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("mode", String(20), nullable=False),
    Column("approved_by", String(200)),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("verify_after", UtcTime),
    Column("fence", Integer, nullable=False),
    Column("lease_until", UtcTime),
    Column("cursor", Text, nullable=False),
    Column("sent_ended", UtcTime),
    Column("decided_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Column("native", String(300), nullable=False),
    Column("detail", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("correlation", String(100), nullable=False),
    Column("event_id", String(36), nullable=False),
    Column("superseded_by", String(36)),
)
Index("delivery_due", delivery.c.system, delivery.c.state, delivery.c.next_at)
Index("delivery_lot", delivery.c.lot_id, delivery.c.system, delivery.c.id)

attempt = Table(
    "attempt",
    metadata,
    Column("delivery_id", BigInteger, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("ended_at", UtcTime, primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("detail", Text, nullable=False),
    **_monthly("ended_at"),
)

case = Table(
    "case_file",
    metadata,
    Column("key", String(400), primary_key=True),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("site", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("lot_id", BigInteger, index=True),
    Column("title", Text, nullable=False),
    Column("consequence", String(10), nullable=False),
    Column("next_action", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("closed_by", String(200)),
    Column("note", Text),
)

timer = Table(
    "timer",
    metadata,
    Column("key", String(400), primary_key=True),
    Column("site", String(100), nullable=False),
    Column("lot_id", BigInteger, nullable=False),
    Column("due", UtcTime, nullable=False, index=True),
)

feed_cursor = Table(
    "feed_cursor",
    metadata,
    Column("system", String(100), primary_key=True),
    Column("feed", String(100), primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("read_at", UtcTime),
    Column("ok_at", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("error", Text),
)

system_state = Table(
    "system_state",
    metadata,
    Column("system", String(100), primary_key=True),
    Column("paused_at", UtcTime),
    Column("paused_by", String(200)),
    Column("reason", Text),
)

account = Table(
    "account",
    metadata,
    Column("client_id", String(100), primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("secret_hash", String(64), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("sites", Text, nullable=False),
    Column("systems", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("disabled_at", UtcTime),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("client_id", String(100), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer),
    Column("answer", Text),
    Column("at", UtcTime, nullable=False),
)
