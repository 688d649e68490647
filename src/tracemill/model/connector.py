"""What a connector is: the protocol that every protocol's code fulfils, and the only three ways in which it may fail."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from tracemill.model.record import Record


class Unavailable(Exception):
    """Not now: locked, overloaded, unreachable, credentials refused. Nothing happened; worth trying again."""

    def __init__(self, cause: str, retry_after: float | None = None) -> None:
        super().__init__(cause)
        self.retry_after = retry_after


class Rejected(Exception):
    """Not like this: the target understood and refused. Nothing happened; trying again changes nothing."""


class InDoubt(Exception):
    """Sent, but the answer is lost or says nothing: it may have happened."""


class Fetched(Record, frozen=True):
    """One raw record of a feed or of a read-back, as the system wrote it."""

    feed: str
    key: str
    body: bytes
    read_started: datetime
    content_type: str = "application/json"
    watermark: str = ""


class Page(Record, frozen=True):
    """One page of a feed. The cursor is stored together with the records, in one commit."""

    records: tuple[Fetched, ...]
    cursor: dict[str, Any]
    more: bool = False


class Job(Record, frozen=True):
    """A delivery as a connector sees it: what is wanted, of which lot, under which token."""

    token: str  # the same on every try; unique for each command
    verb: str
    lot: str  # what the target system calls the lot ("" where it has no name for it)
    number: str
    ids: dict[str, str] = {}  # what every system calls the lot
    value: dict[str, Any] = {}
    attempt: int = 1
    doubtful: bool = False  # an earlier try may have worked


class Done(Record, frozen=True):
    """The target says that it is done. `native` is its own id of what it made."""

    native: str = ""
    detail: str = ""


class Finding(Record, frozen=True):
    """What a look for our own effect found. `absent` needs a positive control read; otherwise it is `unknown`."""

    state: Literal["present", "absent", "unknown"]
    native: str = ""
    detail: str = ""


class Probe(Record, frozen=True):
    """Whether a system can be reached with our credentials."""

    ok: bool
    detail: str = ""
    ms: float = 0.0


Save = Callable[[dict[str, Any]], Awaitable[None]]


class Connector(Protocol):
    """One connected system. Raises only Unavailable, Rejected or InDoubt."""

    async def poll(self, feed: str, cursor: dict[str, Any], now: datetime) -> Page:
        """Fetch the next page of a feed after the cursor."""
        ...

    async def send(self, job: Job, cursor: dict[str, Any], save: Save) -> Done:
        """Carry a command out, step by step; `save` persists the cursor before and after each step that changes something.

        Called again with the saved cursor after a crash, it goes on where it stopped and makes nothing twice.
        """
        ...

    async def seek(self, job: Job, cursor: dict[str, Any]) -> Finding:
        """Look for the effect of a command that is in doubt, without changing anything."""
        ...

    async def read(self, lots: Sequence[str], now: Callable[[], datetime]) -> dict[str, Fetched | None]:
        """Read the stock of lots back, by their native ids; None means absent (proven), a missing key means unknown."""
        ...

    async def probe(self) -> Probe:
        """Check reachability and credentials without changing anything."""
        ...

    def authentic(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Check the signature of a webhook."""
        ...

    async def close(self) -> None: ...
