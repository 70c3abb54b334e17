"""A mail that leaves, and what became of it at each recipient: the words of the spool.

Nothing here does I/O. The addresses of an `OutgoingMail` are checked when it enters the spool, so
that none can carry a second command or a line of its own into SMTP, headers or logs.
"""

from __future__ import annotations

import msgspec

# How long delivery is tried. AWS: SES API v2 Reference, DeliveryOptions, MaxDeliverySeconds: at
# most 50,400 seconds, which is what SES does where nothing is set.
MAX_AGE_MS = 14 * 3_600_000
# RFC 5321 §4.5.3.1.8: a server takes at least 100 recipients in one transaction.
RECIPIENTS_PER_TRANSACTION_MAX = 100
# Recipients of one mail. SES allows 50; the spool serves others, too.
RECIPIENTS_MAX = 1_000
# The remote's words are kept up to this length: replies are 512 octets a line, and some are many
# lines. RFC 5321 §4.5.3.1.5.
TEXT_CHARACTERS_MAX = 1_000

DELIVERED = "delivered"
BOUNCED = "bounced"
DELAYED = "delayed"
EXPIRED = "expired"


class MailUnfit(ValueError):
    """A mail that cannot be sent by SMTP as it is; the sentence says why."""


class OutgoingMail(msgspec.Struct, frozen=True):
    """One mail as its owner hands it to the spool, without its content.

    `mail_id` is the owner's own id, unique over all owners; `owner` is opaque here. `recipients`
    are those that leave. `requires_tls` forbids plain connections. Delivery is given up
    `max_age_ms` after `queued_at_ms`.
    """

    mail_id: str
    owner: str
    reverse_path: str
    recipients: tuple[str, ...]
    queued_at_ms: int
    is_smtputf8: bool = False
    requires_tls: bool = False
    max_age_ms: int = MAX_AGE_MS
    trace: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What one attempt has brought for one recipient.

    `kind` is delivered, bounced (a final no), delayed (it is tried again) or expired (it was tried
    for as long as the mail allows). `code`, `enhanced` and `text` are the remote's words, or ours
    where it could not be reached (`remote_ip` is empty then); `enhanced` is empty where the remote
    gave no status code, or one that its reply belies. `attempts` counts this one.
    `processing_ms` runs from the mail's entry into the spool. `transport` is capture, relay or
    direct.
    """

    mail_id: str
    owner: str
    recipient: str
    kind: str
    at_ms: int
    attempts: int
    code: int
    enhanced: str
    text: str
    remote_host: str
    remote_ip: str
    processing_ms: int
    is_permanent: bool
    trace: str = ""
    transport: str = ""


class SpooledRecipient(msgspec.Struct, frozen=True):
    """How one recipient stands.

    `state` is waiting, sending, captured, delivered, bounced or expired. `due_ms` is the moment of
    the next attempt while it waits. `code`, `enhanced`, `text`, `remote_host` and `remote_ip` are
    of the last attempt (`last_at_ms`), 0 or empty before the first.
    """

    recipient: str
    state: str
    attempts: int
    due_ms: int
    last_at_ms: int
    code: int
    enhanced: str
    text: str
    remote_host: str
    remote_ip: str
    transport: str


class SpooledMail(msgspec.Struct, frozen=True):
    """A mail in the spool, with each recipient's state in the order they were given."""

    mail: OutgoingMail
    recipients: tuple[SpooledRecipient, ...]
    content_bytes: int


class LineEnds:
    """Sees whether all lines of a content that comes in pieces end with CRLF, and with it alone."""

    def __init__(self) -> None:
        self._pairs = self._returns = self._feeds = 0
        self._is_mid_pair = False

    def feed(self, piece: bytes) -> None:
        """The next piece."""
        self._pairs += piece.count(b"\r\n") + (self._is_mid_pair and piece.startswith(b"\n"))
        self._returns += piece.count(b"\r")
        self._feeds += piece.count(b"\n")
        if piece:
            self._is_mid_pair = piece.endswith(b"\r")

    def check(self) -> None:
        """Raises MailUnfit where there was a CR or LF by itself."""
        if not self._pairs == self._returns == self._feeds:
            raise MailUnfit("The content holds a bare CR or LF.")


def check_mail(mail: OutgoingMail, content: bytes | None = None) -> None:
    """Refuse what SMTP cannot carry, or what would say more than one thing there.

    `content` is checked where it is given: lines end with CRLF and nothing else, as RFC 5321 §2.3.8
    demands; a bare CR or LF would let servers differ about where the mail ends.

    Raises:
        MailUnfit: no recipients or too many, a malformed address, bare CR or LF in the content.
    """
    from kamome.mail.commands import is_mailbox  # its patterns take 2 ms: start-up is watched

    if not 1 <= len(mail.recipients) <= RECIPIENTS_MAX:
        raise MailUnfit(f"A mail has 1 to {RECIPIENTS_MAX} recipients.")
    if len(set(mail.recipients)) != len(mail.recipients):
        raise MailUnfit("A recipient is given twice.")
    for address in mail.recipients:
        if not is_mailbox(address, is_smtputf8=mail.is_smtputf8):
            raise MailUnfit(f"{address!r} is not an address mail can be sent to.")
    if mail.reverse_path and not is_mailbox(mail.reverse_path, is_smtputf8=mail.is_smtputf8):
        raise MailUnfit(f"{mail.reverse_path!r} is not an address.")
    if content is not None:
        line_ends = LineEnds()
        line_ends.feed(content)
        line_ends.check()


def domain_of(address: str) -> str:
    """The domain of an address in lower case, as A-labels where it is not ASCII."""
    domain = address.rpartition("@")[2].lower()
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain  # no server will be found for it, and that is what the sender is told


def printable(text: str) -> str:
    """Words of a remote server on one line, bounded: fit for a log, a header, an event."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(line.split())[:TEXT_CHARACTERS_MAX]
