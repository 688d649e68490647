"""Answers a journalling target can be told to give instead of the honest one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Answer:
    """One scripted answer; with `apply` the change is made all the same, before the answer is given.

    `shape`: `full` is sent as it stands, `half` breaks off in the body, `hang` never comes, `drop` closes the connection.
    A body of None stands for what the target would have answered.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    apply: bool = False
    shape: Literal["full", "half", "hang", "drop"] = "full"

    def content(self) -> tuple[bytes, str]:
        """Return the body as bytes with its content type."""
        if isinstance(self.body, str):
            return self.body.encode(), "text/html"
        return json.dumps({} if self.body is None else self.body).encode(), "application/json"


def error_in_body(text: str = "the document is locked by another user", *, apply: bool = False) -> Answer:
    """200 OK with an error in the body."""
    return Answer(200, {"error": text}, apply=apply)


def conflict(*, apply: bool = False) -> Answer:
    """409: somebody else changed it."""
    return Answer(409, {"error": "conflict"}, apply=apply)


def locked() -> Answer:
    """423: somebody has it open."""
    return Answer(423, {"error": "locked"})


def too_many(retry_after: int | str = 1) -> Answer:
    """429 with Retry-After, in seconds or as an HTTP date."""
    return Answer(429, {"error": "too many requests"}, {"Retry-After": str(retry_after)})


def server_error(text: str = "<html><h1>Internal Server Error</h1></html>", *, apply: bool = False) -> Answer:
    """500 with a page of HTML."""
    return Answer(500, text, apply=apply)


def hang(*, apply: bool = False) -> Answer:
    """No answer, and the connection stays open."""
    return Answer(apply=apply, shape="hang")


def half(*, apply: bool = True) -> Answer:
    """The connection closes in the middle of the body."""
    return Answer(apply=apply, shape="half")


def drop(*, apply: bool = True) -> Answer:
    """The connection closes without an answer."""
    return Answer(apply=apply, shape="drop")


def empty_list() -> Answer:
    """What wrong credentials or an unknown filter look like in some products."""
    return Answer(200, {"items": []})
