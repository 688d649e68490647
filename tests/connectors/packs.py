"""Packs and small pieces for the tests of the HTTP connector."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import yaml

from tracemill.connectors.http.connector import HttpConnector
from tracemill.connectors.http.spec import HttpPackSpec, HttpSystemSpec
from tracemill.model.connector import Job

BASE = """
pack: desk
version: "1"
protocol: http
settle: 0s
status: {write: {available: F, quarantine: Q, blocked: S}}
probe: {request: {path: /whoami}, accept: body.authenticated}
limits: {rate: 5000, burst: 5000, concurrency: 16, timeout: 1s, breaker_failures: 50}
"""

TRANSFER = """
operations:
  status:
    once: findable
    each: value.transfers
    native: "{saved.id}"
    steps:
      - kind: find
        request: {path: /drafts, query: {reference: "{token}"}}
        found: $count(body.drafts[reference=$token]) > 0
        save: {id: "body.drafts[reference=$token][0].id"}
      - kind: create
        request:
          method: POST
          path: /drafts
          json: {reference: "{token}", from: "{each.from|status}", to: "{each.to|status}", qty: "{each.qty}"}
        save: {id: body.id}
      - kind: advance
        request: {method: POST, path: "/drafts/{saved.id}/post", json: {}}
        accept: $not($exists(body.wizard))
      - kind: read
        request: {path: "/drafts/{saved.id}"}
        accept: body.state = 'posted'
"""


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Notebook:
    """Where cursors are saved; `fail_at` makes the n-th save crash, with or without having been written."""

    def __init__(self, fail_at: int = 0, written: bool = True) -> None:
        self.cursors: list[dict[str, Any]] = []
        self.calls, self.fail_at, self.written = 0, fail_at, written

    async def __call__(self, cursor: dict[str, Any]) -> None:
        self.calls += 1
        if self.calls != self.fail_at or self.written:
            self.cursors.append(cursor)
        if self.calls == self.fail_at:
            raise Crash

    @property
    def last(self) -> dict[str, Any]:
        return self.cursors[-1] if self.cursors else {}


class Crash(Exception):
    """The hub is killed."""


def pack(*parts: str, **changes: Any) -> HttpPackSpec:
    written: dict[str, Any] = {}
    for part in (BASE, *parts):
        written |= yaml.safe_load(part)
    return HttpPackSpec.model_validate(written | changes)


def connector(url: str, *parts: str, system: Mapping[str, Any] | None = None, clock: Any = None, **changes: Any) -> HttpConnector:
    spec = HttpSystemSpec.model_validate({"url": url, **(system or {})})
    return HttpConnector("desk", pack(*parts, **changes), spec, clock or Clock())


def job(**changes: Any) -> Job:
    value = {"transfers": [{"from": "quarantine", "to": "available", "qty": "480.000"}]}
    return Job(**{"token": "tok", "verb": "status", "lot": "L-1", "number": "L-1", "value": value, **changes})


TWO = {
    "transfers": [
        {"from": "quarantine", "to": "available", "qty": "400.0"},
        {"from": "quarantine", "to": "blocked", "qty": "80.0"},
    ]
}
