"""W3C Trace Context: read and write `traceparent`, so that a message can be followed across systems."""

import re
from hashlib import sha256

_FORM = re.compile(r"^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$")


def trace_id(traceparent: str) -> str | None:
    """Return the trace id of a valid header (W3C Trace Context 3.2); None where both headers must be ignored."""
    match = _FORM.match(traceparent)
    if match is None or match[1] == "ff" or set(match[2]) == {"0"} or set(match[3]) == {"0"}:
        return None
    if match[1] == "00" and match[5]:
        return None
    return match[2]


def traceparent(correlation: str, step: str) -> str:
    """Make a header for a call: the trace is the message's correlation id, the span this step of it."""
    plain = correlation.replace("-", "").lower()
    trace = (
        plain if re.fullmatch(r"[0-9a-f]{32}", plain) and set(plain) != {"0"} else sha256(correlation.encode()).hexdigest()[:32]
    )
    return f"00-{trace}-{sha256(step.encode()).hexdigest()[:16]}-01"
