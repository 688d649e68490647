"""The status command: the disagreement first, then what else is unsafe, then what is not sent, each with its id."""

import json
from typing import Any

import pytest

from tests.cli.test_hostile import AT, MARKUP, Api, api  # noqa: F401  the fixture
from tracemill.cli.main import outcome

Output = pytest.CaptureFixture[str]
SENTENCE = "43 lots free in ERP and pending in QMS"


def waiting(n: int, **more: Any) -> dict[str, Any]:
    return {"id": f"d{n}", "system": "erp", "lot_number": f"L-{n}", "text": "480 kg available → quarantine", "shows": "F 480 kg",
            "mode": "propose", "approved_by": "", "behind": "", "unit": "kg", **more}  # fmt: skip


def board(**more: Any) -> dict[str, Any]:
    lots = [f"L-{n}" for n in range(43)]
    found = {"sentence": SENTENCE, "count": 43, "lots": lots, "cases": 43, "would_send": 43, "system": "erp"}
    system = {"system": "erp", "mode": "propose", "feeds": [], "paused": False, "paused_by": "", "reason": "",
              "deliveries": {"pending": 58, "delivered": 3}, "moving": {"pending": 58}}  # fmt: skip
    case = {"title": f"1 kg of {MARKUP} usable", "next_action": "block it"}
    return {"at": AT, "disagreements": [found], "unsafe": [case], "unsafe_total": 1, "cases": 44, "waiting": {"propose": 58},
            "systems": [system], "lots": {}, "messages": {}, **more}  # fmt: skip


def test_the_headline_stands_first_and_what_waits_is_counted(api: Api, capsys: Output) -> None:  # noqa: F811
    api.answers = {"GET /v1/status": board()}
    assert outcome(["status"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"≠ {SENTENCE}"
    assert "43 unsafe cases about them" in lines[2]
    assert lines[3] == f"UNSAFE 1 kg of {MARKUP} usable"
    assert "58 commands wait for approval: tracemill status --commands" in "\n".join(lines)
    assert not any("delivered" in line for line in lines), "what is settled is not on its way"


def test_every_command_is_listed_with_the_id_to_approve_it_by(api: Api, capsys: Output) -> None:  # noqa: F811
    pages = [{"items": [waiting(1)], "next": "more"}, {"items": [waiting(2, behind="waits behind status (d1)")], "next": None}]

    class Paged(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            return pages.pop(0) if key == "GET /v1/deliveries/waiting" else super().get(key, default)

    api.answers = Paged({"GET /v1/status": board()})
    assert outcome(["status", "--commands"]) == 2
    said = capsys.readouterr()
    assert "d1  erp  L-1  480 kg available → quarantine  shows F 480 kg" in said.out
    assert "d2  erp  L-2" in said.out
    assert "waits behind status (d1)" in said.out
    assert 'next: tracemill approve d1 --reason "…"' in said.err
    assert api.asked[-1][1].endswith("cursor=more")


def test_the_commands_are_data_too(api: Api, capsys: Output) -> None:  # noqa: F811
    page = {"items": [waiting(1)], "next": None}
    api.answers = {"GET /v1/status": board(), "GET /v1/deliveries/waiting": page}
    assert outcome(["status", "--commands", "--json"]) == 2
    assert [w["id"] for w in json.loads(capsys.readouterr().out)["commands"]] == ["d1"]
