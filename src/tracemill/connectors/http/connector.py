"""The connector to systems that speak JSON over HTTP, taught by packs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec

from tracemill.connectors.http.client import Client
from tracemill.connectors.http.control import Control
from tracemill.connectors.http.course import Course, Means
from tracemill.connectors.http.evidence import Evidence
from tracemill.connectors.http.operation import Operation
from tracemill.connectors.http.problem import InvalidPack
from tracemill.connectors.http.product import Product, check_system
from tracemill.connectors.http.readback import ReadBack
from tracemill.connectors.http.secret import Secret
from tracemill.connectors.http.spec import HttpPackSpec, HttpSystemSpec
from tracemill.connectors.http.webhook import SECRETS, Webhook
from tracemill.model.connector import Connector, Done, Fetched, Finding, InDoubt, Job, Page, Probe, Rejected, Save, Unavailable

STOCK_READ = "stock"


class HttpConnector(Connector):
    """One connected system. Raises InvalidPack at construction, and Unavailable, Rejected or InDoubt afterwards."""

    def __init__(self, name: str, pack: HttpPackSpec, system: HttpSystemSpec, clock: Callable[[], datetime]) -> None:
        self.name = name
        self._product = Product(pack)
        problems = self._product.problems.errors + check_system(pack, system)
        if problems:
            raise InvalidPack(name, problems)
        self._client = Client(pack.auth, system.limits or pack.limits, self._product.rules, system, clock)
        self._control = Control(self._client, self._product.probe, clock)
        self._means = Means(self._client, self._control, clock, pack.settle)
        secrets = [Secret(system.credentials[name]) for name in SECRETS if system.credentials.get(name)]
        self._webhook = None if pack.signature is None else Webhook(pack.signature, secrets)

    async def poll(self, feed: str, cursor: dict[str, Any], now: datetime) -> Page:
        """Fetch the next page of a feed after the cursor."""
        if feed not in self._product.feeds:
            raise Rejected(f"{self._product.pack.pack} has no feed {feed}")
        with self._without_secrets():
            return await self._product.feeds[feed].poll(self._client, self._control, cursor, now, self._means.clock)

    async def send(self, job: Job, cursor: dict[str, Any], save: Save) -> Done:
        """Carry a command out, going on where the cursor says."""
        with self._without_secrets():
            return await Course(self._means, self._operation(job), job, cursor, save).run()

    async def seek(self, job: Job, cursor: dict[str, Any]) -> Finding:
        """Look for the effect of a command that is in doubt."""
        with self._without_secrets():
            finding = await Evidence(self._means, self._operation(job), job, cursor).finding()
        return msgspec.structs.replace(finding, detail=self._client.redactor.clean(finding.detail))

    async def read(self, lots: Sequence[str], now: Callable[[], datetime]) -> dict[str, Fetched | None]:
        """Read stock back, in as few requests as the product allows."""
        read = self._read()
        if read is None:
            return {}
        with self._without_secrets():
            return await read.read(self._client, self._control, lots, now)

    async def probe(self) -> Probe:
        """Check reachability and credentials."""
        probe = await self._control.probe()
        return msgspec.structs.replace(probe, detail=self._client.redactor.clean(probe.detail))

    def authentic(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Check a webhook's signature; where none is declared, nothing is authentic."""
        return self._webhook is not None and self._webhook.authentic(headers, body, now)

    async def close(self) -> None:
        await self._client.close()

    @contextmanager
    def _without_secrets(self) -> Iterator[None]:
        """The one door through which errors leave."""
        try:
            yield
        except (Unavailable, Rejected, InDoubt) as error:
            error.args = (self._client.redactor.clean(str(error)),)
            raise

    def _operation(self, job: Job) -> Operation:
        if job.verb not in self._product.operations:
            raise Rejected(f"{self._product.pack.pack} has no operation {job.verb}")
        return self._product.operations[job.verb]

    def _read(self) -> ReadBack | None:
        reads = self._product.reads
        return reads.get(STOCK_READ) or next(iter(reads.values()), None)
