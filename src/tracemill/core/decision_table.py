"""Decision tables (after OMG DMN 1.3, clause 8): rules as rows, compiled once, asked often, checked for holes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from tracemill.core.decision_cell import (
    CellError,
    Condition,
    number,
    parse_boolean_cell,
    parse_number_cell,
    parse_text_cell,
)
from tracemill.core.decision_check import Column, TableFinding, check_table
from tracemill.core.decision_table_spec import DecisionTableSpec, InputSpec

Value = str | int | Decimal | bool | None


class DecisionTableError(ValueError):
    """A table that cannot be compiled, or a value of the wrong type; names the row (from 1), the column and the cell."""

    def __init__(self, reason: str, *, row: int | None = None, column: str | None = None, cell: object = None) -> None:
        where = f"row {row}, " if row is not None else ""
        super().__init__(f"{where}column {column}: {cell!r}: {reason}" if column else f"{where}{reason}")
        self.reason, self.row, self.column, self.cell = reason, row, column, cell


@dataclass(frozen=True, slots=True)
class Outcome:
    """The rule that decided (counted from 0) and its values by output name."""

    rule_index: int
    outputs: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class NoRule:
    """No rule decides: none matches, or with hit policy `unique` the rules in `matched` contradict each other.

    The caller takes its safe side.
    """

    matched: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled row: one condition per input (None accepts everything) and its outputs."""

    conditions: tuple[Condition | None, ...]
    outputs: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A compiled decision table. Build it with `compile_table`."""

    columns: tuple[Column, ...]
    outputs: tuple[str, ...]
    hit: Literal["first", "unique"]
    rules: tuple[Rule, ...]

    def decide(self, values: Mapping[str, object]) -> Outcome | NoRule:
        """Return the outcome for the input values; further keys in `values` are ignored.

        A value that is absent, None, outside the declared values or outside the bounds satisfies only `-`: an unknown
        never matches a rule by accident, not even `not x`. Numbers may be int, Decimal, or text and float, which are
        read as written. Raises DecisionTableError for a value that is not of its column's type.
        """
        known = [_known(column, values.get(column.name)) for column in self.columns]
        matched = []
        for index, rule in enumerate(self.rules):
            if all(c is None or (v is not None and c.accepts(v)) for c, v in zip(rule.conditions, known, strict=True)):
                if self.hit == "first":
                    return Outcome(index, rule.outputs)
                matched.append(index)
        if len(matched) == 1:
            return Outcome(matched[0], self.rules[matched[0]].outputs)
        return NoRule(tuple(matched))

    def check(self) -> tuple[TableFinding, ...]:
        """Return gaps, overlaps (`unique`) and rules that can never decide (`first`)."""
        return check_table(self.columns, self.hit, tuple(rule.conditions for rule in self.rules))


def compile_table(spec: DecisionTableSpec) -> DecisionTable:
    """Compile the written form. Raises DecisionTableError with row, column and cell at the first thing it cannot read."""
    columns = tuple(_column(name, given) for name, given in spec.inputs.items())
    names = [*spec.inputs, *spec.outputs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise DecisionTableError(f"the name {sorted(twice)[0]!r} is used for more than one column")
    rules = tuple(_rule(row, columns, spec) for row in range(len(spec.rules)))
    return DecisionTable(columns, spec.outputs, spec.hit, rules)


def _column(name: str, given: InputSpec) -> Column:
    if given.values and given.type != "text":
        raise DecisionTableError(f"values belong to text, not to {given.type}", column=name, cell=list(given.values))
    if given.type != "number" and (given.min is not None or given.max is not None):
        raise DecisionTableError(f"min and max belong to number, not to {given.type}", column=name, cell=given.min)
    if given.min is not None and given.max is not None and given.min > given.max:
        raise DecisionTableError("min is above max", column=name, cell=f"{given.min}..{given.max}")
    return Column(name, given.type, given.values, given.min, given.max)


def _rule(row: int, columns: tuple[Column, ...], spec: DecisionTableSpec) -> Rule:
    cells = spec.rules[row]
    expected = len(columns) + len(spec.outputs)
    if len(cells) != expected:
        names = ", ".join([*spec.inputs, "->", *spec.outputs])
        raise DecisionTableError(f"has {len(cells)} cells, expected {expected}: {names}", row=row + 1)
    conditions = tuple(_condition(row, column, cell) for column, cell in zip(columns, cells, strict=False))
    return Rule(conditions, MappingProxyType(dict(zip(spec.outputs, cells[len(columns) :], strict=True))))


def _condition(row: int, column: Column, cell: object) -> Condition | None:
    try:
        if cell is None:
            raise CellError("the cell is empty; write - for any value")
        if column.type == "number":
            return parse_number_cell(cell)
        return parse_boolean_cell(cell) if column.type == "boolean" else parse_text_cell(cell, column.values)
    except CellError as error:
        raise DecisionTableError(str(error), row=row + 1, column=column.name, cell=cell) from None


def _known(column: Column, value: object) -> object:
    """Return the value as its column compares it, None for one the table does not know."""
    if value is None:
        return None
    if column.type == "number":
        read = number(value)
        if read is None:
            raise DecisionTableError("is not a number", column=column.name, cell=value)
        return read if read in column.bounds else None
    if not isinstance(value, bool if column.type == "boolean" else str):
        raise DecisionTableError(f"is not {column.type}", column=column.name, cell=value)
    return None if column.values and value not in column.values else value
