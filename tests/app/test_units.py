"""Containers as units: what a site declares is counted, what nobody declares is parked with a step that helps."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tracemill.app.build import build_hub
from tracemill.app.config import load_project
from tracemill.app.starter import write_starter
from tracemill.hub import commands, replay
from tracemill.hub.commands import By, Pushed
from tracemill.hub.hub import Hub
from tracemill.model.lot import Lot
from tracemill.model.record import decode
from tracemill.store.tables import lot, message

DRUMS = 'conversions: {4711: [{unit: DRM, to: KGM, factor: "25"}, {unit: ROLLE, to: kg, factor: 12.5}]}\n'
BY = By(name="erp")


@asynccontextmanager
async def hub_at(folder: Path, more: str = "") -> AsyncIterator[Hub]:
    """A hub on the starter's project, with more lines in the file of its site."""
    if not folder.exists():
        write_starter(folder)
    site = folder / "sites" / "PLANT-1.yaml"
    site.write_text(site.read_text() + more)
    project, reader = load_project(folder)
    assert project, reader.findings
    hub = build_hub(project, reader, polls=False)
    try:
        yield hub
    finally:
        await hub.stop()
        hub.runtime.store.close()


async def receive(hub: Hub, amount: str, unit: str) -> Any:
    """Let ERP tell a receipt; return its message once it is decided."""
    data = {"lot": {"id": "L-1", "item": "4711"}, "quantity": {"amount": amount, "unit": unit}, "receipt": "R1"}
    event = {"specversion": "1.0", "id": f"{amount}{unit}", "source": "/erp", "type": "lot.received.v1", "data": data}
    pushed = Pushed(system="erp", site="PLANT-1", key=f"{amount}{unit}", body=json.dumps(event).encode())
    (receipt,) = await commands.accept(hub.runtime, [pushed], BY)
    await hub.processor.run_once()
    query = select(message).where(message.c.uuid == receipt.uuid)
    return await hub.runtime.store.read(lambda c: c.execute(query).one())


async def known(hub: Hub) -> Lot:
    text = await hub.runtime.store.read(lambda c: c.execute(select(lot.c.state)).scalar_one())
    return decode(text, Lot)


@pytest.mark.parametrize(("amount", "unit", "kilograms"), [("4", "DRM", 100), ("2", "ROLLE", 25), ("480", "kg", 480)])
async def test_what_a_site_declares_is_a_unit_and_is_counted_in_its_base_unit(
    tmp_path: Path, amount: str, unit: str, kilograms: int
) -> None:
    async with hub_at(tmp_path / "plant", DRUMS) as hub:
        assert (await receive(hub, amount, unit)).state == "processed"
        found = await known(hub)
        assert (found.received, found.unit) == (kilograms, "KGM")


async def test_drums_that_nobody_declared_are_parked_and_the_hint_works(tmp_path: Path) -> None:
    folder = tmp_path / "plant"
    async with hub_at(folder) as hub:
        parked = await receive(hub, "4", "DRM")
        assert parked.state == "parked"
        assert "how much of item 4711 is in 4 drums" in parked.cause
        assert "sites/PLANT-1.yaml" in parked.hint
    said = parked.hint.partition("sites/PLANT-1.yaml: ")[2].partition(", restart")[0]
    async with hub_at(folder, f"{said}\n") as hub:
        await replay.replay(hub.runtime, parked.uuid, "lena", "drums declared")
        assert (await known(hub)).received == 100
        settled = await hub.runtime.store.read(lambda c: c.execute(select(message)).one())
        assert (settled.state, settled.settled_by, settled.reason) == ("replayed", "lena", "drums declared")


@pytest.mark.parametrize(
    ("amount", "unit", "field", "hint"),
    [
        ("1,5", "KGM", "field data.quantity.amount: quantity '1,5'", "send it under a new id"),
        ("NaN", "KGM", "field data.quantity.amount", "send it under a new id"),
        ("4", "FASS", "field data.quantity.unit: unit 'FASS' is not known", "units: {FASS: KGM}, or how much it is"),
    ],
)
async def test_an_amount_that_cannot_be_read_names_its_field_and_the_next_step(
    tmp_path: Path, amount: str, unit: str, field: str, hint: str
) -> None:
    async with hub_at(tmp_path / "plant") as hub:
        parked = await receive(hub, amount, unit)
        assert (parked.state, parked.cause_code) == ("parked", "T311")
        assert field in parked.cause
        assert hint in parked.hint
