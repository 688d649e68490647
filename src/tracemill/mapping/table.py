"""A mapping: target field by target field, where its value comes from and what it must be."""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Final

from tracemill.mapping.cell import NO_BINDINGS, Cell, CellError
from tracemill.mapping.codes import CodeList, UnknownCode
from tracemill.mapping.engine import Document
from tracemill.mapping.fault import shown
from tracemill.mapping.keys import KeyRule
from tracemill.mapping.path import MISSING
from tracemill.mapping.value import Fit, Unfit, ValueType, fit_code

Values = dict[str, object]
Constant = str | bool | int

_FAILURES: Final = (CellError, Unfit, UnknownCode, RecursionError)  # nested deeper than anybody means


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """Why one field has no value: the field, its cell, the value met (cut), and the cause."""

    target: str
    cell: str
    value: str | None
    cause: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """One record in the words of the hub: what could be mapped, and all that could not."""

    values: Values
    lineage: Map[str, str]
    problems: list[FieldProblem]
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One target field: its cell, its type, and for a list of objects the fields of each."""

    target: str
    cell: Cell
    fit: Fit
    type: ValueType = "text"
    required: bool = True
    codes: CodeList | None = None
    trim: bool = False
    rows: "tuple[Field, ...] | None" = None

    @property
    def path(self) -> tuple[str, ...]:
        """Name the objects the value is put into, and its name in the last."""
        return tuple(self.target.split("."))


@dataclass(frozen=True, slots=True)
class Mapping:
    """A compiled mapping from one kind of record to one type of event."""

    name: str
    event: str
    fields: tuple[Field, ...]
    constants: Map[str, Constant] = field(default_factory=dict)
    when: Cell | None = None
    each: Cell | None = None
    keys: tuple[KeyRule, ...] = ()
    lineage: Map[str, str] = field(init=False)
    _paths: Map[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what is the same for every record."""
        lineage = {target: f"constant {shown(value)}" for target, value in self.constants.items()}
        object.__setattr__(self, "lineage", lineage | _lineage(self.fields, ""))
        targets = [*self.constants, *(each.target for each in self.fields)]
        paths = {target: tuple(target.split(".")) for target in targets}
        object.__setattr__(self, "_paths", paths)

    def apply_all(self, source: object) -> list[Mapped]:
        """Map a record, or by `each` every part of it; nothing where `when` excludes the record.

        A part's cells see the whole record as `$parent` and their place in it as `$index`.
        """
        if self.each is None:
            mapped = self.apply(source)
            return [] if mapped.skipped else [mapped]
        document, problems = Document(source), list[FieldProblem]()
        if self._excludes(document, NO_BINDINGS, problems):
            return []
        try:
            parts = _parts(self.each.read(document))
        except CellError as error:
            problems.append(FieldProblem("each", self.each.text, None, error.message))
            return [Mapped({}, self.lineage, problems)]
        return [self._map(Document(part), {"parent": source, "index": index}, list(problems)) for index, part in enumerate(parts)]

    def apply(self, source: object, bindings: Map[str, object] = NO_BINDINGS) -> Mapped:
        """Map one record whole, without `each`; collect every problem and raise none."""
        document, problems = Document(source), list[FieldProblem]()
        if self._excludes(document, bindings, problems):
            return Mapped({}, self.lineage, [], skipped=True)
        return self._map(document, bindings, problems)

    def _excludes(self, document: Document, bindings: Map[str, object], problems: list[FieldProblem]) -> bool:
        """Evaluate `when`; a record of which that cannot be told is not skipped."""
        if self.when is None:
            return False
        try:
            return not self.when.read(document, bindings)
        except CellError as error:
            problems.append(FieldProblem("when", self.when.text, None, error.message))
            return False

    def _map(self, document: Document, bindings: Map[str, object], problems: list[FieldProblem]) -> Mapped:
        values: Values = {}
        for target, constant in self.constants.items():
            _put(values, self._paths[target], constant)
        _fill(values, self.fields, self._paths, document, bindings, problems, "")
        return Mapped(values, self.lineage, problems)


def _lineage(fields: tuple[Field, ...], prefix: str) -> dict[str, str]:
    lineage: dict[str, str] = {}
    for each in fields:
        lineage[prefix + each.target] = each.cell.text
        if each.rows is not None:
            lineage |= _lineage(each.rows, f"{prefix}{each.target}[].")
    return lineage


def _parts(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _fill(
    values: Values,
    fields: tuple[Field, ...],
    paths: Map[str, tuple[str, ...]],
    document: Document,
    bindings: Map[str, object],
    problems: list[FieldProblem],
    prefix: str,
) -> None:
    source = document.source
    for each in fields:
        value: object = None
        try:
            closure = each.cell.closure
            if closure is not None:
                value = closure(source, bindings)
            else:
                value = each.cell.engine.evaluate(document, bindings)
            if value is None or value is MISSING:
                if each.required:
                    problems.append(_problem(each, prefix, None, "required, but missing"))
                continue
            if each.rows is not None:
                fitted = _rows(each, each.rows, value, source, bindings, problems, prefix)
            else:
                fitted = _fitted(each, value)
        except _FAILURES as failure:
            problems.append(_problem(each, prefix, value, str(failure)))
            continue
        if fitted is not None:
            path = paths[each.target]
            if len(path) == 1:
                values[each.target] = fitted
            else:
                _put(values, path, fitted)


def _fitted(each: Field, value: object) -> object:
    if each.trim and isinstance(value, str):
        value = value.strip()
    if each.codes is not None:
        code = fit_code(value)
        value = each.codes.lookup(code)
        if value is None:
            if each.required:
                raise Unfit(f"code {shown(code)} is ignored by its list, but a value is required")
            return None
    fitted = each.fit(value)
    if fitted == "" and each.required:
        raise Unfit('required, but empty ("")')
    return fitted


def _rows(
    each: Field,
    rows: tuple[Field, ...],
    value: object,
    source: object,
    bindings: Map[str, object],
    problems: list[FieldProblem],
    prefix: str,
) -> object:
    paths = {row.target: row.path for row in rows}
    result: list[object] = []
    for index, part in enumerate(_parts(value)):
        values: Values = {}
        inner = {**bindings, "parent": source, "index": index}
        place = f"{prefix}{each.target}[{index}]."
        _fill(values, rows, paths, Document(part), inner, problems, place)
        result.append(values)
    return result


def _put(values: Values, path: tuple[str, ...], value: object) -> None:
    place = values
    for name in path[:-1]:
        inner = place.setdefault(name, {})
        if not isinstance(inner, dict):  # compile_mapping refuses such targets
            return
        place = inner
    place[path[-1]] = value


def _problem(each: Field, prefix: str, value: object, cause: str) -> FieldProblem:
    met = None if value is None or value is MISSING else shown(value)
    return FieldProblem(prefix + each.target, each.cell.text, met, cause)
