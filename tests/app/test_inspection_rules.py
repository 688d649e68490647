"""Settings of switching and skip-lot inspection: what cannot be meant is found by lint where it stands."""

from pathlib import Path

import pytest
from tests.packs.conftest import CREDENTIALS, write_project

from tracemill.app.build import build_links, build_policies, utc_now
from tracemill.app.check import Told, check_project
from tracemill.app.config import load_project
from tracemill.model.policy import Policy

SITE = """
inspection:
  plan_owner: hub
  level: II
  severity: normal
  switching: true
  skip_lot:
    seed: env:SKIP_SEED
    qualify_score: 50
    qualify_lots: 20
    frequencies: {11: 4, 14: 3, 20: 2}
    rarest: 5
    score_clean: 5
    score_near: 3
    requalify_score: 18
    requalify_lots: 4
    interrupted_lots: 10
    idle_days: 60
"""
TABLE = """  table:
    inputs: {defects: {type: number, min: 0}}
    outputs: [plan, severity]
    rules:
      - [">= 3", full, tightened]
      - ["-", incoming, normal]
"""


@pytest.fixture(autouse=True)
def seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKIP_SEED", "known to the plant and to nobody else")


def project(folder: Path, site: str) -> Path:
    write_project(folder, dict.fromkeys(CREDENTIALS, "http://127.0.0.1:9"), CREDENTIALS)
    (folder / "sites" / "PLANT-DE.yaml").write_text(site)
    return folder


def findings(folder: Path, site: str) -> list[Told]:
    return [f for f in check_project(project(folder, site)).findings if f.file == "sites/PLANT-DE.yaml"]


def policy(folder: Path) -> Policy:
    read, reader = load_project(folder)
    assert read is not None, reader.findings
    return build_policies(read, build_links(read, reader, utc_now), reader)["PLANT-DE"]


def test_figures_that_are_written_out_are_what_decisions_read(tmp_path: Path) -> None:
    assert findings(tmp_path, SITE) == []
    (tmp_path / "sites" / "PLANT-DE.yaml").write_text(SITE.replace("idle_days: 60", "idle_days: 30"))
    rules = policy(tmp_path).inspection
    assert rules.switching
    assert rules.skip is not None
    assert (rules.skip.idle_days, rules.skip.frequencies) == (30, ((11, 4), (14, 3), (20, 2)))
    assert rules.skip.seed == "known to the plant and to nobody else"


@pytest.mark.parametrize(
    ("written", "instead", "where", "level", "says"),
    [
        ("plan_owner: hub", "plan_owner: qms", "switching", "warning", "no effect: the QMS plans"),
        ("severity: normal", "severity: reduced", "severity", "error", "9.3.3"),
        ("switching: true", "switching: false", "seed", "error", "needs switching"),
        ("level: II", "level: S-3", "level", "error", "general levels"),
        ("{11: 4, 14: 3, 20: 2}", "{11: 2, 14: 3}", "frequencies", "error", "must not rise"),
        ("{11: 4, 14: 3, 20: 2}", "{11: 6}", "frequencies", "error", "6 is out of bounds"),
        ("rarest: 5", "rarest: 3", "rarest", "error", "begin at 1 in 4"),
        ("qualify_score: 50", "qualify_score: 101", "qualify_score", "error", "never reach 101"),
        ("    idle_days: 60\n", "", "seed", "warning", "not written out, so the hub's own figures count: idle_days"),
        ("env:SKIP_SEED", "env:NO_SUCH_SEED", "seed", "error", "is not set"),
        ("env:SKIP_SEED", "plain:known-to-everybody", "seed", "error", "must be secret"),
        ("    idle_days: 60\n", "    idle_days: 60\n" + TABLE, "switching", "warning", "every rule of the table"),
    ],
)
def test_what_cannot_be_meant_is_found_where_it_stands(
    tmp_path: Path, written: str, instead: str, where: str, level: str, says: str
) -> None:
    assert written in SITE
    site = SITE.replace(written, instead)
    line = site[: site.index(f"{where}:")].count("\n") + 1
    found = findings(tmp_path, site)
    assert [f for f in found if (f.line, f.level) == (line, level) and says in f.text], found


def test_a_rule_that_leaves_the_severity_open_lets_history_decide(tmp_path: Path) -> None:
    assert findings(tmp_path, SITE + TABLE.replace("incoming, normal", 'incoming, ""')) == []


def test_a_seed_that_could_be_guessed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKIP_SEED", "too short")
    assert "at least 16" in findings(tmp_path, SITE)[0].text
