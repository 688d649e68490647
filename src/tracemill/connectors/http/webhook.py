"""Webhooks: whether a message was signed by the system it says it comes from."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from tracemill.connectors.http.secret import Secret
from tracemill.connectors.http.spec import SignatureSpec

TOLERANCE: Final = 300.0
SECRETS: Final = ("webhook_secret", "webhook_secret_old")


class Webhook:
    """Checks signatures; with several secrets any may fit, as while one replaces another."""

    def __init__(self, spec: SignatureSpec, secrets: Sequence[Secret]) -> None:
        self._spec = spec
        self._secrets = secrets

    def authentic(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Check a message over its raw body."""
        found = {name.lower(): value for name, value in headers.items()}
        if self._spec.kind == "standard-webhooks":
            return self._standard(found, body, now)
        given = found.get(self._spec.header.lower(), "").strip().removeprefix("sha256=")
        return _any(given, [self._plain(secret, body) for secret in self._secrets])

    def _plain(self, secret: Secret, body: bytes) -> str:
        digest = hmac.digest(secret.reveal().encode(), body, hashlib.sha256)
        return digest.hex() if self._spec.kind == "hmac-sha256-hex" else base64.b64encode(digest).decode()

    def _standard(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Check as Standard Webhooks 1.0.0 asks: id, time and body are signed, and the time is now."""
        header = self._spec.header.lower()
        stem = header.removesuffix("signature")
        message, stamp = headers.get(f"{stem}id", ""), headers.get(f"{stem}timestamp", "")
        if not message or not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13):
            return False
        if abs(now.timestamp() - int(stamp)) > TOLERANCE:
            return False
        signed = f"{message}.{stamp}.".encode() + body
        keys = [key for secret in self._secrets if (key := standard_key(secret)) is not None]
        expected = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys]
        given = [sign.removeprefix("v1,") for sign in headers.get(header, "").split() if sign.startswith("v1,")]
        return True in [_any(sign, expected) for sign in given]


def standard_key(secret: Secret) -> bytes | None:
    """Read the key of a `whsec_` secret; None if it is none."""
    try:
        return base64.b64decode(secret.reveal().removeprefix("whsec_"), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _any(given: str, expected: Sequence[str]) -> bool:
    """Compare in constant time, with every expected one."""
    return True in [hmac.compare_digest(given.encode(), one.encode()) for one in expected]
