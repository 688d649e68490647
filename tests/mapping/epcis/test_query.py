"""EPCIS queries: parsed with the named exceptions, matched, ordered, limited, cut into pages."""

import pytest
from tests.mapping.epcis.samples import ALL, MADE, PALLET, PRODUCTION, RAW, RAW_URN, RECEIPT

from tracemill.mapping.epcis.answer import matches
from tracemill.mapping.epcis.fault import Refusal
from tracemill.mapping.epcis.query import parse_query

SERIAL = "urn:epc:id:sgtin:4012345.011111.7"


def found(**parameters: str) -> list[str]:
    return [e["type"] + "/" + e.get("bizStep", "") for e in ALL if matches(e, parse_query(parameters))]


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
        ({"EQ_bizStep": "urn:epcglobal:cbv:bizstep:shipping"}, [SHIPPED]),
        ({"EQ_action": "ADD"}, [PACKED]),
        ({"EQ_disposition": "in_transit"}, [SHIPPED]),
        ({"EQ_persistentDisposition_set": "unavailable|recalled"}, [RECEIVED]),
        ({"EQ_persistentDisposition_unset": "unavailable"}, []),
        ({"EQ_readPoint": "urn:epc:id:sgln:4012345.00005.0"}, [RECEIVED]),
        ({"EQ_bizLocation": "urn:epc:id:sgln:4012345.00005.0"}, []),
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
def test_an_event_matches_where_every_parameter_is_fulfilled(parameters: dict[str, str], expected: list[str]) -> None:
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
        ({"orderBy": "bizStep"}, "QueryParameterException", "write eventTime or recordTime"),
        ({"orderBy": "eventTime", "orderDirection": "up"}, "QueryParameterException", "write ASC or DESC"),
        ({"eventCountLimit": "3"}, "QueryParameterException", "add orderBy"),
        ({"maxEventCount": "x"}, "QueryParameterException", "whole number"),
        (
            {"maxEventCount": "3", "eventCountLimit": "3", "orderBy": "eventTime"},
            "QueryParameterException",
            "excludes eventCountLimit",
        ),
        ({"WD_readPoint": "https://id.gs1.org/414/4012345000009"}, "QueryParameterException", "not known"),
        ({"EXISTS_errorDeclaration": "yes"}, "QueryParameterException", "write true or false"),
    ],
)
def test_a_query_that_is_wrong_is_refused_by_the_name_of_the_standard(parameters: dict[str, str], name: str, said: str) -> None:
    with pytest.raises(Refusal, match=said) as refused:
        parse_query(parameters)
    assert refused.value.name == name


def test_every_wrong_parameter_is_named_at_once() -> None:
    with pytest.raises(Refusal) as refused:
        parse_query({"EQ_bizstep": "x", "perPage": "many", "orderBy": "y"})
    assert [f.field for f in refused.value.faults] == ["EQ_bizstep", "perPage", "orderBy"]


def test_a_page_is_never_longer_than_a_thousand_events() -> None:
    assert parse_query({"perPage": "1000000"}).per_page == 1000
    assert parse_query({}).per_page == 30


def test_a_query_says_its_order_and_how_many_are_wanted() -> None:
    first = parse_query({"orderBy": "eventTime", "orderDirection": "ASC", "eventCountLimit": "5"})
    assert (first.order, first.ascending, first.first, first.most) == ("eventTime", True, 5, None)
    most = parse_query({"maxEventCount": "7"})
    assert (most.order, most.ascending, most.first, most.most) == ("recordTime", False, None, 7)
