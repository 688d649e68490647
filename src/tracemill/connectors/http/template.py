"""Request templates: `{dotted.path}` in texts, filled in from a job.

- A text that is only `{x}` keeps the type of x; anywhere else x is written as text, decimals digit for digit.
- `{x|name}` sends x through a filter: `join` (with commas), `json`, `b64json`, `odata` (quotes doubled), `year` …
  `microsecond` (of a time), or a code list of the pack in its writing direction (`status` is the pack's `status.write`).
- `{x?}` may be missing or null: its field, query parameter or header is then left out.
- `{"$b64json": <template>}` becomes the url-safe base64 of its JSON. `{{` and `}}` are braces.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final
from urllib.parse import quote

from tracemill.connectors.http import codec
from tracemill.connectors.http.codec import as_text
from tracemill.connectors.http.problem import Problems
from tracemill.mapping.fault import shown
from tracemill.mapping.finding import Where
from tracemill.model.connector import Rejected

Context = Mapping[str, Any]
Render = Callable[[Context], object]
Filter = Callable[[object], object]

ROOTS: Final = frozenset({"lot", "number", "ids", "value", "each", "token", "saved", "watermark", "page", "lots", "now"})
_PART: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME: Final = re.compile(r"([A-Za-z_]\w*(?:\.[\w-]+)*)(\?)?((?:\|[A-Za-z_]\w*)*)")


class Omitted(Enum):
    """The value of an optional name that has none."""

    OMITTED = "omitted"


OMITTED: Final = Omitted.OMITTED


@dataclass(frozen=True, slots=True)
class Constant:
    """A template without names."""

    value: object

    def __call__(self, _context: Context) -> object:
        return self.value


@dataclass(frozen=True, slots=True)
class Name:
    """One `{name}`: where its value is, whether it may be missing, and what it goes through."""

    text: str
    steps: tuple[str, ...]
    optional: bool
    filters: tuple[Filter, ...]

    def __call__(self, context: Context) -> object:
        value: Any = context
        for step in self.steps:
            value = _inside(value, step)
        if value is OMITTED or value is None:
            if self.optional:
                return OMITTED
            if value is OMITTED or self.filters:
                raise Rejected(f"{{{self.text}}} has no value")
        try:
            for each in self.filters:
                value = each(value)
        except ValueError as error:
            raise Rejected(f"{{{self.text}}}: {error}") from None
        return value

    def written(self, context: Context) -> str:
        """Give the value as text."""
        value = self(context)
        if value is OMITTED:
            return ""
        try:
            return as_text(value)
        except ValueError as error:
            raise Rejected(f"{{{self.text}}}: {error}") from None


def _inside(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step, OMITTED)
    if isinstance(value, list | tuple) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    return OMITTED


class TemplateCompiler:
    """Compiles templates with the filters of one pack; reports what cannot be compiled."""

    def __init__(self, filters: Mapping[str, Filter], problems: Problems) -> None:
        self._filters = {**filters, **BUILTIN}
        self._problems = problems

    def value(self, written: Any, where: Where, roots: frozenset[str] = ROOTS) -> Render:
        """Compile any JSON value with templates in its texts."""
        if isinstance(written, str):
            return self._text(written, where, roots)
        if isinstance(written, dict):
            if set(written) == {"$b64json"}:
                inner = self.value(written["$b64json"], (*where, "$b64json"), roots)
                return _settled(lambda context: _b64json(inner(context)), inner)
            fields = {key: self.value(item, (*where, key), roots) for key, item in written.items()}
            return _settled(lambda context: _object(fields, context), *fields.values())
        if isinstance(written, list):
            items = [self.value(item, (*where, index), roots) for index, item in enumerate(written)]
            return _settled(lambda context: _list(items, context), *items)
        return Constant(written)

    def text(self, written: str, where: Where, roots: frozenset[str] = ROOTS) -> Callable[[Context], str | None]:
        """Compile a template whose result is a text, or nothing where its one optional name has none."""
        render = self._text(written, where, roots)
        if isinstance(render, Name):
            return lambda context: None if render(context) is OMITTED else render.written(context)
        return lambda context: str(render(context))

    def path(self, written: str, where: Where, roots: frozenset[str] = ROOTS) -> Callable[[Context], str]:
        """Compile a path: every value is one percent-encoded piece of it."""
        parts = self._parts(written, where, roots)
        if not written.startswith("/"):
            self._problems.error(where, "a path starts with /")
        if not any(isinstance(part, Name) for part in parts):
            fixed = "".join(map(str, parts))
            return lambda _context: fixed
        return lambda context: "".join([part if isinstance(part, str) else _piece(part, context) for part in parts])

    def _text(self, written: str, where: Where, roots: frozenset[str]) -> Render:
        parts = self._parts(written, where, roots)
        if len(parts) == 1 and isinstance(parts[0], Name):
            return parts[0]
        if not any(isinstance(part, Name) for part in parts):
            return Constant("".join(map(str, parts)))
        return lambda context: "".join([part if isinstance(part, str) else part.written(context) for part in parts])

    def _parts(self, written: str, where: Where, roots: frozenset[str]) -> list[str | Name]:
        parts: list[str | Name] = []
        place = 0
        for match in _PART.finditer(written):
            parts.append(written[place : match.start()])
            parts.append(self._part(match, where, roots))
            place = match.end()
        parts.append(written[place:])
        return [part for part in parts if part != ""]

    def _part(self, match: re.Match[str], where: Where, roots: frozenset[str]) -> str | Name:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        name = _NAME.fullmatch(match[1]) if match[1] is not None else None
        if name is None:
            self._problems.error(where, f"{match[0]} is no name; write {{name}}, or {{{{ and }}}} for braces")
            return match[0]
        steps = tuple(name[1].split("."))
        if steps[0] not in roots:
            self._problems.error(where, f"{{{name[1]}}} is not known here; known are {', '.join(sorted(roots))}")
        filters = tuple(self._filter(text, where) for text in name[3].split("|")[1:])
        return Name(match[1], steps, bool(name[2]), filters)

    def _filter(self, name: str, where: Where) -> Filter:
        if name not in self._filters:
            self._problems.error(where, f"|{name} is no filter or code list; known are {', '.join(sorted(self._filters))}")
        return self._filters.get(name, str)


def _settled(render: Render, *inner: Render) -> Render:
    """Run a template without names once and for all."""
    return Constant(render({})) if all(isinstance(each, Constant) for each in inner) else render


def _object(fields: Mapping[str, Render], context: Context) -> dict[str, object]:
    filled = {key: render(context) for key, render in fields.items()}
    return {key: value for key, value in filled.items() if value is not OMITTED}


def _list(items: list[Render], context: Context) -> list[object]:
    return [value for render in items if (value := render(context)) is not OMITTED]


def _piece(name: Name, context: Context) -> str:
    text = name.written(context)
    if text in ("", ".", ".."):
        # /batches/ lists all batches, and .. leaves the place: neither is what was meant.
        raise Rejected(f"{{{name.text}}} is {shown(text)}, which cannot be part of a path")
    return quote(text, safe="")


def _join(value: object) -> object:
    texts = [as_text(item) for item in (value if isinstance(value, list | tuple) else [value])]
    for text in texts:
        if "," in text:
            raise Rejected(f"{shown(text)} contains a comma and cannot be part of a list joined with commas")
    return ",".join(texts)


def _json(value: object) -> str:
    return codec.encode(value).decode()


def _b64json(value: object) -> object:
    return base64.urlsafe_b64encode(codec.encode(value)).decode()


def _odata(value: object) -> object:
    return as_text(value).replace("'", "''")


def _time_part(name: str) -> Filter:
    return lambda value: getattr(datetime.fromisoformat(as_text(value)), name)


_TIME_PARTS: Final = ("year", "month", "day", "hour", "minute", "second", "microsecond")
BUILTIN: Final[Mapping[str, Filter]] = {
    **{"join": _join, "json": _json, "b64json": _b64json, "odata": _odata},
    **{name: _time_part(name) for name in _TIME_PARTS},
}


def code_filter(name: str, codes: Mapping[str, str]) -> Filter:
    """Make the filter that writes a canonical word as the product's code."""

    def write(value: object) -> object:
        word = as_text(value)
        if word not in codes:
            raise Rejected(f"{name} has no code for {shown(word)}; known are {', '.join(codes)}")
        return codes[word]

    return write


def stamp(now: datetime) -> str:
    """Write the time as `{now}` gives it: UTC, to the millisecond."""
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
