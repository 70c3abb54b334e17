"""Functions on disk and instances to run them."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import orjson
import pytest

from kamome import observe, storage
from kamome.clock import Clock, manual_clock, system_now_ms
from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.ids import seeded_ids
from kamome.observe.journeys import Journeys
from kamome.services import lambda_ as lambda_package
from kamome.services.lambda_ import shapes
from kamome.services.lambda_.event_source_mappings import mappings
from kamome.services.lambda_.functions import functions
from kamome.services.lambda_.invocation import invocations
from kamome.services.lambda_.ports import PolledMessage, Ports, QueuePort
from kamome.services.lambda_.runtimes.pool import InstancePool
from kamome.services.lambda_.runtimes.port import Invocation, Report, RuntimeSpec
from kamome.services.lambda_.runtimes.process import ProcessHost
from kamome.services.lambda_.slice import Lambda, LambdaSettings, make_lambda, prepare, start, stop
from kamome.storage.blobs import Blobs
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox

REQUEST_ID = "11111111-2222-4333-8444-555555555555"


@dataclass(slots=True)
class Runtime:
    """Writes function code and runs it as the invocation operation would."""

    host: ProcessHost
    pool: InstancePool
    folder: Path

    def spec(self, source: str, *, timeout_s: int = 5, key: str = "r1", **more: str) -> RuntimeSpec:
        code = self.folder / f"code-{key}"
        code.mkdir(exist_ok=True)
        (code / "app.py").write_text(source, "utf-8")
        return RuntimeSpec(
            key=key,
            account="000000000000",
            region="eu-west-1",
            function_name="f",
            function_arn="arn:aws:lambda:eu-west-1:000000000000:function:f",
            version="$LATEST",
            runtime="python3.11",
            handler=more.pop("handler", "app.handler"),
            code_folder=code,
            log_group="/aws/lambda/f",
            variables=more,
            timeout_s=timeout_s,
            memory_mb=128,
            ephemeral_storage_mb=512,
        )

    async def invoke(self, spec: RuntimeSpec, event: object = None) -> Report:
        return await self.pool.run(spec, lambda: invocation(event))


def invocation(event: object) -> Invocation:
    return Invocation(
        request_id=REQUEST_ID,
        payload=orjson.dumps(event),
        deadline_ms=system_now_ms() + 5_000,
        function_arn="arn:aws:lambda:eu-west-1:000000000000:function:f",
        trace="Root=1-68e60000-0123456789abcdef01234567",
    )


@pytest.fixture
def clock() -> Clock:
    return manual_clock()


@pytest.fixture
def make_host(clock: Clock, tmp_path: Path) -> Callable[[], ProcessHost]:
    return lambda: ProcessHost(
        clock=clock,
        unique=seeded_ids(7).hex,
        folder=tmp_path / "instances",
        log_folder=tmp_path / "logs",
        endpoint_url=lambda: "http://127.0.0.1:4566",
        credentials=lambda account: ("test", "test"),
    )


@pytest.fixture
async def runtime(
    make_host: Callable[[], ProcessHost], clock: Clock, tmp_path: Path
) -> AsyncIterator[Runtime]:
    host = make_host()
    pool = InstancePool(host.instance, clock, processes_max=2, idle_ms=300_000)
    yield Runtime(host, pool, tmp_path)
    async with asyncio.timeout(5):
        await pool.close()


class FakeQueue:
    """One queue on a manual clock: visibility timeouts, receive counts, wake-ups."""

    def __init__(self, clock: Clock, *, visibility_timeout_s: int = 30) -> None:
        self.arn = "arn:aws:sqs:eu-west-1:000000000000:orders"
        self.visibility_timeout_s = visibility_timeout_s
        self.deleted: list[str] = []
        self.receives = 0
        self.max_receive_count = 1_000
        self.dead: list[str] = []
        self._clock = clock
        self._bodies: dict[str, tuple[str, str]] = {}
        self._visible_at_ms: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._callbacks: list[Callable[[], None]] = []

    @property
    def waiting(self) -> list[str]:
        """Ids of all messages not deleted."""
        return list(self._bodies)

    def send(self, body: str, trace: str = "") -> str:
        message_id = f"m-{len(self._counts)}"
        self._bodies[message_id] = (body, trace)
        self._counts[message_id] = 0
        self._visible_at_ms[message_id] = self._clock.now_ms()
        self._notify()
        return message_id

    def port(self) -> QueuePort:
        return QueuePort(
            self._receive, self._delete, self._when_available, self._attributes, self._release
        )

    def _notify(self) -> None:
        for callback in list(self._callbacks):
            callback()

    def _receive(self, queue_arn: str, max_messages: int) -> list[PolledMessage]:
        assert 1 <= max_messages <= 10
        self.receives += 1
        now_ms = self._clock.now_ms()
        due = [
            message_id
            for message_id in self._bodies
            if queue_arn == self.arn and self._visible_at_ms[message_id] <= now_ms
        ]
        exhausted = [one for one in due if self._counts[one] >= self.max_receive_count]
        for message_id in exhausted:
            del self._bodies[message_id]
        self.dead += exhausted
        due = [message_id for message_id in due if message_id in self._bodies]
        return [self._claim(message_id) for message_id in due[:max_messages]]

    def _claim(self, message_id: str) -> PolledMessage:
        visible_at_ms = self._clock.now_ms() + self.visibility_timeout_s * 1000
        self._visible_at_ms[message_id] = visible_at_ms
        self._clock.call_at(visible_at_ms, self._notify)
        self._counts[message_id] += 1
        body, trace = self._bodies[message_id]
        attributes = {"ApproximateReceiveCount": str(self._counts[message_id])}
        if trace:
            attributes["AWSTraceHeader"] = trace
        return PolledMessage(message_id, f"h-{message_id}", body, attributes)

    def _delete(self, queue_arn: str, receipt_handles: Sequence[str]) -> None:
        for handle in receipt_handles:
            del self._bodies[handle[2:]]
            self.deleted.append(handle[2:])

    def _release(self, queue_arn: str, receipt_handles: Sequence[str]) -> None:
        for handle in receipt_handles:
            self._visible_at_ms[handle[2:]] = self._clock.now_ms()
        self._notify()

    @property
    def visible(self) -> list[str]:
        """Ids of messages that could be received now."""
        now_ms = self._clock.now_ms()
        return [one for one in self._bodies if self._visible_at_ms[one] <= now_ms]

    def _when_available(self, queue_arn: str, callback: Callable[[], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def _attributes(self, queue_arn: str) -> tuple[int, bool] | None:
        return (self.visibility_timeout_s, False) if queue_arn == self.arn else None


@dataclass(slots=True)
class Records:
    """What has been sent to queues, topics and functions: (target, body, attributes)."""

    sent: list[tuple[str, str, Mapping[str, Mapping[str, str | bytes]]]] = field(
        default_factory=list
    )
    refuses: bool = False
    s3_refusals: list[AwsError] = field(default_factory=list)

    def send_to_queue(
        self,
        ctx: RequestContext,
        queue_arn: str,
        body: str,
        attributes: Mapping[str, Mapping[str, str | bytes]],
        /,
    ) -> str:
        if self.refuses:
            raise NoSuchKey("The queue is gone.")
        self.sent.append((queue_arn, body, attributes))
        return "m"

    def publish(self, ctx: RequestContext, topic_arn: str, message: str, /) -> str:
        self.sent.append((topic_arn, message, {}))
        return "m"

    async def put_object(
        self,
        ctx: RequestContext,
        bucket: str,
        key: str,
        body: bytes,
        *,
        content_length: int,
        record: Callable[[], None],
    ) -> None:
        assert content_length == len(body)
        if self.s3_refusals:
            raise self.s3_refusals.pop(0)
        self.sent.append((f"s3://{bucket}/{key}", body.decode(), {}))
        record()

    def invoke_event(self, arn: str, payload: bytes) -> None:
        self.sent.append((arn, payload.decode(), {}))


@dataclass(slots=True)
class World:
    """The slice over a store in memory, and the caller."""

    lambda_: Lambda
    queue: FakeQueue
    clock: Clock
    ctx: RequestContext
    objects: dict[tuple[str, str], bytes]
    records: Records

    @staticmethod
    def archive(source: str) -> bytes:
        """A deployment package with one module."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as zipped:
            zipped.writestr("app.py", source)
        return file.getvalue()

    async def create(self, source: str, name: str = "f", **more: object) -> str:
        request: dict[str, object] = {
            "FunctionName": name,
            "Runtime": "python3.11",
            "Role": "arn:aws:iam::000000000000:role/r",
            "Handler": "app.handler",
            "Code": {"ZipFile": self.archive(source)},
            **more,
        }
        shown = await functions.create_function(
            self.lambda_, self.ctx, cast("shapes.CreateFunctionRequest", request)
        )
        return shown["FunctionArn"]

    async def invoke(self, payload: object = None, **more: object) -> shapes.InvokeResult:
        request = {"FunctionName": "f", "Payload": orjson.dumps(payload), **more}
        return await invocations.invoke(
            self.lambda_, self.ctx, cast("shapes.InvokeRequest", request)
        )

    async def map_queue(self, **more: object) -> str:
        request = {"FunctionName": "f", "EventSourceArn": self.queue.arn, **more}
        shown = await mappings.create_event_source_mapping(
            self.lambda_, self.ctx, cast("shapes.CreateEventSourceMappingRequest", request)
        )
        return shown["UUID"]

    async def quiet(self) -> None:
        """Return when nothing is under way at the present moment."""
        async with asyncio.timeout(10):
            await self.clock.advance(0)


@pytest.fixture
async def world(clock: Clock, tmp_path: Path) -> AsyncIterator[World]:
    engine = Engine(None)
    for name, package in (("storage", storage), ("observe", observe), ("lambda_", lambda_package)):
        migrate(engine, name, Path(package.__path__[0]))
    outbox = Outbox(engine, clock)
    queue = FakeQueue(clock)
    objects: dict[tuple[str, str], bytes] = {}
    records = Records()

    async def read_object(ctx: RequestContext, bucket: str, key: str, version_id: str, /) -> bytes:
        name = (bucket, f"{key}?{version_id}" if version_id else key)
        if name not in objects:
            raise NoSuchKey("The specified key does not exist.")
        return objects[name]

    lambda_ = make_lambda(
        engine,
        outbox,
        Blobs(engine, tmp_path / "blobs", seeded_ids(3)),
        Journeys(engine, clock),
        clock=clock,
        ids=seeded_ids(5),
        ports=Ports(
            queue.port(),
            read_object,
            lambda ctx, name, sha256: f"http://code/{name}",
            send_to_queue=records.send_to_queue,
            publish=records.publish,
            invoke_event=lambda ctx, arn, payload: records.invoke_event(arn, payload),
            put_event=lambda arn, event: records.sent.append((arn, event, {})),
            topic_exists=lambda arn: arn.endswith(":news"),
            function_exists=lambda arn: arn.endswith(":next"),
            put_object=records.put_object,
            bucket_exists=lambda name: name == "failures",
        ),
        settings=LambdaSettings(
            tmp_path / "lambda", lambda: "http://127.0.0.1:4566", processes_max=3, stop_grace_s=5
        ),
    )
    prepare(lambda_)
    outbox.start()
    start(lambda_)
    ctx = RequestContext(
        "000000000000", "eu-west-1", "arn:aws:iam::000000000000:root", REQUEST_ID, "rest-json"
    )
    yield World(lambda_, queue, clock, ctx, objects, records)
    async with asyncio.timeout(10):
        await outbox.stop(1)
        await stop(lambda_)
        await engine.close()
    lambda_.blobs.close()


class NoSuchKey(AwsError):
    status = 404
