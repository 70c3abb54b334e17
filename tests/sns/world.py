"""A world for SNS: an in-memory store, a clock that stands still, and endpoints that can fail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kamome.clock import Clock, manual_clock
from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.ids import seeded_ids
from kamome.observe.journeys import Journeys, Step
from kamome.services.sns import deliveries, entries
from kamome.services.sns.operations import OPERATIONS
from kamome.services.sns.ports import MessageAttribute, SnsPorts
from kamome.services.sns.slice import Sns, make_sns
from kamome.services.sns.store import SnsStore
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox

ACCOUNT = "000000000000"
REGION = "us-east-1"
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793"
SOURCE = Path(deliveries.__file__).parents[2]
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
DLQ = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders-dlq"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:record"


class QueueDoesNotExist(AwsError):
    """What SQS says of a queue that is gone: a client-side error."""


class ServiceUnavailable(AwsError):
    """What an endpoint says that is down: a server-side error."""

    status = 503
    fault = "Receiver"


@dataclass(slots=True)
class Sent:
    """One message that arrived in a queue or a mailbox, or one event at a function."""

    ctx: RequestContext
    body: str
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    group_id: str = ""
    deduplication_id: str = ""
    subject: str = ""
    sender_name: str = ""

    @property
    def envelope(self) -> dict[str, object]:
        document = json.loads(self.body)
        assert isinstance(document, dict)
        return document


class Endpoints:
    """Queues and functions. What is in `failures` refuses, by ARN; `attempts` counts all calls."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self.sent: dict[str, list[Sent]] = {}
        self.failures: dict[str, Exception] = {}
        self.attempts: dict[str, int] = {}
        self.attempted_at_ms: dict[str, list[int]] = {}
        self.statuses: dict[str, int | OSError] = {}
        self.posted: dict[str, list[tuple[dict[str, str], bytes]]] = {}

    def at(self, arn: str) -> list[Sent]:
        return self.sent.get(arn, [])

    def send_to_queue(
        self,
        ctx: RequestContext,
        queue_arn: str,
        body: str,
        attributes: Mapping[str, MessageAttribute] | None = None,
        *,
        group_id: str = "",
        deduplication_id: str = "",
    ) -> str:
        self._take(queue_arn, Sent(ctx, body, attributes or {}, group_id, deduplication_id))
        return "queued"

    def invoke_event(self, ctx: RequestContext, function_arn: str, payload: bytes) -> None:
        self._take(function_arn, Sent(ctx, payload.decode()))

    def send_mail(
        self, ctx: RequestContext, address: str, subject: str, text: str, *, sender_name: str
    ) -> str:
        """A mailbox: fails as `failures` says of its address."""
        self._take(address, Sent(ctx, text, subject=subject, sender_name=sender_name))
        return "mailed"

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float
    ) -> int:
        """An HTTP endpoint: answers what `statuses` says of it, 200 without a word."""
        assert timeout_s == 15
        self.attempts[url] = self.attempts.get(url, 0) + 1
        self.attempted_at_ms.setdefault(url, []).append(self._clock.now_ms())
        status = self.statuses.get(url, 200)
        if isinstance(status, OSError):
            raise status
        if status == 200:
            self.posted.setdefault(url, []).append((dict(headers), body))
        return status

    def _take(self, arn: str, sent: Sent) -> None:
        self.attempts[arn] = self.attempts.get(arn, 0) + 1
        self.attempted_at_ms.setdefault(arn, []).append(self._clock.now_ms())
        if arn in self.failures:
            # A row written before the failure: the delivery's savepoint must undo it.
            self._engine.write("INSERT INTO fact (name, value) VALUES ('half', 'done')")
            # The same object each time: without this its traceback would grow with each attempt.
            raise self.failures[arn].with_traceback(None)
        self.sent.setdefault(arn, []).append(sent)


@dataclass(slots=True)
class World:
    """SNS with its surroundings."""

    sns: Sns
    clock: Clock
    engine: Engine
    endpoints: Endpoints
    ctx: RequestContext

    async def call(self, operation: str, **request: object) -> Mapping[str, object]:
        return await OPERATIONS[operation](self.sns, self.ctx, request) or {}

    async def topic(self, name: str = "orders", **attributes: str) -> str:
        result = await self.call("CreateTopic", Name=name, Attributes=attributes)
        return str(result["TopicArn"])

    async def subscribe(self, topic_arn: str, endpoint: str = QUEUE, **attributes: object) -> str:
        protocol = _protocol_of(endpoint)
        texts = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in attributes.items()
        }
        result = await self.call(
            "Subscribe",
            TopicArn=topic_arn,
            Protocol=protocol,
            Endpoint=endpoint,
            Attributes=texts,
        )
        return str(result["SubscriptionArn"])

    async def publish(self, topic_arn: str, message: str = "hello", **more: object) -> str:
        """Publish, and let the deliveries that are due now happen."""
        result = await self.call("Publish", TopicArn=topic_arn, Message=message, **more)
        await self.clock.activity.quiet()
        return str(result["MessageId"])

    async def attributes(self, topic_arn: str) -> dict[str, str]:
        result = await self.call("GetTopicAttributes", TopicArn=topic_arn)
        shown = result["Attributes"]
        assert isinstance(shown, dict)
        return shown

    async def subscription_attributes(self, subscription_arn: str) -> dict[str, str]:
        result = await self.call("GetSubscriptionAttributes", SubscriptionArn=subscription_arn)
        shown = result["Attributes"]
        assert isinstance(shown, dict)
        return shown

    def steps(self) -> list[Step]:
        journey = self.sns.journeys.find(TRACE)
        return [] if journey is None else list(journey.steps)

    def waiting(self) -> int:
        kinds = (deliveries.FAN_OUT, deliveries.DELIVER, deliveries.DELIVER_HTTP)
        return sum(self.sns.outbox.waiting(kind) for kind in kinds)

    def rows(self, table: str) -> int:
        row = self.engine.one(f"SELECT count(*) FROM {table}")
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]


def _protocol_of(endpoint: str) -> str:
    if endpoint.startswith("http"):
        return endpoint.partition(":")[0]
    if endpoint.startswith("arn:aws:sns:"):
        return "application"
    if endpoint.startswith("arn:"):
        return endpoint.split(":")[2]
    return "email" if "@" in endpoint else "sms"


def make_world(path: Path | None = None, clock: Clock | None = None) -> World:
    """A world over a store; a second one over the same path is a restart."""
    clock = clock or manual_clock()
    engine = Engine(path)
    migrate(engine, "storage", SOURCE / "storage")
    migrate(engine, "observe", SOURCE / "observe")
    migrate(engine, "sns", SOURCE / "services" / "sns")
    endpoints = Endpoints(engine, clock)
    outbox = Outbox(engine, clock)
    sns = make_sns(
        SnsStore(engine),
        clock,
        seeded_ids(4),
        outbox,
        ports=SnsPorts(
            endpoints.send_to_queue,
            endpoints.invoke_event,
            endpoints.send_mail,
            endpoints.post,
        ),
        journeys=Journeys(engine, clock),
    )
    entries.register(sns)
    ctx = RequestContext(
        ACCOUNT,
        REGION,
        f"arn:aws:iam::{ACCOUNT}:root",
        "request-1",
        trace=TRACE,
        access_key="test",
    )
    return World(sns, clock, engine, endpoints, ctx)
