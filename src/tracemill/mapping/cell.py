"""A cell: the JSONata text that says where the value of one target field comes from.

Plain paths, constants and texts joined with `&` run as closures; the rest runs on the engine,
bounded in time, nesting, input and output. A cell never gives a float; `engine.py` has the rule.
In two places a plain join is stricter than JSONata, because both have corrupted ids: where a part
is missing or null the whole text is missing, instead of cut short or with the word "null" in it;
and a list or object among the parts is an error, instead of JSON inside the text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tracemill.mapping.bounds import refuse_unbounded
from tracemill.mapping.engine import DEFAULT_LIMITS, Document, Engine, Limits, check_syntax
from tracemill.mapping.fault import CellError, CellFault
from tracemill.mapping.growth import growth
from tracemill.mapping.path import MISSING, Missing
from tracemill.mapping.plain import Closure, plain
from tracemill.mapping.tokens import Token, tokenize

__all__ = ["MISSING", "Cell", "CellError", "CellFault", "Limits", "Missing", "compile_cell"]

NO_BINDINGS: Final[Mapping[str, object]] = {}


@dataclass(frozen=True, slots=True)
class Cell:
    """A compiled cell; safe to use from any thread."""

    text: str
    tokens: tuple[Token, ...]
    closure: Closure | None
    engine: Engine

    @property
    def is_plain(self) -> bool:
        """Tell whether the cell runs without the engine."""
        return self.closure is not None

    def evaluate(self, source: object, bindings: Mapping[str, object] = NO_BINDINGS) -> object:
        """Give the cell's value for a record; None where it is missing or null.

        Numbers are `int` or `Decimal`, texts are as sent. Raises CellError, nothing else.
        """
        return self.read(Document(source), bindings)

    def read(self, document: Document, bindings: Mapping[str, object] = NO_BINDINGS) -> object:
        """Evaluate against a record that several cells share."""
        if self.closure is None:
            return self.engine.evaluate(document, bindings)
        value = self.closure(document.source, bindings)
        return None if value is MISSING else value

    def leaf_names(self) -> tuple[str, ...]:
        """Name the record's fields whose values this cell may give: each path's last name."""
        names: list[str] = []
        for token, after in zip(self.tokens, (*self.tokens[1:], None), strict=True):
            goes_on = after is not None and after.text == "."
            if token.kind in {"name", "quoted"} and not goes_on:
                names.append(token.text.strip("`"))
        return tuple(names)


def compile_cell(text: str, limits: Limits = DEFAULT_LIMITS) -> Cell:
    """Compile a cell; raise CellError with the position where it cannot be or may not be."""
    tokens = tokenize(text)
    refuse_unbounded(tokens)
    closure = plain(tokens)
    if closure is None:
        check_syntax(text, tokens)
    variables = dict.fromkeys(token.text[1:] for token in tokens if token.kind == "variable")
    return Cell(text, tokens, closure, Engine(text, tuple(variables), limits, growth(tokens)))
