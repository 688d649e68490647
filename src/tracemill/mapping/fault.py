"""What goes wrong in one cell, and the kinds of it."""

from typing import Final, Literal

CellFault = Literal[
    "syntax",  # the text is not JSONata
    "forbidden",  # it may not be said in a cell
    "timeout",  # it ran longer than its time
    "size",  # it reads or gives more than its share
    "depth",  # it is nested too deep
    "type",  # an operator or function met a value it does not take
    "inexact",  # the engine's doubles cannot carry this number
    "raised",  # the cell itself refused, by $error or $assert
    "engine",  # the engine failed in another way
]

VALUE_CHARS: Final = 80


class CellError(Exception):
    """A cell cannot be compiled, or cannot give a value for this record."""

    def __init__(self, kind: CellFault, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.kind: CellFault = kind
        self.message = message
        self.position = position


def shown(value: object) -> str:
    """Quote a value for a message, cut to a readable length."""
    try:
        text = f'"{value}"' if isinstance(value, str) else str(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, an endless nest
        text = f"a {type(value).__name__} too large to show"
    text = text if len(text) <= VALUE_CHARS else f"{text[:VALUE_CHARS]}… ({len(text)} characters)"
    return printable(text)


def printable(text: str) -> str:
    """Spell out a NUL or half a character, which would break whoever writes the message down."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode()
