"""GS1-EPC-Format: what is given as it was captured, what is given as Digital Links, and what cannot be given."""

import pytest
from tests.mapping.epcis.samples import PACKING, RAW, RAW_URN, RECEIPT, event

from tracemill.mapping.epcis.epc_format import epc_format, linked
from tracemill.mapping.epcis.fault import Refusal


def test_every_epc_urn_becomes_a_digital_link_and_no_other_uri_is_touched() -> None:
    foreign = "https://lots.example.com/gtin/4054739999025/lot/FG-0711?x=1"
    told = event(
        "ObjectEvent", action="OBSERVE",
        epcList=["urn:epc:id:sgtin:4012345.011111.7", "urn:jaif:id:obj:37SUN321"],
        quantityList=[{"epcClass": RAW_URN, "quantity": 5}, {"epcClass": foreign}],
        readPoint={"id": "urn:epc:id:sgln:4012345.00005.0"}, bizLocation={"id": "https://plant.example/hall/7"},
        sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00005"}],
        bizTransactionList=[{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000009:PO-7"}],
    )  # fmt: skip
    found = linked(told)
    assert found["epcList"] == ["https://id.gs1.org/01/04012345111118/21/7", "urn:jaif:id:obj:37SUN321"]
    assert found["quantityList"] == [{"epcClass": RAW, "quantity": 5}, {"epcClass": foreign}]
    assert found["readPoint"] == {"id": "https://id.gs1.org/414/4012345000054"}
    assert found["sourceList"] == [{"type": "owning_party", "source": "https://id.gs1.org/417/4012345000054"}]
    assert {k: found[k] for k in ("bizLocation", "bizTransactionList")} == {
        k: told[k] for k in ("bizLocation", "bizTransactionList")
    }
    assert linked(PACKING)["parentID"] == "https://id.gs1.org/00/040123451111111110"
    assert linked(RECEIPT) == RECEIPT


def test_digital_links_are_the_default_and_as_captured_is_given_where_it_is_asked_for() -> None:
    assert epc_format("") == epc_format("Always_GS1_Digital_Link") == "Always_GS1_Digital_Link"
    assert epc_format("Never_Translates") == epc_format("No_Preference") == "Never_Translates"


@pytest.mark.parametrize(("asked", "name"), [("Always_EPC_URN", "NotAcceptableException"), ("always", "ValidationException")])
def test_what_cannot_be_given_is_refused_by_name(asked: str, name: str) -> None:
    with pytest.raises(Refusal) as refused:
        epc_format(asked)
    assert refused.value.name == name


def test_two_names_of_one_thing_stand_once_in_a_list_that_is_a_set() -> None:
    names = ["urn:epc:id:sgtin:4012345.011111.7", "https://id.gs1.org/01/04012345111118/21/7"]
    assert linked({**RECEIPT, "epcList": names})["epcList"] == names[1:]
