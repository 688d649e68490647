"""The hub plans the inspection: the site's table and ISO 2859-1 decide, and the laboratory reads what it is to do."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.packs.conftest import CREDENTIALS, Plant, write_project
from tracemill.app.build import build_links, build_policies, utc_now
from tracemill.app.check import check_project
from tracemill.app.config import load_project
from tracemill.core.decide import decide
from tracemill.core.identity import View
from tracemill.model.connector import Job
from tracemill.model.decision import Decision
from tracemill.model.event import Event
from tracemill.model.material import LotReceived
from tracemill.model.moment import at
from tracemill.model.policy import Policy
from tracemill.model.quantity import Quantity
from tracemill.model.reference import LotRef, Party

pytestmark = pytest.mark.asyncio(loop_scope="module")
SITE = """
zone: Europe/Berlin
inspection:
  plan_owner: hub
  level: II
  aql: "1.0"
  container: "25"                # a drum holds 25 kg: 480 kg are a lot of 20 drums
  approvals: {ACME: approved, NEWCO: conditional}
  risks: {ACME: low, NEWCO: high}
  defects: {BADCO: 4}
  table:
    inputs:
      approval: {type: text, values: [approved, conditional, none]}
      risk: {type: text, values: [low, high]}
      defects: {type: number, min: 0}
    outputs: [inspect, plan, severity]
    rules:
      - ["-", "-", ">= 3", "yes", full, tightened]
      - [approved, low, "-", "no", none, normal]
      - ["-", "-", "-", "yes", incoming, normal]
"""
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def project(folder: Path, site: str = SITE) -> Path:
    write_project(folder, dict.fromkeys(CREDENTIALS, "http://127.0.0.1:9"), CREDENTIALS)
    (folder / "sites" / "PLANT-DE.yaml").write_text(site)
    return folder


def policy(folder: Path) -> Policy:
    read, reader = load_project(project(folder))
    assert read is not None, reader.findings
    return build_policies(read, build_links(read, reader, utc_now), reader)["PLANT-DE"]


def received(rules: Policy, supplier: str) -> Decision:
    quantity = Quantity(amount=Decimal(480), unit="KGM")
    data = LotReceived(lot=LotRef(id=f"L-{supplier}", item="4711"), quantity=quantity, supplier=Party(id=supplier), receipt="R1")
    event = Event(id=f"e-{supplier}", type="lot.received.v1", site="PLANT-DE", source="erp", data=data, occurred=at(NOW),
                  recorded=NOW)  # fmt: skip
    return decide(event, View(), rules)


def asked(decision: Decision) -> dict[str, Any]:
    (command,) = [c for c in decision.commands if c.verb == "open_inspection"]
    return command.value


async def test_a_new_supplier_is_inspected_and_the_laboratory_reads_sample_size_and_acceptance(
    here: Plant, tmp_path: Path
) -> None:
    value = asked(received(policy(tmp_path), "NEWCO"))
    job = Job(token="tm-plan-1", verb="open_inspection", lot="", number="L-NEWCO", ids={"erp": "L-NEWCO"}, value=value)
    done = await here.qms.send(job)
    status, body = await here.qms.ask("GET", f"/v2/sample-groups/{done.native}")
    told = body["sample_group"]["requirement"]
    assert (status, told["plan"], told["rule"]) == (200, "incoming", "3")
    # 20 drums, level II: letter C; at AQL 1.0 the arrow leads to 13 drums (letter E), none may fail (table 2-A).
    assert (told["lot_size"], told["code_letter"], told["sample_size"], told["acceptance_number"]) == ("20", "E", "13", "0")


async def test_a_supplier_with_a_history_of_defects_is_inspected_tightened(tmp_path: Path) -> None:
    told = asked(received(policy(tmp_path), "BADCO"))["requirement"]
    assert (told["plan"], told["severity"], told["rule"]) == ("full", "tightened", "1")


async def test_an_approved_supplier_without_risk_is_accepted_by_rule_and_that_is_said(tmp_path: Path) -> None:
    decision = received(policy(tmp_path), "ACME")
    assert not [c for c in decision.commands if c.verb == "open_inspection"]
    (disposed,) = [c.change for c in decision.changes if type(c.change).__name__ == "Disposed"]
    assert disposed.meaning == "accepted without inspection by rule 2"


@pytest.mark.parametrize(
    ("written", "instead", "where", "level", "says"),
    [
        ('aql: "1.0"', 'aql: "1.1"', "plan_owner", "error", "1.1"),
        ("level: II\n", "level: IX\n", "plan_owner", "error", "level 'IX' is not one of"),
        ("full, tightened]", "full, strict]", "full, strict]", "error", "strict"),
        ("[approved, low,", "[approvd, low,", "[approvd, low,", "error", "approvd"),
        ("risk: {type: text, values: [low, high]}", "colour: {type: text}", "colour", "error", "nothing is known about colour"),
        ('      - ["-", "-", "-", "yes", incoming, normal]\n', "", '["-", "-", ">= 3"', "warning", "no rule for approval"),
        ('["-", "-", ">= 3"', '["-", "-", "-"', "[approved, low,", "warning", "row 2 can never decide"),
    ],
)
async def test_a_rule_that_cannot_be_meant_is_found_by_lint_where_it_stands(
    tmp_path: Path, written: str, instead: str, where: str, level: str, says: str
) -> None:
    assert written in SITE
    site = SITE.replace(written, instead)
    found = check_project(project(tmp_path, site)).findings
    line = site[: site.index(where)].count("\n") + 1
    assert [f for f in found if (f.file, f.line, f.level) == ("sites/PLANT-DE.yaml", line, level) and says in f.text], found
