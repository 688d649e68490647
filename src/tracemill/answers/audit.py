"""The audit trail: who did what, when and why; and whether the chain holds."""

from datetime import datetime

from sqlalchemy import Connection, select

from tracemill.answers.page import ALL, Sites, at_sites
from tracemill.model.record import Record
from tracemill.store import audit as chain
from tracemill.store.tables import audit, site_position


class Entry(Record, frozen=True):
    site: str
    position: int
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str
    hash: str


class Verified(Record, frozen=True):
    """The result of walking a site's chain."""

    site: str
    entries: int
    ok: bool
    broken_at: int | None
    why: str


def listed(c: Connection, site: str, after: int = 0, limit: int = 100) -> list[Entry]:
    """List entries by position."""
    query = select(audit).where(audit.c.site == site, audit.c.position > after).order_by(audit.c.position).limit(min(limit, 1000))
    return [
        Entry(site=r.site, position=r.position, at=r.at, actor=r.actor, action=r.action, subject=r.subject, reason=r.reason,
              hash=bytes(r.hash).hex())
        for r in c.execute(query)
    ]  # fmt: skip


def verified(c: Connection, sites: Sites = ALL) -> list[Verified]:
    """Walk the chain of every site that the asker may see."""
    found = []
    query = at_sites(select(site_position.c.site), site_position.c.site, sites)
    for site in c.execute(query.order_by(site_position.c.site)).scalars().all():
        count, broken = chain.verify(c, site)
        found.append(
            Verified(
                site=site,
                entries=count,
                ok=broken is None,
                broken_at=broken.position if broken else None,
                why=broken.why if broken else "",
            )
        )
    return found
