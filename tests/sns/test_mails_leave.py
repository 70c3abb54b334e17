"""Mails of SNS on a whole server: they go the way of all mails, and their links work."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from kamome.testing import Kamome

_LINK = re.compile(r"http://\S+")


def _text(kamome: Kamome, number: int = -1) -> str:
    content: str = kamome.mails.sent[number].message.get_content()
    return content


@pytest.fixture
def topic(kamome: Kamome) -> str:
    """A topic with a mailbox that has followed the link in its mail."""
    sns: Any = kamome.client("sns")
    attributes = {"DisplayName": "ご注文"}
    topic: str = sns.create_topic(Name="orders", Attributes=attributes)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="shop@example.com")
    kamome.settle()
    link = _LINK.search(_text(kamome))
    assert link is not None
    with urlopen(link[0]) as answer:
        assert answer.status == 200
    return topic


def test_a_message_is_a_mail_whose_last_link_unsubscribes(kamome: Kamome, topic: str) -> None:
    sns = kamome.client("sns")

    sns.publish(TopicArn=topic, Message="三つ", Subject="New order")
    kamome.settle()

    mail = kamome.mails.sent[-1]
    assert (mail.sender, mail.recipients) == ("no-reply@sns.amazonaws.com", ("shop@example.com",))
    assert (mail.subject, mail.message["From"].addresses[0].display_name) == (
        "New order",
        "ご注文",
    )
    assert mail.message.get_content().startswith("三つ")
    with urlopen(_LINK.findall(_text(kamome))[-1]) as answer:
        assert answer.status == 200
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_a_mail_waits_while_mail_is_out_of_order(kamome: Kamome, topic: str) -> None:
    kamome.clock.freeze()
    before = len(kamome.mails.sent)

    with kamome.faults.add(service="ses", source="sns", outage=True):
        kamome.client("sns").publish(TopicArn=topic, Message="late")
        kamome.settle()
        during = len(kamome.mails.sent)
    kamome.clock.advance(20)

    assert during == before
    assert len(kamome.mails.sent) == before + 1
    assert _text(kamome).startswith("late")
