"""The actions of receipt rules, one function each, and the run of a mail's plan.

The run is an outbox entry: at least once. Each finished action is recorded in the step of its
effect, so a run after a crash does exactly what is missing. An action that fails does not keep the
others from being done; the run is then tried again for what is left.

AWS: SES Developer Guide, Action options.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import msgspec

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.mail.envelope import Mail
from kamome.mail.header_fields import Field, header_end, split_fields
from kamome.services.ses import notifications
from kamome.services.ses.headers import Verdicts, header_block, trace_headers, verdicts
from kamome.services.ses.limits import HEADER_SECTION_BYTES_MAX, SNS_MAIL_BYTES_MAX
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner, Step
from kamome.storage.outbox import Entry

logger = logging.getLogger(__name__)


class _Job(msgspec.Struct, frozen=True):
    """One action of one mail, with all that its effect and its news are made of."""

    ses: Ses
    mail: Mail
    step: Step
    fields: list[Field]
    checked: Verdicts
    prepended: list[tuple[str, str]]

    @property
    def ctx(self) -> RequestContext:
        """SES as the caller of another service, for this rule.

        AWS: SES Developer Guide, Giving permissions to Amazon SES for email receiving.
        """
        owner = self.step.owner
        ctx = RequestContext(
            owner.account,
            owner.region,
            "ses.amazonaws.com",
            self.ses.ids.uuid(),
            trace=self.mail.trace,
        )
        rule = f"{self.step.rule_set_name}:receipt-rule/{self.step.planned.rule_name}"
        return ctx.as_service(
            "ses.amazonaws.com", source_arn=ctx.arn("ses", f"receipt-rule-set/{rule}")
        )

    def receipt(self) -> dict[str, object]:
        """The `receipt` object of this action, now."""
        planned = self.step.planned
        action = notifications.action_object(planned, self.mail.mail_id)
        now_ms = self.ses.clock.now_ms()
        return notifications.receipt_object(self.mail, planned, self.checked, action, now_ms)

    def described_mail(self) -> dict[str, object]:
        """The `mail` object."""
        return notifications.mail_object(self.mail, self.prepended, self.fields)


async def work_received(ses: Ses, entry: Entry) -> None:
    """Do what is planned with a mail and has not been done. Handler of `ses.received`.

    Raises:
        AwsError: an action was refused; what is left is tried again.
    """
    mail_id, owner = _subject_of(entry.payload)
    refusals: list[AwsError] = []
    steps = ses.store.steps_left(mail_id, owner)
    mail = ses.ports.find_mail(mail_id) if steps else None
    if mail is not None:
        fields = split_fields(await _header_section(ses, mail))
        for step in steps:
            try:
                await ACTIONS[step.planned.kind](_job(ses, mail, step, fields))
            except AwsError as refusal:
                refusals.append(refusal)
    if refusals:
        raise refusals[0]
    with ses.store.engine.atomic():
        ses.outbox.done(entry)


def give_up_received(ses: Ses, entry: Entry, error: Exception) -> None:
    """All attempts are used up: say so in the mail's journey and close what is left.

    Runs in the step that removes the entry.
    """
    mail_id, owner = _subject_of(entry.payload)
    for step in ses.store.steps_left(mail_id, owner):
        logger.error("mail %s: %s was given up: %s", mail_id, step.planned.kind, error)
        if ses.store.finish_step(step, ses.clock.now_ms(), "given up"):
            _record(ses, entry.trace, step, "failed", f"given up: {error}")


async def store_in_s3(job: _Job) -> None:
    """Save the mail, SES's headers before it, under the prefix and the mail's id.

    The news for `TopicArn` is published in the step that writes the object.

    AWS: SES Developer Guide, Deliver to S3 bucket action.
    """
    action = job.step.planned.action["S3Action"]
    key = notifications.object_key(action.get("ObjectKeyPrefix", ""), job.mail.mail_id)
    block = header_block(job.prepended)
    bucket = action["BucketName"]

    def record() -> None:
        _finish(job, action.get("TopicArn"), detail=f"{bucket}/{key}")

    await job.ses.ports.put_object(
        job.ctx,
        bucket,
        key,
        _content(job, block),
        content_length=len(block) + job.mail.raw_bytes,
        record=record,
    )


async def publish_to_sns(job: _Job) -> None:
    """Publish the mail itself, up to 150 KB with headers.

    A larger mail is not published; the action is recorded as failed. SES bounces it, which needs
    sending and comes with it.

    AWS: SES Developer Guide, Publish to Amazon SNS topic action.
    """
    action = job.step.planned.action["SNSAction"]
    block = header_block(job.prepended)
    if job.mail.raw_bytes > SNS_MAIL_BYTES_MAX:
        with job.ses.store.engine.atomic():
            _close(job, "failed", "the mail has more than 150 KB")
        return
    raw = b"".join([piece async for piece in _content(job, block)])
    content = (
        base64.b64encode(raw).decode()
        if action.get("Encoding") == "Base64"
        else raw.decode("utf-8", "replace")
    )
    message = notifications.notification(job.receipt(), job.described_mail(), content)
    with job.ses.store.engine.atomic():
        job.ses.ports.publish(job.ctx, action["TopicArn"], message, subject=notifications.SUBJECT)
        _close(job, "ok", action["TopicArn"])


async def invoke_function(job: _Job) -> None:
    """Invoke a function asynchronously with the event of the mail.

    AWS: SES Developer Guide, Invoke Lambda function action.
    """
    action = job.step.planned.action["LambdaAction"]
    event = notifications.lambda_event(job.receipt(), job.described_mail())
    with job.ses.store.engine.atomic():
        job.ses.ports.invoke_event(job.ctx, action["FunctionArn"], event)
        _finish(job, action.get("TopicArn"), detail=action["FunctionArn"])


async def stop_rule_set(job: _Job) -> None:
    """Nothing after it has been planned; what is left is the news for its topic.

    AWS: SES Developer Guide, Stop rule set action.
    """
    with job.ses.store.engine.atomic():
        _finish(job, job.step.planned.action["StopAction"].get("TopicArn"), detail="")


ACTIONS: Mapping[str, Callable[[_Job], Awaitable[None]]] = {
    "S3Action": store_in_s3,
    "SNSAction": publish_to_sns,
    "LambdaAction": invoke_function,
    "StopAction": stop_rule_set,
}


def _job(ses: Ses, mail: Mail, step: Step, fields: list[Field]) -> _Job:
    planned = step.planned
    checked = verdicts(mail.checks, fields, is_scan_enabled=planned.is_scan_enabled)
    prepended = [
        *trace_headers(mail, step.owner.region, planned.recipients, checked),
        *planned.added_headers,
    ]
    return _Job(ses, mail, step, fields, checked, prepended)


async def _header_section(ses: Ses, mail: Mail) -> bytes:
    """The mail up to its first blank line, 256 KB at most."""
    head = bytearray()
    pieces = ses.ports.read_mail(mail.mail_id, 0, HEADER_SECTION_BYTES_MAX)
    async for piece in pieces:
        head += piece
    return bytes(head[: header_end(bytes(head))])


async def _content(job: _Job, block: bytes) -> AsyncIterator[bytes]:
    yield block
    async for piece in job.ses.ports.read_mail(job.mail.mail_id):
        yield piece


def _finish(job: _Job, topic_arn: str | None, *, detail: str) -> None:
    """Record the action as done and publish its news, in the step of its effect.

    A topic that refuses does not undo what was done: the mail is kept, and the journey says that
    the news was not.
    """
    if not _close(job, "ok", detail) or not topic_arn:
        return
    message = notifications.notification(job.receipt(), job.described_mail())
    try:
        with job.ses.store.engine.atomic():
            job.ses.ports.publish(job.ctx, topic_arn, message, subject=notifications.SUBJECT)
    except AwsError as refusal:
        if refusal.status >= 500:
            raise
        _record(job.ses, job.mail.trace, job.step, "not notified", f"{topic_arn}: {refusal}")


def _close(job: _Job, result: str, detail: str) -> bool:
    if not job.ses.store.finish_step(job.step, job.ses.clock.now_ms(), result):
        return False
    _record(job.ses, job.mail.trace, job.step, result, detail)
    return True


def _record(ses: Ses, trace: str, step: Step, result: str, detail: str) -> None:
    ses.journeys.step(
        trace,
        service="ses",
        action=f"{step.planned.rule_name}/{step.planned.kind}",
        resource=step.mail_id,
        result=result,
        detail=detail,
    )


def _subject_of(payload: Mapping[str, object]) -> tuple[str, Owner]:
    owner = Owner(str(payload["account"]), str(payload["region"]))
    return str(payload["mail_id"]), owner
