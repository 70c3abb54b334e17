"""A world for S3 alone: a store in memory, blobs in a temporary folder, neighbours that record."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

import kamome.observe as observe_package
import kamome.services.s3 as s3_package
import kamome.storage as storage_package
from kamome.clock import Clock, manual_clock
from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.ids import seeded_ids
from kamome.observe.journeys import Journeys
from kamome.services.s3 import later_work
from kamome.services.s3.errors import AccessDenied
from kamome.services.s3.lifecycle import lifecycle
from kamome.services.s3.notifications.object_events import EVENT_KIND, deliver_event
from kamome.services.s3.operations import OPERATIONS
from kamome.services.s3.ports import DataKey, Ports
from kamome.services.s3.slice import S3
from kamome.services.s3.store import S3Store
from kamome.storage.blobs import Blobs
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox
from kamome.wire import BodyStream

ACCOUNT = "000000000000"
BUCKET = "orders"


class QueueIsGone(AwsError):
    """What a neighbour answers for a destination that no longer exists."""


@dataclass
class Neighbours:
    """SQS, SNS and Lambda as S3 sees them: destinations that exist, and what they got."""

    existing: set[str] = field(default_factory=set)
    got: list[tuple[RequestContext, str, str]] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    bus: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    kms: dict[bytes, tuple[str, bytes, dict[str, str]]] = field(default_factory=dict)
    refused_keys: dict[str, AwsError] = field(default_factory=dict)
    decrypted: int = 0

    def ports(self) -> Ports:
        return Ports(
            queue_exists=self.existing.__contains__,
            topic_exists=self.existing.__contains__,
            function_exists=self.existing.__contains__,
            send_to_queue=self.send_to_queue,
            publish=self.publish,
            invoke_event=self.invoke_event,
            generate_data_key=self.generate_data_key,
            decrypt_data_key=self.decrypt_data_key,
            put_event=self.put_event,
            authorize=self.authorize,
        )

    def authorize(
        self, ctx: RequestContext, action: str, resource: str, policy: Callable[[], str]
    ) -> None:
        self.asked.append((action, resource))
        if f"not from {ctx.source_ip}" in policy():
            raise AccessDenied

    def generate_data_key(
        self, ctx: RequestContext, key_id: str, encryption_context: Mapping[str, str]
    ) -> DataKey:
        arn = key_id if key_id.startswith("arn:") else f"arn:aws:kms:{ctx.region}:key/{key_id}"
        if arn in self.refused_keys:
            raise self.refused_keys[arn]
        plaintext = hashlib.sha256(f"{arn} {len(self.kms)}".encode()).digest()
        ciphertext = b"sealed " + plaintext[::-1]
        self.kms[ciphertext] = (arn, plaintext, dict(encryption_context))
        return DataKey(arn, plaintext, ciphertext)

    def decrypt_data_key(self, ciphertext: bytes, encryption_context: Mapping[str, str]) -> bytes:
        arn, plaintext, context = self.kms[ciphertext]
        if arn in self.refused_keys:
            raise self.refused_keys[arn]
        assert context == encryption_context
        self.decrypted += 1
        return plaintext

    def put_event(self, bus_arn: str, event: str) -> None:
        self.bus.append({"bus": bus_arn, **json.loads(event)})

    def send_to_queue(self, ctx: RequestContext, queue_arn: str, body: str) -> str:
        if queue_arn not in self.existing:
            raise QueueIsGone(queue_arn)
        self.got.append((ctx, queue_arn, body))
        return "message-id"

    def publish(
        self, ctx: RequestContext, topic_arn: str, message: str, *, subject: str = ""
    ) -> str:
        self.subjects.append(subject)
        return self.send_to_queue(ctx, topic_arn, message)

    def invoke_event(self, ctx: RequestContext, function_arn: str, payload: bytes) -> None:
        self.send_to_queue(ctx, function_arn, payload.decode())


@dataclass
class World:
    """S3 with everything around it. `call` runs an operation as the pipeline would."""

    s3: S3
    engine: Engine
    clock: Clock
    neighbours: Neighbours
    ctx: RequestContext

    async def call(self, operation: str, **request: object) -> dict[str, Any]:
        result = await OPERATIONS[operation](self.s3, self.ctx, request)
        await self.engine.durable()
        return cast("dict[str, Any]", result or {})

    async def call_from(
        self, operation: str, *, region: str = "", account: str = "", **request: object
    ) -> dict[str, Any]:
        ctx = replace(
            self.ctx, region=region or self.ctx.region, account=account or self.ctx.account
        )
        return cast("dict[str, Any]", await OPERATIONS[operation](self.s3, ctx, request) or {})

    async def bucket(self, name: str = BUCKET) -> None:
        await self.call("CreateBucket", Bucket=name)

    async def put(self, key: str, body: bytes = b"", **members: object) -> dict[str, Any]:
        members.setdefault("Body", stream_of(body))
        return await self.call("PutObject", Bucket=BUCKET, Key=key, **members)

    async def get(self, key: str, **members: object) -> dict[str, Any]:
        """GetObject with the body read."""
        result = await self.call("GetObject", Bucket=BUCKET, Key=key, **members)
        body = result["Body"]
        if not isinstance(body, bytes):
            result["Body"] = b"".join([piece async for piece in body])
        return result

    async def head(self, key: str, **members: object) -> dict[str, Any]:
        return await self.call("HeadObject", Bucket=BUCKET, Key=key, **members)

    async def keys(self, **members: object) -> list[str]:
        page = await self.call("ListObjectsV2", Bucket=BUCKET, **members)
        return [row["Key"] for row in page.get("Contents", ())]

    def stream(self, body: bytes, **options: Any) -> BodyStream:
        return stream_of(body, **options)

    def blob_files(self) -> list[Path]:
        return [path for path in self.s3.blobs.folder.rglob("*") if path.is_file()]


def customer_key(key: bytes, prefix: str = "") -> dict[str, str]:
    """The members that bring a customer's key."""
    return {
        f"{prefix}SSECustomerAlgorithm": "AES256",
        f"{prefix}SSECustomerKey": base64.b64encode(key).decode(),
        f"{prefix}SSECustomerKeyMD5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }


def stream_of(
    body: bytes,
    *,
    length: int | None = -1,
    trailers: dict[str, str] | None = None,
    chunk: int = 64 * 1024,
) -> BodyStream:
    """A body as the server hands it over, in chunks, with trailers after it."""
    announced = frozenset(trailers or ())

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), chunk):
            yield body[at : at + chunk]
        stream.trailers.update(trailers or {})

    stream = BodyStream(chunks(), len(body) if length == -1 else length, announced)
    return stream


@pytest.fixture
def clock() -> Clock:
    return manual_clock()


@pytest.fixture
async def world(tmp_path: Path, clock: Clock) -> AsyncIterator[World]:
    engine = Engine(None)
    for package in (storage_package, observe_package, s3_package):
        assert package.__file__ is not None
        migrate(engine, package.__name__, Path(package.__file__).parent)
    ids = seeded_ids(7)
    neighbours = Neighbours()
    blobs = Blobs(engine, tmp_path / "blobs", ids)
    outbox = Outbox(engine, clock)
    journeys = Journeys(engine, clock)
    s3 = S3(S3Store(engine), blobs, clock, ids, outbox, neighbours.ports(), journeys)
    outbox.register(EVENT_KIND, partial(deliver_event, s3))
    outbox.register(lifecycle.EVENT_KIND, partial(lifecycle.work_lifecycle, s3))

    later_work.register(outbox, s3)
    outbox.start()
    ctx = RequestContext(
        account=ACCOUNT,
        region="us-east-1",
        principal=f"arn:aws:iam::{ACCOUNT}:root",
        request_id="4442587FB7D0A2F9",
        access_key="test",
        source_ip="127.0.0.9",
    )
    yield World(s3, engine, clock, neighbours, ctx)
    await outbox.stop()
    await engine.close()
    blobs.close()
