"""What pydantic says about a document, as findings at the place where the reader must change something."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from tracemill.app.document import Document, Finding, load_document, validate

PLANT = """\
site: de-01
port: 8080
systems:
  erp:
    url: https://erp.example.com
    mode: act
  qms:
    url: https://qms.example.com
targets:
  - name: main
    share: 1.5
  - {name: spare, share: 0.5}
"""


class Written(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class Mode(StrEnum):
    OBSERVE = "observe"
    ACT = "act"


class System(Written):
    url: str
    mode: Mode = Mode.OBSERVE
    password: SecretStr | None = None
    timeout: int = Field(default=30, gt=0)


class Target(Written):
    name: str
    share: Decimal


class Plant(Written):
    site: str
    port: int = 80
    active: bool = True
    level: Literal["I", "II", "III"] = "II"
    systems: dict[str, System] = {}
    targets: list[Target] = []

    @field_validator("site")
    @classmethod
    def short(cls, value: str) -> str:
        if len(value) > 10:
            raise ValueError("a site has at most 10 characters")
        return value


def load(text: str) -> Document:
    return load_document("config/plants/de.yaml", text)


def found(text: str, model: type[BaseModel] = Plant) -> list[Finding]:
    made, findings = validate(load(text), model)
    assert made is None
    return findings


def at(finding: Finding) -> tuple[int, int, str]:
    return finding.line, finding.column, finding.code


def test_a_valid_document_gives_the_model() -> None:
    made, findings = validate(load(PLANT), Plant)
    assert findings == []
    assert made is not None
    assert made.systems["erp"].mode is Mode.ACT


def test_identifiers_reach_the_model_as_written() -> None:
    for written in ("0012", "12", "1.10", "1.5", "1e3", "2026-11-23", "yes"):
        made, _ = validate(load(f"site: {written}\n"), Plant)
        assert made is not None
        assert made.site == written


def test_a_typo_is_found_at_its_key_and_the_right_key_is_proposed() -> None:
    (finding,) = found("site: a\nsystems:\n  erp:\n    url: x\n    tiemout: 5\n")
    assert at(finding) == (5, 5, "T110")
    assert finding.text == "unknown key 'systems.erp.tiemout'"
    assert finding.hint == "did you mean 'timeout'?"


def test_an_unknown_key_like_no_other_lists_what_is_allowed() -> None:
    (finding,) = found("site: a\ntargets:\n  - name: x\n    share: 1\n    zzz: 1\n")
    assert at(finding) == (5, 5, "T110")
    assert finding.hint == "allowed here: name, share"


def test_a_missing_key_is_found_at_its_parent() -> None:
    (finding,) = found("site: a\nsystems:\n  erp:\n    mode: act\n")
    assert at(finding) == (3, 3, "T111")
    assert "'url' is missing in systems.erp" in finding.text
    assert finding.hint == "add url: …"
    assert at(found("port: 1\n")[0]) == (1, 1, "T111")


@pytest.mark.parametrize(
    ("text", "place", "says", "hint"),
    [
        ("site: a\nport: many\n", (2, 7, "T112"), "port: expected a whole number, found the text 'many'", "whole number"),
        ("site: a\nport: 1.5\n", (2, 7, "T112"), "port: expected a whole number, found the number 1.5", ""),
        ("site: a\nport:\n", (2, 6, "T112"), "port: expected a whole number, found nothing", "remove the key"),
        ("site: true\n", (1, 7, "T112"), "site: expected a text, found true", 'put it in quotes: "true"'),
        ("site: [a]\n", (1, 7, "T112"), "site: expected a text, found a list", ""),
        ("site: a\nactive: maybe\n", (2, 9, "T112"), "active: expected true or false", "write true or false"),
        ("site: a\ntargets: x\n", (2, 10, "T112"), "targets: expected a list", "write [x]"),
        ("site: a\nsystems: x\n", (2, 10, "T112"), "systems: expected a mapping", ""),
        ("site: a\nsystems:\n  erp: x\n", (3, 8, "T112"), "systems.erp: expected a mapping", ""),
        ("site: a\nlevel: IIII\n", (2, 8, "T113"), "level: the text 'IIII' is not allowed", "did you mean 'III'?"),
        ("site: a\nsystems:\n  erp: {url: x, mode: acct}\n", (3, 23, "T113"), "systems.erp.mode", "did you mean 'act'?"),
        ("site: a\nsystems:\n  erp: {url: x, timeout: 0}\n", (3, 26, "T114"), "the number 0 is out of bounds", "greater than 0"),
        ("site: a very long name\n", (1, 7, "T115"), "site: a site has at most 10 characters", ""),
        ("site: a\ntargets:\n  - {name: x, share: lots}\n", (3, 22, "T112"), "targets[0].share: expected a number", ""),
        ("- a\n", (1, 1, "T112"), "the file: expected a mapping", ""),
    ],
)
def test_a_wrong_value_is_shown_at_its_place_with_what_to_write(
    text: str, place: tuple[int, int, str], says: str, hint: str
) -> None:
    (finding,) = found(text)
    assert at(finding) == place
    assert says in finding.text
    assert hint in finding.hint


def test_every_error_is_reported_in_the_order_of_the_file() -> None:
    findings = found("port: x\nprot: 1\nsystems: {erp: {}}\n")
    assert [f.code for f in findings] == ["T111", "T112", "T110", "T111"]
    assert [f.line for f in findings] == [1, 1, 2, 3]


def test_a_secret_is_never_shown() -> None:
    findings = found("site: a\nsystems:\n  erp: {url: x, password: [hunter2]}\n")
    assert "hunter2" not in "".join(map(str, findings))
    findings = found("site: a\nport: postgresql://me:hunter2@db/x\n")
    assert "hunter2" not in "".join(map(str, findings))


class Email(Written):
    kind: Literal["email"]
    address: str


class Webhook(Written):
    kind: Literal["webhook"]
    url: str


class Alerts(Written):
    to: list[Annotated[Email | Webhook, Field(discriminator="kind")]]
    limit: int | Decimal | None = None


def test_errors_inside_a_union_are_found_at_the_written_key() -> None:
    (finding,) = found("to:\n  - kind: email\n    adress: x@y\n    address: x\n", Alerts)
    assert at(finding) == (3, 5, "T110")
    assert finding.hint == "did you mean 'address'?"
    (finding,) = found("to:\n  - kind: webhok\n    url: x\n", Alerts)
    assert at(finding) == (2, 11, "T113")
    assert finding.hint == "did you mean 'webhook'?"
    (finding,) = found("to:\n  - url: x\n", Alerts)
    assert at(finding) == (2, 5, "T111")
    assert {at(f) for f in found("to: []\nlimit: x\n", Alerts)} == {(2, 8, "T112")}


def test_what_a_union_could_be_is_said_once() -> None:
    (finding,) = found("to: []\nlimit: [1]\n", Alerts)
    assert finding.text == "limit: expected a whole number or a number, found a list"


class Table(Written):
    rows: tuple[tuple[int, ...], ...] = Field(min_length=1)


def test_a_list_with_wrong_items_is_not_also_called_too_short() -> None:
    (finding,) = found("rows: [[x]]\n", Table)
    assert finding.text == "rows[0][0]: expected a whole number, found the text 'x'"
    (finding,) = found("rows: []\n", Table)
    assert at(finding) == (1, 7, "T114")
