"""Speaking to a topic in SES's name, and the message by which SES tries that it may.

Whoever makes an event destination of a topic, or names one for an identity's notifications, finds a
message there at once: SES has published it to see that the topic takes its messages. The first is
no JSON, so a reader of events must expect it.

AWS: SES Developer Guide, Configuring Amazon SNS notifications for Amazon SES; Set up an Amazon SNS
event destination for event publishing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses.slice import Ses

# The subject of events of configuration sets; notifications of identities have none.
EVENT_SUBJECT = "Amazon SES Email Event Notification"
VALIDATED = "Successfully validated SNS topic for Amazon SES event publishing."
SUBSCRIPTION_SUCCEEDED = "AmazonSnsSubscriptionSucceeded"


def context_of(ses: Ses, owner: Owner, source_arn: str, trace: str) -> RequestContext:
    """SES as the caller of SNS.

    AWS: SES Developer Guide, Setting up an SNS topic for notifications (SourceAccount, SourceArn).
    """
    ctx = RequestContext(
        owner.account, owner.region, "ses.amazonaws.com", ses.ids.uuid(), trace=trace
    )
    return ctx.as_service("ses.amazonaws.com", source_arn=source_arn)


def set_arn(owner: Owner, name: str) -> str:
    """The ARN of a configuration set.

    AWS: Service Authorization Reference, Amazon SES (Resource types).
    """
    return f"arn:aws:ses:{owner.region}:{owner.account}:configuration-set/{name}"


def refusal_for_events(ses: Ses, ctx: RequestContext, set_name: str, topic: str) -> str:
    """Publish what a new event destination gets first; the reason where the topic refuses, else "".

    Part of the caller's step.

    AWS: SES Developer Guide, Set up an Amazon SNS event destination for event publishing.
    """
    owner = Owner(ctx.account, ctx.region)
    return _refusal(ses, ctx, topic, (set_arn(owner, set_name), VALIDATED, EVENT_SUBJECT))


def refusal_for_identity(
    ses: Ses, ctx: RequestContext, identity: str, kind: str, topic: str
) -> str:
    """The same for a topic that is to be told of an identity's bounces, complaints or deliveries.

    AWS: SES Developer Guide, Configuring Amazon SNS notifications for Amazon SES.
    """
    sentence = (
        f"You have successfully subscribed your Amazon SNS topic '{topic}' to receive '{kind}'"
        f" notifications from Amazon SES for identity '{identity}'."
    )
    message = {"notificationType": SUBSCRIPTION_SUCCEEDED, "message": sentence}
    arn = f"arn:aws:ses:{ctx.region}:{ctx.account}:identity/{identity}"
    return _refusal(ses, ctx, topic, (arn, orjson.dumps(message).decode(), ""))


def _refusal(ses: Ses, ctx: RequestContext, topic: str, told: tuple[str, str, str]) -> str:
    source_arn, message, subject = told
    caller = context_of(ses, Owner(ctx.account, ctx.region), source_arn, ctx.trace)
    try:
        with ses.store.engine.atomic():
            ses.ports.publish(caller, topic, message, subject=subject)
    except AwsError as error:
        return f"Could not publish to SNS topic <{topic}>: {error}"
    return ""
