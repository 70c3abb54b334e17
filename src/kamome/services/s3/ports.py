"""What S3 asks of other slices; filled in by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


# EventBridge: put an event (JSON of its envelope) on the bus of an ARN; part of the caller's step.
PutEvent = Callable[[str, str], None]


class Authorize(Protocol):
    """IAM: may this caller do that, by his own policies and the bucket's?

    Asked when a request is served, so for a presigned URL when it is used: `ctx` has the signer
    (`access_key`, `principal`) and the address it is used from (`aws:SourceIp` is `source_ip`).
    """

    def __call__(
        self, ctx: RequestContext, action: str, resource: str, policy: Callable[[], str]
    ) -> None:
        """`action` is IAM's (`s3:GetObject`), `resource` an ARN; `policy` reads the bucket's JSON.

        Raises:
            AwsError: he may not (AccessDenied).
        """


def owner_may_all(
    ctx: RequestContext, action: str, resource: str, policy: Callable[[], str]
) -> None:
    """As long as IAM is not served: callers of the bucket's account may do everything."""


class DataKey(msgspec.Struct, frozen=True):
    """A key of 32 bytes, and the same under the KMS key of that ARN."""

    key_arn: str
    plaintext: bytes
    ciphertext: bytes


class GenerateDataKey(Protocol):
    """KMS: make a data key. Raises an AwsError as KMS would: no such key, disabled, …"""

    def __call__(
        self, ctx: RequestContext, key_id: str, encryption_context: Mapping[str, str]
    ) -> DataKey:
        """`key_id` is an id, an ARN or an alias; `alias/aws/s3` is made when first named."""


class Ports(msgspec.Struct, frozen=True):
    """All that S3 needs of SQS, SNS, Lambda, KMS, EventBridge and IAM."""

    queue_exists: Callable[[str], bool]
    topic_exists: Callable[[str], bool]
    function_exists: Callable[[str], bool]
    send_to_queue: SendToQueue
    publish: Publish
    invoke_event: InvokeEvent
    generate_data_key: GenerateDataKey
    decrypt_data_key: Callable[[bytes, Mapping[str, str]], bytes]
    put_event: PutEvent
    authorize: Authorize = owner_may_all
