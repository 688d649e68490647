"""Approving inspections from the command line."""

from typing import Any

import pytest

from tracemill.cli import inspection
from tracemill.cli.main import outcome

Output = pytest.CaptureFixture[str]
UNTIL = "2027-05-31T00:00:00+02:00"


class Client:
    """A client that remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def post(self, path: str, body: dict[str, Any], *, otherwise: str = "") -> dict[str, str]:
        self.asked.append((path, body))
        return {"supplier": "ACME", "item": "4711"}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    made = Client()
    monkeypatch.setattr(inspection, "hub", lambda *_: made)
    return made


def test_an_approval_names_the_lot_what_why_and_until_when(client: Client, capsys: Output) -> None:
    asked = ["inspection", "approve", "L-1", "skip_lot", "--reason", "audit of 12 May", "--until", UNTIL]
    assert outcome(asked) == 0
    assert client.asked == [("/v1/lots/L-1/approvals", {"what": "skip_lot", "reason": "audit of 12 May", "until": UNTIL})]
    assert "approved: skip-lot, supplier ACME, item 4711" in capsys.readouterr().out


def test_a_revocation_says_that_it_is_one(client: Client) -> None:
    assert outcome(["inspection", "revoke", "L-1", "reduced", "--reason", "irregular"]) == 0
    assert client.asked[0][1] == {"what": "reduced", "reason": "irregular", "revoked": True}


def test_what_cannot_be_approved_is_a_usage_error(client: Client) -> None:
    assert outcome(["inspection", "approve", "L-1", "milder", "--reason", "x"]) == 64
    assert client.asked == []
