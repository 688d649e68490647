"""Mappings and validations per second, in one thread, on a record as systems send it."""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import yaml

from bench.sender import event
from tracemill.app.packs import compile_mappings
from tracemill.connectors.http.spec import HttpPackSpec
from tracemill.hub.translate import translate
from tracemill.mapping.table import Mapping
from tracemill.model.moment import parse_moment
from tracemill.model.record import encode
from tracemill.store.messages import Stored

PACKS = Path(__file__).parents[1] / "src" / "tracemill" / "packs"
NOW = parse_moment("2026-11-23T09:00:00Z").utc


def speeds(seconds: float) -> dict[str, float]:
    """Return calls per second: a read-back mapped, a feed's record mapped, an event checked and typed."""
    read = _mapping(Path(__file__).parent / "packs" / "bench-target", "stock")
    feed = _mapping(PACKS / "demo-qms", "decision")
    stored = Stored(
        id=1, uuid="u", site="BENCH", system="qms", feed="events", key="k", received_at=NOW, read_started=NOW,
        content_type="application/cloudevents+json", correlation="", actor="", body=encode(event("decision", "L0000001", 60)),
    )  # fmt: skip
    return {
        "mapping: read-back (3 fields, rows)": _rate(lambda: read[0].apply_all(read[1]), seconds),
        "mapping: usage decision of demo-qms": _rate(lambda: feed[0].apply_all(feed[1]), seconds),
        "validation: CloudEvent of 1.1 kB to a typed event": _rate(lambda: translate(None, stored), seconds),
    }


def _mapping(folder: Path, name: str) -> tuple[Mapping, Any]:
    """Compile a mapping of a pack; give it with the input of its first example."""
    spec = HttpPackSpec.model_validate(yaml.safe_load((folder / "pack.yaml").read_text()))
    return compile_mappings(spec)[name], spec.mappings[name].examples[0].input


def _rate(run: Callable[[], object], seconds: float) -> float:
    count, began = 0, perf_counter()
    while (spent := perf_counter() - began) < seconds:
        for _ in range(50):
            run()
        count += 50
    return count / spent
