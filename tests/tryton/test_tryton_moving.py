"""Release and rejection as moves: each step, each step twice, answers that lie, and what Tryton refuses."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tryton.calls import balance, create, find, press
from tracemill.demo.tryton import (
    People,
    Plant,
    Receipt,
    Refused,
    Rest,
    Server,
    Session,
    install,
    lower_guard,
    raise_guard,
    running,
    seed,
)


class TestMoving:
    """c. find → create → wait → assign_try → do → read; the state read says which step is next."""

    @pytest.mark.parametrize("target", ["STO", "REJ"])
    def test_the_steps(self, hub: Rest, plant: Plant, quarantined: Receipt, target: str) -> None:
        token = f"tm-{quarantined.lot}-{target}"
        assert find(hub, token) == []
        made = create(hub, plant, token, quarantined.lot, 80.0, target)
        assert (made.status, made.body["state"], made.body["number"]) == (200, "draft", None)
        assert [row["id"] for row in find(hub, token)] == [made.body["id"]]
        states = [press(hub, made.body["id"], button).body["state"] for button in ("wait", "assign_try", "do")]
        assert states == ["waiting", "assigned", "done"]
        (row,) = find(hub, token)
        assert (row["state"], row["moves"][0]["state"], row["write_uid"]["login"]) == ("done", "done", "hub")
        assert balance(hub, quarantined.lot) == {"QUA": 20.0, target: 80.0}

    def test_a_step_repeated_after_a_crash(self, hub: Rest, plant: Plant, quarantined: Receipt) -> None:
        shipment = create(hub, plant, f"tm-{quarantined.lot}", quarantined.lot, 10.0).body["id"]
        assert [press(hub, shipment, "wait").body["state"] for _ in range(2)] == ["waiting", "waiting"]
        assert [press(hub, shipment, "assign_try").body["state"] for _ in range(2)] == ["assigned", "assigned"]
        assert press(hub, shipment, "wait").body["state"] == "waiting"  # a late `wait` takes the assignment back
        press(hub, shipment, "assign_try")
        assert press(hub, shipment, "do").body["state"] == "done"
        for button in ("do", "wait", "cancel"):
            again = press(hub, shipment, button)
            assert (again.status, f'You can not call "{button}" on' in again.body["message"]) == (400, True)
        assert press(hub, shipment, "assign_try").body["state"] == "done"
        assert balance(hub, quarantined.lot) == {"QUA": 90.0, "STO": 10.0}

    def test_do_pressed_by_many_at_once_moves_once(self, hub: Rest, plant: Plant, quarantined: Receipt) -> None:
        shipment = create(hub, plant, f"tm-{quarantined.lot}", quarantined.lot, 10.0).body["id"]
        press(hub, shipment, "wait")
        press(hub, shipment, "assign_try")
        with ThreadPoolExecutor(4) as hands:
            answers = [answer.status for answer in hands.map(lambda _: press(hub, shipment, "do"), range(4))]
        assert set(answers) <= {200, 400}
        assert balance(hub, quarantined.lot) == {"QUA": 90.0, "STO": 10.0}

    def test_the_reference_is_not_unique(self, hub: Rest, plant: Plant, stocked: Receipt) -> None:
        token = "tm-twice"
        for _ in range(2):
            assert create(hub, plant, token, stocked.lot, 1.0).status == 200
        assert len(find(hub, token)) == 2

    def test_200_that_did_nothing(self, hub: Rest, plant: Plant, received: Receipt) -> None:
        """The lot stands in IN, none of it in QUA."""
        shipment = create(hub, plant, f"tm-{received.lot}", received.lot, 5.0).body["id"]
        press(hub, shipment, "wait")
        tried = press(hub, shipment, "assign_try")
        assert (tried.status, tried.body["state"]) == (200, "waiting")
        dialog = press(hub, shipment, "assign_wizard")
        assert (dialog.status, type(dialog.body)) == (200, int)  # a number where a shipment was expected
        assert press(hub, shipment, "do").status == 400

    def test_200_that_did_half(self, hub: Rest, plant: Plant, quarantined: Receipt) -> None:
        """Too little stock: what there is gets reserved and the move is split; only `cancel` gives it back."""
        shipment = create(hub, plant, f"tm-{quarantined.lot}", quarantined.lot, 150.0).body["id"]
        press(hub, shipment, "wait")
        tried = press(hub, shipment, "assign_try").body
        assert tried["state"] == "waiting"
        assert sorted((move["quantity"], move["state"]) for move in tried["moves"]) == [
            (50.0, "draft"),
            (100.0, "assigned"),
        ]
        assert press(hub, shipment, "cancel").body["state"] == "cancelled"
        assert balance(hub, quarantined.lot) == {"QUA": 100.0}

    def test_assign_before_wait_reserves_and_leaves_a_draft(self, hub: Rest, plant: Plant, stocked: Receipt) -> None:
        shipment = create(hub, plant, "tm-early", stocked.lot, 5.0).body["id"]
        tried = press(hub, shipment, "assign_try").body
        assert (tried["state"], tried["moves"][0]["state"]) == ("draft", "assigned")

    def test_an_inspection_that_is_due_answers_400_without_a_word(
        self, hub: Rest, plant: Plant, admin: Session, stocked: Receipt
    ) -> None:
        """Over JSON-RPC it is a 200 with a dialog; REST has no word for it. Nothing was done either way."""
        shipment = create(hub, plant, "tm-inspected", stocked.lot, 5.0).body["id"]
        press(hub, shipment, "wait")
        press(hub, shipment, "assign_try")
        point = {"name": "seal", "string": "Seal", "type_": "boolean"}
        values = {"company": plant.company, "product": plant.product, "points": [["create", [point]]]}
        control = admin.create("quality.control", name="Seal", operations=["stock.shipment.internal:do"], frequency=1.0, **values)
        try:
            assert admin.press("stock.shipment.internal", "do", shipment) is not None
            refused = press(hub, shipment, "do")
        finally:
            admin.write("quality.control", control, active=False)
        assert (refused.status, refused.headers["Content-Type"][:9], "<p></p>" in refused.body) == (
            400,
            "text/html",
            True,
        )
        assert find(hub, "tm-inspected")[0]["state"] == "assigned"
        assert press(hub, shipment, "do").body["state"] == "done"

    def test_the_company_must_be_said(self, hub: Rest, plant: Plant, stocked: Receipt) -> None:
        """A key has no company of its own: without one the records fall outside the user's companies."""
        nowhere = replace(plant, company=None)  # type: ignore[arg-type]
        answer = create(hub, nowhere, "tm-nowhere", stocked.lot, 1.0)
        assert (answer.status, "User in companies" in answer.body["message"]) == (400, True)

    def test_a_quantity_finer_than_the_unit_is_refused(self, hub: Rest, plant: Plant, stocked: Receipt) -> None:
        answer = create(hub, plant, "tm-fine", stocked.lot, 1.234)
        assert (answer.status, "number of digits" in answer.body["message"]) == (400, True)


class TestEnforcement:
    """e. A place marks; with four record rules it blocks."""

    def test_the_ordinary_way_finds_nothing_to_take(self, people: People, quarantined: Receipt) -> None:
        lot = quarantined.lot
        assert people.ship(lot, 1.0) == "waiting"
        assert people.consume(lot, 1.0) == "waiting"
        assert people.move(lot, 1.0, "STO", "OUT") == "waiting"
        with pytest.raises(Refused, match=r"assign_force.*not allowed"):
            people.ship(lot, 1.0, force=True)

    def test_who_picks_quarantine_as_the_source_gets_it_without_a_warning(
        self, hub: Rest, people: People, quarantined: Receipt
    ) -> None:
        lot = quarantined.lot
        done = [people.ship(lot, 1.0, "QUA"), people.consume(lot, 1.0, "QUA"), people.move(lot, 1.0, "QUA", "STO")]
        assert done == ["done", "done", "done"]
        assert balance(hub, lot) == {"QUA": 97.0, "STO": 1.0}

    def test_with_the_guard_it_blocks_and_the_hub_still_may(
        self, server: Server, hub: Rest, plant: Plant, people: People
    ) -> None:
        raise_guard(server, plant)
        raise_guard(server, plant)
        try:
            receipt = people.receive_shipment("ACME-GUARD", 100.0)
            for source in ("IN", "QUA", "REJ"):
                for use in (people.ship, people.consume):
                    with pytest.raises(Refused, match="Held stock is moved by quality only"):
                        use(receipt.lot, 1.0, source)
                with pytest.raises(Refused, match="Held stock is moved by quality only"):
                    people.move(receipt.lot, 1.0, source, "STO")
            with pytest.raises(Refused, match="Held stock is moved by quality only"):
                people.receive_shipment("ACME-STRAIGHT", 1.0, storage="STO")
            people.put_away(receipt.shipment)
            shipment = create(hub, plant, "tm-guard", receipt.lot, 60.0).body["id"]
            assert [press(hub, shipment, b).body["state"] for b in ("wait", "assign_try", "do")][-1] == "done"
            assert people.consume(receipt.lot, 10.0) == "done"
            assert balance(hub, receipt.lot) == {"QUA": 40.0, "STO": 50.0}
        finally:
            lower_guard(server)


def test_a_stopped_plant_goes_on_where_it_stood(tmp_path: Path, server: Server) -> None:
    installed = install()
    with running(installed, tmp_path) as first:
        plant = seed(first)
        receipt = People(plant).receive_shipment("ACME-STAYS", 10.0)
    with running(installed, tmp_path) as second:
        again = seed(second)
        assert again.hub_key == plant.hub_key
        assert balance(again.hub(), receipt.lot) == {"IN": 10.0}
