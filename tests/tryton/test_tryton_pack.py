"""The Tryton pack against a running Tryton: what the hub reads of it, what it does there, and what it makes of a crash."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.tryton.calls import balance, create, press
from tests.tryton.calls import find as shipments
from tracemill.app.build import build_links, utc_now
from tracemill.app.config import load_project
from tracemill.core.transfers import transfers
from tracemill.demo.tryton import People, Plant, Receipt, Rest, Session
from tracemill.hub.link import Link
from tracemill.hub.translate import translate_body
from tracemill.model.connector import Fetched, InDoubt, Job, Rejected, Unavailable
from tracemill.model.event import Event
from tracemill.model.lot import Claim, Target
from tracemill.model.quantity import show
from tracemill.model.status import StockStatus

SITE = "PLANT-DE"
_fresh = count(1)


class Crash(Exception):
    """The hub is gone."""


class Notes:
    """Keeps the cursor of a delivery, as the store does; the n-th note is the last thing that a hub does before it dies."""

    def __init__(self, dies_at: int = 0) -> None:
        self.cursor: dict[str, Any] = {}
        self.written, self.dies_at = 0, dies_at

    async def __call__(self, cursor: dict[str, Any]) -> None:
        self.cursor = cursor
        self.written += 1
        if self.written == self.dies_at:
            raise Crash


@pytest.fixture
async def tryton(plant: Plant, tmp_path: Path) -> AsyncIterator[Link]:
    link = link_to(plant, tmp_path, plant.hub_key)
    yield link
    await link.connector.close()


def link_to(plant: Plant, folder: Path, key: str) -> Link:
    """The hub's link, built from a project folder as a running hub builds it."""
    for name in ("systems", "sites"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "tracemill.yaml").write_text(f"sites: [{SITE}]\n")
    (folder / "authority.yaml").write_text("rules:\n  - {facet: quality, owner: erp}\n")
    (folder / "sites" / f"{SITE}.yaml").write_text("zone: UTC\n")
    url = f"{plant.base_url}/{plant.database}"
    connection = f"connection: {{url: '{url}', credentials: {{token: 'plain:{key}'}}}}\n"
    (folder / "systems" / "erp.yaml").write_text(f"pack: tryton\nsite: {SITE}\nmode: act\nuser: hub\n{connection}")
    project, reader = load_project(folder)
    assert project is not None, reader.findings
    return build_links(project, reader, utc_now)["erp"]


async def poll(link: Link, feed: str, cursor: dict[str, Any] | None = None) -> tuple[list[Fetched], dict[str, Any]]:
    """Read a feed to its last page."""
    found: list[Fetched] = []
    cursor = dict(cursor or {})
    for _ in range(50):
        page = await link.connector.poll(feed, cursor, datetime.now(UTC))
        found, cursor = [*found, *page.records], page.cursor
        if not page.more:
            return found, cursor
    raise AssertionError(f"{feed} never ends")


def told(link: Link, feed: str, record: Fetched) -> list[Event]:
    names = link.feeds[feed].mappings
    times = {"received_at": record.read_started, "read_started": record.read_started}
    return translate_body(link, names, record.body, site=SITE, origin=record.key, **times)


async def stock(link: Link, number: str) -> Event:
    fetched = (await link.connector.read([number], utc_now))[number]
    assert fetched is not None
    (event,) = told(link, "stock", fetched)
    return event


def sums(event: Event) -> dict[str, str]:
    found: dict[str, Decimal] = {}
    for row in event.data.rows:
        found[str(row.status)] = found.get(str(row.status), Decimal(0)) + row.quantity.amount
    return {status: show(amount) for status, amount in found.items()}


def job(number: str, *moves: tuple[str, str, str], token: str = "", unit: str = "KGM", item: str = "RM-RESIN") -> Job:
    planned = [{"from": source, "to": to, "quantity": quantity} for source, to, quantity in moves]
    value = {"transfers": planned, "unit": unit, "item": item}
    return Job(token=token or f"tm-pack-{next(_fresh)}", verb="set_status", lot=number, number=number, value=value)


def again(work: Job) -> Job:
    return msgspec.structs.replace(work, attempt=2, doubtful=True)


async def planned(link: Link, number: str, available: str, blocked: str) -> Job:
    """Plan from a reading, as the hub does."""
    shown = {StockStatus(s): Decimal(a) for s, a in sums(await stock(link, number)).items()}
    claim = Claim(read_started=utc_now(), **{str(s): a for s, a in shown.items()})
    plan = transfers(Target(available=Decimal(available), blocked=Decimal(blocked)), claim)
    return job(number, *((str(t.source), str(t.to), show(t.quantity)) for t in plan))


def number_of(admin: Session, receipt: Receipt) -> str:
    return str(admin.find("stock.lot", [["id", "=", receipt.lot]], ["number"])[0]["number"])


async def test_the_probe_knows_a_good_key_from_a_bad_one(tryton: Link, plant: Plant, tmp_path: Path) -> None:
    assert (await tryton.connector.probe()).ok
    stranger = link_to(plant, tmp_path / "stranger", "wrong")
    probe = await stranger.connector.probe()
    await stranger.connector.close()
    assert (probe.ok, "wrong" in probe.detail) == (False, False)


async def test_a_shipment_is_found_by_polling_with_its_purchase_order(
    tryton: Link, plant: Plant, admin: Session, received: Receipt
) -> None:
    records, cursor = await poll(tryton, "shipments")
    (mine,) = [r for r in records if r.key == str(received.shipment)]
    (event,) = told(tryton, "shipments", mine)
    number = number_of(admin, received)
    assert (event.type, event.lot.id, event.lot.item) == ("lot.received.v1", number, "RM-RESIN")
    data = event.data
    assert (str(data.quantity), data.supplier.name, data.purchase_order) == ("100 kg", "Acme Resins", plant.purchase_order_number)
    assert (data.place, data.receipt, event.actor) == ("IN", received.number, "warehouse")
    later, _ = await poll(tryton, "shipments", cursor)
    assert str(received.shipment) in {r.key for r in later}  # the overlap reads it again; unchanged, the hub drops it


async def test_whatever_moves_a_lot_is_seen_and_read_whole(
    tryton: Link, people: People, admin: Session, quarantined: Receipt
) -> None:
    number = number_of(admin, quarantined)
    _, cursor = await poll(tryton, "stock")
    people.move(quarantined.lot, 30.0, "QUA", "STO")
    records, _ = await poll(tryton, "stock", cursor)
    (mine,) = [r for r in records if r.key == number]
    (event,) = told(tryton, "stock", mine)
    assert sums(event) == {"quarantine": "70", "available": "30"}
    assert {row.native: row.place for row in event.data.rows} == {"QUA": "QUA", "STO": "STO"}


async def test_a_released_and_a_rejected_part_stand_in_their_places(
    tryton: Link, hub: Rest, admin: Session, quarantined: Receipt
) -> None:
    number = number_of(admin, quarantined)
    work = await planned(tryton, number, "80", "20")
    await tryton.connector.send(work, {}, Notes())
    assert balance(hub, quarantined.lot) == {"STO": 80.0, "REJ": 20.0}
    event = await stock(tryton, number)
    assert sums(event) == {"available": "80", "blocked": "20"}
    (block,) = [row.restriction for row in event.data.rows if row.restriction]
    assert (block.by, block.reason) == ("hub", "rejected")  # an echo of our own write: known by its user
    assert (await tryton.connector.seek(work, {})).state == "present"


async def test_a_hub_that_dies_at_any_note_makes_nothing_twice(
    tryton: Link, hub: Rest, people: People, admin: Session, plant: Plant
) -> None:
    """The steps are enumerated by the pack: the hub dies at the first note, at the second ... until it survives."""
    for dies_at in range(1, 40):
        receipt = people.receive_shipment(f"CRASH-{dies_at}", 10.0)
        people.put_away(receipt.shipment)
        work = job(f"CRASH-{dies_at}", ("quarantine", "blocked", "2"), ("quarantine", "available", "8"))
        notes = Notes(dies_at)
        try:
            await tryton.connector.send(work, {}, notes)
        except Crash:
            cursor = notes.cursor
        else:
            break
        await tryton.connector.send(again(work), cursor, Notes())
        assert balance(hub, receipt.lot) == {"STO": 8.0, "REJ": 2.0}, dies_at
        made = admin.find("stock.shipment.internal", [["reference", "like", f"{work.token}%"]], ["state"])
        assert [row["state"] for row in made] == ["done", "done"], dies_at
    assert dies_at > 12


async def test_an_answer_lost_after_create_makes_no_second_transfer(
    tryton: Link, hub: Rest, plant: Plant, admin: Session, quarantined: Receipt
) -> None:
    """What is known is only the intent: Tryton made the shipment, nobody heard of it."""
    work = job(number_of(admin, quarantined), ("quarantine", "available", "40"))
    notes = Notes(1)
    with pytest.raises(Crash):
        await tryton.connector.send(work, {}, notes)
    assert notes.cursor["intent"]
    create(hub, plant, f"{work.token}-0", quarantined.lot, 40.0)
    assert (await tryton.connector.seek(again(work), notes.cursor)).state == "absent"  # made, but nothing moved yet
    await tryton.connector.send(again(work), notes.cursor, Notes())
    (made,) = shipments(hub, f"{work.token}-0")
    assert (made["state"], balance(hub, quarantined.lot)) == ("done", {"QUA": 60.0, "STO": 40.0})


async def test_200_that_did_nothing_is_noticed(tryton: Link, hub: Rest, admin: Session, received: Receipt) -> None:
    """Nothing is put away yet: Tryton would answer 200 to each button, and move nothing."""
    with pytest.raises(Unavailable, match=r"of 40 kg only 0.* stand in QUA: it is not put away yet"):
        await tryton.connector.send(job(number_of(admin, received), ("quarantine", "available", "40")), {}, Notes())
    assert balance(hub, received.lot) == {"IN": 100.0}


async def test_200_that_reserved_half_is_taken_back_and_planned_anew(
    tryton: Link, hub: Rest, plant: Plant, people: People, admin: Session, quarantined: Receipt
) -> None:
    """Between our look and our button somebody reserved what we wanted: `assign_try` says 200 and finds too little."""
    number = number_of(admin, quarantined)
    other = create(hub, plant, "by-hand", quarantined.lot, 70.0, "REJ").body["id"]
    press(hub, other, "wait")
    press(hub, other, "assign_try")
    work = job(number, ("quarantine", "available", "40"))
    with pytest.raises(Rejected, match="found too little to reserve"):
        await tryton.connector.send(work, {}, Notes())
    assert [row["state"] for row in shipments(hub, f"{work.token}-0")] == ["cancelled"]
    assert balance(hub, quarantined.lot) == {"QUA": 100.0}


async def test_an_inspection_that_is_due_in_tryton_waits_for_a_person(
    tryton: Link, hub: Rest, plant: Plant, admin: Session, quarantined: Receipt
) -> None:
    point = {"name": "seal", "string": "Seal", "type_": "boolean"}
    values = {"company": plant.company, "product": plant.product, "points": [["create", [point]]]}
    control = admin.create("quality.control", name="Seal", operations=["stock.shipment.internal:do"], frequency=1.0, **values)
    work, notes = job(number_of(admin, quarantined), ("quarantine", "available", "40")), Notes()
    try:
        with pytest.raises(Unavailable, match="asks a person first"):
            await tryton.connector.send(work, {}, notes)
    finally:
        admin.write("quality.control", control, active=False)
    assert balance(hub, quarantined.lot) == {"QUA": 100.0}
    await tryton.connector.send(again(work), notes.cursor, Notes())
    assert balance(hub, quarantined.lot) == {"QUA": 60.0, "STO": 40.0}


async def test_a_release_overtaken_half_way_leaves_no_draft_that_anybody_could_finish(
    tryton: Link, hub: Rest, admin: Session, quarantined: Receipt
) -> None:
    number = number_of(admin, quarantined)
    release = job(number, ("quarantine", "available", "100"))
    notes = Notes(7)  # made and waiting, not done
    with pytest.raises(Crash):
        await tryton.connector.send(release, {}, notes)
    (left,) = shipments(hub, f"{release.token}-0")
    assert left["state"] not in ("done", "cancelled")
    await tryton.connector.send(job(number, ("quarantine", "blocked", "100")), {}, Notes())
    assert [row["state"] for row in shipments(hub, f"{release.token}-0")] == ["cancelled"]
    assert balance(hub, quarantined.lot) == {"REJ": 100.0}


async def test_a_restriction_takes_what_is_left_where_people_were_faster(
    tryton: Link, hub: Rest, people: People, admin: Session, quarantined: Receipt
) -> None:
    people.move(quarantined.lot, 60.0, "QUA", "STO")
    people.ship(quarantined.lot, 25.0)
    await tryton.connector.send(job(number_of(admin, quarantined), ("available", "blocked", "60")), {}, Notes())
    assert balance(hub, quarantined.lot) == {"QUA": 40.0, "REJ": 35.0}


async def test_a_person_who_cancels_our_shipment_is_told_apart_from_a_failure(
    tryton: Link, hub: Rest, admin: Session, quarantined: Receipt
) -> None:
    work, notes = job(number_of(admin, quarantined), ("quarantine", "available", "40")), Notes(5)
    with pytest.raises(Crash):
        await tryton.connector.send(work, {}, notes)
    (made,) = shipments(hub, f"{work.token}-0")
    admin.press("stock.shipment.internal", "cancel", made["id"])
    with pytest.raises(Rejected, match="cancelled"):
        await tryton.connector.send(again(work), notes.cursor, Notes())
    assert balance(hub, quarantined.lot) == {"QUA": 100.0}


async def test_two_lots_with_one_number_are_not_guessed_at(tryton: Link, hub: Rest, plant: Plant, people: People) -> None:
    for _ in range(2):
        receipt = people.receive_shipment("TWIN-LOT", 10.0)
        people.put_away(receipt.shipment)
    with pytest.raises(Unavailable, match="several lots of this product have the number TWIN-LOT"):
        await tryton.connector.send(job("TWIN-LOT", ("quarantine", "available", "10")), {}, Notes())
    with pytest.raises(Exception, match="renumber all but one"):
        await stock(tryton, "TWIN-LOT")


async def test_another_unit_or_another_item_is_not_sent(tryton: Link, admin: Session, quarantined: Receipt) -> None:
    number = number_of(admin, quarantined)
    with pytest.raises(Unavailable, match="Tryton counts it in kg, the hub in TNE"):
        await tryton.connector.send(job(number, ("quarantine", "available", "1"), unit="TNE"), {}, Notes())
    with pytest.raises(Unavailable, match="Tryton knows no lot"):
        await tryton.connector.send(job(number, ("quarantine", "available", "1"), item="RM-CAPS"), {}, Notes())


async def test_a_lot_that_is_not_there_is_absent_and_to_a_stranger_unknown(tryton: Link, plant: Plant, tmp_path: Path) -> None:
    assert await tryton.connector.read(["NO-SUCH-LOT"], utc_now) == {"NO-SUCH-LOT": None}
    stranger = link_to(plant, tmp_path / "stranger", "wrong")
    with pytest.raises((Unavailable, InDoubt)):
        await stranger.connector.read(["NO-SUCH-LOT"], utc_now)
    await stranger.connector.close()
