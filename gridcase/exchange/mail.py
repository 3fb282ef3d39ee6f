"""Handing a letter to the office's mail server by SMTP.

The standard library's client: it lets us stop between the envelope and the text, which is what keeps a letter from
being sent twice; libraries around it send in one call. The server's own answer decides whether a failure is worth
another try. Source: RFC 5321 (replies 4yz may be tried again, 5yz not), RFC 8314 (TLS).
"""

import smtplib
import ssl
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path


class MailTls(StrEnum):
    """How the connection is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where letters are handed over.

    Parameters
    ----------
    sender
        Address in ``From`` and in the envelope.
    user, password
        Empty where the server asks for none; never sent over a connection without TLS.
    """

    host: str
    port: int
    tls: MailTls
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter of plain text.

    Parameters
    ----------
    message_id
        With angle brackets; the same when the letter is tried again.
    """

    to: str
    subject: str
    text: str
    message_id: str
    at: datetime


class MailError(Exception):
    """The letter was not handed over; ``reason`` is a word or the server's code, and never quotes the letter."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailTryAgainError(MailError):
    """The server does not answer or asks to come again."""


class MailRefusedError(MailError):
    """The server will not take it, or not from us; trying again does not help."""


class MailUncertainError(MailError):
    """The connection broke after the text had begun: the letter may have gone out."""


class CredentialsError(Exception):
    """The file with the account is missing, readable by others, or has not two lines; ``reason`` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_credentials(file: Path) -> tuple[str, str]:
    """Return user and password from the two lines of a file that only its owner may read.

    Raises
    ------
    CredentialsError
        ``file_missing``, ``readable_by_others`` or ``two_lines_expected``.
    """
    try:
        mode = file.stat().st_mode
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as err:
        raise CredentialsError("file_missing") from err
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CredentialsError("readable_by_others")
    if len(lines) != _LINES or not all(lines):
        raise CredentialsError("two_lines_expected")
    return lines[0], lines[1]


def hand_over(server: MailServer, letter: Letter, *, before_text: Callable[[], None] = lambda: None) -> None:
    """Hand one letter to the server; when it returns, the server has taken responsibility.

    Parameters
    ----------
    before_text
        Called when the server has taken sender and recipient and nothing of the text was sent. What it raises ends
        the conversation, and no letter has gone out.

    Raises
    ------
    MailTryAgainError, MailRefusedError
        It has not gone out.
    MailUncertainError
        It may have gone out.
    """
    text = _message(server, letter)
    with _connected(server) as smtp:
        _expect(smtp.mail(server.sender))
        _expect(smtp.rcpt(letter.to))
        before_text()
        try:
            answer = smtp.data(text)
        except smtplib.SMTPDataError as err:
            raise _by_code(err.smtp_code) from err
        except (smtplib.SMTPException, OSError) as err:
            raise MailUncertainError("connection_broke") from err
        _expect(answer)


_TIMEOUT_S = 20
_LINES = 2
_TRY_AGAIN, _REFUSED = 400, 500
#: "Closing transmission channel": the server is going down or busy.
_BUSY = 421


@contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """Open the conversation up to the sign-in; its end is not waited for, since the letter is with the server."""
    smtp: smtplib.SMTP | None = None
    try:
        smtp = _connect(server)
        _greet(smtp, server)
        yield smtp
    except smtplib.SMTPResponseException as err:
        raise _by_code(err.smtp_code) from err
    except smtplib.SMTPNotSupportedError as err:
        raise MailRefusedError("not_supported") from err
    except ssl.SSLCertVerificationError as err:
        raise MailRefusedError("certificate_not_trusted") from err
    except (smtplib.SMTPException, OSError) as err:
        raise MailTryAgainError("no_connection") from err
    finally:
        if smtp is not None:
            smtp.close()


def _connect(server: MailServer) -> smtplib.SMTP:
    if server.tls is MailTls.TLS:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT_S, context=ssl.create_default_context())
    return smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_S)


def _greet(smtp: smtplib.SMTP, server: MailServer) -> None:
    smtp.ehlo_or_helo_if_needed()
    if server.tls is MailTls.STARTTLS:
        smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
    if not server.user:
        return
    if server.tls is MailTls.NONE:
        raise MailRefusedError("password_needs_tls")
    smtp.login(server.user, server.password)


def _expect(answer: tuple[int, bytes]) -> None:
    code, _words = answer
    if code >= _TRY_AGAIN:
        raise _by_code(code)


def _by_code(code: int) -> MailError:
    if code == _BUSY or _TRY_AGAIN <= code < _REFUSED:
        return MailTryAgainError(str(code))
    return MailRefusedError(str(code))


def _message(server: MailServer, letter: Letter) -> bytes:
    """Write the letter; a line break in a header is refused by the library, not carried over."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = server.sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message.as_bytes()
