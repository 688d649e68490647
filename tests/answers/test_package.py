"""An evidence package is checked without the hub, and the entry whose byte was changed is named."""

import asyncio
import csv
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scenarios.plant import Plant
from tests.scenarios.test_recall import ANN, BATCH, made_and_shipped, view
from tracemill.answers.package import package, zipped
from tracemill.answers.package_check import MANIFEST, SEAL, check
from tracemill.hub import recall

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """The package of a mock recall, made twice."""
    folder: Path = tmp_path_factory.mktemp("package")

    async def make() -> tuple[bytes, bytes]:
        plant = Plant(f"sqlite:///{folder}/t.db")
        hub = plant.start()
        await made_and_shipped(plant)
        await recall.start(hub.runtime, BATCH, "=cmd|' /C calc'!A0 <script>", ANN, mock=True)
        found = await view(plant)
        both = [await hub.runtime.store.read(lambda c: package(c, found, AT)) for _ in range(2)]
        plant.stop()
        return both[0], both[1]

    return asyncio.run(make())


def entries(body: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_same_facts_make_the_same_file(made: tuple[bytes, bytes]) -> None:
    assert made[0] == made[1]


def test_an_untouched_package_is_whole_with_its_audit_chain(made: tuple[bytes, bytes]) -> None:
    found = check(made[0])
    assert found.ok, found.wrong
    assert found.files == len(entries(made[0])) == 8
    assert len(found.chains) == 1


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_changed_byte_in_any_entry_is_found_and_the_entry_is_named(made: tuple[bytes, bytes], data: st.DataObject) -> None:
    whole = entries(made[0])
    name = data.draw(st.sampled_from(sorted(whole)))
    body = bytearray(whole[name])
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] ^= data.draw(st.integers(1, 255))
    found = check(zipped([(n, bytes(body) if n == name else b) for n, b in whole.items()]))
    assert not found.ok
    assert any(name in why for why in found.wrong), (name, found.wrong)


@pytest.mark.parametrize("name", ["lots.csv", "epcis.json", MANIFEST, SEAL, "audit/PLANT-DE.json"])
def test_a_missing_entry_is_named(made: tuple[bytes, bytes], name: str) -> None:
    found = check(zipped([(n, b) for n, b in entries(made[0]).items() if n != name]))
    assert not found.ok
    assert any(name in why for why in found.wrong)


def test_an_added_entry_is_named(made: tuple[bytes, bytes]) -> None:
    found = check(zipped([*entries(made[0]).items(), ("more.txt", b"x")]))
    assert found.wrong == ("more.txt was added",)


def test_an_audit_entry_that_was_rewritten_is_found_even_under_a_new_seal(made: tuple[bytes, bytes]) -> None:
    from tracemill.answers.package_check import manifest, sealed

    whole = {n: b for n, b in entries(made[0]).items() if n not in (MANIFEST, SEAL)}
    whole["audit/PLANT-DE.json"] = whole["audit/PLANT-DE.json"].replace(b'"actor":"Ann"', b'"actor":"Bob"')
    listed = manifest(whole.items())
    found = check(zipped([*whole.items(), (MANIFEST, listed), (SEAL, sealed(listed))]))
    assert any("audit/PLANT-DE.json" in why for why in found.wrong)


@pytest.mark.parametrize("body", [b"", b"PK", b"not a zip at all"])
def test_what_is_no_package_is_refused(body: bytes) -> None:
    assert not check(body).ok


def test_a_mock_is_marked_in_every_form_and_nothing_told_becomes_markup(made: tuple[bytes, bytes]) -> None:
    whole = entries(made[0])
    page = whole["recall.html"].decode()
    assert "MOCK RECALL: nothing was sent" in page
    assert "<script>" not in page
    rows = list(csv.DictReader(StringIO(whole["lots.csv"].decode())))
    assert {r["mock"] for r in rows} == {"MOCK"}
    assert {r["traceability lot code"] for r in rows} == {"RAW-1", "RAW-2", "FG-1", "FG-2"}
    with ZipFile(BytesIO(whole["recall.xlsx"])) as book:
        sheets = b"".join(book.read(n) for n in book.namelist())
    assert b"MOCK: nothing was sent" in sheets
    assert b"<f>" not in sheets
    assert b"Northfood" in sheets


def sheets(body: bytes) -> dict[str, list[list[str]]]:
    """The sheets of the workbook, each as its rows."""
    from xml.etree import ElementTree

    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with ZipFile(BytesIO(body)) as book:
        strings = [
            "".join(t.text or "" for t in si.iter(f"{main}t")) for si in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        names = [str(s.get("name")) for s in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{main}sheet")]
        told = {}
        for n, name in enumerate(names, 1):
            rows = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{n}.xml")).iter(f"{main}row")
            told[name] = [[strings[int(c.findtext(f"{main}v") or 0)] for c in row.iter(f"{main}c")] for row in rows]
    return told


def test_the_workbook_has_the_three_critical_tracking_events_row_by_row(made: tuple[bytes, bytes]) -> None:
    found = sheets(entries(made[0])["recall.xlsx"])
    received = [dict(zip(found["FSMA 204 Receiving"][0], row, strict=True)) for row in found["FSMA 204 Receiving"][1:]]
    assert {(r["traceability lot code"], r["quantity"], r["unit of measure"]) for r in received} == {
        ("RAW-1", "480", "KGM"), ("RAW-2", "480", "KGM"),
    }  # fmt: skip
    assert {r["immediate previous source"] for r in received} == {"ACME"}
    assert all(r["date received"] and r["reference document number"] for r in received)
    turned = [dict(zip(found["FSMA 204 Transformation"][0], row, strict=True)) for row in found["FSMA 204 Transformation"][1:]]
    assert turned[0]["used or produced"] == "used"
    assert {(r["used or produced"], r["traceability lot code"], r["quantity"]) for r in turned} == {
        ("used", "RAW-1", "260"), ("produced", "FG-1", "180"), ("produced", "FG-2", "80"),
    }  # fmt: skip
    assert {(r["reference document type"], r["reference document number"]) for r in turned} == {("work order", "WO-1")}
    shipped = [dict(zip(found["FSMA 204 Shipping"][0], row, strict=True)) for row in found["FSMA 204 Shipping"][1:]]
    assert [(r["traceability lot code"], r["quantity"], r["recipient name"]) for r in shipped] == [("FG-1", "100", "Northfood")]


def test_the_epcis_document_of_the_scope_is_valid_and_says_whether_it_is_all(made: tuple[bytes, bytes]) -> None:
    from tracemill.mapping.epcis.document import read_document
    from tracemill.mapping.epcis.validate import validate

    body = entries(made[0])["epcis.json"]
    read = read_document(body)
    assert validate(read) == ()
    steps = sorted(str(e.get("bizStep")) for e in read.events)
    assert steps == ["commissioning", "receiving", "receiving", "shipping"]
    assert (read.content["hub:recall"], read.content["hub:mock"], read.content["hub:complete"]) == ("RC-1", True, True)


def test_a_package_cut_short_at_any_place_is_not_whole(made: tuple[bytes, bytes]) -> None:
    for length in range(0, len(made[0]), max(1, len(made[0]) // 60)):
        assert not check(made[0][:length]).ok, length


def test_an_entry_that_is_there_twice_is_named(made: tuple[bytes, bytes]) -> None:
    whole = [*entries(made[0]).items()]
    assert "lots.csv is there twice" in check(zipped([*whole, ("lots.csv", b"other")])).wrong


def test_a_zip_of_somebody_else_is_no_package_and_says_what_is_missing() -> None:
    found = check(zipped([("readme.txt", b"hello"), ("audit/x.json", b"not json")]))
    assert found.wrong == (f"{MANIFEST} is missing", f"{SEAL} is missing")


@pytest.mark.parametrize("change", [b"g", b"\n", b""], ids=["a letter", "a line", "emptied"])
def test_a_manifest_that_was_itself_changed_is_named(made: tuple[bytes, bytes], change: bytes) -> None:
    whole = entries(made[0])
    whole[MANIFEST] = change + whole[MANIFEST][1:] if change else b""
    assert check(zipped([*whole.items()])).wrong == (f"{MANIFEST} was changed",)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"continues":"zz","entries":[],"site":"x"}', b"no json", b'{"continues":1}'])
def test_an_audit_part_in_no_known_form_is_named_even_under_a_right_seal(made: tuple[bytes, bytes], body: bytes) -> None:
    from tracemill.answers.package_check import manifest, sealed

    whole = {n: b for n, b in entries(made[0]).items() if n not in (MANIFEST, SEAL)} | {"audit/PLANT-DE.json": body}
    listed = manifest(whole.items())
    found = check(zipped([*whole.items(), (MANIFEST, listed), (SEAL, sealed(listed))]))
    assert any("audit/PLANT-DE.json" in why for why in found.wrong), found.wrong


def test_a_table_that_no_browser_would_open_says_what_it_leaves_to_the_spreadsheet() -> None:
    from tracemill.answers.package_page import _table

    assert "Showing" not in _table("Lots", ("lot",), [("L",)] * 2_000)
    assert "Showing 2000 of 2001; recall.xlsx and recall.json hold all." in _table("Lots", ("lot",), [("L",)] * 2_001)
