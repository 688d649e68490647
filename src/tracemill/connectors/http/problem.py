"""What is wrong with a pack as written: every problem with its place, never only the first."""

from collections.abc import Iterable

from tracemill.mapping.cell import Cell, CellError, compile_cell
from tracemill.mapping.engine import DEFAULT_LIMITS, Limits
from tracemill.mapping.finding import Where

Problem = tuple[Where, str]

RECORD_LIMITS = Limits(output_bytes=DEFAULT_LIMITS.input_bytes)


class InvalidPack(ValueError):
    """A pack or a system that cannot be used as written; `problems` lists (path, text)."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        lines = [f"{'.'.join(map(str, where))}: {text}" for where, text in self.problems]
        super().__init__("\n".join([f"{name} cannot be used as written:", *lines]))


class Problems:
    """Collects problems, and the warnings beside them, while a pack is compiled."""

    def __init__(self) -> None:
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def error(self, where: Where, text: str) -> None:
        self.errors.append((where, text))

    def warn(self, where: Where, text: str) -> None:
        self.warnings.append((where, text))

    def cell(self, text: str | None, where: Where, limits: Limits = DEFAULT_LIMITS) -> Cell | None:
        """Compile a cell; None where there is none or it cannot be compiled."""
        if text is None:
            return None
        try:
            return compile_cell(text, limits)
        except CellError as error:
            self.error(where, error.message)
            return None
