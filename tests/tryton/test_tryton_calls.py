"""The calls of the Tryton pack, proved on a running Tryton 8.2: what it answers, and what it does not do."""

from datetime import UTC, datetime, timedelta

from tests.tryton.calls import BY_TIME, RECEIVED, balance, create, press, since
from tracemill.demo.tryton import People, Plant, Receipt, Rest, Server, Session, seed
from tracemill.demo.tryton.client import in_context, untagged
from tracemill.demo.tryton.seed import application_key


class TestSeed:
    def test_a_second_time_changes_nothing(self, server: Server, plant: Plant) -> None:
        assert seed(server) == plant


class TestChangeFeed:
    """a. `stock.shipment.in` gives all of a receipt in one GET; `stock.move` cannot reach the shipment's number."""

    def test_one_get_tells_the_whole_receipt(self, hub: Rest, plant: Plant, received: Receipt) -> None:
        domain = [["state", "in", ["received", "done", "cancelled"]], since(datetime.now(UTC) - timedelta(minutes=5))]
        answer = hub.find("stock.shipment.in", domain, RECEIVED, order=BY_TIME, size=100)
        row = answer.body[-1]
        assert (answer.status, row["number"], row["state"]) == (200, received.number, "received")
        assert row["supplier"]["name"] == "Acme Resins"
        assert row["warehouse_storage"]["code"] == "QUA"
        assert row["write_uid"]["login"] == "warehouse"
        (line,) = row["incoming_moves"]
        assert line["purchase"]["number"] == plant.purchase_order_number
        assert line["lot"]["number"].startswith("ACME-")
        assert (line["product"]["code"], line["quantity"], line["unit"]["symbol"]) == ("RM-RESIN", 100.0, "kg")
        assert (line["state"], line["to_location"]["code"]) == ("done", "IN")

    def test_put_away_is_a_change_of_the_same_shipment(self, hub: Rest, people: People, received: Receipt) -> None:
        (before,) = hub.find("stock.shipment.in", [["id", "=", received.shipment]], RECEIVED).body
        people.put_away(received.shipment)
        (after,) = hub.find("stock.shipment.in", [["id", "=", received.shipment]], RECEIVED).body
        assert (before["state"], after["state"]) == ("received", "done")
        assert untagged(after["last_modified_at"]) > untagged(before["last_modified_at"])

    def test_pages_go_on_exactly_after_the_last_row_seen(self, hub: Rest, quarantined: Receipt) -> None:
        domain = [["lot", "=", quarantined.lot], ["state", "=", "done"]]
        wanted = ["last_modified_at", "from_location.code", "to_location.code", "purchase.number", "supplier.name"]
        (first,) = hub.find("stock.move", domain, wanted, order=BY_TIME, size=1).body
        mark = untagged(first["last_modified_at"])
        after = ["OR", ["last_modified_at", ">", mark], [["last_modified_at", "=", mark], ["id", ">", first["id"]]]]
        (second,) = hub.find("stock.move", [*domain, after], wanted, order=BY_TIME, size=1).body
        assert (first["from_location"]["code"], first["to_location"]["code"]) == ("SUP", "IN")
        assert (second["from_location"]["code"], second["to_location"]["code"]) == ("IN", "QUA")
        assert (first["supplier"]["name"], second["purchase"]) == ("Acme Resins", None)

    def test_a_reference_cannot_be_looked_into(self, hub: Rest, stocked: Receipt) -> None:
        domain = [["shipment", "=", f"stock.shipment.in,{stocked.shipment}"]]
        assert hub.find("stock.move", domain, ["shipment.number"]).status == 500
        assert hub.find("stock.move", domain, ["shipment"]).body[0]["shipment"].startswith("stock.shipment.in,")

    def test_a_reversal_shows_only_to_who_asks_for_cancelled(
        self, hub: Rest, plant: Plant, people: People, admin: Session, quarantined: Receipt
    ) -> None:
        assert people.move(quarantined.lot, 10.0, "QUA", "STO") == "done"
        (move,) = hub.find("stock.move", [["lot", "=", quarantined.lot], ["to_location.code", "=", "STO"]], ["shipment"]).body
        admin.press("stock.shipment.internal", "cancel", int(move["shipment"].split(",")[1]))
        (now,) = hub.find("stock.move", [["id", "=", move["id"]]], ["state"]).body
        assert now["state"] == "cancelled"
        assert balance(hub, quarantined.lot) == {"QUA": 100.0}


class TestBalance:
    """b. One lot over all places, all lots in one place, or the ledger of many lots: one GET each."""

    def test_many_lots_in_one_place(self, hub: Rest, plant: Plant, stocked: Receipt) -> None:
        context = {"locations": [plant.locations["QUA"]], "with_childs": False}
        wanted = ["number", "product.code", "quantity", "default_uom.symbol"]
        answer = hub.find("stock.lot", [["quantity", ">", 0]], wanted, context=context)
        (row,) = [row for row in answer.body if row["id"] == stocked.lot]
        assert (row["number"], row["default_uom"]["symbol"]) == ("ACME-SHARED", "kg")
        assert row["quantity"] == balance(hub, stocked.lot)["QUA"]

    def test_without_a_context_zero_is_a_lie_and_the_filter_is_ignored(self, hub: Rest, stocked: Receipt) -> None:
        answer = hub.find("stock.lot", [["id", "=", stocked.lot], ["quantity", ">", 0]], ["quantity"])
        assert (answer.status, answer.body[0]["quantity"]) == (200, 0.0)

    def test_many_lots_by_place_are_the_sum_of_their_moves(self, hub: Rest, people: People, quarantined: Receipt) -> None:
        people.move(quarantined.lot, 30.0, "QUA", "STO")
        wanted = [
            "lot.number",
            "internal_quantity",
            "product.default_uom.symbol",
            "from_location.code",
            "to_location.code",
        ]
        domain = [["state", "=", "done"], ["lot", "in", [quarantined.lot]], ["product.code", "=", "RM-RESIN"]]
        ledger: dict[str, float] = {}
        for move in hub.find("stock.move", domain, wanted).body:
            for place, sign in ((move["to_location"]["code"], 1), (move["from_location"]["code"], -1)):
                ledger[place] = ledger.get(place, 0.0) + sign * move["internal_quantity"]
        assert {place: amount for place, amount in ledger.items() if amount and place != "SUP"} == {
            "QUA": 70.0,
            "STO": 30.0,
        }
        assert balance(hub, quarantined.lot) == {"QUA": 70.0, "STO": 30.0}


class TestWhoAndRights:
    """d."""

    def test_own_writes_carry_our_user(self, hub: Rest, plant: Plant, people: People, quarantined: Receipt) -> None:
        shipment = create(hub, plant, f"tm-{quarantined.lot}", quarantined.lot, 5.0).body["id"]
        for button in ("wait", "assign_try", "do"):
            press(hub, shipment, button)
        people.move(quarantined.lot, 7.0, "QUA", "STO")
        domain = [["lot", "=", quarantined.lot], ["to_location.code", "=", "STO"]]
        rows = hub.find("stock.move", domain, ["quantity", "write_uid.login", "create_uid.login"]).body
        assert {(row["quantity"], row["write_uid"]["login"]) for row in rows} == {(5.0, "hub"), (7.0, "warehouse")}

    def test_a_wrong_key(self, plant: Plant) -> None:
        stranger = Rest(plant.base_url, plant.database, "wrong")
        assert stranger.find("stock.lot", []).status == 401
        assert Rest(plant.base_url, "elsewhere", plant.hub_key).find("stock.lot", []).status == 404

    def test_missing_rights_are_400_or_a_field_that_is_not_there(
        self, hub: Rest, plant: Plant, admin: Session, stocked: Receipt
    ) -> None:
        denied = hub.find("account.move", [])
        assert (denied.status, denied.body["message"]) == (400, 'You are not allowed to access "Account Move".')
        buyers = admin.find("res.group", [["name", "=", "Purchase"]], ["id"])[0]["id"]
        buyer = admin.create("res.user", name="buyer", login="buyer", groups=[["add", [buyers]]])
        admin.write("res.user", buyer, companies=[["add", [plant.company]]], company=plant.company)
        reader = Rest(plant.base_url, plant.database, application_key(admin, buyer))
        (row,) = reader.find("stock.shipment.in", [["id", "=", stocked.shipment]], RECEIVED).body
        assert (row["number"], "lot" in row["incoming_moves"][0]) == (stocked.number, False)

    def test_no_right_and_wrong_state_are_both_400_and_differ_in_words(self, hub: Rest, plant: Plant, stocked: Receipt) -> None:
        shipment = create(hub, plant, "tm-words", stocked.lot, 5.0).body["id"]
        state, right, unknown = (press(hub, shipment, button) for button in ("do", "assign_force", "nonsense"))
        assert (state.status, state.body["message"][:20]) == (400, 'You can not call "do')
        assert (right.status, right.body["message"][-15:]) == (400, "is not allowed.")
        assert unknown.status == 403

    def test_rest_has_no_optimistic_lock(self, hub: Rest, stocked: Receipt) -> None:
        """Over JSON-RPC a stale `_timestamp` is refused; REST reads it and checks nothing."""
        stale = in_context({"_timestamp": {f"stock.lot,{stocked.lot}": "1.0"}})
        assert hub.find("stock.lot", [["id", "=", stocked.lot]], ["_timestamp"]).body[0]["_timestamp"]
        assert hub.call("PUT", f"model/stock.lot/{stocked.lot}", body={"active": True}, headers=stale).status == 200

    def test_faults_that_look_like_ours(self, hub: Rest) -> None:
        assert hub.find("no.model", []).status == 500
        assert hub.find("stock.lot", [], ["nonsense"]).status == 500
        assert hub.find("stock.lot", [["nonsense", "=", 1]]).status == 500
        assert hub.call("GET", "model/stock.lot", [("nonsense", "1")]).status == 200
        assert hub.call("GET", "model/stock.lot/999999").status == 404


class TestReceipt:
    """f. Received is not put away: until then the stock is in IN, and nobody guards it."""

    def test_received_stands_in_input(self, hub: Rest, people: People, received: Receipt) -> None:
        assert balance(hub, received.lot) == {"IN": 100.0}
        people.put_away(received.shipment)
        assert balance(hub, received.lot) == {"QUA": 100.0}

    def test_exposed_until_put_away(self, hub: Rest, people: People, received: Receipt) -> None:
        """Shipped out of IN, then put away in full all the same: Tryton lets IN go below zero."""
        assert people.ship(received.lot, 1.0, "IN") == "done"
        people.put_away(received.shipment)
        assert balance(hub, received.lot) == {"IN": -1.0, "QUA": 100.0}

    def test_two_lots_may_bear_one_number(self, hub: Rest, plant: Plant) -> None:
        for _ in range(2):
            assert hub.call("POST", "model/stock.lot", body={"number": "TWIN", "product": plant.product}).status == 200
        assert len(hub.find("stock.lot", [["number", "=", "TWIN"]]).body) == 2

    def test_a_warning_over_rest_cannot_be_answered(self, hub: Rest, plant: Plant) -> None:
        """A receipt without an order: the 400 does not name the warning, so no integration can say yes to it."""
        lot = hub.call("POST", "model/stock.lot", body={"number": "STRAY", "product": plant.product}).body["id"]
        places = {"from_location": plant.locations["SUP"], "to_location": plant.locations["IN"]}
        move = {"product": plant.product, "lot": lot, "quantity": 1.0, "unit": plant.unit, "company": plant.company}
        move |= {"currency": plant.currency, "unit_price": {"__class__": "Decimal", "decimal": "1"}}
        body = {
            "company": plant.company,
            "supplier": plant.supplier,
            "warehouse": plant.locations["WH"],
            "warehouse_input": plant.locations["IN"],
            "warehouse_storage": plant.locations["QUA"],
            "incoming_moves": [["create", [move | places]]],
        }
        shipment = hub.call("POST", "model/stock.shipment.in", body=body).body["id"]
        answer = hub.call("POST", f"model/stock.shipment.in/{shipment}/receive", body={})
        assert (answer.status, answer.body["message"][-15:]) == (400, "have no origin.")
