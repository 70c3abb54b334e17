"""Sending by the first API, in the order of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.ses.addresses import AddressInvalid
from kamome.services.ses.errors import InvalidParameterValue
from kamome.services.ses.limits import MAIL_BYTES_MAX_V1
from kamome.services.ses.sending import send_requests as requests
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
from kamome.services.ses.sending.refusals import SendRefused, error_v1, status_v1
from kamome.services.ses.sending.sending import Arns, send
from kamome.services.ses.slice import Ses
from kamome.services.ses.templates.template_store import Template

if TYPE_CHECKING:
    from kamome.services.ses import shapes


async def send_bulk_templated_email(
    ses: Ses, ctx: RequestContext, request: shapes.SendBulkTemplatedEmailRequest
) -> shapes.SendBulkTemplatedEmailResult:
    """Send a template to up to 50 destinations, each with data of its own; tells of each.

    Raises:
        MessageRejected: the sender is not verified.
        TemplateDoesNotExist: there is no such template.
        InvalidParameterValue: more than 50 destinations.
        ConfigurationSetDoesNotExist, ConfigurationSetSendingPausedException,
        AccountSendingPausedException, MailFromDomainNotVerifiedException: as named.

    AWS: SES API Reference, SendBulkTemplatedEmail.
    """
    try:
        check_bulk_size(len(request["Destinations"]))
        template = existing_template(ses, ctx, request["Template"], request.get("TemplateArn", ""))
        envelope = _envelope(request, "SendBulkTemplatedEmail", request.get("DefaultTags", []))
        check_bulk(ses, ctx, envelope)
    except SendRefused as refused:
        raise error_v1(refused) from None
    default = request["DefaultTemplateData"]
    return {
        "Status": [
            await _sent_to(ses, ctx, envelope, template, each, default)
            for each in request["Destinations"]
        ]
    }


async def send_email(
    ses: Ses, ctx: RequestContext, request: shapes.SendEmailRequest
) -> shapes.SendEmailResult:
    """Send a mail made of a subject and a text, HTML, or both.

    Raises:
        MessageRejected: an address is not verified.
        InvalidParameterValue: an address, a tag or a charset cannot be used; more than 50
            recipients.
        ConfigurationSetDoesNotExist, ConfigurationSetSendingPausedException,
        AccountSendingPausedException, MailFromDomainNotVerifiedException, Throttling: as named.

    AWS: SES API Reference, SendEmail.
    """
    try:
        message = request["Message"]
        subject, body = message["Subject"], message["Body"]
        envelope = _envelope(request, "SendEmail", request.get("Tags", []))
        envelope = addressed(envelope, request["Destination"])
        text, html = requests.body_part(body.get("Text")), requests.body_part(body.get("Html"))
        mail = submission_of(ses, envelope, requests.subject(subject), text, html)
        return {"MessageId": await send(ses, ctx, mail)}
    except SendRefused as refused:
        raise error_v1(refused) from None


async def send_raw_email(
    ses: Ses, ctx: RequestContext, request: shapes.SendRawEmailRequest
) -> shapes.SendRawEmailResult:
    """Send a mail as it is written. Without `Destinations`, to its To, Cc and Bcc.

    `X-SES-` fields of the mail say what parameters would; a parameter wins.

    Raises:
        MessageRejected: an address is not verified.
        InvalidParameterValue: the mail cannot be read, an address or tag cannot be used, more than
            50 recipients or 10 MB.
        ConfigurationSetDoesNotExist, ConfigurationSetSendingPausedException,
        AccountSendingPausedException, MailFromDomainNotVerifiedException, Throttling: as named.

    AWS: SES API Reference, SendRawEmail.
    """
    data = request["RawMessage"]["Data"]
    if len(data) > MAIL_BYTES_MAX_V1:
        raise InvalidParameterValue(
            f"Message length is more than {MAIL_BYTES_MAX_V1} bytes long: '{len(data)}'."
        )
    asked = RawRequest(
        operation="SendRawEmail",
        data=data,
        source=request.get("Source", ""),
        destinations=tuple(request.get("Destinations", ())),
        arns=Arns(
            source=request.get("SourceArn", ""),
            author=request.get("FromArn", ""),
            return_path=request.get("ReturnPathArn", ""),
        ),
        configuration_set=request.get("ConfigurationSetName", ""),
        tags=tuple((tag["Name"], tag["Value"]) for tag in request.get("Tags", ())),
    )
    try:
        return {"MessageId": await send(ses, ctx, raw_submission(asked))}
    except SendRefused as refused:
        raise error_v1(refused) from None
    except (MailInvalid, AddressInvalid) as error:
        raise InvalidParameterValue(str(error)) from None


async def send_templated_email(
    ses: Ses, ctx: RequestContext, request: shapes.SendTemplatedEmailRequest
) -> shapes.SendTemplatedEmailResult:
    """Send what a template makes of data. Data that lack an attribute bring an event, no error.

    Raises:
        MessageRejected: an address is not verified.
        TemplateDoesNotExist: there is no such template.
        InvalidParameterValue: an address, a tag or the data cannot be used.
        ConfigurationSetDoesNotExist, ConfigurationSetSendingPausedException,
        AccountSendingPausedException, MailFromDomainNotVerifiedException, Throttling: as named.

    AWS: SES API Reference, SendTemplatedEmail.
    """
    try:
        template = existing_template(ses, ctx, request["Template"], request.get("TemplateArn", ""))
        envelope = addressed(
            _envelope(request, "SendTemplatedEmail", request.get("Tags", [])),
            request["Destination"],
        )
        data = request["TemplateData"]
        return {"MessageId": await send_templated(ses, ctx, envelope, template, data)}
    except SendRefused as refused:
        raise error_v1(refused) from None


async def _sent_to(
    ses: Ses,
    ctx: RequestContext,
    envelope: Envelope,
    template: Template,
    each: shapes.BulkEmailDestination,
    default: str,
) -> shapes.BulkEmailDestinationStatus:
    """What became of one destination."""
    try:
        own = merged_tags(envelope.tags, requests.tags(each.get("ReplacementTags", [])))
        letter = replace(addressed(envelope, each["Destination"]), tags=own)
        data = (default, each.get("ReplacementTemplateData", ""))
        message_id = await send_templated(ses, ctx, letter, template, *data)
    except SendRefused as refused:
        return {"Status": status_v1(refused), "Error": refused.message}
    return {"Status": "Success", "MessageId": message_id}


def _envelope(
    request: shapes.SendEmailRequest
    | shapes.SendTemplatedEmailRequest
    | shapes.SendBulkTemplatedEmailRequest,
    operation: str,
    tags: list[shapes.MessageTag],
) -> Envelope:
    """What the three operations say alike; nobody is addressed yet."""
    return Envelope(
        operation=operation,
        bytes_max=MAIL_BYTES_MAX_V1,
        source=requests.mailbox(request["Source"]),
        reply_to=requests.mailboxes(request.get("ReplyToAddresses", ())),
        return_path=requests.address(request.get("ReturnPath", "")),
        arns=Arns(request.get("SourceArn", ""), "", request.get("ReturnPathArn", "")),
        configuration_set=request.get("ConfigurationSetName", ""),
        tags=requests.tags(tags),
    )
