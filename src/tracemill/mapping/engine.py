"""Cells that need the JSONata engine, each within its bounds.

**Numbers.** The engine counts in doubles, so nothing that must stay exact enters it as a number:
decimals and integers beyond 2**53 go in as texts, digit for digit (`$number(x)` turns one into a
double where a cell really has to calculate). What comes out is never a float: whole numbers are
`int`, others `Decimal` of the shortest text that names the double, and a number beyond 2**53 is an
`inexact` error, because the engine cannot have kept its digits.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Final, NoReturn, Protocol

import jsonatapy
import msgspec

from tracemill.mapping.fault import CellError, CellFault, printable
from tracemill.mapping.growth import Growth
from tracemill.mapping.plain import exact_digits, whole_digits
from tracemill.mapping.tokens import Token, misplaced

EXACT_TO: Final = 2**53
SAID_CHARS: Final = 300


@dataclass(frozen=True, slots=True)
class Limits:
    """What one evaluation of one cell may cost."""

    milliseconds: int = 100
    output_bytes: int = 64 * 1024
    input_bytes: int = 1024 * 1024
    nesting: int = 100
    sequence: int = 10_000
    copied_bytes: int = 32 * 1024 * 1024


DEFAULT_LIMITS: Final = Limits()
NO_GROWTH: Final = Growth(1, 0)
_OWN: Final = (
    threading.local()
)  # each thread's compiled expressions by their text: they may neither move nor be dropped elsewhere


class Expression(Protocol):
    """The part of a jsonatapy expression that cells use."""

    def evaluate(
        self,
        data: object,
        bindings: dict[str, object] | None = None,
        *,
        timeout: int | None = None,
        max_stack_depth: int | None = None,
        max_sequence_length: int | None = None,
    ) -> object: ...


class Document:
    """One record, and the form in which the engine may see it, made once when first needed."""

    __slots__ = ("_form", "source")

    def __init__(self, source: object) -> None:
        self.source = source
        self._form: tuple[object, int] | None = None

    def form(self, limits: Limits) -> tuple[object, int]:
        """Give the record with every number that a double would bend as text, and its size."""
        if self._form is None:
            self._form = engine_form(self.source, limits)
        return self._form


@dataclass(frozen=True, slots=True)
class Engine:
    """One cell on jsonatapy."""

    text: str
    variables: tuple[str, ...]
    limits: Limits = DEFAULT_LIMITS
    growth: Growth = NO_GROWTH

    def evaluate(self, document: Document, bindings: Mapping[str, object]) -> object:
        """Run the cell; give None for undefined and for null."""
        limits = self.limits
        form, size = document.form(limits)
        bound: dict[str, object] = {}
        for name in self.variables:
            if name in bindings:
                bound[name], more = engine_form(bindings[name], limits)
                size += more
        try:
            result = self._expression().evaluate(
                form,
                bound,
                timeout=limits.milliseconds,
                max_stack_depth=limits.nesting,
                max_sequence_length=self._longest(size),
            )
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as error:  # a panic of the engine is no Exception
            _raise_run_error(error, self.growth.loops > 0)
        return _bounded(result, limits)

    def _longest(self, size: int) -> int:
        """Bound the lists of a cell whose loops repeat the record, so that all copies fit."""
        limits, growth = self.limits, self.growth
        if not growth.loops:
            return limits.sequence
        room = limits.copied_bytes / (size * growth.copies)
        return int(max(1, min(limits.sequence, room ** (1 / growth.loops))))

    def _expression(self) -> Expression:
        compiled: dict[str, Expression] = _OWN.__dict__
        if self.text not in compiled:
            compiled[self.text] = jsonatapy.compile(self.text)
        return compiled[self.text]


def check_syntax(text: str, tokens: tuple[Token, ...]) -> None:
    """Let the engine parse a cell, and say where it stumbles as well as can be told."""
    try:
        jsonatapy.compile(text)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        said = str(error).rpartition("Parse error: ")[2]
        stray = misplaced(tokens)
        if stray is not None:
            place = stray.start
            message = f"{stray.text} at character {place + 1} follows a value without an operator"
            raise CellError("syntax", f"{message} ({said})", place) from None
        end = len(text) if "S0207" in said else None
        raise CellError("syntax", said, end) from None


def engine_form(value: object, limits: Limits) -> tuple[object, int]:
    """Copy a record with its dangerous numbers as text, and give its rough size in bytes.

    Refuse what is too large or nested too deep.
    """
    budget = [limits.input_bytes]
    form = _form(value, limits.nesting, budget)
    return form, limits.input_bytes - budget[0] + 1


def _form(value: object, nesting: int, budget: list[int]) -> object:
    budget[0] -= 8 + len(value) if isinstance(value, str) else 8
    if budget[0] < 0:
        raise CellError("size", "the record is too large for a JSONata cell; cut it with `each`")
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value if -EXACT_TO <= value <= EXACT_TO else whole_digits(value)
    if isinstance(value, Decimal):
        return exact_digits(value)
    if isinstance(value, float):
        return repr(value)
    if nesting == 0:
        raise CellError("depth", "the record is nested too deep for a JSONata cell")
    if isinstance(value, dict):
        budget[0] -= sum(map(len, value))
        return {key: _form(item, nesting - 1, budget) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_form(item, nesting - 1, budget) for item in value]
    raise CellError("type", f"{type(value).__name__} is not a JSON value")


def _bounded(result: object, limits: Limits) -> object:
    exact = _exact(result)
    if isinstance(exact, dict | list | str):
        try:
            size = len(msgspec.json.encode(exact))
        except UnicodeEncodeError:
            raise CellError("type", "the cell gives half a character (a lone surrogate)") from None
        if size > limits.output_bytes:
            message = f"the cell gives {size} bytes; at most {limits.output_bytes}"
            raise CellError("size", message)
    return exact


def _exact(result: object) -> object:
    if result is None or isinstance(result, str | bool):
        return result
    if isinstance(result, int | float):
        if not isfinite(result) or not -EXACT_TO <= result <= EXACT_TO:
            raise CellError(
                "inexact",
                f"{result} is beyond 2**53, where the engine loses digits; keep it as text",
            )
        return result if isinstance(result, int) else Decimal(repr(result))
    if isinstance(result, list):
        return [_exact(item) for item in result]
    if isinstance(result, dict):
        return {str(key): _exact(item) for key, item in result.items()}
    return None  # a function, which is no value of a record


_FAULTS: Final[dict[str, CellFault]] = {
    "D1012": "timeout",
    "D1011": "depth",
    "D2014": "size",
    "D2015": "size",
    "D3137": "raised",
    "D3141": "raised",
}
_NUMBER_HINT: Final = "; decimals reach a cell as text: write $number(…) to calculate with one"


_LOOP_HINT: Final = (
    "; the cell repeats values from outside a loop for every item, which a record of this size"
    " does not allow: use each with fields, and $parent"
)


def _raise_run_error(error: BaseException, loops: bool) -> NoReturn:
    said = printable(str(error).strip()[:SAID_CHARS])
    code = said[:5]
    if isinstance(error, TypeError):
        raise CellError("type", said) from None
    if code in _FAULTS:
        hint = _LOOP_HINT if code == "D2015" and loops else ""
        raise CellError(_FAULTS[code], said + hint) from None
    if code.startswith("T"):
        hint = _NUMBER_HINT if code in {"T2001", "T2002", "T2009", "T2010"} else ""
        raise CellError("type", said + hint) from None
    raise CellError("engine", said or type(error).__name__) from None
