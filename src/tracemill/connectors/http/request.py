"""Requests: a written request compiled once, and filled in for each call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, urlencode

from tracemill.connectors.http import codec
from tracemill.connectors.http.codec import as_text
from tracemill.connectors.http.spec import RequestSpec
from tracemill.connectors.http.template import OMITTED, ROOTS, Constant, Context, Name, Render, TemplateCompiler
from tracemill.mapping.finding import Where
from tracemill.model.connector import Rejected

Text = Callable[[Context], str | None]

# The only names that are empty in good order: there is no watermark before the first poll, and no cursor on a first page.
_MAY_BE_EMPTY: Final = frozenset({"watermark", "page"})
_JSON_HEADERS: Final = {"Content-Type": "application/json", "Accept": "application/json"}
_FORM_HEADERS: Final = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_NO_BODY_HEADERS: Final = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it goes out; `shown` is how errors name it, without its query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    answer: Literal["json", "text"]
    shown: str


@dataclass(frozen=True, slots=True)
class Request:
    """A compiled request."""

    method: str
    path: Callable[[Context], str]
    query: tuple[tuple[str, Render], ...]
    headers: tuple[tuple[str, Text], ...]
    body: Render | None
    form: tuple[tuple[str, Text], ...] | None
    answer: Literal["json", "text"]

    def fill(self, context: Context) -> Outgoing:
        """Fill it in; raise Rejected with the name that has no value."""
        path = self.path(context)
        query = "&".join([piece for name, render in self.query for piece in _pieces(name, render, context)])
        body, headers = self._content(context)
        if self.headers:
            headers = {**headers, **_headers(self.headers, context)}
        target = f"{path}{'&' if '?' in path else '?'}{query}" if query else path
        return Outgoing(self.method, target, headers, body, self.answer, f"{self.method} {path.partition('?')[0]}")

    def _content(self, context: Context) -> tuple[bytes | None, Mapping[str, str]]:
        if self.body is not None:
            try:
                return codec.encode(self.body(context)), _JSON_HEADERS
            except codec.NotJson as error:
                raise Rejected(f"the request cannot be written as JSON: {error}") from None
        if self.form is not None:
            fields = {name: text for name, render in self.form if (text := render(context)) is not None}
            return urlencode(fields).encode(), _FORM_HEADERS
        return None, _NO_BODY_HEADERS


def compile_request(spec: RequestSpec, templates: TemplateCompiler, where: Where, roots: frozenset[str] = ROOTS) -> Request:
    """Compile a written request; problems go to the compiler's list."""
    query = tuple((name, templates.value(item, (*where, "query", name), roots)) for name, item in spec.query.items())
    headers = tuple((name, templates.text(text, (*where, "headers", name), roots)) for name, text in spec.headers.items())
    body = None if spec.json_body is None else templates.value(spec.json_body, (*where, "json"), roots)
    form: tuple[tuple[str, Text], ...] | None = None
    if spec.form is not None:
        form = tuple((name, templates.text(text, (*where, "form", name), roots)) for name, text in spec.form.items())
    path = templates.path(spec.path, (*where, "path"), roots)
    return Request(spec.method, path, query, headers, body, form, spec.answer)


def _pieces(name: str, render: Render, context: Context) -> list[str]:
    value = render(context)
    if value is OMITTED:
        return []
    items = value if isinstance(value, list) else [value]
    if value in ("", None) or not items:
        if isinstance(render, Name) and render.steps[0] in _MAY_BE_EMPTY:
            return []
        if not isinstance(render, Constant):
            # An empty filter lists everything, which is never what was asked for.
            raise Rejected(f"the query parameter {name} is empty")
    try:
        return [f"{quote(name, safe='')}={quote(as_text(item), safe='')}" for item in items]
    except ValueError as error:
        raise Rejected(f"the query parameter {name} cannot be written: {error}") from None


def _headers(headers: tuple[tuple[str, Text], ...], context: Context) -> dict[str, str]:
    filled: dict[str, str] = {}
    for name, render in headers:
        text = render(context)
        if text is None:
            continue
        if not text.isprintable():
            raise Rejected(f"the header {name} would contain a control character")
        filled[name] = text
    return filled
