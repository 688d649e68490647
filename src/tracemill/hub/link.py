"""A link: one connected system at run time, with its pack, its compiled mappings and its connector."""

import asyncio
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tracemill.mapping.cell import Cell
from tracemill.mapping.pack import FeedSpec, OperationSpec, PackSpec
from tracemill.mapping.table import Mapping
from tracemill.model.connector import Connector
from tracemill.model.status import Mode, Once


@dataclass
class Link:
    """One system: how to talk to it (connector), what it is (pack), how far we may go (mode)."""

    name: str
    site: str
    mode: Mode
    pack: PackSpec
    connector: Connector
    feeds: Map[str, FeedSpec]
    operations: Map[str, OperationSpec]
    mappings: Map[str, Mapping]
    declared: frozenset[str] = frozenset()  # units that the conversions of the site declare
    stock_mapping: str = ""
    list_size: int = 50
    assign: Cell | None = None
    concurrency: int = 4
    paused: bool = False
    last_ok: datetime | None = None
    last_error: str = ""
    wake: asyncio.Event = field(default_factory=asyncio.Event)  # there may be something to send
    look: asyncio.Event = field(default_factory=asyncio.Event)  # there may be something to read back
    hints: dict[str, asyncio.Event] = field(default_factory=dict)
    _mapped_by: dict[str, str] = field(default_factory=dict)

    @property
    def effect_time(self) -> timedelta:
        """How long after our call the system may still carry it out."""
        return timedelta(seconds=self.pack.max_effect_time)

    @property
    def settle(self) -> timedelta:
        """How long after our call the system may still show the old state."""
        return timedelta(seconds=self.pack.settle)

    def mapped_by(self, mapping: str) -> str:
        """Name the mapping that made an event, with its hash."""
        if mapping not in self._mapped_by:
            self._mapped_by[mapping] = self.pack.mapped_by(mapping)
        return self._mapped_by[mapping]

    def once(self, verb: str) -> Once:
        return self.operations[verb].once

    def readable(self, verb: str) -> bool:
        """Say whether the effect of a verb can be read back."""
        if verb == "set_status":
            return bool(self.stock_mapping)
        steps = getattr(self.operations.get(verb), "steps", None) or ()
        return any(s.kind in ("find", "read") for s in steps)
