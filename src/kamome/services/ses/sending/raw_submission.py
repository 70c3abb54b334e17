"""A raw mail as a submission: what its own `X-SES-` fields say, and what the call says over them.

AWS: SES Developer Guide, Using a configuration set (X-SES-CONFIGURATION-SET), Message tags
(X-SES-MESSAGE-TAGS), List management (X-SES-LIST-MANAGEMENT-OPTIONS), Sending authorization
(X-SES-SOURCE-ARN, X-SES-FROM-ARN, X-SES-RETURN-PATH-ARN).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kamome.mail.header_fields import Field, decode_words, first
from kamome.services.ses.addresses import Mailbox, parse_mailbox
from kamome.services.ses.sending import send_requests as requests
from kamome.services.ses.sending.attachments import check_file_names
from kamome.services.ses.sending.raw_mail import (
    fields_of,
    mailboxes_of,
    parse,
    recipients_of,
    source_of,
)
from kamome.services.ses.sending.refusals import INVALID, SendRefused
from kamome.services.ses.sending.sending import Arns, Submission

if TYPE_CHECKING:
    from kamome.services.ses import shapes

_TAG_SEPARATOR = re.compile(r"[,;]")


class RawRequest(msgspec.Struct, frozen=True):
    """A call with a raw mail. Everything but the data may be empty: then the mail says it.

    `is_source_told` says whether feedback by mail goes to the source rather than to the mail's
    Return-Path: so it is in both APIs, not by SMTP, where the source is the envelope's.
    `tls_version` is that of the connection it came by (`TLSv1.3`), empty where there is none.
    """

    operation: str
    data: bytes
    source: str = ""
    destinations: tuple[str, ...] = ()
    return_path: str = ""
    reply_to: tuple[str, ...] = ()
    arns: Arns = Arns()
    configuration_set: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    list_name: str = ""
    topic_name: str = ""
    is_source_told: bool = True
    tls_version: str = ""


def raw_submission(asked: RawRequest) -> Submission:
    """The submission that a raw mail is.

    Raises:
        MailInvalid: the mail cannot be read, or has no From.
        AddressInvalid: an address in it is none.
        SendRefused: a tag, a parameter or a file cannot be used.

    AWS: SES API Reference, SendRawEmail; SES API v2 Reference, RawMessage.
    """
    draft = parse(asked.data)
    check_file_names(draft)
    fields = fields_of(draft)
    author = source_of(fields)
    if asked.destinations:
        found = requests.recipients([requests.mailboxes(asked.destinations)])
    else:
        found = tuple(recipients_of(fields))
    list_name, topic_name = _list_options(fields)
    source = requests.mailbox(asked.source) if asked.source else Mailbox("", "")
    return Submission(
        operation=asked.operation,
        author=author,
        recipients=found,
        draft=draft,
        source=source.address,
        told_source=source.text,
        sender=_sender(fields),
        return_path=requests.address(asked.return_path) or _return_path(fields),
        tls_version=asked.tls_version,
        is_source_told=asked.is_source_told and bool(source.address) and not asked.return_path,
        arns=Arns(
            source=asked.arns.source or _value(fields, "X-SES-SOURCE-ARN"),
            author=asked.arns.author or _value(fields, "X-SES-FROM-ARN"),
            return_path=asked.arns.return_path or _value(fields, "X-SES-RETURN-PATH-ARN"),
        ),
        configuration_set=asked.configuration_set or _value(fields, "X-SES-CONFIGURATION-SET"),
        tags=_tags(asked.tags, fields),
        list_name=asked.list_name or list_name,
        topic_name=asked.topic_name or topic_name,
    )


def _value(fields: Sequence[Field], name: str) -> str:
    return (first(list(fields), name) or "").strip()


def _sender(fields: Sequence[Field]) -> str:
    """AWS: SES Developer Guide, Verified identities: the Sender must be verified, too."""
    return next((box.address for box in mailboxes_of(fields, "Sender")), "")


def _return_path(fields: Sequence[Field]) -> str:
    text = _value(fields, "Return-Path")
    return parse_mailbox(decode_words(text)).address if text.strip("<> ") else ""


def _tags(given: Sequence[tuple[str, str]], fields: Sequence[Field]) -> tuple[tuple[str, str], ...]:
    """The call's tags; without them those of the header, `name=value` by commas."""
    if given:
        return requests.tags({"Name": name, "Value": value} for name, value in given)
    named = [each.value for each in fields if each.name.lower() == "x-ses-message-tags"]
    found: list[shapes.MessageTag] = []
    for text in _TAG_SEPARATOR.split(",".join(named)):
        name, equals, value = text.partition("=")
        if text.strip():
            if not equals:
                raise SendRefused(INVALID, f"Invalid message tag <{text.strip()}>.")
            found.append({"Name": name.strip(), "Value": value.strip()})
    return requests.tags(found)


def _list_options(fields: Sequence[Field]) -> tuple[str, str]:
    """`{contactListName}; topic={topicName}`, or the list's name alone."""
    text = _value(fields, "X-SES-LIST-MANAGEMENT-OPTIONS")
    name, _, rest = text.partition(";")
    topic = ""
    for option in rest.split(";"):
        key, _, value = option.partition("=")
        if key.strip().lower() in ("topic", "topicname"):
            topic = value.strip()
    return name.strip().removeprefix("contactListName="), topic
