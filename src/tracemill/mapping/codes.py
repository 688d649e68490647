"""Code lists: what one system's codes mean in the words of the hub."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tracemill.mapping.fault import shown

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][\w-]*")
_YAML_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


class UnknownCode(Exception):
    """A code that its list neither translates nor ignores."""

    def __init__(self, code_list: str, code: str, example: str) -> None:
        key = _yaml_key(code)
        super().__init__(
            f"{code_list} code {shown(code)} has no canonical {code_list}; "
            f"hint: add {key}: {example} under codes.{code_list}, or ignore: [{key}]"
        )
        self.code_list = code_list
        self.code = code


@dataclass(frozen=True, slots=True)
class CodeList:
    """Canonical words by the codes of one system. Codes are texts, compared byte for byte."""

    name: str
    entries: Mapping[str, str]
    ignore: frozenset[str] = field(default_factory=frozenset)

    def lookup(self, code: str) -> str | None:
        """Give the canonical word; None for an ignored code; raise UnknownCode for others."""
        word = self.entries.get(code)
        if word is None and code not in self.ignore:
            raise UnknownCode(self.name, code, self._example())
        return word

    def _example(self) -> str:
        words = set(self.entries.values())
        return "quarantine" if not words or "quarantine" in words else min(words)


def _yaml_key(code: str) -> str:
    if _PLAIN_KEY.fullmatch(code) and code.lower() not in _YAML_WORDS:
        return code
    return shown(code)
