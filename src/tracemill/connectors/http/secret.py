"""Secrets: values that print as stars, and texts with every known secret taken out."""

import base64
import re
from collections.abc import Iterable
from typing import Final

STARS: Final = "***"
_SHORTEST: Final = 4  # a shorter secret would star out half of every text
_SAID: Final = re.compile(
    r"(?i)\b(authorization|(?:x-)?api[-_ ]?key|apikey|(?:access|refresh|id)?[-_]?token|secret|password|passwd|pwd|bearer|basic)"
    r"(\"?\s*[:=]\s*\"?|\s+)((?:bearer|basic|token)\s+)?([^\s\"',;&<>}]{4,})"
)
_WORDS_AFTER: Final = re.compile(r"^[a-z]+[.!?]?$")


class Secret:
    """A value that no log line, error or page may show."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the plain value, to be sent and never to be shown."""
        return self._value

    def __repr__(self) -> str:
        return STARS

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Redactor:
    """Takes known secrets, and whatever looks like one, out of a text."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._known: list[str] = []
        for secret in secrets:
            self.learn(secret.reveal())

    def learn(self, value: str) -> None:
        """Know one more secret, also in its base64 form; a token that was fetched, for instance."""
        if len(value) >= _SHORTEST:
            coded = base64.b64encode(value.encode()).decode().rstrip("=")
            self._known = sorted({*self._known, value, coded}, key=len, reverse=True)

    def forget(self, value: str) -> None:
        """Drop a token that has run out, so that the list does not grow for ever."""
        coded = base64.b64encode(value.encode()).decode().rstrip("=")
        self._known = [known for known in self._known if known not in (value, coded)]

    def clean(self, text: str) -> str:
        """Return the text without secrets."""
        for known in self._known:
            if known in text:
                text = text.replace(known, STARS)
        return _SAID.sub(_starred, text)


def _starred(match: re.Match[str]) -> str:
    name, between, scheme, value = match[1], match[2], match[3] or "", match[4]
    # "token expired" and "password wrong" are sentences, not secrets.
    if not scheme and between.isspace() and _WORDS_AFTER.match(value):
        return match[0]
    return f"{name}{between}{scheme}{STARS}"
