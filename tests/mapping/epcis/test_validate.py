"""Validation: what is wrong, in which event and field, and what to do; the verdict is that of the published schema."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.mapping.epcis.samples import ALL, PACKING, PRODUCTION, RECEIPT, SHIPPING, document
from tests.vectors import vector_json, vector_path

from tracemill.mapping.epcis.document import document_of
from tracemill.mapping.epcis.validate import validate

WITHOUT = object()


def test_a_story_of_valid_events_is_valid() -> None:
    assert validate(document(*ALL)) == ()


@pytest.mark.parametrize(
    ("told", "field", "value", "said"),
    [
        (RECEIPT, "action", WITHOUT, "it is missing"),
        (RECEIPT, "action", "add", "OBSERVE or ADD or DELETE"),
        (RECEIPT, "eventTime", "2026-02-30T10:00:00Z", "not a time"),
        (RECEIPT, "eventTime", "2026-11-23 10:00", "not a time"),
        (RECEIPT, "eventTimeZoneOffset", "+14:30", "between -14:00 and +14:00"),
        (RECEIPT, "eventTimeZoneOffset", WITHOUT, "it is missing"),
        (RECEIPT, "bizStep", "recieving", "such as receiving"),
        (RECEIPT, "bizStep", "urn:epcglobal:cbv:bizstep:receiving", "such as receiving"),
        (RECEIPT, "disposition", "quarantine", "not a word"),
        (RECEIPT, "quantityList", [], "what it is about"),
        (RECEIPT, "epcList", ["urn:a:1", "urn:a:1"], "twice"),
        (RECEIPT, "epcList", ["not a uri"], "not a URI"),
        (RECEIPT, "batch", "B-0901", "give it a namespace"),
        (RECEIPT, "ilmd", {"example:x": 1}, "where it begins"),
        (RECEIPT, "persistentDisposition", {}, "neither sets nor unsets"),
        (RECEIPT, "persistentDisposition", {"set": []}, "empty"),
        (RECEIPT, "errorDeclaration", {"reason": "did_not_occur"}, "it is missing"),
        (RECEIPT, "errorDeclaration", {"declarationTime": "2026-11-23T10:00:00Z", "reason": "oops"}, "not a word"),
        (RECEIPT, "sensorElementList", [{"sensorReport": [{"type": "Temperature", "value": "26"}]}], "not a number"),
        (RECEIPT, "bizTransactionList", [{"type": "ncr", "bizTransaction": "urn:a:1"}], "not a word"),
        (PRODUCTION, "outputQuantityList", WITHOUT, ""),
        (PACKING, "childQuantityList", WITHOUT, "what it is about"),
        (PACKING, "persistentDisposition", {"set": ["gone"]}, "not a word"),
        (SHIPPING, "destinationList", [{"destination": "urn:a:1"}], "it is missing"),
    ],
)
def test_what_is_wrong_is_named_with_its_event_and_field(told: dict[str, Any], field: str, value: Any, said: str) -> None:
    broken = {**told, field: value}
    faults = validate(document(RECEIPT, {k: v for k, v in broken.items() if v is not WITHOUT}))
    assert bool(faults) == bool(said)
    assert all(f.event == 1 and f.advice for f in faults)
    assert not said or any(said in str(f) and (f.field.startswith(field) or not f.field) for f in faults), list(map(str, faults))


def test_a_transformation_with_one_side_needs_the_id_that_joins_it() -> None:
    one_side = {k: v for k, v in PRODUCTION.items() if k not in ("outputQuantityList", "transformationID")}
    assert "one side and the transformationID" in str(validate(document(one_side))[0])


def test_a_fault_deep_inside_has_its_whole_path_and_value() -> None:
    told = {**RECEIPT, "quantityList": [{"epcClass": "urn:a:1"}, {"epcClass": "urn:a:1", "uom": "kilo", "quantity": 1}]}
    (fault,) = validate(document(told))
    assert (fault.event, fault.field, fault.value) == (0, "quantityList[1].uom", '"kilo"')


@pytest.mark.parametrize("broken", [5, "x", {}, []])
def test_an_event_that_is_none_does_not_hide_its_neighbours(broken: Any) -> None:
    content = document(RECEIPT, {"type": "x"}).content
    content["epcisBody"]["eventList"].insert(1, broken)
    faults = validate(document_of(content))
    assert any("eventList[1]" in f.field or f.event == 1 for f in faults)
    assert any(f.event == 2 for f in faults)


def test_an_extension_that_nests_without_end_is_refused() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = {"example:in": [deep]}
    (fault,) = validate(document_of({**document(RECEIPT).content, "epcisBody": {"eventList": [{**RECEIPT, "example:in": deep}]}}))
    assert "nested deeper" in fault.cause


def test_a_document_without_a_body_is_refused_in_the_document() -> None:
    faults = validate(document_of({"@context": "https://a.example/", "type": "EPCISDocument"}))
    assert {f.field for f in faults} == {"schemaVersion", "creationDate", "epcisBody"}


def schema() -> Any:
    kind = jsonschema.Draft7Validator
    published = vector_json("openepcis-validation/epcis-json-schema-2.0.1.json")
    return kind(published, format_checker=kind.FORMAT_CHECKER)


def fixtures() -> dict[str, Any]:
    paths = [*vector_path("openepcis-test-resources").rglob("*.json"), *vector_path("epcis-event-hash/examples").glob("*.jsonld")]
    return {str(Path(*p.parts[-3:])): json.loads(p.read_bytes()) for p in sorted(paths) if "Queries" not in p.parts}


def test_every_published_document_is_judged_as_the_schema_judges_it() -> None:
    judge, invalid = schema(), 0
    for name, content in fixtures().items():
        faults = validate(document_of(content))
        assert bool(faults) == (not judge.is_valid(content)), (name, list(map(str, faults)))
        invalid += bool(faults)
        assert "Invalid" not in name or faults, name
    assert (len(fixtures()), invalid) == (70, 12)


VALUES = (
    None, 5, -1.5, "x", "x y", "", [], {}, True, "urn:a:b", "ADD", "OBSERVE", "DELETE", "shipping", "2020-02-30T00:00:00Z",
    "2020-02-29T00:00:00.1+14:00", ["urn:a:b"], ["urn:a:b", "urn:a:b"], {"id": "urn:x:y"}, "urn:epcglobal:cbv:disp:x", "+14:01",
    "https://ref.gs1.org/cbv/BizStep-shipping", "http://[::1]/a", "http://a b/", "a:", "http://a/%zz", "http://a:x/", [[]], [5],
    [{}], "ObjectEvent", "TransformationEvent", "example:Foo", "http://gs1.org/voc/x", "urn:ü", "ftp://u@h:1/p?q#f",
)  # fmt: skip
ADDED = ("foo", "example:foo", "ilmd", "quantity", "sensorElementList", "epcList", "type")


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*at, step)
        yield from paths(inner, (*at, step))


def changed(content: Any, chance: random.Random) -> Any:
    """Change one thing somewhere: take it away, put something else, repeat it, or add a field."""
    content = copy.deepcopy(content)
    *way, last = chance.choice(list(paths(content)))
    target = content
    for step in way:
        target = target[step]
    act = chance.choice("dderrrra")
    if act == "d":
        del target[last]
    elif act == "e" and isinstance(target, list):
        target.append(copy.deepcopy(target[last]))
    elif act == "a" and isinstance(target[last], dict):
        target[last][chance.choice(ADDED)] = chance.choice(VALUES)
    else:
        target[last] = chance.choice(VALUES)
    return content


def test_a_document_changed_anywhere_is_judged_as_the_schema_judges_it() -> None:
    judge, chance = schema(), random.Random(7)
    valid = [c for c in fixtures().values() if len(json.dumps(c)) < 9000 and judge.is_valid(c)]
    wrong, invalid = [], 0
    for _ in range(1500):
        content = changed(chance.choice(valid), chance)
        faults = validate(document_of(content))
        expected = not judge.is_valid(content)
        stricter = faults and all("persistentDisposition" in f.field for f in faults)
        wrong += [content] if bool(faults) != expected and not stricter else []
        invalid += expected
    assert not wrong, json.dumps(wrong[0])
    assert 500 < invalid < 1200
