"""One mail on its way out: checked, completed, signed, kept, and handed on, in one step.

Everything that needs time (a new key, a large content on disk) is done before the step; the step
itself counts the mail against the quota, keeps it, tells of it and hands it to the spool. So a mail
that was answered with a MessageId is sent, and one that was refused has left nothing.

AWS: SES Developer Guide, How email sending works in Amazon SES.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from kamome.context import RequestContext
from kamome.mail.dkim_signing import Signer, sign_all
from kamome.mail.limits import LINE_BYTES_MAX
from kamome.mail.outgoing import MailUnfit
from kamome.services.ses.addresses import Mailbox
from kamome.services.ses.configuration_sets import configuration_sets
from kamome.services.ses.feedback import engagement, events
from kamome.services.ses.feedback.dispatch import dispatch
from kamome.services.ses.feedback.event_publishing import publish
from kamome.services.ses.feedback.simulated_addresses import is_simulated
from kamome.services.ses.limits import MAIL_BYTES_MAX, RECIPIENTS_PER_MAIL_MAX
from kamome.services.ses.sending import gate, quotas, signing
from kamome.services.ses.sending.compose import Draft
from kamome.services.ses.sending.gate import Claim, Passed, Speaker
from kamome.services.ses.sending.outgoing_mail import (
    FEEDBACK_TAGS,
    Shown,
    Stamp,
    completed,
    content_of,
    shown,
)
from kamome.services.ses.sending.refusals import (
    ACCOUNT_PAUSED,
    CONFIGURATION_SET_MISSING,
    CONFIGURATION_SET_PAUSED,
    DEFAULT_SET_MISSING,
    INVALID,
    SendRefused,
)
from kamome.services.ses.sending.sent_mails import SentMail, new_message_id, reverse_path_of
from kamome.services.ses.sending.sent_store import INLINE_BYTES_MAX
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.told_texts import cut
from kamome.storage.blobs import Blob

_PAUSED = (
    "Sending paused for this account. For more information, please check the inbox of the email"
    " address associated with your AWS account."
)


class Arns(msgspec.Struct, frozen=True):
    """The identities by which a mail may speak for its addresses; empty: the caller's own."""

    source: str = ""
    author: str = ""
    return_path: str = ""


class Submission(msgspec.Struct, frozen=True):
    """A mail as it is asked to be sent.

    `author` is the From mailbox, `source` the address that the call names (empty: the author's),
    `told_source` the same with its name, as events tell it (empty: the author's address),
    `return_path` where feedback by mail goes (empty, or with `is_source_told`: to the source),
    `sender` the address of the Sender field. `recipients` are the envelope's, each once. `tags` are
    message tags by name. `operation` is the API's, or `SendSmtpEmail`.
    """

    operation: str
    author: Mailbox
    recipients: tuple[str, ...]
    draft: Draft
    source: str = ""
    return_path: str = ""
    sender: str = ""
    bytes_max: int = MAIL_BYTES_MAX
    arns: Arns = Arns()
    configuration_set: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    list_name: str = ""
    topic_name: str = ""
    told_source: str = ""
    is_source_told: bool = False
    tls_version: str = ""


class RenderingFailure(msgspec.Struct, frozen=True):
    """Why a template could not be rendered."""

    template_name: str
    error_message: str


class Allowed(msgspec.Struct, frozen=True):
    """What the checks have found: the identity, its configuration set, the return path's domain."""

    passed: Passed
    configuration_set: str
    mail_from_domain: str


async def reject_rendering(
    ses: Ses, ctx: RequestContext, mail: Submission, failure: RenderingFailure
) -> str:
    """Accept a mail whose template cannot be rendered: nothing leaves, and an event tells why.

    Raises:
        SendRefused: it would not have been sent anyway.

    AWS: SES Developer Guide, Using templates to send personalized email (Rendering Failure).
    """
    allowed = check(ses, ctx, mail)
    message_id = new_message_id(ses.ids, ses.clock.now_ms())
    sent, content = _made(ses, ctx, mail, allowed, message_id)
    event = events.rendering_failure(
        sent,
        sent.sent_at_ms,
        template_name=failure.template_name,
        error_message=failure.error_message,
    )
    with ses.store.engine.atomic():
        ses.sent.add(sent, content)
        ses.journeys.begin(sent.trace, source=sent.source, subject=sent.subject)
        publish(ses, sent, event)
    return message_id


async def send(ses: Ses, ctx: RequestContext, mail: Submission) -> str:
    """Send a mail; returns its MessageId. Durable with the open step.

    Raises:
        SendRefused: it is not sent, and nothing of it is kept.

    AWS: SES API Reference, SendEmail; SES API v2 Reference, SendEmail.
    """
    allowed = check(ses, ctx, mail)
    signer = await signing.signer_of(ses, allowed.passed, mail.author.address)
    message_id = new_message_id(ses.ids, ses.clock.now_ms())
    sent, content = _made(ses, ctx, mail, allowed, message_id)
    if signer is not None:
        content = await _signed(content, signer, sent.sent_at_ms)
    reverse_path = reverse_path_of(message_id, allowed.mail_from_domain)
    if len(content) <= INLINE_BYTES_MAX:
        _accept(ses, ctx, sent, (content, content), reverse_path)
    else:
        await _accept_large(ses, ctx, sent, content, reverse_path)
    return message_id


def check(ses: Ses, ctx: RequestContext, mail: Submission) -> Allowed:
    """All that can be said against a mail before it is made.

    Raises:
        SendRefused: with the first of it.

    AWS: SES Developer Guide, Amazon SES email sending errors.
    """
    if not mail.recipients:
        raise SendRefused(INVALID, "Missing required header 'To'.")
    if len(mail.recipients) > RECIPIENTS_PER_MAIL_MAX:
        raise SendRefused(INVALID, f"Recipient count exceeds {RECIPIENTS_PER_MAIL_MAX}.")
    owner = Owner(ctx.account, ctx.region)
    if not quotas.accounts_of(ses).find(owner).is_sending_enabled:
        raise SendRefused(ACCOUNT_PAUSED, _PAUSED)
    _check_configuration_set(ses, owner, mail.configuration_set, CONFIGURATION_SET_MISSING)
    passed = gate.check(ses, ctx, _claim(mail))
    name = mail.configuration_set
    if not name and passed.owner == owner:  # another account's set is not ours to use
        name = signing.default_configuration_set(ses, passed, mail.author.address)
        _check_configuration_set(ses, owner, name, DEFAULT_SET_MISSING)
    return Allowed(passed, name, signing.mail_from_domain(ses, passed, mail.author.address))


def _check_configuration_set(ses: Ses, owner: Owner, name: str, missing: str) -> None:
    if not name:
        return
    chosen = configuration_sets.find(ses, owner, name)
    if chosen is None:
        message = f"Configuration set <{name}> does not exist."
        raise SendRefused(missing, message, name)
    if not chosen.is_sending_enabled:
        message = f"Sending paused for configuration set <{name}>."
        raise SendRefused(CONFIGURATION_SET_PAUSED, message, name)


def _claim(mail: Submission) -> Claim:
    author = Speaker(mail.author.address, mail.arns.author or mail.arns.source)
    others: Sequence[Speaker] = (
        Speaker(mail.source, mail.arns.source),
        Speaker(mail.return_path, mail.arns.return_path),
        Speaker(mail.sender, mail.arns.source),
    )
    return Claim(
        operation=mail.operation,
        author=author,
        others=tuple(other for other in others if other.address != author.address),
        recipients=mail.recipients,
        display_name=mail.author.name,
        feedback_address=mail.return_path,
    )


def _made(
    ses: Ses, ctx: RequestContext, mail: Submission, allowed: Allowed, message_id: str
) -> tuple[SentMail, bytes]:
    """The mail as it is kept, and its octets without signatures."""
    now_ms = ses.clock.now_ms()
    tags = dict(mail.tags)
    marks = (tags.get(FEEDBACK_TAGS[0], ""), tags.get(FEEDBACK_TAGS[1], ""))
    stamp = Stamp(message_id, ctx.account, ctx.region, now_ms, marks)
    told = shown(mail.draft, message_id)
    sent = _sent(ses, ctx, mail, allowed, (message_id, now_ms, told))
    ready = engagement.prepared(ses, sent, completed(mail.draft, stamp))
    content = content_of(ready.draft)
    _check_length(content, mail.bytes_max)
    changed = msgspec.structs.replace(sent, raw_bytes=len(content), trackers=ready.trackers)
    return changed, content


def _check_length(content: bytes, bytes_max: int) -> None:
    """Of the whole, and of each line: receivers refuse what is longer. RFC 5321 §4.5.3.1.6.

    AWS: SES API Reference, SendRawEmail (RawMessage).
    """
    if len(content) > bytes_max:
        raise SendRefused(
            INVALID, f"Message length is more than {bytes_max} bytes long: '{len(content)}'."
        )
    longest = max(map(len, content.split(b"\r\n"))) + 2
    if longest > LINE_BYTES_MAX:
        raise SendRefused(
            INVALID,
            f"Line length is more than {LINE_BYTES_MAX} characters long, <CRLF> included:"
            f" '{longest}'.",
        )


def _sent(
    ses: Ses,
    ctx: RequestContext,
    mail: Submission,
    allowed: Allowed,
    made: tuple[str, int, Shown],
) -> SentMail:
    message_id, now_ms, told = made
    passed = allowed.passed
    caller = ctx.principal.rpartition("/")[2].rpartition(":")[2]
    automatic = {
        "ses:source-ip": [ctx.source_ip],
        "ses:from-domain": [mail.author.address.rpartition("@")[2]],
        "ses:caller-identity": [caller],
        "ses:operation": [mail.operation],
    }
    if mail.tls_version:
        automatic["ses:source-tls-version"] = [mail.tls_version]
    if allowed.configuration_set:
        automatic["ses:configuration-set"] = [allowed.configuration_set]
    subject = told.common.get("subject", "")
    arn = f"arn:aws:ses:{passed.owner.region}:{passed.owner.account}:identity/"
    return SentMail(
        message_id=message_id,
        account=ctx.account,
        region=ctx.region,
        sent_at_ms=now_ms,
        source=mail.author.address,
        source_arn=f"{arn}{passed.identity.identity}",
        source_ip=ctx.source_ip,
        sending_account=ctx.account,
        caller_identity=caller,
        return_path=_feedback_address(mail),
        destinations=mail.recipients,
        headers=told.headers,
        are_headers_truncated=told.are_truncated,
        common_headers=told.common,
        tags={**automatic, **{name: [value] for name, value in mail.tags}},
        configuration_set=allowed.configuration_set,
        identity=passed.identity.identity,
        subject=subject if isinstance(subject, str) else "",
        list_name=mail.list_name,
        topic_name=mail.topic_name,
        raw_bytes=0,
        trace=ctx.trace or ses.ids.trace(now_ms),
        told_source=cut(mail.told_source),
    )


def _feedback_address(mail: Submission) -> str:
    """AWS: SES API Reference, SendRawEmail (Source): it goes before the mail's Return-Path."""
    return_path = "" if mail.is_source_told else mail.return_path
    return return_path or mail.source or mail.author.address


async def _signed(content: bytes, signer: Signer, sent_at_ms: int) -> bytes:
    """The mail with its signature before it; a large one is hashed in a thread."""
    at_s = sent_at_ms // 1000
    if len(content) <= INLINE_BYTES_MAX:
        return sign_all(content, [signer], signed_at_s=at_s) + content
    signature = await asyncio.to_thread(sign_all, content, [signer], signed_at_s=at_s)
    return signature + content


async def _accept_large(
    ses: Ses, ctx: RequestContext, sent: SentMail, content: bytes, reverse_path: str
) -> None:
    """The same with files: one for the mailbox, one for the spool, which drops it in the end."""
    files = [await _written(ses, content), await _written(ses, content)]
    try:
        _accept(ses, ctx, sent, (files[0], files[1]), reverse_path)
    finally:
        for blob in files:
            if not ses.sent.is_kept(blob):  # refused, or nothing leaves
                await ses.blobs.discard(blob)


async def _written(ses: Ses, content: bytes) -> Blob:
    writer = ses.blobs.writer()
    try:
        await writer.write(content)
        return await writer.finish()
    except BaseException:
        await writer.abort()
        raise


def _accept(
    ses: Ses,
    ctx: RequestContext,
    sent: SentMail,
    contents: tuple[bytes | Blob, bytes | Blob],
    reverse_path: str,
) -> None:
    kept, leaving = contents
    owner = Owner(ctx.account, ctx.region)
    simulated = sum(1 for address in sent.destinations if is_simulated(address))
    with ses.store.engine.atomic():
        quotas.take(ses, owner, recipients=len(sent.destinations), simulated=simulated)
        ses.sent.add(sent, kept)
        ses.journeys.begin(sent.trace, source=sent.source, subject=sent.subject)
        if not ctx.trace:  # a call with a trace is recorded as it ends
            action = sent.tags["ses:operation"][0]
            ses.journeys.step(sent.trace, service="ses", action=action, resource=sent.source)
        try:
            dispatch(ses, sent, leaving, reverse_path)
        except MailUnfit as error:
            raise SendRefused(INVALID, str(error)) from error
