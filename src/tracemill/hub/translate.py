"""Translating: a raw message becomes canonical events, by the pack's mappings. What cannot be read says why, and where."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from tracemill.answers.epcis_events import EPCIS_FEED
from tracemill.answers.epcis_jobs import EPCIS_JOBS
from tracemill.core import regrouping
from tracemill.hub.correction import Before, facts
from tracemill.hub.link import Link
from tracemill.mapping.cell import compile_cell
from tracemill.mapping.epcis.facts import Unkept, names_in
from tracemill.mapping.keys import MAX_KEY, BusinessKey, KeyRule, extract_keys
from tracemill.mapping.table import Mapped
from tracemill.model.event import INTERNAL, TYPES, Event
from tracemill.model.identifier import MAX_LENGTH, BadIdentifier, derived, opaque
from tracemill.model.material import StockObserved
from tracemill.model.moment import BadTime, Moment, at, parse_moment
from tracemill.model.quantity import BadQuantity, UnknownUnit, amount, unit_code
from tracemill.model.record import convert
from tracemill.model.reference import LotRef
from tracemill.model.status import FeedKind
from tracemill.store.messages import Stored

_READ = msgspec.json.Decoder(float_hook=Decimal)
API_FEED = "events"
NOTHING = Before()
FREE_TEXTS = frozenset({"note", "reason", "meaning", "item_text", "text", "detail", "cause", "defect", "name", "native"})
NESTED, _QUANTITY = (dict, list, Mapping), frozenset({"amount", "unit"})
_EVENT_KEYS = (KeyRule("lot", (compile_cell("data.lot.id"), compile_cell("subject"))),)


class Untranslatable(Exception):
    """A message that cannot be read: the code of the cause, the field, the value and what to do next."""

    def __init__(self, code: str, cause: str, hint: str = "") -> None:
        super().__init__(cause)
        self.code, self.hint = code, hint


def keys_of(link: Link | None, message: Stored) -> list[BusinessKey]:
    """Extract business keys by the tolerant rule, whatever else is wrong with the message."""
    if message.feed == EPCIS_FEED:
        return _keys_of_epcis(_parse(message.body))
    if message.feed == EPCIS_JOBS:
        return []
    if link is None or message.feed == API_FEED:
        return extract_keys(_EVENT_KEYS, message.body)
    spec = link.feeds.get(message.feed)
    names = spec.mappings if spec else list(link.mappings)
    rules = [rule for name in names for rule in link.mappings[name].keys]
    return extract_keys(rules, message.body)


def translate(link: Link | None, message: Stored, before: Before = NOTHING) -> list[Event]:
    """Return the events of a message, each about one lot; raises Untranslatable. `before`: what was, for an error declaration."""
    return [fact for told in _told(link, message, before) for fact in _each(told)]


def _each(told: Event) -> list[Event]:
    """Return what is told of several lots as a fact of each; the numbers of all of them can be kept, or none is decided."""
    found = regrouping.facts(told)
    for fact in found if len(found) > 1 else ():
        _check_ids(fact.data, fact.actor)
    return found


def _told(link: Link | None, message: Stored, before: Before) -> list[Event]:
    if message.feed == EPCIS_FEED:
        return _from_epcis(message, link, before)
    if message.feed == EPCIS_JOBS:
        return []  # a record of what was captured, which says nothing about lots
    if link is None or message.feed == API_FEED:
        return [_from_cloudevent(message, link)]
    spec = link.feeds[message.feed]
    if not message.key:
        raise Untranslatable("T301", "the record has no key", f"check feeds.{message.feed}.key of pack {link.pack.pack}")
    return translate_body(
        link,
        spec.mappings,
        message.body,
        site=message.site,
        received_at=message.received_at,
        read_started=message.read_started if spec.kind is FeedKind.SNAPSHOTS else None,
        origin=message.uuid,
        correlation=message.correlation,
        message=message.uuid,
    )


def translate_body(
    link: Link,
    names: Iterable[str],
    body: bytes,
    *,
    site: str,
    received_at: datetime,
    read_started: datetime | None,
    origin: str,
    correlation: str = "",
    message: str = "",
) -> list[Event]:
    """Translate one record by the mappings of a feed or of a read-back."""
    source = _parse(body)
    events: list[Event] = []
    for name in names:
        mapping = link.mappings[name]
        for ordinal, mapped in enumerate(mapping.apply_all(source)):
            _check(mapped, link, name)
            mend = f"correct mapping {name} of pack {link.pack.pack}, then replay; or correct it at its source, then discard this"
            values = _with_units(mapped.values, link, "", mend)
            envelope = {
                "id": derived(origin, name, ordinal),
                "recorded": received_at,
                "observed": at(read_started) if read_started else None,
                "correlation": correlation or origin,
                "message": message,
                "mapping": link.mapped_by(name),
            }
            events.append(_event(mapping.event, values, link.name, site, envelope, read_started))
    return events


def _parse(body: bytes) -> Any:
    try:
        return _READ.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Untranslatable("T302", f"the body is not JSON: {error}", "look at the raw body; it may be cut off") from None


def _check(mapped: Mapped, link: Link, name: str) -> None:
    if mapped.problems:
        p = mapped.problems[0]
        more = f" (and {len(mapped.problems) - 1} more)" if len(mapped.problems) > 1 else ""
        value = "" if p.value is None else f", value {p.value}"
        raise Untranslatable(
            "T310", f"field {p.target} (cell {p.cell}{value}): {p.cause}{more}", f"mapping {name} of pack {link.pack.pack}"
        )


def _with_units(value: Any, link: Link | None, path: str, mend: str) -> Any:
    """Give every {amount, unit} its exact amount and its code; `mend` says what helps where the amount cannot be read."""
    if isinstance(value, list):
        return [_with_units(v, link, f"{path}[{n}]", mend) if isinstance(v, NESTED) else v for n, v in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    if value.keys() != _QUANTITY:
        inside = f"{path}." if path else ""
        return {k: _with_units(v, link, f"{inside}{k}", mend) if isinstance(v, NESTED) else v for k, v in value.items()}
    try:
        number = amount(value["amount"])
    except BadQuantity as error:
        raise Untranslatable("T311", f"field {path}.amount: {error}", mend) from None
    aliases, declared = (link.pack.units, link.declared) if link else ({}, ())
    try:
        return {"amount": number, "unit": unit_code(str(value["unit"]), aliases, declared)}
    except UnknownUnit as error:
        raise Untranslatable("T311", f"field {path}.unit: {error}", _unit_hint(str(value["unit"]), link)) from None


def _unit_hint(unit: str, link: Link | None) -> str:
    where = f"the pack {link.pack.pack} under units: {{{unit}: KGM}}" if link else "a pack under units:"
    site = f"sites/{link.site}.yaml" if link else "the site's file"
    return f"say what it is in {where}, or how much it is under conversions: of {site}; restart the hub, then replay this message"


def _event(
    kind: str, values: dict[str, Any], source: str, site: str, envelope: dict[str, Any], read_started: datetime | None
) -> Event:
    occurred = _moment(values.pop("occurred", None)) or at(envelope["recorded"])
    own = getattr(TYPES.get(kind), "__struct_fields__", ())  # an event's own field of that name is not the envelope's
    actor, reason, place = (str(values.pop(f, "") or "") if f not in own else "" for f in ("actor", "reason", "site"))
    if kind == "stock.observed.v1" and read_started is not None:
        values["read_started"] = read_started
    data = _data(kind, values)
    _check_ids(data, actor)
    return Event(
        type=kind, site=place or site, source=source, data=data, occurred=occurred, actor=actor, reason=reason, **envelope
    )


def _data(kind: str, values: dict[str, Any]) -> Any:
    payload = TYPES.get(kind)
    if payload is None:
        raise Untranslatable(
            "T312", f"event type {kind} is not known", f"known types: {', '.join(sorted(set(TYPES) - INTERNAL))}"
        )
    try:
        return convert(values, payload)
    except msgspec.ValidationError as error:
        raise Untranslatable("T313", f"{kind}: {error}", "compare with the schema: tracemill lint, or /v1/schemas") from None


def _check_ids(data: Any, actor: str) -> None:
    """Refuse every id that could not be kept byte for byte, and say which one."""
    ref: LotRef | None = getattr(data, "lot", None)
    named = {} if ref is None else {"lot.id": ref.id, **{f"lot.aliases[{n}].id": alias.id for n, alias in enumerate(ref.aliases)}}
    if isinstance(parent := getattr(data, "parent", ""), LotRef):
        named["parent.id"], parent = parent.id, ""
    found = {"lot.item": ref.item if ref else "", "supplier_batch": getattr(data, "supplier_batch", "")}
    found |= {"unit": getattr(data, "unit", ""), "parent": parent}
    for field, text in {**named, **{f: t for f, t in found.items() if t}}.items():
        try:
            opaque(text)
        except BadIdentifier as error:
            raise Untranslatable("T314", f"{field}: {error}", "correct the id at its source, then replay") from None
    for field, text in (*_too_long(data, ""), *_too_long(actor, "actor")):
        said = f"{field}: {len(text)} characters starting {text[:20]!r}, more than {MAX_LENGTH}"
        raise Untranslatable("T314", said, "correct it at its source, then replay")


def _too_long(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Find the names that are longer than any system's; what people write freely may be longer."""
    if isinstance(value, str):
        if len(value) > MAX_LENGTH and path.rpartition(".")[2] not in FREE_TEXTS:
            yield path.removeprefix("."), value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _too_long(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, tuple):
        for n, item in enumerate(value):
            yield from _too_long(item, f"{path}[{n}]")


def _moment(value: Any) -> Moment | None:
    if value is None:
        return None
    try:
        if isinstance(value, Mapping):
            return parse_moment(value["text"], value.get("zone"))
        return parse_moment(value)
    except BadTime as error:
        raise Untranslatable("T315", str(error), "declare the zone in the pack") from None


def _from_cloudevent(message: Stored, link: Link | None) -> Event:
    """Read a structured CloudEvent that came through the API."""
    body = _parse(message.body)
    if not isinstance(body, dict):
        raise Untranslatable("T316", f"a CloudEvent is an object, not a {type(body).__name__}")
    kind, data = str(body.get("type", "")), body.get("data")
    if kind in INTERNAL or not isinstance(data, dict):
        raise Untranslatable("T316", f"event type {kind!r} cannot be sent from outside, or its data is not an object")
    mend = "correct it at its source, send it under a new id, then discard this message"
    values = {**_with_units(data, link, "data", mend), "occurred": body.get("time"), "actor": message.actor}
    envelope = {
        "id": derived(message.uuid, "cloudevent"),
        "recorded": message.received_at,
        "observed": None,
        "correlation": message.correlation,
        "message": message.uuid,
        "mapping": "cloudevent",
    }
    started = message.received_at if TYPES.get(kind) is StockObserved else None
    return _event(kind, values, message.system, message.site, envelope, started)


def _from_epcis(message: Stored, link: Link | None, told: Before) -> list[Event]:
    """Read an EPCIS event that was captured; it is taken whole or not at all."""
    try:
        said = facts(_parse(message.body), told)
    except Unkept as error:
        raise Untranslatable("T330", str(error), error.advice) from None
    mend = "correct it at its source, send it under a new eventID, then discard this message"
    return [
        _event(
            fact.type,
            {**_with_units(fact.data, link, "", mend), "actor": message.actor,
             "occurred": {"text": fact.occurred.text, "zone": fact.occurred.zone}},
            message.system,
            message.site,
            {"id": derived(message.uuid, "epcis", n), "recorded": message.received_at, "observed": None,
             "correlation": message.correlation, "message": message.uuid, "mapping": "epcis"},
            None,
        )
        for n, fact in enumerate(said)
    ]  # fmt: skip


def _keys_of_epcis(event: Any) -> list[BusinessKey]:
    """Name what an event is about: as lots, which are held where it cannot be read, only if it may say a status of them."""
    says_status = any(event.get(field) for field in ("disposition", "persistentDisposition", "errorDeclaration"))
    kind = "lot" if says_status else "epc"
    return [BusinessKey(kind, name) for name in names_in(event) if len(name) <= MAX_KEY]
