"""Read a path from a document as JSONata does, lists included."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal


class Missing(Enum):
    """What a path gives that leads nowhere; JSONata calls it undefined. A null is not missing."""

    MISSING = "missing"

    def __bool__(self) -> Literal[False]:
        return False


MISSING: Final = Missing.MISSING


class Sequence(list[object]):
    """What a path gathered from a list, which a list in the document never is."""


@dataclass(frozen=True, slots=True)
class Step:
    """One name on a path, and the places picked from what it holds."""

    name: str
    indexes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """Names and places from one document to a value in it."""

    steps: tuple[Step, ...]

    def read(self, source: object) -> object:
        """Walk the objects by name, and gather from the first list on."""
        value = source
        for number, step in enumerate(self.steps):
            if type(value) is dict and not step.indexes:
                value = value.get(step.name, MISSING)
                if value is MISSING:
                    return MISSING
            else:
                return _gather(value, self.steps[number:])
        return value


def _gather(value: object, steps: tuple[Step, ...]) -> object:
    items: list[object] = value if isinstance(value, list) else [value]
    for number, step in enumerate(steps):
        found = [got for item in items if (got := _take(item, step)) is not MISSING]
        last = number == len(steps) - 1
        if last and len(found) == 1 and type(found[0]) is list:
            return found[0]
        items = _flattened(found)
        if not items:
            return MISSING
    return items[0] if len(items) == 1 else list(items)


def _take(item: object, step: Step) -> object:
    value = _look_up(item, step.name)
    for index in step.indexes:
        if value is MISSING:
            return MISSING
        value = _pick(value, index)
    return value


def _look_up(item: object, name: str) -> object:
    if isinstance(item, dict):
        return item.get(name, MISSING)
    if not isinstance(item, list):
        return MISSING
    found = _flattened([got for each in item if (got := _look_up(each, name)) is not MISSING])
    if len(found) < 2:
        return found[0] if found else MISSING
    return found


def _pick(value: object, index: int) -> object:
    items: list[object] = value if isinstance(value, list) else [value]
    if -len(items) <= index < len(items):
        picked = items[index]
        return picked if isinstance(picked, list) else Sequence([picked])
    return Sequence()


def _flattened(found: list[object]) -> Sequence:
    flat = Sequence()
    for value in found:
        if isinstance(value, list):
            flat.extend(value)
        else:
            flat.append(value)
    return flat
