"""The key data elements of FSMA 204 (21 CFR 1.1340, 1.1345, 1.1350), a row for each lot of a critical tracking event.

What the hub was not told stays empty: nothing is guessed for an authority.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracemill.answers.package_story import Story
from tracemill.answers.recall import RecallView
from tracemill.mapping.epcis.facts import Fact
from tracemill.model.quantity import show

RECEIVING = (
    "traceability lot code", "quantity", "unit of measure", "product description", "immediate previous source", "source name",
    "location received at", "date received", "traceability lot code source", "reference document type",
    "reference document number",
)  # fmt: skip
TRANSFORMATION = (
    "transformation", "used or produced", "traceability lot code", "product description", "quantity", "unit of measure",
    "location transformed at", "date transformed", "traceability lot code source", "reference document type",
    "reference document number",
)  # fmt: skip
SHIPPING = (
    "traceability lot code", "quantity", "unit of measure", "product description", "immediate subsequent recipient",
    "recipient name", "location shipped from", "date shipped", "traceability lot code source", "reference document type",
    "reference document number", "state",
)  # fmt: skip
Row = Sequence[str]
_SIDES = {"material.consumed.v1": "used", "material.produced.v1": "produced"}


def receiving_rows(told: Story) -> Iterable[Row]:
    sites = {x.id: x.site for x in told.view.lots}
    for fact in told.facts:
        if fact.type == "lot.received.v1":
            data, (number, item) = fact.data, told.lots[fact.subject]
            supplier: Mapping[str, Any] = data.get("supplier") or {}
            kind = "receipt" if data.get("receipt") else "purchase order" if data.get("purchase_order") else ""
            yield (
                number, *_amount(data), _product(item, data.get("item_text", "")),
                supplier.get("id", ""), supplier.get("name", ""),
                " ".join(p for p in (sites.get(fact.subject, ""), data.get("place", "")) if p), _day(fact), "", kind,
                data.get("receipt") or data.get("purchase_order") or "",
            )  # fmt: skip


def transformation_rows(told: Story) -> Iterable[Row]:
    """Tell each lot that was used or produced; the transformation's own key holds the rows of one together."""
    texts = {x.id: x.item_text for x in told.view.lots}
    made = [fact for fact in told.facts if fact.type in _SIDES]
    for fact in sorted(made, key=_place):
        data, (number, item) = fact.data, told.lots[fact.subject]
        work, produced = data["work"], _SIDES[fact.type] == "produced"
        yield (
            work.get("key", ""), _SIDES[fact.type], number, _product(item, texts.get(fact.subject, "")), *_amount(data),
            work.get("site", ""), work.get("completed", ""), work.get("site", "") if produced else "",
            "work order" if work.get("order") else "", work.get("order", ""),
        )  # fmt: skip


def _place(fact: Fact) -> tuple[Any, ...]:
    return fact.occurred.utc, fact.data["work"]["transformation"], _SIDES[fact.type] != "used", fact.subject


def shipping_rows(view: RecallView) -> Iterable[Row]:
    for x in view.lots:
        for s in x.shipments:
            yield (
                x.number, show(s.quantity), s.unit, _product(x.item, x.item_text), s.place or s.customer, s.customer_name, x.site,
                s.at.date().isoformat(), "", "shipment", s.shipment, s.state,
            )  # fmt: skip


def _amount(data: Mapping[str, Any]) -> tuple[str, str]:
    much: Mapping[str, Any] = data.get("quantity") or {}
    return str(much.get("amount", "")), str(much.get("unit", ""))


def _product(item: str, text: str) -> str:
    return " ".join(part for part in (item, text) if part)


def _day(fact: Fact) -> str:
    return fact.occurred.utc.date().isoformat()
