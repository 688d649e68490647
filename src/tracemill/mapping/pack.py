"""Packs: what a product is, as data. Code speaks a protocol; a pack teaches it one product."""

import re
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tracemill.mapping.spec import CodeListSpec, MappingSpec
from tracemill.model.quantity import UnknownUnit, unit_code
from tracemill.model.status import Enforcement, FeedKind, Once, Receipt, StockStatus

_DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}


def seconds(value: object) -> float:
    """Read a duration such as 500ms, 2s, 5m, 1h or 7d into seconds."""
    match = _DURATION.match(str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is not a duration; write 500ms, 2s, 5m, 1h or 7d")
    return float(match[1]) * _SECONDS[match[2]]


def _unit(text: str) -> str:
    """Return the code of a unit that is known."""
    try:
        return unit_code(text)
    except UnknownUnit as error:
        raise ValueError(f"{error}; hint: write one such as KGM, LTR, MTR or C62 (pieces)") from None


Duration = Annotated[float, BeforeValidator(seconds)]
Unit = Annotated[str, AfterValidator(_unit)]


class Spec(BaseModel):
    """The base of all written forms: unknown keys are errors, numbers written for ids become their text."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, frozen=True, populate_by_name=True)


class IdentitySpec(Spec):
    """What makes a lot id unique in this product, and how the hub chooses one where it has to."""

    scope: Literal["lot", "item+lot"] = "lot"
    assign: str | None = Field(default=None, description="JSONata over {number, ids, item}: the id the hub gives the lot there")


class StatusSpec(Spec):
    """How stock statuses are written, and whether a system shows sums per status or only how much may be used."""

    expresses: Literal["split", "cap"] = "split"
    write: dict[StockStatus, str] = {}


class FeedSpec(Spec):
    """A stream of records that the hub reads."""

    kind: FeedKind
    every: Duration = 5.0
    mappings: list[str]
    carries_status: bool = True
    zone: str | None = None


class OperationSpec(Spec):
    """How a command is carried out in this product."""

    once: Once
    plan: Literal["none", "transfers"] = "none"


class WebhookSpec(Spec):
    """Messages that the product pushes: a hint that something changed, or the content itself."""

    kind: Literal["hint", "content"] = Field(alias="as")
    feed: str


class PackSpec(Spec):
    """One product."""

    pack: str
    version: str
    protocol: str
    title: str = ""
    description: str = ""
    identity: IdentitySpec = IdentitySpec()
    status: StatusSpec = StatusSpec()
    enforces: dict[StockStatus, Enforcement] = {}
    receipt: Receipt = Receipt.TARGET_QUARANTINES
    settle: Duration = 2.0
    max_effect_time: Duration = 30.0
    units: dict[str, Unit] = {}
    codes: dict[str, CodeListSpec] = {}
    mappings: dict[str, MappingSpec] = {}
    feeds: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    webhooks: dict[str, WebhookSpec] = {}

    def mapped_by(self, mapping: str) -> str:
        """Name a mapping with a hash of all that decides what it makes: itself, the code lists and the units."""
        codes = "".join(spec.model_dump_json() for spec in self.codes.values())
        said = f"{self.mappings[mapping].model_dump_json()}{codes}{self.units}"
        return f"{self.pack}/{mapping}@{self.version}+{sha256(said.encode()).hexdigest()[:12]}"
