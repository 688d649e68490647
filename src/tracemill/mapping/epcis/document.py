"""EPCIS documents (EPCIS 2.0, sections 9 and 10): JSON-LD read as it stands, XML 1.2 and 2.0 read into JSON-LD form."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import msgspec

from tracemill.mapping.epcis.fault import EpcisFault, Refusal
from tracemill.mapping.epcis.namespaces import Namespaces, of_context, of_xml
from tracemill.mapping.epcis.vocabulary import CONTEXT, STANDARD
from tracemill.mapping.epcis.xml_events import Translation, translated
from tracemill.mapping.epcis.xml_tree import BadXml, read_tree
from tracemill.model.record import Record

EVENT_TYPES: Final = ("ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent")
Event = dict[str, Any]

_READ = msgspec.json.Decoder(float_hook=Decimal)
_WRITE = msgspec.json.Encoder(decimal_format="number")
_SAME = msgspec.json.Encoder(decimal_format="number", order="deterministic")


class Document(Record, frozen=True):
    """A document in JSON-LD form: its events are plain dicts, extensions and foreign ids as they came, decimals exact."""

    content: dict[str, Any]
    events: tuple[Event, ...]
    namespaces: Namespaces
    ignored: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        kind = self.content.get("type")
        return kind if isinstance(kind, str) else ""


def read_document(body: bytes) -> Document:
    """Read a document of either syntax; raise Refusal (ValidationException) where it is neither JSON nor XML."""
    is_xml = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" or body[:2] in (b"\xff\xfe", b"\xfe\xff")
    return read_xml(body) if is_xml else read_json(body)


def read_json(body: bytes) -> Document:
    """Read JSON-LD: EPCISDocument, EPCISQueryDocument, or one event with its context."""
    try:
        content = _READ.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(f"it is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise _unreadable(f"it is a JSON {type(content).__name__}, not an object")
    return document_of(content)


def document_of(content: dict[str, Any]) -> Document:
    """Take a JSON-LD document that is already read."""
    return Document(
        content=content,
        events=tuple(_events(content)),
        namespaces=of_context(content.get("@context")),
    )


def read_xml(body: bytes) -> Document:
    """Read XML of EPCIS 1.2 or 2.0. A DOCTYPE is refused: nothing in it is needed, and entities in it can explode."""
    try:
        tree = read_tree(body)
    except BadXml as error:
        raise _unreadable(str(error)) from None
    found: Translation = translated(tree)
    return Document(
        content=found.content,
        events=tuple(_events(found.content)),
        namespaces=of_xml(found.prefixes),
        ignored=found.ignored,
    )


def write_json(content: Any) -> bytes:
    """Write JSON-LD with decimals as JSON numbers, exactly as they are."""
    return _WRITE.encode(content)


def write_same(event: Event) -> bytes:
    """Write an event so that the same fields give the same bytes, in whatever order they came."""
    return _SAME.encode(event)


def capture_document(events: list[Event], created: str, prefixes: dict[str, str] | None = None) -> dict[str, Any]:
    """Wrap events as an EPCISDocument (section 10)."""
    context: list[Any] = [CONTEXT, *({prefix: uri} for prefix, uri in (prefixes or {}).items())]
    return {
        "@context": context,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": created,
        "epcisBody": {"eventList": events},
    }


def query_document(events: list[Event], created: str, name: str, prefixes: dict[str, str] | None = None) -> dict[str, Any]:
    """Wrap events as an EPCISQueryDocument: what a query answers."""
    results: dict[str, Any] = {"queryName": name, "resultsBody": {"eventList": events}}
    document = capture_document([], created, prefixes)
    return {**document, "type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}


def self_contained(event: Event, names: Namespaces) -> Event:
    """Give an event the prefixes it uses in a context of its own, so that it can stand in another document."""
    used = {prefix: uri for prefix in sorted(_prefixes(event)) if STANDARD.get(prefix) != (uri := names.keys.get(prefix)) and uri}
    own = [part for part in _contexts(event) if not isinstance(part, dict)]
    context = [*own, *({prefix: uri} for prefix, uri in used.items())]
    rest = {key: value for key, value in event.items() if key != "@context"}
    return {"@context": context, **rest} if context else rest


def _contexts(event: Event) -> list[Any]:
    context = event.get("@context", [])
    return context if isinstance(context, list) else [context]


def _prefixes(value: Any) -> set[str]:
    """Find what stands before a colon in any key and, for compact URIs, in any value."""
    if isinstance(value, dict):
        parts = [_prefixes(inner) for key, inner in value.items() if key != "@context"]
        return {key.partition(":")[0] for key in value if ":" in key}.union(*parts)
    if isinstance(value, list):
        return set().union(*(_prefixes(inner) for inner in value))
    return {value.partition(":")[0]} if isinstance(value, str) and ":" in value else set()


def _events(content: dict[str, Any]) -> Iterator[Event]:
    """Find the events where a document of its type has them; what is not there is for validation to say."""
    kind = content.get("type")
    if kind not in ("EPCISDocument", "EPCISQueryDocument"):
        yield content
        return
    at: Any = content.get("epcisBody")
    for step in ("eventList",) if kind == "EPCISDocument" else ("queryResults", "resultsBody", "eventList"):
        at = at.get(step) if isinstance(at, dict) else None
    if isinstance(at, list):
        yield from (event if isinstance(event, dict) else {} for event in at)


def _unreadable(cause: str) -> Refusal:
    advice = "send an EPCIS 2.0 document as JSON-LD, or EPCIS 1.2 or 2.0 as XML"
    return Refusal("ValidationException", EpcisFault(field="", cause=cause, advice=advice))
