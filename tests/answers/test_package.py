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
    assert found.files == len(entries(made[0])) == 7
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


@pytest.mark.parametrize("name", ["lots.csv", MANIFEST, SEAL, "audit/PLANT-DE.json"])
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
