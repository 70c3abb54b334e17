"""Which subscriptions a message passes to, by their filter policies; and why not to the others.

AWS: SNS Developer Guide, Amazon SNS message filtering.
"""

from __future__ import annotations

from collections.abc import Mapping

from kamome.services.sns.arns import topic_key
from kamome.services.sns.envelope import Notification
from kamome.services.sns.filter_conditions import Field
from kamome.services.sns.filter_policy import (
    MESSAGE_BODY,
    attribute_fields,
    body_fields,
    why_not,
)
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Subscription
from kamome.services.sns.subscription_attributes import filter_rule

_FILTERED_OUT = "NumberOfNotificationsFilteredOut"


class Sieve:
    """Reads a message once for all the policies that it meets."""

    def __init__(self, sns: Sns, notification: Notification, trace: str) -> None:
        self._sns = sns
        self._notification = notification
        self._trace = trace
        self._attributes: Mapping[str, Field] | None = None
        self._bodies: dict[str, Mapping[str, Field] | None] = {}

    def takes(self, subscription: Subscription) -> bool:
        """Whether the subscription takes the message; if not, that is counted and recorded.

        AWS: SNS Developer Guide, Amazon SNS subscription filter policies.
        """
        policy = filter_rule(subscription.attributes)
        if policy is None:
            return True
        rule, scope = policy
        fields = self._fields(scope, subscription.protocol)
        if fields is None:
            kind = "InvalidMessageBody" if scope == MESSAGE_BODY else "InvalidAttributes"
            reason: str | None = (
                "the message is no JSON object"
                if scope == MESSAGE_BODY
                else "an attribute of type String.Array is no array"
            )
        else:
            reason = why_not(rule, dict(fields))
            kind = "MessageBody" if scope == MESSAGE_BODY else "MessageAttributes"
            if scope != MESSAGE_BODY and not self._notification.attributes:
                kind = "NoMessageAttributes"
        if reason is None:
            return True
        self._leave_out(subscription, kind, f"FilterPolicy ({scope}) {reason}")
        return False

    def _fields(self, scope: str, protocol: str) -> Mapping[str, Field] | None:
        notification = self._notification
        if scope == MESSAGE_BODY:
            text = notification.message(protocol)
            if text not in self._bodies:
                self._bodies[text] = body_fields(text)
            return self._bodies[text]
        if self._attributes is None:
            self._attributes = attribute_fields(notification.attributes)
        return self._attributes

    def _leave_out(self, subscription: Subscription, kind: str, reason: str) -> None:
        topic = topic_key(self._notification.topic_arn)
        self._sns.delivery_store.count(topic, _FILTERED_OUT)
        self._sns.delivery_store.count(topic, f"{_FILTERED_OUT}-{kind}")
        self._sns.journeys.step(
            self._trace,
            service="sns",
            action="Deliver",
            resource=subscription.endpoint,
            result="filtered out",
            detail=reason,
        )
