"""The page of a recall: its clock, the sum, holds per system, customers, versions; a mock is marked, its package a click."""

from io import BytesIO
from zipfile import ZipFile

from tests.api.conftest import Served, served  # noqa: F401  the fixture
from tests.console.test_pages import Reader, enter
from tests.scenarios.test_recall import ANN, BATCH, made_and_shipped
from tracemill.answers.package_check import check
from tracemill.hub import recall


async def opened(served: Served, *, mock: bool = False) -> Reader:  # noqa: F811
    await made_and_shipped(served.plant)
    assert served.plant.hub
    await recall.start(served.plant.hub.runtime, BATCH, "glass found <b>", ANN, mock=mock)
    return await enter(served)


async def test_before_holds_are_asked_for_nothing_has_escaped(served: Served) -> None:  # noqa: F811
    reader = await opened(served)
    listed = await reader.page("/recalls")
    assert "supplier batch ACM/7731" in listed.text
    page = " ".join((await reader.page("/recalls/RC-1")).text.split())
    assert "reaches 4 lots, nothing held yet; complete" in page
    assert "0 held + 860 not yet held + 260 consumed + 100 shipped + 0 escaped = 1220 requested kg" in page
    assert "in transit 100" in page
    assert "not contained" not in page.replace("Why not contained", "").replace("what is not contained first", "")
    assert "Northfood" in page
    assert "nobody told" in page


async def test_what_was_read_back_is_counted_per_system(served: Served) -> None:  # noqa: F811
    reader = await opened(served)
    assert served.plant.hub
    await recall.hold(served.plant.hub.runtime, "RC-1", "contain it", ANN)
    await served.plant.settle()
    page = " ".join((await reader.page("/recalls/RC-1")).text.split())
    assert "860 held + 260 consumed + 100 shipped + 0 escaped = 1220 requested kg" in page
    twin = await reader.twin("/recalls/RC-1.json")
    assert {(h["system"], h["lots"], h["read_back"], h["failed"]) for h in twin["holds"]} == {("erp", 4, 4, 0), ("wms", 4, 4, 0)}
    raw = await served.plant.lot("RAW-2")
    await recall.exclude(served.plant.hub.runtime, "RC-1", raw.id, "other pallet", ANN)
    page = (await reader.page("/recalls/RC-1")).text
    assert "RAW-2 excluded: other pallet" in page
    assert "excluded by Ann: other pallet" in page


async def test_a_mock_is_marked_and_the_package_is_written_by_its_own_form(served: Served) -> None:  # noqa: F811
    reader = await opened(served, mock=True)
    page = await reader.page("/recalls/RC-1")
    assert page.text.count("MOCK") >= 3
    assert (await reader.send("/recalls/RC-1/package", form="made-up"))[0] == 403
    token = next(a["value"] for a in page.all("input") if a.get("name") == "form")
    async with served.session.post(
        served.url + "/recalls/RC-1/package", data={"form": token}, headers=reader.cookie
    ) as answer:  # fmt: skip
        body = await answer.read()
    assert answer.status == 200
    assert check(body).ok
    with ZipFile(BytesIO(body)) as archive:
        assert "recall.html" in archive.namelist()
    assert (await reader.page("/recalls/RC-9", 404)).text.count("There is no recall RC-9")


async def test_without_a_recall_the_list_says_how_one_is_rehearsed(served: Served) -> None:  # noqa: F811
    reader = await enter(served)
    assert "--mock" in (await reader.page("/recalls")).text


async def test_without_a_session_recalls_are_closed(served: Served) -> None:  # noqa: F811
    for path in ("/recalls", "/recalls/RC-1"):
        await Reader(served, {}).page(path, 401)
    assert (await Reader(served, {}).send("/recalls/RC-1/package", form="x"))[0] == 401
