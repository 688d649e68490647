"""The connector to people: notifications over SMTP."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tracemill.connectors.mail.letter import Letter, Problem, check_template, write_letter
from tracemill.connectors.mail.post import Post
from tracemill.connectors.mail.spec import MailPackSpec, MailSystemSpec, TextSpec
from tracemill.mapping.finding import Where
from tracemill.model.connector import Connector, Done, Fetched, Finding, InDoubt, Job, Page, Probe, Rejected, Save, Unavailable
from tracemill.model.status import Once


class InvalidMailPack(ValueError):
    """A mail pack or system that cannot be used as written; `problems` lists (path, text)."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.problems = problems
        lines = [f"{'.'.join(map(str, where))}: {text}" for where, text in problems]
        super().__init__("\n".join([f"{name} cannot be used as written:", *lines]))


class MailConnector(Connector):
    """One mail server. Raises InvalidMailPack at construction, and Unavailable, Rejected or InDoubt afterwards."""

    def __init__(self, name: str, pack: MailPackSpec, system: MailSystemSpec, clock: Callable[[], datetime]) -> None:
        self.name = name
        if problems := check(pack):
            raise InvalidMailPack(name, problems)
        self._pack = pack
        self._system = system
        self._post = Post(system)
        self._clock = clock

    async def poll(self, feed: str, _cursor: dict[str, Any], _now: datetime) -> Page:
        """Refuse: mail has no feeds."""
        raise Rejected(f"a mail system has no feeds, so no {feed}")

    async def send(self, job: Job, cursor: dict[str, Any], save: Save) -> Done:
        """Tell people. Sent again after a crash, the mail carries the same Message-ID."""
        spec = self._pack.operations.get(job.verb)
        if spec is None:
            raise Rejected(f"{self._pack.pack} has no operation {job.verb}")
        letter = write_letter(spec, job, self._system.sender, self._system.to, self._clock())
        if cursor.get("step") == 1:
            return Done(native=letter.id)
        if spec.once is Once.BLIND and (cursor.get("intent") or job.doubtful):
            raise InDoubt(f"{job.verb} may have been sent, and a mail cannot be looked for")
        await save({"step": 0, "intent": True})
        detail = await self._posted(letter, save)
        await save({"step": 1, "intent": False})
        return Done(native=letter.id, detail=detail)

    async def _posted(self, letter: Letter, save: Save) -> str:
        try:
            return await asyncio.to_thread(self._post.deliver, letter)
        except (Unavailable, Rejected):
            await save({"step": 0, "intent": False})
            raise

    async def seek(self, _job: Job, cursor: dict[str, Any]) -> Finding:
        """Answer unknown: what was handed to a mail server cannot be looked up."""
        if cursor.get("step") == 1:
            return Finding(state="present")
        return Finding(state="unknown", detail="a mail cannot be looked for; sent again, it carries the same Message-ID")

    async def read(self, _lots: Sequence[str], _now: Callable[[], datetime]) -> dict[str, Fetched | None]:
        """Know nothing of any lot."""
        return {}

    async def probe(self) -> Probe:
        """Greet the server and log in, without sending."""
        started = time.monotonic()
        try:
            await asyncio.to_thread(self._post.greet)
        except (Unavailable, Rejected, InDoubt) as error:
            return Probe(ok=False, detail=str(error), ms=round((time.monotonic() - started) * 1000, 2))
        return Probe(ok=True, ms=round((time.monotonic() - started) * 1000, 2))

    def authentic(self, _headers: Mapping[str, str], _body: bytes, _now: datetime) -> bool:
        """Mail servers push nothing."""
        return False

    async def close(self) -> None:
        """Nothing stays open between mails."""


def check(pack: MailPackSpec) -> list[Problem]:
    """List why a pack cannot be used, as (path, text); empty where it can."""
    problems: list[Problem] = []
    for name, spec in pack.operations.items():
        written: list[tuple[Where, TextSpec]] = [((), spec), *((("topics", t), text) for t, text in spec.topics.items())]
        for where, text in written:
            problems += check_template(text.subject, ("operations", name, *where, "subject"))
            problems += check_template(text.text, ("operations", name, *where, "text"))
    if pack.feeds:
        problems.append((("feeds",), "a mail system has no feeds"))
    return problems
