"""A tank is named wherever a lot is: what is in it is shown and held, and what comes out of it is held, too."""

import pytest

from tests.api.conftest import Served
from tests.scenarios.test_vessel import tell
from tracemill.model.status import VesselKind
from tracemill.model.vessel import VesselRule


@pytest.mark.parametrize("kind", list(VesselKind))
async def test_a_hold_on_a_tank_holds_what_is_in_it_and_what_comes_out_of_it(served: Served, kind: VesselKind) -> None:
    plant = served.plant
    assert plant.hub
    plant.hub.runtime.policies["PLANT-DE"].vessels["T-12"] = VesselRule(kind=kind)
    await plant.receive_lot("RAW-1")
    await plant.decide("RAW-1", ("ACC", None), inspection="SG-RAW-1")
    await tell(plant, "charged", lot="RAW-1", qty="100", minute=1)
    await tell(plant, "discharged", lot="FG-1", qty="30", minute=2)
    asked = {"reason": "quality", "note": "foreign smell"}
    status, content, _ = await served.ask("POST", "/v1/lots/T-12/holds", json=asked)
    assert status == 200, content
    assert (content["number"].partition("@")[0], content["total"]) == ("T-12", "70")
    await tell(plant, "discharged", lot="FG-2", qty="30", minute=3)
    made = await served.get("/v1/lots/FG-2")
    assert [h["reason"] for h in made["holds"] if "foreign smell" in h["note"]] == ["quality"]
    assert "more than quality allows" in str(await served.get("/v1/cases"))
