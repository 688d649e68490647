"""A mailbox: an SMTP server on loopback that keeps what it gets, so that the demo can read procurement's mail."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from typing import Any, Self

from aiosmtpd.controller import Controller


class Mailbox:
    """Receives mail and shows it."""

    def __init__(self, port: int) -> None:
        self.mails: list[Message] = []
        self.port = port
        self._controller = Controller(self, hostname="127.0.0.1", port=port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002  aiosmtpd's name for it
        self.mails.append(message_from_bytes(envelope.content))
        return "250 kept"

    def to(self, recipient: str) -> list[Message]:
        return [m for m in self.mails if recipient in str(m["To"])]

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


def body_of(mail: Message) -> str:
    """Return the text of a mail, decoded."""
    payload = mail.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else str(payload)


def subject_of(mail: Message) -> str:
    """Return the subject of a mail on one line."""
    return " ".join(str(make_header(decode_header(str(mail["Subject"])))).split())
