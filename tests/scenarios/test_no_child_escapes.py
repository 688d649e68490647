"""Whatever is told in whatever order, while holds are being carried on: what lots carry is what a simple search says."""

import asyncio
from collections import defaultdict
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scenarios.plant import Plant
from tracemill.hub import decider

LOTS, ORDERS = 4, 3
lots, orders = st.integers(0, LOTS - 1), st.integers(0, ORDERS - 1)
# Lots and orders are few: splits, merges, rework and circles come by themselves.
acts = st.one_of(
    st.tuples(st.sampled_from(["consume", "consume", "produce", "produce", "take_back"]), lots, orders),
    st.tuples(st.sampled_from(["hold", "lift"]), lots, st.just(0)),
    st.tuples(st.just("cascade"), st.just(0), st.just(0)),
)


class Telling:
    """Tells a hub what happens, and keeps in dictionaries what ought to follow."""

    def __init__(self, plant: Plant, name: str) -> None:
        self.plant, self.name = plant, name
        self.into: dict[tuple[int, int], int] = defaultdict(int)  # quantity of a lot in an order
        self.out: set[tuple[int, int]] = set()
        self.held: set[int] = set()
        self.known: set[int] = set()

    def number(self, lot: int) -> str:
        return f"{self.name}-L{lot}"

    async def act(self, act: str, lot: int, order: int) -> None:
        if act == "cascade":
            assert self.plant.hub
            await self.plant.hub.cascader.run_once()
        elif act in ("hold", "lift"):
            await self._hold(lot, act == "hold")
        elif act == "produce":
            self.out.add((lot, order))
            await self._book("produced", lot, order, "10")
        elif act == "consume" or self.into[lot, order] > 0:
            sign = 1 if act == "consume" else -1
            self.into[lot, order] += sign
            await self._book("consumed", lot, order, str(sign))

    async def _book(self, kind: str, lot: int, order: int, qty: str) -> None:
        self.known.add(lot)
        await self.plant.tell_made(kind, f"{self.name}-W{order}", self.number(lot), qty)

    async def _hold(self, lot: int, placed: bool) -> None:
        if placed == (lot in self.held):
            return
        self.known.add(lot)
        (self.held.add if placed else self.held.discard)(lot)
        data: dict[str, Any] = {"lot": {"id": self.number(lot)}, "hold": f"H{lot}", "reason": "quality"}
        await self.plant.push("mes", f"hold.{'requested' if placed else 'released'}.v1", data)

    def expected(self, lot: int) -> set[str]:
        """Return the lots above a lot that are held, by a search up its parents."""
        seen, todo = set[int](), [lot]
        while todo:
            current = todo.pop()
            made_in = {order for child, order in self.out if child == current}
            parents = {p for (p, order), qty in self.into.items() if order in made_in and qty > 0 and p != current}
            todo += parents - seen
            seen |= parents
        return {self.number(p) for p in seen & self.held - {lot}}

    async def carried(self, lot: int) -> set[str]:
        state = await self.plant.lot(self.number(lot))
        return {h.origin_number for h in state.holds.values() if h.root}


@pytest.mark.parametrize("a_transaction", [1, 3])
def test_every_lot_carries_the_holds_of_all_it_was_made_from_and_no_other(
    database_url: str, monkeypatch: pytest.MonkeyPatch, a_transaction: int
) -> None:
    monkeypatch.setattr(decider, "LOTS", a_transaction)
    plant, names = Plant(database_url), count()
    plant.start()
    loop = asyncio.new_event_loop()

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(st.lists(acts, min_size=5, max_size=40))
    def tell(told: list[tuple[str, int, int]]) -> None:
        loop.run_until_complete(_tell(Telling(plant, f"T{next(names)}"), told))

    tell()
    loop.close()
    plant.stop()


async def _tell(telling: Telling, told: list[tuple[str, int, int]]) -> None:
    hub = telling.plant.hub
    assert hub
    for act, lot, order in told:
        await telling.act(act, lot, order)
        if act == "produce":  # what is made inherits in its own commit, also in the middle of a cascade
            parents = {p for (p, o), qty in telling.into.items() if o == order and qty > 0} - {lot}
            assert {telling.number(p) for p in parents & telling.held} <= await telling.carried(lot)
    while await hub.cascader.run_once():
        pass
    found = {lot: await telling.carried(lot) for lot in telling.known}
    assert found == {lot: telling.expected(lot) for lot in telling.known}
