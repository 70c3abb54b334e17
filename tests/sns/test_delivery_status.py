"""Delivery status logging and active tracing: what a topic tells of its deliveries."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import orjson
import pytest
from tests.sns.world import DLQ, FUNCTION, QUEUE, QueueDoesNotExist, ServiceUnavailable, World

from kamome.services.sns.inspection import inspect
from kamome.wire import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLE = "arn:aws:iam::000000000000:role/logs"
URL = "http://example.com/hook"
GROUP = "sns/us-east-1/000000000000/orders"
SAMPLED = "Root=1-5759e988-aaaaaaaaaaaaaaaaaaaaaaaa;Sampled=1"


def _logs(world: World) -> list[Mapping[str, Any]]:
    return [dict(one.document) for one in reversed(world.sns.delivery_store.statuses(100))]


async def test_a_delivery_is_told_as_cloudwatch_logs_would_be(world: World) -> None:
    topic = await world.topic(SQSSuccessFeedbackRoleArn=ROLE, SQSSuccessFeedbackSampleRate="100")
    await world.subscribe(topic)

    message_id = await world.publish(topic, "hello")

    (log,) = world.sns.delivery_store.statuses(10)
    notification, delivery = log.document["notification"], log.document["delivery"]
    assert log.log_group == GROUP
    assert log.document["status"] == "SUCCESS"
    assert notification == {
        "messageMD5Sum": hashlib.md5(b"hello", usedforsecurity=False).hexdigest(),
        "messageId": message_id,
        "topicArn": topic,
        "timestamp": "2025-10-09 08:53:20.000",
    }
    assert isinstance(delivery, dict)
    assert delivery.pop("deliveryId")
    assert delivery == {
        "destination": QUEUE,
        "dwellTimeMs": 0,
        "attempts": 1,
        "providerResponse": '{"sqsMessageId":"queued"}',
        "statusCode": 200,
    }


async def test_a_delivery_that_took_some_attempts_is_told_once(world: World) -> None:
    topic = await world.topic(SQSSuccessFeedbackRoleArn=ROLE, SQSFailureFeedbackRoleArn=ROLE)
    await world.subscribe(topic)
    world.endpoints.failures[QUEUE] = ServiceUnavailable("down")
    await world.publish(topic)
    world.endpoints.failures.clear()

    await world.clock.advance(10_000)

    (log,) = _logs(world)
    assert (log["status"], log["delivery"]["attempts"]) == ("SUCCESS", 5)
    assert 800 <= log["delivery"]["dwellTimeMs"] <= 1_200


async def test_a_failure_is_told_with_its_cause(world: World) -> None:
    topic = await world.topic(SQSFailureFeedbackRoleArn=ROLE)
    await world.subscribe(topic, RedrivePolicy={"deadLetterTargetArn": DLQ})
    world.endpoints.failures[QUEUE] = QueueDoesNotExist("The queue is gone.")

    await world.publish(topic)

    (log,) = world.sns.delivery_store.statuses(10)
    assert log.log_group == f"{GROUP}/Failure"
    assert log.document["status"] == "FAILURE"
    delivery = log.document["delivery"]
    assert isinstance(delivery, dict)
    assert delivery["providerResponse"] == (
        "ErrorCode=QueueDoesNotExist; ErrorMessage=The queue is gone."
    )
    assert delivery["statusCode"] == 400


async def test_an_endpoint_s_deliveries_are_told_with_their_attempts(world: World) -> None:
    topic = await world.topic(HTTPFailureFeedbackRoleArn=ROLE)
    await world.subscribe(topic, URL)
    await world.clock.activity.quiet()
    token = orjson.loads(world.endpoints.posted[URL][0][1])["Token"]
    await world.call("ConfirmSubscription", TopicArn=topic, Token=token)
    world.endpoints.statuses[URL] = 500
    await world.publish(topic)

    await world.clock.advance(120_000)

    (log,) = _logs(world)
    assert (log["delivery"]["destination"], log["delivery"]["attempts"]) == (URL, 4)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"SQSFailureFeedbackRoleArn": ROLE},
        {"SQSSuccessFeedbackSampleRate": "100"},
        {"SQSSuccessFeedbackRoleArn": ROLE, "SQSSuccessFeedbackSampleRate": "0"},
        {"LambdaSuccessFeedbackRoleArn": ROLE, "HTTPSuccessFeedbackRoleArn": ROLE},
    ],
    ids=["nothing asked", "failures alone", "no role", "a rate of 0", "other protocols"],
)
async def test_successes_that_are_not_asked_for_are_not_told(
    world: World, attributes: dict[str, str]
) -> None:
    topic = await world.topic(**attributes)
    await world.subscribe(topic)

    await world.publish(topic)

    assert _logs(world) == []


async def test_the_rate_is_a_percentage(world: World) -> None:
    topic = await world.topic(LambdaSuccessFeedbackRoleArn=ROLE)
    await world.call(
        "SetTopicAttributes",
        TopicArn=topic,
        AttributeName="LambdaSuccessFeedbackSampleRate",
        AttributeValue="20",
    )
    await world.subscribe(topic, FUNCTION)

    for _ in range(200):
        await world.publish(topic)

    assert 20 <= len(world.sns.delivery_store.statuses(1_000)) <= 60


async def test_what_would_be_logged_can_be_looked_at(world: World) -> None:
    topic = await world.topic(SQSSuccessFeedbackRoleArn=ROLE)
    await world.subscribe(topic)
    await world.publish(topic)

    answer = await inspect(world.sns, HttpRequest("GET", "/_kamome/sns/delivery-status", "", []))

    assert isinstance(answer.body, bytes)
    (event,) = orjson.loads(answer.body)["events"]
    assert event["log_group"] == GROUP
    assert event["message"]["delivery"]["destination"] == QUEUE


class TestActiveTracing:
    @pytest.mark.parametrize(
        ("mode", "trace", "is_told"),
        [
            ("Active", SAMPLED, True),
            ("Active", SAMPLED.replace("=1", "=0"), False),
            ("PassThrough", SAMPLED, False),
        ],
        ids=["sampled", "not sampled", "passed through"],
    )
    async def test_a_sampled_message_has_a_journey(
        self, world: World, mode: str, trace: str, is_told: bool
    ) -> None:
        topic = await world.topic(TracingConfig=mode)
        await world.subscribe(topic)
        world.ctx = msgspec.structs.replace(world.ctx, trace=trace)

        await world.publish(topic)

        journey = world.sns.journeys.find(trace)
        assert (journey is not None) is is_told
        if journey is not None:
            assert [(step.action, step.resource) for step in journey.steps] == [("Deliver", QUEUE)]
        assert world.endpoints.at(QUEUE)[0].ctx.trace == trace
