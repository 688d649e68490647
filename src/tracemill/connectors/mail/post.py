"""The wire to a mail server: one conversation per mail, in a thread of its own."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from tracemill.connectors.mail.letter import Letter
from tracemill.connectors.mail.spec import MailSystemSpec
from tracemill.model.connector import InDoubt, Rejected, Unavailable

_SHOWN: Final = 300


class Post:
    """Talks SMTP; raises only Unavailable, Rejected or InDoubt, with no secret in them."""

    def __init__(self, system: MailSystemSpec) -> None:
        self._system = system

    def greet(self) -> None:
        """Connect, log in and ask for nothing."""
        with self._conversation() as smtp:
            _expect(smtp.noop(), 250, "NOOP", self._clean)

    def deliver(self, letter: Letter) -> str:
        """Hand a mail over; return who was refused. Until the whole text is out, nothing has happened."""
        with self._conversation() as smtp:
            _expect(smtp.mail(letter.sender), 250, "MAIL", self._clean)
            refused = self._addressed(smtp, letter)
            _expect(smtp.docmd("DATA"), 354, "DATA", self._clean)
            try:
                smtp.send(letter.lines + b".\r\n")
                reply = smtp.getreply()
            except (smtplib.SMTPException, OSError) as error:
                raise InDoubt(f"the connection broke after the text was sent: {self._clean(str(error))}") from None
            _expect(reply, 250, "the text", self._clean)
            return refused

    def _addressed(self, smtp: smtplib.SMTP, letter: Letter) -> str:
        refusals: list[tuple[int, str]] = []
        for address in letter.to:
            code, said = smtp.rcpt(address)
            if code not in (250, 251):
                refusals.append((code, f"{address} refused ({code} {self._clean(said.decode(errors='replace'))})"))
        text = "; ".join(text for _, text in refusals)
        if len(refusals) == len(letter.to):
            raise Unavailable(text) if any(code < 500 for code, _ in refusals) else Rejected(text)
        return text

    @contextmanager
    def _conversation(self) -> Iterator[smtplib.SMTP]:
        smtp: smtplib.SMTP | None = None
        try:
            smtp = self._opened()
            yield smtp
        except smtplib.SMTPAuthenticationError as error:
            raise Unavailable(f"credentials refused ({error.smtp_code})") from None
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, self._clean(str(error.smtp_error)), "the server") from None
        except ValueError as error:  # a character that the server cannot take
            raise Rejected(f"the mail cannot be sent: {self._clean(str(error))}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"{self._system.host}:{self._system.port}: {self._clean(str(error))}") from None
        finally:
            if smtp is not None:
                with suppress(smtplib.SMTPException, OSError):
                    smtp.quit()
                smtp.close()

    def _opened(self) -> smtplib.SMTP:
        system = self._system
        context = ssl.create_default_context()
        if not system.verify_tls:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if system.tls == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(system.host, system.port, timeout=system.timeout, context=context)
        else:
            smtp = smtplib.SMTP(system.host, system.port, timeout=system.timeout)
        try:
            smtp.ehlo_or_helo_if_needed()
            if system.tls == "starttls":
                smtp.starttls(context=context)
            if system.credentials:
                smtp.login(system.credentials.get("username", ""), system.credentials.get("password", ""))
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _clean(self, text: str) -> str:
        for secret in (value for name, value in self._system.credentials.items() if name != "username"):
            if secret:
                text = text.replace(secret, "***")
        return " ".join(text.split())[:_SHOWN]


def _expect(reply: tuple[int, bytes], code: int, what: str, clean: Callable[[str], str]) -> None:
    if reply[0] != code:
        said = reply[1].decode(errors="replace")
        raise _refusal(reply[0], clean(said), what)


def _refusal(code: int, said: str, what: str) -> Exception:
    cause = f"{what} was refused: {code} {said}"
    return Unavailable(cause) if code < 500 else Rejected(cause)
