"""Custom verification mails: rules for both APIs, and the sending of one.

The link that verifies the address is put at the end of the template's content.

AWS: SES Developer Guide, Using custom verification email templates.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.addresses import AddressInvalid, parse_mailbox
from kamome.services.ses.identities.identities import checked_address, known_or_new, restarted
from kamome.services.ses.identities.identity_store import VerificationLink
from kamome.services.ses.identities.verification import LINK_PATH
from kamome.services.ses.limits import CUSTOM_VERIFICATION_BYTES_MAX
from kamome.services.ses.sending.compose import Part
from kamome.services.ses.sending.gate import verified_identity
from kamome.services.ses.sending.letters import Envelope, submission_of
from kamome.services.ses.sending.sending import send
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.templates.template_store import CustomVerificationTemplate

if TYPE_CHECKING:
    from kamome.services.ses import shapes

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_URL = re.compile(r"https?://[!-~]{1,2040}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TOKEN_DIGITS = 40
_LINK_MS = 24 * 3_600_000


class ContentInvalid(ValueError):
    """A template that cannot be sent; the sentence says why."""


class SourceNotVerified(ValueError):
    """The sender of a template is not verified."""


def described(template: CustomVerificationTemplate) -> shapes.CustomVerificationEmailTemplate:
    """A template as both APIs list it: without its content.

    AWS: SES API Reference, CustomVerificationEmailTemplate.
    """
    return {
        "TemplateName": template.name,
        "FromEmailAddress": template.source,
        "TemplateSubject": template.subject,
        "SuccessRedirectionURL": template.success_url,
        "FailureRedirectionURL": template.failure_url,
    }


def check_custom(ses: Ses, ctx: RequestContext, template: CustomVerificationTemplate) -> None:
    """Refuse a template that cannot be kept.

    Raises:
        ContentInvalid: its name, subject, content or a URL cannot be used.
        SourceNotVerified: its sender is not verified.

    AWS: SES Developer Guide, Using custom verification email templates.
    """
    if not _NAME.fullmatch(template.name):
        raise ContentInvalid(f"Invalid template name <{template.name[:64]}>.")
    if not template.subject.strip() or _CONTROL.search(template.subject):
        raise ContentInvalid("The subject must be one line that is not empty.")
    if not template.content.strip():
        raise ContentInvalid("The content must not be empty.")
    if len(template.content.encode()) > CUSTOM_VERIFICATION_BYTES_MAX:
        raise ContentInvalid(f"The content has {CUSTOM_VERIFICATION_BYTES_MAX} bytes at most.")
    for url in (template.success_url, template.failure_url):
        if not _URL.fullmatch(url):
            raise ContentInvalid(f"Invalid redirection URL <{url[:200]}>.")
    try:
        source = parse_mailbox(template.source).address
    except AddressInvalid as error:
        raise ContentInvalid(str(error)) from None
    if verified_identity(ses, Owner(ctx.account, ctx.region), source) is None:
        raise SourceNotVerified(f"{source} is not verified.")


async def send_custom(
    ses: Ses,
    ctx: RequestContext,
    template: CustomVerificationTemplate,
    address: str,
    configuration_set: str,
) -> str:
    """Send the mail and make the address an identity; returns the MessageId.

    Raises:
        InvalidParameterValue: it is no address.
        LimitExceeded: the account has 10,000 identities in the region.
        SendRefused: the mail is not sent, and no identity made.

    AWS: SES API Reference, SendCustomVerificationEmail.
    """
    import html

    owner, name = Owner(ctx.account, ctx.region), checked_address(address)
    known_or_new(ses, owner, name)
    token = ses.ids.hex(_TOKEN_DIGITS)
    link = html.escape(f"{ses.settings.own_url()}{LINK_PATH}{token}")
    envelope = Envelope(
        operation="SendCustomVerificationEmail",
        source=parse_mailbox(template.source),
        to=(parse_mailbox(name),),
        configuration_set=configuration_set,
    )
    content = f'{template.content}\r\n<p><a href="{link}">{link}</a></p>\r\n'
    mail = submission_of(ses, envelope, Part(template.subject), None, Part(content))
    message_id = await send(ses, ctx, mail)
    # No pass of the loop lies between: the mail and the link are one step.
    now_ms = ses.clock.now_ms()
    urls = (template.success_url, template.failure_url)
    with ses.store.engine.atomic():
        identity = known_or_new(ses, owner, name)
        if not identity.is_verified:
            ses.identities.put(owner, restarted(ses, identity))
        ses.identities.add_link(
            VerificationLink(token, owner, name, now_ms + _LINK_MS, *urls), now_ms
        )
    return message_id
