"""Claims: what the story says is true in a system, checked by reading it there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any


@dataclass(frozen=True)
class Claim:
    """One statement about one system, with what was read there."""

    system: str
    says: str
    expected: Any
    got: Any
    seconds: float = 0.0  # from the act before it to the reading that agreed
    owner: str = ""  # what the system owns of this lot, by the hub's lot view
    age: str = ""  # how old the hub's own reading of it is

    @property
    def holds(self) -> bool:
        return bool(self.expected == self.got)


@dataclass
class Scene:
    """One step of the story: what people did, and what was then true in every system."""

    name: str
    title: str
    claims: list[Claim] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return bool(self.claims) and all(c.holds for c in self.claims)

    def plain(self) -> dict[str, Any]:
        """Return the scene as one JSON object."""
        claims = [
            {"system": c.system, "says": c.says, "expected": c.expected, "read": c.got, "owner": c.owner, "age": c.age,
             "ok": c.holds, "seconds": round(c.seconds, 2)}
            for c in self.claims
        ]  # fmt: skip
        return {"step": self.name, "title": self.title, "ok": self.holds, "claims": claims}


Read = Callable[[], Awaitable[Any]]


async def until(system: str, says: str, expected: Any, read: Read, *, seconds: float = 30) -> Claim:
    """Read until a system shows what is claimed, or the time is over; return the claim with the last reading."""
    started, got = monotonic(), None
    while True:
        try:
            got = await read()
        except (KeyError, IndexError, TypeError) as error:
            got = f"not there yet ({type(error).__name__}: {error})"
        waited = monotonic() - started
        if got == expected or waited > seconds:
            return Claim(system, says, expected, got, waited)
        await asyncio.sleep(0.1)


async def played(*steps: Callable[[], Awaitable[Scene]]) -> AsyncIterator[Scene]:
    """Play the steps of a story; one that cannot be played is a scene that does not hold."""
    for step in steps:
        name = getattr(step, "__name__", "step")
        try:
            yield await step()
        except (LookupError, RuntimeError, TimeoutError) as error:
            what = f"{type(error).__name__}: {error}"
            yield Scene(name, str(step.__doc__), [Claim("demo", "the step could be played", "played", what)])
