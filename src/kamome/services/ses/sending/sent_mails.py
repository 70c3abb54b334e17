"""Mails that were sent: what feedback, the mailbox and the simulator need to know of one.

A mail's id is also its return path: the local part of the envelope sender, so that a bounce that
comes back names the mail it is about (the technique called VERP; RFC 3464 §2.2.1 lets it be any
address of ours).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from kamome.ids import Ids

if TYPE_CHECKING:
    from kamome.services.ses.slice import Ses

# `0100` and 12 hexadecimal digits of the time, a UUID, and a counter.
_MESSAGE_ID = re.compile(
    r"[0-9a-f]{16}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-[0-9]{6}",
)
# AWS: SES Developer Guide, Using a custom MAIL FROM domain: the default is a subdomain of it.
_AMAZON_SES = "amazonses.com"
_FIRST_REGION = "us-east-1"


class Header(msgspec.Struct, frozen=True):
    """One header field as sent: its name, and its value unfolded."""

    name: str
    value: str


class SentMail(msgspec.Struct, frozen=True):
    """One mail that was accepted for sending, as AWS's `mail` object of events tells of it.

    `source` is the From address, `told_source` what the call says of it (`Name <address>`),
    `destinations` the envelope's recipients in order, `headers` those the mail came with, up to
    10 KB (`are_headers_truncated`), `common_headers` AWS's `commonHeaders`,
    `tags` the message tags with those that SES adds (`ses:configuration-set`, `ses:from-domain` …).
    `identity` is the identity by whose verification the mail was allowed: an address or a domain.
    `return_path` is where the sender wants feedback by mail. `list_name` and `topic_name` are the
    contact list it belongs to, empty without one. `trackers` is what in it tells of opens (`OPEN`)
    and clicks (`CLICK`). `caller_identity` is the caller's name in events.

    AWS: SES Developer Guide, Contents of event data, Mail object.
    """

    message_id: str
    account: str
    region: str
    sent_at_ms: int
    source: str
    source_arn: str
    source_ip: str
    sending_account: str
    caller_identity: str
    return_path: str
    destinations: tuple[str, ...]
    headers: tuple[Header, ...]
    are_headers_truncated: bool
    common_headers: dict[str, str | list[str]]
    tags: dict[str, list[str]]
    configuration_set: str
    identity: str
    subject: str
    list_name: str
    topic_name: str
    raw_bytes: int
    trace: str
    told_source: str = ""
    trackers: tuple[str, ...] = ()


def find_sent(ses: Ses, message_id: str) -> SentMail | None:
    """A sent mail by its id; None where it is not, or no longer, kept.

    AWS: SES API Reference, SendEmail (MessageId).
    """
    return ses.sent.find(message_id)


def new_message_id(ids: Ids, now_ms: int) -> str:
    """A fresh id in the form of SES's: time, UUID, counter.

    AWS: SES API Reference, SendEmail (MessageId).
    """
    return f"0100{now_ms:012x}-{ids.uuid()}-000000"


def message_id_header(message_id: str, region: str) -> str:
    """What stands in the mail's `Message-ID`, with its angle brackets.

    AWS: SES Developer Guide, Raw email and message headers (Message-ID): us-east-1 has
    `email.amazonses.com`, every other region its own name.
    """
    host = f"email.{_AMAZON_SES}" if region == _FIRST_REGION else f"{region}.{_AMAZON_SES}"
    return f"<{message_id}@{host}>"


def default_mail_from_domain(region: str) -> str:
    """The domain of the envelope sender without a custom one.

    AWS: SES Developer Guide, Using a custom MAIL FROM domain.
    """
    return _AMAZON_SES if region == _FIRST_REGION else f"{region}.{_AMAZON_SES}"


def reverse_path_of(message_id: str, mail_from_domain: str) -> str:
    """The envelope sender of a mail: its id at the MAIL FROM domain.

    RFC 5321 §4.4: bounces go there.
    """
    return f"{message_id}@{mail_from_domain}"


def message_id_of(reverse_path: str) -> str | None:
    """The id of the mail that a return path names; None where it is none of ours.

    RFC 5321 §4.5.5: notifications are sent to the reverse path of the mail they are about.
    """
    local = reverse_path.rpartition("@")[0].lower()
    return local if _MESSAGE_ID.fullmatch(local) else None
