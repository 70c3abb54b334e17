"""The envelope of a mail, and a mail that has been accepted: what SMTP knows, without the content.

RFC 5321 §2.3.1.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from kamome.mail.checks import UNCHECKED, Checks


class RecipientVerdict(Enum):
    """What the owner of the domains says of one recipient."""

    TAKEN = "taken"
    NOT_OURS = "not ours"  # the domain is not one we receive mail for
    UNKNOWN = "unknown"  # our domain, and nothing takes mail for this address
    BLOCKED = "blocked"  # our domain, and its owner takes no mail from the client
    NEEDS_TLS = "needs TLS"  # taken, and only over an encrypted connection


class Envelope(msgspec.Struct, frozen=True):
    """How a mail came.

    `reverse_path` is empty for a bounce (`<>`). `recipients` are the accepted ones in order, each
    once. `tls` is the protocol version (`TLSv1.3`), empty on a plain connection. `helo` is what the
    client called himself, which proves nothing.
    """

    reverse_path: str
    recipients: tuple[str, ...]
    helo: str
    client_ip: str
    tls: str = ""
    is_smtputf8: bool = False


class Mail(msgspec.Struct, frozen=True):
    """One accepted mail. `raw_bytes` is its size in octets as received, dots unstuffed.

    `checks` is what was found about it before it was accepted.
    """

    mail_id: str
    received_at_ms: int
    envelope: Envelope
    raw_bytes: int
    trace: str
    checks: Checks = UNCHECKED


class MailRefused(Exception):
    """The owner of the recipients refuses the whole mail after its DATA."""


class MailFailsPolicy(MailRefused):
    """The domain of the mail's author asks that it be refused, and we do as it asks."""


class MailTooLarge(MailRefused):
    """Nothing that would be done with the mail can take one of its size."""


class MailLoops(MailRefused):
    """It has passed so many servers that it must be going round."""
