"""The verdict sentence: may this lot be used, how much of it, and why not the rest."""

from decimal import Decimal

from tracemill.answers.words import ZERO, amount, held_clause, named
from tracemill.core.comparison import excess
from tracemill.core.targets import undisputed
from tracemill.core.usable import UNDECIDED_TEXT, Allowance, allowance, counted, decided
from tracemill.model.lot import Lot
from tracemill.model.policy import Policy, SystemPolicy
from tracemill.model.status import HoldReason


def sentence(lot: Lot, policy: Policy) -> str:
    """Say in one sentence how much may be used, why the rest may not, and who shows something else."""
    allowed = allowance(lot)
    clauses = [_usable(lot, allowed)]
    clauses += [held_clause(h, lot) for h in sorted(lot.holds.values(), key=lambda h: (h.quantity is not None, h.placed_at))]
    clauses += _unheld(lot, allowed, policy)
    clauses += [disagreement(lot, s, over) for s, over in beyond(lot, policy)]
    return "; ".join(dict.fromkeys(clauses))


def _usable(lot: Lot, allowed: Allowance) -> str:
    if not allowed.known:
        return f"do not use it: {UNDECIDED_TEXT}"
    if allowed.usable == ZERO and not counted(lot):
        return "nothing may be used, its quantity is not known"
    if allowed.usable == ZERO:
        return "nothing may be used" if allowed.total else "nothing is left of it"
    if allowed.usable == allowed.total and not lot.holds:
        return f"all {amount(allowed.usable, lot)} may be used"
    return f"{amount(allowed.usable, lot)} may be used"


def _unheld(lot: Lot, allowed: Allowance, policy: Policy) -> list[str]:
    """Say what neither may be used nor is held: rejected without a hold, or not decided about."""
    if not allowed.known or any(h.quantity is None for h in lot.holds.values()):
        return []
    held = sum((h.quantity or ZERO for h in lot.holds.values()), ZERO)
    owner = policy.owner("quality", lot.material_class)
    said: list[str] = []
    rejected = decided(lot)[1] if not any(h.reason is HoldReason.REJECTED for h in lot.holds.values()) else ZERO
    if rejected > ZERO:
        said.append(f"{amount(rejected, lot)} are rejected by {named(owner or 'quality')}")
    if allowed.retained:
        said.append(f"{amount(allowed.retained, lot)} {'is' if allowed.retained == 1 else 'are'} kept as samples")
    rest = allowed.total - allowed.target.available - held - rejected
    if rest > ZERO:
        said.append(f"{amount(rest, lot)} {'is' if rest == 1 else 'are'} not decided about")
    return said


def disagreement(lot: Lot, system: SystemPolicy, over: Decimal) -> str:
    """Say how much more a system lets people use than it may."""
    claim = lot.claims[system.name]
    return f"but {named(system.name)} shows {amount(claim.available, lot)} free, {amount(over, lot)} too many"


def beyond(lot: Lot, policy: Policy) -> list[tuple[SystemPolicy, Decimal]]:
    """Return the systems that let more be used than quality and holds allow, and by how much."""
    found = [(s, excess_of(lot, s)) for s in policy.systems.values()]
    return [(s, over) for s, over in found if over > ZERO]


def excess_of(lot: Lot, system: SystemPolicy) -> Decimal:
    """Compare what a system shows with what is allowed; the hub's own hold about this very excess aside."""
    claim = lot.claims.get(system.name)
    if claim is None:
        return ZERO
    return excess(lot, undisputed(lot, allowance(lot)), claim, system.expresses)
