"""The steps between which the hub may be killed. Tests stop it at each one; a step without a test fails the build."""

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    """Every point at which what is durable and what is not changes."""

    RECEIVE_BEFORE_COMMIT = "receive.before_commit"
    RECEIVE_COMMITTED = "receive.committed"
    PROCESS_LOADED = "process.loaded"
    PROCESS_DECIDED = "process.decided"
    PROCESS_COMMITTED = "process.committed"
    DELIVER_CLAIMED = "deliver.claimed"
    DELIVER_PLANNED = "deliver.planned"
    DELIVER_CURSOR_SAVED = "deliver.cursor_saved"
    DELIVER_SENT = "deliver.sent"
    DELIVER_SETTLED = "deliver.settled"
    VERIFY_READ = "verify.read"
    VERIFY_SETTLED = "verify.settled"
    ASK_ANSWERED = "ask.answered"
    CASCADE_CARRIED = "cascade.carried"
    CASCADE_COMMITTED = "cascade.committed"
    BATCH_TOLD = "batch.told"
    BATCH_COMMITTED = "batch.committed"
    RECALL_ASKED = "recall.asked"
    RECALL_COMMITTED = "recall.committed"


Reach = Callable[[Step], None]


def passed(_: Step) -> None:
    """Do nothing: what production does at a step."""
