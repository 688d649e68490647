"""Published EPCIS documents over HTTP: captured or refused as they must be, found again as a plain count over them finds them."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema

from tests.api.conftest import Served
from tests.api.test_epcis_binding import AS, members
from tests.vectors import vector_json, vector_path

JSON = {"Content-Type": "application/json"}
EVERYTHING = "perPage=1000&GE_recordTime=2020-01-01T00:00:00Z"


def captured_files(folder: str, kind: str = "JSON") -> list[Path]:
    return sorted(
        (vector_path("openepcis-test-resources") / "2.0" / "EPCIS" / kind / "Capture" / folder).rglob(f"*.{kind.lower()}")
    )


def is_valid(document: Any) -> bool:
    judge = jsonschema.Draft7Validator
    schema = vector_json("openepcis-validation/epcis-json-schema-2.0.1.json")
    return bool(judge(schema, format_checker=judge.FORMAT_CHECKER).is_valid(document))


def told(documents: list[Any]) -> Iterator[dict[str, Any]]:
    for document in documents:
        yield from document["epcisBody"]["eventList"]


def bare(word: str) -> str:
    return word.rpartition("-")[2] if word.startswith("https://ref.gs1.org/cbv/") else word.rpartition(":")[2]


async def test_published_documents_are_taken_or_refused_and_every_event_is_found(served: Served) -> None:
    documents = []
    for path in captured_files("Documents"):
        document = json.loads(path.read_bytes())
        status, problem, _ = await served.ask("POST", f"/epcis/capture{AS}", data=path.read_bytes(), headers=JSON)
        assert status == (202 if is_valid(document) else 400), (path.name, problem)
        documents += [document] if status == 202 else []
    assert len(documents) > 25
    found = members(await served.get(f"/epcis/events?{EVERYTHING}"))
    ids = {e["eventID"] for e in told(documents) if "eventID" in e}
    assert ids <= {e["eventID"] for e in found}
    kinds, steps = (Counter(bare(e.get(field, "")) for e in found) for field in ("type", "bizStep"))
    for kind, expected in kinds.items():
        assert len(members(await served.get(f"/epcis/eventTypes/{kind}/events?{EVERYTHING}"))) == expected
    for step in ("shipping", "receiving", "commissioning", "packing", "inspecting"):
        assert len(members(await served.get(f"/epcis/bizSteps/{step}/events?{EVERYTHING}"))) == steps[step], step
    wrong = members(await served.get(f"/epcis/events?EXISTS_errorDeclaration=true&{EVERYTHING}"))
    assert len(wrong) == sum("errorDeclaration" in e for e in found) > 0
    ordered = members(await served.get(f"/epcis/events?orderBy=eventTime&orderDirection=ASC&{EVERYTHING}"))
    assert len(ordered) == len(found)


async def test_what_is_published_as_invalid_is_refused_and_nothing_of_it_is_kept(served: Served) -> None:
    refused = 0
    for path in captured_files("Invalid"):
        status, problem, _ = await served.ask("POST", f"/epcis/capture{AS}", data=path.read_bytes(), headers=JSON)
        assert (status, problem["type"]) == (400, "epcisException:ValidationException"), path.name
        refused += 1
    assert refused > 3
    assert members(await served.get("/epcis/events")) == []


async def test_published_single_events_are_created_and_a_second_time_refused(served: Served) -> None:
    created = 0
    for path in captured_files("Events"):
        content = json.loads(path.read_bytes())
        if content.get("type") == "EPCISDocument" or not is_valid(content):
            continue
        found = [(await served.ask("POST", f"/epcis/events{AS}", data=path.read_bytes(), headers=JSON))[0] for _ in range(2)]
        assert found == [201, 409], path.name
        created += 1
    assert created > 3


async def test_an_answer_to_a_query_is_valid_by_the_published_schema(served: Served) -> None:
    for path in captured_files("Documents"):
        await served.ask("POST", f"/epcis/capture{AS}", data=path.read_bytes(), headers=JSON)
    answer = await served.get(f"/epcis/events?{EVERYTHING}")
    assert members(answer)
    assert is_valid(answer)


async def test_published_xml_is_taken_in_both_versions(served: Served) -> None:
    taken = Counter[int]()
    for path in sorted(vector_path("openepcis-test-resources").rglob("*.xml")):
        if "Query" in path.parts or "Queries" in path.parts:
            continue
        status, _, _ = await served.ask(
            "POST", f"/epcis/capture{AS}", data=path.read_bytes(), headers={"Content-Type": "application/xml"}
        )
        taken[status] += 1
    assert taken[202] > 20
    assert set(taken) <= {202, 400}
