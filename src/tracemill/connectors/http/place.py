"""The place of a delivery in its operation: the cursor that survives a crash."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self


@dataclass(slots=True)
class Place:
    """Which item, which step, what was saved; `intent` says that the step was about to be sent, or was sent."""

    item: int = 0
    step: int = 0
    saved: dict[str, Any] = field(default_factory=dict)
    intent: bool = False
    at: datetime | None = None  # when the intent was written
    natives: list[str] = field(default_factory=list)
    known: bool = False  # whether the cursor said anything; a caller may keep more in it than a place

    @classmethod
    def read(cls, cursor: Mapping[str, Any]) -> Self:
        """Read a cursor; an empty one is the beginning."""
        at = cursor.get("at")
        return cls(
            item=int(cursor.get("item", 0)),
            step=int(cursor.get("step", 0)),
            saved=dict(cursor.get("saved") or {}),
            intent=bool(cursor.get("intent", False)),
            at=datetime.fromisoformat(at) if at else None,
            natives=list(cursor.get("natives") or []),
            known="step" in cursor,
        )

    def cursor(self) -> dict[str, Any]:
        """Write the cursor; it shares nothing with what goes on."""
        written: dict[str, Any] = {"item": self.item, "step": self.step, "saved": dict(self.saved), "intent": self.intent}
        if self.intent and self.at is not None:
            written["at"] = self.at.astimezone(UTC).isoformat()
        if self.natives:
            written["natives"] = list(self.natives)
        return written
