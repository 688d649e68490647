"""EPCIS documents: both syntaxes read into one form, nothing lost, nothing dangerous let in."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.mapping.epcis.samples import ALL, PRODUCTION, RAW, RECEIPT, XML, document
from tests.vectors import vector_path

from tracemill.mapping.epcis.document import document_of, query_document, read_document, self_contained, write_json
from tracemill.mapping.epcis.event_hash import event_hash
from tracemill.mapping.epcis.fault import Refusal
from tracemill.mapping.epcis.validate import validate


def test_a_document_survives_reading_and_writing_byte_for_byte() -> None:
    text = b'{"type":"ObjectEvent","x:lot":" \\u0001 007 ","quantityList":[{"quantity":0.10000000000000000001}]}'
    read = read_document(text)
    assert read.events[0]["quantityList"][0]["quantity"] == Decimal("0.10000000000000000001")
    assert write_json(read.content) == text


def test_xml_becomes_the_same_event_as_its_json() -> None:
    read = read_document(XML.encode())
    event = read.events[0]
    assert event["inputQuantityList"] == [
        {"epcClass": "urn:epc:class:lgtin:4012345.011111.B-0901", "quantity": 260, "uom": "KGM"}
    ]
    assert (event["bizStep"], event["bizTransactionList"]) == ("commissioning", PRODUCTION["bizTransactionList"])
    assert event["ilmd"] == PRODUCTION["ilmd"]
    assert read.content["@context"][1:] == [{"example": "https://ns.example.com/epcis/"}]
    assert not validate(read)


def test_a_query_document_has_its_events_too() -> None:
    read = read_document(
        write_json(query_document(list(ALL), "2026-11-23T12:00:00Z", "SimpleEventQuery", {"example": "https://e.example/"}))
    )
    assert [e["type"] for e in read.events] == [e["type"] for e in ALL]
    assert not validate(read)


def test_an_event_in_the_extension_elements_of_1_2_is_found() -> None:
    text = XML.replace("<TransformationEvent>", "<extension><TransformationEvent>").replace(
        "</TransformationEvent>", "</TransformationEvent></extension>"
    )
    text = text.replace("<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>", "<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>"
                        "<baseExtension><eventID>urn:uuid:7</eventID></baseExtension>")  # fmt: skip
    read = read_document(text.replace("xsd:2", "xsd:1").replace('schemaVersion="2.0"', 'schemaVersion="1.2"').encode())
    assert read.events[0]["eventID"] == "urn:uuid:7"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"[1]", "not an object"),
        (b'{"type":', "not JSON"),
        (b"\xff{}", "not JSON"),
        (b"\xff\xfe{}", "not XML"),
        (b'<?xml version="1.0" encoding="UTF-0"?><a/>', "unknown encoding"),
        (b"[" * 100_000, "not JSON"),
        (b"<a>", "not XML"),
        (b"<a" * 9 + b">" * 9, "not XML"),
        (b"<a>" * 100 + b"</a>" * 100, "nests deeper"),
        (b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>', "DOCTYPE"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "DOCTYPE"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name_in_the_standard(body: bytes, said: str) -> None:
    with pytest.raises(Refusal, match=said) as refused:
        read_document(body)
    assert refused.value.name == "ValidationException"


def test_xml_in_utf_16_is_read() -> None:
    assert read_document(XML.replace('<?xml version="1.0"?>', "").encode("utf-16")).events == read_document(XML.encode()).events


def test_two_namespaces_under_one_prefix_are_kept_apart() -> None:
    text = XML.replace(
        "<example:line>3</example:line>",
        '<example:line xmlns:example="urn:other:">3</example:line><example:line>4</example:line>',
    )
    ilmd = read_document(text.encode()).events[0]["ilmd"]
    assert ilmd["example2:line"] == "3"
    assert ilmd["example:line"] == "4"


def test_foreign_ids_survive_unchanged() -> None:
    foreign = "https://lots.example.com/Über%20all/lot/0001%2f?a=b#c"
    told = {**RECEIPT, "quantityList": [{"epcClass": foreign}]}
    assert read_document(write_json(document(told).content)).events[0]["quantityList"][0]["epcClass"] == foreign
    assert RAW in write_json(document(RECEIPT).content).decode()


def test_an_event_taken_out_of_its_document_keeps_its_namespaces() -> None:
    read = read_document(XML.encode())
    alone = self_contained(read.events[0], read.namespaces)
    assert alone["@context"] == [{"example": "https://ns.example.com/epcis/"}]
    elsewhere = document_of({**document().content, "@context": [], "epcisBody": {"eventList": [alone]}})
    assert event_hash(elsewhere.events[0], elsewhere.namespaces) == event_hash(read.events[0], read.namespaces)
    assert "@context" not in self_contained(RECEIPT, document(RECEIPT).namespaces)


def published() -> list[Path]:
    return sorted(vector_path("openepcis-test-resources").rglob("*.xml"))


def test_every_published_xml_document_is_read_and_valid() -> None:
    faults = {path.name: found for path in published() if (found := validate(read_document(path.read_bytes())))}
    # Its sensor reports have no type, which XML allows and JSON-LD does not.
    assert list(faults) == ["SensorData_with_combined_events.xml"]
    assert {f.field for f in faults["SensorData_with_combined_events.xml"]} == {
        "sensorElementList[0].sensorReport[0].type",
        "sensorElementList[0].sensorReport[1].type",
    }
    assert len(published()) == 40


def test_published_xml_and_json_of_the_same_events_have_the_same_hash() -> None:
    same = different = 0
    for path in published():
        other = Path(str(path).replace("XML", "JSON")).with_suffix(".json")
        if not other.exists():
            continue
        xml, plain = read_document(path.read_bytes()), read_document(other.read_bytes())
        for a, b in zip(xml.events, plain.events, strict=True):
            same += event_hash(a, xml.namespaces) == event_hash(b, plain.namespaces)
            different += event_hash(a, xml.namespaces) != event_hash(b, plain.namespaces)
    assert same >= 49, "the others differ in what they say: other measurements, other ids"
    assert different <= 14


def test_what_is_written_is_plain_json() -> None:
    assert json.loads(write_json(document(*ALL).content))["epcisBody"]["eventList"][0]["quantityList"][0]["quantity"] == 480
