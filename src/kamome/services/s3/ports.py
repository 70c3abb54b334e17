"""What S3 asks of other slices; filled in by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from kamome.context import RequestContext


class SendToQueue(Protocol):
    """SQS: put a message into a queue, as part of the caller's step.

    Raises an AwsError when there is no such queue, or it does not take the message.
    """

    def __call__(self, ctx: RequestContext, queue_arn: str, body: str) -> str:
        """Returns the MessageId."""


class Publish(Protocol):
    """SNS: publish to a topic, as part of the caller's step. Raises an AwsError as SNS would."""

    def __call__(
        self, ctx: RequestContext, topic_arn: str, message: str, *, subject: str = ""
    ) -> str:
        """Returns the MessageId."""


class InvokeEvent(Protocol):
    """Lambda: write a durable asynchronous invocation, as part of the caller's step."""

    def __call__(self, ctx: RequestContext, function_arn: str, payload: bytes) -> None:
        """Raises an AwsError when there is no such function."""


class Ports(msgspec.Struct, frozen=True):
    """All that S3 needs of SQS, SNS and Lambda."""

    queue_exists: Callable[[str], bool]
    topic_exists: Callable[[str], bool]
    function_exists: Callable[[str], bool]
    send_to_queue: SendToQueue
    publish: Publish
    invoke_event: InvokeEvent
