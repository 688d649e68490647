"""Approval: a person lets a proposed command go out."""

from typing import Any

from sqlalchemy import Connection, select, update

from tracemill.answers.waiting import behind
from tracemill.hub.commands import By, record
from tracemill.hub.replay import NotPossible
from tracemill.hub.runtime import Runtime
from tracemill.model.status import DeliveryState, Mode
from tracemill.store.decisions import Effects
from tracemill.store.tables import delivery
from tracemill.store.writer import Priority


async def approve(runtime: Runtime, uuid: str, by: By, reason: str) -> str:
    """Let a proposed command go out; say what it waits behind, where something must go first. Raises NotPossible."""
    now = runtime.clock()

    def write(tx: Connection) -> tuple[str, str]:
        row = tx.execute(select(delivery).where(delivery.c.uuid == uuid)).one_or_none()
        if row is None:
            raise NotPossible(f"there is no delivery {uuid}")
        _check(runtime, row)
        tx.execute(update(delivery).where(delivery.c.id == row.id).values(approved_by=by.name))
        record(tx, row.site, by, now, "delivery.approved", uuid, reason)
        return row.system, behind(tx, uuid)

    system, ahead = await runtime.store.write(write, Priority.DELIVER)
    runtime.announce(Effects(systems=(system,)))
    return f"approved; it {ahead}" if ahead else "approved"


def _check(runtime: Runtime, row: Any) -> None:
    """Refuse what approval would not send, and say what would."""
    link = runtime.links.get(row.system)
    if link is None:
        raise NotPossible(f"delivery {row.uuid} is for {row.system}, which is no longer connected")
    if row.state != DeliveryState.PENDING:
        raise NotPossible(f"delivery {row.uuid} is {row.state.replace('_', ' ')}; it does not wait for approval")
    if link.mode is Mode.OBSERVE:
        do = f"write mode: propose into systems/{row.system}.yaml and restart the hub, then approve it"
        raise NotPossible(f"{row.system} is only observed, so nothing is sent to it; {do}")
    if link.mode is Mode.ACT:
        raise NotPossible(f"{row.system} acts by itself; delivery {row.uuid} does not wait for approval")
    if row.approved_by:
        raise NotPossible(f"delivery {row.uuid} was approved by {row.approved_by}; it does not wait for approval")
