"""Located YAML documents: a strict part of YAML 1.2 in which every value knows its line and column.

Identifiers survive byte for byte: a plain scalar becomes a number, a boolean or null only when writing it back gives
the same characters, so `0012`, `1.10`, `1e3`, `yes` and `2026-11-23` stay text; a quoted scalar is always text, and so
is every key. Anchors, aliases, tags and merge keys are refused, depth and size are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Final, NoReturn

import yaml

from tracemill.app.document_model import validate
from tracemill.app.finding import DocumentError, Finding, Mark

__all__ = ["Document", "DocumentError", "Finding", "Mark", "load_document", "validate"]

MOST_BYTES: Final = 1024 * 1024
MOST_NODES: Final = 100_000
MOST_DEPTH: Final = 50

Path = tuple[str | int, ...]

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,999}", re.ASCII)
_FRACTION = re.compile(r"-?(?:0|[1-9][0-9]{0,499})\.(?:0|[0-9]{0,499}[1-9])", re.ASCII)
_WORDS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None, "": None}
_UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAB = "found character '\\t' that cannot start any token"


@dataclass(frozen=True, slots=True)
class Document:
    """A document's plain data (dict with text keys, list, str, int, Decimal, bool, None) and where each part stands.

    `marks` holds the place of each value by its path, `key_marks` the place of each key.
    """

    path: str
    data: Any
    marks: Mapping[Path, Mark] = field(repr=False)
    key_marks: Mapping[Path, Mark] = field(repr=False, default_factory=dict)

    def locate(self, path: Sequence[str | int]) -> Mark:
        """Return where the value at `path` begins; for one that is missing, the nearest parent that exists."""
        at = tuple(path)
        while at and at not in self.marks:
            at = at[:-1]
        return self.marks.get(at, Mark(1, 1))

    def locate_key(self, path: Sequence[str | int]) -> Mark:
        """Return where the key of the last element of `path` begins, for a list item or a missing key as `locate`."""
        return self.key_marks.get(tuple(path)) or self.locate(path)


def load_document(path_or_name: str | PurePath, text: str | bytes) -> Document:
    """Read the text of a file; the caller does the reading from disk.

    Bytes are UTF-8, with or without a byte order mark. An empty file is a document whose data is None. Raises
    DocumentError with located findings: T100 size, T101 characters, T102 syntax, T103 tabs, T104 duplicate keys,
    T105 anchors and aliases, T106 tags, T107 merge keys, T108 depth and number of nodes, T109 keys that are not text.
    """
    name = str(path_or_name)
    checked = _characters(name, text)
    composer = _Composer(name, checked)
    try:
        node = composer.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise DocumentError([_syntax(name, error)]) from None
    except (ValueError, OverflowError) as error:
        if isinstance(error, DocumentError):
            raise
        _refuse(name, _mark(composer.get_mark()), "T102", "the escape names no character", "write the character itself")
    builder = _Builder(name)
    data = None if node is None else builder.build(node, ())
    if builder.findings:
        raise DocumentError(builder.findings)
    return Document(name, data, builder.marks, builder.key_marks)


def _characters(name: str, text: str | bytes) -> str:
    """Return the text without a byte order mark, or refuse its size or its characters."""
    size = len(text) if isinstance(text, bytes) or len(text) > MOST_BYTES else len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        _refuse(name, Mark(1, 1), "T100", f"the file is larger than {MOST_BYTES} bytes", "split it into several files")
    if isinstance(text, bytes):
        text = _decoded(name, text)
    text = text.removeprefix("\ufeff")
    if found := _UNPRINTABLE.search(text):
        shown = f"the character U+{ord(found[0]):04X} cannot stand in a document"
        _refuse(name, _mark_at(text[: found.start()]), "T101", shown, 'write it as an escape in double quotes, such as "\\0"')
    return text


def _decoded(name: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        mark = _mark_at(raw[: error.start].decode("utf-8").removeprefix("\ufeff"))
        _refuse(name, mark, "T101", f"byte 0x{raw[error.start]:02x} is not UTF-8", "save the file as UTF-8")


def _mark_at(before: str) -> Mark:
    """Return the position just after `before`."""
    lines = re.split(r"\r\n|[\r\n\x85\u2028\u2029]", before)
    return Mark(len(lines), len(lines[-1]) + 1)


def _refuse(name: str, mark: Mark, code: str, text: str, hint: str) -> NoReturn:
    raise DocumentError([Finding(name, mark.line, mark.column, code, text, hint)])


def _syntax(name: str, error: yaml.MarkedYAMLError) -> Finding:
    mark = _mark(error.problem_mark or error.context_mark)
    problem = (error.problem or "cannot be read").strip()
    if problem == _TAB:
        return Finding(name, mark.line, mark.column, "T103", "a tab cannot indent", "indent with spaces")
    if "another document" in problem:
        return Finding(name, mark.line, mark.column, "T102", "a second document begins here", "write one document per file")
    context = f"{error.context.strip()}, " if error.context else ""
    began = f" (begun at {_place(_mark(error.context_mark))})" if error.context_mark else ""
    hint = "check indentation, quotes and brackets here and on the line above"
    return Finding(name, mark.line, mark.column, "T102", f"{context}{problem}{began}", hint)


def _mark(mark: yaml.Mark | None) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)


def _place(mark: Mark) -> str:
    return f"{mark.line}:{mark.column}"


class _Composer(yaml.BaseLoader):
    """PyYAML's composer without types, that stops at what a configuration must not contain."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self._name = name
        self._depth = 0
        self._nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        mark = _mark(event.start_mark)
        if getattr(event, "anchor", None) is not None:
            word = "alias *" if isinstance(event, yaml.AliasEvent) else "anchor &"
            _refuse(self._name, mark, "T105", f"{word}{event.anchor} is not allowed", 'write the value out, or quote "*" and "&"')
        if getattr(event, "tag", None) is not None:
            _refuse(self._name, mark, "T106", f"the tag {event.tag} is not allowed", 'write the plain value, or quote "!"')
        self._nodes += 1
        self._depth += 1
        if self._nodes > MOST_NODES:
            _refuse(self._name, mark, "T108", f"more than {MOST_NODES} values", "split it into several files")
        if self._depth > MOST_DEPTH:
            _refuse(self._name, mark, "T108", f"nested deeper than {MOST_DEPTH} levels", "check the brackets and indentation")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Builder:
    """Turns the node graph into data, collecting marks and findings."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.marks: dict[Path, Mark] = {}
        self.key_marks: dict[Path, Mark] = {}
        self.findings: list[Finding] = []

    def build(self, node: yaml.Node, path: Path) -> Any:
        self.marks[path] = _mark(node.start_mark)
        if isinstance(node, yaml.ScalarNode):
            self._check_surrogates(node)
            return _value(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, at)) for at, item in enumerate(node.value)]
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is not None:
                made[key] = self.build(value_node, (*path, key))
        return made

    def _key(self, node: yaml.Node, path: Path) -> str | None:
        """Return the key, or None with a finding for one that cannot be used."""
        mark = _mark(node.start_mark)
        if not isinstance(node, yaml.ScalarNode):
            self._found(mark, "T109", "a key must be a text", "put the list or mapping after a key")
            return None
        self._check_surrogates(node)
        key = str(node.value)
        if key == "<<" and not node.style:
            self._found(mark, "T107", "merge keys (<<) are not allowed", "write the keys out")
            return None
        if first := self.key_marks.get((*path, key)):
            self._found(mark, "T104", f"the key {key!r} stands here again, first at {_place(first)}", "keep one of the two")
            return None
        self.key_marks[*path, key] = mark
        return key

    def _check_surrogates(self, node: yaml.ScalarNode) -> None:
        if _SURROGATE.search(node.value):
            self._found(_mark(node.start_mark), "T101", "half a surrogate pair is not a character", "write the character itself")

    def _found(self, mark: Mark, code: str, text: str, hint: str) -> None:
        self.findings.append(Finding(self._name, mark.line, mark.column, code, text, hint))


def _value(node: yaml.ScalarNode) -> str | int | Decimal | bool | None:
    text = str(node.value)
    if node.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return Decimal(text) if _FRACTION.fullmatch(text) else text
