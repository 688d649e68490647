"""Templates: types are kept, ids survive, and nothing is asked for that was not meant."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

import pytest

from tracemill.connectors.http.problem import Problems
from tracemill.connectors.http.request import Outgoing, compile_request
from tracemill.connectors.http.spec import RequestSpec
from tracemill.connectors.http.template import TemplateCompiler, code_filter
from tracemill.model.connector import Rejected

CONTEXT: dict[str, Any] = {
    "lot": "L/1 ü",
    "lots": ["A", "B&C"],
    "token": "tok",
    "value": {"qty": "480.000", "n": 3, "d": Decimal("1.50"), "yes": True, "list": [1, 2], "none": None, "empty": "", "o'": "x"},
    "ids": {"qms-cloud": "SG-1"},
    "each": {"to": "available"},
    "saved": {"rows": [{"id": 7}], "quoted": "it's"},
    "watermark": "2026-11-23T10:02:00",
    "page": "",
}


def fill(**written: Any) -> Outgoing:
    problems = Problems()
    templates = TemplateCompiler({"status": code_filter("status", {"available": "F"})}, problems)
    request = compile_request(RequestSpec.model_validate({"path": "/x", **written}), templates, ())
    assert problems.errors == []
    return request.fill(CONTEXT)


def body(written: Any) -> Any:
    sent = fill(method="POST", json=written).body
    assert sent is not None
    return sent.decode()


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("{value.qty}", '"480.000"'),
        ("{value.n}", "3"),
        ("{value.d}", "1.50"),
        ("{value.yes}", "true"),
        ("{value.none}", "null"),
        ("{saved.rows.0.id}", "7"),
        ("{value.list}", "[1,2]"),
        ("lot {lot}: {value.n} / {value.d} {value.yes}", '"lot L/1 ü: 3 / 1.50 true"'),
        ("{each.to|status}", '"F"'),
        ("{ids.qms-cloud}", '"SG-1"'),
        ("{{literal}} {token}", '"{literal} tok"'),
        ({"a": "{value.missing?}", "b": ["{value.none?}", 1.5, "{token}"]}, '{"b":[1.5,"tok"]}'),
        ("[{lots|json}]", '"[[\\"A\\",\\"B&C\\"]]"'),
        (
            {"__class__": "datetime", "year": "{watermark|year}", "minute": "{watermark|minute}"},
            '{"__class__":"datetime","year":2026,"minute":2}',
        ),
    ],
)
def test_a_name_alone_keeps_its_type_and_in_a_text_it_is_text(written: Any, sent: str) -> None:
    assert body(written) == sent


def test_values_in_paths_and_queries_are_encoded_piece_by_piece() -> None:
    out = fill(
        path="/lots/{lot}/x", query={"ids": "{lots|join}", "many": "{value.list}", "f": "eq '{saved.quoted|odata}'", "z": "+"}
    )
    assert out.target == "/lots/L%2F1%20%C3%BC/x?ids=A%2CB%26C&many=1&many=2&f=eq%20%27it%27%27s%27&z=%2B"
    assert out.shown == "GET /lots/L%2F1%20%C3%BC/x"


def test_b64json_is_url_safe_json() -> None:
    out = fill(query={"d": {"$b64json": [["number", "=", "{lot}"], {"n": "{value.d}"}]}})
    coded = out.target.partition("d=")[2].replace("%3D", "=")
    assert json.loads(base64.urlsafe_b64decode(coded)) == [["number", "=", "L/1 ü"], {"n": 1.5}]


def test_forms_and_headers() -> None:
    out = fill(
        method="POST", form={"lot": "{lot}", "no": "{value.none?}"}, headers={"If-Match": "{saved.etag?}", "X-T": "{token}"}
    )
    assert out.body == b"lot=L%2F1+%C3%BC"
    assert out.headers["X-T"] == "tok"
    assert "If-Match" not in out.headers


def test_an_empty_page_or_watermark_is_left_out() -> None:
    assert fill(query={"cursor": "{page}", "since": "{watermark}"}).target == "/x?since=2026-11-23T10%3A02%3A00"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ({"path": "/lots/{value.empty}"}, "cannot be part of a path"),
        ({"query": {"lot": "{value.empty}"}}, "query parameter lot is empty"),
        ({"query": {"lot": "{value.none}"}}, "query parameter lot is empty"),
        ({"query": {"lot": "{value.missing}"}}, r"\{value.missing\} has no value"),
        ({"json": "{token|status}"}, "status has no code for"),
        ({"json": "x{value.list}"}, "value.list"),
        ({"json": "{token|year}"}, "token|year"),
        ({"headers": {"X": "{value.evil}"}}, "control character"),
        ({"query": {"ids": "{value.commas|join}"}}, "comma"),
    ],
)
def test_what_cannot_be_filled_in_is_refused_by_name(written: dict[str, Any], text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONTEXT["value"], "evil", "a\r\nX-Admin: 1")
    monkeypatch.setitem(CONTEXT["value"], "commas", ["A", "B,C"])
    with pytest.raises(Rejected, match=text):
        fill(method="POST", **written)


@pytest.mark.parametrize("dots", [".", ".."])
def test_a_lot_cannot_climb_out_of_its_path(dots: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONTEXT, "lot", dots)
    with pytest.raises(Rejected):
        fill(path="/lots/{lot}")
