"""Random histories of a plant: splits, merges, rework, cycles, reversals, late facts."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from tests.core.naive_genealogy import Row, Units
from tracemill.core.genealogy.rows import UNKNOWN_TIME

LOTS, TRANSFORMATIONS = 7, 5
SPARSE = 10**12  # ids that are far apart are numbered in another way than ids that are close
AMOUNTS = (0.1, 0.2, 0.3, 1.0, 2.0, math.nan)

amounts = st.sampled_from(AMOUNTS)
evidences = st.integers(0, 3)
times = st.one_of(st.integers(0, 9), st.just(UNKNOWN_TIME))
lots = st.integers(1, LOTS)
transformations = st.integers(1, TRANSFORMATIONS)


@st.composite
def rows(draw: st.DrawFn, scale: int = 1, most: int = 40) -> list[Row]:
    """Rows in any order of time; about a third take back (all or some of) what an earlier row of the same edge told."""
    found: list[Row] = []
    for position in range(1, draw(st.integers(0, most)) + 1):
        evidence, occurred = draw(evidences), draw(times)
        if found and draw(st.integers(0, 2)) == 0:
            of = draw(st.sampled_from(found))
            amount = -draw(st.sampled_from((abs(of.quantity), 0.1, math.nan)))
            found.append(Row(*of.edge, amount, evidence, occurred, position, reverses=True))
        else:
            lot, transformation = draw(lots) * scale, draw(transformations) * scale
            amount = draw(st.sampled_from((*AMOUNTS, 1.0, 2.0, 0.0)))
            found.append(Row(lot, transformation, draw(st.booleans()), amount, evidence, occurred, position))
    return found


@st.composite
def units(draw: st.DrawFn, *, acyclic: bool = False, told: st.SearchStrategy[bool] = st.just(True)) -> Units:
    """A history in which real units move; lot 1 is received once, the others now and then.

    `acyclic`: transformation n takes from lots up to n and makes later ones.
    """
    history = Units()
    history.receive(1, draw(st.integers(1, 8)))
    for lot in range(2, LOTS + 1):
        history.receive(lot, draw(st.integers(0, 4)))
    for _ in range(draw(st.integers(1, 40))):
        lot, transformation, output = draw(lots), draw(transformations), draw(st.booleans())
        if acyclic and (lot > transformation) is not output:
            continue
        if draw(st.integers(0, 9)) == 0:
            history.mistake(lot, transformation, output, draw(st.integers(1, 3)))
        history.move(lot, transformation, output, draw(st.integers(1, 5)), draw(st.booleans()), draw(told))
    return history
