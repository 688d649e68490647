"""What is wrong in an EPCIS document, located; and the refusals that the standard names."""

from typing import Any

from tracemill.mapping.fault import shown
from tracemill.model.record import Record


class EpcisFault(Record, frozen=True):
    """One fault: in which event (from 0; none: in the document), in which field, what stands there, why, and what to do."""

    field: str
    cause: str
    advice: str
    value: str = ""
    event: int | None = None

    def __str__(self) -> str:
        where = "document" if self.event is None else f"event {self.event}"
        value = f" is {self.value}" if self.value else ""
        return f"{where}, {self.field or 'itself'}{value}: {self.cause}; {self.advice}"


class Refusal(ValueError):
    """A request that the standard refuses by name (EPCIS 2.0, section 12), with every fault found."""

    def __init__(self, name: str, *faults: EpcisFault) -> None:
        self.name, self.faults = name, faults
        super().__init__(f"{name}: " + ". ".join(map(str, faults)))


def faulty(field: str, value: Any, cause: str, advice: str) -> EpcisFault:
    return EpcisFault(field=field, value=shown(value), cause=cause, advice=advice)
