"""Topics: creation, attributes with defaults, lists, deletion, and what is refused."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace
from tests.sns.world import World

from kamome.errors import AwsError
from kamome.services.sns import errors


async def _refusal(world: World, operation: str, **request: object) -> AwsError:
    with pytest.raises(AwsError) as raised:
        await world.call(operation, **request)
    return raised.value


class TestCreateTopic:
    async def test_returns_the_arn_in_account_and_region(self, world: World) -> None:
        assert await world.topic("orders") == "arn:aws:sns:us-east-1:000000000000:orders"

    async def test_the_same_name_again_returns_the_same_topic(self, world: World) -> None:
        first = await world.topic("orders", DisplayName="Orders")

        assert await world.topic("orders") == first
        assert await world.topic("orders", DisplayName="Orders") == first
        assert (await world.attributes(first))["DisplayName"] == "Orders"

    async def test_the_same_name_with_other_attributes_is_refused(self, world: World) -> None:
        await world.topic("orders", DisplayName="Orders")

        error = await _refusal(
            world, "CreateTopic", Name="orders", Attributes={"DisplayName": "Others"}
        )

        assert isinstance(error, errors.InvalidParameter)
        assert error.message == (
            "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
        )

    async def test_an_attribute_given_as_its_default_is_no_difference(self, world: World) -> None:
        first = await world.topic("orders")

        assert await world.topic("orders", SignatureVersion="1", DisplayName="") == first

    async def test_the_same_name_with_other_tags_is_refused(self, world: World) -> None:
        tags = [{"Key": "team", "Value": "shop"}]
        await world.call("CreateTopic", Name="orders", Tags=tags)
        await world.call("CreateTopic", Name="orders", Tags=tags)

        error = await _refusal(
            world, "CreateTopic", Name="orders", Tags=[{"Key": "team", "Value": "mail"}]
        )

        assert error.message == (
            "Invalid parameter: Tags Reason: Topic already exists with different tags"
        )

    @pytest.mark.parametrize("name", ["", "a" * 257, "with space", "with.dot", "ü", "queue.fifo"])
    async def test_a_name_with_other_characters_or_length_is_refused(
        self, world: World, name: str
    ) -> None:
        error = await _refusal(world, "CreateTopic", Name=name)

        assert error.message == "Invalid parameter: Topic Name"

    async def test_a_name_of_256_characters_is_taken(self, world: World) -> None:
        assert (await world.topic("a" * 256)).endswith(":" + "a" * 256)

    async def test_an_unknown_attribute_is_refused_by_name(self, world: World) -> None:
        error = await _refusal(world, "CreateTopic", Name="t", Attributes={"Colour": "red"})

        assert error.message == "Invalid parameter: Attributes Reason: Unknown attribute Colour"

    async def test_a_data_protection_policy_is_refused_by_name(self, world: World) -> None:
        error = await _refusal(world, "CreateTopic", Name="t", DataProtectionPolicy="{}")

        assert "DataProtectionPolicy" in error.message

    async def test_a_fifo_topic_needs_its_suffix(self, world: World) -> None:
        error = await _refusal(
            world, "CreateTopic", Name="orders", Attributes={"FifoTopic": "true"}
        )

        assert error.message.startswith("Invalid parameter: Fifo Topic names must end with .fifo")

    async def test_more_than_50_tags_are_refused(self, world: World) -> None:
        tags = [{"Key": f"k{number}", "Value": ""} for number in range(51)]

        error = await _refusal(world, "CreateTopic", Name="t", Tags=tags)

        assert isinstance(error, errors.TagLimitExceeded)

    async def test_a_tag_key_given_twice_is_refused(self, world: World) -> None:
        tags = [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]

        error = await _refusal(world, "CreateTopic", Name="t", Tags=tags)

        assert error.message == "Invalid parameter: Duplicated keys are not allowed."

    async def test_topics_end_at_the_quota(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kamome.services.sns.topics.TOPICS_MAX", 1)
        await world.topic("first")

        error = await _refusal(world, "CreateTopic", Name="second")

        assert isinstance(error, errors.TopicLimitExceeded)
        assert error.status == 403


class TestGetTopicAttributes:
    async def test_a_new_topic_shows_the_defaults(self, world: World) -> None:
        arn = await world.topic("orders")

        shown = await world.attributes(arn)

        assert {name for name in shown if name not in ("Policy", "EffectiveDeliveryPolicy")} == {
            "TopicArn",
            "Owner",
            "DisplayName",
            "SubscriptionsPending",
            "SubscriptionsConfirmed",
            "SubscriptionsDeleted",
        }
        policy = json.loads(shown["Policy"])
        assert policy["Statement"][0]["Resource"] == arn
        effective = json.loads(shown["EffectiveDeliveryPolicy"])
        assert effective["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 3

    async def test_counts_follow_subscriptions(self, world: World) -> None:
        topic = await world.topic()
        kept, gone = [
            await world.subscribe(topic, f"arn:aws:sqs:us-east-1:000000000000:q{number}")
            for number in range(2)
        ]
        await world.call("Unsubscribe", SubscriptionArn=gone)
        await world.call("Unsubscribe", SubscriptionArn=gone)

        shown = await world.attributes(topic)

        assert (shown["SubscriptionsConfirmed"], shown["SubscriptionsDeleted"]) == ("1", "1")
        assert (await world.subscription_attributes(kept))["SubscriptionArn"] == kept

    async def test_a_topic_that_is_not_there_is_not_found(self, world: World) -> None:
        error = await _refusal(
            world, "GetTopicAttributes", TopicArn="arn:aws:sns:us-east-1:000000000000:none"
        )

        assert (error.code, error.status, error.message) == (
            "NotFound",
            404,
            "Topic does not exist",
        )

    @pytest.mark.parametrize(
        ("arn", "sentence"),
        [
            ("", "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
            ("orders", "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
            ("arn:aws:sns", "TopicArn Reason: An ARN must have at least 6 elements, not 3"),
            ("arn:aws:sqs:us-east-1:000000000000:orders", "TopicArn"),
            ("arn:aws:sns:eu-west-1:000000000000:orders", "TopicArn"),
            ("arn:aws:sns:us-east-1:0:orders", "TopicArn"),
            ("arn:aws:sns:us-east-1:000000000000:orders:more", "TopicArn"),
            ("arn:aws:sns:us-east-1:000000000000:", "TopicArn"),
        ],
    )
    async def test_an_arn_that_is_no_topics_is_invalid(
        self, world: World, arn: str, sentence: str
    ) -> None:
        error = await _refusal(world, "GetTopicAttributes", TopicArn=arn)

        assert error.message == f"Invalid parameter: {sentence}"

    async def test_a_topic_of_another_account_is_closed(self, world: World) -> None:
        arn = await world.topic("orders")
        world.ctx = replace(world.ctx, account="111111111111", principal="arn:aws:iam::1:root")

        error = await _refusal(world, "GetTopicAttributes", TopicArn=arn)

        assert isinstance(error, errors.AuthorizationError)
        assert error.status == 403
        assert f"SNS:GetTopicAttributes on resource: {arn}" in error.message

    async def test_topics_of_another_region_are_others(self, world: World) -> None:
        await world.topic("orders")
        world.ctx = replace(world.ctx, region="eu-west-1")

        assert (await world.call("ListTopics"))["Topics"] == []


class TestSetTopicAttributes:
    async def test_a_value_is_shown_from_then_on(self, world: World) -> None:
        arn = await world.topic()

        await world.call(
            "SetTopicAttributes", TopicArn=arn, AttributeName="DisplayName", AttributeValue="Shop"
        )

        assert (await world.attributes(arn))["DisplayName"] == "Shop"

    async def test_without_a_value_the_default_comes_back(self, world: World) -> None:
        arn = await world.topic(SignatureVersion="2")

        await world.call("SetTopicAttributes", TopicArn=arn, AttributeName="SignatureVersion")

        assert "SignatureVersion" not in await world.attributes(arn)

    async def test_a_policy_is_returned_compact_and_as_given(self, world: World) -> None:
        arn = await world.topic()
        policy = {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": arn},
        }

        await world.call(
            "SetTopicAttributes",
            TopicArn=arn,
            AttributeName="Policy",
            AttributeValue=json.dumps(policy, indent=2),
        )

        assert (await world.attributes(arn))["Policy"] == json.dumps(policy, separators=(",", ":"))

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("Colour", "red", "AttributeName"),
            ("Policy", "{", "Policy Error: null"),
            ("Policy", "[]", "Policy Error: null"),
            ("Policy", '{"Statement":[]}', "Policy Error: null"),
            ("Policy", '{"Statement":[{"Effect":"Maybe"}]}', "Policy Error: null"),
            (
                "Policy",
                '{"Statement":[{"Effect":"Allow","Action":"sqs:SendMessage"}]}',
                "Policy statement action out of service scope!",
            ),
            ("DisplayName", "x" * 101, "DisplayName"),
            ("DisplayName", "a\nb", "DisplayName"),
            (
                "SignatureVersion",
                "3",
                "SignatureVersion: Invalid value [3]. Must be 1 or 2.",
            ),
            (
                "TracingConfig",
                "On",
                "TracingConfig: Invalid value [On]. Must be PassThrough or Active.",
            ),
            (
                "MaximumMessageSize",
                "1023",
                (
                    "MaximumMessageSize: Invalid value [1023]."
                    " Must be an integer from 1024 to 1048576."
                ),
            ),
            (
                "MaximumMessageSize",
                "many",
                (
                    "MaximumMessageSize: Invalid value [many]."
                    " Must be an integer from 1024 to 1048576."
                ),
            ),
        ],
    )
    async def test_a_value_that_the_attribute_cannot_have_is_refused(
        self, world: World, name: str, value: str, sentence: str
    ) -> None:
        arn = await world.topic()
        before = await world.attributes(arn)

        error = await _refusal(
            world, "SetTopicAttributes", TopicArn=arn, AttributeName=name, AttributeValue=value
        )

        assert error.message == f"Invalid parameter: {sentence}"
        assert await world.attributes(arn) == before

    async def test_a_policy_of_more_than_30_kb_is_refused(self, world: World) -> None:
        arn = await world.topic()

        error = await _refusal(
            world,
            "SetTopicAttributes",
            TopicArn=arn,
            AttributeName="Policy",
            AttributeValue="x" * 30_721,
        )

        assert "larger than 30720 bytes" in error.message

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("KmsMasterKeyId", "alias/aws/sns"),
            ("KmsMasterKeyId", "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab"),
            ("TracingConfig", "Active"),
            ("SQSFailureFeedbackRoleArn", "arn:aws:iam::000000000000:role/logs"),
            ("HTTPSuccessFeedbackSampleRate", "100"),
        ],
    )
    async def test_encryption_tracing_and_logging_are_shown_as_given_until_they_are_reset(
        self, world: World, name: str, value: str
    ) -> None:
        arn = await world.topic(**{name: value})
        given = await world.attributes(arn)

        off = "PassThrough" if name == "TracingConfig" else ""
        await world.call("SetTopicAttributes", TopicArn=arn, AttributeName=name, AttributeValue=off)

        assert given[name] == value
        assert (await world.attributes(arn)).get(name, "") == off

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("KmsMasterKeyId", "a key"),
            ("TracingConfig", "active"),
            ("SQSFailureFeedbackRoleArn", "logs"),
            ("LambdaSuccessFeedbackRoleArn", "arn:aws:sqs:us-east-1:000000000000:role/x"),
            ("HTTPSuccessFeedbackSampleRate", "101"),
            ("HTTPSuccessFeedbackSampleRate", "1.5"),
            ("ApplicationSuccessFeedbackSampleRate", "-1"),
        ],
    )
    async def test_what_is_no_key_role_or_rate_is_refused(
        self, world: World, name: str, value: str
    ) -> None:
        error = await _refusal(world, "CreateTopic", Name="orders", Attributes={name: value})

        assert error.code == "InvalidParameter"
        assert f"Attributes Reason: {name}" in error.message
        assert world.rows("sns_topic") == 0


class TestListTopics:
    async def test_a_hundred_come_with_a_token_for_the_rest(self, world: World) -> None:
        arns = [await world.topic(f"t{number:03}") for number in range(101)]

        first = await world.call("ListTopics")
        second = await world.call("ListTopics", NextToken=first["NextToken"])

        assert first["Topics"] == [{"TopicArn": arn} for arn in arns[:100]]
        assert second == {"Topics": [{"TopicArn": arns[100]}]}

    @pytest.mark.parametrize("token", ["?", "ü", "bm9wZQ==", "WzFd", "WyJhIiwiYiJd"])
    async def test_a_token_that_is_not_ours_is_refused(self, world: World, token: str) -> None:
        error = await _refusal(world, "ListTopics", NextToken=token)

        assert error.message == "Invalid parameter: NextToken"


class TestDeleteTopic:
    async def test_takes_its_subscriptions_along(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic)

        await world.call("DeleteTopic", TopicArn=topic)

        assert world.rows("sns_topic") == 0
        assert world.rows("sns_subscription") == 0

    async def test_is_no_error_where_there_is_none(self, world: World) -> None:
        await world.call("DeleteTopic", TopicArn="arn:aws:sns:us-east-1:000000000000:none")
