"""The event hash id: one id for one event, however it is written."""

import pytest
from tests.mapping.epcis.samples import ALL, PRODUCTION, RAW, RAW_URN, RECEIPT, XML, document, event
from tests.vectors import vector_json, vector_path

from tracemill.mapping.epcis.document import read_document
from tracemill.mapping.epcis.event_hash import event_hash, pre_hash
from tracemill.mapping.epcis.formats import utc_milliseconds


def test_the_text_that_is_hashed_has_properties_in_order_and_values_in_canonical_form() -> None:
    assert pre_hash(RECEIPT) == (
        "eventType=ObjectEventeventTime=2026-11-23T09:02:11.000ZeventTimeZoneOffset=+01:00"
        f"quantityListquantityElementepcClass={RAW}quantity=480uom=KGMaction=OBSERVE"
        "bizStep=https://ref.gs1.org/cbv/BizStep-receivingdisposition=https://ref.gs1.org/cbv/Disp-in_progress"
        "persistentDispositionset=https://ref.gs1.org/cbv/Disp-unavailablereadPointid=https://id.gs1.org/414/4012345000054"
        "bizTransactionListtype=https://ref.gs1.org/cbv/BTT-pobizTransaction=urn:epcglobal:cbv:bt:4012345000009:PO-7"
        "type=https://ref.gs1.org/cbv/BTT-recadvbizTransaction=urn:epcglobal:cbv:bt:4012345000009:GR-1"
        "sourceListtype=https://ref.gs1.org/cbv/SDT-owning_partysource=https://id.gs1.org/417/4000001000128"
    )
    assert event_hash(RECEIPT) == "ni:///sha-256;f660b3277eab94ece929604a27d422e8ec1b9dde67988a8d34071754e9289621?ver=CBV2.0"


def test_xml_and_json_of_one_event_have_one_id() -> None:
    xml, json = read_document(XML.encode()), document(PRODUCTION)
    assert event_hash(xml.events[0], xml.namespaces) == event_hash(json.events[0], json.namespaces)


@pytest.mark.parametrize(
    "change",
    [
        {"eventID": "urn:uuid:1"},
        {"recordTime": "2026-11-24T00:00:00Z"},
        {"errorDeclaration": {"declarationTime": "2026-11-24T00:00:00Z", "reason": "did_not_occur"}},
        {"rdfs:comment": "as we saw it"},
        {"eventTime": "2026-11-23T11:02:11.0002+02:00"},
        {"bizStep": "https://ref.gs1.org/cbv/BizStep-receiving"},
        {"bizStep": "cbv:BizStep-receiving"},
        {"quantityList": [{"epcClass": RAW_URN, "quantity": 480.0, "uom": "KGM"}]},
        {"bizTransactionList": list(reversed(RECEIPT["bizTransactionList"]))},
    ],
)
def test_what_is_written_differently_but_says_the_same_has_the_same_id(change: dict[str, object]) -> None:
    assert event_hash({**RECEIPT, **change}) == event_hash(RECEIPT)


@pytest.mark.parametrize(
    "change",
    [
        {"eventTimeZoneOffset": "+02:00"},
        {"quantityList": [{"epcClass": RAW, "quantity": 481, "uom": "KGM"}]},
        {"example:note": "x"},
        {"persistentDisposition": {"unset": ["unavailable"]}},
    ],
)
def test_what_says_something_else_has_another_id(change: dict[str, object]) -> None:
    assert event_hash({**RECEIPT, **change}) != event_hash(RECEIPT)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("2026-11-23T10:02:11+01:00", "2026-11-23T09:02:11.000Z"),
        ("2026-11-23T10:02:11.3142715Z", "2026-11-23T10:02:11.314Z"),
        ("2026-11-23T10:02:11.0005Z", "2026-11-23T10:02:11.001Z"),
        ("2026-12-31T23:59:59.9995Z", "2027-01-01T00:00:00.000Z"),
        ("0099-01-01T00:00:00Z", "0099-01-01T00:00:00.000Z"),
    ],
)
def test_a_time_is_utc_to_the_millisecond_and_a_fourth_decimal_of_five_rounds_up(written: str, canonical: str) -> None:
    assert utc_milliseconds(written) == canonical


def test_extensions_stand_under_their_namespace_inside_what_encloses_them() -> None:
    told = event(
        "ObjectEvent",
        action="OBSERVE",
        epcList=[],
        readPoint={"id": "https://id.gs1.org/414/4012345000054", "example:gate": "7.0"},
        sensorElementList=[
            {"sensorReport": [{"type": "Temperature", "value": 26.0, "uom": "CEL", "bizRules": "https://a.example/b"}]}
        ],
    )
    read = document(told)
    text = pre_hash(read.events[0], read.namespaces)
    assert "readPointid=https://id.gs1.org/414/4012345000054{https://ns.example.com/epcis/}gate=7sensor" in text
    assert text.endswith("uom=CELsensorElementListsensorElementsensorReportbizRules=https://a.example/b")


def test_an_extension_that_the_document_wants_ignored_is_left_out() -> None:
    read = document({**RECEIPT, "example:seen": "1"})
    assert event_hash(read.events[0], read.namespaces, ("{https://ns.example.com/epcis/}seen",)) == event_hash(RECEIPT)


def test_different_events_of_one_story_have_different_ids() -> None:
    assert len({event_hash(e) for e in ALL}) == len(ALL)


def test_all_published_hash_ids_are_reproduced() -> None:
    documents = vector_json("vectors/epcis_event_hash_index.json")["documents"]
    wrong, ids = [], 0
    for expected in documents:
        read = read_document(vector_path(f"epcis-event-hash/examples/{expected['file']}").read_bytes())
        got = [event_hash(e, read.namespaces, read.ignored) for e in read.events]
        ids += len(got)
        wrong += [expected["file"]] if got != expected["event_ids"] else []
    assert not wrong
    assert (len(documents), ids) == (22, 66)
