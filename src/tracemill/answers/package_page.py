"""The readable page of an evidence package: one file, no script, nothing from elsewhere; it prints."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from itertools import islice

from tracemill.answers.clean_point import CleanLot
from tracemill.answers.package_fsma import (
    RECEIVING,
    SHIPPING,
    TRANSFORMATION,
    receiving_rows,
    shipping_rows,
    transformation_rows,
)
from tracemill.answers.package_sheet import LOTS, TOTALS, lot_rows, totals_rows
from tracemill.answers.package_story import Story
from tracemill.answers.recall import RecallView
from tracemill.model.quantity import show

MOST = 2_000  # rows of a table
STYLE = """
:root{color-scheme:light dark;font:14px/20px system-ui,sans-serif}body{margin:24px;max-width:1280px}
h1{font-size:20px}h2{font-size:16px;margin-top:32px}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{border-bottom:1px solid #8888;padding:4px 8px;text-align:left;vertical-align:top}.wide{overflow-x:auto}
.bad{font-weight:700}.mock{border:3px solid;padding:8px;font-weight:700}dt{font-weight:600}
@media print{.mock{position:fixed;top:0;right:0}}
"""


def page(told: Story) -> str:
    """Write a recall as one HTML page."""
    view, at, known = told.view, told.at, told.view.recall
    mock = '<p class="mock">MOCK RECALL: nothing was sent to any system</p>' if known.mock else ""
    state = "complete" if view.complete else '<span class="bad">INCOMPLETE</span>'
    parts = [
        f"<h1>Recall {escape(known.id)}</h1>{mock}<p>{escape(view.sentence)}</p>",
        f"<p>Scope: {state}. As the hub knew it at {_time(at)}.</p>", _gaps(view), _clock(view),
        _table("Totals", TOTALS, totals_rows(view)),
        _table("Customers", ("customer", "name", "place", "quantity", "state", "shipments", "lots", "whom to call"), (
            (d.customer, d.customer_name, d.place, f"{show(d.quantity)} {d.unit}", d.state, _list(d.shipments), _list(d.lots),
             "; ".join(c.words() for c in d.contacts) or "nobody told")
            for d in view.customers
        )),
        _table("Clean points", ("stream", "from", "to", "last proven before", "first proven after", "not proven", "limits"), (
            (p.stream, _time(p.first), _time(p.last), _clean(p.before), _clean(p.after),
             "; ".join(f"{x.number}: {x.why}" for x in p.unproven), "; ".join(p.limits))
            for p in view.clean_points
        )),
        _table("Scope versions", ("version", "at", "by", "why", "lots", "excluded", "positions"), (
            (f"v{v.version}", _time(v.at), v.actor, v.why, str(v.lots),
             "; ".join(f"{x.lot} by {x.by}: {x.because}" for x in v.excluded),
             ", ".join(f"{s} {p}" for s, p in v.positions.items()))
            for v in view.versions
        )),
        _table("Would be sent", ("lot", "system", "free there"), (
            (w.lot, w.system, f"{show(w.available)} {w.unit}") for w in view.would_send
        )) if known.mock else "",
        _table("Lots", LOTS, lot_rows(view)), _table("Receiving (FSMA 204)", RECEIVING, receiving_rows(told)),
        _table("Transformation (FSMA 204)", TRANSFORMATION, transformation_rows(told)),
        _table("Shipping (FSMA 204)", SHIPPING, shipping_rows(view)),
    ]  # fmt: skip
    head = f'<meta charset="utf-8"><title>{escape(known.id)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _clean(found: CleanLot | None) -> str:
    return f"{found.number} of {_time(found.at)}: {found.evidence}" if found else "none is proven"


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "not yet"


def _gaps(view: RecallView) -> str:
    items = "".join(f"<li>{escape(g.text)}: {escape(', '.join(g.examples))}</li>" for g in view.gaps)
    return f"<h2>Why it may not be all</h2><ul>{items}</ul>" if items else ""


def _clock(view: RecallView) -> str:
    known = view.recall
    times = {"detected": known.detected_at, "scoped": known.opened_at, "hold asked": known.hold_asked_at, "held": known.held_at,
             "verified": known.verified_at, "closed": known.closed_at}  # fmt: skip
    return f"<h2>Clock</h2><dl>{''.join(f'<dt>{k}</dt><dd>{_time(t)}</dd>' for k, t in times.items())}</dl>"


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table. A browser does not open 100,000 rows: what is left out here is said, and stands in the spreadsheet."""
    start = iter(rows)
    shown = list(islice(start, MOST))
    left = sum(1 for _ in start)
    head = "".join(f"<th>{escape(c)}</th>" for c in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(v)}</td>' for v in row)}</tr>" for row in shown)
    more = (
        f'<p class="bad">Showing {len(shown)} of {len(shown) + left}; recall.xlsx and recall.json hold all.</p>' if left else ""
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<h2>{title}</h2>{more}<div class="wide">{table}</div>'
