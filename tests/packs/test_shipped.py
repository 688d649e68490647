"""Every pack that ships can be used as it is written, and its examples, which are its tests, hold."""

from pathlib import Path

import pytest

from tests.packs.conftest import CREDENTIALS, links_of, write_project
from tracemill.app.config import Reader
from tracemill.app.packs import SHIPPED, compile_mappings, lint_pack, pack_names, read_pack
from tracemill.connectors.http.product import check, warnings
from tracemill.connectors.http.spec import HttpPackSpec
from tracemill.connectors.mail import connector as mail
from tracemill.connectors.mail.spec import MailPackSpec
from tracemill.mapping.examples import run_examples
from tracemill.mapping.pack import PackSpec
from tracemill.model.status import Once

NAMES = ("demo-erp", "demo-mes", "demo-qms", "demo-wms", "mail", "tryton")


def read(name: str) -> PackSpec:
    reader = Reader(SHIPPED)
    spec = read_pack(SHIPPED / name / "pack.yaml", reader)
    assert reader.findings == []
    assert spec is not None
    return spec


def test_these_packs_ship(tmp_path: Path) -> None:
    assert set(NAMES) <= set(pack_names(tmp_path))


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_is_named_as_its_folder_and_has_nothing_to_complain_about(name: str) -> None:
    spec = read(name)
    assert spec.pack == name
    assert lint_pack(spec) == []
    if isinstance(spec, HttpPackSpec):
        assert check(spec) == []
        assert warnings(spec) == []
    else:
        assert isinstance(spec, MailPackSpec)
        assert mail.check(spec) == []


@pytest.mark.parametrize("name", NAMES)
def test_examples_hold_and_each_mapping_has_an_odd_one(name: str) -> None:
    spec = read(name)
    for mapping_name, mapping in compile_mappings(spec).items():
        written = spec.mappings[mapping_name]
        assert [r.name + ": " + "; ".join(map(str, r.differences)) for r in run_examples(mapping, written) if not r.passed] == []
        assert any(example.expect is not None for example in written.examples)
        assert any(example.problems or example.skipped for example in written.examples), mapping_name
        assert "lot" in written.keys, mapping_name


@pytest.mark.parametrize("name", NAMES)
def test_no_operation_is_blind_and_whatever_changes_a_status_can_be_read_back(name: str) -> None:
    spec = read(name)
    assert all(operation.once is not Once.BLIND for operation in spec.operations.values())
    if "set_status" in spec.operations:
        assert isinstance(spec, HttpPackSpec)
        assert spec.reads["stock"].mapping in spec.mappings
        # The hub takes it for the lot's name in that system.
        assert spec.operations["set_status"].native is None


def test_a_project_with_all_of_them_gives_links(tmp_path: Path) -> None:
    write_project(tmp_path / "project", dict.fromkeys(CREDENTIALS, "http://127.0.0.1:9"), CREDENTIALS)
    links = links_of(tmp_path / "project")
    verbs = {name: sorted(link.operations) for name, link in links.items()}
    assert verbs == {
        "erp": ["post_sample", "set_status"],
        "mail": ["notify"],
        "mes": ["set_status"],
        "qms": ["open_inspection", "open_nonconformance"],
        "wms": ["block_shipment", "set_status"],
    }
    # An act counts as done once it was found: only mail cannot be looked for.
    assert {name: all(link.readable(verb) for verb in link.operations) for name, link in links.items()} == {
        "erp": True, "qms": True, "mes": True, "wms": True, "mail": False,
    }  # fmt: skip
