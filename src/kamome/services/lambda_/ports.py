"""What Lambda needs from other slices; `app.py` fills it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from kamome.context import RequestContext
from kamome.services.lambda_.errors import ResourceNotFoundException

if TYPE_CHECKING:
    from kamome.services.lambda_.invocation.payloads import Result


class MessageAttribute(msgspec.Struct, frozen=True):
    """A message attribute: exactly one of the two values is set, by `data_type`."""

    data_type: str
    string_value: str | None = None
    binary_value: bytes | None = None


class PolledMessage(msgspec.Struct, frozen=True):
    """One message that has been received for a function.

    `attributes` are those of ReceiveMessage with `AttributeNames=All`: ApproximateReceiveCount,
    SentTimestamp, SenderId, ApproximateFirstReceiveTimestamp, and where there are such
    AWSTraceHeader, MessageGroupId, MessageDeduplicationId, SequenceNumber,
    DeadLetterQueueSourceArn; all as strings. The MD5 of no message attributes is empty.
    """

    message_id: str
    receipt_handle: str
    body: str
    attributes: Mapping[str, str]
    message_attributes: Mapping[str, MessageAttribute] = msgspec.field(default_factory=dict)
    md5_of_body: str = ""
    md5_of_message_attributes: str = ""

    @property
    def trace(self) -> str:
        """The trace header that came with the message, empty if none did."""
        return self.attributes.get("AWSTraceHeader", "")


class QueuePort(msgspec.Struct, frozen=True):
    """Queues as an event source sees them. All are synchronous and act as one step of the caller.

    `receive(queue_arn, max_messages)` claims up to that many (at most 10) with the queue's own
    visibility timeout; an empty list when there are none, or no queue. `delete(queue_arn,
    receipt_handles)` deletes what is still held under these handles, `release(queue_arn,
    receipt_handles)` makes it visible again at once. `when_available(queue_arn,
    callback)` calls back on the loop each time a message may have become available, by arrival or
    by time, and returns what ends that. `queue_attributes(queue_arn)` is (visibility timeout in
    seconds, whether it is FIFO), or None where there is no queue.
    """

    receive: Callable[[str, int], Sequence[PolledMessage]]
    delete: Callable[[str, Sequence[str]], None]
    when_available: Callable[[str, Callable[[], None]], Callable[[], None]]
    queue_attributes: Callable[[str], tuple[int, bool] | None]
    release: Callable[[str, Sequence[str]], None]


class CallFunction(Protocol):
    """Invoke a function for an event source: `call` does it, and says what came of it.

    The messages with these receipt handles are what it is invoked for.
    """

    async def __call__(
        self,
        function_arn: str,
        queue_arn: str,
        receipt_handles: Sequence[str],
        call: Callable[[], Awaitable[Result]],
        /,
    ) -> Result:
        """Raises an AwsError when the function was not invoked, or what came of it is lost."""


async def call_directly(
    _function_arn: str,
    _queue_arn: str,
    _receipt_handles: Sequence[str],
    call: Callable[[], Awaitable[Result]],
) -> Result:
    """Nothing stands between the event source and the function."""
    return await call()


class SendToQueue(Protocol):
    """SendMessage within the caller's step; returns the MessageId."""

    def __call__(
        self,
        ctx: RequestContext,
        queue_arn: str,
        body: str,
        attributes: Mapping[str, Mapping[str, str | bytes]],
        /,
    ) -> str:
        """Raises an AwsError when the queue does not take it."""


class Publish(Protocol):
    """Publish within the caller's step; returns the MessageId."""

    def __call__(self, ctx: RequestContext, topic_arn: str, message: str, /) -> str:
        """Raises an AwsError when the topic does not take it."""


class ReadObject(Protocol):
    """The whole body of an S3 object, or of one version of it, as the caller may read it."""

    async def __call__(
        self, ctx: RequestContext, bucket: str, key: str, version_id: str, /
    ) -> bytes:
        """An empty `version_id` is the present version. Raises an AwsError of S3."""


class PutObject(Protocol):
    """Store an S3 object; `record` runs in the step that makes it visible."""

    async def __call__(
        self,
        ctx: RequestContext,
        bucket: str,
        key: str,
        body: bytes,
        /,
        *,
        content_length: int,
        record: Callable[[], None],
    ) -> None:
        """Raises an AwsError when the bucket does not take it."""


def _no_queue(
    _ctx: RequestContext,
    queue_arn: str,
    _body: str,
    _attributes: Mapping[str, Mapping[str, str | bytes]],
) -> str:
    raise ResourceNotFoundException(f"There is no queue {queue_arn}.")


def _no_topic(_ctx: RequestContext, topic_arn: str, _message: str) -> str:
    raise ResourceNotFoundException(f"There is no topic {topic_arn}.")


def _no_function(_ctx: RequestContext, function_arn: str, _payload: bytes) -> None:
    raise ResourceNotFoundException(f"There is no function {function_arn}.")


async def _no_bucket(
    _ctx: RequestContext,
    bucket: str,
    _key: str,
    _body: bytes,
    *,
    content_length: int,  # named by the protocol
    record: Callable[[], None],  # named by the protocol
) -> None:
    raise ResourceNotFoundException(f"There is no bucket {bucket}.")


def _no_bus(bus_arn: str, _event: str) -> None:
    raise ResourceNotFoundException(f"There is no event bus {bus_arn}.")


def _never(_arn: str) -> bool:
    return False


class Ports(msgspec.Struct, frozen=True):
    """All of them.

    `code_url(ctx, function_name, code_hash)` is where a client can download a function's
    deployment package (GetFunction, Code.Location); `functions.open_code` opens it by the hash.
    `call_function` is an event source's way to the function.

    Records of asynchronous invocations go by `send_to_queue`, `publish`, `invoke_event` and
    `put_event(bus_arn, event)`: all are
    synchronous, act in the caller's step, and raise an AwsError when the target does not take it;
    and by `put_object`, which takes its own step.
    """

    queue: QueuePort
    read_object: ReadObject
    code_url: Callable[[RequestContext, str, str], str]
    call_function: CallFunction = call_directly
    send_to_queue: SendToQueue = _no_queue
    publish: Publish = _no_topic
    invoke_event: Callable[[RequestContext, str, bytes], None] = _no_function
    topic_exists: Callable[[str], bool] = _never
    function_exists: Callable[[str], bool] = _never
    put_event: Callable[[str, str], None] = _no_bus
    put_object: PutObject = _no_bucket
    bucket_exists: Callable[[str], bool] = _never
