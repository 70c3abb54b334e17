"""Mails that are sent, and everything that comes back about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.mail.outgoing import Outcome
from kamome.services.ses import entries
from kamome.services.ses.contacts import import_jobs
from kamome.services.ses.exports import export_jobs
from kamome.services.ses.feedback import event_publishing, feedback, returned_mails, simulator
from kamome.services.ses.feedback.dispatch import dispatch
from kamome.services.ses.feedback.event_store import EventStore, MailEvent
from kamome.services.ses.operations import OPERATIONS
from kamome.services.ses.operations_v2 import OPERATIONS as OPERATIONS_V2
from kamome.services.ses.receiving import intake
from kamome.services.ses.sending.sent_mails import Header, SentMail, new_message_id, reverse_path_of
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.ses.conftest import World

    from kamome.mail.outgoing import OutgoingMail

TOPIC = "arn:aws:sns:us-east-1:000000000000:news"
OWNER = Owner("000000000000", "us-east-1")
CONTENT = b"From: sender@example.com\r\nTo: to@example.net\r\nSubject: hi\r\n\r\nbody\r\n"


@dataclass
class Spool:
    """What was handed to the mail server."""

    mails: list[tuple[OutgoingMail, bytes]] = field(default_factory=list)

    def put(self, mail: OutgoingMail, content: Any) -> None:
        assert isinstance(content, bytes)
        self.mails.append((mail, content))


@dataclass
class Sender:
    """Sends mails and looks at what becomes of them."""

    world: World
    spool: Spool
    owner: Owner = OWNER
    ctx: RequestContext = field(
        default_factory=lambda: RequestContext("000000000000", "us-east-1", "root", "r1")
    )

    async def v1(self, operation: str, **members: object) -> Mapping[str, Any]:
        return await OPERATIONS[operation](self.world.ses, self.ctx, members) or {}

    async def v2(self, operation: str, **members: object) -> Mapping[str, Any]:
        return await OPERATIONS_V2[operation](self.world.ses, self.ctx, members) or {}

    async def refused(self, version: str, operation: str, **members: object) -> AwsError:
        with pytest.raises(AwsError) as caught:
            await getattr(self, version)(operation, **members)
        return caught.value

    async def destination(self, *types: str, **target: object) -> None:
        """A configuration set with one enabled destination, the topic unless told otherwise."""
        await self.v2("CreateConfigurationSet", ConfigurationSetName="set")
        definition = {
            "Enabled": True,
            "MatchingEventTypes": list(types),
            **(target or {"SnsDestination": {"TopicArn": TOPIC}}),
        }
        await self.v2(
            "CreateConfigurationSetEventDestination",
            ConfigurationSetName="set",
            EventDestinationName="there",
            EventDestination=definition,
        )

    async def send(self, *recipients: str, **changes: object) -> SentMail:
        """A mail is accepted, and what can follow at once has followed."""
        ses = self.world.ses
        now_ms = ses.clock.now_ms()
        sent = msgspec.structs.replace(
            mail_of(new_message_id(ses.ids, now_ms), now_ms, recipients), **changes
        )
        with ses.store.engine.atomic():
            ses.sent.add(sent, CONTENT)
            dispatch(ses, sent, CONTENT, reverse_path_of(sent.message_id, "mail.example.com"))
        await self.world.settle()
        return sent

    async def outcome(self, result: Outcome) -> None:
        with self.world.engine.atomic():
            feedback.outcome(self.world.ses, result)
        await self.world.settle()

    def replace_ports(self, **ports: object) -> None:
        changed = msgspec.structs.replace(self.world.ses.ports, **ports)
        self.world.ses = msgspec.structs.replace(self.world.ses, ports=changed)

    def told(self) -> list[dict[str, Any]]:
        """Messages published to the topic."""
        return self.world.neighbours.messages()

    def remembered(self, sent: SentMail) -> list[MailEvent]:
        return EventStore(self.world.engine).events(sent.message_id)


def mail_of(message_id: str, now_ms: int, recipients: tuple[str, ...]) -> SentMail:
    return SentMail(
        message_id=message_id,
        account="000000000000",
        region="us-east-1",
        sent_at_ms=now_ms,
        source="sender@example.com",
        source_arn="arn:aws:ses:us-east-1:000000000000:identity/example.com",
        source_ip="192.0.2.7",
        sending_account="000000000000",
        caller_identity="root",
        return_path="sender@example.com",
        destinations=recipients,
        headers=(Header("From", "sender@example.com"), Header("Subject", "hi")),
        are_headers_truncated=False,
        common_headers={"from": ["sender@example.com"], "subject": "hi"},
        tags={"ses:configuration-set": ["set"], "campaign": ["spring"]},
        configuration_set="",
        identity="example.com",
        subject="hi",
        list_name="",
        topic_name="",
        raw_bytes=len(CONTENT),
        trace="",
    )


def outcome_of(sent: SentMail, kind: str, code: int, enhanced: str, text: str) -> Outcome:
    return Outcome(
        mail_id=sent.message_id,
        owner="000000000000/us-east-1",
        recipient=sent.destinations[0],
        kind=kind,
        at_ms=sent.sent_at_ms + 750,
        attempts=1,
        code=code,
        enhanced=enhanced,
        text=text,
        remote_host="mx.example.net",
        remote_ip="192.0.2.25",
        processing_ms=750,
        is_permanent=code >= 500,
    )


@pytest.fixture
def sender(world: World) -> Sender:
    spool = Spool()
    world.outbox.register(entries.SIMULATED_KIND, lambda entry: simulator.work(world.ses, entry))
    world.outbox.register(
        entries.NOTIFY_KIND,
        lambda entry: event_publishing.work_notify(world.ses, entry),
        on_give_up=lambda entry, error: event_publishing.give_up_notify(world.ses, entry, error),
    )

    async def take_returned(entry: Any) -> None:
        await returned_mails.work(world.ses, entry)

    async def take_reported(entry: Any) -> None:
        await returned_mails.work_reported(world.ses, entry)

    async def import_records(entry: Any) -> None:
        await import_jobs.work(world.ses, entry)

    world.outbox.register(intake.RETURNED_KIND, take_returned)
    world.outbox.register(intake.REPORTED_KIND, take_reported)

    async def export_records(entry: Any) -> None:
        await export_jobs.work(world.ses, entry)

    world.outbox.register(entries.IMPORT_KIND, import_records)
    world.outbox.register(entries.EXPORT_KIND, export_records)
    made = Sender(world, spool)
    made.replace_ports(spool_put=spool.put)
    return made
