"""The slices and the ports between them: who may ask whom for what.

A slice never imports another; what it needs of one is a function in its `ports.py`, and this file
says which function that is. Ports are bound late (a method of `Slices`), so slices that need each
other can be made in any order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from kamome import registry
from kamome.arn import parse_arn
from kamome.clock import Clock
from kamome.context import RequestContext
from kamome.faults.injector import Faults
from kamome.faults.rules import Target
from kamome.hand_overs import ArrivingMessages, HandOvers, source_of
from kamome.ids import Ids
from kamome.mail.inbound import InboundPorts
from kamome.mail.store import MailStore
from kamome.observe.journeys import Journeys
from kamome.services import Served
from kamome.services.dynamodb import tables as dynamodb_tables
from kamome.services.dynamodb.slice import DynamoDb
from kamome.services.dynamodb.store import Store as DynamoDbStore
from kamome.services.ecs.names import ClusterName
from kamome.services.ecs.ports import Ports as EcsPorts
from kamome.services.ecs.slice import Ecs, EcsSettings, make_ecs
from kamome.services.lambda_ import ports as lambda_ports
from kamome.services.lambda_.invocations import function_exists, invoke_event
from kamome.services.lambda_.payloads import Result
from kamome.services.lambda_.slice import Lambda, LambdaSettings, make_lambda
from kamome.services.s3 import lifecycle as s3_lifecycle
from kamome.services.s3 import object_events as s3_events
from kamome.services.s3.objects import get_object
from kamome.services.s3.ports import Ports as S3Ports
from kamome.services.s3.put_object import put_object_internal
from kamome.services.s3.slice import S3
from kamome.services.s3.store import S3Store
from kamome.services.ses import intake, receipt_actions
from kamome.services.ses.ports import SesPorts
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import SesStore
from kamome.services.sns import entries as sns_entries
from kamome.services.sns.ports import SnsPorts
from kamome.services.sns.publishing import publish, topic_exists
from kamome.services.sns.slice import Sns, make_sns
from kamome.services.sns.store import SnsStore
from kamome.services.sqs import deliveries as queues
from kamome.services.sqs.move_operations import move_messages
from kamome.services.sqs.queue_operations import discard_messages
from kamome.services.sqs.slice import DISCARD_MESSAGES, MOVE_MESSAGES, Sqs, make_sqs
from kamome.services.sts.slice import Sts
from kamome.storage.blobs import Blobs
from kamome.storage.engine import Engine
from kamome.storage.facts import Facts
from kamome.storage.outbox import Entry, Outbox

if TYPE_CHECKING:
    from kamome.services.sqs.shapes import MessageAttributeValue

# Folders of `services/` that bring a schema.
SCHEMAS = ("sqs", "sns", "s3", "ses", "lambda_", "dynamodb", "ecs")
_PARTITION = "aws"
# Mails are worked side by side: each waits for the disk when it is stored.
_MAILS_UNDER_WAY = 16


class Kernel(msgspec.Struct, frozen=True):
    """What every slice stands on."""

    engine: Engine
    facts: Facts
    clock: Clock
    ids: Ids
    outbox: Outbox
    blobs: Blobs
    journeys: Journeys
    faults: Faults


class SliceSettings(msgspec.Struct, frozen=True):
    """What the slices are told of the server's settings."""

    lambda_folder: Path
    lambda_processes: int
    endpoint_url: Callable[[], str]
    credentials: Callable[[str], tuple[str, str]]
    is_deleted_queue_name_blocked: bool
    sns_certificate_base: str
    ecs: EcsSettings


class Slices:
    """All slices of one server."""

    def __init__(self, kernel: Kernel, settings: SliceSettings) -> None:
        self._kernel = kernel
        self._settings = settings
        self._hand_overs = HandOvers(
            kernel.faults, kernel.journeys.tally, kernel.engine, kernel.clock
        )
        self.mails = MailStore(kernel.engine, kernel.blobs)
        self.sqs = self._make_sqs()
        self.sns = self._make_sns()
        self.s3 = self._make_s3()
        self.lambda_ = self._make_lambda()
        self.dynamodb = DynamoDb(
            DynamoDbStore(kernel.engine), kernel.clock, kernel.ids, kernel.outbox
        )
        self.ecs = self._make_ecs()
        self.ses = self._make_ses()
        self.sts = Sts()
        self._register_outbox()

    def served(self) -> Sequence[Served]:
        """Each descriptor of the registry with its slice."""
        return (
            Served(registry.SES, self.ses),
            Served(registry.SNS, self.sns),
            Served(registry.SQS, self.sqs),
            Served(registry.S3, self.s3),
            Served(registry.LAMBDA, self.lambda_),
            Served(registry.DYNAMODB, self.dynamodb),
            Served(registry.ECS, self.ecs),
            Served(registry.STS, self.sts),
        )

    def mail_ports(self) -> InboundPorts:
        """What SES does with the mails that come in."""
        return InboundPorts(
            take=lambda mail: intake.receive(self.ses, mail),
            forget=lambda mail_ids: intake.forget(self.ses, mail_ids),
        )

    # ------------------------------------------------------------------ slices

    def _make_sqs(self) -> Sqs:
        kernel = self._kernel
        return make_sqs(
            kernel.engine,
            kernel.facts,
            kernel.clock,
            kernel.ids,
            kernel.outbox,
            journeys=kernel.journeys,
            is_deleted_name_blocked=self._settings.is_deleted_queue_name_blocked,
            store=ArrivingMessages(
                kernel.engine, kernel.facts, kernel.faults, kernel.clock, kernel.journeys.tally
            ),
        )

    def _make_sns(self) -> Sns:
        kernel = self._kernel
        return make_sns(
            SnsStore(kernel.engine),
            kernel.clock,
            kernel.ids,
            kernel.outbox,
            ports=SnsPorts(self._send_to_queue, self._invoke_event, self._hand_overs.post),
            journeys=kernel.journeys,
            certificate_base=self._settings.sns_certificate_base,
        )

    def _make_s3(self) -> S3:
        kernel = self._kernel
        ports = S3Ports(
            queue_exists=lambda arn: queues.queue_exists(self.sqs, arn),
            topic_exists=self._topic_exists,
            function_exists=self._function_exists,
            send_to_queue=self._send_to_queue,
            publish=self._publish,
            invoke_event=self._invoke_event,
        )
        return S3(
            S3Store(kernel.engine),
            kernel.blobs,
            kernel.clock,
            kernel.ids,
            kernel.outbox,
            ports,
            kernel.journeys,
        )

    def _make_lambda(self) -> Lambda:
        kernel, settings = self._kernel, self._settings
        return make_lambda(
            kernel.engine,
            kernel.outbox,
            kernel.blobs,
            kernel.journeys,
            clock=kernel.clock,
            ids=kernel.ids,
            ports=lambda_ports.Ports(
                queue=self._queue_port(),
                read_object=self._read_object,
                code_url=self._code_url,
                call_function=self._call_function,
                send_to_queue=self._send_to_queue,
                publish=self._publish,
                invoke_event=self._invoke_event,
                topic_exists=self._topic_exists,
                function_exists=self._function_exists,
            ),
            settings=LambdaSettings(
                folder=settings.lambda_folder,
                endpoint_url=settings.endpoint_url,
                credentials=settings.credentials,
                processes_max=settings.lambda_processes,
            ),
        )

    def _make_ecs(self) -> Ecs:
        kernel = self._kernel
        return make_ecs(
            kernel.engine,
            kernel.outbox,
            kernel.journeys,
            clock=kernel.clock,
            ids=kernel.ids,
            settings=self._settings.ecs,
            ports=EcsPorts(placement_fault=self._placement_fault),
        )

    def _make_ses(self) -> Ses:
        kernel = self._kernel
        ports = SesPorts(
            put_object=self._put_object,
            publish=self._publish,
            invoke_event=self._invoke_event,
            bucket_exists=lambda name: self.s3.store.bucket(_PARTITION, name) is not None,
            topic_exists=self._topic_exists,
            function_exists=self._function_exists,
            find_mail=self.mails.find,
            read_mail=self.mails.read,
        )
        return Ses(
            SesStore(kernel.engine),
            kernel.outbox,
            kernel.journeys,
            kernel.clock,
            kernel.ids,
            ports,
        )

    def _register_outbox(self) -> None:
        register = self._kernel.outbox.register
        register(DISCARD_MESSAGES, lambda entry: discard_messages(self.sqs, entry))
        register(MOVE_MESSAGES, lambda entry: move_messages(self.sqs, entry))
        register(s3_events.EVENT_KIND, lambda entry: s3_events.deliver_event(self.s3, entry))
        register(s3_lifecycle.EVENT_KIND, lambda entry: s3_lifecycle.work_lifecycle(self.s3, entry))
        register(
            dynamodb_tables.DELETE_ITEMS,
            lambda entry: dynamodb_tables.delete_items(self.dynamodb, entry),
        )
        sns_entries.register(self.sns)

        async def work_received(entry: Entry) -> None:
            await receipt_actions.work_received(self.ses, entry)

        register(
            intake.OUTBOX_KIND,
            work_received,
            concurrency=_MAILS_UNDER_WAY,
            on_give_up=lambda entry, error: receipt_actions.give_up_received(
                self.ses, entry, error
            ),
        )

    # ------------------------------------------------------------------ ports

    def _send_to_queue(
        self,
        ctx: RequestContext,
        queue_arn: str,
        body: str,
        attributes: Mapping[str, Mapping[str, str | bytes]] | None = None,
        *,
        group_id: str = "",
        deduplication_id: str = "",
    ) -> str:
        return self._hand_overs.deliver(
            ctx,
            ("sqs", "SendMessage", queue_arn),
            lambda: queues.send_to_queue(
                self.sqs,
                ctx,
                queue_arn,
                body,
                cast("Mapping[str, MessageAttributeValue]", attributes or {}),
                group_id=group_id,
                deduplication_id=deduplication_id,
            ),
            body,
        )

    def _publish(
        self, ctx: RequestContext, topic_arn: str, message: str, *, subject: str = ""
    ) -> str:
        return self._hand_overs.deliver(
            ctx,
            ("sns", "Publish", topic_arn),
            lambda: publish(self.sns, ctx, topic_arn, message, subject=subject),
            message,
        )

    def _placement_fault(self, cluster: ClusterName, family: str) -> str:
        """The failure reason that a rule about RunTask with source `ecs` has ordered."""
        faults = self._kernel.faults
        if not faults.is_on:
            return ""
        target = Target("ecs", "RunTask", family, cluster.account, cluster.region, "ecs")
        outcome = faults.call(target)
        return "" if outcome is None or outcome.refusal is None else outcome.refusal.code

    def _topic_exists(self, arn: str) -> bool:
        return topic_exists(self.sns, arn)

    def _invoke_event(self, ctx: RequestContext, function_arn: str, payload: bytes) -> None:
        self._hand_overs.deliver(
            ctx,
            ("lambda", "Invoke", function_arn),
            lambda: invoke_event(self.lambda_, ctx, function_arn, payload),
            "",
        )

    def _function_exists(self, arn: str) -> bool:
        return function_exists(self.lambda_, arn)

    async def _put_object(
        self,
        ctx: RequestContext,
        bucket: str,
        key: str,
        body: bytes | AsyncIterator[bytes],
        *,
        content_length: int,
        record: Callable[[], None],
    ) -> None:
        """Where the acknowledgement is lost, the object is there and nothing is recorded."""
        faults = self._kernel.faults
        source = source_of(ctx.principal)
        target = Target("s3", "PutObject", f"{bucket}/{key}", ctx.account, ctx.region, source)
        outcome = faults.call(target) if faults.is_on else None
        refusal = outcome.refusal if outcome is not None else None
        if outcome is not None and refusal is not None and not outcome.is_lost:
            raise refusal
        await put_object_internal(
            self.s3,
            ctx,
            bucket,
            key,
            body,
            content_length=content_length,
            record=record if refusal is None else _nothing,
        )
        if refusal is not None:
            raise refusal

    async def _read_object(self, ctx: RequestContext, bucket: str, key: str) -> bytes:
        """The whole body of an object; Lambda bounds it by the size of a package."""
        answer = await get_object(self.s3, ctx, {"Bucket": bucket, "Key": key})
        body = answer["Body"]
        if isinstance(body, bytes):
            return body
        return b"".join([piece async for piece in body])

    def _code_url(self, _ctx: RequestContext, function_name: str, code_sha256: str) -> str:
        return f"{self._settings.endpoint_url()}/_kamome/lambda/{function_name}/{code_sha256}"

    def _queue_port(self) -> lambda_ports.QueuePort:
        return lambda_ports.QueuePort(
            receive=self._poll_queue,
            delete=self._delete_polled,
            when_available=lambda arn, callback: queues.when_available(self.sqs, arn, callback),
            queue_attributes=lambda arn: queues.queue_settings(self.sqs, arn),
        )

    async def _call_function(
        self,
        function_arn: str,
        _queue_arn: str,
        receipt_handles: Sequence[str],
        call: Callable[[], Awaitable[Result]],
    ) -> Result:
        target = _target("lambda", "Invoke", function_arn, "sqs")
        return await self._hand_overs.invoke(
            target, call, lambda run: self._note_handled(receipt_handles, function_arn, run)
        )

    def _delete_polled(self, queue_arn: str, receipt_handles: Sequence[str]) -> None:
        """What is to be deleted has been handled, whether or not the deletion succeeds."""
        faults = self._kernel.faults
        if not faults.is_watching:
            queues.delete_polled(self.sqs, queue_arn, receipt_handles)
            return
        self._note_handled(receipt_handles, "lambda", 0)
        self._hand_overs.call(
            _target("sqs", "DeleteMessageBatch", queue_arn, "lambda"),
            lambda: queues.delete_polled(self.sqs, queue_arn, receipt_handles),
        )

    def _note_handled(self, receipt_handles: Sequence[str], by: str, run: int) -> None:
        now_ms = self._kernel.clock.now_ms()
        for handle in receipt_handles:
            receipt = self.sqs.handles.read(handle)
            self._kernel.faults.handlings.handled(
                receipt.id, receipt.receive_count, by, now_ms, run=run
            )

    def _poll_queue(self, queue_arn: str, count: int) -> Sequence[lambda_ports.PolledMessage]:
        if self._kernel.faults.is_on:
            return self._hand_overs.call(
                _target("sqs", "ReceiveMessage", queue_arn, "lambda"),
                lambda: self._polled(queue_arn, count),
            )
        return self._polled(queue_arn, count)

    def _polled(self, queue_arn: str, count: int) -> Sequence[lambda_ports.PolledMessage]:
        return [
            lambda_ports.PolledMessage(
                message_id=polled.message_id,
                receipt_handle=polled.receipt_handle,
                body=polled.body,
                attributes=polled.attributes,
                message_attributes={
                    name: lambda_ports.MessageAttribute(
                        value["DataType"], value.get("StringValue"), value.get("BinaryValue")
                    )
                    for name, value in polled.message_attributes.items()
                },
                md5_of_body=polled.md5_of_body,
                md5_of_message_attributes=polled.md5_of_message_attributes,
            )
            for polled in queues.poll(self.sqs, queue_arn, count)
        ]


def _target(service: str, operation: str, arn: str, source: str) -> Target:
    parsed = parse_arn(arn)
    account, region = (parsed.account, parsed.region) if parsed else ("", "")
    return Target(service, operation, arn, account, region, source)


def _nothing() -> None:
    """What was done is not recorded."""
