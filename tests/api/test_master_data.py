"""Items and parties over HTTP and at the terminal."""

from typing import Any

import pytest

from tests.api.conftest import Served
from tests.api.test_recalls import Output, run
from tests.scenarios.plant import SITE
from tracemill.model.policy import AuthorityRule
from tracemill.model.record import replaced


async def test_items_are_listed_and_shown_with_what_they_are_made_from(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    hub: Any = served.plant.hub
    policies = hub.runtime.policies
    owned = (*policies[SITE].authority, AuthorityRule(facet="master_data", owner="erp"))
    policies[SITE] = replaced(policies[SITE], authority=owned)
    drum = {"unit": "DRM", "to": "KGM", "factor": "25"}
    item = {"item": "4711", "text": "syrup", "base_unit": "KGM", "conversions": [drum], "material_class": "raw"}
    await served.plant.push("erp", "item.defined.v1", item)
    await served.plant.push("erp", "bom.defined.v1", {"item": "4711", "components": [{"item": "4700"}]})
    await served.plant.push("erp", "routing.defined.v1", {"item": "4711", "operations": [{"operation": "10", "plan": "pH"}]})
    await served.plant.push("erp", "party.defined.v1", {"party": "ACME", "approval": "approved"})
    found = await served.get("/v1/items")
    assert [(v["item"]["item"], v["in_force"]) for v in found["items"]] == [("4711", True)]
    assert (await served.get("/v1/parties"))["items"][0]["party"]["approval"] == "approved"
    assert (await served.ask("GET", "/v1/items/4712"))[0] == 404
    assert await run(served, monkeypatch, "items") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "4711 syrup raw kg 1 drums = 25 kg always" in said
    assert await run(served, monkeypatch, "item", "4711") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "made from 4700" in said
    assert "made by 10 (inspected by pH)" in said
