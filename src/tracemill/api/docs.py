"""The API's own documentation page: rendered here from the OpenAPI document, without scripts and without a CDN."""

import json
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from tracemill.api.access import caller_of, security_of

router = APIRouter()

STYLE = """
:root{color-scheme:light dark;--line:#d5dae0;--soft:#f4f6f8;--text:#1b2126;--link:#1F4FA8}
@media(prefers-color-scheme:dark){:root{--line:#2b343d;--soft:#1A212A;--text:#e6eaee;--link:#7fb0ff;background:#11161C}}
body{font:14px/20px system-ui,sans-serif;color:var(--text);max-width:1000px;margin:24px auto;padding:0 16px}
h1{font-size:20px}h2{font-size:16px;margin-top:32px;border-bottom:1px solid var(--line);padding-bottom:4px}
details{border:1px solid var(--line);border-radius:6px;margin:8px 0}summary{padding:8px 12px;cursor:pointer}
details>div{padding:4px 12px 12px;background:var(--soft)}code,pre{font:13px/18px ui-monospace,monospace}
pre{overflow:auto;margin:8px 0}.m{display:inline-block;min-width:48px;font-weight:600}table{border-collapse:collapse}
td,th{text-align:left;padding:4px 12px 4px 0;vertical-align:top}a{color:var(--link)}
"""


def _reader(request: Request) -> None:
    """Let in a bearer token, or the session of the pages."""
    cookie = request.cookies.get("tracemill", "")
    if security_of(request).who(cookie) is None:
        caller_of(request)


@router.get("/openapi.json", include_in_schema=False)
async def document(request: Request) -> Response:
    """Return the OpenAPI 3.1 document."""
    _reader(request)
    return JSONResponse(request.app.openapi())


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """Show every route with its parameters, body and answer."""
    _reader(request)
    app: FastAPI = request.app
    return HTMLResponse(page(app.openapi()), headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})


def page(document: dict[str, Any]) -> str:
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation.get("tags", ["other"])[0], []).append(_operation(method, path, operation))
    body = "".join(f"<h2>{escape(name)}</h2>{''.join(rows)}" for name, rows in groups.items())
    title = escape(document["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><main><h1>{title}</h1>'
        f"<p>{escape(document['info']['description'])}</p>"
        f'<p>The same as a document for tools: <a href="/openapi.json">/openapi.json</a> (OpenAPI {document["openapi"]}).</p>'
        f"{body}<h2>schemas</h2>{_schemas(document)}</main></body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{p['in']}</td><td>{'required' if p.get('required') else ''}</td>"
        f"<td>{escape(str(p.get('description', '')))}</td></tr>"
        for p in operation.get("parameters", [])
    )
    content = operation.get("requestBody", {}).get("content", {})
    body = "".join(f"<p>Body: <code>{escape(kind)}</code> {_ref(c.get('schema', {}))}</p>" for kind, c in content.items())
    answers = "".join(
        f"<p>{code}: {escape(found.get('description', ''))} "
        + "".join(_ref(c.get("schema", {})) for c in found.get("content", {}).values())
        + "</p>"
        for code, found in operation.get("responses", {}).items()
    )
    parameters = f"<table>{rows}</table>" if rows else ""
    what = escape(operation.get("description", "").strip())
    return (
        f'<details><summary><span class="m">{method.upper()}</span> <code>{escape(path)}</code> {what.split(". ")[0]}</summary>'
        f"<div><p>{what}</p>{parameters}{body}{answers}</div></details>"
    )


def _ref(schema: dict[str, Any]) -> str:
    found = schema.get("$ref") or schema.get("items", {}).get("$ref", "")
    name = found.rsplit("/", 1)[-1]
    return f'<a href="#{escape(name)}"><code>{escape(name)}</code></a>' if name else ""


def _schemas(document: dict[str, Any]) -> str:
    found = document.get("components", {}).get("schemas", {})
    return "".join(
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"<div><pre>{escape(json.dumps(s, indent=2))}</pre></div></details>"
        for name, s in sorted(found.items())
    )
