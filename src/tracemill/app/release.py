"""Release rules of a site: what a lot that was made here must have before it may be used."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from tracemill.mapping.pack import Spec
from tracemill.model.policy import ReleaseRules
from tracemill.model.status import Evidence, ReleaseMode

Told = Literal["item", "place", "manufactured", "expires", "retest", "certificate"]


class ReleaseConfig(Spec):
    """What a lot that was made here must have before it may be used; what is missing restricts it, by name."""

    mode: ReleaseMode = Field(
        default=ReleaseMode.QUALITY, description="`quality`: its decision releases; `hub`: the rule does, when nothing is missing"
    )
    classes: list[str] = Field(default=[], description="item classes; where not given, whatever is made here")
    inspections: list[str] = Field(default=[], description="plans that must have passed (`inspection.completed.v1`, `plan`)")
    conditions: list[str] = Field(default=[], description="parameters that must have been told (`process.recorded.v1`)")
    dossier: list[Told] = Field(default=[], description="what must be known of the lot")
    evidence: list[Evidence] = Field(
        default=[Evidence.SCANNED, Evidence.MEASURED], min_length=1, description="what counts as seen of what went in"
    )
    bom: bool = Field(default=False, description="every item of the bill of materials (`bom.defined.v1`) must have gone in")


def release_rules(conf: ReleaseConfig | None) -> ReleaseRules | None:
    """Make what decisions read."""
    if conf is None:
        return None
    return ReleaseRules(
        mode=conf.mode,
        classes=tuple(conf.classes),
        inspections=tuple(conf.inspections),
        conditions=tuple(conf.conditions),
        dossier=tuple(conf.dossier),
        evidence=tuple(conf.evidence),
        bom=conf.bom,
    )


def check_release(conf: ReleaseConfig | None) -> Iterator[tuple[str, str]]:
    """Say what is wrong with the rules, and what to write instead."""
    if conf is not None and conf.mode is ReleaseMode.HUB and not (conf.inspections or conf.conditions):
        yield (
            "the hub would release without having looked at anything",
            "name inspections: or conditions:, or write mode: quality",
        )
