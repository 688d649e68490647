"""Roots: the lots that a recall starts from, what of its origin the hub does not know, and what is taken in by doubt."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, select

from tracemill.answers import conditions, serials
from tracemill.answers.trace_view import GapView
from tracemill.model.lot import Lot
from tracemill.model.recall import Origin
from tracemill.model.record import Record
from tracemill.model.status import OriginKind, QualityKind, Side
from tracemill.store.genealogy import SIDES
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.lots import states
from tracemill.store.quality_tables import quality_record
from tracemill.store.rows import chunks
from tracemill.store.tables import lot

OUT = SIDES[Side.OUTPUT]


class Roots(Record, frozen=True):
    """Lots with their sites by row id. `gaps`: what was named and is not known; `doubts`: what nothing clears, so it is in."""

    lots: dict[int, str]
    gaps: tuple[GapView, ...] = ()
    doubts: tuple[GapView, ...] = ()


def roots(c: Connection, origin: Origin, named: Iterable[int] = ()) -> Roots:
    """Return the lots that a recall starts from. One that it `named` before stays, whatever was told since."""
    found = _found(c, origin)
    before = _sites(c, set(named) - set(found.lots))
    return Roots(lots=found.lots | before, gaps=found.gaps, doubts=found.doubts) if before else found


def _found(c: Connection, origin: Origin) -> Roots:
    match origin.kind:
        case OriginKind.LOT:
            return Roots(lots=_at(c, origin, lot.c.uuid == origin.lot))
        case OriginKind.SUPPLIER_BATCH:
            return Roots(lots=_of_batch(c, origin))
        case OriginKind.SERIALS:
            return _of_serials(c, origin)
        case OriginKind.COMPLAINT:
            named = select(quality_record.c.lot_id).where(
                quality_record.c.native == origin.complaint, quality_record.c.kind == QualityKind.COMPLAINT
            )
            return Roots(lots=_at(c, origin, lot.c.id.in_(named)))
    return _of_machine(c, origin)


def _at(c: Connection, origin: Origin, *where: ColumnElement[bool]) -> dict[int, str]:
    query = select(lot.c.id, lot.c.site).where(*where)
    rows = c.execute(query.where(lot.c.site == origin.site) if origin.site else query)
    return {int(r.id): str(r.site) for r in rows}


def _sites(c: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Return lots with their sites."""
    rows = (r for some in chunks(sorted(ids)) for r in c.execute(select(lot.c.id, lot.c.site).where(lot.c.id.in_(some))))
    return {int(r.id): str(r.site) for r in rows}


def _of_batch(c: Connection, origin: Origin) -> dict[int, str]:
    found = _at(c, origin, lot.c.supplier_batch == origin.batch)
    if not origin.maker:
        return found
    return {i: found[i] for some in chunks(found) for i, state in states(c, some).items() if _made_by(state, origin.maker)}


def _made_by(state: Lot, maker: str) -> bool:
    """Say whether a lot may be of a maker: one of whom nothing was told may be."""
    supplier = (state.supplier.id, state.supplier.name) if state.supplier else ()
    names = {state.manufacturer, *supplier} - {""}
    return not names or maker in names


def _of_serials(c: Connection, origin: Origin) -> Roots:
    found = serials.found(c, serials.asked(origin), origin.site)
    why = (
        _gap("unknown_serial", found.missing, "serial", "of the range of which nothing is known"),
        _gap("unclear_item", found.unclear, "lot", "with a serial of the range, of an item that is not told as a GTIN"),
    )
    return Roots(lots=found.lots, gaps=tuple(g for g in why if g.count))


def _of_machine(c: Connection, origin: Origin) -> Roots:
    """Take what came out of the machine within the time, and what it was told to have worked on then."""
    told = conditions.within(c, origin)
    out = edge.c.transformation_id == transformation.c.id, edge.c.side == OUT, edge.c.lot_id == lot.c.id
    within = edge.c.occurred_at >= origin.since, edge.c.occurred_at <= origin.until
    found = _at(c, origin, *out, transformation.c.machine == origin.machine, *within)
    found |= _at_site(_sites(c, {s.lot for s in told} - set(found)), origin)
    if origin.above is None and origin.below is None:
        return Roots(lots=found)
    judged = conditions.judged(origin, told)
    kept = {i: site for i, site in found.items() if judged.get(i) is not False}
    doubtful = [i for i in kept if judged.get(i) is None]
    numbers = [str(n) for some in chunks(doubtful) for n in c.execute(_NUMBERS.where(lot.c.id.in_(some))).scalars()]
    doubt = _gap("unknown_condition", numbers, "lot", f"taken in, as nothing says what {origin.parameter or 'it'} was")
    return Roots(lots=kept, doubts=(doubt,) if numbers else ())


def _at_site(found: dict[int, str], origin: Origin) -> dict[int, str]:
    return {i: site for i, site in found.items() if not origin.site or site == origin.site}


def _gap(gap: str, names: list[str], what: str, text: str) -> GapView:
    n = len(names)
    return GapView(gap=gap, count=n, text=f"{n} {what}{'' if n == 1 else 's'} {text}", examples=tuple(names[:5]))


_NUMBERS = select(lot.c.number)
