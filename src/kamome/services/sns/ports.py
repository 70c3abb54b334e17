"""What SNS asks of other slices; `app.py` fills these in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from kamome.context import RequestContext

# An SQS message attribute: `DataType` with `StringValue` or `BinaryValue`.
MessageAttribute = Mapping[str, str | bytes]


class SendToQueue(Protocol):
    """Send one message to a queue within the current step; returns its MessageId.

    AWS: SNS Developer Guide, Fanout to Amazon SQS queues.
    """

    def __call__(
        self,
        ctx: RequestContext,
        queue_arn: str,
        body: str,
        attributes: Mapping[str, MessageAttribute] = ...,
        *,
        group_id: str = "",
        deduplication_id: str = "",
    ) -> str:
        """Raises AwsError: the queue is gone (a Sender fault), or cannot take it now."""
        ...


class InvokeEvent(Protocol):
    """Write the asynchronous invocation of a function within the current step.

    AWS: SNS Developer Guide, Fanout to Lambda functions.
    """

    def __call__(self, ctx: RequestContext, function_arn: str, payload: bytes) -> None:
        """Raises AwsError: the function is gone (a Sender fault), or cannot take it now."""
        ...


class SendMail(Protocol):
    """Send a mail in SNS's own name within the current step; returns its MessageId.

    AWS: SNS Developer Guide, Subscribe an email endpoint to an Amazon SNS topic.
    """

    def __call__(
        self, ctx: RequestContext, address: str, subject: str, text: str, *, sender_name: str
    ) -> str:
        """Raises AwsError: the address takes no mail (a Sender fault), or nothing leaves now."""
        ...


class PostToEndpoint(Protocol):
    """POST a document to an HTTP(S) endpoint; returns the status of its answer.

    AWS: SNS Developer Guide, Fanout to HTTP/S endpoints.
    """

    async def __call__(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float
    ) -> int:
        """Raises OSError: the endpoint does not answer, or not in time."""
        ...


class SnsPorts(msgspec.Struct, frozen=True):
    """SNS's way to SQS, Lambda, mailboxes, and endpoints on the network."""

    send_to_queue: SendToQueue
    invoke_event: InvokeEvent
    send_mail: SendMail
    post: PostToEndpoint
