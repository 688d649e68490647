"""Evidence: what can be seen of a command that is in doubt, by its finds and reads only."""

from collections.abc import Mapping
from typing import Any

from tracemill.connectors.http.answer import Answer
from tracemill.connectors.http.course import Means, look
from tracemill.connectors.http.operation import Operation, Step, View
from tracemill.connectors.http.place import Place
from tracemill.connectors.http.template import stamp
from tracemill.model.connector import Finding, Job, Rejected, Unavailable
from tracemill.model.status import Once


class Evidence:
    """Looks for the effect of one command. What is made but not finished is `absent`: to send goes on with it."""

    def __init__(self, means: Means, operation: Operation, job: Job, cursor: Mapping[str, Any]) -> None:
        self._means = means
        self._operation = operation
        self._job = job
        self._place = Place.read(cursor)
        self._here = True  # whether the item is the one where the last try stopped
        self._reached = 0  # the steps before it are known to be done
        self._context: dict[str, Any] = {}
        self._seen: Answer | None = None

    async def finding(self) -> Finding:
        """Say whether the whole effect is there."""
        items = self._operation.items(self._job)
        natives = list(self._place.natives)
        for item in range(self._place.item, len(items)):
            self._here = item == self._place.item
            saved = dict(self._place.saved) if self._here else {}
            self._reached, self._seen = self._place.step if self._here else 0, None
            now = stamp(self._means.clock())
            self._context = self._operation.context(self._job, item, items[item], saved, now)
            try:
                finding = await self._item()
            except Rejected as error:
                return Finding(state="unknown", detail=str(error))
            if finding is not None:
                return finding
            natives.append(self._operation.native_of(self._context))
        return Finding(state="present", native=",".join(filter(None, natives)))

    async def _item(self) -> Finding | None:
        """Walk through the steps; give what is wrong with the evidence, or nothing where all is there."""
        index = 0
        while index < len(self._operation.steps):
            step = self._operation.steps[index]
            if step.skip is not None and View(None, self._context).test(step.skip):
                index += 1
                continue
            if step.changes:
                done = await self._changed(index, step)
            else:
                done = await self._looked(step)
                change = self._operation.change_after(index)
                if done and step.kind == "find" and change is not None and self._operation.creates_after(index):
                    index = change
                    self._reached = max(self._reached, change + 1)
                elif step.kind == "find" and not self._decides(index):
                    done = True
            if not done:
                return await self._missing(done, index)
            index += 1
        return None

    def _decides(self, index: int) -> bool:
        """Tell whether a find's "not there" means that something is missing."""
        change = self._operation.change_after(index)
        return change is not None and self._operation.creates_after(index) and self._reached <= change

    async def _looked(self, step: Step) -> bool:
        self._seen = await look(self._means.client, step, self._context)
        view = View(self._seen, self._context)
        cell = step.found if step.kind == "find" else step.accept
        there = cell is None or view.test(cell)
        if there:
            self._context["saved"].update(step.kept(view))
        return there

    async def _changed(self, index: int, step: Step) -> bool | None:
        """Tell whether a change happened; None where nothing shows it."""
        after = self._operation.look_after(index)
        if index < self._reached:
            return True
        if step.found is not None and self._seen is not None:
            return View(self._seen, self._context).test(step.found)
        if after is not None and after.evidence is not None:
            self._seen = await look(self._means.client, after, self._context)
            return View(self._seen, self._context).test(after.evidence)
        maybe_sent = self._here and self._place.intent and self._place.step == index
        begun = self._operation.once is Once.FINDABLE and self._reached > 0
        return False if begun and not maybe_sent else None

    async def _missing(self, done: bool | None, index: int) -> Finding:
        name = self._operation.name
        if done is None:
            return Finding(state="unknown", detail=f"nothing shows whether step {index + 1} of {name} happened")
        if self._reached:
            native = self._operation.native_of(self._context)
            detail = f"begun but not finished: step {index + 1} of {name} is not done"
        else:
            native, detail = "", "not found"
        try:
            proven = await self._means.control.proven()
        except Unavailable as error:
            return Finding(state="unknown", detail=f"{detail}, but {error}")
        if not proven:
            return Finding(state="unknown", detail=f"{detail}, but the probe has no accept that would prove our credentials")
        return Finding(state="absent", native=native, detail=detail)
