"""Own small EPCIS documents: one lot through receipt, inspection, production, packing and shipping."""

import copy
from typing import Any

from tracemill.mapping.epcis.document import Document, capture_document, document_of

CREATED = "2026-11-23T12:00:00Z"
EXTENSION = {"example": "https://ns.example.com/epcis/"}
RAW = "https://id.gs1.org/01/04012345111118/10/B-0901"
RAW_URN = "urn:epc:class:lgtin:4012345.011111.B-0901"
MADE = "https://id.gs1.org/01/04054739999025/10/FG-0711"
PALLET = "urn:epc:id:sscc:4012345.0111111111"


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "eventTime": "2026-11-23T10:02:11.000+01:00", "eventTimeZoneOffset": "+01:00", **fields}


RECEIPT = event(
    "ObjectEvent",
    action="OBSERVE",
    bizStep="receiving",
    disposition="in_progress",
    persistentDisposition={"set": ["unavailable"]},
    readPoint={"id": "https://id.gs1.org/414/4012345000054"},
    quantityList=[{"epcClass": RAW, "quantity": 480, "uom": "KGM"}],
    bizTransactionList=[
        {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000009:PO-7"},
        {"type": "recadv", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000009:GR-1"},
    ],
    sourceList=[{"type": "owning_party", "source": "https://id.gs1.org/417/4000001000128"}],
)
PRODUCTION = event(
    "TransformationEvent",
    transformationID="urn:uuid:0d6bd3c8-1f0a-4b8c-9a55-3b5a8d7d0a01",
    bizStep="commissioning",
    inputQuantityList=[{"epcClass": RAW, "quantity": 260, "uom": "KGM"}],
    outputQuantityList=[{"epcClass": MADE, "quantity": 300, "uom": "KGM"}],
    bizTransactionList=[{"type": "prodorder", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000009:WO-10044"}],
    ilmd={"cbvmda:itemExpirationDate": "2027-11-23", "example:line": "3"},
)
PACKING = event(
    "AggregationEvent",
    action="ADD",
    bizStep="packing",
    parentID=PALLET,
    childQuantityList=[{"epcClass": MADE, "quantity": 180, "uom": "KGM"}],
)
SHIPPING = event(
    "ObjectEvent",
    action="OBSERVE",
    bizStep="shipping",
    disposition="in_transit",
    quantityList=[{"epcClass": MADE, "quantity": 180, "uom": "KGM"}],
    bizTransactionList=[{"type": "desadv", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000009:DLV-80017"}],
    destinationList=[{"type": "possessing_party", "destination": "https://id.gs1.org/417/4000001987658"}],
)
ALL = (RECEIPT, PRODUCTION, PACKING, SHIPPING)

XML = """<?xml version="1.0"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:example="https://ns.example.com/epcis/"
    xmlns:cbvmda="urn:epcglobal:cbv:mda:" schemaVersion="2.0" creationDate="2026-11-23T12:00:00Z">
  <EPCISBody><EventList><TransformationEvent>
    <eventTime>2026-11-23T09:02:11.0004Z</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>
    <inputQuantityList><quantityElement>
      <epcClass>urn:epc:class:lgtin:4012345.011111.B-0901</epcClass><quantity>260.0</quantity><uom>KGM</uom>
    </quantityElement></inputQuantityList>
    <outputQuantityList><quantityElement>
      <epcClass>https://lots.example.com/gtin/4054739999025/lot/FG-0711?x=1</epcClass><quantity>300</quantity><uom>KGM</uom>
    </quantityElement></outputQuantityList>
    <transformationID>urn:uuid:0d6bd3c8-1f0a-4b8c-9a55-3b5a8d7d0a01</transformationID>
    <bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>
    <bizTransactionList>
      <bizTransaction type="https://ref.gs1.org/cbv/BTT-prodorder">urn:epcglobal:cbv:bt:4012345000009:WO-10044</bizTransaction>
    </bizTransactionList>
    <ilmd><example:line>3</example:line><cbvmda:itemExpirationDate>2027-11-23</cbvmda:itemExpirationDate></ilmd>
  </TransformationEvent></EventList></EPCISBody>
</epcis:EPCISDocument>"""


def document(*events: dict[str, Any]) -> Document:
    return document_of(capture_document([copy.deepcopy(e) for e in events], CREATED, EXTENSION))
