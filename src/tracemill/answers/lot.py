"""A lot: what it is, whether it may be used, who says so, and how fresh that is; now, or as it was at a time."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection, select

from tracemill.answers import claim, transfers
from tracemill.answers import lot_parts as parts
from tracemill.answers.balance import BalanceView, of_lot
from tracemill.answers.page import Page, Sites, at_sites, paged
from tracemill.answers.then import NOW, Then
from tracemill.answers.verdict import sentence
from tracemill.core.evolve import fold, replace
from tracemill.core.usable import allowance, counted, verdict
from tracemill.model.change import AnyChange
from tracemill.model.lot import Lot
from tracemill.model.policy import Policy
from tracemill.model.quality_record import QualityRecord
from tracemill.model.quantity import NAMES, show
from tracemill.model.record import Record, decode
from tracemill.store.systems import read_through
from tracemill.store.tables import change, delivery, lot

Policies = Mapping[str, Policy]


class LotView(Record, frozen=True):
    """Everything about one lot, in words and figures. Amounts are decimal text in `unit`."""

    id: str
    site: str
    number: str
    named_by: str
    item: str
    item_text: str
    material_class: str
    unit: str
    unit_name: str
    received: str
    received_at: datetime | None
    supplier: str
    supplier_name: str
    manufacturer: str
    supplier_batch: str
    purchase_order: str
    certificate: str
    receipt: str
    place: str
    manufactured: date | None
    expires: date | None  # as its label says; what quality permits is a part of the disposition
    retest: date | None
    names: dict[str, tuple[str, ...]]
    verdict: str
    sentence: str
    known: bool
    counted: bool  # anybody has told how much of it there is
    usable: str
    blocked: str
    total: str
    as_of: datetime | None
    known_at: int | None  # a position of the site's record
    at: datetime
    owner: str
    systems: tuple[claim.SystemView, ...]
    holds: tuple[parts.HoldView, ...]
    reasons: tuple[parts.ReasonView, ...]
    cases: tuple[parts.CaseLine, ...]
    acts: tuple[parts.ActView, ...]
    inspections: tuple[parts.InspectionView, ...]
    nonconformances: tuple[parts.Link, ...]
    quality_records: tuple[QualityRecord, ...]
    samples: dict[str, str]
    retained: dict[str, str]  # samples that are kept
    movements: dict[str, str]  # signed sums, by account
    balance: BalanceView | None
    exposures: tuple[parts.ExposureView, ...]
    disposition: parts.DispositionView | None
    shipments: tuple[parts.ShipmentView, ...]
    transfers: tuple[transfers.TransferView, ...]


class LotLine(Record, frozen=True):
    """A lot in a list."""

    id: str
    site: str
    number: str
    item: str
    supplier_batch: str
    verdict: str
    unsafe: bool
    updated_at: datetime


def state(c: Connection, uuid: str, then: Then = NOW) -> Lot | None:
    """Return a lot as it is now, or as it was: the fold of the changes of that past."""
    row = c.execute(select(lot.c.id, lot.c.state).where(lot.c.uuid == uuid)).one_or_none()
    if row is None:
        return None
    now = decode(row.state, Lot)
    if then.now:
        return now
    happened = select(change.c.data).where(change.c.lot_id == row.id, *then.changes())
    stored = c.execute(happened.order_by(change.c.position, change.c.ordinal)).scalars()
    changes: list[AnyChange] = [decode(text, AnyChange) for text in stored]  # type: ignore[arg-type]
    past = fold(now.id, now.site, changes)
    return None if past is None else replace(past, number=now.number, named_by=now.named_by)


def view(c: Connection, uuid: str, policies: Policies, now: datetime, then: Then = NOW) -> LotView | None:
    """Return the view of one lot; None where there is none (or was none then)."""
    found = state(c, uuid, then)
    if found is None:
        return None
    policy = policies.get(found.site) or Policy(site=found.site, version="")
    at = then.as_of or now
    moving = _deliveries(c, found) if then.now else {}
    asked = read_through(c, {n: s.stock_feed for n, s in policy.systems.items() if s.stock_feed}) if then.now else {}
    shown = _view(found, policy, at, then, claim.systems(found, policy, at, moving, asked), parts.case_lines(c, found, then.now))
    return replace(shown, transfers=transfers.of_lot(c, found)) if then.now else shown


def _view(
    found: Lot, policy: Policy, at: datetime, then: Then, systems: tuple[claim.SystemView, ...],
    cases: tuple[parts.CaseLine, ...],
) -> LotView:  # fmt: skip
    allowed = allowance(found)
    same = {f: getattr(found, f) for f in _SAME}
    return LotView(
        **same,
        unit_name=NAMES.get(found.unit, found.unit),
        received=show(found.received),
        supplier=found.supplier.id if found.supplier else "",
        supplier_name=found.supplier.name if found.supplier else "",
        names=found.identities,
        verdict=verdict(found),
        sentence=sentence(found, policy),
        known=allowed.known,
        counted=counted(found),
        usable=show(allowed.usable),
        blocked=show(allowed.blocked),
        total=show(allowed.total),
        as_of=then.as_of,
        known_at=then.known_at,
        at=at,
        owner=policy.owner("quality", found.material_class, at) or "",
        systems=systems,
        holds=parts.holds(found, policy, at),
        reasons=parts.reason_views(found, at, policy.owner("quality", found.material_class, at) or ""),
        cases=cases,
        acts=parts.acts(found),
        inspections=parts.inspections(found),
        nonconformances=parts.links(found.nonconformances),
        quality_records=tuple(found.records.values()),
        samples={k: show(v) for k, v in found.samples.items()},
        retained={k: show(v) for k, v in found.retained.items()},
        balance=of_lot(found, policy),
        movements={k: show(v) for k, v in found.moved.items()},
        exposures=parts.exposures(found, at),
        disposition=parts.disposition(found),
        shipments=parts.shipments(found),
        transfers=(),
    )


_SAME = (
    "id", "site", "number", "named_by", "item", "item_text", "material_class", "unit", "received_at", "manufacturer",
    "supplier_batch", "purchase_order", "certificate", "receipt", "place", "manufactured", "expires", "retest",
)  # fmt: skip


def _deliveries(c: Connection, found: Lot) -> dict[str, str]:
    """Return where the last status command of each system is on its way."""
    ids = [w.command for w in found.wanted.values()]
    query = select(delivery.c.uuid, delivery.c.state).where(delivery.c.uuid.in_(ids))
    return {row.uuid: row.state for row in c.execute(query)} if ids else {}


def listed(
    c: Connection, sites: Sites, cursor: str = "", limit: int = 50, *, verdict_is: str = "", item: str = "",
    supplier_batch: str = "", unsafe: bool | None = None,
) -> Page[LotLine]:  # fmt: skip
    """List lots, the newest first."""
    query = at_sites(select(lot), lot.c.site, sites)
    for column, wanted in ((lot.c.verdict, verdict_is), (lot.c.item, item), (lot.c.supplier_batch, supplier_batch)):
        if wanted:
            query = query.where(column == wanted)
    if unsafe is not None:
        query = query.where(lot.c.unsafe.is_(unsafe))
    return paged(c, query, lot.c.id, line, cursor, limit)


def line(row: object) -> LotLine:
    values = {f: getattr(row, f) for f in LotLine.__struct_fields__ if f != "id"}
    return LotLine(id=row.uuid, **values)  # type: ignore[attr-defined]
