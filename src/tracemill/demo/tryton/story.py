"""The main job with Tryton as ERP and WMS: statuses are places there, and each move takes four calls."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from tracemill.demo import people
from tracemill.demo.claims import Claim, Read, Scene, played, until
from tracemill.demo.detour import Detour
from tracemill.demo.hub import HubProcess
from tracemill.demo.tryton.books import Books
from tracemill.demo.tryton.plant import People

BATCH, SECOND, THIRD = "ACM/7731", "ACM/7732", "ACM/7733"
CREATE, DO = "/rest/model/stock.shipment.internal", "/do"


class Story:
    """Plays the scenes; each claim is read in Tryton's own books, in the laboratory, or at the hub."""

    def __init__(self, crew: People, books: Books, laboratory: people.Plant, hub: HubProcess, detour: Detour) -> None:
        self.crew, self.books, self.laboratory, self.hub, self.detour = crew, books, laboratory, hub, detour

    def scenes(self) -> AsyncIterator[Scene]:
        return played(self.arrival, self.inspection, self.decision, self.nothing, self.crash)

    async def tryton(self, lot: str, says: str, **expected: str) -> Claim:
        """Claim how much of a lot stands in which place."""

        async def stands() -> Any:
            return await asyncio.to_thread(self.books.stands, lot)

        return await self.hub.vouched(await until("Tryton", says, expected, stands, seconds=60), lot, "erp")

    async def quality(self, says: str, expected: Any, read: Read) -> Claim:
        return await self.hub.vouched(await until("QMS", says, expected, read), BATCH, "qms")

    async def moved(self, lot: str, says: str, *expected: str) -> Claim:
        """Claim which transfers of the hub Tryton knows, and how far each is."""

        async def transfers() -> Any:
            return await asyncio.to_thread(self.books.moved, lot)

        return await until("Tryton", says, list(expected), transfers, seconds=60)

    async def told(self, lot: str, says: str, state: str, words: str = "") -> Claim:
        """Claim the state of the last command of a lot, and a part of what is said of it."""

        async def last() -> Any:
            found = (await self.hub.deliveries(lot, "erp"))[0]
            return found["state"], words in found["detail"]

        return await until("hub", says, (state, True), last, seconds=60)

    async def receive(self, lot: str, quantity: float, storage: str) -> str:
        """Goods in, as the people of the warehouse book them; return the number of the supplier shipment."""
        receipt = await asyncio.to_thread(self.crew.receive_shipment, lot, quantity, storage=storage)
        await asyncio.to_thread(self.crew.put_away, receipt.shipment)
        return receipt.number

    async def decide(self, lot: str, state: str, **more: str) -> None:
        """Quality decides in the laboratory, once it has the inspection."""
        await until("QMS", "the inspection is there", True, lambda: self._inspected(lot))
        group = await self.laboratory.sample_group(lot)
        body = {"state": state, "by": "M.KELLER", "meaning": "usage decision", **more}
        await self.laboratory.act("qms", f"/ui/sample-groups/{group['id']}/decision", body)

    async def _inspected(self, lot: str) -> bool:
        return bool(await self.laboratory.sample_group(lot))

    async def arrival(self) -> Scene:
        """A supplier shipment on a real purchase order is found by polling and taken into quarantine."""
        order = self.crew.plant.purchase_order_number
        shipment = await self.receive(BATCH, 100.0, "STO")
        scene = Scene("arrival", f"{order}: supplier shipment {shipment}, lot {BATCH}, 100 kg, put away to the shelf (STO)")

        async def known() -> Any:
            lot = await self.hub.lot(BATCH)
            return lot["purchase_order"], lot["receipt"], lot["supplier_name"]

        expected = (order, shipment, "Acme Resins")
        scene.claims.append(await until("hub", "found by polling, with order and supplier", expected, known))
        scene.claims.append(await self.tryton(BATCH, "taken to quarantine: 100 kg in QUA", QUA="100"))
        scene.claims.append(await self.moved(BATCH, "by one internal shipment of the hub, done", "STO>QUA done"))

        async def exposure() -> Any:
            found = (await self.hub.lot(BATCH))["exposures"][0]
            scene.title = f"{scene.title.split(' → ')[0]} → free for {found['seconds']:.1f} s"
            return found["ended"], found["movements"]

        scene.claims.append(await until("hub", "exposure ended, 0 movements meanwhile", (True, 0), exposure))
        return scene

    async def inspection(self) -> Scene:
        """The laboratory has the inspection, with what it needs to know."""
        scene = Scene("inspection", "QMS inspects, with supplier batch, order and requirement")

        async def told() -> Any:
            group = await self.laboratory.sample_group(BATCH)
            return group["supplier_batch"], group["purchase_order"], bool(group["requirement"]), group["state"]

        expected = (BATCH, self.crew.plant.purchase_order_number, True, "PEND")
        scene.claims.append(await self.quality("inspection open, with batch and order", expected, told))
        return scene

    async def decision(self) -> Scene:
        """80 released, 20 rejected: places in Tryton."""
        await self.decide(BATCH, "PART", accepted="80", rejected="20", defect_code="VISC")
        scene = Scene("decision", "80 kg accepted, 20 kg rejected: in Tryton these are places")
        scene.claims.append(await self.tryton(BATCH, "80 kg on the shelf (STO), 20 kg in REJ", STO="80", REJ="20"))
        done = ("STO>QUA done", "QUA>REJ done", "QUA>STO done")
        scene.claims.append(await self.moved(BATCH, "the restriction first, each once", *done))
        scene.claims.append(await self.told(BATCH, "read back in Tryton", "verified"))

        async def linked() -> Any:
            found = await self.laboratory.nonconformance(BATCH)
            return found["purchase_order"], f"{float(found['quantity']['value']):g}"

        expected = (self.crew.plant.purchase_order_number, "20")
        scene.claims.append(await self.quality("nonconformance over 20 kg, linked to the order", expected, linked))
        return scene

    async def nothing(self) -> Scene:
        """Tryton answers 200 and has done nothing: somebody reserved the stock."""
        await self.receive(SECOND, 50.0, "QUA")
        scene = Scene("nothing", 'Tryton answers 200 to "assign" and has reserved too little: it is noticed')
        scene.claims.append(await self.tryton(SECOND, "50 kg put away to quarantine by Tryton itself", QUA="50"))
        other = await asyncio.to_thread(self.crew.reserve, SECOND, 30.0, "QUA", "REJ")
        await self.decide(SECOND, "ACC", accepted="50")
        scene.claims.append(await self.told(SECOND, "release: retrying, found too little", "retrying", "too little to reserve"))
        scene.claims.append(await self.tryton(SECOND, "nothing is half released", QUA="50"))
        await asyncio.to_thread(self.crew.cancel, other)
        scene.claims.append(await self.tryton(SECOND, "the reservation is gone: 50 kg on the shelf", STO="50"))
        scene.claims.append(await self.told(SECOND, "read back in Tryton", "verified"))
        return scene

    async def crash(self) -> Scene:
        """The hub dies twice inside one command: after Tryton made the shipment, and after it moved the stock."""
        await self.receive(THIRD, 60.0, "QUA")
        scene = Scene("crash", "kill -9 after the shipment is made, and again after it is done, each answer lost")
        scene.claims.append(await self.tryton(THIRD, "60 kg in quarantine", QUA="60"))
        self.detour.keep(CREATE)
        await self.decide(THIRD, "REJ", rejected="60", defect_code="ODOR")
        await asyncio.wait_for(self.detour.kept.wait(), 60)
        scene.claims.append(await self.moved(THIRD, "the shipment is made, nobody has heard of it", "QUA>REJ draft"))
        await self._die_and_rise(DO)
        await asyncio.wait_for(self.detour.kept.wait(), 90)
        scene.claims.append(await self.moved(THIRD, "found and gone on with: done, nobody has heard of it", "QUA>REJ done"))
        await self._die_and_rise("")
        scene.claims.append(await self.told(THIRD, "in doubt → asked Tryton → held", "verified", "in doubt, asked, found done"))
        scene.claims.append(await self.tryton(THIRD, "60 kg in REJ", REJ="60"))
        scene.claims.append(await self.moved(THIRD, "effects: 1", "QUA>REJ done"))
        return scene

    async def _die_and_rise(self, keep_next: str) -> None:
        self.hub.kill()
        self.detour.forget()
        if keep_next:
            self.detour.keep(keep_next)
        await self.hub.start()
