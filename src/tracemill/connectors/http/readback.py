"""Read-back: what a system says about lots, many in one request; "not there" only where that is proven."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tracemill.connectors.http import codec
from tracemill.connectors.http.client import Client
from tracemill.connectors.http.control import Control
from tracemill.connectors.http.feed import listed, read_word
from tracemill.connectors.http.problem import RECORD_LIMITS, Problems
from tracemill.connectors.http.request import Request, compile_request
from tracemill.connectors.http.spec import ReadSpec
from tracemill.connectors.http.template import TemplateCompiler, stamp
from tracemill.mapping.cell import Cell, CellError
from tracemill.mapping.finding import Where
from tracemill.model.connector import Fetched, Rejected, Unavailable

ROOTS: Final = frozenset({"lots", "now"})


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A compiled read."""

    name: str
    request: Request
    records: Cell
    id: Cell
    max: int

    async def read(
        self, client: Client, control: Control, lots: Sequence[str], now: Callable[[], datetime]
    ) -> dict[str, Fetched | None]:
        """Read lots back: the record, None where the lot is proven absent, no entry where nothing is known."""
        wanted = [lot for lot in dict.fromkeys(lots) if lot]
        found: dict[str, Fetched | None] = {}
        missing: list[str] = []
        refusals: list[Rejected] = []
        chunks = [wanted[start : start + self.max] for start in range(0, len(wanted), self.max)]
        while chunks:
            chunk = chunks.pop(0)
            try:
                records, faithful = await self._chunk(client, chunk, now)
            except Rejected as error:
                refusals.append(error)
                if len(chunk) > 1:  # one lot that the product cannot take must not hide its neighbours
                    chunks[:0] = [chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]]
                continue
            found.update(records)
            missing += [lot for lot in chunk if lot not in records] if faithful else []
        if refusals and not found and not missing:
            raise refusals[-1]
        if missing and await _proven(control):
            found.update(dict.fromkeys(missing))
        return found

    async def _chunk(self, client: Client, lots: list[str], now: Callable[[], datetime]) -> tuple[dict[str, Fetched], bool]:
        """Read some lots; tell also whether the answer kept to what was asked for."""
        started = now()
        answer = await client.call(self.request.fill({"lots": lots, "now": stamp(started)}))
        try:
            records = listed(self.records.evaluate(answer.source()), self.records, False, answer)
        except CellError as error:
            raise Unavailable(f"{self.records.text} cannot be read from the answer: {error.message}") from None
        by_lot: dict[str, list[Any]] = {}
        for record in records:
            by_lot.setdefault(read_word(self.id, record), []).append(record)
        # Records that nobody asked for: the filter does not filter, and a page of everything proves no absence.
        faithful = by_lot.keys() <= set(lots)
        return {lot: self._fetched(lot, by_lot[lot], started) for lot in lots if lot in by_lot}, faithful

    def _fetched(self, lot: str, records: list[Any], started: datetime) -> Fetched:
        """Wrap a lot's record; several records of one lot become a list, so that none is lost."""
        body = codec.encode(records[0] if len(records) == 1 else records)
        return Fetched(feed=self.name, key=lot, body=body, read_started=started)


async def _proven(control: Control) -> bool:
    try:
        return await control.proven()
    except Unavailable:
        return False


def compile_read(name: str, spec: ReadSpec, templates: TemplateCompiler, problems: Problems, where: Where) -> ReadBack | None:
    """Compile a read; problems go to the list."""
    here = (*where, "list")
    request = compile_request(spec.list.request, templates, (*here, "request"), ROOTS)
    records = problems.cell(spec.list.records, (*here, "records"), RECORD_LIMITS)
    lot = problems.cell(spec.list.id, (*here, "id"))
    if spec.list.max < 1:
        problems.error((*here, "max"), "at least one lot is read in a request")
    if records is None or lot is None:
        return None
    if not records.is_plain:
        problems.warn((*here, "records"), "not a plain path: decimals of its records arrive as texts")
    return ReadBack(name, request, records, lot, spec.list.max)
