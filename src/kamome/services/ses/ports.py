"""What SES asks of other slices and of the mail server. Filled in by `wiring/ses.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec

from kamome.context import RequestContext
from kamome.mail.dns import Resolver
from kamome.mail.envelope import Mail
from kamome.storage.blobs import Blob

if TYPE_CHECKING:
    from kamome.mail.outgoing import OutgoingMail


class PutObject(Protocol):
    """Store an object; `record` runs in the step that writes its row. Durable by that step."""

    async def __call__(
        self,
        ctx: RequestContext,
        bucket: str,
        key: str,
        body: bytes | AsyncIterator[bytes],
        *,
        content_length: int,
        record: Callable[[], None],
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Raises AwsError where the bucket is gone or refuses. `metadata` is the object's own."""


class Publish(Protocol):
    """Publish to a topic inside the caller's step."""

    def __call__(
        self, ctx: RequestContext, topic_arn: str, message: str, *, subject: str = ""
    ) -> str:
        """Returns the MessageId. Raises AwsError where the topic is gone or refuses."""


class ReadMail(Protocol):
    """The content of a mail from an octet on."""

    def __call__(
        self, mail_id: str, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Pieces in order. Raises where the mail is no longer kept."""


class ReadObject(Protocol):
    """The body of an S3 object."""

    def __call__(self, ctx: RequestContext, bucket: str, key: str) -> AsyncIterator[bytes]:
        """Pieces in order. Raises AwsError where there is no such object."""


class SpoolPut(Protocol):
    """Hand a mail to the mail server for delivery, inside the caller's step."""

    def __call__(self, mail: OutgoingMail, content: bytes | Blob) -> None:
        """The content is final: signed bytes. Durable with the step."""


# A new AES-256 key under the KMS key of an ARN, with an encryption context: the key itself, and the
# same encrypted. Raises AwsError where KMS refuses.
GenerateDataKey = Callable[[RequestContext, str, Mapping[str, str]], tuple[bytes, bytes]]
InvokeFunction = Callable[[RequestContext, str, bytes], Awaitable[tuple[bytes, str]]]


class SesPorts(msgspec.Struct, frozen=True):
    """Functions of S3, SNS, Lambda and the mail store.

    `invoke_function` waits for a function's answer: its payload, and its error or nothing.
    `invoke_event` writes a durable asynchronous invocation inside the caller's step, `put_event` an
    event (JSON of its envelope) of the bus of an ARN. The `…_exists`
    functions answer for the validation of rules. `resolver` asks the DNS, where that is on.
    """

    put_object: PutObject
    read_object: ReadObject
    generate_data_key: GenerateDataKey
    publish: Publish
    invoke_event: Callable[[RequestContext, str, bytes], None]
    put_event: Callable[[str, str], None]
    invoke_function: InvokeFunction
    bucket_exists: Callable[[str], bool]
    topic_exists: Callable[[str], bool]
    function_exists: Callable[[str], bool]
    find_mail: Callable[[str], Mail | None]
    read_mail: ReadMail
    spool_put: SpoolPut
    resolver: Resolver
