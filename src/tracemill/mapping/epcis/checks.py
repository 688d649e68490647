"""Checks of single JSON values, put together into the shape of a document; each fault says where it stands."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from tracemill.mapping.epcis.fault import EpcisFault, faulty
from tracemill.mapping.epcis.formats import is_time, is_uri
from tracemill.mapping.epcis.vocabulary import Vocabulary

# A place is a chain of (what encloses it, name or index); written out only when something is wrong there.
Place = tuple[Any, ...]
MOST_DEPTH = 64
Check = Callable[[Any, Place, list[EpcisFault]], None]


def shown_place(place: Place) -> str:
    """Write a place as a path: quantityList[0].uom."""
    steps: list[str] = []
    while place:
        place, step = place
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step}")
    return "".join(reversed(steps)).removeprefix(".")


def say(out: list[EpcisFault], place: Place, value: Any, cause: str, advice: str) -> None:
    out.append(faulty(shown_place(place), value, cause, advice))


def uri(value: Any, place: Place, out: list[EpcisFault]) -> None:
    if not isinstance(value, str) or not is_uri(value):
        say(out, place, value, "it is not a URI (RFC 3986)", "write it as a URI, such as https://id.gs1.org/01/… or urn:…")


def time(value: Any, place: Place, out: list[EpcisFault]) -> None:
    if not isinstance(value, str) or not is_time(value):
        advice = "write it as in 2026-11-23T10:02:11.000+01:00"
        say(out, place, value, "it is not a time with an offset (RFC 3339)", advice)


def text(value: Any, place: Place, out: list[EpcisFault]) -> None:
    if not isinstance(value, str):
        say(out, place, value, "it is not text", "write it in quotes")


def number(value: Any, place: Place, out: list[EpcisFault]) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        say(out, place, value, "it is not a number", "write it as a JSON number, without quotes and unit")


def boolean(value: Any, place: Place, out: list[EpcisFault]) -> None:
    if not isinstance(value, bool):
        say(out, place, value, "it is not true or false", "write true or false, without quotes")


def pattern(expression: str, what: str) -> Check:
    compiled = re.compile(expression, re.ASCII)

    def check(value: Any, place: Place, out: list[EpcisFault]) -> None:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            say(out, place, value, f"it is not {what}", f"write {what}")

    return check


def one_of(*words: str) -> Check:
    def check(value: Any, place: Place, out: list[EpcisFault]) -> None:
        if not isinstance(value, str) or value not in words:
            say(out, place, value, "it is not one of the values allowed here", "write " + " or ".join(words))

    return check


def word(vocabulary: Vocabulary, forbidden: str) -> Check:
    """A bare word of the CBV, or a URI of somebody else's vocabulary: a CBV value written long is refused in JSON."""
    refused = re.compile(forbidden)

    def check(value: Any, place: Place, out: list[EpcisFault]) -> None:
        if isinstance(value, str) and (value in vocabulary.words or (is_uri(value) and not refused.match(value))):
            return
        cause = "it is not a word of the Core Business Vocabulary, nor a URI of another"
        say(out, place, value, cause, f"write a bare word, such as {_nearest(value, vocabulary)}")

    return check


def _nearest(value: Any, vocabulary: Vocabulary) -> str:
    if not isinstance(value, str):
        return min(vocabulary.words)
    return next(iter(get_close_matches(vocabulary.bare(value), sorted(vocabulary.words), n=1, cutoff=0.3)), min(vocabulary.words))


def either(*kinds: tuple[type, Check], cause: str) -> Check:
    """Judge by the JSON type of the value."""

    def check(value: Any, place: Place, out: list[EpcisFault]) -> None:
        for kind, inner in kinds:
            if isinstance(value, kind):
                return inner(value, place, out)
        return say(out, place, value, cause, "see EPCIS 2.0, section 10")

    return check


def list_of(item: Check, least: int = 0, unique: bool = False) -> Check:
    def check(value: Any, place: Place, out: list[EpcisFault]) -> None:
        if not isinstance(value, list):
            return say(out, place, value, "it is not a list", "write it in square brackets, also where it holds one value")
        for i, inner in enumerate(value):
            item(inner, (place, i), out)
        if len(value) < least:
            say(out, place, value, "the list is empty", "leave the field out, or name at least one")
        if unique and _repeated(value):
            say(out, place, value, "a value stands in the list twice", "name each once")
        return None

    return check


def _repeated(values: list[Any]) -> bool:
    plain = [v for v in values if isinstance(v, str)]
    return len(plain) != len(set(plain)) or any(v in values[:i] for i, v in enumerate(values) if not isinstance(v, str))


def record(fields: Mapping[str, Check], required: tuple[str, ...] = (), others: str = "namespaced") -> Check:
    """An object: its fields, those that must be there, and whether `others` may stand in it: namespaced, any, or none."""

    def check(value: Any, place: Place, out: list[EpcisFault]) -> None:
        if not isinstance(value, dict):
            return say(out, place, value, "it is not an object", "write it in braces, with its fields")
        for name, inner in value.items():
            known = fields.get(name)
            if known is not None:
                known(inner, (place, name), out)
            elif others == "none" or (others == "namespaced" and not is_uri(name)):
                advice = "correct its name, or give it a namespace as in example:field" if others != "none" else "leave it out"
                say(out, (place, name), inner, "there is no such field here", advice)
            elif isinstance(inner, dict | list) and too_deep(inner):
                say(out, (place, name), "…", f"it is nested deeper than {MOST_DEPTH}", "flatten the extension")
        for name in required:
            if name not in value:
                missing(out, (place, name))
        return None

    return check


def too_deep(value: Any, left: int = MOST_DEPTH) -> bool:
    """Say whether a value nests so deep that no one can have meant it, and a walk through it would not end well."""
    if not isinstance(value, dict | list):
        return False
    return left == 0 or any(too_deep(inner, left - 1) for inner in (value.values() if isinstance(value, dict) else value))


def missing(out: list[EpcisFault], place: Place) -> None:
    out.append(EpcisFault(field=shown_place(place), cause="it is missing", advice="every such object has it: add it"))


def any_value(_: Any, __: Place, ___: list[EpcisFault]) -> None:
    """Accept anything."""
