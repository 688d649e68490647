"""The end of the story: the supplier batch is recalled, everything is read back as held, and the evidence proves itself."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from tracemill.answers.package_check import check
from tracemill.demo.claims import Scene, played, until
from tracemill.demo.elsewhere import LOT
from tracemill.demo.hub import HubProcess
from tracemill.demo.production import SHIPPED, STAGED
from tracemill.demo.story import BATCH

WHY = {"reason": "foreign matter found at the customer's"}


class Recalling:
    """Plays the recall of everything that the supplier batch reached."""

    def __init__(self, hub: HubProcess) -> None:
        self.hub = hub
        self._key, self._package = "", b""

    def scenes(self) -> AsyncIterator[Scene]:
        return played(self.recall, self.evidence)

    async def recall(self) -> Scene:
        """One command holds everything; only what is read back in a system that blocks is counted."""
        opened = await self.hub.post("/v1/recalls", {"supplier_batch": "ACM/7731", **WHY})
        self._key = opened["recall"]["id"]
        scene = Scene("recall", f"{self._key}: everything that supplier batch ACM/7731 reached is recalled")

        async def reached() -> Any:
            return sorted(lot["number"] for lot in opened["lots"])

        says = "4 lots: the raw one, two made of it, and the one of the second plant"
        scene.claims.append(await until("hub", says, [SHIPPED, STAGED, BATCH, LOT], reached))
        await self.hub.post(f"/v1/recalls/{self._key}/hold", WHY)

        async def verified() -> Any:
            found = await self._view()
            sums = found["totals"]["KGM"]
            return "verified_at" in found["recall"], {k: sums[k] for k in ("held", "consumed", "shipped", "escaped", "requested")}

        expected = {"held": "589", "consumed": "261", "shipped": "180", "escaped": "0", "requested": "1030"}
        says = "1030 requested = 589 held, read back + 261 consumed + 180 shipped + 0 escaped"
        # The ERP's last word about FG-0712 counts only after the time in which its overtaken release could still take effect.
        scene.claims.append(await until("hub", says, (True, expected), verified, seconds=60))

        async def unsafe() -> Any:
            return [c["title"] for c in (await self.hub.lot(STAGED))["cases"] if c["consequence"] == "unsafe"]

        scene.claims.append(await until("hub", f"WMS took back {STAGED} at last: nothing about it is unsafe", [], unsafe))

        async def told() -> Any:
            return [(c["customer_name"], c["quantity"]) for c in await self._customers("shipped")]

        scene.claims.append(await until("hub", "Northfood has 180 kg: to be called", [("Northfood", "180")], told))
        return scene

    async def evidence(self) -> Scene:
        """The package is checked without the hub, as it is and with one byte changed."""
        scene = Scene("evidence", f"the evidence of {self._key} verifies without the hub; one byte changed, and it does not")
        self._package = await self.hub.download(f"/v1/recalls/{self._key}/package")

        async def whole() -> Any:
            return check(self._package).wrong

        async def changed() -> Any:
            return check(_with_one_byte_changed(self._package, "lots.csv")).wrong

        scene.claims.append(await until("file", "every entry and the audit chain: OK", (), whole))
        scene.claims.append(await until("file", "one byte of lots.csv changed: FAIL", ("lots.csv was changed",), changed))
        return scene

    async def _view(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.hub.get(f"/v1/recalls/{self._key}")
        return found

    async def _customers(self, state: str) -> list[dict[str, Any]]:
        return [c for c in (await self._view())["customers"] if c["state"] == state]


def _with_one_byte_changed(package: bytes, name: str) -> bytes:
    made = BytesIO()
    with ZipFile(BytesIO(package)) as source, ZipFile(made, "w") as target:
        for entry in source.namelist():
            body = bytearray(source.read(entry))
            if entry == name:
                body[len(body) // 2] ^= 1
            target.writestr(entry, bytes(body))
    return made.getvalue()
