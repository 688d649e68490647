"""Namespaces of extensions: what a prefix in a key or a value stands for (JSON-LD 1.1 contexts, XML namespaces)."""

from collections.abc import Iterator
from typing import Any

from tracemill.mapping.epcis.vocabulary import STANDARD
from tracemill.model.record import Record


class Namespaces(Record, frozen=True):
    """Prefix → namespace of keys, and of values: an XML document declares prefixes for names only, not for what is in them."""

    keys: dict[str, str]
    values: dict[str, str]

    def key(self, name: str) -> str:
        """Write an extension's key as {namespace}local; a standard field stays bare."""
        prefix, colon, local = name.partition(":")
        return f"{{{self.keys[prefix]}}}{local}" if colon and prefix in self.keys else name

    def value(self, text: str) -> str:
        """Write out a value that is a compact URI."""
        prefix, colon, local = text.partition(":")
        return self.values[prefix] + local if colon and prefix in self.values else text

    def within(self, context: Any) -> "Namespaces":
        """Add what an event declares in a context of its own."""
        own = dict(declared(context))
        return Namespaces(keys={**self.keys, **own}, values={**self.values, **own}) if own else self


def declared(context: Any) -> Iterator[tuple[str, str]]:
    """Yield the prefixes that a JSON-LD context declares itself; contexts of the web are never fetched."""
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, dict):
            for prefix, value in part.items():
                target = value.get("@id") if isinstance(value, dict) else value
                if isinstance(target, str) and not prefix.startswith("@"):
                    yield prefix, target


def of_context(context: Any) -> Namespaces:
    own = dict(declared(context))
    return Namespaces(keys={**STANDARD, **own}, values={**STANDARD, **own})


def of_xml(prefixes: dict[str, str]) -> Namespaces:
    curies = {name: STANDARD[name] for name in ("gs1", "cbv")}
    return Namespaces(keys={**STANDARD, **prefixes}, values=curies)


STANDARD_ONLY = of_context(None)
