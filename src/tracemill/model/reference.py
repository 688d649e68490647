"""References: how a system names a lot or a party in what it tells."""

from tracemill.model.record import Record


class Alias(Record, frozen=True):
    """What another system calls the same lot."""

    system: str
    id: str
    item: str = ""


class LotRef(Record, frozen=True):
    """A lot as one system names it, with what it says others call it."""

    id: str
    item: str = ""
    aliases: tuple[Alias, ...] = ()


class Contact(Record, frozen=True):
    """Whom to call at a party, about what, and how."""

    name: str = ""
    role: str = ""  # quality, logistics, recall coordinator, …
    phone: str = ""
    email: str = ""

    def words(self) -> str:
        who = f"{self.name} ({self.role})" if self.name and self.role else self.name or self.role
        return ", ".join(part for part in (who, self.phone, self.email) if part)


class Party(Record, frozen=True):
    """A supplier, manufacturer, customer or carrier."""

    id: str
    name: str = ""
    contacts: tuple[Contact, ...] = ()
