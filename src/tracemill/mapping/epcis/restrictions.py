"""Dispositions (CBV 2.0, section 7.2) as holds, releases and decisions: every word that restricts is a hold of its own."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracemill.mapping.epcis import vocabulary as cbv
from tracemill.mapping.epcis.things import Thing, document_number
from tracemill.model.status import DispositionKind, HoldReason

# Words that say material may not be used. A word that no one knows restricts nothing: it is somebody else's vocabulary.
REASONS: dict[str, HoldReason] = {
    "unavailable": HoldReason.QUALITY,
    "non_conformant": HoldReason.REJECTED,
    "recalled": HoldReason.RECALL,
    "expired": HoldReason.EXPIRED,
    "damaged": HoldReason.DAMAGE,
    "stolen": HoldReason.OTHER,
    "non_sellable_other": HoldReason.OTHER,
    "needs_replacement": HoldReason.DAMAGE,
    "no_pedigree_match": HoldReason.INCOMPLETE_GENEALOGY,
    "mismatch_instance": HoldReason.CONFLICT,
    "mismatch_class": HoldReason.CONFLICT,
    "mismatch_quantity": HoldReason.CONFLICT,
}
_DECISIONS = {"conformant": DispositionKind.ACCEPT, "non_conformant": DispositionKind.REJECT}
_DECIDING = ("inspecting", "accepting", "holding")
_AWAITING = ("receiving", "arriving", "accepting", "unloading", "storing")


_HOLD = "epcis:"


def hold_id(word: str) -> str:
    return _HOLD + word


def word_of(hold: str) -> str:
    """Return the word that a hold was placed for."""
    return hold.removeprefix(_HOLD)


def restrictions(event: Mapping[str, Any], about: list[Thing], event_id: str) -> Iterator[tuple[str, Thing, dict[str, Any]]]:
    """Yield (type, thing, data) for what an event sets, unsets and decides.

    `set` and a restricting `disposition` place holds, `unset` lifts the hold of its own word and no other: setting
    `conformant` does not lift what `non_conformant` holds.
    """
    step = cbv.BIZ_STEP.bare(event.get("bizStep", ""))
    persistent = event.get("persistentDisposition") or {}
    placed = [cbv.DISPOSITION.bare(word) for word in persistent.get("set", ())]
    lifted = [cbv.DISPOSITION.bare(word) for word in persistent.get("unset", ())]
    passing = cbv.DISPOSITION.bare(event.get("disposition", ""))
    restricting = [word for word in dict.fromkeys([*placed, passing]) if word in REASONS and word not in lifted]
    decided = next((_DECISIONS[word] for word in placed if word in _DECISIONS), None)
    for one in about:
        if decided is not None and step in _DECIDING:
            yield "disposition.decided.v1", one, _decision(event, one, decided, event_id)
        for word in restricting:
            yield "hold.requested.v1", one, _hold(one, word, step)
        for word in lifted:
            if word in REASONS:
                yield "hold.released.v1", one, {"lot": one.ref, "hold": hold_id(word), "note": f"EPCIS unset {word}"}


def _hold(one: Thing, word: str, step: str) -> dict[str, Any]:
    reason = HoldReason.AWAITING_INSPECTION if word == "unavailable" and step in _AWAITING else REASONS[word]
    data = {"lot": one.ref, "hold": hold_id(word), "reason": reason.value, "note": f"EPCIS {word}"}
    return data | ({"quantity": one.quantity} if one.quantity else {})


def _decision(event: Mapping[str, Any], one: Thing, kind: DispositionKind, event_id: str) -> dict[str, Any]:
    part: dict[str, Any] = {"decision": kind.value} | ({"quantity": one.quantity} if one.quantity else {})
    return {"lot": one.ref, "inspection": document_number(event, "testres", "testprd", "cert") or event_id, "parts": [part]}
