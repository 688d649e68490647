"""A second plant of the same company: it holds the same supplier batch under a number of its own."""

from typing import Any

from tracemill.demo.claims import Claim, Scene, until
from tracemill.demo.hub import HubProcess
from tracemill.demo.people import Plant
from tracemill.demo.project import SECOND, SITE
from tracemill.demo.story import BATCH

LOT, WMS_LOT = "L-2411-31", "L241131"
SAID = f"supplier batch ACM/7731 was rejected as {BATCH} at {SITE}"


class Elsewhere:
    """What happens in the second plant, read in its own ERP and WMS."""

    def __init__(self, hub: HubProcess, plant: Plant) -> None:
        self.hub, self.plant = hub, plant

    async def second(self) -> Scene:
        """Another plant receives the same supplier batch, compares, and accepts it."""
        scene = Scene("second", f"{SECOND} receives 250 kg of ACM/7731 as {LOT}, compares both lots and accepts it")
        receipt = {"po": "4500012345", "batch": LOT, "qty": "250", "supplier_batch": "ACM/7731"}
        await self.plant.act("erp", "/ui/goods-receipts", receipt)
        lot = {"lot": WMS_LOT, "erp_batch": LOT, "item": "4711", "qty": "250", "unit": "KGM", "status": "QI", "site": SECOND}
        await self.plant.act("wms", "/ui/receipts", lot)
        scene.claims.append(await until("hub", f"held on arrival: {SAID}", [SAID], self._held))
        scene.claims.append(await self._erp("250 kg in quarantine", Q="250"))
        await self._accept()
        scene.claims.append(await self._erp("250 kg available", F="250"))
        scene.claims.append(await self._wms("250 kg available", AVL="250"))
        return scene

    async def elsewhere(self) -> Scene:
        """The rejection in the first plant reaches the second, which holds its lot in its own systems."""
        scene = Scene("elsewhere", f"{SECOND} holds {LOT}: the same supplier batch under another number")
        scene.claims.append(await until("hub", f"{SECOND} holds {LOT}: {SAID}", [SAID], self._held))
        scene.claims.append(await self._erp("250 kg back in quarantine", Q="250"))
        scene.claims.append(await self._wms("250 kg back in inspection", QI="250"))

        async def verified() -> Any:
            return {s["system"]: s["wanted"]["state"] for s in (await self.hub.lot(LOT))["systems"]}

        expected = {"erp-fr": "verified", "wms-fr": "verified"}
        scene.claims.append(await until("hub", "read back in both", expected, verified))
        return scene

    async def _accept(self) -> None:
        """Quality of the second plant compared both lots: it lifts the hold and decides at the hub."""
        (hold,) = [h for h in (await self.hub.lot(LOT))["holds"] if h["note"] == SAID]
        await self.hub.post(f"/v1/lots/{LOT}/holds/{hold['id']}/lift", {"reason": "compared: not what was rejected"})
        decision = {"parts": [{"decision": "accept", "quantity": {"amount": "250", "unit": "KGM"}}], "meaning": "usage decision"}
        await self.hub.post(f"/v1/lots/{LOT}/dispositions", decision)

    async def _held(self) -> Any:
        return [SAID for h in (await self.hub.lot(LOT))["holds"] if h["note"] == SAID]

    async def _erp(self, says: str, **expected: str) -> Claim:
        claim = await until(f"ERP {SECOND}", says, {"F": "0", "Q": "0", "S": "0", **expected}, lambda: self.plant.erp(LOT))
        return await self.hub.vouched(claim, LOT, "erp-fr")

    async def _wms(self, says: str, **expected: str) -> Claim:
        want = {"AVL": "0", "QI": "0", "HLD": "0", "DMG": "0", **expected}
        claim = await until(f"WMS {SECOND}", says, want, lambda: self.plant.wms(WMS_LOT))
        return await self.hub.vouched(claim, LOT, "wms-fr")
