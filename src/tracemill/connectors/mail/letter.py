"""Letters: a notification as a mail, the same on every try."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any, Final

from tracemill.connectors.mail.spec import MailOperationSpec
from tracemill.mapping.finding import Where
from tracemill.mapping.value import Unfit, fit_code
from tracemill.model.connector import Job, Rejected

Problem = tuple[Where, str]

ROOTS: Final = ("lot", "number", "ids", "value", "token", "attempt")
UNKNOWN: Final = "?"
_NAME: Final = re.compile(r"\{([^{}]*)\}")
_WRITTEN: Final = re.compile(r"[A-Za-z_]\w*(?:\.[\w-]+)*")
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,120}", re.ASCII)
_DOT: Final = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to go."""

    id: str
    sender: str
    to: tuple[str, ...]
    lines: bytes  # as they go over the wire, dots doubled, without the last dot


def write_letter(spec: MailOperationSpec, job: Job, sender: str, to: Sequence[str], now: datetime) -> Letter:
    """Write the mail of a command; its Message-ID follows from the token, so a repeat is recognised."""
    recipients = _recipients(job.value.get("to"), to)
    context: dict[str, Any] = {"lot": job.lot, "number": job.number, "ids": job.ids, "value": job.value}
    context |= {"token": job.token, "attempt": job.attempt}
    said = spec.about(job.value.get("topic"))
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = sender
        message["To"] = ", ".join(recipients)
        message["Subject"] = " ".join(_filled(said.subject, context).split())[:300]
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{message_id(job.token, sender)}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_filled(said.text, context))
        lines = message.as_bytes()
    except (ValueError, UnicodeError) as error:
        raise Rejected(f"the mail cannot be written: {error}") from None
    addresses = tuple(parseaddr(one)[1] for one in recipients)
    return Letter(str(message["Message-ID"]), parseaddr(sender)[1], addresses, _DOT.sub(b"..", lines))


def message_id(token: str, sender: str) -> str:
    """Derive the Message-ID of a token."""
    local = token if _ID.fullmatch(token) else hashlib.sha256(token.encode()).hexdigest()
    return f"{local}@{parseaddr(sender)[1].rpartition('@')[2] or 'tracemill.invalid'}"


def check_template(text: str, where: Where) -> list[Problem]:
    """List what is wrong with a template."""
    problems = []
    for match in _NAME.finditer(text):
        root = match[1].partition(".")[0]
        if not _WRITTEN.fullmatch(match[1]) or root not in ROOTS:
            problems.append((where, f"{match[0]} is not known here; known are {', '.join(ROOTS)}"))
    return problems


def _recipients(written: object, default: Sequence[str]) -> list[str]:
    named = [written] if isinstance(written, str) else written if isinstance(written, list) else []
    found = [str(one).strip() for one in named if str(one).strip()] or list(default)
    if not found:
        raise Rejected("nobody to tell: the command has no value.to, and the system no to")
    for one in found:
        address = parseaddr(one)[1]
        if "@" not in address or not address.isprintable() or any(char in address for char in " <>"):
            raise Rejected(f"{one!r} is no mail address")
    return found


def _filled(text: str, context: Mapping[str, Any]) -> str:
    """Fill a template in. People must be told even where a detail is missing."""
    return _NAME.sub(lambda match: _word(match[1], context), text)


def _word(name: str, context: Mapping[str, Any]) -> str:
    value: Any = context
    for step in name.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    if isinstance(value, list):
        return ", ".join(_single(item) for item in value)
    return _single(value)


def _single(value: Any) -> str:
    if value is None or value == "":
        return UNKNOWN
    try:
        return fit_code(value)
    except Unfit:
        return str(value)
