"""References: which lot does somebody mean by an id, a number, or what any system calls it."""

from sqlalchemy import Connection, Select, select

from tracemill.answers.page import ALL, Sites, at_sites
from tracemill.model.identifier import look
from tracemill.model.record import Record
from tracemill.store.tables import identity, lot

MOST = 20


class Candidate(Record, frozen=True):
    """A lot that a reference may mean, and why."""

    id: str
    site: str
    number: str
    item: str
    verdict: str
    matched: str
    exact: bool


def find(c: Connection, ref: str, sites: Sites = ALL) -> list[Candidate]:
    """Return the lots that a reference means: by id, then number, then native ids; only where none is exact, by their look."""
    queries: list[tuple[Select[tuple[object, ...]], str, bool]] = [
        (_LOT.where(lot.c.uuid == ref), "id", True),
        (_LOT.where(lot.c.number == ref), "number", True),
        (_NAMED.where(identity.c.native == ref), "name", True),
        (_LOT.where(lot.c.look == look(ref)), "looks like its number", False),
        (_NAMED.where(identity.c.look == look(ref)), "looks like its name", False),
    ]
    found: dict[str, Candidate] = {}
    for query, matched, exact in queries:
        if (found and not exact) or not ref or "\0" in ref:
            break
        for row in c.execute(at_sites(query, lot.c.site, sites).order_by(lot.c.id).limit(MOST)).mappings():
            system = row.get("system")
            text = f"{matched} in {system}" if system else matched
            found.setdefault(
                row["uuid"],
                Candidate(id=row["uuid"], site=row["site"], number=row["number"], item=row["item"], verdict=row["verdict"],
                          matched=text, exact=exact),
            )  # fmt: skip
    return list(found.values())


_LOT: Select[tuple[object, ...]] = select(lot.c.uuid, lot.c.site, lot.c.number, lot.c.item, lot.c.verdict)
_NAMED: Select[tuple[object, ...]] = select(
    lot.c.uuid, lot.c.site, lot.c.number, lot.c.item, lot.c.verdict, identity.c.system
).join(identity, identity.c.lot_id == lot.c.id)
