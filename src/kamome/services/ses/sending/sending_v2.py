"""Sending by the SES API v2: SendEmail, SendBulkEmail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.ses.addresses import AddressInvalid, Mailbox
from kamome.services.ses.contacts.contact_store import ContactStore
from kamome.services.ses.errors_v2 import BadRequestException, NotFoundException
from kamome.services.ses.limits import MAIL_BYTES_MAX
from kamome.services.ses.sending import send_requests as requests
from kamome.services.ses.sending.attachments import attachments
from kamome.services.ses.sending.letters import (
    Envelope,
    addressed,
    check_bulk,
    check_bulk_size,
    existing_template,
    merged_tags,
    send_templated,
    submission_of,
)
from kamome.services.ses.sending.raw_mail import MailInvalid
from kamome.services.ses.sending.raw_submission import RawRequest, raw_submission
from kamome.services.ses.sending.refusals import INVALID, STATUS_V2, SendRefused, error_v2
from kamome.services.ses.sending.sending import Arns, send
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.templates.template_store import Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamome.services.ses import shapes_v2

_NOT_SERVED = ("EndpointId", "TenantName", "ConfigurationOverrides")


async def send_bulk_email(
    ses: Ses, ctx: RequestContext, request: shapes_v2.SendBulkEmailRequest
) -> shapes_v2.SendBulkEmailResult:
    """Send a template to up to 50 destinations, each with data of its own; tells of each.

    Raises:
        MessageRejected: the sender is not verified.
        NotFoundException: there is no such template or configuration set.
        BadRequestException: more than 50 entries; a member cannot be used.
        SendingPausedException, MailFromDomainNotVerifiedException: as named.

    AWS: SES API v2 Reference, SendBulkEmail.
    """
    _refuse_unserved(request)
    entries = request["BulkEmailEntries"]
    try:
        check_bulk_size(len(entries))
        content = request["DefaultContent"].get("Template", {})
        template = _template(ses, ctx, content)
        envelope = Envelope(
            operation="SendBulkEmail",
            source=_source(request.get("FromEmailAddress", "")),
            reply_to=requests.mailboxes(request.get("ReplyToAddresses", ())),
            return_path=requests.address(request.get("FeedbackForwardingEmailAddress", "")),
            arns=_arns(request),
            configuration_set=request.get("ConfigurationSetName", ""),
            tags=requests.tags(request.get("DefaultEmailTags", [])),
            headers=_headers(content.get("Headers", [])),
            attachments=attachments(content.get("Attachments", [])),
        )
        check_bulk(ses, ctx, envelope)
    except SendRefused as refused:
        raise error_v2(refused) from None
    default = content.get("TemplateData", "")
    return {
        "BulkEmailEntryResults": [
            await _sent_to(ses, ctx, envelope, template, each, default) for each in entries
        ]
    }


async def send_email(
    ses: Ses, ctx: RequestContext, request: shapes_v2.SendEmailRequest
) -> shapes_v2.SendEmailResult:
    """Send a simple, a raw, or a templated mail.

    Data that lack an attribute of the template bring an event, no error.

    Raises:
        MessageRejected: an address is not verified.
        NotFoundException: there is no such template, configuration set or contact list.
        BadRequestException: a member cannot be used; not exactly one kind of content.
        TooManyRequestsException, LimitExceededException: the rate, or the quota of 24 hours.
        SendingPausedException, MailFromDomainNotVerifiedException: as named.

    AWS: SES API v2 Reference, SendEmail.
    """
    _refuse_unserved(request)
    content = request["Content"]
    if len([kind for kind in ("Simple", "Raw", "Template") if kind in content]) != 1:
        raise BadRequestException("Content must have exactly one of Simple, Raw and Template.")
    _check_list(ses, ctx, request)
    try:
        if "Raw" in content:
            return {"MessageId": await _send_raw(ses, ctx, request, content["Raw"]["Data"])}
        if "Simple" in content:
            return {"MessageId": await _send_simple(ses, ctx, request, content["Simple"])}
        return {"MessageId": await _send_template(ses, ctx, request, content["Template"])}
    except SendRefused as refused:
        raise error_v2(refused) from None
    except (MailInvalid, AddressInvalid) as error:
        raise BadRequestException(str(error)) from None


async def _send_raw(
    ses: Ses, ctx: RequestContext, request: shapes_v2.SendEmailRequest, data: bytes
) -> str:
    if len(data) > MAIL_BYTES_MAX:
        raise SendRefused(
            INVALID, f"Message length is more than {MAIL_BYTES_MAX} bytes long: '{len(data)}'."
        )
    destination = request.get("Destination", {})
    options = request.get("ListManagementOptions")
    arns = _arns(request)
    asked = RawRequest(
        operation="SendEmail",
        data=data,
        source=request.get("FromEmailAddress", ""),
        destinations=(
            *destination.get("ToAddresses", ()),
            *destination.get("CcAddresses", ()),
            *destination.get("BccAddresses", ()),
        ),
        return_path=request.get("FeedbackForwardingEmailAddress", ""),
        arns=replace(arns, author=arns.source),  # one ARN over both of the mail's fields
        configuration_set=request.get("ConfigurationSetName", ""),
        tags=requests.tags(request.get("EmailTags", [])),
        list_name=options["ContactListName"] if options else "",
        topic_name=options.get("TopicName", "") if options else "",
    )
    return await send(ses, ctx, raw_submission(asked))


async def _send_simple(
    ses: Ses, ctx: RequestContext, request: shapes_v2.SendEmailRequest, message: shapes_v2.Message
) -> str:
    envelope = replace(
        _envelope(request),
        headers=_headers(message.get("Headers", [])),
        attachments=attachments(message.get("Attachments", [])),
    )
    subject, body = message["Subject"], message["Body"]
    text, html = requests.body_part(body.get("Text")), requests.body_part(body.get("Html"))
    mail = submission_of(ses, envelope, requests.subject(subject), text, html)
    return await send(ses, ctx, mail)


async def _send_template(
    ses: Ses, ctx: RequestContext, request: shapes_v2.SendEmailRequest, content: shapes_v2.Template
) -> str:
    envelope = replace(
        _envelope(request),
        headers=_headers(content.get("Headers", [])),
        attachments=attachments(content.get("Attachments", [])),
    )
    template = _template(ses, ctx, content)
    return await send_templated(ses, ctx, envelope, template, content.get("TemplateData", ""))


async def _sent_to(
    ses: Ses,
    ctx: RequestContext,
    envelope: Envelope,
    template: Template,
    each: shapes_v2.BulkEmailEntry,
    default: str,
) -> shapes_v2.BulkEmailEntryResult:
    """What became of one destination."""
    own = each.get("ReplacementEmailContent", {}).get("ReplacementTemplate", {})
    data = (default, own.get("ReplacementTemplateData", ""))
    try:
        replaced = {name.lower(): (name, value) for name, value in envelope.headers}
        for name, value in _headers(each.get("ReplacementHeaders", [])):
            replaced[name.lower()] = (name, value)
        letter = replace(
            addressed(envelope, each["Destination"]),
            tags=merged_tags(envelope.tags, requests.tags(each.get("ReplacementTags", []))),
            headers=tuple(replaced.values()),
        )
        message_id = await send_templated(ses, ctx, letter, template, *data)
    except SendRefused as refused:
        return {"Status": STATUS_V2[refused.kind], "Error": refused.message}
    return {"Status": "SUCCESS", "MessageId": message_id}


# ---------------------------------------------------------------------- members


def _envelope(request: shapes_v2.SendEmailRequest) -> Envelope:
    options = request.get("ListManagementOptions")
    envelope = Envelope(
        operation="SendEmail",
        source=_source(request.get("FromEmailAddress", "")),
        reply_to=requests.mailboxes(request.get("ReplyToAddresses", ())),
        return_path=requests.address(request.get("FeedbackForwardingEmailAddress", "")),
        arns=_arns(request),
        configuration_set=request.get("ConfigurationSetName", ""),
        tags=requests.tags(request.get("EmailTags", [])),
        list_name=options["ContactListName"] if options else "",
        topic_name=options.get("TopicName", "") if options else "",
    )
    return addressed(envelope, request.get("Destination", {}))


def _source(text: str) -> Mailbox:
    if not text:
        raise SendRefused(INVALID, "Missing required header 'From'.")
    return requests.mailbox(text)


def _arns(request: shapes_v2.SendEmailRequest | shapes_v2.SendBulkEmailRequest) -> Arns:
    return Arns(
        source=request.get("FromEmailAddressIdentityArn", ""),
        return_path=request.get("FeedbackForwardingEmailAddressIdentityArn", ""),
    )


def _template(ses: Ses, ctx: RequestContext, content: shapes_v2.Template) -> Template:
    """The template that the content names, by name or ARN, or is."""
    arn = content.get("TemplateArn", "")
    name = content.get("TemplateName") or arn.partition("template/")[2]
    if "TemplateContent" in content:
        if name:
            raise SendRefused(INVALID, "Give a template's name or its content, not both.")
        given = content["TemplateContent"]
        return Template("", given.get("Subject"), given.get("Text"), given.get("Html"))
    if not name:
        raise SendRefused(INVALID, "A template needs a name or content.")
    return existing_template(ses, ctx, name, arn)


def _headers(given: Sequence[shapes_v2.MessageHeader]) -> tuple[tuple[str, str], ...]:
    return tuple((header["Name"], header["Value"]) for header in given)


def _check_list(ses: Ses, ctx: RequestContext, request: shapes_v2.SendEmailRequest) -> None:
    options = request.get("ListManagementOptions")
    if options is None:
        return
    name, topic = options["ContactListName"], options.get("TopicName", "")
    found = ContactStore(ses.store.engine).find_list(Owner(ctx.account, ctx.region), name)
    if found is None:
        raise NotFoundException(f"List with name: {name} doesn't exist.")
    if topic and topic not in found.defaults:
        raise NotFoundException(f"Topic {topic} doesn't exist in list {name}.")


def _refuse_unserved(
    request: shapes_v2.SendEmailRequest | shapes_v2.SendBulkEmailRequest,
) -> None:
    for name in _NOT_SERVED:
        if name in request:
            raise BadRequestException(f"{name} is not served by Kamome.")
