"""The header of an EPCIS XML document: who sends it to whom, and the master data it carries (EPCIS 2.0, section 9)."""

from typing import Any

from tracemill.mapping.epcis.xml_tree import Node


def header(node: Node | None) -> dict[str, Any]:
    """Return the header's part of a JSON-LD document."""
    if node is None:
        return {}
    found: dict[str, Any] = {}
    for name, path in _PARTIES:
        if text := _text_at(node, path):
            found[name] = text
    vocabularies = [_vocabulary(v) for v in _all(node, "Vocabulary")]
    if vocabularies:
        found["epcisHeader"] = {"epcisMasterData": {"vocabularyList": vocabularies}}
    return found


_PARTIES = (
    ("sender", ("Sender", "Identifier")),
    ("receiver", ("Receiver", "Identifier")),
    ("instanceIdentifier", ("InstanceIdentifier",)),
)


def _all(node: Node, name: str) -> list[Node]:
    found = [child for child in node.children if child.name == name]
    return found or [inner for child in node.children for inner in _all(child, name)]


def _text_at(node: Node, path: tuple[str, ...]) -> str:
    nodes = [node]
    for name in path:
        nodes = [inner for n in nodes for inner in _all(n, name)]
    return nodes[0].text if nodes else ""


def _vocabulary(node: Node) -> dict[str, Any]:
    elements = [_element(e) for e in _all(node, "VocabularyElement")]
    return {"type": node.attribute("type"), "vocabularyElementList": elements}


def _element(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {"id": node.attribute("id")}
    attributes = [{"id": a.attribute("id"), "attribute": a.text} for a in node.children if a.name == "attribute"]
    children = [c.text for part in node.children if part.name == "children" for c in part.children]
    if attributes:
        found["attributes"] = attributes
    if children:
        found["children"] = children
    return found
