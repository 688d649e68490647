"""Run the examples of a mapping, and show where the result is not what they say."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tracemill.mapping.fault import shown
from tracemill.mapping.plain import exact_digits
from tracemill.mapping.spec import ExampleSpec, MappingSpec
from tracemill.mapping.table import FieldProblem, Mapped, Mapping

NOTHING: Final = "nothing"
_TIME: Final = {"text", "zone"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where an example and the mapping disagree."""

    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        """Write it on one line."""
        return f"{self.path}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What came of one example: nothing to say if it passed."""

    name: str
    index: int
    mapped: tuple[Mapped, ...]
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Tell whether the mapping did what the example says."""
        return not self.differences


def run_examples(mapping: Mapping, spec: MappingSpec) -> list[ExampleResult]:
    """Run every example of a mapping."""
    return [_run(mapping, example, index) for index, example in enumerate(spec.examples)]


def _run(mapping: Mapping, example: ExampleSpec, index: int) -> ExampleResult:
    mapped = mapping.apply_all(as_parsed(example.input))
    differences = tuple(_differences(example, mapped))
    return ExampleResult(example.name, index, tuple(mapped), differences)


def as_parsed(value: object) -> object:
    """Give an example's input as a parser of records would: decimals, never floats."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {str(key): as_parsed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_parsed(item) for item in value]
    return value


def _differences(example: ExampleSpec, mapped: list[Mapped]) -> Iterator[Difference]:
    problems = [problem for one in mapped for problem in one.problems]
    yield from _problem_differences(example, problems)
    if example.skipped and mapped:
        yield Difference("skipped", "the record to be skipped", f"{len(mapped)} mapped")
    if isinstance(example.expect, list):
        values: list[object] = [one.values for one in mapped]
        yield from _compare("", example.expect, values)
    elif example.expect is not None:
        if len(mapped) == 1:
            yield from _compare("", example.expect, mapped[0].values)
        else:
            yield Difference("expect", "one mapped record", f"{len(mapped)}; hint: expect a list")


def _problem_differences(example: ExampleSpec, problems: list[FieldProblem]) -> Iterator[Difference]:
    written = example.problems or {}
    expected = written if isinstance(written, dict) else dict.fromkeys(written, "")
    unmet = dict(expected)
    for problem in problems:
        cause = expected.get(problem.target)
        unmet.pop(problem.target, None)
        if cause is None:
            yield Difference(problem.target, "no problem", problem.cause)
        elif cause not in problem.cause:
            yield Difference(problem.target, f"a problem with {shown(cause)}", problem.cause)
    for target in unmet:
        yield Difference(target, "a problem", "no problem")


def _compare(path: str, expected: object, got: object) -> Iterator[Difference]:
    if isinstance(got, dict) and isinstance(expected, str) and set(got) == _TIME:
        got = got["text"]
    if isinstance(expected, dict) and isinstance(got, dict):
        for name in dict.fromkeys((*expected, *got)):
            place = f"{path}.{name}" if path else str(name)
            if name not in got:
                yield Difference(place, shown(expected[name]), NOTHING)
            elif name not in expected:
                yield Difference(place, NOTHING, _written(got[name]))
            else:
                yield from _compare(place, expected[name], got[name])
    elif isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            yield Difference(path or "expect", f"{len(expected)} items", f"{len(got)} items")
        for index, (one, other) in enumerate(zip(expected, got, strict=False)):
            yield from _compare(f"{path}[{index}]", one, other)
    elif not _equal(expected, got):
        yield Difference(path, shown(expected), _written(got))


def _equal(expected: object, got: object) -> bool:
    """Compare texts exactly, and numbers with the digits the example asks for."""
    if isinstance(got, Decimal) and isinstance(expected, str):
        return exact_digits(got) == expected
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, float):
        return isinstance(got, int | Decimal) and got == Decimal(repr(expected))
    return expected == got


def _written(value: object) -> str:
    return exact_digits(value) if isinstance(value, Decimal) else shown(value)
