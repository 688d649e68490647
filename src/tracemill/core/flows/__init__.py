"""The business reactions that ship with the hub: one pure function per file, registered by event type in one table."""

from collections.abc import Callable

from tracemill.core.draft import Draft
from tracemill.core.flows import (
    alerts,
    disposition,
    expiry,
    finished_goods_release,
    first_submission,
    incoming_inspection,
    rejected_batch,
)

Flow = Callable[[Draft], None]

FLOWS: dict[str, tuple[Flow, ...]] = {
    "lot.received.v1": (incoming_inspection.react, rejected_batch.react, expiry.react),
    "material.produced.v1": (expiry.react, finished_goods_release.made),
    "vessel.discharged.v1": (expiry.react, finished_goods_release.made),
    "sample.taken.v1": (incoming_inspection.sampled,),
    "disposition.decided.v1": (disposition.react, first_submission.react, expiry.react),
    "movement.recorded.v1": (expiry.react,),
    "hold.inherited.v1": (expiry.react,),
    "timer.due.v1": (alerts.due, expiry.react),
}
