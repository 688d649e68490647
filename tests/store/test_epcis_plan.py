"""Captured EPCIS events are read by indexes of their own: a page never reads what came on other feeds."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, Select, text

from tests.store.conftest import NOW, incoming
from tracemill.answers.epcis_events import EPCIS_FEED, captured, walk
from tracemill.answers.epcis_jobs import EPCIS_JOBS, Captured, jobs
from tracemill.mapping.epcis.query import Query
from tracemill.model.record import encode
from tracemill.store import messages
from tracemill.store.store import Store
from tracemill.store.tables import message

STATEMENTS = {
    "the newest": (walk(Query(), ("S",), 0).limit(100), "message_epcis"),
    "the next page": (walk(Query(), ("S",), 7000).limit(100), "message_epcis"),
    "in order of capture": (walk(Query(ascending=True, bounds={"GE_recordTime": NOW}), None, 5).limit(100), "message_epcis"),
    "one event": (captured(EPCIS_FEED, None).where(message.c.key == "k"), "message_epcis_key"),
    "jobs": (captured(EPCIS_JOBS, None).order_by(message.c.id.desc()).limit(31), "message_epcis_job"),
}


def plan(c: Connection, statement: Select[Any]) -> str:
    sql = str(statement.compile(c.engine, compile_kwargs={"literal_binds": True}))
    if c.dialect.name == "sqlite":
        return "\n".join(row.detail for row in c.execute(text("EXPLAIN QUERY PLAN " + sql)))
    c.execute(text("SET LOCAL enable_seqscan = off"))
    return "\n".join(row[0] for row in c.execute(text("EXPLAIN " + sql)))


def names(c: Connection, index: str) -> list[str]:
    """The index itself, and on PostgreSQL what it is called in each month."""
    if c.dialect.name == "sqlite":
        return [index]
    query = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:index AS regclass)")
    return [row[0] for row in c.execute(query, {"index": index})]


@pytest.mark.parametrize("asked", STATEMENTS)
async def test_a_page_is_read_in_its_order_by_an_index_of_only_that_feed(store: Store, asked: str) -> None:
    items = [incoming(str(n), feed="stock") for n in range(3000)] + [incoming("k", feed="epcis")]
    await store.write(lambda tx: messages.receive(tx, store.ids, items))
    await store.write(lambda tx: tx.execute(text("ANALYZE")))
    statement, index = STATEMENTS[asked]
    found, called = await store.read(lambda c: (plan(c, statement), names(c, index)))
    used = [name for name in called if f" {name} " in found.replace("\n", " ") + " "]
    assert used, f"{index} is not used:\n{found}"
    assert "TEMP B-TREE" not in found
    assert "Sort  (" not in found, found


async def test_the_same_document_in_two_months_is_two_jobs(store: Store) -> None:
    for days in (0, 40):
        job = msgspec.structs.replace(incoming("", encode(Captured(behaviour="rollback")), feed=EPCIS_JOBS),
                                      received_at=NOW + timedelta(days=days))  # fmt: skip
        await store.write(lambda tx, job=job: messages.receive(tx, store.ids, [job]))
    found, token = await store.read(lambda c: jobs(c, None, ("*",), "", 2))
    assert (len({job.capture_id for job in found}), token) == (2, "")
