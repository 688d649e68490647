"""The people of the demo plant: what they do in their own systems, and what they see there."""

from typing import Any

import aiohttp


class Plant:
    """The four applications as their users meet them: their own screens, their own interfaces, not through the hub."""

    def __init__(self, session: aiohttp.ClientSession, urls: dict[str, str]) -> None:
        self._session, self.urls = session, urls
        self._erp_token = ""

    async def act(self, system: str, path: str, body: Any = None, method: str = "POST") -> Any:
        """Do something in a system as a person does."""
        async with self._session.request(method, self.urls[system] + path, json=body) as answer:
            if answer.status >= 400:
                raise RuntimeError(f"{system} {method} {path}: {answer.status} {await answer.text()}")
            return await answer.json() if answer.content_type == "application/json" else None

    async def _get(self, system: str, path: str, headers: dict[str, str]) -> Any:
        async with self._session.get(self.urls[system] + path, headers=headers) as answer:
            return await answer.json()

    async def erp(self, batch: str) -> dict[str, str]:
        """Read a batch's stock types from ERP: F free, Q in inspection, S blocked."""
        headers = {"Authorization": f"Bearer {await self._token()}"}
        body = await self._get("erp", f"/api/batches?ids={batch}", headers)
        sums = {"F": 0.0, "Q": 0.0, "S": 0.0}
        for row in body["batches"][0]["stock"]:
            sums[row["type"]] += float(row["qty"])
        return {k: f"{v:g}" for k, v in sums.items()}

    async def _token(self) -> str:
        if not self._erp_token:
            form = {"grant_type": "client_credentials", "client_id": "HUB", "client_secret": "erp-demo-secret"}
            async with self._session.post(self.urls["erp"] + "/oauth/token", data=form) as answer:
                self._erp_token = (await answer.json())["access_token"]
        return self._erp_token

    async def wms(self, lot: str) -> dict[str, str]:
        """Read a lot's statuses from WMS: AVL, QI, HLD, DMG."""
        body = await self._get("wms", f"/wms/lots?lots={lot}", {"Authorization": "Token wms-demo-token"})
        sums = {"AVL": 0.0, "QI": 0.0, "HLD": 0.0, "DMG": 0.0}
        for row in body["results"][0]["rows"]:
            sums[row["status"]] += float(row["qty"])
        return {k: f"{v:g}" for k, v in sums.items()}

    async def shipment(self, shipment: str) -> dict[str, Any]:
        """Read a shipment from WMS, with its blocks."""
        found: dict[str, Any] = await self._get("wms", f"/wms/shipments/{shipment}", {"Authorization": "Token wms-demo-token"})
        return found

    async def mes(self, lot: str) -> str:
        """Read what MES lets the line consume of a lot: its state and quantity."""
        headers = {"Authorization": aiohttp.encode_basic_auth("hub", "mes-demo-password")}
        body = await self._get("mes", f"/mes/material-lots?ids={lot}", headers)
        row = body["lots"][0]
        return f"{row['state']} {float(row['usable_qty']):g} {row['unit']}"

    async def sample_group(self, lot: str) -> dict[str, Any]:
        """Read the inspection of a lot from QMS; KeyError where there is none."""
        return await self._record("sample_groups", lot)

    async def nonconformance(self, lot: str) -> dict[str, Any]:
        return await self._record("nonconformances", lot)

    async def _record(self, kind: str, lot: str) -> dict[str, Any]:
        body = await self._get("qms", f"/v2/{kind.replace('_', '-')}?limit=200", {"X-Api-Key": "qms-demo-key"})
        found: list[dict[str, Any]] = [record for record in body[kind] if record["lot_label"] == lot]
        if not found:
            raise KeyError(f"no {kind} of {lot}")
        return found[-1]

    async def effects(self, system: str, subject: str) -> list[dict[str, Any]]:
        """Read from a system's own journal what was done to a lot."""
        return [e for e in await self._journal(system) if e["subject"] == subject]

    async def quarantined(self) -> int:
        """Count in ERP's own journal the lots that were taken from free to inspection."""
        return len({e["subject"] for e in await self._journal("erp") if e["detail"] == "F>Q"})

    async def _journal(self, system: str) -> list[dict[str, Any]]:
        async with self._session.get(self.urls[system] + "/plant/journal") as answer:
            found: list[dict[str, Any]] = (await answer.json())["journal"]
            return found
