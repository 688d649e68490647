"""The course of one command through its operation, step by step, so that nothing happens twice.

Before a step that changes something its intent is written down, after it the next place. Whoever comes back and
finds an intent does not know whether the step happened: `ensure` and `keyed` send again, `findable` looks first,
`blind` asks a person.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tracemill.connectors.http.answer import Answer
from tracemill.connectors.http.client import NOTHING, Client
from tracemill.connectors.http.control import Control
from tracemill.connectors.http.operation import Operation, Step, View
from tracemill.connectors.http.place import Place
from tracemill.connectors.http.template import stamp
from tracemill.model.connector import Done, InDoubt, Job, Rejected, Save, Unavailable
from tracemill.model.status import Once

ABSENT: Final = frozenset({404, 410})  # a find may be answered so
_LONGEST_WAIT: Final = 5.0


@dataclass(frozen=True, slots=True)
class Means:
    """What a course works with."""

    client: Client
    control: Control
    clock: Callable[[], datetime]
    settle: float


async def look(client: Client, step: Step, context: Mapping[str, Any]) -> Answer:
    """Ask without changing anything; where a step can say "not found", 404 is an answer."""
    return await client.call(step.request.fill(context), tolerated=ABSENT if step.found else NOTHING)


class Course:
    """One try of one command."""

    def __init__(self, means: Means, operation: Operation, job: Job, cursor: Mapping[str, Any], save: Save) -> None:
        self._means = means
        self._operation = operation
        self._job = job
        self._save = save
        self._place = Place.read(cursor)
        self._context: dict[str, Any] = {}
        self._seen: Answer | None = None  # the most recent read of this try
        # A token of a first try is new: nothing of it can be there yet, so finds need not ask.
        self._fresh = job.attempt <= 1 and not job.doubtful and not self._place.known
        # Where a place was written, its intent says more than the job can know.
        self._doubtful = self._place.intent or (job.doubtful and not self._place.known)
        self._settled = False

    async def run(self) -> Done:
        """Go on from the place where the last try stopped."""
        place, operation = self._place, self._operation
        items = operation.items(self._job)
        if operation.once is Once.BLIND and self._doubtful and self._open(len(items)):
            raise InDoubt(f"{operation.name} may have been sent, and the product gives no way to look for it")
        while place.item < len(items):
            self._context = operation.context(self._job, place.item, items[place.item], place.saved, stamp(self._means.clock()))
            try:
                await self._steps()
            except Rejected as error:
                raise Rejected(self._with_what_was_done(str(error))) from None
            place.natives.append(operation.native_of(self._context))
            self._next_item()
        return Done(native=",".join(filter(None, place.natives)), detail="" if items else "nothing to do")

    def _open(self, items: int) -> bool:
        last = self._place.item >= items - 1 and self._place.step >= len(self._operation.steps)
        return items > 0 and not last

    def _next_item(self) -> None:
        place = self._place
        place.item, place.step, place.saved, place.intent = place.item + 1, 0, {}, False
        self._seen, self._settled = None, False
        self._fresh = not self._job.doubtful
        self._doubtful = False

    def _with_what_was_done(self, cause: str) -> str:
        place = self._place
        if place.item == 0 and self._operation.change_before(place.step) is None:
            return cause
        return f"{cause} (done before: {place.item} items, then {place.step} steps; saved {place.saved})"[:600]

    async def _steps(self) -> None:
        index = self._place.step
        retried = index if self._place.intent else -1
        if self._place.intent:
            index = self._again_from(index)
        while index < len(self._operation.steps):
            step = self._operation.steps[index]
            if step.skip is not None and View(None, self._context).test(step.skip):
                index += 1
            elif step.kind == "find":
                index = await self._find(index, step)
            elif step.kind == "read":
                index = await self._read(index, step)
            elif step.kind == "advance" and await self._happened(index, step, retried == index):
                index += 1
            else:
                index = await self._change(index, step)

    def _again_from(self, index: int) -> int:
        """Give where a step is begun again: at the reads it was built on, but with its key a request must stay the same."""
        return index if self._operation.once is Once.KEYED else self._operation.before(index)

    async def _find(self, index: int, step: Step) -> int:
        """Look for our own effect; found, the create after it is passed over."""
        creates = self._operation.creates_after(index)
        if self._fresh and creates and self._operation.once is Once.FINDABLE:
            return index + 1
        self._seen = await look(self._means.client, step, self._context)
        view = View(self._seen, self._context)
        self._must_accept(step, self._seen, view)
        if step.found is not None and view.test(step.found):
            self._place.saved.update(step.kept(view))
            change = self._operation.change_after(index)
            if not creates or change is None:
                return index + 1
            await self._arrive(change + 1)
            return change + 1
        if creates and self._doubtful and self._operation.once is Once.FINDABLE:
            return await self._absent(index)
        return index + 1

    async def _absent(self, index: int) -> int:
        """Believe in "not there" only after the target had its time and proved that it knows us."""
        if not self._settled and (wait := self._unsettled()) > 0:
            if wait > _LONGEST_WAIT:
                raise Unavailable("too early to say that nothing happened", wait)
            await asyncio.sleep(wait)
            self._settled = True
            return index  # look once more
        if not await self._means.control.proven():
            raise InDoubt("not found, but the probe has no accept that would prove that this answer means something")
        self._doubtful = False
        return index + 1

    def _unsettled(self) -> float:
        if self._place.at is None:
            return 0.0
        since = (self._means.clock() - self._place.at).total_seconds()
        return self._means.settle - max(0.0, since)

    async def _read(self, index: int, step: Step) -> int:
        self._seen = await look(self._means.client, step, self._context)
        view = View(self._seen, self._context)
        if step.accept is not None and not view.test(step.accept):
            await self._doubt_change_before(index)
        self._must_accept(step, self._seen, view)
        self._place.saved.update(step.kept(view))
        return index + 1

    async def _doubt_change_before(self, index: int) -> None:
        """Go back to the change whose effect a read does not show: it was answered with 200 and may have done nothing."""
        change = self._operation.change_before(index)
        if change is not None and self._operation.once is not Once.BLIND and self._place.step > change:
            await self._intend(change)

    async def _happened(self, index: int, step: Step, retried: bool) -> bool:
        """Tell whether an advance needs no sending, because it is seen to have happened."""
        before, after = self._operation.look_before(index), self._operation.look_after(index)
        if step.found is not None:
            if self._seen is None:
                beside = self._operation.steps[before if before is not None else index + 1]
                self._seen = await look(self._means.client, beside, self._context)
            return View(self._seen, self._context).test(step.found)
        if not retried or step.repeat or self._operation.once is not Once.FINDABLE:
            return False
        if after is None or after.evidence is None:
            raise InDoubt(f"step {index + 1} of {self._operation.name} may have happened, and there is no way to look")
        self._seen = await look(self._means.client, after, self._context)
        return View(self._seen, self._context).test(after.evidence)

    async def _change(self, index: int, step: Step) -> int:
        """Send what changes something, between its two notes."""
        if step.kind == "create" and self._doubtful and self._operation.once is Once.FINDABLE:
            raise InDoubt(f"step {index + 1} of {self._operation.name} may have happened, and nothing was looked for")
        request = step.request.fill(self._context)
        await self._intend(index)
        try:
            answer = await self._means.client.call(request, changes=True)
        except (Unavailable, Rejected):
            # Nothing happened, for certain: the next try reads again what this step was built on.
            await self._arrive(self._again_from(index))
            raise
        view = View(answer, self._context, after_change=True)
        if step.kind == "advance" and step.accept is not None and not view.test(step.accept):
            await self._arrive(self._again_from(index))
        self._must_accept(step, answer, view)
        self._place.saved.update(step.kept(view))
        self._seen, self._doubtful = None, False
        await self._arrive(index + 1)
        return index + 1

    def _must_accept(self, step: Step, answer: Answer, view: View) -> None:
        if step.accept is None or view.test(step.accept):
            return
        said = None if step.cause is None else view.value(step.cause)
        cause = said or f"{step.request.method} answered {answer.status} but not {step.accept.text}: {answer.shown()}"
        raise InDoubt(str(cause)) if step.changes and self._operation.once is Once.BLIND else Unavailable(str(cause))

    async def _intend(self, index: int) -> None:
        self._place.step, self._place.intent, self._place.at = index, True, self._means.clock()
        await self._note()

    async def _arrive(self, index: int) -> None:
        self._place.step, self._place.intent = index, False
        await self._note()

    async def _note(self) -> None:
        """Write the place down; where sending again is always right and is all there is, a place would say nothing."""
        if not self._operation.is_plain:
            await self._save(self._place.cursor())
