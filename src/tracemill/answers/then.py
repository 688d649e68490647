"""Then: what was true at a time, as far as is known now, apart from what the hub knew at a time, whatever was true."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from tracemill.model.record import Record
from tracemill.store.tables import change


class Then(Record, frozen=True):
    """A past to look at: what had occurred by `as_of`, of what the hub had recorded up to the position `known_at`."""

    as_of: datetime | None = None
    known_at: int | None = None

    @property
    def now(self) -> bool:
        return self.as_of is None and self.known_at is None

    def changes(self) -> list[ColumnElement[bool]]:
        """Return what the changes of that past have in common."""
        found = []
        if self.as_of is not None:
            found.append(change.c.occurred_at <= self.as_of)
        if self.known_at is not None:
            found.append(change.c.position <= self.known_at)
        return found

    def words(self) -> str:
        """Say which past this is."""
        found = []
        if self.as_of is not None:
            found.append(f"at {self.as_of.isoformat()}")
        if self.known_at is not None:
            found.append(f"as known at position {self.known_at}")
        return ", ".join(found)


NOW = Then()


def position_at(c: Connection, site: str, moment: datetime) -> int:
    """Return the last position of a site's record that was written by a moment; 0 where there is none.

    Positions are written in the order of time, so the search halves them.
    """
    first, last = 0, int(c.execute(select(func.max(change.c.position)).where(change.c.site == site)).scalar() or 0)
    while first < last:
        middle = (first + last + 1) // 2
        written = select(change.c.recorded_at, change.c.position).where(change.c.site == site, change.c.position >= middle)
        row = c.execute(written.order_by(change.c.position).limit(1)).one()
        if row.recorded_at <= moment:
            first = row.position
        else:
            last = middle - 1
    return first
