"""Wiring: what made a change is named by a hash of all that decides it."""

from pathlib import Path

from tests.packs.conftest import CREDENTIALS, write_project
from tests.packs.test_shipped import read

from tracemill.app.build import build_links, build_policies, utc_now
from tracemill.app.config import load_project


def policy_version(folder: Path) -> str:
    project, reader = load_project(folder)
    assert project is not None
    return build_policies(project, build_links(project, reader, utc_now), reader)["PLANT-DE"].version


def project(folder: Path) -> Path:
    write_project(folder, dict.fromkeys(CREDENTIALS, "http://127.0.0.1:9"), CREDENTIALS)
    return folder


def test_a_policy_is_another_one_when_a_system_may_do_more_or_another_owns_quality(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    versions = [policy_version(folder)]
    wms, authority = folder / "systems" / "wms.yaml", folder / "authority.yaml"
    wms.write_text(wms.read_text().replace("mode: act", "mode: observe"))
    versions.append(policy_version(folder))
    authority.write_text(authority.read_text().replace("owner: qms", "owner: erp"))
    versions.append(policy_version(folder))
    assert len(set(versions)) == 3


def test_a_mapping_is_another_one_when_a_code_of_its_pack_means_something_else() -> None:
    pack = read("demo-qms")
    changed = pack.model_copy(update={"codes": {**pack.codes, "disposition": pack.codes["destroyed"]}})
    assert pack.mapped_by("decision").startswith("demo-qms/decision@1.0.0+")
    assert pack.mapped_by("decision") != changed.mapped_by("decision")
    assert pack.mapped_by("decision") != pack.mapped_by("sample")
