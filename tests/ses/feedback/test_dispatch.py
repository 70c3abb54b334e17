"""What leaves, what is rejected, and what a crash in the middle leaves: nothing, or all of it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.ses.conftest import Crash
from tests.ses.feedback.conftest import TOPIC, mail_of

from kamome.services.ses import entries
from kamome.services.ses.feedback import dispatch as dispatching
from kamome.services.ses.feedback import event_records
from kamome.services.ses.feedback.dispatch import dispatch
from kamome.services.ses.feedback.event_store import EventStore
from kamome.services.ses.sending import sent_retention
from kamome.services.ses.sending.sent_mails import find_sent, new_message_id
from kamome.wire import HttpRequest

if TYPE_CHECKING:
    from tests.ses.feedback.conftest import Sender

EICAR = dispatching._EICAR


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: x\r\n\r\n" + EICAR + b"\r\n",
        b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(EICAR),
    ],
    ids=["text", "base64"],
)
async def test_the_test_virus_is_rejected(sender: Sender, content: bytes) -> None:
    await sender.destination("REJECT")
    ses = sender.world.ses
    message_id = new_message_id(ses.ids, 0)
    sent = mail_of(message_id, ses.clock.now_ms(), ("to@example.net",))

    dispatch(ses, msgspec.structs.replace(sent, configuration_set="set"), content, "")

    told = sender.told()[0]
    assert (told["eventType"], told["reject"]) == ("Reject", {"reason": "Bad content"})
    assert not sender.spool.mails


async def test_the_envelope_follows_the_set(sender: Sender) -> None:
    await sender.destination("SEND")
    await sender.v2(
        "PutConfigurationSetDeliveryOptions",
        ConfigurationSetName="set",
        TlsPolicy="REQUIRE",
        MaxDeliverySeconds=300,
    )

    sent = await sender.send("to@example.net", configuration_set="set")

    mail, _ = sender.spool.mails[0]
    assert (mail.requires_tls, mail.max_age_ms) == (True, 300_000)
    assert mail.reverse_path == f"{sent.message_id}@mail.example.com"


async def test_a_crash_in_the_step_leaves_neither_mail_nor_event(sender: Sender) -> None:
    await sender.destination("SEND")
    sender.world.neighbours.crash_at = sender.world.neighbours.calls + 1

    with pytest.raises(Crash):
        await sender.send(
            "to@example.net", "bounce@simulator.amazonses.com", configuration_set="set"
        )

    sender.world.neighbours.crash_at = None
    await sender.world.settle()
    assert not sender.told()
    assert not EventStore(sender.world.engine).statistics(sender.owner, 0)
    assert sender.world.outbox.waiting(entries.SIMULATED_KIND) == 0


async def test_a_simulator_that_dies_answers_once_when_it_is_back(sender: Sender) -> None:
    await sender.destination("DELIVERY", "COMPLAINT")
    neighbours = sender.world.neighbours
    neighbours.crash_at = neighbours.calls + 2  # the delivery is told, the complaint not
    await sender.send("complaint@simulator.amazonses.com", configuration_set="set")
    neighbours.crash_at = None

    await sender.world.clock.advance(5_000)

    assert [told["eventType"] for told in sender.told()] == ["Delivery", "Complaint"]


async def test_sent_mails_are_forgotten_after_a_week_with_their_events(sender: Sender) -> None:
    sent = await sender.send("to@example.net")
    sent_retention.start(sender.world.ses)

    await sender.world.clock.advance(sent_retention.RETENTION_MS + 3_600_000)

    assert find_sent(sender.world.ses, sent.message_id) is None
    assert not sender.remembered(sent)


async def test_records_for_other_services_can_be_looked_at(sender: Sender) -> None:
    application = "arn:aws:mobiletargeting:us-east-1:000000000000:apps/a1"
    await sender.destination("SEND", PinpointDestination={"ApplicationArn": application})
    await sender.send("to@example.net", configuration_set="set")
    api = event_records.EventRecordsApi(
        sender.world.ses, region="us-east-1", account="000000000000"
    )

    shown = await api(HttpRequest("GET", event_records.PREFIX, "limit=1", []))
    refused = await api(HttpRequest("GET", event_records.PREFIX, "limit=0", []))

    assert isinstance(shown.body, bytes)
    assert b'"eventType":"Send"' in shown.body
    assert refused.status == 400


async def test_a_deleted_identity_takes_its_topics_along(sender: Sender) -> None:
    await sender.v1("VerifyDomainIdentity", Domain="example.com")
    await sender.v1(
        "SetIdentityNotificationTopic",
        Identity="example.com",
        NotificationType="Bounce",
        SnsTopic=TOPIC,
    )

    await sender.v1("DeleteIdentity", Identity="example.com")
    await sender.v1("VerifyDomainIdentity", Domain="example.com")

    shown = await sender.v1("GetIdentityNotificationAttributes", Identities=["example.com"])
    assert shown["NotificationAttributes"]["example.com"]["BounceTopic"] == ""
