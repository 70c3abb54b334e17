"""Lambda polls queues, reads packages from S3 and hands results on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kamome.context import RequestContext
from kamome.services.lambda_ import ports
from kamome.services.lambda_.invocation.payloads import Result
from kamome.services.lambda_.slice import Lambda, LambdaSettings, make_lambda
from kamome.services.sqs import deliveries as queues
from kamome.services.sqs.slice import Sqs
from kamome.wiring.kernel import Kernel
from kamome.wiring.offers import Offers, target_of
from kamome.wiring.settings import SliceSettings


def make(kernel: Kernel, settings: SliceSettings, offers: Offers, sqs: Sqs) -> Lambda:
    """The slice with its ports."""
    polled = _PolledQueues(kernel, offers, sqs)
    return make_lambda(
        kernel.engine,
        kernel.outbox,
        kernel.blobs,
        kernel.journeys,
        clock=kernel.clock,
        ids=kernel.ids,
        ports=ports.Ports(
            queue=polled.port(),
            read_object=offers.read_object,
            code_url=_CodeUrl(settings.endpoint_url),
            call_function=polled.call_function,
            send_to_queue=offers.send_to_queue,
            publish=offers.publish,
            invoke_event=offers.invoke_event,
            put_event=offers.bus_events.put,
            topic_exists=offers.topic_exists,
            function_exists=offers.function_exists,
            put_object=offers.put_object,
            bucket_exists=offers.bucket_exists,
        ),
        settings=LambdaSettings(
            folder=settings.lambda_folder,
            endpoint_url=settings.endpoint_url,
            credentials=settings.credentials,
            processes_max=settings.lambda_processes,
            is_freezing=settings.lambda_freeze,
            wrapper=settings.lambda_wrapper,
            container_runtime=settings.ecs.runtime,
        ),
    )


class _CodeUrl:
    """Where GetFunction lets a client fetch the code."""

    def __init__(self, endpoint_url: Callable[[], str]) -> None:
        self._endpoint_url = endpoint_url

    def __call__(self, _ctx: RequestContext, function_name: str, code_sha256: str) -> str:
        return f"{self._endpoint_url()}/_kamome/lambda/{function_name}/{code_sha256}"


class _PolledQueues:
    """The queues of event source mappings; rules may fail each call to and from them."""

    def __init__(self, kernel: Kernel, offers: Offers, sqs: Sqs) -> None:
        self._faults = kernel.faults
        self._clock = kernel.clock
        self._hand_overs = offers.hand_overs
        self._sqs = sqs

    def port(self) -> ports.QueuePort:
        """What pollers ask of SQS."""
        return ports.QueuePort(
            receive=self._receive,
            delete=self._delete,
            when_available=lambda arn, callback: queues.when_available(self._sqs, arn, callback),
            queue_attributes=lambda arn: queues.queue_settings(self._sqs, arn),
            release=lambda arn, handles: queues.release_polled(self._sqs, arn, handles),
        )

    async def call_function(
        self,
        function_arn: str,
        _queue_arn: str,
        receipt_handles: Sequence[str],
        call: Callable[[], Awaitable[Result]],
    ) -> Result:
        """Invoke a function with a batch."""
        target = target_of("lambda", "Invoke", function_arn, "sqs")
        return await self._hand_overs.invoke(
            target, call, lambda run: self._note_handled(receipt_handles, function_arn, run)
        )

    def _delete(self, queue_arn: str, receipt_handles: Sequence[str]) -> None:
        """What is to be deleted has been handled, whether or not the deletion succeeds."""
        if not self._faults.is_watching:
            queues.delete_polled(self._sqs, queue_arn, receipt_handles)
            return
        self._note_handled(receipt_handles, "lambda", 0)
        self._hand_overs.call(
            target_of("sqs", "DeleteMessageBatch", queue_arn, "lambda"),
            lambda: queues.delete_polled(self._sqs, queue_arn, receipt_handles),
        )

    def _note_handled(self, receipt_handles: Sequence[str], by: str, run: int) -> None:
        now_ms = self._clock.now_ms()
        for handle in receipt_handles:
            receipt = self._sqs.handles.read(handle)
            self._faults.handlings.handled(receipt.id, receipt.receive_count, by, now_ms, run=run)

    def _receive(self, queue_arn: str, count: int) -> Sequence[ports.PolledMessage]:
        if self._faults.is_on:
            return self._hand_overs.call(
                target_of("sqs", "ReceiveMessage", queue_arn, "lambda"),
                lambda: self._polled(queue_arn, count),
            )
        return self._polled(queue_arn, count)

    def _polled(self, queue_arn: str, count: int) -> Sequence[ports.PolledMessage]:
        return [
            ports.PolledMessage(
                message_id=polled.message_id,
                receipt_handle=polled.receipt_handle,
                body=polled.body,
                attributes=polled.attributes,
                message_attributes={
                    name: ports.MessageAttribute(
                        value["DataType"], value.get("StringValue"), value.get("BinaryValue")
                    )
                    for name, value in polled.message_attributes.items()
                },
                md5_of_body=polled.md5_of_body,
                md5_of_message_attributes=polled.md5_of_message_attributes,
            )
            for polled in queues.poll(self._sqs, queue_arn, count)
        ]
