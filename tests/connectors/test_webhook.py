"""Webhooks: signed by their system, or not heard."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.packs import connector
from tracemill.connectors.http.connector import HttpConnector

VECTORS = Path(__file__).resolve().parents[3] / "shared/data/vectors/standard_webhooks.json"
AT = datetime.fromtimestamp(1614265330, UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def standard(**secrets: str) -> HttpConnector:
    return connector("http://127.0.0.1:1", signature={"kind": "standard-webhooks"}, system={"credentials": secrets})


def headers(body: bytes, secret: str = SECRET, at: datetime = AT) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    sign = base64.b64encode(hmac.digest(key, f"m1.{stamp}.".encode() + body, hashlib.sha256)).decode()
    return {"Webhook-Id": "m1", "Webhook-Timestamp": stamp, "Webhook-Signature": f"v1,{sign}"}


def vectors() -> list[dict[str, Any]]:
    if not VECTORS.exists():
        return []
    return [vector for vector in json.loads(VECTORS.read_text())["vectors"] if "secret" in vector]


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors are not here")
@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: str(vector["name"]))
def test_the_published_vectors(vector: dict[str, Any]) -> None:
    given = {"webhook-id": vector["id"], "webhook-timestamp": vector["timestamp"], "webhook-signature": vector["signature"]}
    assert standard(webhook_secret=vector["secret"]).authentic(given, vector["payload"].encode(), AT) is vector["valid"]


@pytest.mark.parametrize(("minutes", "authentic"), [(0, True), (4, True), (-4, True), (6, False), (-6, False)])
def test_a_message_is_heard_for_five_minutes(minutes: int, authentic: bool) -> None:
    assert standard(webhook_secret=SECRET).authentic(headers(b"{}"), b"{}", AT + timedelta(minutes=minutes)) is authentic


def test_while_a_secret_is_replaced_both_are_good() -> None:
    old = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    both = standard(webhook_secret=SECRET, webhook_secret_old=old)
    assert both.authentic(headers(b"{}"), b"{}", AT)
    assert both.authentic(headers(b"{}", old), b"{}", AT)


@pytest.mark.parametrize("missing", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_nothing_may_be_missing(missing: str) -> None:
    assert not standard(webhook_secret=SECRET).authentic(headers(b"{}") | {missing: ""}, b"{}", AT)


def test_without_a_secret_or_a_signature_nothing_is_authentic() -> None:
    assert not standard().authentic(headers(b"{}"), b"{}", AT)
    assert not connector("http://127.0.0.1:1").authentic(headers(b"{}"), b"{}", AT)


@pytest.mark.parametrize("kind", ["hmac-sha256-base64", "hmac-sha256-hex"])
def test_plain_hmacs_over_the_raw_body(kind: str) -> None:
    one = connector(
        "http://127.0.0.1:1", signature={"kind": kind, "header": "X-Sign"}, system={"credentials": {"webhook_secret": "s3cret"}}
    )
    digest = hmac.digest(b"s3cret", b'{"a": 1}', hashlib.sha256)
    sign = digest.hex() if kind.endswith("hex") else base64.b64encode(digest).decode()
    assert one.authentic({"x-sign": sign}, b'{"a": 1}', AT)
    assert one.authentic({"x-sign": f"sha256={sign}"}, b'{"a": 1}', AT)
    assert not one.authentic({"x-sign": sign}, b'{"a":1}', AT)
    assert not one.authentic({"x-sign": "ü"}, b'{"a": 1}', AT)
