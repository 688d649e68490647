"""What a recall starts from: a machine beyond a value, serials, a complaint; nothing unknown is left out in silence."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.scenarios.plant import Plant
from tests.scenarios.test_recall import ANN, view
from tracemill.hub import recall
from tracemill.hub.commands import Refused
from tracemill.model.recall import Origin
from tracemill.model.status import OriginKind

GTIN = "04012345678901"
SINCE, UNTIL = datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC)


async def fired(plant: Plant, lot: str, maximum: str | None, machine: str = "FURNACE-3", **more: Any) -> None:
    """Make a lot in a furnace, and tell how hot it was; nothing where nothing was told."""
    work = {"order": f"WO-{lot}", "machine": machine}
    made = {"lot": {"id": lot}, "movement": f"M-{lot}", "quantity": {"amount": "10", "unit": "KGM"}, "work": work}
    await plant.push("mes", "material.produced.v1", made)
    if maximum is not None:
        summary = {"parameter": "temperature", "unit": "CEL", "maximum": maximum, "readings": 90,
                   "started": "2026-11-23T09:00:00+00:00", "ended": "2026-11-23T09:30:00+00:00"}  # fmt: skip
        told = {"lot": {"id": lot}, "work": work, "summaries": [summary | more]}
        await plant.push("mes", "process.recorded.v1", told)


def hot(**more: Any) -> Origin:
    given: dict[str, Any] = {"machine": "FURNACE-3", "since": SINCE, "until": UNTIL, "above": Decimal(850)}
    return Origin(kind=OriginKind.MACHINE, **(given | more))


async def started(plant: Plant, origin: Origin) -> Any:
    assert plant.hub
    opened = await recall.start(plant.hub.runtime, origin, "too hot", ANN)
    return await view(plant, opened.id)


async def test_a_machine_above_a_value_names_what_was_too_hot_and_what_nothing_clears(plant: Plant) -> None:
    await fired(plant, "HOT", "861.5")
    await fired(plant, "FINE", "849")
    await fired(plant, "UNTOLD", None)
    await fired(plant, "OTHER", "900", machine="FURNACE-4")
    await fired(plant, "LATER", "900", started="2026-11-23T11:00:00+00:00", ended="2026-11-23T12:00:00+00:00")
    await plant.settle()
    found = await started(plant, hot(until=datetime(2026, 11, 23, 9, 30, tzinfo=UTC)))
    assert {x.number for x in found.lots} == {"HOT", "UNTOLD", "LATER"}  # LATER came out then; how hot it was then, nobody told
    assert found.recall.origin.words().endswith("temperature above 850 CEL")
    assert [(d.gap, d.count) for d in found.doubts] == [("unknown_condition", 2)]
    assert "nothing says what temperature was" in found.doubts[0].text


async def test_a_mean_of_many_readings_clears_nothing_and_another_unit_neither(plant: Plant) -> None:
    await fired(plant, "MEAN", None)
    await fired(plant, "FINE", "849")
    work = {"order": "WO-MEAN", "machine": "FURNACE-3"}
    mean = {"parameter": "temperature", "unit": "CEL", "mean": "840", "readings": 90, "started": "2026-11-23T09:00:00+00:00"}
    await plant.push("mes", "process.recorded.v1", {"lot": {"id": "MEAN"}, "work": work, "summaries": [mean]})
    await fired(plant, "FAHRENHEIT", "840", unit="FAH")
    await plant.settle()
    assert plant.hub
    with pytest.raises(Refused, match="temperature was told in CEL and FAH"):
        await recall.start(plant.hub.runtime, hot(), "too hot", ANN)
    assert {x.number for x in (await started(plant, hot(unit="CEL"))).lots} == {"MEAN", "FAHRENHEIT"}


async def test_a_value_that_may_be_of_two_parameters_is_refused(plant: Plant) -> None:
    await fired(plant, "HOT", "861.5")
    await fired(plant, "HOT", "900", parameter="pressure", unit="BAR")
    await plant.settle()
    assert plant.hub
    with pytest.raises(Refused, match="told pressure and temperature") as refused:
        await recall.start(plant.hub.runtime, hot(), "too hot", ANN)
    assert "parameter" in refused.value.hint
    assert {x.number for x in (await started(plant, hot(parameter="temperature"))).lots} == {"HOT"}


async def test_a_root_stays_when_a_later_telling_clears_it(plant: Plant) -> None:
    await fired(plant, "HOT", "861.5")
    await plant.settle()
    await started(plant, hot())
    await fired(plant, "HOT", "849")
    await plant.settle()
    assert {x.number for x in (await view(plant)).lots} == {"HOT"}


async def serials(plant: Plant, *numbers: str, item: str = "P-1") -> None:
    for number in numbers:
        await plant.receive_lot(number, "1", item=item)
    await plant.settle()


def from_to(first: str, last: str, **more: Any) -> Origin:
    return Origin(kind=OriginKind.SERIALS, first=first, last=last, **more)


async def test_serials_from_first_to_last_are_in_and_one_that_nobody_knows_is_said(plant: Plant) -> None:
    await serials(plant, "SN-0099", "SN-0100", "SN-0102", "SN-0103", "SN-0100A")
    found = await started(plant, from_to("SN-0100", "SN-0102"))
    assert {x.number for x in found.lots} == {"SN-0100", "SN-0102"}
    missing = next(g for g in found.gaps if g.gap == "unknown_serial")
    assert missing.examples == ("SN-0101",)
    assert not found.complete


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (f"(01){GTIN}(21)SN0100", f"(01){GTIN}(21)SN0102"),
        (f"https://id.gs1.org/01/{GTIN}/21/SN0100", f"https://id.gs1.org/01/{GTIN}/21/SN0102"),
    ],
    ids=["element string", "Digital Link"],
)
async def test_labels_name_serials_of_their_item_under_every_name(plant: Plant, first: str, last: str) -> None:
    await serials(plant, "SN0100", item=GTIN)
    await serials(plant, f"https://id.gs1.org/01/{GTIN}/21/SN0101", item="P-9")
    await serials(plant, "SN0102", item="P-1")
    found = await started(plant, from_to(first, last))
    assert {x.number for x in found.lots} == {"SN0100", f"https://id.gs1.org/01/{GTIN}/21/SN0101"}
    assert {g.gap: g.examples for g in found.gaps if "serial" in g.gap or "item" in g.gap} == {
        "unknown_serial": ("SN0102",), "unclear_item": ("SN0102",),
    }  # fmt: skip


async def test_serials_of_two_items_are_refused_until_one_is_named(plant: Plant) -> None:
    await serials(plant, "SN-1", item="P-1")
    await serials(plant, "SN-2", item="P-2")
    assert plant.hub
    with pytest.raises(Refused, match="of several items: P-1, P-2"):
        await recall.start(plant.hub.runtime, from_to("SN-1", "SN-2"), "cracks", ANN)
    assert {x.number for x in (await started(plant, from_to("SN-1", "SN-2", item="P-2"))).lots} == {"SN-2"}


async def test_a_range_that_is_not_certain_is_refused_with_what_to_write(plant: Plant) -> None:
    assert plant.hub
    for first, last in (("SN-9", "SN-10"), (f"(01){GTIN}(21)A1", "A2")):
        with pytest.raises(Refused) as refused:
            await recall.start(plant.hub.runtime, from_to(first, last), "cracks", ANN)
        assert (refused.value.kind, bool(refused.value.hint)) == ("invalid", True)


async def test_a_complaint_names_every_lot_that_was_complained_about_under_its_number(plant: Plant) -> None:
    await serials(plant, "JAR-1", "JAR-2", "JAR-3")
    for lot, number in (("JAR-1", "C-2611"), ("JAR-2", "C-2611"), ("JAR-3", "C-2612")):
        await plant.push("erp", "complaint.received.v1", {"lot": {"id": lot}, "complaint": number, "defect": "glass"})
    await plant.settle()
    found = await started(plant, Origin(kind=OriginKind.COMPLAINT, complaint="C-2611"))
    assert {x.number for x in found.lots} == {"JAR-1", "JAR-2"}
    assert "complaint C-2611 reaches 2 lots" in found.sentence
    assert plant.hub
    with pytest.raises(Refused, match="nothing is known of complaint C-9"):
        await recall.start(plant.hub.runtime, Origin(kind=OriginKind.COMPLAINT, complaint="C-9"), "glass", ANN)
