"""The actions of receipt rules, one function each, and the run of a mail's plan.

The run is an outbox entry: at least once. Each finished action is recorded in the step of its
effect, so a run after a crash does exactly what is missing; a function that is waited for may be
invoked again, for its answer can be lost. An action that fails does not keep the others from being
done, but for those whose fate it decides; the run is then tried again for what is left.

AWS: SES Developer Guide, Action options.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Mapping

from kamome.errors import AwsError
from kamome.mail.envelope import Mail
from kamome.mail.header_fields import header_end, split_fields
from kamome.services.ses.limits import (
    HEADER_SECTION_BYTES_MAX,
    SNS_MAIL_BYTES_MAX,
    SNS_MESSAGE_BYTES_MAX,
)
from kamome.services.ses.receiving import notifications
from kamome.services.ses.receiving.headers import header_block, trace_headers, verdicts
from kamome.services.ses.receiving.receipt_jobs import Job, close, close_step, finish
from kamome.services.ses.sending.mail_flow import (
    CONTINUE,
    DECISION_S,
    FunctionFailed,
    disposition,
    is_decision,
    is_stopped,
    standing_headers,
)
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner, Step
from kamome.storage.outbox import Entry

logger = logging.getLogger(__name__)

# AWS: SES Developer Guide, Viewing metrics for Amazon SES email receiving (PublishExpired): SES
# retries for four hours. One second doubling to 60 s is that after 245 attempts.
_ATTEMPTS_MAX = 245
_DELAY_MAX_MS = 60_000
_ENTITY_TOO_LARGE = ("552", "5.3.4", "The mail is larger than this action can take")


async def work_received(ses: Ses, entry: Entry) -> None:
    """Do what is planned with a mail and has not been done. Handler of `ses.received`.

    Raises:
        AwsError: an action was refused; what is left is tried again.
    """
    mail_id, owner = _subject_of(entry.payload)
    refusals: list[AwsError] = []
    steps = ses.store.steps_left(mail_id, owner)
    mail = ses.ports.find_mail(mail_id) if steps else None
    head = b"" if mail is None else await _header_section(ses, mail)
    while mail is not None and steps:
        step = steps.pop(0)
        try:
            await ACTIONS[step.planned.kind](_job(ses, mail, step, head))
        except AwsError as refusal:
            refusals.append(refusal)
            if is_decision(step.planned):
                break
        if is_decision(step.planned):
            left = {each.number for each in ses.store.steps_left(mail_id, owner)}
            steps = [each for each in steps if each.number in left]
    if refusals:
        raise refusals[0]
    with ses.store.engine.atomic():
        ses.outbox.done(entry)


def retry(entry: Entry, _error: Exception) -> int | None:
    """When the run is tried again: for four hours, then no more."""
    if entry.attempt + 1 >= _ATTEMPTS_MAX:
        return None
    return min(_DELAY_MAX_MS, 1_000 << min(entry.attempt, 10))


def give_up_received(ses: Ses, entry: Entry, error: Exception) -> None:
    """All attempts are used up: close what is left, say so in the journey, tell the sender.

    Runs in the step that removes the entry. The sender gets one bounce for all that is left.
    """
    mail_id, owner = _subject_of(entry.payload)
    recipients: dict[str, None] = {}
    for step in ses.store.steps_left(mail_id, owner):
        logger.error("mail %s: %s was given up: %s", mail_id, step.planned.kind, error)
        if close_step(ses, step, entry.trace, "given up", f"given up: {error}"):
            recipients |= dict.fromkeys(step.planned.recipients)
    if recipients:
        from kamome.services.ses.receiving import bounces

        bounces.report_later(ses, mail_id, owner, list(recipients), trace=entry.trace)


async def store_in_s3(job: Job) -> None:
    """Save the mail, SES's headers before it, under the prefix and the mail's id.

    The news for `TopicArn` is published in the step that writes the object. With `KmsKeyArn`, the
    mail is encrypted as it passes; see mail_encryption.py.

    Raises:
        AwsError: S3 or KMS refuses; the run is tried again.

    AWS: SES Developer Guide, Deliver to S3 bucket action.
    """
    action = job.step.planned.action["S3Action"]
    key = notifications.object_key(action.get("ObjectKeyPrefix", ""), job.mail.mail_id)
    block = header_block(job.prepended)
    bucket = action["BucketName"]
    content, content_length = job.content(block), len(block) + job.mail.raw_bytes
    metadata: dict[str, str] = {}
    if "KmsKeyArn" in action:
        from kamome.services.ses.receiving.mail_encryption import TAG_BYTES, mail_encryption

        encryption = mail_encryption(job, action["KmsKeyArn"], content_length)
        content, metadata = encryption.encrypted(content), encryption.metadata
        content_length += TAG_BYTES

    def stored() -> None:
        finish(job, action.get("TopicArn"), detail=f"{bucket}/{key}")

    await job.ses.ports.put_object(
        job.ctx,
        bucket,
        key,
        content,
        content_length=content_length,
        record=stored,
        metadata=metadata,
    )


async def publish_to_sns(job: Job) -> None:
    """Publish the mail itself, up to 150 KB with headers. A larger one bounces.

    So does one that UTF-8 and JSON make larger than a topic takes: octets that are no UTF-8 take
    three there, quotes two, control characters six. Base64 has no such mails.

    AWS: SES Developer Guide, Publish to Amazon SNS topic action.
    """
    action = job.step.planned.action["SNSAction"]
    block = header_block(job.prepended)
    if job.mail.raw_bytes > SNS_MAIL_BYTES_MAX:
        _bounce_too_large(job, "the mail has more than 150 KB: bounced")
        return
    raw = b"".join([piece async for piece in job.content(block)])
    content = (
        base64.b64encode(raw).decode()
        if action.get("Encoding") == "Base64"
        else raw.decode("utf-8", "replace")
    )
    message = notifications.notification(job.receipt(), job.described_mail(), content)
    if len(message.encode()) > SNS_MESSAGE_BYTES_MAX:
        _bounce_too_large(job, "the notification has more than 256 KB: bounced")
        return
    with job.ses.store.engine.atomic():
        job.ses.ports.publish(job.ctx, action["TopicArn"], message, subject=notifications.SUBJECT)
        close(job, "ok", action["TopicArn"])


def _bounce_too_large(job: Job, detail: str) -> None:
    from kamome.services.ses.receiving import bounces

    with job.ses.store.engine.atomic():
        if close(job, "failed", detail):
            bounces.bounce(job, *_ENTITY_TOO_LARGE)


async def invoke_function(job: Job) -> None:
    """Invoke a function with the event of the mail: tell it, or ask it what is to become of it.

    AWS: SES Developer Guide, Invoke Lambda function action.
    """
    if is_decision(job.step.planned):
        await _ask_function(job)
        return
    action = job.step.planned.action["LambdaAction"]
    event = notifications.lambda_event(job.receipt(), job.described_mail())
    with job.ses.store.engine.atomic():
        job.ses.ports.invoke_event(job.ctx, action["FunctionArn"], event)
        finish(job, action.get("TopicArn"), detail=action["FunctionArn"])


async def _ask_function(job: Job) -> None:
    """Wait 30 seconds for its answer; what it stops is closed with it.

    Raises:
        FunctionFailed: it failed, or took too long; it is asked again later.
    """
    action = job.step.planned.action["LambdaAction"]
    arn = action["FunctionArn"]
    event = notifications.lambda_event(job.receipt(), job.described_mail())
    try:
        async with asyncio.timeout(DECISION_S):
            payload, function_error = await job.ses.ports.invoke_function(job.ctx, arn, event)
    except TimeoutError:
        raise FunctionFailed(f"{arn} gave no answer in {DECISION_S:.0f} seconds") from None
    if function_error:
        raise FunctionFailed(f"{arn}: {function_error}: {payload[:200]!r}")
    decided = disposition(payload)
    step = job.step
    with job.ses.store.engine.atomic():
        finish(job, action.get("TopicArn"), result=_RESULTS[decided], detail=f"{arn}: {decided}")
        for later in job.ses.store.steps_left(step.mail_id, step.owner):
            if later.number > step.number and is_stopped(decided, step.planned, later.planned):
                close_step(job.ses, later, job.mail.trace, "stopped", f"{arn}: {decided}")


async def return_bounce(job: Job) -> None:
    """Send a delivery report to the mail's sender, in the step that records it.

    AWS: SES Developer Guide, Return bounce response action.
    """
    from kamome.services.ses.receiving import (
        bounces,  # what makes reports is imported with the first one
    )

    action = job.step.planned.action["BounceAction"]
    bounces.check_sender(job.ses, job.step.owner, action["Sender"])
    with job.ses.store.engine.atomic():
        code, status = action["SmtpReplyCode"], action.get("StatusCode", "")
        sent = bounces.bounce(job, code, status, action["Message"], sender=action["Sender"])
        detail = f"to {job.mail.envelope.reverse_path}" if sent else "the mail has no sender"
        finish(job, action.get("TopicArn"), detail=detail)


async def note_only(job: Job) -> None:
    """WorkMail and Connect are not part of this server: the call is recorded, nothing more.

    AWS: SES Developer Guide, Integrate with Amazon WorkMail action.
    """
    action = job.step.planned.action
    topic_arn = action["WorkmailAction"].get("TopicArn") if "WorkmailAction" in action else None
    with job.ses.store.engine.atomic():
        finish(job, topic_arn, detail="recorded, not called: there is no such service here")


async def stop_rule_set(job: Job) -> None:
    """Nothing after it has been planned; what is left is the news for its topic.

    AWS: SES Developer Guide, Stop rule set action.
    """
    with job.ses.store.engine.atomic():
        finish(job, job.step.planned.action["StopAction"].get("TopicArn"), detail="")


ACTIONS: Mapping[str, Callable[[Job], Awaitable[None]]] = {
    "S3Action": store_in_s3,
    "SNSAction": publish_to_sns,
    "LambdaAction": invoke_function,
    "BounceAction": return_bounce,
    "WorkmailAction": note_only,
    "ConnectAction": note_only,
    "StopAction": stop_rule_set,
}
# What is recorded of a decision; later runs read it for the headers that no longer stand.
_RESULTS = {CONTINUE: "ok", "STOP_RULE": "STOP_RULE", "STOP_RULE_SET": "STOP_RULE_SET"}


def _job(ses: Ses, mail: Mail, step: Step, head: bytes) -> Job:
    planned, fields = step.planned, split_fields(head)
    checked = verdicts(mail.checks, fields, is_scan_enabled=planned.is_scan_enabled)
    stopped = ses.store.stopped_rules(step.mail_id, step.owner) if planned.added_headers else []
    prepended = [
        *trace_headers(mail, step.owner.region, planned.recipients, checked),
        *standing_headers(planned, stopped),
    ]
    return Job(ses, mail, step, head, fields, checked, prepended)


async def _header_section(ses: Ses, mail: Mail) -> bytes:
    """The mail up to its first blank line, 256 KB at most."""
    head = bytearray()
    pieces = ses.ports.read_mail(mail.mail_id, 0, HEADER_SECTION_BYTES_MAX)
    async for piece in pieces:
        head += piece
    return bytes(head[: header_end(bytes(head))])


def _subject_of(payload: Mapping[str, object]) -> tuple[str, Owner]:
    owner = Owner(str(payload["account"]), str(payload["region"]))
    return str(payload["mail_id"]), owner
