"""Feeds: reads what changed since the watermark, page by page, and loses nothing on the way."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tracemill.connectors.http import codec
from tracemill.connectors.http.answer import Answer
from tracemill.connectors.http.client import Client
from tracemill.connectors.http.control import Control
from tracemill.connectors.http.problem import RECORD_LIMITS, Problems
from tracemill.connectors.http.request import Request, compile_request
from tracemill.connectors.http.spec import HttpFeedSpec
from tracemill.connectors.http.template import TemplateCompiler, stamp
from tracemill.connectors.http.watermark import Watermark
from tracemill.mapping.cell import Cell, CellError
from tracemill.mapping.finding import Where
from tracemill.mapping.value import Unfit, fit_code
from tracemill.model.connector import Fetched, Page, Rejected, Unavailable

Clock = Callable[[], datetime]
Look = Callable[[Client, Control, Sequence[str], Clock], Awaitable[dict[str, Fetched | None]]]

ROOTS: Final = frozenset({"watermark", "page", "now"})
_STALE_ROUND: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Feed:
    """A compiled feed."""

    name: str
    request: Request
    records: Cell
    key: Cell
    mark: Cell | None
    watermark: Watermark
    initial: str
    next: Cell | None
    first: str
    more: Cell | None
    check: Cell | None
    control: bool
    look: Look | None

    async def poll(self, client: Client, control: Control, cursor: Mapping[str, Any], now: datetime, clock: Clock) -> Page:
        """Fetch the next page. The watermark moves on when the last page of a round was read."""
        page = cursor.get("page")
        start = cursor.get("watermark") or self.initial
        context = {
            "watermark": self.watermark.back(start) if cursor.get("watermark") else start,
            "page": page if page is not None else self.first,
            "now": stamp(now),
        }
        try:
            answer = await client.call(self.request.fill(context))
        except Rejected:
            if page is None or not _stale(cursor, now):
                raise
            # A page token that ran out while we were away: the round begins again at its watermark.
            return Page(records=(), cursor={"watermark": start, "page": None, "started": stamp(now)}, more=True)
        found = self._found(answer, context)
        if not found and page is None and self.control:
            await self._controlled(control)
        records = tuple(self._fetched(record, now) for record in found)
        following = self._page(records, cursor, self._turn(answer, context, len(found)), now)
        if self.look is None or not records:
            return following
        read = await self.look(client, control, list(dict.fromkeys(record.key for record in records)), clock)
        return Page(records=self._read(records, read), cursor=following.cursor, more=following.more)

    def _read(self, changes: Sequence[Fetched], read: Mapping[str, Fetched | None]) -> tuple[Fetched, ...]:
        """Give for each changed lot what was read of it; where nothing is left of it, its last change says that."""
        last = {change.key: change for change in changes}
        if unknown := [key for key in last if key and key not in read]:
            raise Unavailable(f"{self.name}: {', '.join(unknown[:3])} changed, and could not be read")
        found = {key: read.get(key) or change for key, change in last.items()}
        return tuple(Fetched(feed=self.name, key=k, body=f.body, read_started=f.read_started) for k, f in found.items())

    def _found(self, answer: Answer, context: Mapping[str, Any]) -> list[Any]:
        source = self._source(answer, context, 0)
        if self.check is not None and not self._value(self.check, source):
            raise Unavailable(
                f"the answer does not keep {self.check.text}: perhaps credentials were refused: {answer.shown()}"[:400]
            )
        return listed(self._value(self.records, source), self.records, self.check is not None, answer)

    async def _controlled(self, control: Control) -> None:
        try:
            proven = await control.proven()
        except Unavailable as error:
            raise Unavailable(f"{self.name} answers an empty list to bad credentials: {error}", error.retry_after) from None
        if not proven:
            raise Unavailable(f"{self.name} answered an empty list, and the probe has no accept that would prove our credentials")

    def _turn(self, answer: Answer, context: Mapping[str, Any], count: int) -> tuple[str | None, bool]:
        """Give the next page, or else whether there is more behind the watermark."""
        source = self._source(answer, context, count)
        page = self._value(self.next, source) if self.next is not None else None
        if page not in (None, "", False) and str(page) != context["page"]:
            return _word(page), True
        return None, self.more is not None and bool(self._value(self.more, source))

    def _source(self, answer: Answer, context: Mapping[str, Any], count: int) -> dict[str, Any]:
        return {**answer.source(), "page": context["page"], "watermark": context["watermark"], "count": count}

    def _value(self, cell: Cell, source: Mapping[str, Any]) -> Any:
        try:
            return cell.evaluate(source)
        except CellError as error:
            raise Unavailable(f"{self.name}: {cell.text} cannot be read from the answer: {error.message}") from None

    def _fetched(self, record: Any, now: datetime) -> Fetched:
        key, mark = read_word(self.key, record), read_word(self.mark, record) if self.mark else ""
        return Fetched(feed=self.name, key=key, body=codec.encode(record), read_started=now, watermark=mark)

    def _page(
        self, records: tuple[Fetched, ...], cursor: Mapping[str, Any], turn: tuple[str | None, bool], now: datetime
    ) -> Page:
        page, more = turn
        start = cursor.get("watermark") or self.initial
        top = cursor.get("top") or cursor.get("watermark") or ""
        for record in records:
            if self.watermark.believable(record.watermark, now):
                top = self.watermark.later(top, record.watermark) if top else record.watermark
        if page is not None:
            started = cursor.get("started") if cursor.get("page") is not None else None
            following = {"watermark": start, "page": page, "started": started or stamp(now), "top": top}
            return Page(records=records, cursor=following, more=True)
        moved = bool(top) and top != start
        return Page(records=records, cursor={"watermark": top or start, "page": None, "started": stamp(now)}, more=more and moved)


def compile_feed(
    name: str, spec: HttpFeedSpec, templates: TemplateCompiler, problems: Problems, where: Where, reads: Mapping[str, Look]
) -> Feed | None:
    """Compile a feed; problems go to the list."""
    request = compile_request(spec.request, templates, (*where, "request"), ROOTS)
    records = problems.cell(spec.records, (*where, "records"), RECORD_LIMITS)
    key = problems.cell(spec.key, (*where, "key"))
    mark = spec.watermark
    cell = problems.cell(mark.cell, (*where, "watermark", "cell")) if mark else None
    follow = problems.cell(spec.next, (*where, "next"))
    more, check = problems.cell(spec.more, (*where, "more")), problems.cell(spec.check, (*where, "check"))
    if spec.read is not None and spec.read not in reads:
        problems.error((*where, "read"), f"there is no read {spec.read}; known are {', '.join(reads) or 'none'}")
    if records is None or key is None:
        return None
    if not records.is_plain:
        problems.warn((*where, "records"), "not a plain path: decimals of its records arrive as texts")
    look = reads.get(spec.read) if spec.read else None
    watermark = Watermark(mark.kind if mark else "sequence", mark.overlap if mark else 0.0, spec.zone)
    initial = mark.initial if mark else ""
    return Feed(name, request, records, key, cell, watermark, initial, follow, spec.first, more, check, spec.control, look)


def listed(found: Any, cell: Cell, checked: bool, answer: Answer) -> list[Any]:
    """Give records as a list; where the list itself is missing, the answer is not what it should be."""
    if found is None and cell.is_plain and not checked:
        raise Unavailable(f"the answer has no {cell.text}: {answer.shown()}")
    return found if isinstance(found, list) else [] if found is None else [found]


def read_word(cell: Cell, record: Any) -> str:
    """Read an id or a watermark from a record; "" where it is missing or no single word."""
    try:
        value = cell.evaluate(record)
    except CellError:
        return ""
    return _word(value)


def _word(value: Any) -> str:
    try:
        return fit_code(value)
    except Unfit:
        return ""


def _stale(cursor: Mapping[str, Any], now: datetime) -> bool:
    try:
        return now - datetime.fromisoformat(str(cursor.get("started"))) > _STALE_ROUND
    except (ValueError, TypeError):
        return True
