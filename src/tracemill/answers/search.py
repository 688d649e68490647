"""Search: what is this number? Any business key finds its messages, lots and deliveries."""

from sqlalchemy import Connection, select

from tracemill.answers import reference
from tracemill.answers.messages import MessageLine, line_of
from tracemill.answers.page import Sites, at_sites
from tracemill.model.identifier import look
from tracemill.model.record import Record
from tracemill.store.tables import business_key, lot, message

MOST = 50


class Hit(Record, frozen=True):
    """A message that carries the key, and as what."""

    kind: str
    value: str
    exact: bool
    message: MessageLine


class Found(Record, frozen=True):
    """What a key means: lots, messages, and what was searched."""

    query: str
    lots: tuple[reference.Candidate, ...]
    messages: tuple[Hit, ...]
    searched: tuple[str, ...]
    nearest: tuple[str, ...]


def search(c: Connection, text: str, sites: Sites) -> Found:
    """Search exactly first, then by how a key looks (case, separators and leading zeros aside)."""
    lots = reference.find(c, text, sites) or _by_batch(c, text, sites)
    hits = _hits(c, business_key.c.value == text, True, sites)
    if not hits and look(text):
        hits = _hits(c, business_key.c.look == look(text)[:200], False, sites)
    nearest = () if lots or hits else _nearest(c, text)
    searched = ("lot ids and numbers", "what every system calls a lot", "supplier batches", "business keys of all messages")
    return Found(query=text, lots=tuple(lots), messages=tuple(hits), searched=searched, nearest=nearest)


def _by_batch(c: Connection, text: str, sites: Sites) -> list[reference.Candidate]:
    query = at_sites(select(lot).where(lot.c.supplier_batch == text), lot.c.site, sites).limit(MOST)
    return [
        reference.Candidate(
            id=r.uuid, site=r.site, number=r.number, item=r.item, verdict=r.verdict, matched="supplier batch", exact=True
        )
        for r in c.execute(query)
    ]


def _hits(c: Connection, condition: object, exact: bool, sites: Sites) -> list[Hit]:
    query = select(business_key.c.kind, business_key.c.value, message).join(message, message.c.id == business_key.c.message_id)
    rows = c.execute(at_sites(query.where(condition), message.c.site, sites).order_by(message.c.id.desc()).limit(MOST))  # type: ignore[arg-type]
    return [Hit(kind=r.kind, value=r.value, exact=exact, message=line_of(r)) for r in rows]


def _nearest(c: Connection, text: str) -> tuple[str, ...]:
    """Return keys that begin alike, so that a typing error is found."""
    prefix = look(text)[:4]
    if not prefix:
        return ()
    query = (
        select(business_key.c.value)
        .where(business_key.c.look >= prefix, business_key.c.look < prefix + "\uffff")
        .distinct()
        .limit(5)
    )
    return tuple(c.execute(query).scalars())
