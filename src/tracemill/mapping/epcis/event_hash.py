"""The event hash id (CBV 2.0, section 8.9): an id computed from what an event says, the same for every way to write it.

The order of properties and the handling of what is left over are those of the reference implementation, because partners
compute their ids with it: bizTransactionList, destinationList, ilmd, sourceList and extensions come last, sorted by code point.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from math import isinf
from typing import Any

from tracemill.mapping.epcis import vocabulary as cbv
from tracemill.mapping.epcis.formats import utc_milliseconds
from tracemill.mapping.epcis.namespaces import STANDARD_ONLY, Namespaces
from tracemill.model.scanned import canonical_link

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_COMMENTS = ("rdfs:comment", "comment", "#text")
_EXCLUDED = frozenset({"@context", "type", "recordTime", "eventID", "errorDeclaration", *_COMMENTS})
_URNS = tuple(
    (f"urn:epcglobal:cbv:{urn}:", stem)
    for urn, stem in (
        ("bizstep", cbv.BIZ_STEP.stem), ("disp", cbv.DISPOSITION.stem), ("btt", cbv.TRANSACTION_TYPE.stem),
        ("sdt", cbv.PARTY_TYPE.stem), ("er", cbv.ERROR_REASON.stem),
    )
)  # fmt: skip
_METADATA = ("time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules")
_REPORT = (
    "type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time", "microorganism",
    "chemicalSubstance", "value", "component", "stringValue", "booleanValue", "hexBinaryValue", "uriValue", "minValue",
    "maxValue", "meanValue", "sDev", "percRank", "percValue", "uom", "coordinateReferenceSystem",
)  # fmt: skip
_QUANTITY = ("epcClass", "quantity", "uom")
_VOCABULARIES = {
    "bizStep": cbv.BIZ_STEP, "disposition": cbv.DISPOSITION, "set": cbv.DISPOSITION, "unset": cbv.DISPOSITION,
    "exception": cbv.ALERT, "component": cbv.COMPONENT,
}  # fmt: skip
_TIMES = frozenset({"eventTime", "time", "startTime", "endTime"})


def event_hash(event: Mapping[str, Any], names: Namespaces = STANDARD_ONLY, ignored: tuple[str, ...] = ()) -> str:
    """Return the event hash id of an event in JSON-LD form."""
    digest = hashlib.sha256(pre_hash(event, names, ignored).encode("utf-8")).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def pre_hash(event: Mapping[str, Any], names: Namespaces = STANDARD_ONLY, ignored: tuple[str, ...] = ()) -> str:
    """Return the text that is hashed. `ignored` names extensions ({namespace}local) that the document wants left out."""
    walk = _Walk(names.within(event.get("@context")), ignored)
    parts = ["eventType=" + walk.names.key(str(event.get("type", "")))]
    for field, write in _FIELDS:
        value = event.get(field)
        if value is not None:
            parts.append(write(walk, field, value))
    for field, write in _LATER:
        if value := event.get(field):
            walk.left.append(write(walk, field, value))
    for key, value in event.items():
        if key not in _KNOWN and walk.key(key) not in ignored:
            walk.left.extend(walk.extension(key, value))
    return "".join(parts) + "".join(sorted(walk.left))


class _Walk:
    """One pass over one event: how its names resolve, and what no rule has placed yet."""

    def __init__(self, names: Namespaces, ignored: tuple[str, ...]) -> None:
        self.names, self.ignored = names, ignored
        self.left: list[str] = []

    def key(self, name: str) -> str:
        return self.names.key(name)

    def text(self, value: Any) -> str:
        """Write a value canonically: compact URIs and CBV names in full, numbers without zeros, GS1 keys as Digital Links."""
        text = _plain(value)
        if ":" in text:
            text = self.names.value(text)
            if "urn:epcglobal:cbv:" in text:
                for urn, stem in _URNS:
                    text = text.replace(urn, stem)
            return canonical_link(text) if text[:4].lower() in ("http", "urn:") else text
        return _number(text) if text[:1] in "+-.0123456789" else text

    def single(self, field: str, value: Any) -> str:
        text = _plain(value)
        if not text:
            return ""
        if field in _TIMES:
            return f"{field}={_moment(text)}"
        words = _VOCABULARIES.get(field)
        return f"{field}={words.full(text) if words and text in words.words else self.text(text)}"

    def several(self, field: str, value: Any) -> str:
        return "".join(sorted(self.single(field, v) for v in (value if isinstance(value, list) else [value])))

    def named(self, field: str, value: Any) -> str:
        """A list whose members have a name in XML that JSON leaves out."""
        inner = self.several("epc", value)
        return field + inner if inner else ""

    def quantities(self, field: str, value: Any) -> str:
        inner = sorted("quantityElement" + self.ordered(q, _QUANTITY) for q in value)
        return field + "".join(inner) if inner else ""

    def persistent(self, field: str, value: Any) -> str:
        inner = "".join(self.several(part, value[part]) for part in ("set", "unset") if value.get(part))
        return field + inner if inner else ""

    def place(self, field: str, value: Any) -> str:
        left: list[str] = []
        inner = self.enclosed(value, ("id",), left)
        self.left += [field + "".join(sorted(left))] if left else []
        return field + inner if inner else ""

    def typed(self, field: str, value: Any) -> str:
        """Business transactions, sources and destinations: their type before themselves."""
        own, words = {
            "bizTransactionList": ("bizTransaction", cbv.TRANSACTION_TYPE),
            "sourceList": ("source", cbv.PARTY_TYPE),
            "destinationList": ("destination", cbv.PARTY_TYPE),
        }[field]
        members = []
        for member in value:
            kind = _plain(member.get("type", ""))
            lead = f"type={self.text(words.full(kind))}" if kind else ""
            members.append(lead + self.single(own, member.get(own, "")))
        return field + "".join(sorted(members))

    def sensors(self, field: str, value: Any) -> str:
        left: list[str] = []
        inner = "".join(sorted(self.sensor(element, left) for element in value))
        self.left += [field + "".join(sorted(left))] if left else []
        return field + inner if inner else ""

    def sensor(self, element: Mapping[str, Any], left: list[str]) -> str:
        mine: list[str] = []
        text = self.part("sensorMetadata", element.get("sensorMetadata"), _METADATA, mine)
        reports = element.get("sensorReport") or []
        text += "".join(sorted(self.part("sensorReport", report, _REPORT, mine) for report in reports))
        others = {k: v for k, v in element.items() if k not in ("sensorMetadata", "sensorReport")}
        text += self.enclosed(others, (), mine)
        left += ["sensorElement" + "".join(sorted(mine))] if mine else []
        return "sensorElement" + text

    def part(self, name: str, value: Any, order: tuple[str, ...], left: list[str]) -> str:
        if not value:
            return ""
        mine: list[str] = []
        inner = self.enclosed(value, order, mine)
        left += [name + "".join(sorted(mine))] if mine else []
        return name + inner if inner else ""

    def enclosed(self, value: Mapping[str, Any], order: tuple[str, ...], left: list[str]) -> str:
        """Write the ordered fields, then the extensions that stand beside them; collect what has no place."""
        beside: list[str] = []
        for key, inner in value.items():
            if key in order or key in _COMMENTS or self.key(key) in self.ignored:
                continue
            # The reference recognises an extension inside a part by a namespace that ends with a slash.
            (beside if "/}" in self.key(key) else left).extend(self.extension(key, inner))
        return self.ordered(value, order) + "".join(sorted(beside))

    def ordered(self, value: Mapping[str, Any], order: tuple[str, ...]) -> str:
        texts = []
        for field in order:
            if (inner := value.get(field)) is None:
                continue
            if field == "type" and inner in cbv.MEASUREMENTS:
                inner = cbv.MEASUREMENT.full(inner)
            texts.append(self.single(field, inner))
        return "".join(texts)

    def extension(self, key: str, value: Any) -> Iterator[str]:
        """Write an extension with everything inside it, each level sorted."""
        if isinstance(value, list):
            for member in value:
                yield from self.extension(key, member)
        elif isinstance(value, dict):
            inner = [t for k, v in value.items() if k not in _COMMENTS for t in self.extension(k, v)]
            yield self.key(key) + self._equals(value.get("#text", "")) + "".join(sorted(inner))
        elif value is not None:
            yield self.key(key) + self._equals(value)

    def _equals(self, value: Any) -> str:
        text = self.text(value)
        return f"={text}" if text else ""


def _plain(value: Any) -> str:
    """Write a JSON scalar as XML would have it."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float | Decimal) else ""


def _moment(text: str) -> str:
    try:
        return utc_milliseconds(text)
    except ValueError:
        return text


def _number(text: str) -> str:
    """Write a number without needless signs and zeros, by the binary number it is read as: so do all implementations."""
    if _NUMBER.fullmatch(text) is None:
        return text
    number = float(text)
    if isinf(number):
        return text
    return str(int(number)) if number == int(number) else str(number)


_Write = Callable[[_Walk, str, Any], str]
_FIELDS: tuple[tuple[str, _Write], ...] = (
    ("eventTime", _Walk.single), ("eventTimeZoneOffset", lambda _, field, value: f"{field}={_plain(value)}"),
    ("certificationInfo", _Walk.several), ("parentID", _Walk.single), ("epcList", _Walk.named),
    ("inputEPCList", _Walk.named), ("childEPCs", _Walk.named), ("quantityList", _Walk.quantities),
    ("childQuantityList", _Walk.quantities), ("inputQuantityList", _Walk.quantities), ("outputEPCList", _Walk.named),
    ("outputQuantityList", _Walk.quantities), ("action", _Walk.single), ("transformationID", _Walk.single),
    ("bizStep", _Walk.single), ("disposition", _Walk.single), ("persistentDisposition", _Walk.persistent),
    ("readPoint", _Walk.place), ("bizLocation", _Walk.place), ("sensorElementList", _Walk.sensors),
)  # fmt: skip
_LATER: tuple[tuple[str, _Write], ...] = (
    ("bizTransactionList", _Walk.typed), ("sourceList", _Walk.typed), ("destinationList", _Walk.typed),
    ("ilmd", lambda walk, field, value: "".join(walk.extension(field, value))),
)  # fmt: skip
_KNOWN = _EXCLUDED | {field for field, _ in (*_FIELDS, *_LATER)}
