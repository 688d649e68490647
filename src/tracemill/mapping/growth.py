"""How far a cell can multiply what it reads, told from its words.

A cell copies a value where it names it twice (`{'a': $, 'b': $}`), and it repeats one where the
body of a loop names something from outside (`lines.{'order': $$.order}` holds the order once per
line). The engine shares such copies and makes them only when it writes the result out, after its
last look at the clock. So the copies are counted here, and the loops are bounded by the size of the
record: see `Engine`.
"""

from dataclasses import dataclass, field
from typing import Final

from tracemill.mapping.tokens import Token

_FUNCTION_WORDS: Final = frozenset({"function", "λ"})
_COPYING_CALLS: Final = frozenset({"$zip", "$append"})
_OPENING: Final = frozenset({"(", "[", "{"})
_CLOSING: Final = frozenset({")", "]", "}"})


@dataclass(frozen=True, slots=True)
class Growth:
    """How often one value may be copied, how many loops repeat values from outside, and whether
    one of these is a grouping, which nothing bounds."""

    copies: int
    loops: int
    unbounded: bool = False


@dataclass(slots=True)
class _Group:
    """A bracket, or the right side of a `:=`, and what it does to the values named inside."""

    copies: bool = False
    loops: bool = False
    own: list[str] | None = None  # the parameters of a function body
    binds: bool = False
    sorts_into: bool = False  # xs{key: value}, whose result no limit of the engine counts
    count: int = 0
    repeats: bool = False


def growth(tokens: tuple[Token, ...]) -> Growth:
    """Count copies and loops."""
    counting = _Counting(tokens)
    for index in range(len(tokens)):
        counting.take(index)
    counting.close_bindings()
    return Growth(counting.copies, counting.loops, counting.unbounded)


@dataclass(slots=True)
class _Counting:
    tokens: tuple[Token, ...]
    groups: list[_Group] = field(default_factory=list)
    parameters: list[str] | None = None
    indexes: set[str] = field(default_factory=set)
    copies: int = 1
    loops: int = 0
    unbounded: bool = False

    def take(self, index: int) -> None:
        token = self.tokens[index]
        sign = token.text if token.kind == "sign" else ""
        if sign in _OPENING:
            self.groups.append(self._group(index))
        elif sign in _CLOSING:
            self.close_bindings()
            self._close()
        elif sign == ":=":
            self.groups.append(_Group(copies=True, binds=True))
        elif sign == ";":
            self.close_bindings()
        elif token.kind == "variable" and self._text(index - 1) == "#":
            self.indexes.add(token.text)
        elif self._refers(index):
            self._refer(index)

    def _text(self, index: int) -> str:
        if 0 <= index < len(self.tokens) and self.tokens[index].kind != "text":
            return self.tokens[index].text
        return ""

    def _group(self, index: int) -> _Group:
        before, sign = self._text(index - 1), self.tokens[index].text
        after_value = index > 0 and self.tokens[index - 1].ends_operand
        if sign == "(":
            if before in _FUNCTION_WORDS:
                self.parameters = self._parameters(index)
                return _Group()
            called_per_item = before.startswith("$") and self._text(index - 2) == "."
            return _Group(copies=before in _COPYING_CALLS, loops=before == "." or called_per_item)
        if sign == "{" and self.parameters is not None and before == ")":
            own, self.parameters = self.parameters, None
            return _Group(loops=True, own=own)
        if sign == "{":
            return _Group(copies=True, loops=before == "." or after_value, sorts_into=after_value)
        return _Group(copies=before == "." or not after_value, loops=before == ".")

    def _parameters(self, index: int) -> list[str]:
        """Name a function's item and its index; a third parameter is the whole list again."""
        names: list[str] = []
        while self._text(index) != ")":
            if self.tokens[index].kind == "variable":
                names.append(self.tokens[index].text)
            index += 1
        return names[:2]

    def _refers(self, index: int) -> bool:
        token, before = self.tokens[index], self._text(index - 1)
        if token.kind == "variable":
            called = self._text(index + 1) == "("
            bound = self._text(index + 1) == ":="
            return not called and not bound
        if token.kind == "sign":
            prefix = index == 0 or not self.tokens[index - 1].ends_operand
            return token.text in {"*", "**", "%"} and prefix and before != "."
        if token.kind == "text":
            return self._text(index + 1) == "." and before != "."
        return token.kind in {"name", "quoted"} and before != "."

    def _refer(self, index: int) -> None:
        token = self.tokens[index]
        for group in reversed(self.groups):
            if group.copies:
                group.count += 1
                break
        if token.kind == "variable" and self._text(index - 1) == "." and token.text != "$":
            self.loops += 1
        of_item = token.kind != "variable" and token.text != "%"
        for group in reversed(self.groups):
            if group.loops:
                if self._is_own(group, token, of_item):
                    break
                group.repeats = True

    def _is_own(self, group: _Group, token: Token, of_item: bool) -> bool:
        if token.text in self.indexes:
            return True
        if group.own is None:
            return of_item or token.text == "$"
        return token.text in group.own

    def close_bindings(self) -> None:
        while self.groups and self.groups[-1].binds:
            self._close()

    def _close(self) -> None:
        group = self.groups.pop()
        self.copies *= max(1, group.count)
        self.loops += group.repeats
        self.unbounded |= group.repeats and group.sorts_into
        if group.count:
            for outer in reversed(self.groups):
                if outer.copies:
                    outer.count += 1
                    break
