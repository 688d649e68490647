"""How a plant starts: the hub only watches, shows what it would do, and then may act."""

from typing import Any

from tracemill.demo.claims import Scene, until
from tracemill.demo.hub import HubProcess

DRIFTED = 43


def sentence_of(status: dict[str, Any]) -> str:
    """Return the board's sentence about lots that are free in ERP and pending in QMS."""
    for found in status["disagreements"]:
        if found["system"] == "erp":
            text: str = found["sentence"]
            return text
    return ""


async def watched(hub: HubProcess) -> Scene:
    """Two weeks of history are read; nothing is sent."""
    scene = Scene("observe", "two weeks of history, watched only")

    async def seen() -> Any:
        return sentence_of(await hub.get("/v1/status"))

    expected = f"{DRIFTED} lots free in ERP and pending in QMS"
    scene.claims.append(await until("hub", expected, expected, seen, seconds=60))
    return scene


async def acted(hub: HubProcess, effects: Any) -> Scene:
    """The same hub may act: every one of them is restricted, and read back."""
    scene = Scene("act", f"mode: act → {DRIFTED} lots restricted in ERP, each read back")

    async def left() -> Any:
        return sentence_of(await hub.get("/v1/status"))

    scene.claims.append(await until("hub", "no lot free in ERP that QMS has not decided", "", left, seconds=60))
    scene.claims.append(await until("ERP", f"{DRIFTED} lots moved to quarantine", DRIFTED, effects, seconds=30))
    return scene
