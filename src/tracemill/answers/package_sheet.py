"""The sortable spreadsheet of a recall (21 CFR 1.1455) with the key data elements of FSMA 204, and the same lots as CSV."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter

from tracemill.answers.package_fsma import (
    RECEIVING,
    SHIPPING,
    TRANSFORMATION,
    receiving_rows,
    shipping_rows,
    transformation_rows,
)
from tracemill.answers.package_story import Story
from tracemill.answers.recall import RecallView
from tracemill.answers.scope import ScopeLot
from tracemill.model.quantity import show

AMOUNTS = ("requested", "on_hand", "held", "not_yet_held", "consumed", "shipped", "escaped", "staged", "in_process", "in_transit")
LOTS = (
    "traceability lot code", "site", "product", "product description", "supplier batch", "level", "origin of the recall", "unit",
    *(name.replace("_", " ") for name in AMOUNTS), "not contained because", "excluded by", "excluded because", "lot id",
)  # fmt: skip
TOTALS = ("unit", *(name.replace("_", " ") for name in AMOUNTS))
Row = Sequence[str]


def totals_rows(view: RecallView) -> Iterable[Row]:
    for unit, sums in view.totals.items():
        yield (unit, *(show(getattr(sums, name)) for name in AMOUNTS))


def lot_rows(view: RecallView) -> Iterable[Row]:
    for x in view.lots:
        s = x.standing
        amounts = [x.in_process if name == "in_process" else getattr(s, name) for name in AMOUNTS]
        yield (
            x.number, x.site, x.item, x.item_text, x.supplier_batch, str(x.depth), "yes" if x.root else "", x.unit,
            *(map(show, amounts) if s.known else ("unknown",) * len(amounts)), _why(x), x.excluded_by, x.excluded_because, x.id,
        )  # fmt: skip


def _why(x: ScopeLot) -> str:
    if not x.standing.known:
        return "nobody told how much there is"
    said = [f"{s.system}: {s.why}" for s in x.standing.systems if not s.contained]
    return "; ".join(said) if said else "" if x.standing.contained else "not all of it is shown by any system"


def csv_text(view: RecallView) -> str:
    """Return the lots of a recall as CSV (RFC 4180)."""
    target = StringIO()
    csv.writer(target).writerows([(*LOTS, "mock"), *((*r, "MOCK" if view.recall.mock else "") for r in lot_rows(view))])
    return target.getvalue()


def workbook(told: Story) -> bytes:
    """Return the workbook: lots, critical tracking events, and what the recall is; every cell is text as it was told."""
    target, view, at = BytesIO(), told.view, told.at
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": view.recall.id, "created": at.replace(tzinfo=None)})
    bold = book.add_format({"bold": True})
    _sheet(book, "Lots", LOTS, lot_rows(view), bold)
    _sheet(book, "FSMA 204 Receiving", RECEIVING, receiving_rows(told), bold)
    _sheet(book, "FSMA 204 Transformation", TRANSFORMATION, transformation_rows(told), bold)
    _sheet(book, "FSMA 204 Shipping", SHIPPING, shipping_rows(view), bold)
    _sheet(book, "Recall", ("what", "value"), _facts(view, at), bold)
    book.close()
    return target.getvalue()


def _facts(view: RecallView, at: datetime) -> Iterable[Row]:
    known = view.recall
    yield "recall", f"{known.id}{' MOCK: nothing was sent' if known.mock else ''}"
    yield "origin", known.origin.words()
    yield "reason", known.reason
    yield "as known at", at.isoformat()
    yield "complete", "yes" if view.complete else "NO"
    yield from (("gap", g.text) for g in view.gaps)


def _sheet(book: Any, name: str, columns: Row, rows: Iterable[Row], bold: Any) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for n, column in enumerate(columns):
        sheet.write_string(0, n, column, bold)
        sheet.set_column(n, n, max(12, min(30, len(column) + 2)))
    last = 0
    for last, row in enumerate(rows, 1):
        for n, value in enumerate(row):
            sheet.write_string(last, n, value)
    sheet.autofilter(0, 0, last, len(columns) - 1)
