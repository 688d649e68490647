"""Mail: people are told once, or recognisably again."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.connectors.packs import Clock, Notebook
from tracemill.connectors.mail.connector import InvalidMailPack, MailConnector
from tracemill.connectors.mail.spec import MailPackSpec, MailSystemSpec
from tracemill.model.connector import InDoubt, Job, Rejected, Unavailable

PACK = {
    "pack": "people",
    "version": "1",
    "protocol": "mail",
    "operations": {"notify": {"subject": "Hold on {number}", "text": "{value.title}\nWhere: {value.place}\n.end\n"}},
}


class Office:
    """What the server took, and what it is told to answer."""

    def __init__(self) -> None:
        self.letters: list[Envelope] = []
        self.replies: dict[str, str] = {}
        self.cut = False

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address in self.replies:
            return self.replies[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.replies:
            return self.replies["DATA"]
        self.letters.append(envelope)
        if self.cut:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK"


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office()
    controller = Controller(office, hostname="127.0.0.1", port=free_port())
    controller.start()
    office.port = controller.port  # type: ignore[attr-defined]
    yield office
    controller.stop(no_assert=True)


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def post(port: int, pack: dict[str, Any] | None = None, **system: Any) -> MailConnector:
    written = {"host": "127.0.0.1", "port": port, "sender": "hub@plant.example", "to": ["qa@plant.example"], "timeout": "2s"}
    return MailConnector(
        "people", MailPackSpec.model_validate(pack or PACK), MailSystemSpec.model_validate(written | system), Clock()
    )


def notice(**changes: Any) -> Job:
    return Job(
        **{"token": "c0ffee-1", "verb": "notify", "lot": "", "number": "Löt-7", "value": {"title": "Held: 80 kg"}, **changes}
    )


async def test_people_are_told_and_a_missing_detail_does_not_stop_it(office: Any) -> None:
    done = await post(office.port).send(notice(), {}, Notebook())
    (letter,) = office.letters
    message = email.message_from_bytes(letter.content, policy=email.policy.default)
    assert done.native == message["Message-ID"] == "<c0ffee-1@plant.example>"
    assert message["Subject"] == "Hold on Löt-7"
    assert message.get_content().splitlines() == ["Held: 80 kg", "Where: ?", ".end"]
    assert letter.rcpt_tos == ["qa@plant.example"]


async def test_the_command_may_name_who_is_told_and_cannot_smuggle_headers(office: Any) -> None:
    value = {"title": "x", "to": ["Boss <boss@plant.example>", "b@plant.example"]}
    await post(office.port).send(notice(value=value, number="7\r\nBcc: all@x.example"), {}, Notebook())
    (letter,) = office.letters
    assert letter.rcpt_tos == ["boss@plant.example", "b@plant.example"]
    assert b"\nBcc:" not in letter.content
    with pytest.raises(Rejected, match="no mail address"):
        await post(office.port).send(notice(value={"to": "x>\r\nRCPT TO:<y@z.example"}), {}, Notebook())


@pytest.mark.parametrize("stage", ["MAIL", "qa@plant.example", "DATA"])
@pytest.mark.parametrize(("reply", "error"), [("451 try later", Unavailable), ("550 no such user", Rejected)])
async def test_a_server_that_says_later_is_tried_later_and_one_that_says_no_is_not(
    office: Any, stage: str, reply: str, error: type[Exception]
) -> None:
    office.replies[stage] = reply
    notes = Notebook()
    with pytest.raises(error, match=reply[4:]):
        await post(office.port).send(notice(), {}, notes)
    assert notes.last["intent"] is False


async def test_one_refused_recipient_does_not_keep_the_others_uninformed(office: Any) -> None:
    office.replies["gone@plant.example"] = "550 gone"
    done = await post(office.port, to=["gone@plant.example", "qa@plant.example"]).send(notice(), {}, Notebook())
    assert "gone@plant.example refused" in done.detail
    assert len(office.letters) == 1


async def test_a_connection_that_breaks_after_the_text_is_in_doubt_and_the_repeat_is_recognisable(office: Any) -> None:
    office.cut, notes = True, Notebook()
    one = post(office.port)
    with pytest.raises(InDoubt):
        await one.send(notice(), {}, notes)
    assert (await one.seek(notice(), notes.last)).state == "unknown"
    office.cut = False
    await one.send(notice(attempt=2, doubtful=True), notes.last, notes)
    ids = [email.message_from_bytes(letter.content)["Message-ID"] for letter in office.letters]
    assert ids == ["<c0ffee-1@plant.example>"] * 2
    await one.send(notice(attempt=3), notes.last, notes)
    assert len(office.letters) == 2


async def test_a_blind_mail_in_doubt_is_not_sent_again(office: Any) -> None:
    pack = {**PACK, "operations": {"notify": {"once": "blind", "subject": "x", "text": "y"}}}
    with pytest.raises(InDoubt):
        await post(office.port, pack).send(notice(attempt=2), {"step": 0, "intent": True}, Notebook())
    assert office.letters == []


async def test_a_server_that_is_not_there_got_nothing() -> None:
    one, notes = post(1), Notebook()
    with pytest.raises(Unavailable):
        await one.send(notice(), {}, notes)
    assert notes.last["intent"] is False
    assert not (await one.probe()).ok


async def test_wrong_credentials_are_refused_without_being_shown(office: Any) -> None:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == b"right-password", handled=False)

    controller = Controller(office, hostname="127.0.0.1", port=free_port(), authenticator=check, auth_require_tls=False)
    controller.start()
    try:
        right, wrong = ({"username": "hub", "password": text} for text in ("right-password", "wrong-password"))
        await post(controller.port, credentials=right).send(notice(), {}, Notebook())
        with pytest.raises(Unavailable, match="credentials refused") as caught:
            await post(controller.port, credentials=wrong).send(notice(), {}, Notebook())
        assert "wrong-password" not in str(caught.value)
    finally:
        controller.stop(no_assert=True)


async def test_the_probe_greets_and_the_rest_answers_suitably(office: Any) -> None:
    one = post(office.port)
    assert (await one.probe()).ok
    assert await one.read(["L"], Clock()) == {}
    assert not one.authentic({}, b"", Clock()())
    with pytest.raises(Rejected):
        await one.poll("x", {}, Clock()())
    with pytest.raises(Rejected, match="no operation"):
        await one.send(notice(verb="status"), {}, Notebook())
    await one.close()


def test_a_template_with_an_unknown_name_is_found_before_it_is_needed() -> None:
    pack = {**PACK, "operations": {"notify": {"subject": "{titel}", "text": "{value.__class__.x!r}"}}}
    with pytest.raises(InvalidMailPack) as caught:
        post(1, pack)
    assert [where for where, _ in caught.value.problems] == [
        ("operations", "notify", "subject"),
        ("operations", "notify", "text"),
    ]
