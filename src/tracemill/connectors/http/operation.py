"""Operations: how a command is carried out in a product, compiled from the pack."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from tracemill.connectors.http.answer import Answer
from tracemill.connectors.http.codec import as_text
from tracemill.connectors.http.problem import Problems
from tracemill.connectors.http.request import Request, compile_request
from tracemill.connectors.http.spec import HttpOperationSpec, StepSpec
from tracemill.connectors.http.template import Render, TemplateCompiler
from tracemill.mapping.cell import Cell, CellError
from tracemill.mapping.engine import Document
from tracemill.mapping.finding import Where
from tracemill.model.connector import InDoubt, Job, Rejected, Unavailable
from tracemill.model.status import Once

StepKind = Literal["find", "create", "advance", "read"]

ROOTS: Final = frozenset({"lot", "number", "ids", "value", "each", "token", "saved", "now"})
_SEEN_BY_CELLS: Final = ("lot", "number", "ids", "value", "each", "token", "saved")
_FUNCTIONS: Final = frozenset({"number"})  # $number is JSONata's own; the lot's number is read as a field


class View:
    """What the cells of a step see: the answer, and the job it was asked for."""

    def __init__(self, answer: Answer | None, context: Mapping[str, Any], after_change: bool = False) -> None:
        seen = {name: context[name] for name in _SEEN_BY_CELLS if name in context}
        self._bindings = {name: value for name, value in seen.items() if name not in _FUNCTIONS}
        self._document = Document({**(answer.source() if answer else {}), **seen})
        self._after_change = after_change

    def value(self, cell: Cell) -> Any:
        """Evaluate a cell; what cannot be read after a change leaves the change in doubt."""
        try:
            return cell.read(self._document, self._bindings)
        except CellError as error:
            cause = f"{cell.text} cannot be read from the answer: {error.message}"
            raise (InDoubt(cause) if self._after_change else Unavailable(cause)) from None

    def test(self, cell: Cell) -> bool:
        return bool(self.value(cell))


@dataclass(frozen=True, slots=True)
class Step:
    """One compiled step."""

    kind: StepKind
    request: Request
    found: Cell | None
    accept: Cell | None
    cause: Cell | None
    skip: Cell | None
    save: tuple[tuple[str, Cell], ...]
    repeat: bool

    @property
    def changes(self) -> bool:
        return self.kind in ("create", "advance")

    @property
    def evidence(self) -> Cell | None:
        """The cell by which a read shows whether the step before it happened."""
        return self.found or self.accept

    def kept(self, view: View) -> dict[str, Any]:
        """Give what the step saves from an answer; what is missing there is not saved."""
        values = ((name, view.value(cell)) for name, cell in self.save)
        return {name: storable(value) for name, value in values if value is not None}


@dataclass(frozen=True, slots=True)
class Operation:
    """A compiled operation."""

    name: str
    once: Once
    each: Cell | None
    steps: tuple[Step, ...]
    native: Render | None

    @property
    def is_plain(self) -> bool:
        """Tell whether it is one request that sets a state: whoever comes back sends it again, whatever happened."""
        return self.once is Once.ENSURE and self.each is None and len(self.steps) == 1

    def items(self, job: Job) -> list[Any]:
        """Give what the steps are done for, once each; an operation without `each` has one item, which is nothing."""
        if self.each is None:
            return [None]
        context = {"lot": job.lot, "number": job.number, "ids": job.ids, "value": job.value, "token": job.token}
        found = View(None, context).value(self.each)
        return found if isinstance(found, list) else [] if found is None else [found]

    def context(self, job: Job, item: int, each: Any, saved: dict[str, Any], now: str) -> dict[str, Any]:
        """Give the names that templates and cells know; every item has its own token."""
        token = job.token if self.each is None else f"{job.token}-{item}"
        return {
            **{"lot": job.lot, "number": job.number, "ids": job.ids, "value": job.value},
            **{"each": each, "token": token, "saved": saved, "now": now},
        }

    def native_of(self, context: Mapping[str, Any]) -> str:
        """Give the target's own id of what was made; it was made, so a missing id is no error any more."""
        try:
            return "" if self.native is None else as_text(self.native(context))
        except (Rejected, ValueError):
            return ""

    def before(self, index: int) -> int:
        """Go back from a step over the finds and reads right before it: what must be looked at again first."""
        while index > 0 and not self.steps[index - 1].changes:
            index -= 1
        return index

    def change_after(self, index: int) -> int | None:
        """Give the next step after this one that changes something."""
        return next((i for i in range(index + 1, len(self.steps)) if self.steps[i].changes), None)

    def change_before(self, index: int) -> int | None:
        """Give the last step before this one that changes something."""
        return next((i for i in range(index - 1, -1, -1) if self.steps[i].changes), None)

    def creates_after(self, index: int) -> bool:
        """Tell whether a find decides about a create."""
        change = self.change_after(index)
        return change is not None and self.steps[change].kind == "create"

    def look_before(self, index: int) -> int | None:
        """Give the last find or read before a step."""
        return next((i for i in range(index - 1, -1, -1) if not self.steps[i].changes), None)

    def look_after(self, index: int) -> Step | None:
        """Give the read right after a step, where it shows whether the step happened."""
        step = self.steps[index + 1] if index + 1 < len(self.steps) else None
        return step if step is not None and not step.changes and step.evidence is not None else None


def storable(value: Any) -> Any:
    """Write decimals as texts, so that a cursor is plain JSON and no digit is lost."""
    if isinstance(value, Decimal):
        return as_text(value)
    if isinstance(value, dict):
        return {key: storable(item) for key, item in value.items()}
    return [storable(item) for item in value] if isinstance(value, list) else value


def compile_operation(
    name: str, spec: HttpOperationSpec, templates: TemplateCompiler, problems: Problems, where: Where
) -> Operation:
    """Compile an operation; problems and warnings go to the list."""
    steps = tuple(_step(step, templates, problems, (*where, "steps", i)) for i, step in enumerate(spec.steps))
    native = None if spec.native is None else templates.value(spec.native, (*where, "native"), ROOTS)
    operation = Operation(name, spec.once, problems.cell(spec.each, (*where, "each")), steps, native)
    _check(operation, problems, where)
    return operation


def _step(spec: StepSpec, templates: TemplateCompiler, problems: Problems, where: Where) -> Step:
    save = ((name, problems.cell(text, (*where, "save", name))) for name, text in spec.save.items())
    return Step(
        kind=spec.kind,
        request=compile_request(spec.request, templates, (*where, "request"), ROOTS),
        found=problems.cell(spec.found, (*where, "found")),
        accept=problems.cell(spec.accept, (*where, "accept")),
        cause=problems.cell(spec.cause, (*where, "cause")),
        skip=problems.cell(spec.skip, (*where, "skip")),
        save=tuple((name, cell) for name, cell in save if cell is not None),
        repeat=spec.repeat,
    )


def _check(operation: Operation, problems: Problems, where: Where) -> None:
    steps = operation.steps
    if not any(step.changes for step in steps):
        problems.error((*where, "steps"), "no step creates or advances anything")
    if operation.once is Once.BLIND:
        problems.warn((*where, "once"), f"{operation.name} is blind: in doubt, it waits for a person")
    for index, step in enumerate(steps):
        here = (*where, "steps", index)
        if step.kind == "find" and step.found is None:
            problems.error(here, "a find needs found: the cell that tells whether it is there")
        if step.found is not None and step.kind == "create":
            problems.error((*here, "found"), "a create has no found; put a find step before it")
        if step.found is not None and step.kind == "advance" and not _can_look(operation, index):
            problems.error((*here, "found"), "there is no find or read beside this advance to take found from")
        if operation.once is Once.FINDABLE:
            _check_findable(operation, index, problems, here)


def _can_look(operation: Operation, index: int) -> bool:
    return operation.look_before(index) is not None or operation.look_after(index) is not None


def _check_findable(operation: Operation, index: int, problems: Problems, where: Where) -> None:
    step = operation.steps[index]
    if step.kind == "create" and not any(s.kind == "find" for s in operation.steps[operation.before(index) : index]):
        problems.error(where, "the operation is findable, so this create needs a find step before it")
    if step.kind == "advance" and not (step.repeat or step.found or operation.look_after(index)):
        problems.warn(where, "nobody can look whether this advance happened: give found, a read after it, or repeat: true")
