"""Prefixes of an XML document, one for each namespace: the keys of extensions in JSON-LD form need them."""

# Namespaces of the envelope and of XML itself: no extension is in one of them.
_ENVELOPE = (
    "urn:epcglobal:epcis:xsd:1", "urn:epcglobal:epcis:xsd:2", "urn:epcglobal:epcis-query:xsd:1",
    "urn:epcglobal:epcis-query:xsd:2", "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/2001/XMLSchema",
    "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader",
)  # fmt: skip


class Prefixes:
    """Which prefix stands for which namespace; a prefix declared twice for different ones gets a number."""

    def __init__(self, declared: list[tuple[str, str]]) -> None:
        self.used: dict[str, str] = {}
        self._of: dict[str, str] = {}
        for prefix, uri in declared:
            if uri and uri not in _ENVELOPE and uri not in self._of:
                self._add(prefix or "ns", uri)

    def _add(self, prefix: str, uri: str) -> str:
        wanted, number = prefix, 1
        while self.used.get(wanted, uri) != uri:
            number += 1
            wanted = f"{prefix}{number}"
        self.used[wanted], self._of[uri] = uri, wanted
        return wanted

    def name(self, namespace: str, local: str) -> str:
        """Write a name as JSON-LD does: prefix and local name; without a namespace the local name."""
        if not namespace or namespace in _ENVELOPE:
            return local
        return f"{self._of.get(namespace) or self._add('ns', namespace)}:{local}"
