"""The one table of statuses and kinds: the same words in database, API, pages and command line."""

from enum import StrEnum


class MessageState(StrEnum):
    """What became of a message."""

    RECEIVED = "received"  # stored and acknowledged, not yet decided
    PROCESSED = "processed"  # its events are decided and committed
    PARKED = "parked"  # could not be read or decided; waits for a person
    REPLAYED = "replayed"  # was parked, then processed again
    DISCARDED = "discarded"  # was parked, then put aside with a reason


class DeliveryState(StrEnum):
    """Where a command is on its way."""

    PENDING = "pending"  # decided, not sent
    SENDING = "sending"  # leased by a sender
    DELIVERED = "delivered"  # the target answered yes; not yet read back
    VERIFIED = "verified"  # read back from the target
    RETRYING = "retrying"  # refused for now; goes out again at its time
    IN_DOUBT = "in_doubt"  # sent, answer lost: the target is asked before anything is sent again
    SUPERSEDED = "superseded"  # a newer decision took its place
    DEAD = "dead"  # refused for good, or out of tries; waits for a person
    CANCELLED = "cancelled"  # withdrawn by a person or by the mode of the system


UNSETTLED = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.RETRYING, DeliveryState.IN_DOUBT)
OPEN = (*UNSETTLED, DeliveryState.DELIVERED)


class StockStatus(StrEnum):
    """What a system lets its users do with stock."""

    AVAILABLE = "available"
    QUARANTINE = "quarantine"
    BLOCKED = "blocked"


class HoldReason(StrEnum):
    """Why material may not be used."""

    AWAITING_INSPECTION = "awaiting_inspection"
    QUALITY = "quality"
    REJECTED = "rejected"
    UNREAD = "unread"
    CONFLICT = "conflict"
    DAMAGE = "damage"
    CUSTOMS = "customs"
    RECALL = "recall"
    EXPIRED = "expired"
    RETEST = "retest"  # its retest date has passed; quality decides again
    MISSING_CERTIFICATE = "missing_certificate"
    INCOMPLETE_GENEALOGY = "incomplete_genealogy"
    DEVIATION = "deviation"
    RETURNED = "returned"  # a customer sent it back; quality has not looked at it since
    IDENTITY = "identity"
    SUSPECTED = "suspected"  # a customer complains about it
    REQUIREMENT = "requirement"  # something that its release requires is missing
    OTHER = "other"


class Lacking(StrEnum):
    """What keeps a lot that was made here from its release."""

    CONSUMPTION = "consumption"  # nobody told what went into an order that made it
    COMPONENTS = "components"  # an item of the bill of materials did not go in
    ORIGIN = "origin"  # nobody told where a lot comes from that it was made from
    EVIDENCE = "evidence"  # an input was booked or inferred, not seen
    INPUTS = "inputs"  # nobody decided about a lot that it was made from
    INSPECTIONS = "inspections"
    CONDITIONS = "conditions"  # process conditions that were not told
    DOSSIER = "dossier"
    NONCONFORMANCES = "nonconformances"  # that are open


class ReleaseMode(StrEnum):
    """Who releases what was made here: quality decides, or the rule does when nothing is missing. What is missing restricts."""

    QUALITY = "quality"
    HUB = "hub"


class DispositionKind(StrEnum):
    """Quality's decision about a quantity."""

    ACCEPT = "accept"
    CONCESSION = "concession"
    REJECT = "reject"
    REWORK = "rework"
    REGRADE = "regrade"
    RETURN = "return"
    SCRAP = "scrap"
    REINSPECT = "reinspect"
    INVALIDATED = "invalidated"
    HOLD = "hold"
    PENDING = "pending"


RELEASING = (DispositionKind.ACCEPT, DispositionKind.CONCESSION)


class MovementKind(StrEnum):
    """What a movement did. Those that may go either way say in which direction."""

    RECEIVED = "received"  # in, from a supplier; the ledger has it from the receipt
    PRODUCED = "produced"  # in, out of a transformation
    CONSUMED = "consumed"  # out, into a transformation
    SCRAPPED = "scrapped"  # out, thrown away
    SAMPLED = "sampled"  # out, to be tested; the ledger has it from the sample
    ADJUSTED = "adjusted"  # either way: the books are set right, mostly after a count
    TRANSFERRED = "transferred"  # either way: to or from another site; without a direction, within the site
    SHIPPED = "shipped"  # out, to a customer
    RETURNED = "returned"  # in, from a customer; out, to the supplier
    REVERSED = "reversed"  # takes another movement back, with the opposite sign


class Direction(StrEnum):
    """Whether a movement brought something or took it away."""

    IN = "in"
    OUT = "out"


class SampleState(StrEnum):
    """What became of a sample."""

    DESTROYED = "destroyed"  # gone
    RETAINED = "retained"  # kept aside: still there, and not to be used
    RETURNED = "returned"  # put back to the lot


class Evidence(StrEnum):
    """How it is known that material went in or came out."""

    SCANNED = "scanned"
    MEASURED = "measured"
    BACKFLUSHED = "backflushed"  # booked from the bill of materials, not from what was seen
    INFERRED = "inferred"


class Side(StrEnum):
    """On which side of a transformation a lot stands."""

    INPUT = "input"
    OUTPUT = "output"


class VesselAct(StrEnum):
    """What happened to a vessel."""

    CHARGED = "charged"
    DISCHARGED = "discharged"
    CLEANED = "cleaned"


class VesselKind(StrEnum):
    """How the content of a vessel mixes."""

    MIXED = "mixed"  # whatever comes out may contain everything that is in it
    FIFO_BAND = "fifo_band"  # first in, first out, give or take a band


class ShipmentState(StrEnum):
    """How far a shipment is."""

    STAGED = "staged"
    LOADING = "loading"
    SHIPPED = "shipped"
    DELIVERED = "delivered"  # it arrived: no longer in transit
    RETURNED = "returned"
    CANCELLED = "cancelled"


class Consequence(StrEnum):
    """What happens if nobody acts on a case: material is used wrongly, or only late."""

    UNSAFE = "unsafe"
    LATE = "late"


class CaseKind(StrEnum):
    """What a person must look at."""

    CONFLICT = "conflict"
    DRIFT = "drift"
    INCIDENT = "incident"
    IN_DOUBT = "in_doubt"
    IDENTITY = "identity"
    MESSAGE = "message"
    APPROVAL = "approval"  # a switch of inspection waits for the responsible authority
    RECALL = "recall"  # a recall is larger than was known
    COMPLAINT = "complaint"
    RECURRENCE = "recurrence"  # the same defect of the same supplier, again and again


class QualityKind(StrEnum):
    """What kind of record the quality system keeps about a lot."""

    NONCONFORMANCE = "nonconformance"
    CAPA = "capa"  # corrective and preventive action
    AUDIT_FINDING = "audit_finding"
    COMPLAINT = "complaint"  # of a customer


class ComplaintSeverity(StrEnum):
    """How bad it is what a customer complains about."""

    CRITICAL = "critical"  # somebody may be hurt
    MAJOR = "major"
    MINOR = "minor"


class Severity(StrEnum):
    """How strict the inspection is (ISO 2859-1:1999, clause 9)."""

    NORMAL = "normal"
    TIGHTENED = "tightened"
    REDUCED = "reduced"


class ApprovalKind(StrEnum):
    """What the responsible authority approves before inspection is relaxed."""

    REDUCED = "reduced"  # production is steady and reduced inspection desirable (ISO 2859-1:1999, 9.3.3)
    RESUMPTION = "resumption"  # the supplier's action is likely to be effective (ISO 2859-1:1999, 9.4)
    SKIP_LOT = "skip_lot"  # supplier and product are qualified (ISO 2859-3:2005, 5.1 and 5.2)


class SkipPhase(StrEnum):
    """Where skip-lot inspection of a product stands (ISO 2859-3:2005, clause 6)."""

    LOT_BY_LOT = "lot_by_lot"  # state 1: every lot is inspected
    SKIPPING = "skipping"  # state 2: lots are drawn at a frequency, the others are accepted without inspection
    INTERRUPTED = "interrupted"  # state 3: every lot is inspected until the product has qualified again


class Mode(StrEnum):
    """How far the hub may go with a system."""

    OBSERVE = "observe"  # read only; every command that would be sent is shown
    PROPOSE = "propose"  # a person approves each command
    ACT = "act"


class Once(StrEnum):
    """How an operation is kept from happening twice."""

    ENSURE = "ensure"  # sets a state; sending it again changes nothing
    KEYED = "keyed"  # the target honours our idempotency key
    FINDABLE = "findable"  # the pack can look for its effect by our token
    BLIND = "blind"  # none of these: in doubt it goes to a person


class Enforcement(StrEnum):
    """What a status does in a product, proven by an attempted illegal use."""

    BLOCKS = "blocks"
    WARNS = "warns"
    MARKS = "marks"


class Receipt(StrEnum):
    """How received material gets its first restriction."""

    TARGET_QUARANTINES = "target_quarantines"
    HUB_QUARANTINES = "hub_quarantines"
    GATE_ON_RECEIPT = "gate_on_receipt"


class FeedKind(StrEnum):
    """What a feed's records are."""

    FACTS = "facts"  # a key is unique for ever
    SNAPSHOTS = "snapshots"  # the state of an object, compared with its last observation


class OriginKind(StrEnum):
    """What a recall starts from."""

    LOT = "lot"
    SUPPLIER_BATCH = "supplier_batch"  # every lot of it, at every site
    MACHINE = "machine"  # what came out of a machine within a time, also only beyond a value
    SERIALS = "serials"  # from a first to a last serial
    COMPLAINT = "complaint"  # the lots that customers complained about under one number
