"""A project folder whose systems are the journalling target: a warehouse with stock, and a laboratory that decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SITE = "PLANT-DE"
CONTROL = "CONTROL"  # a lot that is always there: the positive control read

_BASE = """
version: "1"
protocol: http
settle: 100ms
max_effect_time: 600ms
probe: {request: {path: /lots, query: {ids: CONTROL}}, accept: $count(body.items) = 1}
limits: {rate: 5000, burst: 5000, concurrency: 8, timeout: 300ms, breaker_failures: 100}
errors: [{status: 412, as: unavailable, cause: '"changed meanwhile: " & body.error'}]
"""

_STOCK = """
pack: journal-stock
feeds:
  receipts:
    kind: facts
    every: 100ms
    request: {path: /records/receipts}
    records: body.items
    key: doc
    mappings: [receipt]
  stock:
    kind: snapshots
    every: 100ms
    request: {path: /lots}
    records: body.items
    key: id
    mappings: [stock]
reads:
  stock:
    mapping: stock
    list: {request: {path: /lots, query: {ids: "{lots|join}"}}, records: body.items, id: id}
codes: {status: {available: available, quarantine: quarantine, blocked: blocked}}
mappings:
  receipt:
    event: lot.received.v1
    keys: {lot: batch}
    fields:
      lot.id: batch
      quantity.amount: {cell: qty, type: quantity}
      quantity.unit: "'KGM'"
      supplier_batch?: sup
      receipt: doc
  stock:
    event: stock.observed.v1
    keys: {lot: id}
    fields:
      lot.id: id
      rows:
        each: >-
          [{"s": "available", "q": available}, {"s": "quarantine", "q": quarantine}, {"s": "blocked", "q": blocked}]
        fields:
          status: {cell: s, codes: status}
          quantity.amount: {cell: q, type: quantity}
          quantity.unit: "'KGM'"
          native: s
"""

_QUALITY = """
pack: journal-quality
feeds:
  decisions:
    kind: snapshots
    every: 100ms
    request: {path: /records/decisions}
    records: body.items
    key: id
    mappings: [decision]
  made:
    kind: facts
    every: 100ms
    request: {path: /records/made}
    records: body.items
    key: id
    mappings: [consumed, produced]
codes: {decision: {ACC: accept, REJ: reject, HOLD: hold}}
mappings:
  consumed: &made
    event: material.consumed.v1
    when: kind = 'consumed'
    keys: {lot: lot}
    fields:
      lot.id: lot
      quantity.amount: {cell: qty, type: quantity}
      quantity.unit: "'KGM'"
      work.order: order
      movement: id
  produced: {<<: *made, event: material.produced.v1, when: "kind = 'produced'"}
  decision:
    event: disposition.decided.v1
    keys: {lot: batch}
    fields:
      lot.id: id
      lot.aliases: {each: batch, fields: {system: "'wms'", id: $}}
      inspection: id
      revision?: rev
      parts: {each: parts, fields: {decision: {cell: code, codes: decision}}}
operations:
  open_inspection: &act
    once: findable
    native: "{saved.id}"
    steps:
      - kind: find
        request: {path: /transfers, query: {reference: "{token}"}}
        found: $count(body.items[reference=$token]) > 0
        save: {id: "body.items[reference=$token][0].id"}
      - kind: create
        request: {method: POST, path: /transfers, json: {reference: "{token}", about: "{number}"}}
        accept: $exists(body.id)
        save: {id: body.id}
  open_nonconformance: *act
"""

# How a status is written: looked for by its token, honoured by the target's own key, or stated on a condition.
WAYS = {
    "findable": """
      - kind: find
        request: {path: /transfers, query: {reference: "{token}"}}
        found: $count(body.items[reference=$token]) > 0
      - kind: create
        request: {method: POST, path: /transfers, json: &transfer {
          reference: "{token}", lot: "{lot}", from: "{each.from}", to: "{each.to}", qty: "{each.quantity}"}}
        accept: $exists(body.id)
        cause: body.error
""",
    "keyed": """
      - kind: create
        request:
          method: POST
          path: /transfers
          headers: {Idempotency-Key: "{token}"}
          json: {reference: "{token}", lot: "{lot}", from: "{each.from}", to: "{each.to}", qty: "{each.quantity}"}
        accept: $exists(body.id)
        cause: body.error
""",
    "ensure": """
      - kind: read
        request: {path: "/lots/{lot}"}
        save:
          etag: headers.etag
          rest: >-
            $string($number(body.available) + $number(body.quarantine) + $number(body.blocked)
            - $number(value.available) - $number(value.blocked))
      - kind: advance
        repeat: true
        request:
          method: PUT
          path: "/lots/{lot}"
          headers: {If-Match: "{saved.etag?}"}
          json: {available: "{value.available}", quarantine: "{saved.rest}", blocked: "{value.blocked}"}
        accept: body.id = lot
        cause: body.error
""",
}


def stock_pack(way: str, **more: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {"once": way, "steps": yaml.safe_load(WAYS[way])}
    if way != "ensure":
        operation |= {"plan": "transfers", "each": "value.transfers"}
    return {**yaml.safe_load(_BASE), **yaml.safe_load(_STOCK), "operations": {"set_status": operation}, **more}


def write_site(folder: Path, store: str, wms: str, qms: str, way: str = "findable", **more: Any) -> Path:
    """Write the project: `wms` and `qms` are addresses, `way` is how the warehouse takes a status."""
    packs = {"journal-stock": stock_pack(way, **more), "journal-quality": {**yaml.safe_load(_BASE), **yaml.safe_load(_QUALITY)}}
    files: dict[str, Any] = {
        "tracemill.yaml": {"store": store, "sites": [SITE]},
        "authority.yaml": {"rules": [{"facet": "quality", "owner": "qms"}, {"facet": "stock", "owner": "wms"}]},
        f"sites/{SITE}.yaml": {"zone": "UTC"},
        "systems/wms.yaml": _system("journal-stock", wms),
        "systems/qms.yaml": _system("journal-quality", qms),
        **{f"packs/{name}/pack.yaml": pack for name, pack in packs.items()},
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.dump(content, Dumper=_Plain, sort_keys=False))
    return folder


def _system(pack: str, url: str) -> dict[str, Any]:
    return {"pack": pack, "site": SITE, "mode": "act", "user": "hub", "connection": {"url": url}}


class _Plain(yaml.SafeDumper):
    """Without anchors: a project folder has none."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
