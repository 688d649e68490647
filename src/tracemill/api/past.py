"""The past that a request asks about: what was true at a time, or what the hub knew at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from tracemill.answers.lot import state
from tracemill.answers.then import NOW, Then, position_at
from tracemill.api.problem import Problem
from tracemill.hub.hub import Hub

AS_OF = Query(description="what was true then, as far as is known now; needs an offset")
KNOWN_AT = Query(description="what the hub knew then: a time with its offset, or a position of the site's record")


@dataclass(frozen=True)
class Past:
    """What was asked, before it is known about which site."""

    as_of: datetime | None = None
    known_at: datetime | int | None = None

    async def of(self, hub: Hub, uuid: str) -> Then:
        """Return the past of one lot's site."""
        asked = self.known_at
        if not isinstance(asked, datetime):
            return Then(as_of=self.as_of, known_at=asked)
        lot = await hub.runtime.store.read(lambda c: state(c, uuid))
        if lot is None:
            return NOW
        position = await hub.runtime.store.read(lambda c: position_at(c, lot.site, asked))
        return Then(as_of=self.as_of, known_at=position)


TODAY = Past()


def _asked(as_of: Annotated[str, AS_OF] = "", known_at: Annotated[str, KNOWN_AT] = "") -> Past:
    known = int(known_at) if known_at.isdecimal() and len(known_at) < 19 else _moment("known_at", known_at)
    return Past(_moment("as_of", as_of), known)


def _moment(name: str, text: str) -> datetime | None:
    """Read a time; one without an offset could mean several."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(422, f"{name} {text!r} is no time", next_action="write 2026-11-23T14:05:00+01:00") from None
    if at.tzinfo is None:
        raise Problem(422, f"{name} {text} has no offset", next_action="write 2026-11-23T14:05:00+01:00")
    return at


PastOf = Annotated[Past, Depends(_asked)]
