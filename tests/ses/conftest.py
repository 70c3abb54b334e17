"""The SES slice over an in-memory store, with S3, SNS and Lambda as rows that the tests can see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

import kamome.observe
import kamome.storage
from kamome.clock import Clock, manual_clock
from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.ids import seeded_ids
from kamome.mail import store as mail_store
from kamome.mail.dns import Resolver
from kamome.mail.envelope import Envelope, Mail
from kamome.mail.inbound import Inbound, InboundPorts
from kamome.observe.journeys import Journey, Journeys
from kamome.services.ses import store
from kamome.services.ses.feedback.topic_access import SUBSCRIPTION_SUCCEEDED, VALIDATED
from kamome.services.ses.identities.identity_store import IdentityStore
from kamome.services.ses.operations import OPERATIONS
from kamome.services.ses.operations_v2 import OPERATIONS as OPERATIONS_V2
from kamome.services.ses.ports import SesPorts
from kamome.services.ses.receiving import intake, setup_notification
from kamome.services.ses.sending.sent_store import SentStore
from kamome.services.ses.slice import Ses, SesSettings
from kamome.storage.blobs import Blob, Blobs
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox
from kamome.wiring import ses as ses_wiring

if TYPE_CHECKING:
    from kamome.mail.outgoing import OutgoingMail

TOPIC = "arn:aws:sns:us-east-1:000000000000:news"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:status"
KEY = "arn:aws:kms:us-east-1:000000000000:alias/aws/ses"


class NoSuchBucket(AwsError):
    status = 404


class NotFound(AwsError):
    status = 404


class Crash(Exception):
    """The process dies here, as far as the slice can tell."""


class Neighbours:
    """S3, SNS and Lambda. Effects are rows, so a step that is undone undoes them too."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        engine.write(
            "CREATE TABLE effect (number INTEGER PRIMARY KEY, kind TEXT, target TEXT, body BLOB)"
        )
        self.buckets = {"mails"}
        self.topics = {TOPIC}
        self.functions = {FUNCTION}
        self.contexts: list[RequestContext] = []
        self.subjects: list[str] = []
        self.answers: list[tuple[bytes, str]] = []
        self.setups: list[str] = []
        self.calls = 0
        self.crash_at: int | None = None
        self.streamed_lengths: list[int] = []
        self.spooled: list[OutgoingMail] = []
        self.keys = {KEY}
        self.data_keys: list[tuple[bytes, Mapping[str, str]]] = []
        self.metadata: list[Mapping[str, str]] = []
        self.is_spool_broken = False

    def effects(self, kind: str) -> list[tuple[str, bytes]]:
        rows = self._engine.all(
            "SELECT target, body FROM effect WHERE kind = ? ORDER BY number", (kind,)
        )
        return [(str(target), body) for target, body in rows if isinstance(body, bytes)]

    def messages(self) -> list[dict[str, Any]]:
        """What topics were told, without the messages by which SES tries that it may."""
        told = [body for _, body in self.effects("publish") if body != VALIDATED.encode()]
        messages = [orjson.loads(body) for body in told]
        return [m for m in messages if m.get("notificationType") != SUBSCRIPTION_SUCCEEDED]

    def events(self) -> list[dict[str, Any]]:
        return [orjson.loads(body) for _, body in self.effects("invoke")]

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
        if bucket not in self.buckets:
            raise NoSuchBucket("The specified bucket does not exist")
        assert not isinstance(body, bytes)
        content = b"".join([piece async for piece in body])
        assert len(content) == content_length
        with self._engine.atomic():
            if key.endswith(setup_notification.OBJECT_NAME):
                self.setups.append(f"{bucket}/{key}")
                record()
                return
            self._effect(ctx, "put", f"{bucket}/{key}", content)
            self.metadata.append(metadata or {})
            record()
        self._tick()

    def generate_data_key(
        self, ctx: RequestContext, key_arn: str, encryption_context: Mapping[str, str]
    ) -> tuple[bytes, bytes]:
        """A key that tells its number, which is what it is when it is encrypted."""
        if key_arn not in self.keys:
            raise NotFound(f"Key '{key_arn}' does not exist")
        self.contexts.append(ctx)
        self.data_keys.append((bytes([len(self.data_keys)]) * 32, encryption_context))
        return self.data_keys[-1][0], b"encrypted %d" % len(self.data_keys)

    async def read_object(self, ctx: RequestContext, bucket: str, key: str) -> AsyncIterator[bytes]:
        """Objects that the slice has put there, in two pieces."""
        found = dict(self.effects("put")).get(f"{bucket}/{key}")
        if found is None:
            raise NoSuchBucket(f"There is no {bucket}/{key}.")
        yield found[: len(found) // 2]
        yield found[len(found) // 2 :]

    def put_event(self, bus_arn: str, event: str) -> None:
        self._engine.write(
            "INSERT INTO effect (kind, target, body) VALUES ('event', ?, ?)",
            (bus_arn, event.encode()),
        )

    def publish(
        self, ctx: RequestContext, topic_arn: str, message: str, *, subject: str = ""
    ) -> str:
        if topic_arn not in self.topics:
            raise NotFound("Topic does not exist")
        self.subjects.append(subject)
        self._effect(ctx, "publish", topic_arn, message.encode())
        return "id"

    def invoke_event(self, ctx: RequestContext, function_arn: str, payload: bytes) -> None:
        if function_arn not in self.functions:
            raise NotFound("Function not found")
        self._effect(ctx, "invoke", function_arn, payload)

    def spool_put(self, mail: OutgoingMail, content: bytes | Blob) -> None:
        """What leaves: the envelope as the target, the content as the body."""
        if self.is_spool_broken:
            raise Crash
        self.spooled.append(mail)
        body = content if isinstance(content, bytes) else content.id.encode()
        self._engine.write(
            "INSERT INTO effect (kind, target, body) VALUES ('spool', ?, ?)", (mail.mail_id, body)
        )

    async def invoke_function(
        self, ctx: RequestContext, function_arn: str, payload: bytes
    ) -> tuple[bytes, str]:
        """A function that is waited for; `answers` holds what it says, call by call."""
        self._effect(ctx, "ask", function_arn, payload)
        if not self.answers:
            await asyncio.sleep(0)
            return b"null", ""
        return self.answers.pop(0)

    def _effect(self, ctx: RequestContext, kind: str, target: str, body: bytes) -> None:
        self._tick()
        self.contexts.append(ctx)
        self._engine.write(
            "INSERT INTO effect (kind, target, body) VALUES (?, ?, ?)", (kind, target, body)
        )
        self._tick()

    def _tick(self) -> None:
        self.calls += 1
        if self.calls == self.crash_at:
            raise Crash


@dataclass
class World:
    """The slice and what surrounds it."""

    engine: Engine
    outbox: Outbox
    journeys: Journeys
    clock: Clock
    ses: Ses
    inbound: Inbound
    mails: mail_store.MailStore
    neighbours: Neighbours
    ctx: RequestContext = field(
        default_factory=lambda: RequestContext("000000000000", "us-east-1", "root", "r1")
    )

    async def call(
        self, operation: str, ctx: RequestContext | None = None, **members: object
    ) -> Mapping[str, Any]:
        result = await OPERATIONS[operation](self.ses, ctx or self.ctx, members)
        assert result is not None
        return result

    async def refused(self, operation: str, **members: object) -> AwsError:
        """The error that an operation is answered with."""
        with pytest.raises(AwsError) as caught:
            await OPERATIONS[operation](self.ses, self.ctx, members)
        return caught.value

    async def call_none(self, operation: str, **members: object) -> None:
        """An operation that answers nothing."""
        assert await OPERATIONS[operation](self.ses, self.ctx, members) is None

    async def call_v2(self, operation: str, **members: object) -> Mapping[str, Any]:
        """An operation of the API v2."""
        result = await OPERATIONS_V2[operation](self.ses, self.ctx, members)
        assert result is not None
        return result

    async def refused_v2(self, operation: str, **members: object) -> AwsError:
        """The error that an operation of the API v2 is answered with."""
        with pytest.raises(AwsError) as caught:
            await OPERATIONS_V2[operation](self.ses, self.ctx, members)
        return caught.value

    async def receiving(self, *rules: Mapping[str, object], domain: str = "example.com") -> None:
        """A verified domain and an active rule set of these rules, enabled unless they say."""
        await self.call("VerifyDomainIdentity", Domain=domain)
        await self.call("CreateReceiptRuleSet", RuleSetName="inbound")
        for number, rule in reversed(list(enumerate(rules))):
            full = {"Name": f"rule-{number}", "Enabled": True, **rule}
            await self.call("CreateReceiptRule", RuleSetName="inbound", Rule=full)
        await self.call("SetActiveReceiptRuleSet", RuleSetName="inbound")

    async def mail(
        self,
        content: bytes = b"Subject: hi\r\n\r\nbody\r\n",
        *,
        recipients: tuple[str, ...] = ("user@example.com",),
        reverse_path: str = "sender@example.net",
    ) -> Mail:
        """A mail comes in by SMTP."""
        incoming = self.inbound.open()
        await incoming.write(content)
        envelope = Envelope(reverse_path, recipients, "mail.example.net", "192.0.2.1", "TLSv1.3")
        return await self.inbound.accept(incoming, envelope)

    async def deliver(self, content: bytes = b"Subject: hi\r\n\r\nbody\r\n") -> Mail:
        """A mail comes in, and what is planned with it is done."""
        mail = await self.mail(content)
        await self.settle()
        return mail

    async def settle(self) -> None:
        await self.clock.activity.quiet()

    def journey(self, mail: Mail) -> Journey:
        found = self.journeys.find(mail.trace)
        assert found is not None
        return found

    def waiting(self) -> int:
        return self.outbox.waiting(intake.OUTBOX_KIND)


@pytest.fixture
def settings() -> SesSettings:
    """The mode of development. A module of tests may say otherwise."""
    return SesSettings()


@pytest.fixture
def name_servers() -> str:
    """The setting `dns`. A module of tests may name a server."""
    return "off"


@pytest.fixture
async def world(tmp_path: Path, settings: SesSettings, name_servers: str) -> AsyncIterator[World]:
    engine, clock, ids = Engine(None), manual_clock(), seeded_ids(2)
    migrate(engine, "storage", Path(kamome.storage.__file__).parent)
    migrate(engine, "observe", Path(kamome.observe.__file__).parent)
    migrate(engine, "mail", mail_store.SCHEMA_FOLDER)
    migrate(engine, "ses", store.SCHEMA_FOLDER)
    outbox, journeys = Outbox(engine, clock), Journeys(engine, clock)
    blobs = Blobs(engine, tmp_path / "blobs", ids)
    mails, neighbours = mail_store.MailStore(engine, blobs), Neighbours(engine)
    ports = SesPorts(
        put_object=neighbours.put_object,
        read_object=neighbours.read_object,
        generate_data_key=neighbours.generate_data_key,
        publish=neighbours.publish,
        invoke_event=neighbours.invoke_event,
        put_event=neighbours.put_event,
        invoke_function=neighbours.invoke_function,
        bucket_exists=lambda name: name in neighbours.buckets,
        topic_exists=lambda arn: arn in neighbours.topics,
        function_exists=lambda arn: arn in neighbours.functions,
        find_mail=mails.find,
        read_mail=mails.read,
        spool_put=neighbours.spool_put,
        resolver=Resolver(clock, name_servers),
    )
    sent = SentStore(engine, blobs)
    identities = IdentityStore(engine)
    ses = Ses(
        store.SesStore(engine),
        outbox,
        journeys,
        clock,
        ids,
        ports,
        sent,
        blobs,
        identities,
        settings,
    )

    ses_wiring.register(outbox, ses)
    inbound_ports = InboundPorts(
        take=lambda mail: intake.receive(ses, mail),
        read_head=lambda mail, head: intake.note_report(ses, mail, head),
        forget=lambda mail_ids: intake.forget(ses, mail_ids),
    )
    inbound = Inbound(mails, journeys, clock, ids, inbound_ports)
    outbox.start()
    yield World(engine, outbox, journeys, clock, ses, inbound, mails, neighbours)
    await outbox.stop(0)
    await inbound.settle()
    await engine.close()
    blobs.close()
