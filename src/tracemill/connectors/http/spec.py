"""The written form of an HTTP product: requests, feeds, operations, reads, errors and credentials."""

from typing import Any, Literal

from pydantic import Field

from tracemill.mapping.pack import Duration, FeedSpec, OperationSpec, PackSpec, Spec


class RequestSpec(Spec):
    """A templated request; `template.py` says how it is filled in."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: str
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    json_body: Any = Field(default=None, alias="json")
    form: dict[str, str] | None = None
    answer: Literal["json", "text"] = Field(default="json", description="what a good answer is; another one is a broken answer")


class WatermarkSpec(Spec):
    """Up to where a feed was read. Every poll starts `overlap` earlier, so that late records are found."""

    cell: str
    initial: str = ""
    overlap: Duration = Field(default=0.0, description="time, or how many numbers of a sequence")
    kind: Literal["time", "sequence"] = "time"


class HttpFeedSpec(FeedSpec):
    request: RequestSpec
    records: str = "body"
    key: str
    watermark: WatermarkSpec | None = None
    next: str | None = Field(default=None, description="cell: the value of {page} for the next request; nothing = last page")
    first: str = "1"
    more: str | None = Field(default=None, description="cell: true = ask again at once, from the new watermark")
    check: str | None = Field(default=None, description="cell that must be true, else the answer says nothing (empty on bad key)")
    control: bool = Field(default=False, description="an empty answer counts only after the probe proved the credentials")
    read: str | None = Field(
        default=None, description="the records only tell which lots changed (the key is the lot): each is read by this read"
    )


class StepSpec(Spec):
    """One step of an operation: find by token, create with token, advance, read."""

    kind: Literal["find", "create", "advance", "read"]
    request: RequestSpec
    found: str | None = Field(default=None, description="cell: the effect is there; an advance evaluates it on the last read")
    accept: str | None = Field(default=None, description="cell that must be true: a 200 that did nothing is a failure")
    cause: str | None = Field(default=None, description="cell: what to say where accept is not kept")
    repeat: bool = Field(default=False, description="an advance that may be sent again when nobody knows whether it happened")
    skip: str | None = Field(default=None, description="cell over {saved, each, value}: true = nothing to do")
    save: dict[str, str] = {}


class HttpOperationSpec(OperationSpec):
    each: str | None = None
    steps: list[StepSpec]
    native: str | None = Field(default=None, description="template of the id that the target gave, from {saved...}")


class ReadRequestSpec(Spec):
    request: RequestSpec
    records: str = "body"
    id: str
    max: int = 50


class ReadSpec(Spec):
    """How stock is read back: many lots in one request where the product can."""

    list: ReadRequestSpec
    mapping: str


class ErrorSpec(Spec):
    """How the product says no."""

    status: int | None = None
    when: str | None = None
    kind: Literal["unavailable", "rejected", "in_doubt", "fine"] = Field(alias="as")
    cause: str | None = Field(default=None, description="cell over {status, headers, body}: the text to show")


class AuthSpec(Spec):
    """How the product wants to know who we are.

    The system's `credentials` give basic: username, password; api_key: api_key; bearer: token;
    oauth2_client_credentials: client_id, client_secret; and webhook_secret (webhook_secret_old while it is rotated).
    """

    kind: Literal["none", "basic", "api_key", "bearer", "oauth2_client_credentials"] = "none"
    header: str = "X-Api-Key"
    prefix: str = ""
    token_path: str = "/oauth/token"  # noqa: S105  a path, not a secret
    scope: str = ""


class ProbeSpec(Spec):
    request: RequestSpec
    accept: str | None = None


class SignatureSpec(Spec):
    """How webhooks are signed."""

    kind: Literal["standard-webhooks", "hmac-sha256-base64", "hmac-sha256-hex"]
    header: str = "webhook-signature"


class LimitSpec(Spec):
    """What the product can take."""

    rate: float = Field(default=50.0, gt=0, description="requests per second")
    burst: int = 20
    concurrency: int = Field(default=4, ge=1)
    timeout: Duration = 10.0
    breaker_failures: int = 5
    breaker_pause: Duration = 5.0


class HttpPackSpec(PackSpec):
    protocol: Literal["http"]
    auth: AuthSpec = AuthSpec()
    probe: ProbeSpec
    limits: LimitSpec = LimitSpec()
    errors: list[ErrorSpec] = []
    feeds: dict[str, HttpFeedSpec] = {}
    operations: dict[str, HttpOperationSpec] = {}
    reads: dict[str, ReadSpec] = {}
    signature: SignatureSpec | None = None


class HttpSystemSpec(Spec):
    """The connection part of systems/<name>.yaml."""

    url: str
    credentials: dict[str, str] = Field(default={}, repr=False)
    limits: LimitSpec | None = None
    headers: dict[str, str] = {}
    verify_tls: bool = True
