"""XML read without its dangers: no DOCTYPE, so no entities of its own and nothing fetched; bounded in depth and size."""

from typing import Any
from xml.parsers import expat

MOST_DEPTH = 64
MOST_NODES = 2_000_000
_XSI = "http://www.w3.org/2001/XMLSchema-instance}"


class BadXml(ValueError):
    """A text that is not well-formed XML, or that this reader refuses."""


class Node:
    """An element: namespace and local name, attributes likewise, text, children."""

    __slots__ = ("attributes", "children", "name", "namespace", "text")

    def __init__(self, qualified: str, attributes: dict[str, str]) -> None:
        self.namespace, self.name = split(qualified)
        self.attributes = [(*split(name), value) for name, value in attributes.items() if not name.startswith(_XSI)]
        self.children: list[Node] = []
        self.text = ""

    def attribute(self, name: str) -> str:
        return next((value for namespace, local, value in self.attributes if local == name and not namespace), "")

    def child(self, name: str) -> "Node | None":
        return next((c for c in self.children if c.name == name), None)


class Tree:
    """The root, and every prefix that was declared, in order of declaration."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.declared: list[tuple[str, str]] = []


def split(qualified: str) -> tuple[str, str]:
    """Part a name; the standard's own namespaces count as none, for some write them before every element."""
    namespace, _, local = qualified.rpartition("}")
    return ("" if namespace.startswith("urn:epcglobal:epcis") else namespace), local


def read_tree(body: bytes) -> Tree:
    """Parse XML into nodes; raise BadXml with line and column."""
    tree, stack, texts, count = Tree(), [Node("", {})], [[""]], 0
    parser: Any = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > MOST_DEPTH or count > MOST_NODES:
            raise BadXml(f"it nests deeper than {MOST_DEPTH} or has more than {MOST_NODES} elements")
        node = Node(name, attributes)
        stack[-1].children.append(node)
        stack.append(node)
        texts.append([])

    def end(_: str) -> None:
        node, text = stack.pop(), "".join(texts.pop())
        node.text = text.strip()

    def doctype(*_: Any) -> None:
        raise BadXml("it has a DOCTYPE, which no EPCIS document needs")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda text: texts[-1].append(text)
    parser.StartDoctypeDeclHandler = doctype
    parser.StartNamespaceDeclHandler = lambda prefix, uri: tree.declared.append((prefix or "", uri or ""))
    try:
        parser.Parse(body, True)
    except BadXml:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding that nobody knows
        raise BadXml(f"it is not XML: {error}") from None
    tree.root = stack[0].children[0]
    return tree
