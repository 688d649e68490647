"""Packs are compiled as a whole, and every problem has its place."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.packs import TRANSFER, connector, pack
from tracemill.connectors.http.problem import InvalidPack
from tracemill.connectors.http.product import check, warnings


def operations(once: str, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"status": {"once": once, "steps": list(steps)}}


POST = {"kind": "create", "request": {"method": "POST", "path": "/x"}}


def test_a_sound_pack_has_no_problems() -> None:
    assert check(pack(TRANSFER)) == []
    assert warnings(pack(TRANSFER)) == []


def test_all_problems_are_listed_with_their_places() -> None:
    with pytest.raises(InvalidPack) as caught:
        connector(
            "ftp://x",
            auth={"kind": "basic"},
            system={"credentials": {"username": "hub"}},
            operations=operations(
                "findable", {**POST, "accept": "body.(", "request": {"path": "x/{lott}", "json": {"a": ["{each.to|stati}"]}}}
            ),
            feeds={"f": {"kind": "facts", "mappings": [], "request": {"path": "/{lot}"}, "key": "$eval('1')"}},
            errors=[{"as": "rejected"}],
            webhooks={"w": {"as": "hint", "feed": "nothing"}},
        )
    steps = ("operations", "status", "steps", 0)
    assert {where for where, _ in caught.value.problems} == {
        ("errors", 0),
        (*steps, "request", "path"),
        (*steps, "request", "json", "a", 0),
        (*steps, "accept"),
        steps,
        ("feeds", "f", "request", "path"),
        ("feeds", "f", "key"),
        ("webhooks", "w", "feed"),
        ("url",),
        ("credentials", "password"),
    }
    assert "operations.status.steps.0.request.json.a.0: |stati is no filter or code list" in str(caught.value)


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([{"kind": "find", "request": {"path": "/x"}}, POST], "a find needs found"),
        ([{"kind": "read", "request": {"path": "/x"}}], "no step creates"),
        ([{**POST, "found": "body.x"}], "a create has no found"),
        ([{**POST, "kind": "advance", "found": "body.x"}], "no find or read beside"),
    ],
)
def test_an_operation_that_could_not_work_is_found_before_it_runs(steps: list[dict[str, Any]], text: str) -> None:
    assert any(text in found for _, found in check(pack(operations=operations("ensure", *steps))))


def test_blind_operations_and_what_cannot_be_proven_are_warned_about() -> None:
    found = warnings(
        pack(
            probe={"request": {"path": "/whoami"}},
            operations=operations("blind", POST),
            reads={"stock": {"mapping": "m", "list": {"request": {"path": "/x", "query": {"i": "{lots|join}"}}, "id": "id"}}},
        )
    )
    assert [where for where, _ in found] == [("operations", "status", "once"), ("probe",)]


def test_the_writing_direction_of_a_code_list_takes_the_first_code() -> None:
    codes = {"reason": {"Q1": "quality", "Q2": "quality", "D": "damage"}}
    spec = pack(
        codes=codes,
        operations=operations("ensure", {**POST, "request": {"method": "POST", "path": "/x", "json": "{value.why|reason}"}}),
    )
    assert check(spec) == []
    clash = pack(codes={"join": {"A": "b"}})
    assert [where for where, _ in check(clash)] == [("codes", "join")]


def test_credentials_do_not_show_in_a_printed_system() -> None:
    from tracemill.connectors.http.spec import HttpSystemSpec

    assert "hush-hush" not in repr(HttpSystemSpec(url="http://x", credentials={"token": "hush-hush"}))
