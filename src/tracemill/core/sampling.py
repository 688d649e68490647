"""Single sampling plans by attributes (ISO 2859-1:1999, clause 10): how many items to draw, how many may fail.

Only the plan is answered here; `switching.py` says when normal, tightened or reduced inspection is due (clause 9.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from tracemill.core.sampling_tables import AQLS, CODE_LETTERS, DOWN, LEVELS, PLANS, SAMPLE_SIZES, UP
from tracemill.model.status import Severity as Severity

_HINT = ", ".join(map(str, AQLS))


class SamplingError(ValueError):
    """A lot size, level, AQL or severity that the tables of ISO 2859-1 do not know."""


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """What to draw from one lot and how to judge it, in items.

    `code_letter` is the letter of the plan that is used, after the arrows; `sample_size` never exceeds the lot.
    The lot is acceptable with `accept` nonconforming items or fewer and not acceptable with `reject` or more.
    """

    code_letter: str
    sample_size: int
    accept: int
    reject: int
    full_inspection: bool


def code_letter(lot_size: int, level: str) -> str:
    """Return the sample size code letter (ISO 2859-1:1999, table 1).

    `lot_size` is a number of items. Raises SamplingError for a lot below one item or a level that is not
    S-1, S-2, S-3, S-4, I, II or III. A lot of one item, which table 1 leaves out, takes the first row.
    """
    if isinstance(lot_size, bool) or not isinstance(lot_size, int) or lot_size < 1:
        raise SamplingError(f"lot size {lot_size!r}: needs a whole number of items, 1 or more")
    if level not in LEVELS:
        raise SamplingError(f"inspection level {level!r} is not one of {', '.join(LEVELS)}")
    column = LEVELS.index(level)
    return next(letters[column] for largest, letters in CODE_LETTERS if largest is None or lot_size <= largest)


def plan(lot_size: int, level: str, aql: Decimal | str | int, severity: Severity | str = Severity.NORMAL) -> SamplingPlan:
    """Return the single sampling plan for a lot (ISO 2859-1:1999, clause 10, tables 1, 2-A, 2-B and 2-C).

    `lot_size` is a number of items: continuous material (kg, litres) has none, so the caller converts the quantity
    to its number of containers first. `aql` is one of the preferred values, in percent nonconforming items up to 10
    and in nonconformities per 100 items above. An arrow leads to another plan with its own sample size. Where the
    sample reaches the lot, every item is inspected (`full_inspection`) against the same acceptance number; a lot of
    one item is accepted only if that item conforms. Raises SamplingError for anything the tables do not hold.
    """
    try:
        strictness = Severity(severity)
    except ValueError:
        raise SamplingError(f"severity {severity!r} is not one of {', '.join(Severity)}") from None
    letter, accept = _follow(code_letter(lot_size, level), _column(aql), strictness)
    size = SAMPLE_SIZES[strictness][letter]
    if lot_size == 1:
        accept = 0
    return SamplingPlan(letter, min(size, lot_size), accept, accept + 1, size >= lot_size)


def _column(aql: Decimal | str | int) -> int:
    if isinstance(aql, (bool, float)):
        raise SamplingError(f"AQL {aql!r}: write it as text or Decimal, one of {_HINT}")
    try:
        return AQLS.index(Decimal(aql))
    except (InvalidOperation, ValueError):
        raise SamplingError(f"AQL {str(aql)!r} is not a preferred value; use one of {_HINT}") from None


def _follow(letter: str, column: int, severity: Severity) -> tuple[str, int]:
    """Walk the arrows of one column from `letter` to the first plan, and return its letter and Ac."""
    rows = PLANS[severity]
    letters = list(rows)
    at = letters.index(letter)
    step = {DOWN: 1, UP: -1}.get(rows[letter][column], 0)
    while not rows[letters[at]][column].isdigit():
        at += step
    return letters[at], int(rows[letters[at]][column])
