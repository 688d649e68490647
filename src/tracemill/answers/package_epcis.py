"""The EPCIS 2.0 documents of a recall: what happened to every lot in scope, in parts of at most 10,000 events."""

from collections.abc import Iterator
from datetime import UTC

from tracemill.answers.epcis import MOST, names, written
from tracemill.answers.epcis_facts import in_time
from tracemill.answers.package_story import Story
from tracemill.mapping.epcis.document import capture_document
from tracemill.mapping.epcis.own_names import Names
from tracemill.mapping.epcis.story import events_of

NOBODY = "https://tracemill.invalid/id"  # nobody's address (RFC 2606): ids under it mean something in this file only


def named(base: str = "", gln: str = "") -> Names:
    """Say how to name what has no GS1 name; raises ValueError where that would not be an address or a GLN."""
    return names(base or NOBODY, gln)


def epcis_documents(story: Story, own: Names) -> Iterator[tuple[str, bytes]]:
    """Give each part by its name. Every part says how many there are, and whether the scope is complete."""
    view, events = story.view, events_of(in_time(story.facts), own)
    parts = [events[n : n + MOST] for n in range(0, max(1, len(events)), MOST)]
    created = story.at.astimezone(UTC).isoformat(timespec="milliseconds")
    for n, part in enumerate(parts, 1):
        document = capture_document(part, created, {"hub": f"{own.base.rstrip('/')}/"})
        document |= {"hub:recall": view.recall.id, "hub:mock": view.recall.mock, "hub:part": n, "hub:parts": len(parts),
                     "hub:complete": view.complete, "hub:gaps": [gap.text for gap in view.gaps]}  # fmt: skip
        yield ("epcis.json" if len(parts) == 1 else f"epcis/{n:04}.json"), written(document)
