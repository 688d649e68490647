"""The second half of the story: the lot is used, made into something and sold, and only then rejected."""

from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tracemill.demo.claims import Claim, Scene, played, until
from tracemill.demo.elsewhere import Elsewhere
from tracemill.demo.mailbox import body_of, subject_of
from tracemill.demo.story import BATCH, MES_LOT, WMS_LOT, Story

HEEL, HEEL_WMS, HEEL_MES = "B-0902", "B0902", "MB0902"
SHIPPED, SHIPPED_WMS, SHIPPED_MES = "FG-0711", "FG0711", "MFG0711"
STAGED, STAGED_WMS, STAGED_MES = "FG-0712", "FG0712", "MFG0712"
UNTOLD, UNTOLD_MES = "FG-0720", "MFG0720"
TANK = "T-12"
PAGED = (
    "Quantity: 120 kg", "Place: dock 4, loading 02:40, DLV-80018 for Alpenkost",
    "Who to call: dispatch office, +49 30 5550 118", "Fallback: DLV-80018 is blocked, read back in WMS",
)  # fmt: skip


class Production:
    """Plays the scenes in order, after those of the receipt."""

    def __init__(self, story: Story, other: Elsewhere) -> None:
        self.story, self.plant, self.hub, self.other = story, story.plant, story.hub, other

    def scenes(self) -> AsyncIterator[Scene]:
        return played(
            self.heel, self.production, self.ledger, self.shipment, self.genealogy, self.other.second, self.rejection,
            self.unsafe, self.other.elsewhere, self.untold,
        )  # fmt: skip

    async def _hub_read(self, batch: str, **available: str) -> None:
        """Wait until the hub itself has read what systems have available."""

        async def read() -> Any:
            return {name: (await self.hub.system(batch, name))["available"] for name in available}

        await until("hub", "what was booked", available, read)

    async def _use(self, order: str, names: tuple[str, str, str], qty: str, left: str) -> None:
        """Into the tank in MES, then picked in WMS and issued in ERP: as people book it. `left`: what is then available."""
        batch, wms_lot, mes_lot = names
        await self.plant.act("mes", f"/ui/orders/{order}/consume", {"lot": mes_lot, "qty": qty, "vessel": TANK, "by": "OP17"})

        async def told() -> Any:
            return (await self.hub.lot(batch))["movements"]

        await until("hub", f"{qty} kg consumed", {"consumed": f"-{qty}"}, told)
        await self.plant.act("wms", "/ui/picks", {"lot": wms_lot, "qty": qty, "order": order})
        await self.plant.act("erp", "/ui/goods-issues", {"batch": batch, "qty": qty, "order": order, "by": "FLOOR"})
        await self._hub_read(batch, erp=left, wms=left)

    async def _make(self, order: str, names: tuple[str, str, str], qty: str) -> None:
        """Fill from the tank in MES, book the receipt in ERP, put away in WMS; the laboratory begins its inspection."""
        batch, wms_lot, mes_lot = names
        made = {"lot": mes_lot, "label": batch, "item": "8100", "qty": qty, "vessel": TANK, "by": "OP17"}
        await self.plant.act("mes", f"/ui/orders/{order}/produce", made)
        receipt = {"batch": batch, "material": "8100", "qty": qty, "order": order, "by": "FLOOR"}
        await self.plant.act("erp", "/ui/production-receipts", receipt)
        lot = {"lot": wms_lot, "erp_batch": batch, "item": "8100", "qty": qty, "unit": "KGM", "status": "QI"}
        await self.plant.act("wms", "/ui/receipts", lot)
        group = {"reference": order, "item": "8100", "lot_label": batch, "quantity": {"value": qty, "unit": "kg"}}
        await self.plant.act("qms", "/ui/sample-groups", group)
        await self._hub_read(batch, erp="0", wms="0")

    async def heel(self) -> Scene:
        """An earlier order leaves 40 kg in the tank."""
        scene = Scene("heel", f"tank {TANK} is charged with 40 kg of {HEEL}, and nothing comes out of it yet")
        await self.story.receive(HEEL, HEEL_WMS, "40", "BRN/0902", "4500012303", "4720")
        await until("QMS", "inspection", True, lambda: self.story.inspected(HEEL))
        await self.story.decide(HEEL, "ACC", accepted="40")
        scene.claims.append(await self.story.erp(HEEL, "40 kg available", F="40"))
        scene.claims.append(await self.story.wms(HEEL_WMS, "40 kg available", AVL="40"))
        scene.claims.append(await self.story.mes("40 kg consumable", "FREE 40 kg", HEEL_MES))
        await self._use("WO-10043", (HEEL, HEEL_WMS, HEEL_MES), "40", "0")

        async def moved() -> Any:
            return (await self.hub.lot(HEEL))["movements"]

        scene.claims.append(await until("hub", "40 kg consumed in WO-10043", {"consumed": "-40"}, moved))
        return scene

    async def production(self) -> Scene:
        """WO-10044 uses the lot in a tank that is not empty, and makes two lots of it."""
        title = f"WO-10044 consumes 260 kg of {BATCH} into {TANK}, which still holds 40 kg of {HEEL} → {SHIPPED} and {STAGED}"
        scene = Scene("production", title)
        await self._use("WO-10044", (BATCH, WMS_LOT, MES_LOT), "260", "103")
        scene.claims.append(await self.story.erp(BATCH, "260 kg issued to the order: 103 left, 116 blocked", F="103", S="116"))
        scene.claims.append(await self.story.wms(WMS_LOT, "260 kg picked: 103 left", AVL="103", HLD="96", DMG="20"))
        await self._make("WO-10044", (SHIPPED, SHIPPED_WMS, SHIPPED_MES), "180")
        await self._make("WO-10044", (STAGED, STAGED_WMS, STAGED_MES), "120")
        for batch, wms_lot, qty in ((SHIPPED, SHIPPED_WMS, "180"), (STAGED, STAGED_WMS, "120")):
            scene.claims.append(await self.story.erp(batch, f"{batch}: {qty} kg in inspection", Q=qty))
            scene.claims.append(await self.story.wms(wms_lot, f"{batch}: {qty} kg in inspection", QI=qty))
            scene.claims.append(await until("hub", f"{batch}: {qty} kg produced", qty, self._produced_of(batch)))
        return scene

    def _produced_of(self, batch: str) -> Any:
        async def produced() -> Any:
            return (await self.hub.lot(batch))["movements"]["produced"]

        return produced

    async def ledger(self) -> Scene:
        """Every kilogram that was received is somewhere."""
        sentence = "480 = 260 consumed + 103 free + 96 rejected + 20 damaged + 1 sample, gap 0"
        scene = Scene("ledger", f"{BATCH}: {sentence}")

        async def added_up() -> Any:
            return (await self.hub.lot(BATCH))["balance"]["sentence"]

        says = "received, consumed, sample: its ledger; free, blocked: ERP; why blocked: the holds"
        scene.claims.append(await until("hub", says, sentence, added_up))

        async def on_hand() -> Any:
            return (await self.hub.lot(BATCH))["total"]

        scene.claims.append(await until("hub", "219 kg should be there", "219", on_hand))
        return scene

    async def shipment(self) -> Scene:
        """One lot is on its way to the customer, the other waits at the dock for a release that meets a lock."""
        scene = Scene("shipment", f"{SHIPPED} goes to Northfood; {STAGED} is staged, its release in ERP meets a lock")
        await self.story.decide(SHIPPED, "ACC", accepted="180")
        scene.claims.append(await self.story.erp(SHIPPED, f"{SHIPPED}: 180 kg available", F="180"))
        scene.claims.append(await self.story.wms(SHIPPED_WMS, f"{SHIPPED}: 180 kg available", AVL="180"))
        await self._plan("DLV-80017", SHIPPED_WMS, "180", ("C-100", "Northfood"), "2")
        await self.plant.act("erp", "/ui/delivery-issues", {"batch": SHIPPED, "qty": "180", "delivery": "DLV-80017"})
        await self._hub_read(SHIPPED, erp="0")
        for act in ("load", "depart"):
            await self.plant.act("wms", f"/ui/shipments/DLV-80017/{act}")
        sent = ("DLV-80017", "180", "shipped", "Northfood")
        scene.claims.append(await until("hub", "180 kg on DLV-80017 to Northfood", [sent], self._sent_of(SHIPPED)))
        await self.plant.act("erp", "/ui/locks", {"batch": STAGED, "user": "USER7"})
        await self.story.decide(STAGED, "ACC", accepted="120")
        scene.claims.append(await self.story.wms(STAGED_WMS, f"{STAGED}: 120 kg available", AVL="120"))
        await self._plan("DLV-80018", STAGED_WMS, "120", ("C-310", "Alpenkost"), "4")
        waiting = ("DLV-80018", "120", "staged", "Alpenkost")
        scene.claims.append(await until("hub", "120 kg staged for Alpenkost", [waiting], self._sent_of(STAGED)))

        async def retrying() -> Any:
            return (await self.hub.deliveries(STAGED, "erp"))[0]["state"]

        scene.claims.append(await until("hub", f"release of {STAGED} in ERP: retrying", "retrying", retrying))
        return scene

    async def _plan(self, shipment: str, lot: str, qty: str, customer: tuple[str, str], dock: str) -> None:
        """Plan a shipment in WMS, to be loaded at 02:40."""
        tomorrow = datetime.now(ZoneInfo("Europe/Berlin")).date() + timedelta(days=1)
        loading = datetime.combine(tomorrow, time(2, 40), ZoneInfo("Europe/Berlin")).isoformat()
        body = {"shipment": shipment, "customer": customer[0], "customer_name": customer[1], "dock": dock, "loading_at": loading}
        await self.plant.act("wms", "/ui/shipments", {**body, "lines": [{"lot": lot, "qty": qty}]})

    def _sent_of(self, batch: str) -> Any:
        async def sent() -> Any:
            nodes = {n["number"]: n for n in (await self.hub.trace(batch, "back"))["lots"]}
            return [(s["shipment"], s["quantity"], s["state"], s["customer"]) for s in nodes[batch]["shipments"]]

        return sent

    async def genealogy(self) -> Scene:
        """The trace reaches both lots, and the heel of the tank."""
        scene = Scene("genealogy", f"trace --forward of {BATCH} reaches both lots; --back reaches the heel {HEEL}, too")

        async def reached(lot: str, direction: str) -> Any:
            found = await self.hub.trace(lot, direction)
            lots = sorted(n["number"] for n in found["lots"] if n["number"] != lot and not n["vessel"])
            return lots, sorted({n["vessel"] for n in found["lots"]} - {""}), found["complete"]

        made, used = ([SHIPPED, STAGED], [TANK], True), ([HEEL, BATCH], [TANK], True)
        scene.claims.append(await until("hub", f"made of {BATCH} in {TANK}, complete", made, lambda: reached(BATCH, "forward")))
        scene.claims.append(await until("hub", f"made of {HEEL} in {TANK}, complete", made, lambda: reached(HEEL, "forward")))
        scene.claims.append(await until("hub", f"{STAGED} is made of, complete", used, lambda: reached(STAGED, "back")))
        return scene

    async def rejection(self) -> Scene:
        """Quality rejects the supplier batch after all: the hold walks forward, past the release that waits."""
        scene = Scene(
            "rejection", f"QMS rejects all of ACM/7731 → the hold walks to {SHIPPED} and {STAGED}, ahead of the release"
        )
        broken = {
            "match": {"method": "POST", "path": "/wms/status-changes", "body": STAGED_WMS},
            "times": 1000,
            "do": "error_500",
        }
        await self.plant.act("wms", "/plant/faults", broken)
        await self.story.decide(BATCH, "REJ", rejected="480", defect_code="FOREIGN")
        scene.claims.append(await self.story.erp(BATCH, "219 kg blocked", S="219"))
        scene.claims.append(await self.story.wms(WMS_LOT, "199 kg held, 20 damaged", HLD="199", DMG="20"))
        scene.claims.append(await self.story.mes("nothing more consumable", "LOCKED 260 kg"))
        scene.claims.append(await self.story.wms(STAGED_WMS, f"{STAGED}, at dock 4: WMS fails, still 120 available", AVL="120"))

        async def superseded() -> Any:
            return [d["state"] for d in await self.hub.deliveries(STAGED, "erp")][1]

        scene.claims.append(await until("hub", f"the release of {STAGED} is superseded", "superseded", superseded))
        blocked = [(STAGED, "hub-api")]
        scene.claims.append(await until("WMS", f"DLV-80018 is blocked for {STAGED}", blocked, self._shipment_blocks))
        scene.claims.append(await self._not_loaded())
        await self.plant.act("erp", f"/ui/locks/{STAGED}", method="DELETE")
        scene.claims.append(await self.story.erp(STAGED, f"{STAGED}: 120 kg in inspection, never released", Q="120"))
        scene.claims.append(await self.story.mes(f"{STAGED}: not consumable", "LOCKED 0 kg", STAGED_MES))

        async def released() -> Any:
            return [e for e in await self.plant.effects("erp", STAGED) if e["detail"] == "Q>F"]

        scene.claims.append(await until("ERP", f"effects of the release of {STAGED}: none", [], released))
        for batch in (SHIPPED, STAGED):
            scene.claims.append(await until("hub", f"{batch} is held because of {BATCH}", [True], self._inherits(batch)))
        sent = ("DLV-80017", "180", "shipped", "Northfood")
        scene.claims.append(await until("hub", "gone already: 180 kg at Northfood", [sent], self._sent_of(SHIPPED)))
        return scene

    async def unsafe(self) -> Scene:
        """WMS does not block the lot: people are paged with what they need, and the shipment is blocked meanwhile."""
        title = f"{STAGED}, 120 kg, WMS not blocked, dock 4, loading 02:40"
        scene = Scene("unsafe", f"UNSAFE {title}: paged; the shipment is blocked instead, read back")

        async def paged() -> Any:
            mails = [m for m in self.story.mailbox.to("oncall@plant.example") if title in subject_of(m)]
            return [fact for fact in PAGED if fact in " ".join(body_of(mails[0]).split())]

        says = "mail to those on call: quantity, place, whom to call, fallback"
        scene.claims.append(await until("mail", says, list(PAGED), paged, seconds=40))

        async def opened() -> Any:
            return [c["title"] for c in (await self.hub.lot(STAGED))["cases"] if c["consequence"] == "unsafe"]

        scene.claims.append(await until("hub", f"open and unsafe: {title}", [title], opened))
        blocked = [(STAGED, "hub-api")]
        scene.claims.append(await until("WMS", "the fallback: DLV-80018 is blocked", blocked, self._shipment_blocks))
        scene.claims.append(await self._not_loaded())
        await self.plant.act("wms", "/plant/faults", method="DELETE")
        return scene

    async def _shipment_blocks(self) -> Any:
        return [(b["ref"], b["by"]) for b in (await self.plant.shipment("DLV-80018"))["blocks"]]

    async def _not_loaded(self) -> Claim:
        """Try to load the held lot: the warehouse refuses."""

        async def tried() -> Any:
            try:
                await self.plant.act("wms", "/ui/shipments/DLV-80018/load")
            except RuntimeError as refused:
                return " 409 " in str(refused)
            return False

        return await until("WMS", "loading DLV-80018 is refused: 409", True, tried, seconds=0)

    def _inherits(self, batch: str) -> Any:
        async def held() -> Any:
            return [BATCH in h["text"] for h in (await self.hub.lot(batch))["holds"] if h["reason"] == "rejected"]

        return held

    async def untold(self) -> Scene:
        """An order produced, and nobody told what went in: the trace says so."""
        scene = Scene("untold", f"WO-10051 makes {UNTOLD}, and nobody tells what went in: the trace says INCOMPLETE")
        made = {"lot": UNTOLD_MES, "label": UNTOLD, "item": "8100", "qty": "50", "by": "OP17"}
        await self.plant.act("mes", "/ui/orders/WO-10051/produce", made)

        async def said() -> Any:
            found = await self.hub.trace(UNTOLD, "back")
            return found["complete"], [(g["gap"], g["examples"]) for g in found["gaps"]]

        expected = (False, [("missing_consumption", ["WO-10051"])])
        scene.claims.append(await until("hub", "INCOMPLETE: consumption of WO-10051 missing", expected, said))
        return scene
