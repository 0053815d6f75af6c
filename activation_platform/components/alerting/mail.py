"""E-mail: a message over SMTP, with STARTTLS or TLS from the first byte."""

import logging
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from html import escape
from typing import Any, ClassVar, Literal

from pydantic import Field

from activation_platform.components.alerting.channel import SECONDS, Channel, Message
from activation_platform.contracts.errors import (
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    TimedOut,
)

__all__ = ["Mail"]

_log = logging.getLogger(__name__)
_PATIENCE = "Nothing has to be done if it passes: it is tried again."


class Mail(Channel):
    """An e-mail to everybody who should know."""

    secrets: ClassVar[tuple[str, ...]] = ("password",)

    host: str = Field(description="The SMTP server.")
    port: int = Field(default=587, description="Its port: 587 mostly for starttls, 465 for tls.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="none: in clear, without a login."
    )
    user: str | None = Field(default=None, description="Who logs in; omitted: nobody has to.")
    password: str | None = Field(default=None, repr=False, description="Their password.")
    sender: str = Field(description="The address that it comes from.")
    recipients: list[str] = Field(min_length=1, description="The addresses that it goes to.")
    ca_file: str | None = Field(
        default=None, description="Certificates to trust besides the machine's own: a PEM file."
    )

    @classmethod
    def objections(cls, settings: Mapping[str, Any]) -> Iterator[str]:
        """A login without a password, or in clear; addresses that are none."""
        if ("user" in settings) != ("password" in settings):
            yield "user and password belong together"
        if settings.get("security") == "none" and "password" in settings:
            yield "a password is not sent in clear: take security: starttls or tls"
        for address in (settings["sender"], *settings["recipients"]):
            if not _is_address(address):
                yield "sender and recipients are e-mail addresses, each by itself: alerts@example.org"

    def deliver(self, message: Message) -> None:
        """Send it; taken once the server takes it for one of the recipients."""
        with self._plainly(), self._session() as session:
            refused = session.send_message(self._written(message), self.sender, self.recipients)
        for _, (code, words) in sorted(
            refused.items()
        ):  # the others have it; once more would be twice for them
            _log.warning(
                "a recipient of alerts was refused: %s %s", code, self.heard(words.decode("utf-8", "replace"))
            )

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context()
        if self.ca_file is not None:
            context.load_verify_locations(self.ca_file)
        at: dict[str, Any] = {"host": self.host, "port": self.port, "timeout": SECONDS}
        with smtplib.SMTP_SSL(**at, context=context) if self.security == "tls" else smtplib.SMTP(**at) as one:
            if self.security == "starttls":
                one.starttls(context=context)
            if self.user is not None and self.password is not None:
                one.login(self.user, self.password)
            yield one

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Errors of the conversation as those of `contracts.errors`; none holds the password."""
        at = f"the mail server {self.host}:{self.port}"
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            remedy = "Correct user and password; some servers want a password of its own for each program."
            raise CredentialsRefused(f"{at} refused the login ({self._said(error)})", remedy=remedy) from None
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused) as error:
            who = "sender" if isinstance(error, smtplib.SMTPSenderRefused) else "recipients"
            raise NotFound(
                f"{at} refused the {who} ({self._said(error)})", remedy=f"Correct {who}."
            ) from None
        except smtplib.SMTPNotSupportedError as error:
            remedy = "Take another `security` (tls on port 465), or leave user and password out."
            raise DeclarationError(f"{at}: {self.heard(str(error))}", remedy=remedy) from None
        except ssl.SSLError as error:
            remedy = "Correct port and security; for a certificate of your own, name a ca_file that vouches for it."
            raise ConnectionFailed(f"{at}: no TLS ({self.heard(str(error))})", remedy=remedy) from None
        except TimeoutError:
            raise TimedOut(f"{at} did not answer in time", remedy=_PATIENCE) from None
        except (ValueError, MessageError):  # an address or a password from the environment that is none
            remedy = (
                "Correct the environment variables: addresses as alerts@example.org, a password in ASCII."
            )
            raise DeclarationError(
                f"{at}: sender, recipients, user or password cannot be sent", remedy=remedy
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            remedy = f"{_PATIENCE} Else correct host and port."
            late = isinstance(error.__context__, TimeoutError)  # smtplib tells it as a closed connection
            raise (TimedOut if late else ConnectionFailed)(
                f"{at}: {self._said(error)}", remedy=remedy
            ) from None

    def _said(self, error: Exception) -> str:
        """The server's words, where there are some."""
        said = getattr(error, "smtp_error", None)
        return self.heard(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error))

    def _written(self, message: Message) -> EmailMessage:
        """As text, and as HTML in which every character of others' words is one to read."""
        mail = EmailMessage()
        mail["Subject"] = " ".join(message.title.split())
        mail["From"], mail["To"] = self.sender, ", ".join(self.recipients)
        mail["Date"] = formatdate()
        # The same when it is tried again, so that whoever files mail can tell.
        mail["Message-ID"] = f"<{message.number}@{Address(addr_spec=self.sender).domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers from holidays
        mail.set_content("\n\n".join(_text(message)) + "\n")
        mail.add_alternative("\n".join(_html(message)), subtype="html")
        return mail


def _text(message: Message) -> Iterator[str]:
    for section in message.sections:
        lines = [f"{word}: {text}" for word, text in section.lines.items() if text]
        yield "\n".join([section.head, *lines, *([section.link] if section.link else [])])


def _html(message: Message) -> Iterator[str]:
    for section in message.sections:
        lines = [f"<b>{escape(section.head)}</b>"]
        lines += [f"{escape(word)}: {escape(text)}" for word, text in section.lines.items() if text]
        if section.link:
            lines.append(f'<a href="{escape(section.link)}">Open in Dagster</a>')
        yield f"<p>{'<br>'.join(lines)}</p>"


def _is_address(text: Any) -> bool:
    from email_validator import EmailNotValidError, validate_email

    try:
        return bool(validate_email(text, check_deliverability=False, test_environment=True))
    except (EmailNotValidError, TypeError):
        return isinstance(text, str) and text.startswith("env:")
