"""What lint passes, run can start with and decide by: each wrong value is found where it stands, with what to write instead."""

from pathlib import Path

import pytest

from tracemill.app.check import check_project
from tracemill.app.config import ConfigError, load_project
from tracemill.app.starter import write_starter

SITE, HUB, QMS, OWNERS = "sites/PLANT-1.yaml", "tracemill.yaml", "systems/qms.yaml", "authority.yaml"
ZONE, LISTEN, STORE = "zone: Europe/Berlin", "listen: 127.0.0.1:8420", "store: sqlite:///data/tracemill.db"
TITLE, ROLES, QUALITY = "title: Plant 1", "roles: [qms]", "{facet: quality, owner: qms}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_starter(tmp_path / "plant")
    return tmp_path / "plant"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def converts(unit: str, to: str, factor: str) -> str:
    return f"{TITLE}\nconversions: {{4711: [{{unit: {unit}, to: {to}, factor: {factor}}}]}}"


def since(text: str) -> str:
    return f"{{facet: quality, owner: qms, valid_from: {text}}}"


WRONG = {
    "zone": (SITE, ZONE, "zone: Europe/Berlinn", "3:7 T115 zone: 'Europe/Berlinn' is no IANA time zone", "Europe/Berlin or UTC"),
    "zone folder": (SITE, ZONE, "zone: Europe", "3:7 T115", "Europe/Berlin or UTC"),
    "no port": (HUB, LISTEN, "listen: 0.0.0.0", "3:9 T115 listen: '0.0.0.0' is not host:port", "127.0.0.1:8420"),
    "port": (HUB, LISTEN, "listen: 127.0.0.1:99999", "3:9 T115", "127.0.0.1:8420"),
    "store": (HUB, STORE, "store: mysql://u:secret@h/d", "4:8 T115 store: 'mysql' is no database", "postgresql://user@host/database"),
    "store scheme": (HUB, STORE, "store: data.db", "4:8 T115", "sqlite:///data/tracemill.db"),
    "factor": (SITE, TITLE, converts("DRM", "KGM", '"1,5"'), "3:51 T115", "use a decimal point"),
    "factor zero": (SITE, TITLE, converts("DRM", "KGM", "0"), "3:51 T115", "positive"),
    "conversion to": (SITE, TITLE, converts("DRM", "kilos", "25"), "3:38 T115", "KGM"),
    "container": (SITE, "plan_owner: qms", "plan_owner: hub\n  container: lots", "7:14 T115", "not a decimal number"),
    "naive": (OWNERS, QUALITY, since('"2026-01-01"'), "has no offset", "2026-01-01T00:00:00+01:00"),
    "soon": (OWNERS, QUALITY, since("soon"), "authority.yaml:4:46 T115", "2026-01-01T00:00:00+01:00"),
    "base unit": (SITE, TITLE, f"{TITLE}\nbase_units: {{4711: kilos}}", "3:20 T115 base_units.4711: unit 'kilos'", "KGM"),
    "verb": (QMS, ROLES, f"{ROLES}\nverbs: [set_sttus]", "7:9 T120 pack demo-qms has no operation set_sttus", "open_inspection"),
    "role": (QMS, ROLES, "roles: [qmss]", "6:9 T113 roles[0]: the text 'qmss' is not allowed", "did you mean 'qms'"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_value_that_run_would_die_of_is_found_where_it_stands(folder: Path, wrong: str) -> None:
    file, old, new, said, hint = WRONG[wrong]
    edit(folder / file, old, new)
    (found,) = [f for f in check_project(folder).findings if f.level == "error"]
    assert found.file == file
    line = f"{found.file}:{found.line}:{found.column} {found.code} {found.text}"
    assert said in line
    assert hint in f"{found.text} {found.hint}"
    assert "secret" not in line


def test_what_is_written_right_is_read_exactly(folder: Path) -> None:
    edit(folder / SITE, TITLE, f"{converts('FASS', 'kg', '12.5')}\nbase_units: {{4711: kg}}")
    edit(folder / OWNERS, QUALITY, since("2026-01-01T00:00:00+01:00"))
    project, reader = load_project(folder)
    assert project, reader.findings
    (conversion,) = project.sites["PLANT-1"].conversions["4711"]
    assert (conversion.unit, conversion.to, str(conversion.factor)) == ("FASS", "KGM", "12.5")
    assert project.authority.rules[0].valid_from.tzinfo is not None
    assert project.sites["PLANT-1"].base_units == {"4711": "KGM"}


def test_a_secret_that_is_still_the_placeholder_is_a_warning_until_it_is_written(folder: Path) -> None:
    found = check_project(folder).findings
    assert [(f.code, f.level, f.file) for f in found] == [("T132", "warning", f"systems/{s}.yaml") for s in ("erp", "qms")]
    assert "secrets/erp" in found[0].text
    for name in ("erp", "qms"):
        (folder / "secrets" / name).write_text("s3cret\n")
    assert check_project(folder).findings == []


def test_the_data_folder_is_closed_to_others(folder: Path) -> None:
    project, reader = load_project(folder)
    assert project, reader.findings
    (folder / "data").mkdir(mode=0o755)
    assert project.data.stat().st_mode & 0o777 == 0o700


def test_examples_are_not_run_past_a_project_or_a_pack_that_cannot_be_read(folder: Path) -> None:
    from tracemill.app.check import run_all_examples

    assert all(e.passed for e in run_all_examples(folder))
    with pytest.raises(ConfigError, match="missing"):
        run_all_examples(folder / "nowhere")
    broken = folder / "packs" / "demo-qms" / "pack.yaml"
    broken.parent.mkdir(parents=True)
    broken.write_text("pack: [demo-qms\n")
    with pytest.raises(ConfigError, match="packs/demo-qms/pack"):
        run_all_examples(folder)
