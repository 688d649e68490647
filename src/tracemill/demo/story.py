"""The main job on the demo plant: a lot's way from receipt to release, with everything that goes wrong on the way."""

from collections.abc import AsyncIterator
from typing import Any

from tracemill.demo.claims import Claim, Read, Scene, played, until
from tracemill.demo.hub import HubProcess
from tracemill.demo.mailbox import Mailbox, body_of
from tracemill.demo.people import Plant

BATCH, WMS_LOT, MES_LOT = "L-2411-07", "L241107", "ML241107"
SECOND, SECOND_WMS = "L-2411-08", "L241108"
THIRD, THIRD_WMS = "L-2411-09", "L241109"


class Story:
    """Plays the scenes in order; each says what is then true, and reads it in the systems themselves."""

    def __init__(self, plant: Plant, hub: HubProcess, mailbox: Mailbox) -> None:
        self.plant, self.hub, self.mailbox = plant, hub, mailbox

    def scenes(self) -> AsyncIterator[Scene]:
        return played(self.arrival, self.inspection, self.decision, self.procurement, self.damage, self.lock, self.crash)

    async def receive(
        self, batch: str, wms_lot: str, qty: str, supplier_batch: str, po: str = "4500012345", item: str = "4711"
    ) -> None:
        """Goods receipt in ERP and put-away in WMS, as people book them."""
        body = {"po": po, "batch": batch, "qty": qty, "supplier_batch": supplier_batch}
        await self.plant.act("erp", "/ui/goods-receipts", body)
        lot = {"lot": wms_lot, "erp_batch": batch, "item": item, "qty": qty, "unit": "KGM", "status": "QI"}
        await self.plant.act("wms", "/ui/receipts", lot)

    async def erp(self, batch: str, says: str, *, seconds: float = 30, **expected: str) -> Claim:
        want = {"F": "0", "Q": "0", "S": "0", **expected}
        claim = await until("ERP", says, want, lambda: self.plant.erp(batch), seconds=seconds)
        return await self.hub.vouched(claim, batch, "erp")

    async def wms(self, lot: str, says: str, *, seconds: float = 30, **expected: str) -> Claim:
        want = {"AVL": "0", "QI": "0", "HLD": "0", "DMG": "0", **expected}
        claim = await until("WMS", says, want, lambda: self.plant.wms(lot), seconds=seconds)
        return await self.hub.vouched(claim, lot, "wms")

    async def mes(self, says: str, expected: str, lot: str = MES_LOT) -> Claim:
        return await self.hub.vouched(await until("MES", says, expected, lambda: self.plant.mes(lot)), lot, "mes")

    async def qms(self, says: str, expected: Any, read: Read) -> Claim:
        return await self.hub.vouched(await until("QMS", says, expected, read), BATCH, "qms")

    async def arrival(self) -> Scene:
        """Supplier batch ACM/7731 arrives and lands free in ERP."""
        await self.receive(BATCH, WMS_LOT, "480", "ACM/7731")
        scene = Scene("arrival", f"supplier batch ACM/7731 arrives as {BATCH}, 480 kg")
        scene.claims.append(await self.erp(BATCH, "480 kg in quarantine", Q="480"))
        scene.claims.append(await self.wms(WMS_LOT, "480 kg in inspection", QI="480"))

        async def exposure() -> Any:
            found = (await self.hub.lot(BATCH))["exposures"][0]
            scene.title = f"{scene.title.split(' → ')[0]} → free in ERP for {found['seconds']:.1f} s"
            return found["ended"], found["movements"]

        scene.claims.append(await until("hub", "exposure ended, 0 movements meanwhile", (True, 0), exposure))
        return scene

    async def inspection(self) -> Scene:
        """QMS has the inspection, with what it needs to know."""
        scene = Scene("inspection", "QMS inspects with supplier batch, certificate and requirement")

        async def told() -> Any:
            group = await self.plant.sample_group(BATCH)
            return group["supplier_batch"], group["certificate"], bool(group["requirement"]), group["state"]

        expected = ("ACM/7731", "COA-7731.pdf", True, "PEND")
        scene.claims.append(await self.qms("inspection open with batch and certificate", expected, told))
        group = await self.plant.sample_group(BATCH)
        await self.plant.act("qms", f"/ui/sample-groups/{group['id']}/sample", {"qty": "1", "by": "LAB2", "kind": "destroyed"})
        await self.plant.act("wms", "/ui/samples", {"lot": WMS_LOT, "qty": "1", "by": "LAB2"})
        scene.claims.append(await self.erp(BATCH, "1 kg sample left the stock", Q="479"))
        return scene

    async def decide(self, batch: str, state: str, **more: str) -> None:
        """Quality decides in QMS."""
        group = await self.plant.sample_group(batch)
        body = {"state": state, "by": "M.KELLER", "meaning": "usage decision", **more}
        await self.plant.act("qms", f"/ui/sample-groups/{group['id']}/decision", body)

    async def decision(self) -> Scene:
        """383 accepted, 96 rejected: in every system."""
        await self.decide(BATCH, "PART", accepted="383", rejected="96", defect_code="VISC")
        scene = Scene("decision", "383 kg accepted, 96 kg rejected")
        scene.claims.append(await self.erp(BATCH, "383 available, 96 on hold", F="383", S="96"))
        scene.claims.append(await self.wms(WMS_LOT, "383 available, 96 on hold", AVL="383", HLD="96"))
        scene.claims.append(await self.mes("383 kg consumable", "FREE 383 kg"))

        async def linked() -> Any:
            found = await self.plant.nonconformance(BATCH)
            return found["supplier"], found["purchase_order"], f"{float(found['quantity']['value']):g}"

        expected = ("ACME", "4500012345", "96")
        scene.claims.append(await self.qms("nonconformance linked to supplier and order", expected, linked))
        return scene

    async def procurement(self) -> Scene:
        """Procurement is told, and says that it was."""
        scene = Scene("procurement", "procurement is mailed and acknowledges")

        async def mailed() -> Any:
            text = body_of(self.mailbox.to("procurement@plant.example")[0])
            return all(word in text for word in ("ACM/7731", "4500012345", "96"))

        scene.claims.append(await until("mail", "rejection of ACM/7731, 96 kg, order 4500012345", True, mailed))
        act = await self.hub.act(BATCH, "notify")
        data = {"lot": {"id": BATCH, "aliases": [{"system": "erp", "id": BATCH}]}, "notification": act["id"]}
        event = {"specversion": "1.0", "type": "notification.acknowledged.v1", "source": "/procurement", "id": f"ack-{act['id']}"}
        await self.hub.post("/v1/events?system=mail", {**event, "data": data})

        async def acknowledged() -> Any:
            return (await self.hub.act(BATCH, "notify"))["state"]

        scene.claims.append(await until("hub", "acknowledged by procurement", "acknowledged", acknowledged))
        return scene

    async def damage(self) -> Scene:
        """A block of the warehouse is its own hold: no release lifts it."""
        await self.plant.act("wms", "/ui/blocks", {"lot": WMS_LOT, "qty": "20", "reason": "DAMAGE", "by": "OP17"})
        scene = Scene("damage", "an operator blocks 20 kg for damage in WMS; it stays blocked whatever QMS says")
        scene.claims.append(await self.erp(BATCH, "20 kg blocked here too", F="363", S="116"))
        await self.decide(BATCH, "ACC", accepted="479")
        scene.claims.append(await self.wms(WMS_LOT, "QMS accepts all: 459 available, 20 still blocked", AVL="459", DMG="20"))
        scene.claims.append(await self.erp(BATCH, "459 available, 20 blocked", F="459", S="20"))
        await self.decide(BATCH, "PART", accepted="383", rejected="96", defect_code="VISC")
        scene.claims.append(await self.wms(WMS_LOT, "back to 96 rejected: 363 available", AVL="363", HLD="96", DMG="20"))
        scene.claims.append(await self.mes("363 kg consumable", "FREE 363 kg"))
        return scene

    async def lock(self) -> Scene:
        """A rejection overtakes a release that meets a lock."""
        scene = Scene("lock", 'a release meets "423 locked by USER7", and a rejection overtakes it')
        await self.receive(SECOND, SECOND_WMS, "100", "ACM/7732")
        scene.claims.append(await self.erp(SECOND, "100 kg in quarantine", Q="100"))
        await until("QMS", "inspection", True, lambda: self.inspected(SECOND))
        await self.plant.act("erp", "/ui/locks", {"batch": SECOND, "user": "USER7"})
        await self.decide(SECOND, "ACC", accepted="100")

        async def refused() -> Any:
            last = (await self.hub.deliveries(SECOND, "erp"))[0]
            return last["state"], "locked by USER7" in last["detail"]

        scene.claims.append(await until("hub", "release: retrying, 423 locked by USER7", ("retrying", True), refused))
        await self.decide(SECOND, "REJ", rejected="100", defect_code="COLOR")

        async def overtaken() -> Any:
            rows = await self.hub.deliveries(SECOND, "erp")
            return rows[1]["state"]

        scene.claims.append(await until("hub", "the release is superseded", "superseded", overtaken))
        await self.plant.act("erp", f"/ui/locks/{SECOND}", method="DELETE")
        scene.claims.append(await self.erp(SECOND, "100 kg on hold, never released", S="100"))

        async def released() -> Any:
            return [e for e in await self.plant.effects("erp", SECOND) if e["detail"] == "Q>F"]

        scene.claims.append(await until("ERP", "effects of the release: none", [], released))
        return scene

    async def inspected(self, batch: str) -> bool:
        return bool(await self.plant.sample_group(batch))

    async def crash(self) -> Scene:
        """kill -9 while WMS has done the work and its answer is lost."""
        scene = Scene("crash", "the hub is killed with kill -9 while WMS has done the work and the answer is lost")
        await self.receive(THIRD, THIRD_WMS, "60", "ACM/7733")
        scene.claims.append(await self.erp(THIRD, "60 kg in quarantine", Q="60"))
        await until("QMS", "inspection", True, lambda: self.inspected(THIRD))
        fault = {"match": {"method": "POST", "path": "/wms/status-changes"}, "times": 1, "do": "lose_answer", "seconds": 8}
        await self.plant.act("wms", "/plant/faults", fault)
        await self.decide(THIRD, "REJ", rejected="60", defect_code="ODOR")

        async def effects() -> Any:
            return len([e for e in await self.plant.effects("wms", THIRD_WMS) if str(e["detail"]).endswith(">HLD")])

        scene.claims.append(await until("WMS", "the work is done, nobody has heard of it", 1, effects))
        self.hub.kill()
        await self.hub.start()
        await self.plant.act("wms", "/plant/faults", method="DELETE")

        async def settled() -> Any:
            last = (await self.hub.deliveries(THIRD, "wms"))[0]
            return last["state"], last["detail"]

        expected = ("verified", "in doubt, asked, found done")
        scene.claims.append(await until("hub", "in doubt → asked WMS → held", expected, settled))
        scene.claims.append(await self.wms(THIRD_WMS, "60 kg on hold", HLD="60"))
        scene.claims.append(await until("WMS", "effects: 1", 1, effects))
        return scene
