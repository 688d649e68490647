"""Judge mappings as written, before any record meets them."""

from collections.abc import Iterator
from collections.abc import Mapping as Map
from typing import Final

from tracemill.mapping.cell import Cell
from tracemill.mapping.codes import CodeList
from tracemill.mapping.examples import ExampleResult, run_examples
from tracemill.mapping.finding import Finding, Level, MappingErrors, Where
from tracemill.mapping.spec import FieldSpec, MappingSpec, compile_mapping
from tracemill.mapping.table import Field, Mapping

__all__ = ["CHECKS", "Finding", "Level", "lint_mapping", "lint_mappings"]

CHECKS: Final = {
    "T201": "a cell does not parse",
    "T202": "a cell says what no cell may say",
    "T203": "a code list does not exist",
    "T204": "a code list is used by no mapping",
    "T205": "two fields write the same target",
    "T206": "a mapping has no examples",
    "T207": "an example fails",
    "T208": "a number passes through doubles",
    "T209": "a field is never reached",
    "T210": "a setting has no effect",
}

_ARITHMETIC_SIGNS: Final = frozenset({"+", "-", "*", "/", "%"})
_ARITHMETIC_CALLS: Final = frozenset({"$sum", "$average", "$power", "$sqrt", "$round", "$floor", "$ceil", "$abs"})


def lint_mappings(specs: Map[str, MappingSpec], codes: Map[str, CodeList]) -> list[Finding]:
    """Judge all mappings of a pack; places begin with `mappings` or `codes`."""
    findings: list[Finding] = []
    for name, spec in specs.items():
        findings += lint_mapping(name, spec, codes, ("mappings", name))
    used = {name for spec in specs.values() for name in _lists_used(spec.fields)}
    for name in codes:
        if name not in used:
            text = f"no mapping uses the code list {name}"
            findings.append(Finding(("codes", name), "T204", "warning", text, "remove it"))
    return findings


def lint_mapping(
    name: str, spec: MappingSpec, codes: Map[str, CodeList], where: Where = (), zone: str | None = None
) -> list[Finding]:
    """Judge one mapping, examples included; places begin with `where`."""
    findings = [*_settings(spec.fields, ("fields",))]
    if not spec.examples:
        text = "the mapping has no examples, so nothing tests it"
        hint = "add examples: with name, input and expect"
        findings.append(Finding(("examples",), "T206", "warning", text, hint))
    try:
        mapping = compile_mapping(name, spec, codes, zone)
    except MappingErrors as errors:
        findings += errors.findings
    else:
        findings += _doubles(mapping.fields, ("fields",), spec.fields)
        findings += _constant_when(mapping)
        results = run_examples(mapping, spec)
        findings += _failures(results)
        findings += _unreached(mapping, spec, results)
    return [Finding((*where, *each.where), each.code, each.level, each.text, each.hint) for each in findings]


def _lists_used(fields: Map[str, FieldSpec]) -> Iterator[str]:
    for spec in fields.values():
        if spec.codes is not None:
            yield spec.codes
        yield from _lists_used(spec.fields or {})


def _settings(fields: Map[str, FieldSpec], where: Where) -> Iterator[Finding]:
    for target, spec in fields.items():
        place = (*where, target)
        kind = spec.type or ("list" if spec.each else "text")
        idle = {
            "zone": spec.zone is not None and kind != "time",
            "trim": spec.trim and kind in {"list", "object"},
            "codes": spec.codes is not None and kind in {"list", "object"},
            "type": spec.each is not None and kind != "list",
        }
        for setting, has_no_effect in idle.items():
            if has_no_effect:
                text = f"{setting} has no effect on a field of type {kind}"
                yield Finding((*place, setting), "T210", "error", text, "remove it")
        yield from _settings(spec.fields or {}, (*place, "fields"))


def _doubles(fields: tuple[Field, ...], where: Where, specs: Map[str, FieldSpec]) -> Iterator[Finding]:
    for each, (target, spec) in zip(fields, specs.items(), strict=True):
        place = (*where, target)
        if each.rows is not None:
            yield from _doubles(each.rows, (*place, "fields"), spec.fields or {})
        elif each.type == "quantity" and (cause := arithmetic(each.cell)):
            text = f"the quantity {each.target} is calculated in doubles ({cause})"
            hint = "map the numbers as they are sent; the hub calculates and converts exactly"
            yield Finding((*place, "cell"), "T208", "warning", text, hint)
        elif each.type == "text" and (cause := arithmetic(each.cell, "$number")):
            text = f"the text {each.target} passes through doubles ({cause})"
            hint = "an id must not become a number: join and cut texts with &, $substring"
            yield Finding((*place, "cell"), "T208", "warning", text, hint)


def arithmetic(cell: Cell, *calls: str) -> str | None:
    """Name the first thing in an engine cell that calculates in doubles."""
    if cell.is_plain:
        return None
    refused = _ARITHMETIC_CALLS.union(calls)
    for before, token in zip((None, *cell.tokens), cell.tokens, strict=False):
        if token.kind == "variable" and token.text in refused:
            return token.text
        infix = before is not None and before.ends_operand
        if token.kind == "sign" and token.text in _ARITHMETIC_SIGNS and infix:
            return token.text
    return None


def _constant_when(mapping: Mapping) -> Iterator[Finding]:
    when = mapping.when
    if when is not None and len(when.tokens) == 1 and when.text.strip() in {"false", "null"}:
        text = "when is never true, so no field is ever reached"
        yield Finding(("when",), "T209", "error", text, "remove the mapping, or correct when")


def _failures(results: list[ExampleResult]) -> Iterator[Finding]:
    for result in results:
        if not result.passed:
            text = f'example "{result.name}" fails: ' + "; ".join(map(str, result.differences))
            hint = "correct the cell, or what the example expects"
            yield Finding(("examples", result.index), "T207", "error", text, hint)


def _unreached(mapping: Mapping, spec: MappingSpec, results: list[ExampleResult]) -> Iterator[Finding]:
    if not any(result.mapped for result in results):
        return
    values = [one.values for result in results for one in result.mapped]
    for each, target in zip(mapping.fields, spec.fields, strict=True):
        if not any(_reaches(each.path, one) for one in values):
            text = f"no example gives {each.target} a value"
            hint = "add it to an example, or remove the field"
            yield Finding(("fields", target), "T209", "warning", text, hint)


def _reaches(path: tuple[str, ...], values: object) -> bool:
    for name in path:
        if not isinstance(values, dict) or name not in values:
            return False
        values = values[name]
    return True
