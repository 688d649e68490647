"""EPCIS: how many events a second are read and validated, hashed, translated and matched. `python -m bench.epcis`."""

import argparse
import copy
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from tracemill.mapping.epcis.answer import matches
from tracemill.mapping.epcis.document import Event, capture_document, document_of, read_document, write_json
from tracemill.mapping.epcis.event_hash import event_hash
from tracemill.mapping.epcis.facts import facts_of
from tracemill.mapping.epcis.formats import is_uri
from tracemill.mapping.epcis.query import parse_query
from tracemill.mapping.epcis.validate import validate
from tracemill.model.scanned import canonical_link, named, scan

XML_EVENT = """<ObjectEvent><eventTime>2026-11-23T09:{minute:02d}:11.000Z</eventTime>
<eventTimeZoneOffset>+01:00</eventTimeZoneOffset><epcList/><action>OBSERVE</action><bizStep>urn:epcglobal:cbv:bizstep:receiving</bizStep>
<readPoint><id>urn:epc:id:sgln:4012345.00005.0</id></readPoint>
<bizTransactionList><bizTransaction type="urn:epcglobal:cbv:btt:po">
urn:epcglobal:cbv:bt:4012345000009:PO-{n}</bizTransaction></bizTransactionList>
<quantityList><quantityElement><epcClass>urn:epc:class:lgtin:4012345.011111.L{n}</epcClass><quantity>480.5</quantity><uom>KGM</uom>
</quantityElement></quantityList></ObjectEvent>"""
XML = """<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0" creationDate="2026-11-23T12:00:00Z">
<EPCISBody><EventList>{events}</EventList></EPCISBody></epcis:EPCISDocument>"""


def receipt(n: int) -> Event:
    return {
        "type": "ObjectEvent",
        "eventTime": f"2026-11-23T10:{n % 60:02d}:11.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "action": "OBSERVE",
        "bizStep": "receiving",
        "disposition": "in_progress",
        "persistentDisposition": {"set": ["unavailable"]},
        "readPoint": {"id": "https://id.gs1.org/414/4012345000054"},
        "quantityList": [{"epcClass": f"urn:epc:class:lgtin:4012345.011111.L{n}", "quantity": 480, "uom": "KGM"}],
        "bizTransactionList": [{"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:4012345000009:PO-{n}"}],
    }


def production(n: int) -> Event:
    return {
        "type": "TransformationEvent",
        "eventTime": f"2026-11-23T11:{n % 60:02d}:11.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "inputQuantityList": [
            {"epcClass": f"https://id.gs1.org/01/04012345111118/10/L{n + i}", "quantity": 10, "uom": "KGM"} for i in range(3)
        ],
        "outputQuantityList": [{"epcClass": f"https://id.gs1.org/01/04054739999025/10/F{n}", "quantity": 30, "uom": "KGM"}],
        "transformationID": f"urn:uuid:00000000-0000-0000-0000-{n:012d}",
        "bizStep": "commissioning",
        "ilmd": {"cbvmda:itemExpirationDate": "2027-11-23"},
    }


def rate(count: int, work: Callable[[], Any], rounds: int = 3) -> float:
    """Events a second, of the best of some rounds; what an earlier round remembered of names is forgotten."""
    best = float("inf")
    for _ in range(rounds):
        for cache in (is_uri, canonical_link, named):
            cache.cache_clear()
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return count / best


def measured(n: int) -> list[tuple[str, float]]:
    """Measure each step on events whose lots and documents all have different names."""
    events = [(receipt, production)[i % 2](i) for i in range(n)]
    body = write_json(capture_document(events, "2026-11-23T12:00:00Z"))
    xml = XML.format(events="".join(XML_EVENT.format(n=i, minute=i % 60) for i in range(n))).encode()
    document = document_of(capture_document(copy.deepcopy(events), "2026-11-23T12:00:00Z"))
    query = parse_query({"EQ_bizStep": "receiving|shipping", "MATCH_anyEPCClass": "https://id.gs1.org/01/04012345111118/10/L7"})
    label = "]d2010401234511111810L{n}\x1d17261231"
    return [
        ("read JSON", rate(n, lambda: read_document(body))),
        ("validate", rate(n, lambda: validate(document))),
        ("read and validate JSON", rate(n, lambda: validate(read_document(body)))),
        ("read and validate XML", rate(n, lambda: validate(read_document(xml)))),
        ("event hash id", rate(n, lambda: [event_hash(e) for e in events])),
        ("translate to facts", rate(n, lambda: [facts_of({**e, "eventID": "urn:uuid:1"}) for e in events])),
        ("match a query", rate(n, lambda: [matches(e, query) for e in events])),
        ("scan a label", rate(n, lambda: [scan(label.replace("{n}", str(i))) for i in range(n)])),
    ]


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--events", type=int, default=5000)
    table = Table("step", "per second", title="EPCIS events, one thread")
    table.columns[1].justify = "right"
    for name, figure in measured(arguments.parse_args().events):
        table.add_row(name, f"{figure:,.0f}")
    Console().print(table)
