"""Work orders over HTTP and at the terminal."""

import pytest

from tests.api.conftest import Served
from tests.api.test_recalls import Output, run
from tests.scenarios.test_work_order_release import orders


async def test_an_order_that_may_not_run_says_why_and_ends_with_2(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    await served.plant.receive_lot()
    await orders(served.plant, "L-1", item="FG")
    found = await served.get("/v1/orders/WO-1")
    assert (found["blocked"], [x["why"] for x in found["lots"]]) == (True, ["awaiting inspection"])
    assert await run(served, monkeypatch, "order", "WO-1") == 2
    said = " ".join(capsys.readouterr().out.split())
    assert "it may not run; L-1: awaiting inspection" in said
    await served.plant.decide("L-1", ("ACC", None))
    await served.plant.settle()
    assert await run(served, monkeypatch, "order", "WO-1") == 0
    assert (await served.ask("GET", "/v1/orders/WO-0"))[0] == 404
