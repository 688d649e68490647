"""What a cell may not say, because nobody could bound what it costs or repeat what it gave.

The engine stops endless loops by time, but it looks at the clock only between its own steps:
one built-in call that makes a gigabyte, or a structure that shares itself a thousand times and is
then written out, is past the last look. So the ways to such values are closed before a cell runs.
"""

import re
from collections.abc import Iterator
from typing import Final, NoReturn

from tracemill.mapping.fault import CellError
from tracemill.mapping.growth import growth
from tracemill.mapping.tokens import Token

Tokens = tuple[Token, ...]

REFUSED: Final = {
    "$eval": "it runs text that nobody has checked; write the expression itself",
    "$reduce": "its result can double with every item; use $sum, $max, $join, $map or $filter",
    "$now": "a mapping has no clock, or a replay would differ; use a time of the record",
    "$millis": "a mapping has no clock, or a replay would differ; use a time of the record",
    "$random": "a replay would differ",
    "$shuffle": "a replay would differ",
}
MAX_WIDTH: Final = 1000
MAX_COPIES: Final = 4096
MAX_REGEX: Final = 200
MAX_REGEX_REPEATS: Final = 100
_FUNCTION_WORDS: Final = frozenset({"function", "λ"})
_REFUSED_SIGNS: Final = {
    "|": "the transform operator |",
    "@": "the join operator @",
}
_TAKES_FUNCTION: Final = frozenset({"$map", "$filter", "$single", "$each", "$sift", "$sort"})
_PICTURE: Final = re.compile(r"[0-9#,. ]*(;o)?")
_REPEATS: Final = re.compile(r"\{(\d+)(?:,(\d*))?\}")


def refuse_unbounded(tokens: Tokens) -> None:
    """Raise for the first thing in a cell that cannot be bounded."""
    for index, token in enumerate(tokens):
        if token.kind == "variable" and token.text in REFUSED:
            _refuse(token, f"{token.text} is not allowed in a cell: {REFUSED[token.text]}")
        if token.kind == "variable" and token.text in _MEASURED:
            _check_call(tokens, index)
        if token.kind == "name" and token.text in _FUNCTION_WORDS:
            _check_function(tokens, index)
        if token.kind == "sign" and token.text in _REFUSED_SIGNS:
            _refuse(token, f"{_REFUSED_SIGNS[token.text]} is not allowed in a cell")
        if token.kind == "regex":
            _check_regex(token)
        if token.text == "?" and _is_placeholder(tokens, index):
            _refuse(token, "a call with ? for an argument is not allowed in a cell")
    grown = growth(tokens)
    copies = grown.copies
    if grown.unbounded:
        message = "a grouping xs{key: value} may name only what is in its items"
        raise CellError("forbidden", message, 0)
    if copies > MAX_COPIES:
        raise CellError(
            "forbidden",
            f"the cell can copy its input {copies} times; write one cell per target field",
            0,
        )


def _refuse(token: Token, message: str) -> NoReturn:
    raise CellError("forbidden", f"{message} (at character {token.start + 1})", token.start)


def _is_placeholder(tokens: Tokens, index: int) -> bool:
    return tokens[index - 1].text in {"(", ","} if index else True


def _check_function(tokens: Tokens, index: int) -> None:
    """Allow a function only where it is consumed at once, so that none can call itself."""
    caller = _caller(tokens, index)
    inline = index > 0 and tokens[index - 1].text in {"(", ","}
    if not inline or caller is None or caller.text not in _TAKES_FUNCTION:
        _refuse(
            tokens[index],
            "a function may only be written inside $map, $filter, $single, $each, $sift or $sort:"
            " one with a name could call itself for ever",
        )


def _caller(tokens: Tokens, index: int) -> Token | None:
    depth = 0
    for place in range(index - 1, 0, -1):
        text = tokens[place].text if tokens[place].kind == "sign" else ""
        if text in {")", "]", "}"}:
            depth += 1
        elif text in {"(", "[", "{"}:
            if depth == 0:
                return tokens[place - 1] if text == "(" else None
            depth -= 1
    return None


def _check_call(tokens: Tokens, index: int) -> None:
    token = tokens[index]
    if index + 1 >= len(tokens) or tokens[index + 1].text != "(":
        _refuse(token, f"{token.text} must be called where it stands, with its size in plain sight")
    arguments = list(_arguments(tokens, index + 1))
    chained = index > 0 and tokens[index - 1].text == "~>"
    _MEASURED[token.text](token, arguments, chained)


def _arguments(tokens: Tokens, opening: int) -> Iterator[Tokens]:
    depth, start = 0, opening + 1
    for place in range(opening, len(tokens)):
        text = tokens[place].text if tokens[place].kind == "sign" else ""
        depth += (text in {"(", "[", "{"}) - (text in {")", "]", "}"})
        if (depth == 0 or (depth == 1 and text == ",")) and place > opening:
            if place > start or text == ",":
                yield tokens[start:place]
            start = place + 1
        if depth == 0:
            return


def _check_regex(token: Token) -> None:
    """Keep a pattern small: the engine's patterns run in time of their size, not for ever."""
    repeats = 1
    for least, most in _REPEATS.findall(token.text):
        repeats *= max(1, int(most or least))
    if len(token.text) > MAX_REGEX or repeats > MAX_REGEX_REPEATS:
        _refuse(
            token,
            f"a pattern may be {MAX_REGEX} characters long and repeat {MAX_REGEX_REPEATS} times",
        )


def _check_pad(token: Token, arguments: list[Tokens], chained: bool) -> None:
    position = 0 if chained or len(arguments) == 1 else 1
    if len(arguments) > 1 and _width(arguments[0]) is not None:
        position = 0
    width = _width(arguments[position]) if len(arguments) > position else None
    if width is None or width > MAX_WIDTH:
        _refuse(token, f"$pad needs its width as a plain number of at most {MAX_WIDTH}")


def _width(argument: Tokens) -> float | None:
    digits = argument[1:] if argument and argument[0].text == "-" else argument
    if len(digits) == 1 and digits[0].kind == "number":
        return float(digits[0].text)
    return None


def _check_join(token: Token, arguments: list[Tokens], chained: bool) -> None:
    position = 0 if chained else 1
    if len(arguments) > position and not _is_text(arguments[position]):
        _refuse(token, "$join needs its separator as a plain text")


def _check_replace(token: Token, arguments: list[Tokens], chained: bool) -> None:
    position = 1 if chained or len(arguments) == 2 else 2
    if len(arguments) <= position or not _is_text(arguments[position]):
        _refuse(token, "$replace needs its replacement as a plain text")


def _check_picture(token: Token, arguments: list[Tokens], _chained: bool) -> None:
    picture = arguments[-1] if arguments else ()
    if not _is_text(picture) or not _PICTURE.fullmatch(picture[0].text[1:-1]):
        _refuse(token, "$formatInteger needs its picture as a plain text of digits, as '0000'")


def _is_text(argument: Tokens) -> bool:
    return len(argument) == 1 and argument[0].kind == "text"


_MEASURED: Final = {
    "$pad": _check_pad,
    "$join": _check_join,
    "$replace": _check_replace,
    "$formatInteger": _check_picture,
}
