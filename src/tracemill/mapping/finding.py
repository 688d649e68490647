"""What is wrong with a mapping as written, as data, with the place in the YAML."""

from dataclasses import dataclass
from typing import Literal

Where = tuple[str | int, ...]
Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: where, what, how bad, and what to do about it."""

    where: Where
    code: str
    level: Level
    text: str
    hint: str = ""


class MappingErrors(Exception):
    """A mapping does not compile; every reason is listed with its place."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        places = (f"{'.'.join(map(str, each.where))}: {each.text}" for each in findings)
        super().__init__("\n".join(places))
        self.findings = findings
