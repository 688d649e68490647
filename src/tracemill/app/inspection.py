"""Inspection rules of a site: compiled for decisions, and checked before a lot depends on them."""

from collections.abc import Iterator

from tracemill.app.config import InspectionConfig
from tracemill.core.decision_table import DecisionTable, DecisionTableError, compile_table
from tracemill.core.sampling import SamplingError, plan
from tracemill.model.policy import INSPECTION_INPUTS, InspectionPolicy

Where = tuple[str | int, ...]
Said = tuple[Where, str, str, str]  # where in the site's file, level, text, hint
_TABLE: Where = ("inspection", "table")
_SOME_LOT = 1000  # any lot size will do to try whether level, AQL and severity are in the tables
_PLANNED = ("level", "aql", "severity")


def inspection_policy(conf: InspectionConfig) -> InspectionPolicy:
    """Make what decisions read."""
    return InspectionPolicy(
        plan_owner=conf.plan_owner,
        level=conf.level,
        aql=conf.aql,
        severity=conf.severity,
        container=conf.container,
        table=compile_table(conf.table) if conf.table else None,
        approvals=conf.approvals,
        risks=conf.risks,
        defects=conf.defects,
    )


def check_inspection(conf: InspectionConfig) -> Iterator[Said]:
    """Say what is wrong: plans that ISO 2859-1 does not have, cells that cannot be read, gaps and rules that never decide."""
    if problem := _unplannable({}, conf):
        yield (("inspection",), "error", problem, "")
    if conf.table is None:
        return
    try:
        table = compile_table(conf.table)
    except DecisionTableError as error:
        where = (*_TABLE, "rules", error.row - 1) if error.row else _TABLE
        yield (where, "error", str(error), "see docs/how-to/plan-inspections.md")
        return
    yield from _unknown_inputs(table)
    for n, rule in enumerate(table.rules):
        outputs = {name: str(value) for name, value in rule.outputs.items()}
        if outputs.get("inspect") != "no" and (problem := _unplannable(outputs, conf)):
            yield ((*_TABLE, "rules", n), "error", problem, "")
    for found in table.check():
        row = found.rules[-1] if found.rules else None
        yield ((*_TABLE, "rules", row) if row is not None else (*_TABLE, "rules"), "warning", found.text, "")


def _unknown_inputs(table: DecisionTable) -> Iterator[Said]:
    for column in table.columns:
        if column.name not in INSPECTION_INPUTS:
            known = f"known: {', '.join(INSPECTION_INPUTS)}"
            yield ((*_TABLE, "inputs", column.name), "error", f"nothing is known about {column.name} of a receipt", known)


def _unplannable(outputs: dict[str, str], conf: InspectionConfig) -> str:
    level, aql, severity = (outputs.get(name) or getattr(conf, name) for name in _PLANNED)
    try:
        plan(_SOME_LOT, level, aql, severity)
    except SamplingError as error:
        return str(error)
    return ""
