"""HTTP(S) endpoints: confirmation, headers, retries by the delivery policy, throttling."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from tests.sns.test_deliveries import _closed, _filed_world, _restarted
from tests.sns.world import DLQ, World

from kamome.errors import AwsError
from kamome.services.sns.arns import topic_key
from kamome.services.sns.signing import SigningIdentity

URL = "https://example.com/orders?x=1"
REDRIVE = {"deadLetterTargetArn": DLQ}
HOUR_MS = 3_600_000


async def _subscribed(world: World, **attributes: object) -> tuple[str, str]:
    """A topic, and a confirmed subscription of URL."""
    topic = await world.topic()
    await world.subscribe(topic, URL, **attributes)
    await world.clock.activity.quiet()
    confirmed = await world.call(
        "ConfirmSubscription", TopicArn=topic, Token=_posted(world)[-1]["Token"]
    )
    world.endpoints.posted.clear()
    world.endpoints.attempts.clear()
    world.endpoints.attempted_at_ms.clear()
    return topic, str(confirmed["SubscriptionArn"])


def _posted(world: World) -> list[dict[str, str]]:
    return [json.loads(body) for _, body in world.endpoints.posted.get(URL, [])]


def _headers(world: World) -> dict[str, str]:
    return world.endpoints.posted[URL][-1][0]


def _waits_s(world: World) -> list[float]:
    at_ms = world.endpoints.attempted_at_ms[URL]
    return [round((b - a) / 1000) for a, b in pairwise(at_ms)]


class TestConfirmation:
    async def test_an_endpoint_is_asked_and_gets_nothing_before_it_confirms(
        self, world: World
    ) -> None:
        topic = await world.topic()
        result = await world.subscribe(topic, URL)
        await world.publish(topic)

        assert result == "pending confirmation"
        (asked,) = _posted(world)
        assert asked["Type"] == "SubscriptionConfirmation"
        assert asked["TopicArn"] == topic
        assert len(asked["Token"]) >= 128
        headers = _headers(world)
        assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
        assert headers["x-amz-sns-message-id"] == asked["MessageId"]
        assert headers["x-amz-sns-topic-arn"] == topic
        assert "x-amz-sns-subscription-arn" not in headers

    async def test_the_subscribe_url_holds_what_confirms(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic, URL)
        await world.clock.activity.quiet()

        query = parse_qs(urlsplit(_posted(world)[0]["SubscribeURL"]).query)

        assert query == {
            "Action": ["ConfirmSubscription"],
            "TopicArn": [topic],
            "Token": [_posted(world)[0]["Token"]],
        }

    async def test_pending_subscriptions_are_shown_as_such(self, world: World) -> None:
        topic = await world.topic()
        result = await world.call(
            "Subscribe", TopicArn=topic, Protocol="https", Endpoint=URL, ReturnSubscriptionArn=True
        )

        listed = await world.call("ListSubscriptionsByTopic", TopicArn=topic)
        shown = await world.subscription_attributes(str(result["SubscriptionArn"]))
        counts = await world.attributes(topic)

        assert listed["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"  # type: ignore[index] # a list
        assert shown["PendingConfirmation"] == "true"
        assert (counts["SubscriptionsPending"], counts["SubscriptionsConfirmed"]) == ("1", "0")

    async def test_a_confirmed_subscription_gets_messages(self, world: World) -> None:
        topic, subscription = await _subscribed(world)

        message_id = await world.publish(topic, "hello", Subject="New")

        (message,) = _posted(world)
        assert (message["Type"], message["Message"]) == ("Notification", "hello")
        headers = _headers(world)
        assert headers["x-amz-sns-message-type"] == "Notification"
        assert headers["x-amz-sns-message-id"] == message_id
        assert headers["x-amz-sns-subscription-arn"] == subscription
        assert headers["Content-Type"] == "text/plain; charset=UTF-8"
        assert headers["User-Agent"] == "Amazon Simple Notification Service Agent"
        counts = await world.attributes(topic)
        assert (counts["SubscriptionsPending"], counts["SubscriptionsConfirmed"]) == ("0", "1")

    async def test_an_unconfirmed_subscription_goes_after_two_days(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic, URL)
        await world.clock.activity.quiet()
        token = _posted(world)[0]["Token"]

        await world.clock.advance(48 * HOUR_MS)

        assert world.rows("sns_subscription") == world.rows("sns_confirmation") == 0
        with pytest.raises(AwsError, match="Invalid parameter: Token"):
            await world.call("ConfirmSubscription", TopicArn=topic, Token=token)

    async def test_subscribing_again_asks_again(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic, URL)
        await world.clock.advance(47 * HOUR_MS)
        await world.subscribe(topic, URL)
        await world.clock.advance(47 * HOUR_MS)

        assert len(_posted(world)) == 2
        assert world.rows("sns_subscription") == 1

    async def test_a_confirmation_that_does_not_arrive_is_retried(self, world: World) -> None:
        topic = await world.topic()
        world.endpoints.statuses[URL] = 503
        await world.subscribe(topic, URL)
        await world.clock.advance(30_000)

        world.endpoints.statuses.clear()
        await world.clock.advance(30_000)

        assert len(_posted(world)) == 1

    async def test_unsubscribing_may_need_a_signature(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic, URL)
        await world.clock.activity.quiet()
        token = _posted(world)[0]["Token"]
        confirmed = await world.call(
            "ConfirmSubscription", TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true"
        )
        arn = confirmed["SubscriptionArn"]
        signed, world.ctx = world.ctx, msgspec.structs.replace(world.ctx, access_key="")

        with pytest.raises(AwsError) as refused:
            await world.call("Unsubscribe", SubscriptionArn=arn)
        assert refused.value.code == "AuthorizationError"

        world.ctx = signed
        await world.call("Unsubscribe", SubscriptionArn=arn)
        assert world.rows("sns_subscription") == 0

    async def test_an_unsubscribed_endpoint_is_told_and_can_come_back(self, world: World) -> None:
        topic, subscription = await _subscribed(world)

        await world.call("Unsubscribe", SubscriptionArn=subscription)
        await world.clock.activity.quiet()

        (told,) = _posted(world)
        assert told["Type"] == "UnsubscribeConfirmation"
        await world.call("ConfirmSubscription", TopicArn=topic, Token=told["Token"])
        await world.publish(topic, "again")
        assert _posted(world)[-1]["Message"] == "again"

    async def test_a_queue_of_another_account_confirms_by_its_message(self, world: World) -> None:
        other = "arn:aws:sqs:us-east-1:999999999999:theirs"
        topic = await world.topic()
        result = await world.subscribe(topic, other)
        (asked,) = world.endpoints.at(other)
        await world.publish(topic)
        assert len(world.endpoints.at(other)) == 1

        token = asked.envelope["Token"]
        await world.call("ConfirmSubscription", TopicArn=topic, Token=token)
        await world.publish(topic, "hello")

        assert result == "pending confirmation"
        assert world.endpoints.at(other)[-1].envelope["Message"] == "hello"


class TestRetries:
    async def test_without_a_policy_there_are_three_retries_20_s_apart(self, world: World) -> None:
        topic, _ = await _subscribed(world, RedrivePolicy=REDRIVE)
        world.endpoints.statuses[URL] = 500

        await world.publish(topic)
        await world.clock.advance(HOUR_MS)

        assert world.endpoints.attempts[URL] == 4
        assert all(18 <= wait <= 22 for wait in _waits_s(world))
        assert len(world.endpoints.at(DLQ)) == 1
        assert world.waiting() == world.rows("sns_delivery") == 0

    async def test_the_phases_of_a_policy_follow_each_other(self, world: World) -> None:
        retry = {
            "minDelayTarget": 10,
            "maxDelayTarget": 100,
            "numRetries": 8,
            "numNoDelayRetries": 2,
            "numMinDelayRetries": 1,
            "numMaxDelayRetries": 2,
            "backoffFunction": "linear",
        }
        topic, _ = await _subscribed(world, DeliveryPolicy={"healthyRetryPolicy": retry})
        world.endpoints.statuses[URL] = OSError("refused")

        await world.publish(topic)
        await world.clock.advance(HOUR_MS)

        expected = [0, 0, 10, 10, 55, 100, 100, 100]
        assert [
            round(a / max(b, 1), 1) for a, b in zip(_waits_s(world), expected, strict=True)
        ] == (pytest.approx([0, 0, 1, 1, 1, 1, 1, 1], abs=0.11))

    @pytest.mark.parametrize("status", [400, 403, 404, 410])
    async def test_a_client_side_error_is_not_retried(self, world: World, status: int) -> None:
        topic, _ = await _subscribed(world, RedrivePolicy=REDRIVE)
        world.endpoints.statuses[URL] = status

        await world.publish(topic)

        assert world.endpoints.attempts[URL] == 1
        assert len(world.endpoints.at(DLQ)) == 1

    @pytest.mark.parametrize("status", [429, 500, 503, 302])
    async def test_other_errors_are_retried(self, world: World, status: int) -> None:
        topic, _ = await _subscribed(world)
        world.endpoints.statuses[URL] = status
        await world.publish(topic)

        world.endpoints.statuses.clear()
        await world.clock.advance(30_000)

        assert len(_posted(world)) == 1
        assert [one.attempts for one in world.sns.delivery_store.retried(10)] == [2]

    async def test_a_throttled_endpoint_gets_so_many_in_a_second(self, world: World) -> None:
        throttle = {"throttlePolicy": {"maxReceivesPerSecond": 4}}
        topic, _ = await _subscribed(world, DeliveryPolicy=throttle)
        for _ in range(12):
            await world.call("Publish", TopicArn=topic, Message="m")
        await world.clock.activity.quiet()

        counts = [len(_posted(world))]
        for _ in range(3):
            await world.clock.advance(1_000)
            counts.append(len(_posted(world)))

        assert counts == [1, 5, 9, 12]
        assert world.sns.delivery_store.retried(10) == []

    async def test_raw_delivery_sends_the_message_alone(self, world: World) -> None:
        topic, _ = await _subscribed(world, RawMessageDelivery="true")

        await world.publish(topic, "hello")

        [(headers, body)] = world.endpoints.posted[URL]
        assert body == b"hello"
        assert headers["x-amz-sns-rawdelivery"] == "true"

    async def test_the_topic_s_policy_gives_defaults_and_can_forbid_others(
        self, world: World
    ) -> None:
        topic, subscription = await _subscribed(
            world, DeliveryPolicy={"requestPolicy": {"headerContentType": "application/json"}}
        )
        shown = await world.subscription_attributes(subscription)
        effective = json.loads(shown["EffectiveDeliveryPolicy"])
        assert effective["healthyRetryPolicy"]["numRetries"] == 3
        assert effective["requestPolicy"] == {"headerContentType": "application/json"}

        policy = {
            "http": {
                "defaultHealthyRetryPolicy": {"numRetries": 5},
                "disableSubscriptionOverrides": True,
            }
        }
        await world.call(
            "SetTopicAttributes",
            TopicArn=topic,
            AttributeName="DeliveryPolicy",
            AttributeValue=json.dumps(policy),
        )

        shown = await world.subscription_attributes(subscription)
        effective = json.loads(shown["EffectiveDeliveryPolicy"])
        assert effective["healthyRetryPolicy"]["numRetries"] == 5
        assert effective["requestPolicy"] == {"headerContentType": "text/plain; charset=UTF-8"}

    @pytest.mark.parametrize(
        ("retry", "sentence"),
        [
            ({"minDelayTarget": 0}, "minDelayTarget must be greater than or equal to 1"),
            ({"minDelayTarget": 30}, "minDelayTarget must be less than or equal to maxDelayTarget"),
            ({"maxDelayTarget": 3601}, "maxDelayTarget must be less than or equal to 3600"),
            ({"numRetries": 101}, "numRetries must be less than or equal to 100"),
            ({"numRetries": "3"}, "numRetries must be an integer"),
            ({"numNoDelayRetries": 4}, "numRetries must be greater than or equal to total of"),
            ({"backoffFunction": "cubic"}, "backoffFunction must be one of: linear, arithmetic"),
            ({"colour": 1}, "Attribute http.defaultHealthyRetryPolicy.colour is unknown"),
            (
                {"maxDelayTarget": 1300},
                "http.defaultHealthyRetryPolicy: Total policy retry time cannot be greater than",
            ),
        ],
        ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
    )
    async def test_numbers_that_do_not_fit_are_refused(
        self, world: World, retry: dict[str, object], sentence: str
    ) -> None:
        if retry == {"maxDelayTarget": 1300}:
            retry = {"minDelayTarget": 1300, "maxDelayTarget": 1300}
        policy = {"http": {"defaultHealthyRetryPolicy": retry}}

        with pytest.raises(AwsError) as refused:
            await world.topic(DeliveryPolicy=json.dumps(policy))

        prefix = "Invalid parameter: Attributes Reason: DeliveryPolicy: "
        assert refused.value.message.startswith(prefix)
        assert sentence in refused.value.message


async def test_a_filtered_message_tells_which_clause_failed(world: World) -> None:
    topic = await world.topic()
    await world.subscribe(topic, FilterPolicy={"price": [{"numeric": [">", 100]}]})

    await world.publish(
        topic, "m", MessageAttributes={"price": {"DataType": "Number", "StringValue": "50"}}
    )
    await world.publish(topic, "m")

    first, second = world.steps()
    assert (first.action, first.result) == ("Deliver", "filtered out")
    assert first.detail == (
        'FilterPolicy (MessageAttributes) "price": [{"numeric":[">",100]}] found 50.0'
    )
    assert second.detail.endswith("found nothing")
    metrics = world.sns.delivery_store.metrics(topic_key(topic))
    assert metrics["NumberOfNotificationsFilteredOut"] == 2
    assert metrics["NumberOfNotificationsFilteredOut-NoMessageAttributes"] == 1


async def test_an_endpoint_gets_its_message_after_a_crash(
    tmp_path: Path, identity: SigningIdentity
) -> None:
    world = await _filed_world(tmp_path / "a", identity)
    world.sns.outbox.start()
    topic, _ = await _subscribed(world)
    world.endpoints.statuses[URL] = 500
    message_id = await world.publish(topic, "hello")
    await world.engine.durable()

    again = await _restarted(tmp_path / "a", tmp_path / "b")
    await again.clock.advance(30_000)

    (message,) = _posted(again)
    assert message["MessageId"] == message_id
    assert again.waiting() == again.rows("sns_undelivered") == 0
    await _closed(world, again)
