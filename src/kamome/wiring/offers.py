"""What slices do for each other. Each call passes the rules that may fail it (`hand_overs.py`).

A slice is imported when it is first called: start-up is watched, and most systems use a few.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, cast

from kamome.arn import parse_arn
from kamome.context import RequestContext
from kamome.faults.rules import Target
from kamome.hand_overs import HandOvers, source_of
from kamome.observe.bus_event_store import BusEvents
from kamome.wiring.kernel import PARTITION, Kernel

if TYPE_CHECKING:
    from kamome.services.kms.data_keys import DataKey
    from kamome.services.lambda_.shapes import InvokeRequest
    from kamome.services.s3.shapes import GetObjectRequest
    from kamome.services.sqs.shapes import MessageAttributeValue
    from kamome.services.ssm.shapes import GetParameterRequest
    from kamome.wiring.slices import Slices

# Who reads parameters and secrets for containers.
_ECS = "ecs"


class _Answer(NamedTuple):
    payload: bytes
    function_error: str


class Offers:
    """The ports into the slices, as their neighbours call them."""

    def __init__(self, kernel: Kernel, slices: Slices) -> None:
        self.hand_overs = HandOvers(
            kernel.faults, kernel.journeys.tally, kernel.engine, kernel.clock
        )
        self.bus_events = BusEvents(kernel.engine)
        self._faults = kernel.faults
        self._slices = slices

    # ------------------------------------------------------------------ SQS

    def queue_exists(self, arn: str) -> bool:
        """Is there a queue of that ARN?"""
        from kamome.services.sqs.deliveries import queue_exists

        return queue_exists(self._slices.sqs, arn)

    def send_to_queue(
        self,
        ctx: RequestContext,
        queue_arn: str,
        body: str,
        attributes: Mapping[str, Mapping[str, str | bytes]] | None = None,
        *,
        group_id: str = "",
        deduplication_id: str = "",
    ) -> str:
        """Send a message inside the caller's step; returns its MessageId."""
        from kamome.services.sqs.deliveries import send_to_queue

        return self.hand_overs.deliver(
            ctx,
            ("sqs", "SendMessage", queue_arn),
            lambda: send_to_queue(
                self._slices.sqs,
                ctx,
                queue_arn,
                body,
                cast("Mapping[str, MessageAttributeValue]", attributes or {}),
                group_id=group_id,
                deduplication_id=deduplication_id,
            ),
            body,
        )

    # ------------------------------------------------------------------ SNS

    def topic_exists(self, arn: str) -> bool:
        """Is there a topic of that ARN?"""
        from kamome.services.sns.publishing import topic_exists

        return topic_exists(self._slices.sns, arn)

    def publish(
        self, ctx: RequestContext, topic_arn: str, message: str, *, subject: str = ""
    ) -> str:
        """Publish inside the caller's step; returns the MessageId."""
        from kamome.services.sns.publishing import publish

        return self.hand_overs.deliver(
            ctx,
            ("sns", "Publish", topic_arn),
            lambda: publish(self._slices.sns, ctx, topic_arn, message, subject=subject),
            message,
        )

    # ------------------------------------------------------------------ Lambda

    def function_exists(self, arn: str) -> bool:
        """Is there a function of that ARN?"""
        from kamome.services.lambda_.invocation.invocations import function_exists

        return function_exists(self._slices.lambda_, arn)

    def invoke_event(self, ctx: RequestContext, function_arn: str, payload: bytes) -> None:
        """Write an asynchronous invocation inside the caller's step."""
        from kamome.services.lambda_.invocation.invocations import invoke_event

        self.hand_overs.deliver(
            ctx,
            ("lambda", "Invoke", function_arn),
            lambda: invoke_event(self._slices.lambda_, ctx, function_arn, payload),
            "",
        )

    async def invoke_function(
        self, ctx: RequestContext, function_arn: str, payload: bytes
    ) -> tuple[bytes, str]:
        """Run a function and wait; returns its payload, and its error or nothing."""
        from kamome.services.lambda_.invocation.invocations import invoke

        async def call() -> _Answer:
            request: InvokeRequest = {"FunctionName": function_arn, "Payload": payload}
            answer = await invoke(self._slices.lambda_, ctx, request)
            body = answer.get("Payload", b"")
            return _Answer(body, answer.get("FunctionError", ""))

        target = target_of("lambda", "Invoke", function_arn, source_of(ctx.principal))
        answer = await self.hand_overs.invoke(target, call, lambda _run: None)
        return answer.payload, answer.function_error

    # ------------------------------------------------------------------ KMS

    def generate_data_key(
        self, ctx: RequestContext, key_id: str, encryption_context: Mapping[str, str], source: str
    ) -> DataKey:
        """A new AES-256 key under a key of KMS, inside the step of the service `source`."""
        from kamome.services.kms.data_keys import generate_data_key

        target = Target("kms", "GenerateDataKey", key_id, ctx.account, ctx.region, source)
        kms = self._slices.kms
        return self.hand_overs.call(
            target, lambda: generate_data_key(kms, ctx, key_id, encryption_context)
        )

    def decrypt_data_key(
        self, ciphertext: bytes, encryption_context: Mapping[str, str], source: str
    ) -> bytes:
        """What `generate_data_key` has encrypted, for who may ask the service `source`."""
        from kamome.services.kms.data_keys import decrypt

        target = Target("kms", "Decrypt", "", "", "", source)
        kms = self._slices.kms
        return self.hand_overs.call(target, lambda: decrypt(kms, ciphertext, encryption_context))

    # ------------------------------------------------------------------ SES

    def send_mail(
        self, ctx: RequestContext, address: str, subject: str, text: str, *, sender_name: str
    ) -> str:
        """Send a mail in a service's own name inside the caller's step; returns its MessageId."""
        from kamome.services.ses.feedback.notices import send_notice

        return self.hand_overs.deliver(
            ctx,
            ("ses", "SendEmail", address),
            lambda: send_notice(
                self._slices.ses, ctx, address, subject, text, sender_name=sender_name
            ),
            text,
        )

    # ------------------------------------------------------------------ Systems Manager

    async def read_parameter(self, ctx: RequestContext, name: str) -> str:
        """The value of a parameter, by its name or ARN; a SecureString is decrypted."""
        from kamome.services.ssm.get_parameters import get_parameter

        self._pass(Target("ssm", "GetParameters", name, ctx.account, ctx.region, _ECS))
        request: GetParameterRequest = {"Name": name, "WithDecryption": True}
        return (await get_parameter(self._slices.ssm, ctx, request))["Parameter"]["Value"]

    # ------------------------------------------------------------------ Secrets Manager

    async def read_secret(self, ctx: RequestContext, value_from: str) -> str:
        """A secret as a container definition names it: its ARN, and what of it."""
        from kamome.services.secretsmanager.container_secrets import container_secret

        service = "secretsmanager"
        self._pass(Target(service, "GetSecretValue", value_from, ctx.account, ctx.region, _ECS))
        return await container_secret(self._slices.secretsmanager, ctx, value_from)

    # ------------------------------------------------------------------ S3

    def bucket_exists(self, name: str) -> bool:
        """Is there a bucket of that name?"""
        return self._slices.s3.store.bucket(PARTITION, name) is not None

    async def put_object(
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
        """Store an object; where the acknowledgement is lost, it is there and nothing recorded."""
        from kamome.services.s3.objects.put_object import put_object_internal

        source = source_of(ctx.principal)
        target = Target("s3", "PutObject", f"{bucket}/{key}", ctx.account, ctx.region, source)
        outcome = self._faults.call(target) if self._faults.is_on else None
        refusal = outcome.refusal if outcome is not None else None
        if outcome is not None and refusal is not None and not outcome.is_lost:
            raise refusal
        await put_object_internal(
            self._slices.s3,
            ctx,
            bucket,
            key,
            body,
            content_length=content_length,
            record=record if refusal is None else _nothing,
            metadata=metadata,
        )
        if refusal is not None:
            raise refusal

    async def read_object(
        self, ctx: RequestContext, bucket: str, key: str, version_id: str = ""
    ) -> bytes:
        """The whole body of an object, or of a version; the caller knows that it is small."""
        from kamome.services.s3.objects.objects import get_object

        request: GetObjectRequest = {"Bucket": bucket, "Key": key}
        if version_id:
            request["VersionId"] = version_id
        answer = await get_object(self._slices.s3, ctx, request)
        body = answer["Body"]
        if isinstance(body, bytes):
            return body
        return b"".join([piece async for piece in body])

    async def object_pieces(
        self, ctx: RequestContext, bucket: str, key: str
    ) -> AsyncIterator[bytes]:
        """The body of an object in pieces, however large it is."""
        from kamome.services.s3.objects.objects import get_object

        answer = await get_object(self._slices.s3, ctx, {"Bucket": bucket, "Key": key})
        body = answer["Body"]
        if isinstance(body, bytes):
            yield body
        else:
            async for piece in body:
                yield piece

    def _pass(self, target: Target) -> None:
        """A call that only reads: a rule may refuse it."""
        outcome = self._faults.call(target) if self._faults.is_on else None
        if outcome is not None and outcome.refusal is not None:
            raise outcome.refusal


def target_of(service: str, operation: str, arn: str, source: str) -> Target:
    """What a rule may match: a call from one service to a resource of another."""
    parsed = parse_arn(arn)
    account, region = (parsed.account, parsed.region) if parsed else ("", "")
    return Target(service, operation, arn, account, region, source)


def _nothing() -> None:
    """What was done is not recorded."""
