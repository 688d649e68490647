"""Search: what is this number? Any business key finds its messages, lots and deliveries."""

from typing import Any

from sqlalchemy import Connection, and_, or_, select

from tracemill.answers import cases, deliveries, label, reference
from tracemill.answers.cases import CaseView
from tracemill.answers.deliveries import DeliveryView
from tracemill.answers.messages import MessageLine, line_of
from tracemill.answers.page import Sites, at_sites
from tracemill.model.identifier import look
from tracemill.model.record import Record
from tracemill.model.status import OPEN, DeliveryState
from tracemill.store.genealogy import relabelled
from tracemill.store.tables import business_key, delivery, event, lot, message

MOST = 50
SEARCHED = (
    "lot ids and numbers", "what every system calls a lot", "supplier batches", "business keys of all messages",
    "deliveries by id, correlation id or the target's id", "cases by id or key",
)  # fmt: skip


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
    deliveries: tuple[DeliveryView, ...]
    cases: tuple[CaseView, ...]
    searched: tuple[str, ...]
    nearest: tuple[str, ...]


def search(c: Connection, text: str, sites: Sites) -> Found:
    """Search exactly first, then by how a key looks (case, separators and leading zeros aside)."""
    if "\0" in text:
        return Found(query=text, lots=(), messages=(), deliveries=(), cases=(), searched=SEARCHED, nearest=())
    lots = reference.find(c, text, sites) or _by_batch(c, text, sites) or _by_message(c, text, sites)
    lots = [*lots, *_relabelled(c, lots, sites)]
    hits = _hits(c, business_key.c.value == text, True, sites)
    if not hits and (read := label.meanings(text)):
        names = {name for meaning in read for name in (*meaning.uris, meaning.number)}
        hits = _hits(c, business_key.c.value.in_(names), False, sites)
    if not hits and look(text):
        hits = _hits(c, business_key.c.look == look(text), False, sites)
    ids = [found.id for found in lots]
    sent, open_cases = _deliveries(c, text, ids, sites), _cases(c, text, ids, sites)
    nearest = () if lots or hits or sent or open_cases else _nearest(c, text, sites)
    return Found(
        query=text, lots=tuple(lots), messages=tuple(hits), deliveries=sent, cases=open_cases, searched=SEARCHED, nearest=nearest
    )


def _by_message(c: Connection, text: str, sites: Sites) -> list[reference.Candidate]:
    """Find the lots that messages with this key (an order, a receipt, an inspection) speak of."""
    told = (
        select(event.c.lot_id)
        .join(business_key, business_key.c.message_id == event.c.message_id)
        .where(business_key.c.value == text)
    )
    query = at_sites(select(lot).where(lot.c.id.in_(told)), lot.c.site, sites).order_by(lot.c.id.desc()).limit(MOST)
    return [_candidate(r, "named in a message") for r in c.execute(query)]


def _relabelled(c: Connection, lots: list[reference.Candidate], sites: Sites) -> list[reference.Candidate]:
    """Find what the lots found were called before, and what they are called since: it is one story."""
    known = {found.id for found in lots}
    return (
        [
            _candidate(r, "relabelled")
            for r in c.execute(
                at_sites(
                    select(lot).where(lot.c.id.in_(relabelled(c, known, MOST)), lot.c.uuid.not_in(known)), lot.c.site, sites
                ).order_by(lot.c.id)
            )
        ]
        if known
        else []
    )


def _candidate(r: Any, matched: str) -> reference.Candidate:
    return reference.Candidate(
        id=r.uuid, site=r.site, number=r.number, item=r.item, verdict=r.verdict, matched=matched, exact=True
    )


def _deliveries(c: Connection, text: str, lots: list[str], sites: Sites) -> tuple[DeliveryView, ...]:
    """Find deliveries by their id, correlation id or the target's own id, and what is not settled about the lots found."""
    own = or_(delivery.c.uuid == text, delivery.c.correlation == text, delivery.c.native == text)
    about = and_(lot.c.uuid.in_(lots), delivery.c.state.in_((*OPEN, DeliveryState.DEAD)))
    return deliveries.where(c, or_(own, about), sites, MOST)


def _cases(c: Connection, text: str, lots: list[str], sites: Sites) -> tuple[CaseView, ...]:
    own = cases.one(c, text)
    if own is not None and (sites is None or own.site in sites):
        return (own,)
    return tuple(k for uuid in lots[:MOST] for k in cases.every(c, sites, lot_id=uuid))[:MOST]


def _by_batch(c: Connection, text: str, sites: Sites) -> list[reference.Candidate]:
    query = at_sites(select(lot).where(lot.c.supplier_batch == text), lot.c.site, sites).limit(MOST)
    return [_candidate(r, "supplier batch") for r in c.execute(query)]


def _hits(c: Connection, condition: object, exact: bool, sites: Sites) -> list[Hit]:
    query = select(business_key.c.kind, business_key.c.value, message).join(message, message.c.id == business_key.c.message_id)
    rows = c.execute(at_sites(query.where(condition), message.c.site, sites).order_by(message.c.id.desc()).limit(MOST))  # type: ignore[arg-type]
    return [Hit(kind=r.kind, value=r.value, exact=exact, message=line_of(r)) for r in rows]


def _nearest(c: Connection, text: str, sites: Sites) -> tuple[str, ...]:
    """Return keys that begin alike, so that a typing error is found."""
    prefix = look(text)[:4]
    if not prefix:
        return ()
    query = (
        select(business_key.c.value)
        .join(message, message.c.id == business_key.c.message_id)
        .where(business_key.c.look >= prefix, business_key.c.look < prefix + "\uffff")
        .distinct()
        .limit(5)
    )
    return tuple(c.execute(at_sites(query, message.c.site, sites)).scalars())
