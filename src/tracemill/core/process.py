"""Process: the conditions under which a lot was made; outside their limits they restrict it until people have looked."""

from tracemill.core.draft import Draft
from tracemill.core.material import transformation
from tracemill.model.change import HoldLifted, HoldPlaced, Measured
from tracemill.model.identifier import derived
from tracemill.model.lot import Hold
from tracemill.model.process import ProcessRecorded, Summary
from tracemill.model.status import HoldReason


class NoWork(ValueError):
    """Conditions that are of no order or operation."""

    hint = "let the source name work.order, work.operation or work.transformation, then replay"


def recorded(draft: Draft, data: ProcessRecorded) -> None:
    """Record conditions. The hub judges them itself, which may only restrict: a source accepts what is out of range, too."""
    work = data.work
    if not work.key:
        raise NoWork("the process that was recorded has neither an order nor an operation")
    draft.add(
        Measured(
            transformation=transformation(draft.lot.site, work.key),
            summaries=data.summaries,
            work=work,
            occurred_at=draft.event.occurred.utc,
            system=draft.event.source,
        )
    )
    for summary in data.summaries:
        _judge(draft, data, summary)


def _judge(draft: Draft, data: ProcessRecorded, summary: Summary) -> None:
    """Hold the lot for what is beyond its limits; only the same summary, corrected by its source, ends that."""
    hold_id = derived("hold", draft.lot.id, "process", data.work.key, summary.parameter, summary.started or "")
    known = draft.lot.holds.get(hold_id)
    if not summary.beyond:
        if known is not None:
            note = f"corrected by {draft.event.source}"
            draft.add(HoldLifted(hold=hold_id, reason=HoldReason.DEVIATION, by=draft.event.source, note=note))
        return
    where = f" on {data.work.machine}" if data.work.machine else ""
    note = f"{summary.parameter} {summary.beyond} {summary.unit}".rstrip() + f" in {data.work.key}{where}"
    if known is None or known.note != note:
        hold = Hold(id=hold_id, reason=HoldReason.DEVIATION, system="hub", placed_at=draft.now, note=note)
        draft.add(HoldPlaced(hold=hold))
