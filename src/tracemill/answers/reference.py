"""References: which lot does somebody mean by an id, a number, or what any system calls it."""

from sqlalchemy import Connection, Select, select

from tracemill.answers import label
from tracemill.answers.page import ALL, Sites, at_sites
from tracemill.model.identifier import look
from tracemill.model.record import Record
from tracemill.store.tables import identity, lot
from tracemill.store.vessels import contents

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
    """Return the lots that a reference means: by id, number, native ids or what a GS1 label names; else by their look."""
    found: dict[str, Candidate] = {}
    if not ref or "\0" in ref:
        return []
    for query, matched in (
        (_LOT.where(lot.c.uuid == ref), "id"),
        (_LOT.where(lot.c.number == ref), "number"),
        (_NAMED.where(identity.c.native == ref), "name"),
        (_LOT.where(lot.c.uuid.in_(contents(c, ref))), "what is in this vessel"),
    ):
        _add(found, c, query, matched, True, sites)
    _by_label(found, c, ref, sites)
    for query, matched in (
        (_LOT.where(lot.c.look == look(ref)), "looks like its number"),
        (_NAMED.where(identity.c.look == look(ref)), "looks like its name"),
    ):
        if not found:
            _add(found, c, query, matched, False, sites)
    return list(found.values())


def _by_label(found: dict[str, Candidate], c: Connection, ref: str, sites: Sites) -> None:
    """Add what a label names. What is coarser than the label (the lot of a serial), or of an item that cannot be compared
    with its GTIN, is shown and never acted on."""
    for meaning in label.meanings(ref):
        _add(found, c, _LOT.where(meaning.surely()), f"{meaning.what} on the label", meaning.finest, sites)
        if found:
            return
    for meaning in label.meanings(ref):
        _add(found, c, _LOT.where(meaning.perhaps()), f"{meaning.what} on the label, item not a GTIN", False, sites)
        for one in [one for one in found.values() if label.comparable(one.item)]:
            del found[one.id]  # the same number of another item
        if found:
            return


def _add(
    found: dict[str, Candidate], c: Connection, query: Select[tuple[object, ...]], matched: str, exact: bool, sites: Sites
) -> None:
    for row in c.execute(at_sites(query, lot.c.site, sites).order_by(lot.c.id).limit(MOST)).mappings():
        system = row.get("system")
        found.setdefault(
            row["uuid"],
            Candidate(id=row["uuid"], site=row["site"], number=row["number"], item=row["item"], verdict=row["verdict"],
                      matched=f"{matched} in {system}" if system else matched, exact=exact),
        )  # fmt: skip


_LOT: Select[tuple[object, ...]] = select(lot.c.uuid, lot.c.site, lot.c.number, lot.c.item, lot.c.verdict)
_NAMED: Select[tuple[object, ...]] = select(
    lot.c.uuid, lot.c.site, lot.c.number, lot.c.item, lot.c.verdict, identity.c.system
).join(identity, identity.c.lot_id == lot.c.id)
