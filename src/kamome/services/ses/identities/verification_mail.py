"""The mail that proves an address: whoever can read it and follows its link owns the address.

The mail goes the way of every mail, so it lands in the mailbox where nothing leaves. The link leads
to this server.

AWS: SES Developer Guide, Verifying an email address identity: the link holds for 24 hours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.addresses import Mailbox
from kamome.services.ses.identities.identity_store import VerificationLink
from kamome.services.ses.identities.verification import LINK_PATH, verified
from kamome.services.ses.sending.compose import Letter, Part, compose
from kamome.services.ses.sending.outgoing_mail import Stamp, completed, content_of, shown
from kamome.services.ses.sending.sent_mails import (
    SentMail,
    default_mail_from_domain,
    new_message_id,
    reverse_path_of,
)
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from kamome.storage.blobs import Blob

_LINK_MS = 24 * 3_600_000
_TOKEN_DIGITS = 40


def send_verification_mail(ses: Ses, ctx: RequestContext, address: str) -> str:
    """Send the mail with the link, as part of the caller's step; returns its MessageId.

    AWS: SES API Reference, VerifyEmailIdentity.
    """
    link = new_link(ses, ctx, address)
    text = (
        "Dear Amazon SES customer,\r\n\r\n"
        "somebody, probably you, has asked to use this address for sending mail in the region "
        f"{ctx.region}. To allow it, follow this link within 24 hours:\r\n\r\n{link}\r\n\r\n"
        "If it was not you, do nothing: without the link, nobody can send mail from here.\r\n"
    )
    domain = ses.settings.mail_from_domain or default_mail_from_domain(ctx.region)
    letter = Letter(
        source=Mailbox("Amazon SES", f"no-reply@{domain}"),
        to=(Mailbox("", address),),
        cc=(),
        reply_to=(),
        subject=Part(f"Email address verification request in region {ctx.region}"),
        text=Part(text),
        html=None,
    )
    return send_system_mail(ses, ctx, letter, address)


def send_system_mail(ses: Ses, ctx: RequestContext, letter: Letter, address: str) -> str:
    """Send a mail in the service's own name: no gate, no quota, no events."""
    from kamome.mail.outgoing import OutgoingMail

    now_ms = ses.clock.now_ms()
    message_id = new_message_id(ses.ids, now_ms)
    stamp = Stamp(message_id, ctx.account, ctx.region, now_ms)
    draft = completed(compose(letter, ses.ids), stamp)
    content: bytes | Blob = content_of(draft)
    told = shown(draft, message_id)
    sent = SentMail(
        message_id=message_id,
        account=ctx.account,
        region=ctx.region,
        sent_at_ms=now_ms,
        source=letter.source.address,
        source_arn="",
        source_ip=ctx.source_ip,
        sending_account=ctx.account,
        caller_identity="",
        return_path=letter.source.address,
        destinations=(address,),
        headers=told.headers,
        are_headers_truncated=told.are_truncated,
        common_headers=told.common,
        tags={},
        configuration_set="",
        identity="",
        subject=letter.subject.text,
        list_name="",
        topic_name="",
        raw_bytes=len(content_of(draft)),
        trace=ctx.trace,
    )
    ses.sent.add(sent, content)
    domain = letter.source.address.rpartition("@")[2]
    mail = OutgoingMail(
        mail_id=message_id,
        owner=f"{ctx.account}/{ctx.region}",
        reverse_path=reverse_path_of(message_id, domain),
        recipients=(address,),
        queued_at_ms=now_ms,
        trace=ctx.trace,
    )
    ses.ports.spool_put(mail, content)
    return message_id


def new_link(
    ses: Ses, ctx: RequestContext, address: str, *, success_url: str = "", failure_url: str = ""
) -> str:
    """A link that verifies an address, kept as part of the caller's step; holds for 24 hours.

    AWS: SES Developer Guide, Using custom verification email templates.
    """
    now_ms = ses.clock.now_ms()
    owner = Owner(ctx.account, ctx.region)
    token = ses.ids.hex(_TOKEN_DIGITS)
    urls = (success_url, failure_url)
    link = VerificationLink(token, owner, address, now_ms + _LINK_MS, *urls)
    ses.identities.add_link(link, now_ms)
    return f"{ses.settings.own_url()}{LINK_PATH}{token}"


async def follow_link(ses: Ses, request: HttpRequest) -> HttpResponse:
    """Somebody has followed a link: verify the address, and lead on or say so.

    AWS: SES Developer Guide, Using custom verification email templates.
    """
    link = ses.identities.link(request.raw_path.removeprefix(LINK_PATH))
    now_ms = ses.clock.now_ms()
    if link is None or link.expires_at_ms <= now_ms:
        if link is not None and link.failure_url:
            return _redirect(link.failure_url)
        return _page(404, "This link does not, or no longer, verify an address.")
    identity = ses.identities.find(link.owner, link.identity)
    if identity is not None and not identity.is_verified:
        ses.identities.put(link.owner, verified(identity, now_ms))
        await ses.store.engine.durable()
    if identity is None:
        return _page(404, "The address is no longer an identity.")
    if link.success_url:
        return _redirect(link.success_url)
    return _page(200, f"{link.identity} is verified.")


def _redirect(url: str) -> HttpResponse:
    return HttpResponse(302, [("location", url), ("content-length", "0")], b"")


def _page(status: int, sentence: str) -> HttpResponse:
    headers = [("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff")]
    return HttpResponse(status, headers, f"{sentence}\n".encode())
