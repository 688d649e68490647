"""Inspection rules of a site: compiled for decisions, and checked before a lot depends on them."""

from collections.abc import Iterator
from pathlib import Path

from tracemill.app.config import InspectionConfig, SkipLotConfig
from tracemill.app.secrets import SecretMissing, resolve
from tracemill.core.decision_table import DecisionTable, DecisionTableError, compile_table
from tracemill.core.sampling import SamplingError, plan
from tracemill.model.inspection import SkipRules
from tracemill.model.policy import INSPECTION_INPUTS, InspectionPolicy

Where = tuple[str | int, ...]
Said = tuple[Where, str, str, str]  # where in the site's file, level, text, hint
_TABLE: Where = ("inspection", "table")
_SOME_LOT = 1000  # any lot size will do to try whether level, AQL and severity are in the tables
_PLANNED = ("level", "aql", "severity")
_SKIP: Where = ("inspection", "skip_lot")
_SEED = 16  # fewer characters could be tried out by somebody who knows which of his lots were inspected


def inspection_policy(conf: InspectionConfig, folder: Path) -> InspectionPolicy:
    """Make what decisions read. Raises SecretMissing for a seed that leads nowhere or is too short."""
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
        switching=conf.switching,
        skip=_skip_rules(conf.skip_lot, folder) if conf.skip_lot else None,
    )


def _skip_rules(conf: SkipLotConfig, folder: Path) -> SkipRules:
    figures = conf.model_dump(exclude={"seed", "frequencies"})
    return SkipRules(seed=read_seed(conf, folder), frequencies=tuple(sorted(conf.frequencies.items())), **figures)


def read_seed(conf: SkipLotConfig, folder: Path) -> str:
    """Return the seed that draws lots. Raises SecretMissing where it leads nowhere, or a supplier could guess it."""
    seed = resolve(conf.seed, folder)
    if len(seed) < _SEED or conf.seed.startswith("plain:"):
        raise SecretMissing(f"the seed must be secret and have at least {_SEED} characters: write env:NAME or file:PATH")
    return seed


def check_inspection(conf: InspectionConfig) -> Iterator[Said]:
    """Say what is wrong: plans that ISO 2859-1 does not have, cells that cannot be read, gaps and rules that never decide."""
    if problem := _unplannable({}, conf):
        yield (("inspection",), "error", problem, "")
    yield from _check_history(conf)
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
        outputs = {name: str(value) for name, value in rule.outputs.items() if value is not None}
        if outputs.get("inspect") != "no" and (problem := _unplannable(outputs, conf)):
            yield ((*_TABLE, "rules", n), "error", problem, "")
    for found in table.check():
        row = found.rules[-1] if found.rules else None
        yield ((*_TABLE, "rules", row) if row is not None else (*_TABLE, "rules"), "warning", found.text, "")


def _check_history(conf: InspectionConfig) -> Iterator[Said]:
    """Check that switching and skip-lot inspection can mean what they say."""
    if conf.plan_owner != "hub" and (conf.switching or conf.skip_lot):
        where: Where = ("inspection", "switching") if conf.switching else _SKIP
        yield (where, "warning", "it has no effect: the QMS plans the inspections", "write plan_owner: hub")
    if conf.switching and conf.severity == "reduced":
        text = "reduced inspection cannot be where switching starts (ISO 2859-1, 9.3.3)"
        yield (("inspection", "severity"), "error", text, "start normal; the hub asks for the approval when it is due")
    if conf.switching and _always_set(conf):
        text = "every rule of the table sets a severity: history can only tighten it, nothing is reduced or skipped"
        yield (("inspection", "switching"), "warning", text, 'leave the cell empty ("") where history is to decide')
    if conf.skip_lot is not None:
        yield from _check_skip_lot(conf, conf.skip_lot)


def _always_set(conf: InspectionConfig) -> bool:
    if conf.table is None or "severity" not in conf.table.outputs:
        return False
    column = len(conf.table.inputs) + conf.table.outputs.index("severity")
    return all(column < len(row) and row[column] not in (None, "") for row in conf.table.rules)


def _check_skip_lot(conf: InspectionConfig, skip: SkipLotConfig) -> Iterator[Said]:
    if not conf.switching:
        text = "skip-lot inspection needs switching: it goes on only while inspection is not tightened"
        yield (_SKIP, "error", text, "write switching: true")
    if conf.level.startswith("S-"):
        yield (("inspection", "level"), "error", "skip-lot inspection is for the general levels I, II and III", "")
    rates = [rate for _, rate in sorted(skip.frequencies.items())]
    if rates != sorted(rates, reverse=True) or not rates:
        text = "the more lots qualification takes, the more often is inspected: frequencies must not rise"
        yield ((*_SKIP, "frequencies"), "error", text, "for example {11: 4, 14: 3, 20: 2}")
    elif max(rates) > skip.rarest:
        yield ((*_SKIP, "rarest"), "error", f"frequencies begin at 1 in {max(rates)}, rarest is 1 in {skip.rarest}", "")
    if skip.qualify_lots * skip.score_clean < skip.qualify_score:
        text = f"{skip.qualify_lots} lots of {skip.score_clean} points never reach {skip.qualify_score}"
        yield ((*_SKIP, "qualify_score"), "error", text, "")
    if missing := sorted(set(SkipLotConfig.model_fields) - skip.model_fields_set):
        text = f"not written out, so the hub's own figures count: {', '.join(missing)}"
        yield (_SKIP, "warning", text, "compare them with your copy of ISO 2859-3, then write them down")


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
