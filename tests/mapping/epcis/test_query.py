"""EPCIS queries: parsed with the named exceptions, matched, ordered, limited, cut into pages."""

from typing import Any

import pytest
from tests.mapping.epcis.samples import ALL, MADE, PACKING, PALLET, PRODUCTION, RAW, RAW_URN, RECEIPT, SHIPPING
from tests.vectors import vector_json

from tracemill.mapping.epcis.answer import answered, matches, ordered, pages
from tracemill.mapping.epcis.fault import Refusal
from tracemill.mapping.epcis.query import parse_query

SERIAL = "urn:epc:id:sgtin:4012345.011111.7"


def found(**parameters: object) -> list[str]:
    return [e["type"] + "/" + e.get("bizStep", "") for e in answered(list(ALL), parse_query(parameters))]


RECEIVED, PRODUCED, PACKED, SHIPPED = (
    "ObjectEvent/receiving", "TransformationEvent/commissioning", "AggregationEvent/packing", "ObjectEvent/shipping",
)  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [RECEIVED, PRODUCED, PACKED, SHIPPED]),
        ({"eventType": "ObjectEvent|AggregationEvent"}, [RECEIVED, PACKED, SHIPPED]),
        ({"EQ_bizStep": "shipping|receiving"}, [RECEIVED, SHIPPED]),
        ({"EQ_bizStep": "https://ref.gs1.org/cbv/BizStep-shipping"}, [SHIPPED]),
        ({"EQ_bizStep": ["urn:epcglobal:cbv:bizstep:shipping"]}, [SHIPPED]),
        ({"EQ_action": "ADD"}, [PACKED]),
        ({"EQ_disposition": "in_transit"}, [SHIPPED]),
        ({"EQ_persistentDisposition_set": "unavailable|recalled"}, [RECEIVED]),
        ({"EQ_persistentDisposition_unset": "unavailable"}, []),
        ({"EQ_readPoint": "urn:epc:id:sgln:4012345.00005.0"}, [RECEIVED]),
        ({"EQ_bizLocation": "urn:epc:id:sgln:4012345.00005.0"}, []),
        ({"WD_readPoint": "https://id.gs1.org/414/4012345000054"}, [RECEIVED]),
        ({"EQ_transformationID": PRODUCTION["transformationID"]}, [PRODUCED]),
        ({"MATCH_epcClass": RAW_URN}, [RECEIVED]),
        ({"MATCH_inputEPCClass": RAW}, [PRODUCED]),
        ({"MATCH_outputEPCClass": RAW}, []),
        ({"MATCH_anyEPCClass": MADE}, [PRODUCED, PACKED, SHIPPED]),
        ({"MATCH_anyEPCClass": "https://id.gs1.org/01/04054739999025"}, []),
        ({"MATCH_parentID": "https://id.gs1.org/00/040123451111111110"}, [PACKED]),
        ({"MATCH_anyEPC": PALLET}, [PACKED]),
        ({"MATCH_epc": PALLET}, []),
        ({"GE_eventTime": "2026-11-23T09:02:11Z"}, [RECEIVED, PRODUCED, PACKED, SHIPPED]),
        ({"LT_eventTime": "2026-11-23T09:02:11Z"}, []),
        ({"GE_recordTime": "2026-11-23T09:02:11Z"}, []),
        ({"EXISTS_errorDeclaration": "true"}, []),
        ({"EXISTS_errorDeclaration": "false", "EQ_action": "OBSERVE", "MATCH_anyEPCClass": MADE}, [SHIPPED]),
    ],
)
def test_an_event_matches_where_every_parameter_is_fulfilled(parameters: dict[str, object], expected: list[str]) -> None:
    assert found(**parameters) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (SERIAL, True),
        ("https://x.example/01/04012345111118/21/7", True),
        ("urn:epc:idpat:sgtin:4012345.011111.*", True),
        ("https://id.gs1.org/01/0401234511111", False),
        ("urn:epc:id:sgtin:4012345.011111.70", False),
    ],
)
def test_a_serial_is_found_by_each_of_its_names_and_by_the_pattern_of_its_item(asked: str, expected: bool) -> None:
    told = {**RECEIPT, "epcList": [SERIAL]}
    assert matches(told, parse_query({"MATCH_epc": asked})) == expected


def test_a_returnable_is_found_by_the_pattern_of_its_type() -> None:
    told = {**RECEIPT, "epcList": ["urn:epc:id:grai:4012345.00022.334455"]}
    assert matches(told, parse_query({"MATCH_epc": "urn:epc:idpat:grai:4012345.00022.*"}))


def test_a_place_within_another_is_found_where_somebody_knows_that_it_is() -> None:
    site = "https://id.gs1.org/414/4012345000009"
    query = parse_query({"WD_readPoint": site})
    assert not matches(RECEIPT, query)
    assert matches(RECEIPT, query, within=lambda place, asked: (place[-13:], asked) == ("4012345000054", site))
    assert not matches(RECEIPT, parse_query({"EQ_readPoint": site}), within=lambda place, asked: True)


@pytest.mark.parametrize(
    ("parameters", "name", "said"),
    [
        ({"EQ_bizstep": "shipping"}, "QueryParameterException", "not known"),
        ({"eventType": "ObjectEvents"}, "QueryParameterException", "write ObjectEvent or"),
        ({"EQ_action": "ADD|add"}, "QueryParameterException", "ADD or OBSERVE or DELETE"),
        ({"EQ_bizStep": ""}, "QueryParameterException", "no value"),
        ({"GE_eventTime": "2026-11-23"}, "QueryParameterException", "not a time"),
        ({"GE_eventTime": "2026-11-23T10:00:00 01:00"}, "QueryParameterException", "%2B"),
        ({"perPage": "0"}, "QueryParameterException", "at least 1"),
        ({"eventCountLimit": "-1"}, "QueryParameterException", "at least 1"),
        ({"orderBy": "bizStep"}, "QueryParameterException", "eventTime or recordTime"),
        ({"orderDirection": "UP"}, "QueryParameterException", "ASC or DESC"),
        ({"EXISTS_errorDeclaration": "yes"}, "QueryParameterException", "true or false"),
        ({"eventCountLimit": "1", "maxEventCount": "1"}, "QueryValidationException", "only one"),
    ],
)
def test_a_query_that_is_wrong_is_refused_by_the_name_of_the_standard(
    parameters: dict[str, object], name: str, said: str
) -> None:
    with pytest.raises(Refusal, match=said) as refused:
        parse_query(parameters)
    assert refused.value.name == name


def test_every_wrong_parameter_is_named_at_once() -> None:
    with pytest.raises(Refusal) as refused:
        parse_query({"EQ_bizstep": "x", "perPage": "many", "orderBy": "y"})
    assert [f.field for f in refused.value.faults] == ["EQ_bizstep", "perPage", "orderBy"]


def timed(*hours: int) -> list[dict[str, Any]]:
    return [
        {**SHIPPING, "eventTime": f"2026-11-23T{h:02d}:00:00+01:00", "recordTime": f"2026-11-24T{24 - h - 1:02d}:00:00Z"}
        for h in hours
    ]


def hours(events: list[dict[str, Any]]) -> list[int]:
    return [int(e["eventTime"][11:13]) for e in events]


def test_events_are_ordered_by_time_newest_first_unless_told_otherwise() -> None:
    events = timed(2, 9, 5)
    assert hours(ordered(events, parse_query({"orderBy": "eventTime"}))) == [9, 5, 2]
    assert hours(ordered(events, parse_query({"orderBy": "eventTime", "orderDirection": "ASC"}))) == [2, 5, 9]
    assert hours(ordered(events, parse_query({"orderBy": "recordTime", "orderDirection": "ASC"}))) == [9, 5, 2]
    assert hours(ordered(events, parse_query({}))) == [2, 9, 5]
    unrecorded = {**PACKING, "eventTime": "2026-11-23T01:00:00Z"}
    assert hours(ordered([unrecorded, *events], parse_query({"orderBy": "recordTime"}))) == [2, 5, 9, 1]


def test_a_limit_cuts_the_answer_and_a_maximum_refuses_it() -> None:
    events = timed(2, 9, 5)
    assert hours(answered(events, parse_query({"orderBy": "eventTime", "eventCountLimit": "2"}))) == [9, 5]
    assert len(answered(events, parse_query({"maxEventCount": 3}))) == 3
    with pytest.raises(Refusal) as refused:
        answered(events, parse_query({"maxEventCount": "2"}))
    assert refused.value.name == "QueryTooLargeException"


def test_pages_are_at_most_as_long_as_asked_and_an_empty_answer_is_one_page() -> None:
    assert [len(p) for p in pages(timed(*range(7)), parse_query({"perPage": "3"}))] == [3, 3, 1]
    assert list(pages([], parse_query({}))) == [[]]
    assert parse_query({"perPage": "1000000"}).per_page == 1000


def test_the_published_query_is_read_but_for_what_is_not_known_yet() -> None:
    body = vector_json("openepcis-test-resources/2.0/EPCIS/JSON/Query/Queries/SimpleEventQuery.json")
    with pytest.raises(Refusal) as refused:
        parse_query(body)
    assert {f.field for f in refused.value.faults} == {"GE_quantity", "LT_quantity"}
    query = parse_query({name: value for name, value in body.items() if not name.endswith("quantity")})
    assert (query.limit, query.order_by, query.any_of["EQ_bizStep"]) == (100, "eventTime", ("shipping",))
