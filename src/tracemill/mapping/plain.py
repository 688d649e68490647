"""Cells that need no engine: paths, constants, and texts joined with `&`, as plain closures."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from tracemill.mapping.fault import CellError, shown
from tracemill.mapping.path import MISSING, Path, Step
from tracemill.mapping.tokens import Token

Closure = Callable[[object, Mapping[str, object]], object]

_CONSTANTS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_NOT_NAMES: Final = frozenset({"function", "λ", *_CONSTANTS})
_ESCAPE_TRAPS: Final = ("\\ud", "\\uD")
_WIDEST: Final = 40
_MOST_BITS: Final = 3400


def plain(tokens: tuple[Token, ...]) -> Closure | None:
    """Compile a cell to a closure, or give None where it needs the engine."""
    operands: list[Closure] = []
    rest = list(tokens)
    while rest:
        operand = _constant(rest) or _path(rest)
        if operand is None:
            return None
        operands.append(operand)
        if rest and not (rest[0].kind == "sign" and rest.pop(0).text == "&" and rest):
            return None
    return operands[0] if len(operands) == 1 else _joined(tuple(operands))


def _constant(rest: list[Token]) -> Closure | None:
    token = rest[0]
    after = rest[1].text if len(rest) > 1 and rest[1].kind == "sign" else ""
    if token.kind == "text" and after in {"", "&"}:
        text = _text(token)
        if text is not None:
            rest.pop(0)
            return lambda _source, _bindings: text
    elif token.kind == "name" and token.text in _CONSTANTS:
        constant = _CONSTANTS[rest.pop(0).text]
        return lambda _source, _bindings: constant
    elif token.kind == "number" or (token.text == "-" and len(rest) > 1):
        return _number(rest)
    return None


def _number(rest: list[Token]) -> Closure | None:
    sign = "-" if rest[0].text == "-" else ""
    token = rest[1] if sign else rest[0]
    if token.kind != "number":
        return None
    del rest[: 2 if sign else 1]
    digits = sign + token.text
    number = Decimal(digits) if set(digits) & set(".eE") else int(digits)
    return lambda _source, _bindings: number


def _text(token: Token) -> str | None:
    """Read a text as JSON does; None where the engine must judge its escapes."""
    inner = token.text[1:-1]
    if "\\" not in inner:
        return inner
    if "\\'" in inner or any(trap in inner for trap in _ESCAPE_TRAPS):
        return None
    if token.text[0] == "'":
        inner = inner.replace('"', '\\"')
    try:
        decoded = json.loads(f'"{inner}"', strict=False)
    except ValueError:
        return None
    return str(decoded)


def _path(rest: list[Token]) -> Closure | None:
    head = rest.pop(0)
    if head.kind == "variable":
        if rest and rest[0].text == "[":
            return None
        steps = _steps(rest)
        if steps is None:
            return None
        return _from_variable(head.text, Path(steps))
    name = _name(head)
    if name is None or (head.kind == "text" and not (rest and rest[0].text == ".")):
        return None
    indexes = _indexes(rest)
    steps = _steps(rest)
    if indexes is None or steps is None:
        return None
    path = Path((Step(name, indexes), *steps))
    return lambda source, _bindings: path.read(source)


def _from_variable(variable: str, path: Path) -> Closure:
    if variable in {"$", "$$"}:
        return lambda source, _bindings: path.read(source)
    name = variable[1:]
    return lambda _source, bindings: path.read(bindings.get(name, MISSING))


def _steps(rest: list[Token]) -> tuple[Step, ...] | None:
    steps: list[Step] = []
    while rest and rest[0].kind == "sign" and rest[0].text == ".":
        name = _name(rest[1]) if len(rest) > 1 else None
        if name is None:
            return None
        del rest[:2]
        indexes = _indexes(rest)
        if indexes is None:
            return None
        steps.append(Step(name, indexes))
    return tuple(steps)


def _indexes(rest: list[Token]) -> tuple[int, ...] | None:
    indexes: list[int] = []
    while rest and rest[0].kind == "sign" and rest[0].text == "[":
        close = next((i for i, token in enumerate(rest) if token.text == "]"), 0)
        digits = "".join(token.text for token in rest[1:close])
        if not digits.removeprefix("-").isdigit() or len(digits) > 9:
            return None
        indexes.append(int(digits))
        del rest[: close + 1]
    return tuple(indexes)


def _name(token: Token) -> str | None:
    if token.kind == "quoted":
        return token.text[1:-1]
    if token.kind == "text":
        return _text(token)
    if token.kind == "name" and token.text not in _NOT_NAMES:
        return token.text
    return None


def _joined(operands: tuple[Closure, ...]) -> Closure:
    def join(source: object, bindings: Mapping[str, object]) -> object:
        parts: list[str] = []
        for operand in operands:
            value = operand(source, bindings)
            if value is None or value is MISSING:
                return MISSING
            parts.append(value if isinstance(value, str) else as_text(value))
        return "".join(parts)

    return join


def as_text(value: object) -> str:
    """Write a number or a boolean into a text, digit for digit."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return whole_digits(value)
    if isinstance(value, Decimal):
        return exact_digits(value)
    if isinstance(value, float):
        return repr(value)
    raise CellError("type", f"{shown(value)} is not a single value and cannot be joined with &")


def whole_digits(number: int) -> str:
    """Write an integer with every digit; one of thousands of digits is no value of a plant."""
    if number.bit_length() > _MOST_BITS:
        raise CellError("size", "the integer has more than a thousand digits")
    return str(number)


def exact_digits(number: Decimal) -> str:
    """Write a decimal with every digit it came with, without exponent where that is readable."""
    if number.is_finite() and -_WIDEST < number.adjusted() < _WIDEST:
        return format(number, "f")
    return str(number)
