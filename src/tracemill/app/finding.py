"""Where something stands in a file, and what is wrong there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A position in a text; line and column count characters from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong in a written file, with the place and what to do about it."""

    file: str
    line: int
    column: int
    code: str
    text: str
    hint: str = ""

    def __str__(self) -> str:
        head = f"{self.file}:{self.line}:{self.column} {self.code} {self.text}"
        return f"{head}\n  hint: {self.hint}" if self.hint else head


class DocumentError(ValueError):
    """A file that cannot be read as a document; `findings` says where and why."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))
