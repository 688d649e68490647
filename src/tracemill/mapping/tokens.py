"""The words of a JSONata text, each with its place."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from tracemill.mapping.fault import CellError

TokenKind = Literal["name", "quoted", "text", "number", "variable", "regex", "sign"]

MAX_TEXT: Final = 8192

_SPACE: Final = re.compile(r"(?:\s+|/\*.*?\*/)+", re.DOTALL)
_NUMBER: Final = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII)
_TEXT: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL)
_QUOTED: Final = re.compile(r"`[^`]*`")
_VARIABLE: Final = re.compile(r"\$\$|\$\w*")
_NAME: Final = re.compile(r"[^\W\d]\w*")
_REGEX: Final = re.compile(r"/(?:[^/\\\n]|\\.)+/[im]*")
_SIGN: Final = re.compile(r":=|!=|>=|<=|~>|\*\*|\.\.|\?:|\?\?|[.\[\]{}(),@#;:?+\-*/%|=<>^&!~]")
_CLOSES: Final = {")": "(", "]": "[", "}": "{"}
_WORD_SIGNS: Final = frozenset({"and", "or", "in"})


@dataclass(frozen=True, slots=True)
class Token:
    """One word: what kind, how written, and where it starts."""

    kind: TokenKind
    text: str
    start: int

    @property
    def ends_operand(self) -> bool:
        """Tell whether a value stands complete after this word."""
        return self.kind != "sign" or self.text in {")", "]", "}"}


def tokenize(text: str) -> tuple[Token, ...]:
    """Cut a cell into words; a place where that fails is named."""
    if len(text) > MAX_TEXT:
        raise CellError("size", f"the cell is {len(text)} characters long; at most {MAX_TEXT}")
    tokens: list[Token] = []
    place = 0
    while place < len(text):
        if space := _SPACE.match(text, place):
            place = space.end()
            continue
        token = _next_token(text, place, tokens[-1] if tokens else None)
        tokens.append(token)
        place += len(token.text)
    if not tokens:
        raise CellError("syntax", "the cell is empty", 0)
    _check_brackets(tokens, len(text))
    return tuple(tokens)


def _next_token(text: str, place: int, before: Token | None) -> Token:
    operand_before = before is not None and before.ends_operand
    char = text[place]
    if char == "/" and not operand_before:
        return _match(_REGEX, "regex", text, place, "the regular expression is not closed with /")
    if char in "\"'":
        return _match(_TEXT, "text", text, place, f"the text is not closed with {char}")
    if char == "`":
        return _match(_QUOTED, "quoted", text, place, "the name is not closed with `")
    if char == "$":
        return _match(_VARIABLE, "variable", text, place, "unreadable variable")
    if number := _NUMBER.match(text, place):
        return Token("number", number.group(), place)
    if name := _NAME.match(text, place):
        word = name.group()
        if word in _WORD_SIGNS and operand_before:
            return Token("sign", word, place)
        return Token("name", word, place)
    return _match(_SIGN, "sign", text, place, f"{char!r} has no meaning here")


def _match(pattern: re.Pattern[str], kind: TokenKind, text: str, place: int, failure: str) -> Token:
    found = pattern.match(text, place)
    if found is None:
        raise CellError("syntax", f"{failure} (at character {place + 1})", place)
    return Token(kind, found.group(), place)


def _check_brackets(tokens: list[Token], end: int) -> None:
    still_open: list[Token] = []
    for token in tokens:
        if token.kind != "sign":
            continue
        if token.text in "([{":
            still_open.append(token)
        elif token.text in _CLOSES and not (still_open and still_open.pop().text == _CLOSES[token.text]):
            place = token.start
            message = f"{token.text} closes nothing (at character {place + 1})"
            raise CellError("syntax", message, place)
    if still_open:
        last = still_open[-1]
        raise CellError("syntax", f"{last.text} at character {last.start + 1} is never closed", end)


def misplaced(tokens: tuple[Token, ...]) -> Token | None:
    """Find the first value that follows a value with no operator between them."""
    for before, token in pairwise(tokens):
        starts = token.kind != "sign"
        if starts and before.ends_operand and before.text not in {"function", "λ"}:
            return token
    return None
