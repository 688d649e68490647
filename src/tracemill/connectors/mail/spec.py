"""The written form of mail: what a notification says, and the server that takes it."""

from typing import Literal

from pydantic import Field

from tracemill.mapping.pack import Duration, OperationSpec, PackSpec, Spec
from tracemill.model.status import Once


class TextSpec(Spec):
    """What a mail says. `{value.title}` is filled in from the command; what is missing shows as a question mark."""

    subject: str
    text: str


class MailOperationSpec(OperationSpec, TextSpec):
    """A notification: its own text, and another one for each topic (`value.topic`) that has more to say."""

    once: Once = Once.KEYED
    topics: dict[str, TextSpec] = {}

    def about(self, topic: object) -> TextSpec:
        """Return the text for a topic."""
        return self.topics.get(str(topic), self)


class MailPackSpec(PackSpec):
    protocol: Literal["mail"]
    operations: dict[str, MailOperationSpec] = {}


class MailSystemSpec(Spec):
    """The connection part of systems/<name>.yaml. `credentials`: username and password, where the server wants them."""

    host: str
    port: int = 25
    tls: Literal["none", "starttls", "tls"] = "none"
    verify_tls: bool = True
    sender: str
    to: list[str] = Field(default=[], description="who is told where a command names nobody in value.to")
    credentials: dict[str, str] = Field(default={}, repr=False)
    timeout: Duration = 10.0
