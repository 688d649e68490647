"""EPCIS XML (1.2 and 2.0, EPCIS 2.0 section 9) into JSON-LD form (section 10): the same events under the same field names."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from tracemill.mapping.epcis import vocabulary as cbv
from tracemill.mapping.epcis.vocabulary import CONTEXT, STANDARD, Vocabulary
from tracemill.mapping.epcis.xml_header import header
from tracemill.mapping.epcis.xml_prefixes import Prefixes
from tracemill.mapping.epcis.xml_tree import Node, Tree
from tracemill.model.record import Record

_WRAPPERS = ("extension", "baseExtension")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NUMBERS = frozenset({"value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"})
_SENSOR_WORDS = {"type": cbv.MEASUREMENT, "exception": cbv.ALERT, "component": cbv.COMPONENT}


class Translation(Record, frozen=True):
    """A document in JSON-LD form, with what JSON-LD has no place for."""

    content: dict[str, Any]
    prefixes: dict[str, str]
    ignored: tuple[str, ...]


def translated(tree: Tree) -> Translation:
    """Turn an XML document into JSON-LD form. What is wrong in it stays, for validation to say where."""
    root, prefixes = tree.root, Prefixes(tree.declared)
    assert root is not None
    is_query = root.name != "EPCISDocument"
    found = _find(root, "EventList")
    events = [_event(node, prefixes) for node in _unwrapped(found)] if found is not None else None
    body: dict[str, Any] = {} if events is None else {"eventList": events}
    content: dict[str, Any] = {
        "@context": [],
        "type": "EPCISQueryDocument" if is_query else "EPCISDocument",
        "schemaVersion": "2.0",
    }
    if created := root.attribute("creationDate"):
        content["creationDate"] = created
    content |= header(root.child("EPCISHeader"))
    content["epcisBody"] = {"queryResults": _results(root, body)} if is_query else body
    content["@context"] = [CONTEXT, *({p: uri} for p, uri in prefixes.used.items() if STANDARD.get(p) != uri)]
    ignored = [c for node in root.children if node.name == "ignoreFields" for c in node.children]
    return Translation(
        content=content,
        prefixes=prefixes.used,
        ignored=tuple(f"{{{c.namespace}}}{c.name}" for c in ignored),
    )


def _results(root: Node, body: dict[str, Any]) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for name in ("queryName", "subscriptionID"):
        node = _find(root, name)
        if node is not None:
            results[name] = node.text
    return {**results, "resultsBody": body}


def _find(node: Node, name: str) -> Node | None:
    """Find an element of the envelope, which the versions nest differently."""
    for child in node.children:
        if child.name == name:
            return child
        if child.name != "EventList" and (found := _find(child, name)) is not None:
            return found
    return None


def _unwrapped(node: Node) -> Iterator[Node]:
    """Yield children, those inside 1.2's extension elements as if they stood beside it."""
    for child in node.children:
        if child.name in _WRAPPERS and not child.namespace:
            yield from _unwrapped(child)
        else:
            yield child


def _event(node: Node, prefixes: Prefixes) -> dict[str, Any]:
    event: dict[str, Any] = {"type": prefixes.name(node.namespace, node.name)}
    for child in _unwrapped(node):
        read = None if child.namespace else _FIELDS.get(child.name)
        if read is not None:
            _put(event, child.name, read(child, prefixes), child.name == "certificationInfo")
        else:
            _put(event, prefixes.name(child.namespace, child.name), _free(child, prefixes), True)
    return event


def _put(target: dict[str, Any], name: str, value: Any, repeats: bool) -> None:
    """Set a field; one that may repeat becomes a list at its second time."""
    if not repeats or name not in target:
        target[name] = value
    elif isinstance(target[name], list):
        target[name].append(value)
    else:
        target[name] = [target[name], value]


def _free(node: Node, prefixes: Prefixes) -> Any:
    """Read an extension of any depth; attributes become members."""
    if not node.children and not node.attributes:
        return node.text
    found: dict[str, Any] = {prefixes.name(ns, name): value for ns, name, value in node.attributes}
    for child in node.children:
        _put(found, prefixes.name(child.namespace, child.name), _free(child, prefixes), True)
    if node.text and not node.children:
        found["#text"] = node.text
    return found


def _text(node: Node, _: Prefixes) -> str:
    return node.text


def _word(words: Vocabulary) -> Callable[[Node, Prefixes], str]:
    return lambda node, _: words.bare(node.text)


def _texts(node: Node, _: Prefixes) -> list[str]:
    """Read a list that is a set by its meaning: JSON-LD cannot hold a member twice, XML can."""
    return list(dict.fromkeys(child.text for child in node.children))


def _number(text: str) -> int | Decimal | str:
    """Read a number exactly; a text that is none stays, for validation to refuse."""
    if _NUMBER.fullmatch(text) is None:
        return text
    try:
        number = Decimal(text)
        whole = number == number.to_integral_value() and abs(number.adjusted()) < 15
    except InvalidOperation:
        return text
    return int(number) if whole else number


def _quantities(node: Node, _: Prefixes) -> list[dict[str, Any]]:
    found = []
    for element in node.children:
        one: dict[str, Any] = {}
        for part in element.children:
            if part.name == "quantity" and not part.text:
                continue  # EPCIS 1.2 writes an unknown quantity as nil
            one[part.name] = _number(part.text) if part.name == "quantity" else part.text
        found.append(one)
    return found


def _place(node: Node, prefixes: Prefixes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in _unwrapped(node):
        _put(found, prefixes.name(child.namespace, child.name), _free(child, prefixes), True)
    return found


def _typed(words: Vocabulary) -> Callable[[Node, Prefixes], list[dict[str, Any]]]:
    def read(node: Node, _: Prefixes) -> list[dict[str, Any]]:
        found = []
        for child in node.children:
            kind = child.attribute("type")
            found.append({**({"type": words.bare(kind)} if kind else {}), child.name: child.text})
        return found

    return read


def _persistent(node: Node, _: Prefixes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for child in node.children:
        found.setdefault(child.name, []).append(cbv.DISPOSITION.bare(child.text))
    return found


def _declaration(node: Node, prefixes: Prefixes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in _unwrapped(node):
        if child.name == "correctiveEventIDs" and not child.namespace:
            found[child.name] = [c.text for c in child.children]
        elif child.name == "reason" and not child.namespace:
            found[child.name] = cbv.ERROR_REASON.bare(child.text)
        else:
            _put(found, prefixes.name(child.namespace, child.name), _free(child, prefixes), True)
    return found


def _sensors(node: Node, prefixes: Prefixes) -> list[dict[str, Any]]:
    return [_sensor(element, prefixes) for element in node.children]


def _sensor(element: Node, prefixes: Prefixes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element.children:
        if child.namespace or child.name not in ("sensorMetadata", "sensorReport"):
            _put(found, prefixes.name(child.namespace, child.name), _free(child, prefixes), True)
        elif child.name == "sensorMetadata":
            found[child.name] = _attributes(child, prefixes)
        else:
            found.setdefault(child.name, []).append(_attributes(child, prefixes))
    return found


def _attributes(node: Node, prefixes: Prefixes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for namespace, name, text in node.attributes:
        value: Any = text
        if not namespace and name in _NUMBERS:
            value = _number(text)
        elif not namespace and name in _SENSOR_WORDS:
            value = _SENSOR_WORDS[name].bare(text)
        elif not namespace and name == "booleanValue":
            value = {"true": True, "1": True, "false": False, "0": False}.get(text, text)
        found[prefixes.name(namespace, name)] = value
    return found


def _ilmd(node: Node, prefixes: Prefixes) -> dict[str, Any]:
    found = _free(node, prefixes)
    return found if isinstance(found, dict) else {}


_FIELDS: dict[str, Callable[[Node, Prefixes], Any]] = {
    **dict.fromkeys(("eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "certificationInfo"), _text),
    **dict.fromkeys(("parentID", "action", "transformationID"), _text),
    **dict.fromkeys(("epcList", "childEPCs", "inputEPCList", "outputEPCList"), _texts),
    **dict.fromkeys(("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"), _quantities),
    **dict.fromkeys(("readPoint", "bizLocation"), _place),
    "bizStep": _word(cbv.BIZ_STEP),
    "disposition": _word(cbv.DISPOSITION),
    "persistentDisposition": _persistent,
    "bizTransactionList": _typed(cbv.TRANSACTION_TYPE),
    "sourceList": _typed(cbv.PARTY_TYPE),
    "destinationList": _typed(cbv.PARTY_TYPE),
    "sensorElementList": _sensors,
    "errorDeclaration": _declaration,
    "ilmd": _ilmd,
}
