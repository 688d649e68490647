"""Checking an evidence package on any computer: which entry was changed, added or left out, and whether the audit chain holds."""

import zlib
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

import msgspec

from tracemill.model.record import Record, decode
from tracemill.store.audit import Entry, link

MANIFEST, SEAL = "MANIFEST.sha256", "SEAL.sha256"


class Checked(Record, frozen=True, omit_defaults=False):
    """What came of a check: how many files, which parts of audit chains, and everything that is wrong."""

    ok: bool
    files: int
    seal: str
    chains: tuple[str, ...]
    wrong: tuple[str, ...]


def manifest(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """Write the hash of every entry, in the form that `sha256sum --check` reads."""
    return "".join(f"{sha256(body).hexdigest()}  {name}\n" for name, body in sorted(entries)).encode()


def sealed(listed: bytes) -> bytes:
    """Return the seal: the hash of the manifest."""
    return f"{sha256(listed).hexdigest()}\n".encode()


def check(body: bytes) -> Checked:
    """Check a package; names every entry that is not as it was written."""
    try:
        with ZipFile(BytesIO(body)) as archive:
            names = archive.namelist()
            wrong, found = [], {}
            for name in names:
                try:
                    found[name] = archive.read(name)
                except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
                    wrong.append(f"{name} cannot be read: {error}")
    except (BadZipFile, ValueError, OSError, NotImplementedError) as error:
        return Checked(ok=False, files=0, seal="", chains=(), wrong=(f"this is no readable ZIP: {error}",))
    wrong += [f"{name} is there twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if not wrong:
        wrong = [f"{name} is missing" for name in (MANIFEST, SEAL) if name not in found] or _unlike(found)
    chains, broken = ([], []) if wrong else _chains(found)
    wrong += broken
    seal = found.get(SEAL, b"").decode("ascii", "replace").strip()
    return Checked(ok=not wrong, files=len(names), seal=seal, chains=tuple(chains), wrong=tuple(wrong))


def _unlike(found: dict[str, bytes]) -> list[str]:
    """Name what differs. The manifest follows from the entries, the seal from the manifest: two tell on the third."""
    entries = {n: b for n, b in found.items() if n not in (MANIFEST, SEAL)}
    listed, seal, made = found[MANIFEST], found[SEAL], manifest(entries.items())
    if listed == made:
        return [] if seal == sealed(listed) else [f"{SEAL} was changed"]
    if seal == sealed(made):
        return [f"{MANIFEST} was changed"]
    return _entries_unlike(listed, entries) + ([] if seal == sealed(listed) else [f"{MANIFEST} or {SEAL} was changed, too"])


def _entries_unlike(listed: bytes, entries: dict[str, bytes]) -> list[str]:
    told = {name: digest for digest, _, name in (x.partition("  ") for x in listed.decode("utf-8", "replace").splitlines())}
    wrong = [f"{n} was changed" for n, b in entries.items() if n in told and told[n] != sha256(b).hexdigest()]
    wrong += [f"{n} was added" for n in entries if n not in told]
    return wrong + [f"{n} is missing" for n in told if n not in entries]


def _chains(found: dict[str, bytes]) -> tuple[list[str], list[str]]:
    """Walk each part of an audit chain; returns (what holds, what does not)."""
    whole, broken = [], []
    for name in sorted(n for n in found if n.startswith("audit/")):
        try:
            held, why = _chain(decode(found[name], dict[str, Any]))
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            held, why = "", f"is no part of an audit chain: {type(error).__name__} {error}"
        whole += [held] if held else []
        broken += [f"{name}: {why}"] if why else []
    return whole, broken


def _chain(part: dict[str, Any]) -> tuple[str, str]:
    """Return (which entries follow from one another, why they do not)."""
    head, entries = bytes.fromhex(part["continues"]), part["entries"]
    for n, x in enumerate(entries):
        head = link(head, x["position"], _entry(x))
        if head.hex() != x["hash"] or x["position"] != entries[0]["position"] + n:
            return "", f"entry {x['position']} ({x['action']}) does not follow from the one before it"
    return f"{part['site']} {entries[0]['position']}..{entries[-1]['position']}", ""


def _entry(x: dict[str, Any]) -> Entry:
    said = {f: str(x[f]) for f in ("actor", "action", "subject", "reason")}
    return Entry(at=datetime.fromisoformat(x["at"]), payload_hash=bytes.fromhex(x["payload_hash"]), **said)
