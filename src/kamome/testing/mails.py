"""Mails in a test: sent to the server by SMTP, and what it has received."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property

_TIMEOUT_S = 30
_SENDER = "sender@example.net"


class _Mail:
    """A mail with its content taken apart."""

    def __init__(self, mail_id: str, sender: str, recipients: Sequence[str], raw: bytes) -> None:
        self.mail_id = mail_id
        self.sender = sender
        self.recipients = tuple(recipients)
        self.raw = raw

    def __repr__(self) -> str:
        return f"{type(self).__name__}(sender={self.sender!r}, recipients={self.recipients!r})"

    @cached_property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        message = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def subject(self) -> str:
        """Its subject, decoded; empty where there is none."""
        return str(self.message.get("Subject", ""))

    @property
    def text(self) -> str:
        """Its body as plain text, or HTML where there is no other; empty where there is none."""
        return self._body("plain", "html")

    @property
    def html(self) -> str:
        """Its body as HTML; empty where there is none."""
        return self._body("html")

    def _body(self, *kinds: str) -> str:
        body = self.message.get_body(kinds)
        return "" if body is None else str(body.get_content()).replace("\r\n", "\n")


class ReceivedMail(_Mail):
    """A mail that the server has accepted, as it was received."""


class SentMail(_Mail):
    """A mail that was sent through SES, as it left or would have left.

    `mail_id` is the MessageId that SES answered with, `recipients` are those of the envelope (Bcc,
    too), `tags` the message tags, and `states` how each recipient stands (`captured`, `delivered`,
    `waiting`, `bounced` …); those of the mailbox simulator are not in it.
    """

    def __init__(
        self,
        mail_id: str,
        sender: str,
        recipients: Sequence[str],
        raw: bytes,
        *,
        tags: Mapping[str, Sequence[str]],
        states: Mapping[str, str],
    ) -> None:
        super().__init__(mail_id, sender, recipients, raw)
        self.tags = tags
        self.states = states


class Mails:
    """The mail side of the server."""

    def __init__(
        self,
        smtp_port: int,
        latest: Callable[[], Sequence[ReceivedMail]],
        latest_sent: Callable[[], Sequence[SentMail]],
    ) -> None:
        self._smtp_port = smtp_port
        self._latest = latest
        self._latest_sent = latest_sent

    @property
    def received(self) -> list[ReceivedMail]:
        """The mails that the server has accepted, the first one first."""
        return list(self._latest())

    @property
    def sent(self) -> list[SentMail]:
        """The mails that were sent through SES, the first one first.

        Unless the setting `mail_transport` says otherwise, none of them has left. Mails that the
        services write themselves (verification, confirmation, feedback by mail) are among them.
        """
        return list(self._latest_sent())

    def send(
        self,
        to: str | Sequence[str],
        *,
        sender: str = _SENDER,
        subject: str = "",
        text: str = "",
        mail: EmailMessage | bytes | None = None,
    ) -> None:
        """Send a mail by SMTP: of `subject` and `text`, or `mail` as it stands.

        Returns when the server has taken it.

        Raises:
            smtplib.SMTPRecipientsRefused: no recipient is one of the server's.
            smtplib.SMTPException: the server refuses otherwise, or hangs up.
        """
        recipients = [to] if isinstance(to, str) else list(to)
        if mail is None:
            mail = _written(sender, recipients, subject, text)
        with smtplib.SMTP("127.0.0.1", self._smtp_port, timeout=_TIMEOUT_S) as session:
            if isinstance(mail, bytes):
                session.sendmail(sender, recipients, mail)
            else:
                session.send_message(mail, sender, recipients)


def _written(sender: str, recipients: Sequence[str], subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = subject
    mail.set_content(text)
    return mail
