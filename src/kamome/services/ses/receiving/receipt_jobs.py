"""One action of one received mail, with all that its effect and its news are made of.

AWS: SES Developer Guide, Action options.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.mail.envelope import Mail
from kamome.mail.header_fields import Field
from kamome.services.ses.receiving import notifications
from kamome.services.ses.receiving.headers import Verdicts
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Step


class Job(msgspec.Struct, frozen=True):
    """A planned action that is done now. `head` is the mail's header section as it came."""

    ses: Ses
    mail: Mail
    step: Step
    head: bytes
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

    async def content(self, block: bytes) -> AsyncIterator[bytes]:
        """SES's headers and the mail behind them, byte for byte."""
        yield block
        async for piece in self.ses.ports.read_mail(self.mail.mail_id):
            yield piece


def finish(job: Job, topic_arn: str | None, *, result: str = "ok", detail: str) -> None:
    """Record the action as done and publish its news, in the step of its effect.

    A topic that refuses does not undo what was done: the mail is kept, and the journey says that
    the news was not.
    """
    if not close(job, result, detail) or not topic_arn:
        return
    message = notifications.notification(job.receipt(), job.described_mail())
    try:
        with job.ses.store.engine.atomic():
            job.ses.ports.publish(job.ctx, topic_arn, message, subject=notifications.SUBJECT)
    except AwsError as refusal:
        if refusal.status >= 500:
            raise
        record(job.ses, job.mail.trace, job.step, "not notified", f"{topic_arn}: {refusal}")


def close(job: Job, result: str, detail: str) -> bool:
    """Record the action as done, in the step of its effect. False: it was done before."""
    return close_step(job.ses, job.step, job.mail.trace, result, detail)


def close_step(ses: Ses, step: Step, trace: str, result: str, detail: str) -> bool:
    """Record a planned action as settled, with what became of it. False: it was settled before."""
    if not ses.store.finish_step(step, ses.clock.now_ms(), result):
        return False
    record(ses, trace, step, result, detail)
    return True


def record(ses: Ses, trace: str, step: Step, result: str, detail: str) -> None:
    """Leave a step in the mail's journey."""
    ses.journeys.step(
        trace,
        service="ses",
        action=f"{step.planned.rule_name}/{step.planned.kind}",
        resource=step.mail_id,
        result=result,
        detail=detail,
    )
