"""Subscriptions: subscribing, attributes, lists, and what is refused."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace
from tests.sns.world import ACCOUNT, DLQ, FUNCTION, QUEUE, World

from kamome.errors import AwsError
from kamome.services.sns import errors


async def _refusal(world: World, operation: str, **request: object) -> AwsError:
    with pytest.raises(AwsError) as raised:
        await world.call(operation, **request)
    return raised.value


class TestSubscribe:
    async def test_a_queue_is_confirmed_at_once(self, world: World) -> None:
        topic = await world.topic()

        arn = await world.subscribe(topic)

        assert arn.startswith(topic + ":")
        assert await world.subscription_attributes(arn) == {
            "SubscriptionArn": arn,
            "TopicArn": topic,
            "Protocol": "sqs",
            "Endpoint": QUEUE,
            "Owner": ACCOUNT,
            "SubscriptionPrincipal": f"arn:aws:iam::{ACCOUNT}:root",
            "ConfirmationWasAuthenticated": "true",
            "PendingConfirmation": "false",
            "RawMessageDelivery": "false",
        }

    async def test_the_same_endpoint_again_keeps_its_subscription(self, world: World) -> None:
        topic = await world.topic()
        first = await world.subscribe(topic, RawMessageDelivery="true")

        assert await world.subscribe(topic) == first
        assert await world.subscribe(topic, RawMessageDelivery="true") == first
        assert world.rows("sns_subscription") == 1

    async def test_the_same_endpoint_with_other_attributes_is_refused(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic)

        with pytest.raises(errors.InvalidParameter) as raised:
            await world.subscribe(topic, RawMessageDelivery="true")

        assert raised.value.message == (
            "Invalid parameter: Attributes Reason:"
            " Subscription already exists with different attributes"
        )

    @pytest.mark.parametrize(
        ("protocol", "endpoint", "sentence"),
        [
            ("pigeon", "x", "Amazon SNS does not support this protocol string: pigeon"),
            ("sqs", "", "SQS endpoint ARN"),
            ("sqs", "http://localhost:4566/000000000000/orders", "SQS endpoint ARN"),
            ("sqs", FUNCTION, "SQS endpoint ARN"),
            ("lambda", QUEUE, "Lambda endpoint ARN"),
            (
                "sqs",
                f"{QUEUE}.fifo",
                (
                    "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to"
                    " standard SNS topics"
                ),
            ),
        ],
    )
    async def test_protocol_and_endpoint_must_fit(
        self, world: World, protocol: str, endpoint: str, sentence: str
    ) -> None:
        topic = await world.topic()

        error = await _refusal(
            world, "Subscribe", TopicArn=topic, Protocol=protocol, Endpoint=endpoint
        )

        assert isinstance(error, errors.InvalidParameter)
        assert error.message == f"Invalid parameter: {sentence}"

    @pytest.mark.parametrize(
        ("endpoint", "name", "value", "sentence"),
        [
            (QUEUE, "Colour", "red", "Attributes Reason: Unknown attribute Colour"),
            (
                QUEUE,
                "RawMessageDelivery",
                "yes",
                (
                    "Attributes Reason: RawMessageDelivery: Invalid value [yes]."
                    " Must be true or false."
                ),
            ),
            (
                FUNCTION,
                "RawMessageDelivery",
                "true",
                (
                    "Attributes Reason: Delivery protocol [lambda] does not support raw message"
                    " delivery."
                ),
            ),
            (
                QUEUE,
                "RedrivePolicy",
                "{",
                "Attributes Reason: RedrivePolicy: failed to parse JSON.",
            ),
            (
                QUEUE,
                "RedrivePolicy",
                json.dumps({"deadLetterTargetArn": DLQ, "maxReceiveCount": 3}),
                (
                    "Attributes Reason: RedrivePolicy: invalid JSON."
                    " Attribute maxReceiveCount is unknown."
                ),
            ),
            (
                QUEUE,
                "RedrivePolicy",
                '{"deadLetterTargetArn":"orders-dlq"}',
                "Attributes Reason: RedrivePolicy: deadLetterTargetArn is an invalid arn",
            ),
        ],
    )
    async def test_attributes_must_be_valid(
        self, world: World, endpoint: str, name: str, value: str, sentence: str
    ) -> None:
        topic = await world.topic()

        with pytest.raises(errors.InvalidParameter) as raised:
            await world.subscribe(topic, endpoint, **{name: value})

        assert raised.value.message == f"Invalid parameter: {sentence}"
        assert world.rows("sns_subscription") == 0

    async def test_a_topic_that_is_not_there_is_not_found(self, world: World) -> None:
        with pytest.raises(errors.NotFound, match="Topic does not exist"):
            await world.subscribe(f"arn:aws:sns:us-east-1:{ACCOUNT}:none")

    async def test_subscriptions_end_at_the_quota(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kamome.services.sns.subscriptions.SUBSCRIPTIONS_PER_TOPIC_MAX", 1)
        topic = await world.topic()
        await world.subscribe(topic)

        with pytest.raises(errors.SubscriptionLimitExceeded):
            await world.subscribe(topic, DLQ)

    async def test_the_signing_key_is_made_at_the_first_subscription(self, world: World) -> None:
        world.engine.write("DELETE FROM sns_identity")
        topic = await world.topic()

        await world.subscribe(topic)

        assert world.sns.store.identity() is not None


class TestSetSubscriptionAttributes:
    async def test_a_value_is_shown_from_then_on(self, world: World) -> None:
        arn = await world.subscribe(await world.topic())

        await world.call(
            "SetSubscriptionAttributes",
            SubscriptionArn=arn,
            AttributeName="RawMessageDelivery",
            AttributeValue="TRUE",
        )

        assert (await world.subscription_attributes(arn))["RawMessageDelivery"] == "true"

    async def test_a_redrive_policy_is_returned_compact_and_can_be_removed(
        self, world: World
    ) -> None:
        arn = await world.subscribe(await world.topic(), RedrivePolicy={"deadLetterTargetArn": DLQ})
        shown = await world.subscription_attributes(arn)
        assert shown["RedrivePolicy"] == f'{{"deadLetterTargetArn":"{DLQ}"}}'

        await world.call(
            "SetSubscriptionAttributes", SubscriptionArn=arn, AttributeName="RedrivePolicy"
        )

        assert "RedrivePolicy" not in await world.subscription_attributes(arn)

    async def test_an_unknown_attribute_is_refused(self, world: World) -> None:
        arn = await world.subscribe(await world.topic())

        error = await _refusal(
            world, "SetSubscriptionAttributes", SubscriptionArn=arn, AttributeName="Colour"
        )

        assert error.message == "Invalid parameter: AttributeName"

    @pytest.mark.parametrize("value", ["", "{}"])
    async def test_an_empty_filter_policy_means_none(self, world: World, value: str) -> None:
        arn = await world.subscribe(await world.topic())

        await world.call(
            "SetSubscriptionAttributes",
            SubscriptionArn=arn,
            AttributeName="FilterPolicy",
            AttributeValue=value,
        )

        assert "FilterPolicy" not in await world.subscription_attributes(arn)

    @pytest.mark.parametrize(
        ("arn", "sentence"),
        [
            ("x", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
            (f"arn:aws:sns:us-east-1:{ACCOUNT}:orders", "SubscriptionArn"),
            (f"arn:aws:sns:us-east-1:{ACCOUNT}:orders:1", "SubscriptionArn"),
        ],
    )
    async def test_an_arn_that_is_no_subscriptions_is_invalid(
        self, world: World, arn: str, sentence: str
    ) -> None:
        error = await _refusal(world, "GetSubscriptionAttributes", SubscriptionArn=arn)

        assert error.message == f"Invalid parameter: {sentence}"

    async def test_a_subscription_that_is_gone_is_not_found(self, world: World) -> None:
        arn = await world.subscribe(await world.topic())
        await world.call("Unsubscribe", SubscriptionArn=arn)

        error = await _refusal(world, "GetSubscriptionAttributes", SubscriptionArn=arn)

        assert (error.code, error.message) == ("NotFound", "Subscription does not exist")


class TestUnsubscribe:
    async def test_a_caller_without_credentials_has_followed_the_unsubscribe_url(
        self, world: World
    ) -> None:
        arn = await world.subscribe(await world.topic())
        world.ctx = replace(world.ctx, account="111111111111", region="eu-west-1", access_key="")

        await world.call("Unsubscribe", SubscriptionArn=arn)

        assert world.rows("sns_subscription") == 0

    async def test_another_account_cannot_unsubscribe(self, world: World) -> None:
        arn = await world.subscribe(await world.topic())
        world.ctx = replace(world.ctx, account="111111111111")

        error = await _refusal(world, "Unsubscribe", SubscriptionArn=arn)

        assert isinstance(error, errors.AuthorizationError)
        assert world.rows("sns_subscription") == 1


class TestLists:
    async def test_subscriptions_of_a_topic_come_in_pages_of_100(self, world: World) -> None:
        topic = await world.topic()
        made = {await world.subscribe(topic, f"{QUEUE}-{number}") for number in range(101)}
        await world.subscribe(await world.topic("other"))

        first = await world.call("ListSubscriptionsByTopic", TopicArn=topic)
        second = await world.call(
            "ListSubscriptionsByTopic", TopicArn=topic, NextToken=first["NextToken"]
        )

        pages = [*_subscriptions(first), *_subscriptions(second)]
        assert {one["SubscriptionArn"] for one in pages} == made
        assert (len(_subscriptions(first)), "NextToken" in second) == (100, False)

    async def test_all_subscriptions_of_the_account_are_listed(self, world: World) -> None:
        made = set()
        for number in range(101):
            topic = await world.topic(f"t{number % 3}")
            made.add(await world.subscribe(topic, f"{QUEUE}-{number}"))

        first = await world.call("ListSubscriptions")
        second = await world.call("ListSubscriptions", NextToken=first["NextToken"])

        pages = [*_subscriptions(first), *_subscriptions(second)]
        assert {one["SubscriptionArn"] for one in pages} == made
        assert len(pages) == 101

    async def test_a_listed_subscription_shows_protocol_and_endpoint(self, world: World) -> None:
        topic = await world.topic()
        arn = await world.subscribe(topic, FUNCTION)

        assert (await world.call("ListSubscriptions"))["Subscriptions"] == [
            {
                "SubscriptionArn": arn,
                "Owner": ACCOUNT,
                "Protocol": "lambda",
                "Endpoint": FUNCTION,
                "TopicArn": topic,
            }
        ]


def _subscriptions(result: object) -> list[dict[str, str]]:
    assert isinstance(result, dict)
    listed = result["Subscriptions"]
    assert isinstance(listed, list)
    return listed
