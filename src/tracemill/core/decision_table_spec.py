"""The written form of a decision table, as it stands in a site's YAML."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StrictBool, StrictInt, StrictStr


def _exact(value: object) -> object:
    """Read a float as it is written, so that 0.1 stays 0.1."""
    return Decimal(repr(value)) if isinstance(value, float) else value


Cell = Annotated[
    StrictBool | StrictInt | Annotated[Decimal, Strict()] | StrictStr | None,
    BeforeValidator(_exact),
]
Bound = Annotated[Decimal, BeforeValidator(_exact)]


class InputSpec(BaseModel):
    """One input column: its type, for text the values it can have, for numbers the bounds (inclusive) it stays in."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    type: Literal["text", "number", "boolean"]
    values: tuple[str, ...] = ()
    min: Bound | None = None
    max: Bound | None = None


class DecisionTableSpec(BaseModel):
    """A decision table: each rule is a row of one condition per input, then one value per output.

    `hit` is `first` (the first rule that matches decides) or `unique` (at most one rule may match).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    inputs: dict[str, InputSpec] = Field(min_length=1)
    outputs: tuple[str, ...] = Field(min_length=1)
    hit: Literal["first", "unique"] = "first"
    rules: tuple[tuple[Cell, ...], ...] = Field(min_length=1)
