"""Pages of long lists: an opaque cursor, and always how many there are in all."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Connection, Select, func, select

from tracemill.model.record import Record

T = TypeVar("T")
Sites = tuple[str, ...] | None  # None: all sites
ALL: Sites = None
MOST = 500


class BadCursor(ValueError):
    """A cursor that this hub did not hand out."""


class Page(Record, Generic[T], frozen=True):
    """A part of a list. `next` is the cursor of what follows; null where nothing does."""

    items: tuple[T, ...]
    total: int
    showing: str
    next: str | None


def at_sites(query: Select[Any], column: "Column[Any]", sites: Sites) -> Select[Any]:
    """Keep what belongs to the sites that the asker may see."""
    return query if sites is None else query.where(column.in_(sites))


def position(cursor: str) -> int | None:
    """Read a cursor; None where there is none."""
    return int(places(cursor, (int,))[0]) if cursor else None


def places(cursor: str, kinds: Sequence[Callable[[str], Any]]) -> list[Any]:
    """Read a cursor of one or more places; raises BadCursor."""
    try:
        written = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode().removeprefix("after:").split(" ")
        return [kind(text) for kind, text in zip(kinds, written, strict=True)]
    except (ValueError, UnicodeError, OverflowError):
        raise BadCursor(f"cursor {cursor[:40]!r} was not made by this hub; leave it out to start again") from None


def cursor_at(*place: object) -> str:
    return urlsafe_b64encode(f"after:{' '.join(map(str, place))}".encode()).decode().rstrip("=")


def paged(
    c: Connection, query: Select[Any], by: "Column[Any]", make: Callable[[Any], T], cursor: str, limit: int, newest: bool = True
) -> Page[T]:
    """Run a query page by page, the newest first, and count all that match."""
    limit, total = within(limit), count(c, query)
    place = position(cursor)
    if place is not None:
        query = query.where(by < place if newest else by > place)
    rows = c.execute(query.order_by(by.desc() if newest else by).limit(limit + 1)).all()
    shown = rows[:limit]
    following = cursor_at(getattr(shown[-1], by.name)) if len(rows) > limit else None
    return Page(items=tuple(make(row) for row in shown), total=total, showing=said(len(shown), total), next=following)


def within(limit: int) -> int:
    """Return how many rows one page may have."""
    return max(1, min(limit, MOST))


def count(c: Connection, query: Select[Any]) -> int:
    """Count all that a query finds."""
    return int(c.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar() or 0)


def said(shown: int, total: int) -> str:
    """Say how much of how much is shown."""
    return f"showing {shown:,} of {total:,}"
