"""Sending by the first API: SendEmail, SendRawEmail. Templates stand in `templated_v1.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses import send_requests as requests
from kamome.services.ses.addresses import AddressInvalid
from kamome.services.ses.compose import Letter, Part
from kamome.services.ses.errors import InvalidParameterValue
from kamome.services.ses.limits import MAIL_BYTES_MAX_V1
from kamome.services.ses.raw_mail import MailInvalid
from kamome.services.ses.raw_submission import RawRequest, raw_submission
from kamome.services.ses.refusals import SendRefused, error_v1
from kamome.services.ses.sending import Arns, Submission, send
from kamome.services.ses.slice import Ses

if TYPE_CHECKING:
    from kamome.services.ses import shapes


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
        return {"MessageId": await send(ses, ctx, _submission(ses, request))}
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


def _submission(ses: Ses, request: shapes.SendEmailRequest) -> Submission:
    source = requests.mailbox(request["Source"])
    destination = request["Destination"]
    to = requests.mailboxes(destination.get("ToAddresses", ()))
    cc = requests.mailboxes(destination.get("CcAddresses", ()))
    bcc = requests.mailboxes(destination.get("BccAddresses", ()))
    message = request["Message"]
    body = message["Body"]
    subject = message["Subject"]
    letter = Letter(
        source=source,
        to=to,
        cc=cc,
        reply_to=requests.mailboxes(request.get("ReplyToAddresses", ())),
        subject=requests.subject(subject["Data"], subject.get("Charset", "")),
        text=_part(body.get("Text")),
        html=_part(body.get("Html")),
    )
    return Submission(
        operation="SendEmail",
        author=source,
        recipients=requests.recipients((to, cc, bcc)),
        draft=requests.composed(letter, ses.ids),
        return_path=requests.address(request.get("ReturnPath", "")),
        arns=Arns(request.get("SourceArn", ""), "", request.get("ReturnPathArn", "")),
        configuration_set=request.get("ConfigurationSetName", ""),
        tags=requests.tags(_tags(request.get("Tags", []))),
    )


def _part(content: shapes.Content | None) -> Part | None:
    if content is None:
        return None
    return requests.part(content["Data"], content.get("Charset", ""))


def _tags(given: list[shapes.MessageTag]) -> list[dict[str, str]]:
    return [{"Name": tag["Name"], "Value": tag["Value"]} for tag in given]
