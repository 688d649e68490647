"""How a mapping is written in a pack, and how it is compiled from that."""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Annotated, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)
from pydantic import (
    Field as Constraint,
)

from tracemill.mapping.cell import Cell, CellError, compile_cell
from tracemill.mapping.codes import CodeList
from tracemill.mapping.engine import DEFAULT_LIMITS, Limits
from tracemill.mapping.finding import Finding, MappingErrors, Where
from tracemill.mapping.keys import KeyRule
from tracemill.mapping.table import Constant, Field, Mapping
from tracemill.mapping.value import ValueType, fit_for

EACH_LIMITS: Final = Limits(output_bytes=DEFAULT_LIMITS.input_bytes)

_TARGET = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\??$"
_ZONE = r"^(UTC|[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+)+)$"
_EVENT = r"^[a-z][a-z_]*(\.[a-z][a-z_]*)+(\.v[1-9]\d*)?$"

Target = Annotated[str, Constraint(pattern=_TARGET)]
CellText = Annotated[StrictStr, Constraint(min_length=1)]


class Written(BaseModel):
    """Everything a pack writes: what is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldSpec(Written):
    """One target field; a plain text in the YAML is its cell."""

    cell: CellText | None = None
    type: ValueType | None = None
    codes: str | None = None
    required: bool = True
    zone: Annotated[str, Constraint(pattern=_ZONE)] | None = None
    trim: bool = False
    each: CellText | None = None
    fields: "dict[Target, WrittenField] | None" = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.cell is None) == (self.each is None):
            raise ValueError("give either cell, or each with fields")
        if (self.each is None) != (self.fields is None):
            raise ValueError("each and fields belong together")
        return self


def _as_field(written: object) -> object:
    return {"cell": written} if isinstance(written, str) else written


WrittenField = Annotated[FieldSpec, BeforeValidator(_as_field)]


class ExampleSpec(Written):
    """A record and what the mapping must make of it: its test."""

    name: str
    input: object
    expect: dict[str, object] | list[dict[str, object]] | None = None
    problems: list[str] | dict[str, str] | None = None
    skipped: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.expect is None and self.problems is None and not self.skipped:
            raise ValueError("an example needs expect, problems, or skipped: true")
        return self


class MappingSpec(Written):
    """From one kind of record to one type of event. A target ending in ? may be missing."""

    event: Annotated[str, Constraint(pattern=_EVENT)]
    when: CellText | None = None
    each: CellText | None = None
    keys: dict[str, CellText | list[CellText]] = {}
    fields: dict[Target, WrittenField]
    constants: dict[Target, StrictStr | StrictBool | StrictInt] = {}
    examples: list[ExampleSpec] = []


class CodeListSpec(Written):
    """One code list: canonical words by code, and the codes that mean nothing here.

    Codes may stand beside `ignore`, as `{RL: released, ignore: [XX]}`, or under `entries`.
    """

    entries: dict[StrictStr, StrictStr] = {}
    ignore: list[StrictStr] = []

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, written: object) -> object:
        if not isinstance(written, dict) or "entries" in written:
            return written
        entries = {code: word for code, word in written.items() if code != "ignore"}
        return {"entries": entries, "ignore": written.get("ignore", [])}

    def compile(self, name: str) -> CodeList:
        """Make the list that mappings look codes up in."""
        return CodeList(name, dict(self.entries), frozenset(self.ignore))


def compile_mapping(name: str, spec: MappingSpec, codes: Map[str, CodeList], zone: str | None = None) -> Mapping:
    """Compile a mapping; raise MappingErrors with every reason why it does not.

    `zone` is the feed's, for the naive times of fields that declare none themselves.
    """
    compiler = _Compiler(codes, zone)
    when = compiler.optional_cell(spec.when, ("when",))
    each = compiler.optional_cell(spec.each, ("each",), EACH_LIMITS)
    keys = compiler.keys(spec.keys)
    compiler.check_targets([*spec.constants], [*spec.fields], ("fields",))
    fields = compiler.fields(spec.fields, ("fields",))
    if compiler.findings:
        raise MappingErrors(tuple(compiler.findings))
    constants: dict[str, Constant] = {target.removesuffix("?"): value for target, value in spec.constants.items()}
    return Mapping(name, spec.event, fields, constants, when, each, keys)


@dataclass(slots=True)
class _Compiler:
    codes: Map[str, CodeList]
    zone: str | None
    findings: list[Finding] = field(default_factory=list)

    def cell(self, text: str, where: Where, limits: Limits = DEFAULT_LIMITS) -> Cell | None:
        try:
            return compile_cell(text, limits)
        except CellError as error:
            code = "T202" if error.kind == "forbidden" else "T201"
            self._report(where, code, error.message)
            return None

    def optional_cell(self, text: str | None, where: Where, limits: Limits = DEFAULT_LIMITS) -> Cell | None:
        return None if text is None else self.cell(text, where, limits)

    def keys(self, written: Map[str, str | list[str]]) -> tuple[KeyRule, ...]:
        rules: list[KeyRule] = []
        for kind, texts in written.items():
            if isinstance(texts, str):
                cells = [self.cell(texts, ("keys", kind))]
            else:
                cells = [self.cell(text, ("keys", kind, i)) for i, text in enumerate(texts)]
            rules.append(KeyRule(kind, tuple(cell for cell in cells if cell is not None)))
        return tuple(rules)

    def fields(self, written: Map[str, FieldSpec], where: Where) -> tuple[Field, ...]:
        compiled = (self.field(target, spec, (*where, target)) for target, spec in written.items())
        return tuple(each for each in compiled if each is not None)

    def field(self, target: str, spec: FieldSpec, where: Where) -> Field | None:
        codes = self.codes.get(spec.codes) if spec.codes is not None else None
        if spec.codes is not None and codes is None:
            known = ", ".join(sorted(self.codes)) or "none"
            text = f"there is no code list {spec.codes}"
            self._report((*where, "codes"), "T203", text, f"known lists: {known}")
        rows: tuple[Field, ...] | None = None
        if spec.each is not None and spec.fields is not None:
            self.check_targets([], [*spec.fields], (*where, "fields"))
            rows = self.fields(spec.fields, (*where, "fields"))
            cell = self.cell(spec.each, (*where, "each"), EACH_LIMITS)
        else:
            cell = self.cell(spec.cell or "", (*where, "cell"))
        if cell is None:
            return None
        kind: ValueType = spec.type or ("text" if rows is None else "list")
        required = spec.required and not target.endswith("?")
        plain_target, fit = target.removesuffix("?"), fit_for(kind, spec.zone or self.zone)
        return Field(plain_target, cell, fit, kind, required, codes, spec.trim, rows)

    def check_targets(self, constants: list[str], fields: list[str], where: Where) -> None:
        seen: dict[str, str] = {}
        for target in (*constants, *fields):
            plain_target = target.removesuffix("?")
            for other in seen:
                if _overlap(plain_target, other):
                    text = f"{plain_target} is written over by {other}, which is also a target"
                    self._report((*where, target), "T205", text, "keep one of them")
            seen[plain_target] = target

    def _report(self, where: Where, code: str, text: str, hint: str = "") -> None:
        self.findings.append(Finding(where, code, "error", text, hint))


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")
