"""Clean points: in each stream of a recall's roots, the last lot before and the first after that are proven not affected."""

from collections.abc import Container, Mapping
from datetime import datetime

from sqlalchemy import Connection

from tracemill.answers import conditions
from tracemill.answers.adjacency import Adjacency
from tracemill.answers.scope import Reach
from tracemill.answers.streams import Neighbour, Stream, beside, streams
from tracemill.answers.trace import BUDGET
from tracemill.answers.trace_gaps import gaps
from tracemill.core.clean_point import accepted
from tracemill.core.genealogy.walk import Direction, walk
from tracemill.model.recall import Origin
from tracemill.model.record import Record

MOST = 20  # streams that are looked at
TRIED = 25  # neighbours of a stream that are tried on each side
ACCEPTED = (
    "accepted means that its inspection found nothing; whether it looked for what this recall is about, the hub cannot know"
)
TOLD = "a reading counts as it was told; whether the sensor was right, the hub cannot know"


class CleanLot(Record, frozen=True):
    """A lot that is proven not to be affected, and by what."""

    id: str
    number: str
    at: datetime
    evidence: str


class Unproven(Record, frozen=True):
    """A lot between a clean point and the recall, or where there is none: why nothing proves it clean."""

    id: str
    number: str
    at: datetime
    why: str


class CleanPoint(Record, frozen=True):
    """A stream: between which proven lots the affected ones lie. None: no lot on that side is proven."""

    stream: str
    first: datetime
    last: datetime
    before: CleanLot | None
    after: CleanLot | None
    unproven: tuple[Unproven, ...]
    limits: tuple[str, ...]


class _Proof:
    """What the hub can say for a lot that is not in scope."""

    def __init__(
        self, c: Connection, adjacency: Adjacency, origin: Origin, scope: Container[int], left_out: Container[int]
    ) -> None:
        self._c, self._adjacency, self._scope, self._left_out = c, adjacency, scope, left_out
        self.by_value = origin.above is not None or origin.below is not None
        whole = Origin(kind=origin.kind, machine=origin.machine)
        told = conditions.within(c, whole) if self.by_value else []
        self._judged: Mapping[int, bool | None] = conditions.judged(origin, told)
        self._value = f"{origin.parameter or 'its value'} was told, and not beyond what this recall is about"

    def of(self, n: Neighbour) -> tuple[str, str]:
        """Return (what proves a lot clean, why nothing does)."""
        if n.row in self._left_out:
            return "", "left out of this recall by a person, which proves nothing"
        if n.row in self._scope:
            return "", "in the scope of this recall by another way"
        if self.by_value:
            clean = self._judged.get(n.row)
            proof, why = (self._value, "") if clean is False else ("", "beyond the value" if clean else "its value was not told")
        else:
            proof, why = accepted(n.state)
        return (proof, why) if why else self._made_of_nothing_known(n, proof)

    def _made_of_nothing_known(self, n: Neighbour, proof: str) -> tuple[str, str]:
        """A lot is clean only where it is known, completely, what it was made of: the scope would have it otherwise."""
        back = walk(self._adjacency.graph(self._c, n.state.site), [n.row], Direction.BACK, budget=BUDGET)
        if found := gaps(self._c, back, n.state.site, self._adjacency.tolerances.get(n.state.site, {})):
            return "", f"its trace back is incomplete: {found[0].text}"
        return f"{proof}; made of nothing in scope, its trace back is complete", ""


def clean_points(
    c: Connection, adjacency: Adjacency, origin: Origin, found: Reach, left_out: Container[int]
) -> tuple[CleanPoint, ...]:
    """Look along every stream that the roots of a recall came in; the streams beyond 20 are not looked at, and said."""
    every = streams(c, [i for i in found.roots if i not in left_out])
    proof = _Proof(c, adjacency, origin, frozenset(found.every), left_out)
    points = [_point(c, proof, stream) for stream in every[:MOST]]
    return (*points, *(_unseen(stream) for stream in every[MOST:]))


def _unseen(stream: Stream) -> CleanPoint:
    limit = f"not looked at: a recall looks at {MOST} streams"
    return CleanPoint(stream=stream.words(), first=stream.first, last=stream.last, before=None, after=None, unproven=(),
                      limits=(limit,))  # fmt: skip


def _point(c: Connection, proof: _Proof, stream: Stream) -> CleanPoint:
    before, doubtful_before, limits = _nearest(c, proof, stream, after=False)
    after, doubtful_after, more = _nearest(c, proof, stream, after=True)
    said = (TOLD if proof.by_value else ACCEPTED, *dict.fromkeys((*limits, *more)))
    return CleanPoint(stream=stream.words(), first=stream.first, last=stream.last, before=before, after=after,
                      unproven=(*reversed(doubtful_before), *doubtful_after), limits=said)  # fmt: skip


def _nearest(
    c: Connection, proof: _Proof, stream: Stream, *, after: bool
) -> tuple[CleanLot | None, list[Unproven], tuple[str, ...]]:
    """Return the nearest lot that is proven clean, and those passed on the way that are not."""
    lots, more = beside(c, stream, after)
    doubtful: list[Unproven] = []
    for n in lots[:TRIED]:
        evidence, why = proof.of(n)
        if not why:
            return CleanLot(id=n.state.id, number=n.state.number, at=n.at, evidence=evidence), doubtful, ()
        doubtful.append(Unproven(id=n.state.id, number=n.state.number, at=n.at, why=why))
    side = "after" if after else "before"
    if more or len(lots) > TRIED:
        return None, doubtful, (f"only the nearest {len(lots[:TRIED])} lots {side} were looked at",)
    return None, doubtful, (f"no lot {side} is proven" if lots else f"nothing is known {side} it",)
