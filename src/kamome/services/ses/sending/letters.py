"""A mail of given parts on its way out: addressed once, filled with texts or a template."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import orjson

from kamome.context import RequestContext
from kamome.services.ses.addresses import Mailbox
from kamome.services.ses.feedback.engagement import UNSUBSCRIBE_URL
from kamome.services.ses.limits import (
    BULK_DESTINATIONS_MAX,
    HEADER_LINE_CHARACTERS_MAX,
    HEADERS_PER_MAIL_MAX,
    MAIL_BYTES_MAX,
    TEMPLATE_DATA_CHARACTERS_MAX,
)
from kamome.services.ses.sending import send_requests as requests
from kamome.services.ses.sending.compose import Attachment, Letter, Part
from kamome.services.ses.sending.refusals import INVALID, TEMPLATE_MISSING, SendRefused
from kamome.services.ses.sending.sending import (
    Arns,
    RenderingFailure,
    Submission,
    check,
    reject_rendering,
    send,
)
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.templates.template_store import Template
from kamome.services.ses.templates.templates import (
    AttributeMissing,
    DataInvalid,
    TemplateInvalid,
    rendered,
    templates_of,
)

if TYPE_CHECKING:
    from kamome.services.ses import shapes

_HEADER_NAME = re.compile(r"[!-9;-~]{1,126}")
_HEADER_VALUE = re.compile(r"[\t -~]*")
# What SES writes itself. AWS: SES API v2 Reference, MessageHeader.
_RESERVED = frozenset(
    {
        *("bcc", "cc", "content-transfer-encoding", "content-type", "date", "dkim-signature"),
        *("feedback-id", "from", "message-id", "mime-version", "received", "reply-to"),
        *("return-path", "subject", "to"),
    }
)
_PROBE = "success@simulator.amazonses.com"
# Data that give the placeholder for itself.
_PLACEHOLDER = orjson.dumps({UNSUBSCRIBE_URL.strip("{}"): UNSUBSCRIBE_URL}).decode()


class Envelope(msgspec.Struct, frozen=True):
    """Everything about a mail but what it says."""

    operation: str
    source: Mailbox
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    return_path: str = ""
    arns: Arns = Arns()
    configuration_set: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    list_name: str = ""
    topic_name: str = ""
    bytes_max: int = MAIL_BYTES_MAX


def submission_of(
    ses: Ses, envelope: Envelope, subject: Part, text: Part | None, html: Part | None
) -> Submission:
    """The mail of an envelope and its texts.

    Raises:
        SendRefused: a text cannot be sent in its charset; a header may not be set.

    AWS: SES API Reference, SendEmail.
    """
    _check_headers(envelope.headers)
    letter = Letter(
        source=envelope.source,
        to=envelope.to,
        cc=envelope.cc,
        reply_to=envelope.reply_to,
        subject=subject,
        text=text,
        html=html,
        attachments=envelope.attachments,
        headers=envelope.headers,
    )
    return Submission(
        operation=envelope.operation,
        author=envelope.source,
        recipients=requests.recipients((envelope.to, envelope.cc, envelope.bcc)),
        draft=requests.composed(letter, ses.ids),
        return_path=envelope.return_path,
        bytes_max=envelope.bytes_max,
        arns=envelope.arns,
        configuration_set=envelope.configuration_set,
        tags=envelope.tags,
        list_name=envelope.list_name,
        topic_name=envelope.topic_name,
        told_source=envelope.source.text,
    )


def addressed(envelope: Envelope, destination: shapes.Destination) -> Envelope:
    """The envelope with the recipients of a request of either API.

    Raises:
        SendRefused: one is no mailbox.

    AWS: SES API Reference, Destination.
    """
    changed: Envelope = msgspec.structs.replace(
        envelope,
        to=requests.mailboxes(destination.get("ToAddresses", ())),
        cc=requests.mailboxes(destination.get("CcAddresses", ())),
        bcc=requests.mailboxes(destination.get("BccAddresses", ())),
    )
    return changed


def existing_template(ses: Ses, ctx: RequestContext, name: str, arn: str = "") -> Template:
    """The template that a call names; an ARN as well must be the account's own, in its Region.

    Raises:
        SendRefused: there is none of this name, or the ARN is another's.

    AWS: SES API Reference, SendTemplatedEmail (Template, TemplateArn).
    """
    if arn and arn != ctx.arn("ses", f"template/{name}"):
        raise SendRefused(TEMPLATE_MISSING, f"Template {arn} does not exist", name)
    template = templates_of(ses).find(Owner(ctx.account, ctx.region), name)
    if template is None:
        raise SendRefused(TEMPLATE_MISSING, f"Template {name} does not exist", name)
    return template


async def send_templated(
    ses: Ses, ctx: RequestContext, envelope: Envelope, template: Template, *data: str
) -> str:
    """Send what a template makes of data; returns the MessageId.

    Where the data lack what the template shows, the mail is accepted and an event tells that it
    could not be rendered, as at AWS. Of a mail to a contact list, the placeholder of the link to
    unsubscribe is no attribute that could be missing: it stays, and is replaced with those of all
    mails.

    Raises:
        SendRefused: the mail is not sent; the data are no JSON object, or too long.

    AWS: SES API Reference, SendTemplatedEmail; SES Developer Guide, Using templates to send
    personalized email.
    """
    if any(len(text) > TEMPLATE_DATA_CHARACTERS_MAX for text in data):
        raise SendRefused(
            INVALID, f"Template data has more than {TEMPLATE_DATA_CHARACTERS_MAX} characters."
        )
    try:
        parts = rendered(template, _PLACEHOLDER if envelope.list_name else "", *data)
    except DataInvalid as error:
        raise SendRefused(INVALID, str(error)) from None
    except (AttributeMissing, TemplateInvalid) as error:
        bare = submission_of(ses, envelope, Part(""), Part(""), None)
        return await reject_rendering(ses, ctx, bare, RenderingFailure(template.name, str(error)))
    text = None if parts.text is None else Part(parts.text)
    html = None if parts.html is None else Part(parts.html)
    return await send(ses, ctx, submission_of(ses, envelope, Part(parts.subject), text, html))


def check_bulk(ses: Ses, ctx: RequestContext, envelope: Envelope) -> None:
    """What is wrong with a bulk call whatever its destinations are.

    Raises:
        SendRefused: the sender is not verified, sending is off, the configuration set is missing.

    AWS: SES API Reference, SendBulkTemplatedEmail.
    """
    probe = msgspec.structs.replace(envelope, to=(Mailbox("", _PROBE),), cc=(), bcc=())
    check(ses, ctx, submission_of(ses, probe, Part(""), Part(""), None))


def check_bulk_size(count: int) -> None:
    """Refuse a bulk call with more destinations than one may have.

    Raises:
        SendRefused: more than 50.

    AWS: SES API Reference, SendBulkTemplatedEmail (Destinations).
    """
    if count > BULK_DESTINATIONS_MAX:
        raise SendRefused(INVALID, f"At most {BULK_DESTINATIONS_MAX} destinations.")


def merged_tags(
    defaults: tuple[tuple[str, str], ...], replacements: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    """The tags of one destination of a bulk call: its own over the call's.

    AWS: SES API Reference, BulkEmailDestination (ReplacementTags).
    """
    return tuple((dict(defaults) | dict(replacements)).items())


def _check_headers(headers: tuple[tuple[str, str], ...]) -> None:
    if len(headers) > HEADERS_PER_MAIL_MAX:
        raise SendRefused(INVALID, f"A mail can have at most {HEADERS_PER_MAIL_MAX} headers.")
    seen: set[str] = set()
    for name, value in headers:
        lowered = name.lower()
        if not _HEADER_NAME.fullmatch(name) or lowered in _RESERVED or lowered.startswith("x-ses-"):
            raise SendRefused(INVALID, f"Invalid header name <{name[:126]}>.")
        if not _HEADER_VALUE.fullmatch(value) or not value.strip():
            raise SendRefused(INVALID, f"Invalid value of header <{name}>.")
        if len(name) + len(value) > HEADER_LINE_CHARACTERS_MAX:
            raise SendRefused(INVALID, f"Header <{name}> is too long.")
        if lowered in seen:
            raise SendRefused(INVALID, f"Duplicate header '{name}'.")
        seen.add(lowered)
