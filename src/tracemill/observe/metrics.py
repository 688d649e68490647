"""Metrics in the Prometheus text format, served at /metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()

RECEIVED = Counter(
    "tracemill_messages_received", "Messages received, by system and outcome.", ["system", "outcome"], registry=REGISTRY
)
PROCESSED = Counter(
    "tracemill_messages_processed", "Messages decided or parked, by system and state.", ["system", "state"], registry=REGISTRY
)
DELIVERIES = Counter(
    "tracemill_deliveries", "Tries of deliveries, by system and outcome.", ["system", "outcome"], registry=REGISTRY
)
VERIFIED = Counter("tracemill_deliveries_verified", "Deliveries read back from their target.", ["system"], registry=REGISTRY)
POLLS = Counter(
    "tracemill_polls", "Polls of feeds, by system, feed and outcome.", ["system", "feed", "outcome"], registry=REGISTRY
)
OPEN_CASES = Gauge("tracemill_open_cases", "Open cases, by consequence.", ["consequence"], registry=REGISTRY)
BACKLOG = Gauge("tracemill_backlog", "What waits, by kind.", ["kind"], registry=REGISTRY)
BATCH = Histogram("tracemill_batch_seconds", "Seconds per batch of events, from load to commit.", registry=REGISTRY)


def exposition() -> bytes:
    """Return all metrics in the Prometheus text format 0.0.4."""
    return generate_latest(REGISTRY)
