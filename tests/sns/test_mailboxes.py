"""Subscriptions of mailboxes: asked by a mail, served by mails, retried as AWS retries them."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

from tests.sns.world import DLQ, QueueDoesNotExist, Sent, ServiceUnavailable, World

ADDRESS = "a@example.com"


def _mails(world: World) -> list[Sent]:
    return world.endpoints.at(ADDRESS)


async def _confirmed(world: World, protocol: str = "email", **attributes: str) -> str:
    """A topic with a mailbox that has followed its link."""
    topic = await world.topic(**attributes)
    request = {"TopicArn": topic, "Protocol": protocol, "Endpoint": ADDRESS}
    await world.call("Subscribe", **request, Attributes={"RedrivePolicy": _redrive()})
    await world.clock.activity.quiet()
    record = world.sns.record_store.latest(protocol, 1)[0]
    url = str(record.document["SubscribeURL"])
    token = parse_qs(urlsplit(url).query)["Token"][0]
    await world.call("ConfirmSubscription", TopicArn=topic, Token=token)
    return topic


def _redrive() -> str:
    return json.dumps({"deadLetterTargetArn": DLQ})


async def test_a_mailbox_is_asked_with_a_link_that_confirms(world: World) -> None:
    topic = await world.topic()

    await world.subscribe(topic, ADDRESS)
    await world.clock.activity.quiet()

    (mail,) = _mails(world)
    (record,) = world.sns.record_store.latest("email", 10)
    assert mail.subject == "AWS Notification - Subscription Confirmation"
    assert str(record.document["SubscribeURL"]) in mail.body
    assert record.document["MailId"] == "mailed"
    assert (mail.ctx.principal, mail.ctx.source_arn) == ("sns.amazonaws.com", topic)


async def test_a_confirmed_mailbox_gets_messages_with_a_link_to_unsubscribe(world: World) -> None:
    topic = await _confirmed(world)

    await world.publish(topic, "hello", Subject="New")

    mail = _mails(world)[-1]
    assert (mail.subject, mail.sender_name) == ("New", "AWS Notifications")
    assert mail.body.startswith("hello\n")
    assert "Action=Unsubscribe&SubscriptionArn=" in mail.body


async def test_the_display_name_is_the_senders(world: World) -> None:
    topic = await _confirmed(world, DisplayName="Orders")

    await world.publish(topic)

    assert {mail.sender_name for mail in _mails(world)} == {"Orders"}
    assert _mails(world)[-1].subject == "AWS Notification Message"


async def test_email_json_gets_the_envelope(world: World) -> None:
    topic = await _confirmed(world, "email-json")

    await world.publish(topic, "hello")

    asked, told = _mails(world)
    assert asked.envelope["Type"] == "SubscriptionConfirmation"
    assert (told.envelope["Type"], told.envelope["Message"]) == ("Notification", "hello")


async def test_a_mail_that_cannot_leave_now_is_retried(world: World) -> None:
    topic = await _confirmed(world)
    world.endpoints.failures[ADDRESS] = ServiceUnavailable("down")
    await world.publish(topic, "late")
    del world.endpoints.failures[ADDRESS]
    before = len(_mails(world))

    await world.clock.advance(8_000)
    early = len(_mails(world)) - before
    await world.clock.advance(4_000)

    assert early == 0
    assert _mails(world)[-1].body.startswith("late\n")


async def test_a_question_that_cannot_leave_now_is_asked_later(world: World) -> None:
    topic = await world.topic()
    world.endpoints.failures[ADDRESS] = ServiceUnavailable("down")

    await world.subscribe(topic, ADDRESS)
    await world.clock.activity.quiet()
    del world.endpoints.failures[ADDRESS]
    await world.clock.advance(15_000)

    assert len(_mails(world)) == 1


async def test_an_address_that_takes_no_mail_is_not_asked_again(world: World) -> None:
    topic = await world.topic()
    world.endpoints.failures[ADDRESS] = QueueDoesNotExist("no address")

    await world.subscribe(topic, ADDRESS)
    await world.clock.advance(3_600_000)

    assert world.endpoints.attempts[ADDRESS] == 1


async def test_after_50_retries_the_dead_letter_queue_gets_the_message(world: World) -> None:
    topic = await _confirmed(world)
    world.endpoints.failures[ADDRESS] = ServiceUnavailable("down")
    before = world.endpoints.attempts[ADDRESS]
    await world.publish(topic, "hello")

    await world.clock.advance(8 * 3_600_000)

    assert world.endpoints.attempts[ADDRESS] - before == 51
    assert len(world.endpoints.at(DLQ)) == 1
