"""Just enough HTTP/1.1 (RFC 9112) to know where a message ends; the bytes are passed on as they came."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Wire:
    """One message: its head up to the empty line, and its body, both raw."""

    head: bytes
    body: bytes

    @property
    def start(self) -> str:
        """The first line without its line end."""
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    @property
    def raw(self) -> bytes:
        """The whole message."""
        return self.head + self.body

    @property
    def middle(self) -> int:
        """An offset inside the body, or inside the head where there is no body."""
        return len(self.head) + len(self.body) // 2 if self.body else len(self.head) // 2


async def read_request(reader: asyncio.StreamReader) -> Wire | None:
    """Return the next request, or None where the peer has closed."""
    head = await _head(reader)
    return None if head is None else Wire(head, await _body(reader, head, to_end=False))


async def read_answer(reader: asyncio.StreamReader, method: str) -> Wire | None:
    """Return the answer to a request of that method, interim (1xx) answers included in its head."""
    interim = b""
    while head := await _head(reader):
        status = int(head.split(b" ", 2)[1])
        if 100 <= status < 200:
            interim += head
            continue
        bare = method == "HEAD" or status in (204, 304)
        return Wire(interim + head, b"" if bare else await _body(reader, head, to_end=True))
    return None


async def _head(reader: asyncio.StreamReader) -> bytes | None:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


async def _body(reader: asyncio.StreamReader, head: bytes, *, to_end: bool) -> bytes:
    if re.search(rb"(?im)^transfer-encoding:.*chunked", head):
        return await _chunks(reader)
    if found := re.search(rb"(?im)^content-length:\s*(\d+)", head):
        return await reader.readexactly(int(found[1]))
    return await reader.read(LIMIT) if to_end else b""


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    raw = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if not size:
            break
        raw += line + await reader.readexactly(size + 2)
    raw += line
    while line != b"\r\n":
        line = await reader.readuntil(b"\r\n")
        raw += line
    return raw
