"""Words: whatever the hub may decide can be said."""

from datetime import UTC, datetime

import pytest

from tracemill.answers.words import held_clause
from tracemill.core.usable import hold_words
from tracemill.model.lot import Hold, Lot
from tracemill.model.status import HoldReason


@pytest.mark.parametrize("reason", list(HoldReason))
def test_every_reason_of_a_hold_is_said_in_words(reason: HoldReason) -> None:
    lot = Lot(id="1", site="DE", number="L-1", named_by="erp")
    hold = Hold(id="h", reason=reason, system="hub", placed_at=datetime(2026, 11, 25, tzinfo=UTC))
    assert held_clause(hold, lot).startswith("all of it is ")
    assert hold_words(hold, lot)
