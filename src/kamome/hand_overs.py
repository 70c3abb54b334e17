"""Calls and messages between services: where faults strike them and where they are counted.

The ports of `wiring/` go through `HandOvers`, a publication or an asynchronous invocation goes
through `ArrivingEvents`; for messages on their way into a queue see `wiring/arriving_messages.py`.
Without a rule each costs one attribute test.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Protocol, TypeVar

from kamome.arn import parse_arn
from kamome.clock import Clock
from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.faults.errors import ConnectionLost
from kamome.faults.handlings import CLIENT_AGAIN_MS, SERVICE_AGAIN_MS
from kamome.faults.injector import Faults, Outcome
from kamome.faults.rules import HTTP, HTTP_OPERATIONS, Target
from kamome.http import client as http_client
from kamome.mail.replies import SHUTTING_DOWN, parse_reply
from kamome.mail.stage_faults import StageFault
from kamome.observe.tally import Tally
from kamome.storage.engine import Engine
from kamome.storage.outbox import Outbox

logger = logging.getLogger(__name__)

_SERVICE_PRINCIPAL = ".amazonaws.com"
SNS = "sns"
_TARGETS_KEPT = 1_024
# AWS: SNS Developer Guide, HTTP/HTTPS headers.
_TOPIC_HEADER = "x-amz-sns-topic-arn"
# AWS: Lambda Developer Guide, Using Lambda with Amazon SQS, Implementing partial batch responses.
_ITEM_FAILURE = b'"itemIdentifier"'


class Invoked(Protocol):
    """What a function's invocation came to."""

    @property
    def function_error(self) -> str:
        """Empty where the function returned."""

    @property
    def payload(self) -> bytes:
        """What it returned, as JSON."""


T = TypeVar("T")
R = TypeVar("R", bound=Invoked)


def source_of(principal: str) -> str:
    """The service that calls: `sns` for `sns.amazonaws.com`."""
    return principal.removesuffix(_SERVICE_PRINCIPAL)


class HandOvers:
    """What happens to calls between services."""

    def __init__(self, faults: Faults, tally: Tally, engine: Engine, clock: Clock) -> None:
        self.faults = faults
        self._tally = tally
        self._engine = engine
        self._clock = clock

    def deliver(
        self, ctx: RequestContext, target: tuple[str, str, str], call: Callable[[], T], text: str
    ) -> T:
        """Hand something over within the caller's step: an attempt, and a delivery if it succeeds.

        `target` is service, operation and ARN; `text` the message, by which it is known again.

        Raises:
            AwsError: the call fails, by itself or because a rule has ordered that.
        """
        source = source_of(ctx.principal)
        way = f"{source} to {target[0]}"
        self._tally.count("attempts", way)
        if self.faults.is_on:
            result = self.call(_target(target, ctx.account, ctx.region, source), call, text)
        else:
            result = call()
        self._tally.count("deliveries", way)
        return result

    def call(self, target: Target, call: Callable[[], T], text: str = "") -> T:
        """Make a call within the caller's step, with what rules have ordered for it.

        A call whose acknowledgement is lost cannot take effect in the step that is undone by its
        refusal: it does so in a step of its own, directly after.

        Raises:
            AwsError: the call fails, by itself or because a rule has ordered that.
        """
        outcome = self.faults.call(target)
        if outcome is None or outcome.refusal is None:
            with self._calling(target.source):
                return call()
        if outcome.is_lost:
            if text:
                until_ms = self._clock.now_ms() + SERVICE_AGAIN_MS
                self.faults.handlings.lost_acknowledgement([text], until_ms)
            self._clock.activity.begin()
            asyncio.get_running_loop().call_soon(self._take_effect, target, call)
        refusal = outcome.refusal
        try:
            raise refusal
        finally:
            # Its traceback holds this frame, which must not hold it: in an outage of weeks such
            # rings kept the garbage collector busy for a third of the time.
            del refusal, outcome

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float
    ) -> int:
        """Deliver a document of SNS to an endpoint on the network; returns the answer's status.

        Raises:
            OSError: the endpoint does not answer, by itself or because a rule has ordered that.
        """
        way = f"{SNS} to {HTTP}"
        self._tally.count("attempts", way)
        topic = parse_arn(headers.get(_TOPIC_HEADER, ""))
        account, region = (topic.account, topic.region) if topic is not None else ("", "")
        target = Target(HTTP, HTTP_OPERATIONS[0], url, account, region, SNS)
        outcome = self.faults.call(target) if self.faults.is_on else None
        refusal = outcome.refusal if outcome is not None else None
        if refusal is not None and not isinstance(refusal, ConnectionLost):
            return refusal.status
        status = 0
        if outcome is None or refusal is None or outcome.is_lost:
            status = await http_client.post(url, headers, body, timeout_s=timeout_s)
        if refusal is not None:
            raise ConnectionAbortedError(refusal.message)
        if 200 <= status < 300:
            self._tally.count("deliveries", way)
        return status

    async def invoke(
        self,
        target: Target,
        call: Callable[[], Awaitable[R]],
        handled: Callable[[int], None],
    ) -> R:
        """Invoke a function for an event source; `handled(run)` when a run has ended well.

        Raises:
            AwsError: the call fails, by itself or because a rule has ordered that.
        """
        if not self.faults.is_on:
            return await call()
        outcome = self.faults.call(target) or Outcome()
        if outcome.refusal is not None and not outcome.is_lost:
            raise outcome.refusal
        runs = len(self.faults.arrival_shifts_ms(target))
        for run in range(runs):
            result = await call()
            # An ordinary run is told by the deletion of what it has handled.
            if (runs > 1 or outcome.is_lost) and _is_good(result):
                handled(run)
        if outcome.refusal is not None:
            raise outcome.refusal
        return result

    @contextmanager
    def _calling(self, source: str) -> Iterator[None]:
        """Who arrives now comes from `source`. The block is synchronous."""
        before, self.faults.source = self.faults.source, source
        try:
            yield
        finally:
            self.faults.source = before

    def _take_effect(self, target: Target, call: Callable[[], object]) -> None:
        try:
            with self._engine.atomic(), self._calling(target.source):
                call()
        except AwsError as error:
            # The caller has been told of a failure already, and will try again.
            logger.info("%s of %s was refused: %s", target.operation, target.resource, error)
        finally:
            self._clock.activity.end()


class ArrivingEvents(Outbox):
    """The outbox, into which publications and events come twice, late or out of order."""

    def __init__(self, engine: Engine, clock: Clock, faults: Faults) -> None:
        super().__init__(engine, clock)
        self._faults = faults
        self._now_ms = clock.now_ms

    def put(
        self,
        kind: str,
        payload: Mapping[str, object],
        *,
        at_ms: int | None = None,
        trace: str = "",
    ) -> int:
        """Write an entry, as often and as late as rules have ordered."""
        target_of = _EVENTS.get(kind) if self._faults.is_on else None
        target = target_of(payload, self._faults.source) if target_of is not None else None
        if target is None or target.resource.endswith(".fifo"):
            return super().put(kind, payload, at_ms=at_ms, trace=trace)
        entry_id = 0
        at_ms = self._now_ms() if at_ms is None else at_ms
        shifts_ms = self._faults.arrival_shifts_ms(target)
        if len(shifts_ms) > 1:
            texts = getattr(payload.get("notification"), "messages", {}).values()
            until_ms = at_ms + max(shifts_ms) + CLIENT_AGAIN_MS
            self._faults.handlings.duplicated(texts, until_ms)
        for shift_ms in shifts_ms:
            due_ms = at_ms + shift_ms
            entry_id = super().put(kind, payload, at_ms=due_ms, trace=trace)
        return entry_id


def _is_good(result: Invoked) -> bool:
    """Whether the function has handled all it was invoked for."""
    return not result.function_error and _ITEM_FAILURE not in result.payload


def stage_fault(faults: Faults, target: Target) -> StageFault | None:
    """What rules have ordered for a stage of an SMTP session."""
    outcome = faults.call(target)
    if outcome is None:
        return None
    latency_s = outcome.latency_ms / 1000
    if outcome.reply:
        return StageFault(latency_s, parse_reply(outcome.reply))
    if isinstance(outcome.refusal, ConnectionLost):
        return StageFault(latency_s, is_cut=True, is_lost=outcome.is_lost)
    if outcome.refusal is not None:
        return StageFault(latency_s, SHUTTING_DOWN)
    return StageFault(latency_s)


# A retry asks for the same target as the attempt before.
@lru_cache(_TARGETS_KEPT)
def _target(target: tuple[str, str, str], account: str, region: str, source: str) -> Target:
    service, operation, arn = target
    parsed = parse_arn(arn)
    if parsed is not None:
        account, region = parsed.account, parsed.region
    return Target(service, operation, arn, account, region, source)


def _publication(payload: Mapping[str, object], source: str) -> Target | None:
    """A publication on its way to the subscriptions; its later pages are no new ones."""
    notification = payload["notification"]
    arn = str(getattr(notification, "topic_arn", ""))
    topic = parse_arn(arn)
    if topic is None or payload.get("after"):
        return None
    return Target("sns", "Publish", arn, topic.account, topic.region, source)


def _event(payload: Mapping[str, object], source: str) -> Target | None:
    """An asynchronous invocation; one that is tried again is no new one."""
    if payload.get("retries") or payload.get("throttles"):
        return None
    account, region, name = (str(payload[member]) for member in ("account", "region", "name"))
    return Target("lambda", "Invoke", name, account, region, source)


_EVENTS: Mapping[str, Callable[[Mapping[str, object], str], Target | None]] = {
    "sns.fan_out": _publication,
    "lambda.async": _event,
}
