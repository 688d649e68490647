"""Verdicts: what an answer means. The pack's rules speak first, then what HTTP says, always on the safe side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Literal

from tracemill.connectors.http.answer import Answer, readable
from tracemill.connectors.http.problem import Problems
from tracemill.connectors.http.spec import ErrorSpec
from tracemill.mapping.cell import Cell, CellError
from tracemill.mapping.finding import Where
from tracemill.model.connector import InDoubt, Rejected, Unavailable

Kind = Literal["fine", "unavailable", "rejected", "in_doubt"]

LATER: Final = frozenset({408, 423, 425, 429, 503})
MOVED: Final = frozenset({301, 307, 308})
_LONGEST_PAUSE: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means, why, and whether the system itself seems to be failing (which the breaker counts)."""

    kind: Kind
    cause: str = ""
    retry_after: float | None = None
    failing: bool = False

    def error(self, request: str) -> Exception:
        """Give the exception that says so."""
        cause = f"{request}: {self.cause}"
        if self.kind == "unavailable":
            return Unavailable(cause, self.retry_after)
        return Rejected(cause) if self.kind == "rejected" else InDoubt(cause)


FINE: Final = Verdict("fine")


@dataclass(frozen=True, slots=True)
class Rule:
    """One compiled rule of a pack's `errors`."""

    status: int | None
    when: Cell | None
    kind: Kind
    cause: Cell | None

    def applies(self, answer: Answer) -> bool:
        if self.status is not None and self.status != answer.status:
            return False
        if self.when is None:
            return True
        try:
            return bool(self.when.evaluate(answer.source()))
        except CellError:
            return False

    def said(self, answer: Answer) -> str:
        """Give the product's own words for it."""
        try:
            words = self.cause.evaluate(answer.source()) if self.cause else None
        except CellError:
            words = None
        return readable(str(words)) if words else answer.shown()


def compile_rules(specs: Sequence[ErrorSpec], problems: Problems, where: Where) -> tuple[Rule, ...]:
    rules = []
    for index, spec in enumerate(specs):
        here = (*where, index)
        if spec.status is None and spec.when is None:
            problems.error(here, "give status, when, or both: this rule would match every answer")
        when = problems.cell(spec.when, (*here, "when"))
        rules.append(Rule(spec.status, when, spec.kind, problems.cell(spec.cause, (*here, "cause"))))
    return tuple(rules)


class Judge:
    """Says what answers mean, by the rules of one pack."""

    def __init__(self, rules: Sequence[Rule], clock: Callable[[], datetime]) -> None:
        self._rules = rules
        self._clock = clock

    def verdict(self, answer: Answer, changes: bool, tolerated: frozenset[int]) -> Verdict:
        """Judge an answer; `changes` says whether the request may have changed something."""
        for rule in self._rules:
            if rule.applies(answer):
                return self._ruled(rule, answer, changes)
        if answer.good:
            if answer.broken:
                return self._unsure(answer, changes, f"answered {answer.status}, but {answer.broken}: {answer.shown()}")
            return FINE
        if answer.status in tolerated and not answer.broken:  # a proxy's page about 404 says nothing about our object
            return FINE
        return self._refused(answer, changes)

    def _ruled(self, rule: Rule, answer: Answer, changes: bool) -> Verdict:
        if rule.kind == "fine":
            return FINE
        cause = f"{answer.status}: {rule.said(answer)}"
        if rule.kind == "rejected":
            return Verdict("rejected", cause)
        kind: Kind = "in_doubt" if rule.kind == "in_doubt" and changes else "unavailable"
        return Verdict(kind, cause, self._retry_after(answer))

    def _refused(self, answer: Answer, changes: bool) -> Verdict:
        status, cause = answer.status, f"{answer.status} {_phrase(answer.status)}: {answer.shown()}".removesuffix(": ")
        if status in (401, 403):
            return Verdict("unavailable", f"credentials refused ({cause})")
        if status in LATER:
            return Verdict("unavailable", cause, self._retry_after(answer), failing=status == 503)
        if status in MOVED:
            return Verdict("unavailable", f"{cause}; redirected to another address, which is not followed")
        if 400 <= status < 500:
            return Verdict("rejected", cause)
        return self._unsure(answer, changes, cause)

    def _unsure(self, answer: Answer, changes: bool, cause: str) -> Verdict:
        if changes:
            return Verdict("in_doubt", cause, failing=True)
        return Verdict("unavailable", cause, self._retry_after(answer), failing=True)

    def _retry_after(self, answer: Answer) -> float | None:
        written = answer.headers.get("retry-after", "").strip()
        if written.isascii() and written.isdigit():
            return min(float(written), _LONGEST_PAUSE)
        try:
            at = parsedate_to_datetime(written)
        except (ValueError, TypeError):
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max(0.0, (at - self._clock()).total_seconds()), _LONGEST_PAUSE)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "without a name"
