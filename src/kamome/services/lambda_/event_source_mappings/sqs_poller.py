"""One event source mapping of an SQS queue: receive, invoke, delete what was worked.

A poller sleeps until the queue says that something may be there, so an idle one costs nothing.
Messages are claimed with the queue's own visibility timeout; those that fail are left alone and
come back when it ends, and so do those that the server held when it died.

AWS: Lambda Developer Guide, Using Lambda with Amazon SQS.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from kamome.errors import AwsError
from kamome.observe.journeys import trace_root
from kamome.services.lambda_.errors import TooManyRequestsException
from kamome.services.lambda_.event_source_mappings.batches import (
    Batch,
    Verdict,
    batches_of,
    passes,
    sqs_record,
    verdict,
)
from kamome.services.lambda_.event_source_mappings.scaling import STEP_MS, Scaling
from kamome.services.lambda_.invocation.payloads import Result
from kamome.services.lambda_.invocation.running import Call, find_version, run_function
from kamome.services.lambda_.limits import PAYLOAD_BYTES_MAX, RECEIVE_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kamome.clock import Timer
    from kamome.services.lambda_.event_source_mappings.event_source_mappings import (
        EventSourceMapping,
    )
    from kamome.services.lambda_.ports import PolledMessage
    from kamome.services.lambda_.slice import Lambda

logger = logging.getLogger(__name__)

# Where nothing can be invoked (no function, throttled, no room on the disk) the poller rests this
# long, doubling, so that it does not use up the queue's maxReceiveCount at full speed.
_REST_MS_MIN = 1_000
_REST_MS_MAX = 60_000
# A throttled batch is tried again as long as its messages are hidden; how soon, AWS does not say.
_THROTTLE_MS_MIN = 1_000
_THROTTLE_MS_MAX = 20_000
# One look receives at most this often, so that a queue of filtered messages cannot hold the loop.
_RECEIVES_PER_LOOK = 64


class SqsPoller:
    """The poller of one mapping. `pollers/scaling.py` says how many batches are in flight."""

    def __init__(self, lambda_: Lambda, mapping: EventSourceMapping) -> None:
        self.mapping = mapping
        self.under_way: set[asyncio.Task[None]] = set()
        self.last_result = ""
        self.scaling = Scaling(mapping.settings.maximum_concurrency, mapping.is_fifo)
        self._lambda = lambda_
        self._queue = lambda_.ports.queue
        self._patterns = mapping.settings.patterns
        self._held: list[PolledMessage] = []
        self._held_bytes = 0
        self._window: Timer | None = None
        self._growth: Timer | None = None
        self._rest: Timer | None = None
        self._rest_ms = 0
        self._pauses: dict[asyncio.Future[None], Timer] = {}
        self._is_woken = False
        self._is_stopped = False
        self._cancel: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Listen for messages, and look for those that are there."""
        self._cancel()
        self._cancel = self._queue.when_available(self.mapping.queue_arn, self.wake)
        self.wake()

    def stop(self) -> None:
        """Receive nothing more. Messages that wait for a window, or to be tried again, go back."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._cancel()
        for timer in (self._window, self._rest, self._growth):
            if timer is not None:
                timer.cancel()
        for woken in list(self._pauses):
            self._end_pause(woken)
        held, self._held = self._held, []
        self._release(held)

    def wake(self) -> None:
        """Look on the next pass of the loop, after the step that made a message available."""
        if self._is_woken or self._is_stopped or self._rest is not None:
            return
        self._is_woken = True
        self._lambda.clock.activity.begin()
        asyncio.get_running_loop().call_soon(self._look)

    # ------------------------------------------------------------------ receiving

    def _look(self) -> None:
        self._is_woken = False
        try:
            if not self._is_stopped:
                self._receive()
        except AwsError as error:
            logger.info("Receiving from %s was refused: %s", self.mapping.queue_arn, error)
            self.last_result = f"PROBLEM: {error.message}"
            self._take_rest()
        except Exception:
            logger.exception("Receiving from %s failed", self.mapping.queue_arn)
            self._take_rest()
        finally:
            self._lambda.clock.activity.end()

    def _receive(self) -> None:
        """Fill batches as long as there are messages and a batch may begin."""
        settings = self.mapping.settings
        for _ in range(_RECEIVES_PER_LOOK):
            if self._rest is not None or len(self.under_way) >= self._batches_max():
                self._expect_growth()
                return
            wanted = settings.batch_size - len(self._held)
            messages = self._queue.receive(self.mapping.queue_arn, min(wanted, RECEIVE_MAX))
            taken = self._filtered(messages)
            if taken and not self._held and settings.batching_window_s:
                self._open_window(settings.batching_window_s)
            self._held += taken
            self._held_bytes += sum(len(message.body) for message in taken)
            is_full = len(self._held) >= settings.batch_size
            if is_full or self._held_bytes >= PAYLOAD_BYTES_MAX:
                self._begin_held()
            elif not messages:
                self._be_empty()
                return
        self.wake()

    def _be_empty(self) -> None:
        """Nothing more is there: what is held goes, unless a window is open for it."""
        self.scaling.settle()
        if self._held and not self.mapping.settings.batching_window_s:
            self._begin_held()

    def _filtered(self, messages: Sequence[PolledMessage]) -> Sequence[PolledMessage]:
        """The messages that pass a filter; the others are deleted, as at AWS."""
        if not self._patterns:
            return messages
        arn = self.mapping.queue_arn
        taken = [one for one in messages if passes(sqs_record(arn, one), self._patterns)]
        dropped = [one for one in messages if one not in taken]
        if dropped:
            with self._lambda.engine.atomic():
                self._queue.delete(arn, [message.receipt_handle for message in dropped])
                for message in dropped:
                    self._step(message, "filtered", "no filter of the mapping matches")
        return taken

    # ------------------------------------------------------------------ scaling

    def _batches_max(self) -> int:
        """Where a function has no reserved concurrency, not more than there are processes.

        A batch that waits in line for a process of this machine would only grow old, as none does
        at AWS. Reserved concurrency is what someone has asked to see the effect of.
        """
        batches_max = self.scaling.batches_max
        if self._lambda.concurrency.reserved(self.mapping.function) is not None:
            return batches_max
        return min(batches_max, self._lambda.settings.processes_max)

    def _expect_growth(self) -> None:
        """As many batches as may be are in flight: there is a backlog until it is seen to end."""
        if self._growth is not None or self._is_stopped or not self.scaling.may_grow:
            return
        if len(self.under_way) >= self.scaling.batches_max:
            clock = self._lambda.clock
            self._growth = clock.call_at(clock.now_ms() + STEP_MS, self._grow)

    def _grow(self) -> None:
        self._growth = None
        if len(self.under_way) >= self.scaling.batches_max:
            self.scaling.grow()
        self.wake()

    def _open_window(self, window_s: int) -> None:
        clock = self._lambda.clock
        self._window = clock.call_at(clock.now_ms() + window_s * 1000, self._begin_held)

    def _begin_held(self) -> None:
        if self._window is not None:
            self._window.cancel()
            self._window = None
        messages, self._held, self._held_bytes = self._held, [], 0
        for batch in batches_of(self.mapping.queue_arn, messages):
            task = asyncio.get_running_loop().create_task(self._work(batch))
            self.under_way.add(task)
            task.add_done_callback(self._worked)

    def _worked(self, task: asyncio.Task[None]) -> None:
        self.under_way.discard(task)
        self.wake()

    # ------------------------------------------------------------------ invoking

    async def _work(self, batch: Batch) -> None:
        with self._lambda.clock.activity.busy():
            try:
                result = await self._invoke_until_hidden_no_more(batch)
                self._settle(batch, result)
            except Exception:
                logger.exception("A batch of %s failed", self.mapping.queue_arn)
                self._take_rest()

    async def _invoke_until_hidden_no_more(self, batch: Batch) -> Result | str:
        """The result, or why there is none. A throttled batch is tried while its messages hide."""
        clock, delay_ms = self._lambda.clock, _THROTTLE_MS_MIN
        facts = self._queue.queue_attributes(self.mapping.queue_arn)
        until_ms = clock.now_ms() + (facts[0] * 1000 if facts is not None else 0)
        while True:
            try:
                return await self._invoke(batch)
            except TooManyRequestsException as error:
                reason = str(error.members["Reason"])
            self.scaling.back_off()
            if clock.now_ms() + delay_ms >= until_ms:
                return f"Throttled: {reason}"
            await self._pause(delay_ms)
            if self._is_stopped:
                self._release(batch.messages)
                return "The mapping was stopped"
            delay_ms = min(delay_ms * 2, _THROTTLE_MS_MAX)

    async def _pause(self, delay_ms: int) -> None:
        """Wait, without being work that an advancing clock would wait for."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        clock = self._lambda.clock
        when_ms = clock.now_ms() + delay_ms
        self._pauses[woken] = clock.call_at(when_ms, lambda: self._end_pause(woken))
        clock.activity.end()
        await woken

    def _end_pause(self, woken: asyncio.Future[None]) -> None:
        self._pauses.pop(woken).cancel()
        self._lambda.clock.activity.begin()
        woken.set_result(None)

    async def _invoke(self, batch: Batch) -> Result | str:
        """The result of the invocation, or why there was none.

        Raises:
            TooManyRequestsException: the function, or the account, has no concurrency left.
        """
        if batch.is_too_large:
            return "The event of this message is over 6 MB"
        named = self.mapping.function
        function = find_version(self._lambda, named)
        if function is None:
            self._take_rest()
            return "Function not found"
        call = Call(self._lambda.ids.uuid(), batch.payload, named.qualified_arn, _trace_of(batch))
        handles = [message.receipt_handle for message in batch.messages]
        try:
            result = await self._lambda.ports.call_function(
                named.qualified_arn,
                self.mapping.queue_arn,
                handles,
                lambda: run_function(self._lambda, function, call),
            )
        except TooManyRequestsException:
            raise
        except AwsError as error:
            self._take_rest()
            return error.message
        self._rest_ms = 0
        return result

    def _settle(self, batch: Batch, result: Result | str) -> None:
        """Delete what was worked and record each message's step, all in one step."""
        if isinstance(result, str):
            answer, failure = None, result
        elif result.function_error:
            answer, failure = None, result.error_type or result.function_error
        else:
            answer, failure = result.payload, "reported in batchItemFailures"
        if answer is None:
            failed = isinstance(result, Result)
            self.last_result = f"PROBLEM: {'Function call failed' if failed else failure}"
            self.scaling.back_off()
        else:
            self.last_result = "OK"
        judged = verdict(batch, answer, reports_failures=self.mapping.settings.reports_failures)
        try:
            with self._lambda.engine.atomic():
                if judged.done:
                    handles = [message.receipt_handle for message in judged.done]
                    self._queue.delete(self.mapping.queue_arn, handles)
                self._record(judged, failure)
        except AwsError as error:
            logger.warning("%s: %s", self.mapping.queue_arn, error)

    def _record(self, judged: Verdict, failure: str) -> None:
        for message in judged.done:
            self._step(message, "ok", "")
        for message in judged.failed:
            count = message.attributes.get("ApproximateReceiveCount", "?")
            self._step(message, "failed", f"{failure} (receive {count})")

    def _step(self, message: PolledMessage, result: str, detail: str) -> None:
        self._lambda.journeys.step(
            message.trace,
            service="lambda",
            action="Invoke",
            resource=self.mapping.function_name,
            result=result,
            detail=detail,
        )

    def _release(self, messages: Sequence[PolledMessage]) -> None:
        """Let others have messages that this mapping will not work. Else they come back by time."""
        if not messages:
            return
        try:
            with self._lambda.engine.atomic():
                handles = [message.receipt_handle for message in messages]
                self._queue.release(self.mapping.queue_arn, handles)
        except AwsError as error:
            logger.info("%s: %s", self.mapping.queue_arn, error)

    # ------------------------------------------------------------------ resting

    def _take_rest(self) -> None:
        if self._rest is not None or self._is_stopped:
            return
        self._rest_ms = min(max(self._rest_ms * 2, _REST_MS_MIN), _REST_MS_MAX)
        clock = self._lambda.clock
        self._rest = clock.call_at(clock.now_ms() + self._rest_ms, self._end_rest)

    def _end_rest(self) -> None:
        """Listen anew, for the queue may have gone meanwhile, and another come in its place."""
        self._rest = None
        self.start()


def _trace_of(batch: Batch) -> str:
    """The trace of the messages, where all are of one; else the invocation has one of its own."""
    traces = {trace_root(message.trace): message.trace for message in batch.messages}
    return next(iter(traces.values())) if len(traces) == 1 else ""
