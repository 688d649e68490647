"""Tolerance of a trace: how far what came out of each transformation may be from what went in, by the items that came out."""

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
from sqlalchemy import Connection, func, select

from tracemill.core.genealogy.completeness import TOLERANCE, out_of_balance
from tracemill.core.genealogy.rows import Amounts
from tracemill.core.genealogy.walk import Walk
from tracemill.core.tolerance import allowed, rule_for
from tracemill.model.policy import Tolerance
from tracemill.model.status import Side
from tracemill.store.genealogy import SIDES
from tracemill.store.genealogy_tables import edge
from tracemill.store.rows import chunks
from tracemill.store.tables import lot

OUT = SIDES[Side.OUTPUT]


def tolerated(c: Connection, found: Walk, rules: Mapping[str, Tolerance]) -> float | Amounts:
    """Return the tolerance of each transformation of a walk, as a part of the larger of input and output.

    Only what is out of balance at all is looked up. Of several items that came out, the most generous rule counts.
    """
    if not rules:
        return TOLERANCE
    off = out_of_balance(found, 0.0)
    sums = _sums(c, off.tolist())
    limits = np.full(len(found.transformations), TOLERANCE)
    places = {work: n for n, work in enumerate(found.transformations.tolist())}
    for work, (most, items) in sums.items():
        told = [rule for item in items if (rule := rule_for(item, rules)) is not None]
        if told and most > 0:
            limits[places[work]] = max(float(allowed(rule, most) / most) for rule in told)
    return limits


def _sums(c: Connection, works: list[int]) -> dict[int, tuple[Decimal, set[str]]]:
    """Return, by transformation, the larger of input and output, and the items that came out."""
    amounts: dict[int, dict[int, float]] = {}
    items: dict[int, set[str]] = {}
    query = (
        select(edge.c.transformation_id, edge.c.side, lot.c.item, func.sum(edge.c.amount).label("amount"))
        .join(lot, lot.c.id == edge.c.lot_id)
        .group_by(edge.c.transformation_id, edge.c.side, lot.c.item)
    )
    for some in chunks(works):
        for row in c.execute(query.where(edge.c.transformation_id.in_(some))):
            sides = amounts.setdefault(row.transformation_id, {})
            sides[row.side] = sides.get(row.side, 0.0) + row.amount
            if row.side == OUT:
                items.setdefault(row.transformation_id, set()).add(row.item)
    return {work: (Decimal(str(max(sides.values()))), items.get(work, set())) for work, sides in amounts.items()}
