"""The evidence package: a ZIP whose every byte is accounted for, so that it can be checked without the hub."""

from collections.abc import Callable, Iterable
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import Connection, select

from tracemill.answers.package_check import MANIFEST, SEAL, manifest, sealed
from tracemill.answers.package_epcis import epcis_documents, named
from tracemill.answers.package_page import page
from tracemill.answers.package_sheet import csv_text, workbook
from tracemill.answers.package_story import Story, story
from tracemill.answers.recall import RecallView
from tracemill.mapping.epcis.own_names import Names
from tracemill.model.record import encode
from tracemill.store.audit import GENESIS
from tracemill.store.tables import audit

Entry = tuple[str, bytes]
Maker = Callable[[Connection, Story, Names], Iterable[Entry]]
FIXED = (1980, 1, 1, 0, 0, 0)  # the earliest time a ZIP can tell: the same content is the same file


def package(c: Connection, view: RecallView, at: datetime, own: Names | None = None) -> bytes:
    """Make the package of a recall. `own`: how the EPCIS documents name what has no GS1 name."""
    told = story(c, view, at)
    entries = sorted(entry for make in MAKERS for entry in make(c, told, own or named()))
    listed = manifest(entries)
    return zipped([*entries, (MANIFEST, listed), (SEAL, sealed(listed))])


def zipped(entries: Iterable[Entry]) -> bytes:
    """Write a ZIP: the same entries, the same bytes."""
    target = BytesIO()
    with ZipFile(target, "w") as archive:
        for name, body in entries:
            info = ZipInfo(name, FIXED)
            info.compress_type, info.external_attr = ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, body)
    return target.getvalue()


def seal(body: bytes) -> str:
    """Return the seal of a package: the one hash that stands for all of it."""
    with ZipFile(BytesIO(body)) as archive:
        return archive.read(SEAL).decode().strip()


def _told(_: Connection, told: Story, __: Names) -> Iterable[Entry]:
    yield "recall.json", encode({"made_at": told.at, "view": told.view})
    yield "recall.html", page(told).encode()


def _tables(_: Connection, told: Story, __: Names) -> Iterable[Entry]:
    yield "lots.csv", csv_text(told.view).encode()
    yield "recall.xlsx", workbook(told)


def _events(_: Connection, told: Story, own: Names) -> Iterable[Entry]:
    return epcis_documents(told, own)


def _chains(c: Connection, told: Story, _: Names) -> Iterable[Entry]:
    """Take each site's audit chain from the recall's opening on, with the hash that it continues."""
    view = told.view
    for site in view.recall.sites:
        first = select(audit.c.position).where(audit.c.site == site, audit.c.subject == view.recall.id)
        start = c.execute(first.order_by(audit.c.position).limit(1)).scalar()
        if start is None:
            continue
        before = select(audit.c.hash).where(audit.c.site == site, audit.c.position == start - 1)
        rows = c.execute(select(audit).where(audit.c.site == site, audit.c.position >= start).order_by(audit.c.position))
        head = bytes(c.execute(before).scalar() or GENESIS).hex()
        yield f"audit/{site}.json", encode({"site": site, "continues": head, "entries": [_entry(r) for r in rows]})


def _entry(r: Any) -> dict[str, Any]:
    said = {f: getattr(r, f) for f in ("position", "actor", "action", "subject", "reason")}
    return {**said, "at": r.at.isoformat(), "payload_hash": bytes(r.payload_hash).hex(), "hash": bytes(r.hash).hex()}


MAKERS: tuple[Maker, ...] = (_told, _tables, _events, _chains)
