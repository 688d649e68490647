"""Stored rows: fills an empty database as if so many events had been through it, so that indices are as deep as they would be.

Every event has a lot of its own, a message, a body, an event, an audit entry and a verified delivery, each with the
columns that indices are made of; texts are short. The rows belong to a site of their own, whose audit chain is not valid.
"""

import time
from datetime import UTC, datetime

from sqlalchemy import create_engine, text

from tracemill.store.partitions import ensure
from tracemill.store.store import migrate

MIX = "CAST(i * 2654435761 % 4294967296 AS TEXT) || '-' || CAST(i AS TEXT)"  # spread, as the hashes and ids of real rows are
SERIES = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
ROWS = {
    "message": f"""(id, received_at, uuid, site, system, feed, key, read_started, state, content_type, body_hash, size,
        correlation, actor, conflicting) SELECT i, :now, 'm' || {MIX}, 'OLD', 'qms', 'events', 'old ' || {MIX}, :now, 'processed',
        'application/json', CAST({MIX} AS <blob>), 1200, '', 'bench', <no>""",
    "body": f"(hash, month, codec, data) SELECT CAST({MIX} AS <blob>), :now, 'zlib', CAST({MIX} AS <blob>)",
    "seen": f"""(system, feed, key, body_hash, read_started, message_id)
        SELECT 'qms', 'events', {MIX}, CAST('' AS <blob>), :now, i""",
    "business_key": f"(value, kind, message_id, look) SELECT 'old' || {MIX}, 'lot', i, 'old' || {MIX}",
    "event": f"""(site, position, id, type, source, lot_id, message_id, recorded_at, data)
        SELECT 'OLD', i, 'e' || {MIX}, 'disposition.decided.v1', 'qms', i, i, :now, '{{}}'""",
    "change": """(site, position, ordinal, lot_id, kind, data, occurred_at, recorded_at, mapping, policy)
        SELECT 'OLD', i, 0, i, 'Disposed', '{}', :now, :now, '', ''""",
    "audit": """(site, position, at, actor, action, subject, reason, payload_hash, hash)
        SELECT 'OLD', i, :now, 'bench', 'disposition.decided.v1', '', '', CAST('' AS <blob>), CAST('' AS <blob>)""",
    "lot": f"""(id, uuid, site, number, look, item, supplier_batch, verdict, unsafe, state, updated_at)
        SELECT i, 'l' || {MIX}, 'OLD', 'old' || {MIX}, 'old' || {MIX}, '', 'old' || {MIX}, 'released', <no>, '{{}}', :now""",
    "identity": f"""(system, scope, native, lot_id, look, since)
        SELECT 'target', '', 'old' || {MIX}, i, 'old' || {MIX}, :now""",
    "hold": f"""(id, lot_id, reason, system, placed_at, lifted_at, lifted_by)
        SELECT 'h' || {MIX}, i, 'awaiting_inspection', 'hub', :now, :now, 'qms'""",
    "delivery": f"""(id, uuid, site, system, lot_id, verb, purpose, restricts, value, state, mode, attempts, next_at, fence,
        cursor, sent_ended, decided_at, settled_at, native, detail, why, correlation, event_id)
        SELECT i, 'd' || {MIX}, 'OLD', 'target', i, 'set_status', '', <no>, '{{}}', 'verified',
        'act', 1, :now, 1, '{{}}', :now, :now, :now, '', '', '', '', 'e' || {MIX}""",
    "attempt": """(delivery_id, n, ended_at, started_at, outcome, detail) SELECT i, 1, :now, :now, 'delivered', ''""",
}


def fill(url: str, count: int) -> None:
    """Fill an empty database with what `count` events would have left."""
    migrate(url)
    engine, sqlite = create_engine(url), url.startswith("sqlite")
    now = datetime.now(UTC)
    given = {"count": count, "now": time.time_ns() // 1000 - 3_600_000_000}
    with engine.connect() as connection:
        ensure(connection, now)
        if sqlite:
            connection.exec_driver_sql("PRAGMA synchronous=OFF")  # the filling is not what is measured
        for table, rows in ROWS.items():
            written = rows.replace("<blob>", "BLOB" if sqlite else "BYTEA").replace("<no>", "0" if sqlite else "false")
            columns, select = written.split("SELECT", 1)
            connection.execute(text(f'INSERT INTO "{table}" {columns} {SERIES} SELECT {select} FROM n'), given)
        connection.commit()
        if not sqlite:
            connection.exec_driver_sql("ANALYZE")  # as its own housekeeping would
            connection.commit()
    engine.dispose()
