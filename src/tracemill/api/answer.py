"""Answers as JSON, and their schemas in the OpenAPI document."""

from typing import Any

import msgspec
from starlette.responses import Response

from tracemill.model.record import encode

_types: list[Any] = []


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a record as JSON."""
    return Response(encode(value), status, headers, "application/json")


def returns(kind: Any, status: int = 200) -> dict[str, Any]:
    """Describe what a route answers, for the OpenAPI document."""
    if kind not in _types:
        _types.append(kind)
    (schema,), _ = msgspec.json.schema_components([kind], ref_template="#/components/schemas/{name}")
    content = {"application/json": {"schema": schema}}
    problem = {"description": "What is wrong, and what to do", "content": {"application/problem+json": {}}}
    return {"responses": {status: {"description": "OK", "content": content}, "4XX": problem}, "status_code": status}


def components() -> dict[str, Any]:
    """Return the schemas of everything that routes answer."""
    _, found = msgspec.json.schema_components(_types, ref_template="#/components/schemas/{name}")
    return found
