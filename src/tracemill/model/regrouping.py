"""Regrouping: one lot becomes several, several become one, or one gets another number. The material stays what it is."""

from typing import Annotated

import msgspec

from tracemill.model.quantity import Quantity
from tracemill.model.record import Record
from tracemill.model.reference import LotRef


class Piece(Record, frozen=True):
    """A quantity of one lot that came out of another, or went into it."""

    lot: LotRef
    quantity: Quantity
    place: str = ""


Pieces = Annotated[tuple[Piece, ...], msgspec.Meta(min_length=1, max_length=1000)]


class LotSplit(Record, frozen=True):
    """Parts of a lot got numbers of their own; what is not named stays in the lot."""

    lot: LotRef
    into: Pieces
    transformation: str = ""  # its own id, where the source has one
    order: str = ""


class LotMerged(Record, frozen=True):
    """Quantities of several lots became one lot, or were added to it."""

    lot: LotRef
    of: Pieces
    transformation: str = ""
    order: str = ""
    place: str = ""


class LotRelabelled(Record, frozen=True):
    """A quantity of a lot has another number from now on."""

    lot: LotRef
    quantity: Quantity
    becomes: LotRef
    transformation: str = ""
    order: str = ""
    place: str = ""
