"""Answers: what came back, as cells see it and as people may read it."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tracemill.connectors.http import codec

SHOWN_CHARS: Final = 300
_LOOKED_AT: Final = 8192
_HIDDEN: Final = re.compile(r"(?is)<(script|style|head)\b.*?(</\1\s*>|$)|<!--.*?(-->|$)")
_TAG: Final = re.compile(r"<[/!?a-zA-Z][^<>]*>?")
_CHARSET: Final = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.I)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `broken` says why its body is not what was expected; `body` is then its text."""

    status: int
    headers: Mapping[str, str]
    body: Any
    broken: str = ""

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    def source(self) -> dict[str, Any]:
        """Give what a cell may look at."""
        return {"status": self.status, "headers": self.headers, "body": self.body}

    def shown(self) -> str:
        """Give the body in words, without markup and cut."""
        text = self.body if isinstance(self.body, str) else "" if self.body is None else _json_text(self.body)
        return readable(text)


def read_answer(status: int, headers: Mapping[str, str], raw: bytes, wants: str, cut: bool) -> Answer:
    """Make an answer of what came over the wire."""
    if cut:
        return Answer(status, headers, _text(raw[:_LOOKED_AT], headers), "the answer is larger than 1 MiB")
    if not raw.strip():
        return Answer(status, headers, None)
    if wants == "text" and 200 <= status < 300:
        return Answer(status, headers, _text(raw, headers))
    try:
        return Answer(status, headers, codec.decode(raw, _charset(headers)))
    except codec.NotJson:
        kind = headers.get("content-type", "").partition(";")[0] or "something else"
        return Answer(status, headers, _text(raw[:_LOOKED_AT], headers), f"the answer is {kind}, not JSON")


def readable(text: str) -> str:
    """Strip markup, close up spaces and cut a text for people."""
    text = text[:_LOOKED_AT]
    if "<" in text:
        text = _TAG.sub(" ", _HIDDEN.sub(" ", text))
    text = " ".join(html.unescape(text).split())
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 1]}…"


def _charset(headers: Mapping[str, str]) -> str:
    match = _CHARSET.search(headers.get("content-type", ""))
    return match[1].lower() if match else "utf-8"


def _text(raw: bytes, headers: Mapping[str, str]) -> str:
    try:
        return raw.decode(_charset(headers), "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _json_text(body: object) -> str:
    try:
        return codec.encode(body).decode()
    except codec.NotJson:
        return ""
