"""Publish: what is taken, what is refused with which sentence, in which order."""

from __future__ import annotations

import json

import pytest
from tests.sns.world import ACCOUNT, QUEUE, TRACE, World

from kamome.errors import AwsError
from kamome.services.sns import errors, publishing
from kamome.services.sns.messages import size_bytes, texts

TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:orders"


async def _refusal(world: World, **request: object) -> AwsError:
    with pytest.raises(AwsError) as raised:
        await world.call("Publish", **request)
    return raised.value


def _attribute(data_type: str, value: object) -> dict[str, object]:
    field = "BinaryValue" if isinstance(value, bytes) else "StringValue"
    return {"DataType": data_type, field: value}


class TestTarget:
    async def test_the_target_arn_may_be_a_topics(self, world: World) -> None:
        await world.topic()

        assert (await world.call("Publish", TargetArn=TOPIC, Message="m"))["MessageId"]

    @pytest.mark.parametrize(
        ("request_", "sentence"),
        [
            ({}, "TopicArn or TargetArn Reason: no value for required parameter"),
            ({"TopicArn": "x"}, "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
            ({"TargetArn": "x"}, "TargetArn Reason: An ARN must have at least 6 elements, not 1"),
            (
                {"TopicArn": TOPIC, "TargetArn": TOPIC},
                "TopicArn and TargetArn Reason: Only one of them may be given",
            ),
        ],
    )
    async def test_exactly_one_target_is_needed(
        self, world: World, request_: dict[str, str], sentence: str
    ) -> None:
        error = await _refusal(world, Message="m", **request_)

        assert error.message == f"Invalid parameter: {sentence}"

    async def test_a_topic_that_is_not_there_is_not_found(self, world: World) -> None:
        error = await _refusal(world, TopicArn=TOPIC, Message="m")

        assert (error.code, error.message) == ("NotFound", "Topic does not exist")


class TestMessage:
    @pytest.mark.parametrize(
        ("request_", "sentence"),
        [
            ({"Message": ""}, "Empty message"),
            ({"Subject": ""}, "Subject"),
            ({"Subject": "x" * 101}, "Subject"),
            ({"Subject": "two\nlines"}, "Subject"),
            ({"Subject": "bell\x07"}, "Subject"),
            ({"MessageStructure": "xml"}, "MessageStructure"),
            ({"MessageGroupId": "with space"}, "MessageGroupId"),
            ({"MessageGroupId": "g" * 129}, "MessageGroupId"),
            (
                {"MessageDeduplicationId": "1"},
                (
                    "MessageDeduplicationId Reason: The request includes MessageDeduplicationId"
                    " parameter that is not valid for this topic type"
                ),
            ),
        ],
    )
    async def test_a_parameter_that_is_not_valid_is_refused(
        self, world: World, request_: dict[str, str], sentence: str
    ) -> None:
        await world.topic()

        error = await _refusal(world, **{"TopicArn": TOPIC, "Message": "m", **request_})

        assert isinstance(error, errors.InvalidParameter)
        assert error.message == f"Invalid parameter: {sentence}"

    async def test_a_subject_may_be_100_characters_of_any_language(self, world: World) -> None:
        topic = await world.topic()

        await world.publish(topic, Subject="ご注文ありがとうございます" * 7)

    async def test_message_and_attributes_together_may_be_256_kib(self, world: World) -> None:
        topic = await world.topic()
        attributes = {"kind": _attribute("String", "order")}
        room = 256 * 1024 - size_bytes("", {"kind": {"DataType": "String", "StringValue": "order"}})

        await world.publish(topic, "x" * room, MessageAttributes=attributes)
        error = await _refusal(
            world, TopicArn=topic, Message="x" * (room + 1), MessageAttributes=attributes
        )

        assert error.message == "Invalid parameter: Message too long"

    async def test_size_counts_bytes_not_characters(self, world: World) -> None:
        topic = await world.topic()

        error = await _refusal(world, TopicArn=topic, Message="あ" * 87_382)

        assert error.message == "Invalid parameter: Message too long"

    async def test_a_topic_may_allow_larger_messages(self, world: World) -> None:
        topic = await world.topic(MaximumMessageSize=str(1024 * 1024))

        await world.publish(topic, "x" * (1024 * 1024))
        error = await _refusal(world, TopicArn=topic, Message="x" * (1024 * 1024 + 1))

        assert error.message == "Invalid parameter: Message too long"


class TestMessageStructure:
    async def test_each_protocol_gets_its_own_text(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic, RawMessageDelivery="true")
        message = json.dumps({"default": "for all", "sqs": "for queues", "email": "for people"})

        await world.publish(topic, message, MessageStructure="json")

        assert [sent.body for sent in world.endpoints.at(QUEUE)] == ["for queues"]

    async def test_the_default_is_for_protocols_without_a_text(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic, RawMessageDelivery="true")

        await world.publish(topic, '{"default": "for all", "sqs": 7}', MessageStructure="json")

        assert [sent.body for sent in world.endpoints.at(QUEUE)] == ["for all"]

    async def test_attributes_are_sent_only_with_a_string_message(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic)

        await world.publish(
            topic,
            '{"default": "m"}',
            MessageStructure="json",
            MessageAttributes={"kind": _attribute("String", "order")},
        )

        assert "MessageAttributes" not in world.endpoints.at(QUEUE)[0].envelope

    @pytest.mark.parametrize(
        "message",
        [
            "not json",
            '{"default": "a", "default": "b"}',
            '{"default": "\\ud800"}',
            '{"default": "a", "n": NaN}',
            "[" * 100_000,
        ],
    )
    def test_a_body_that_is_not_json_is_refused(self, message: str) -> None:
        with pytest.raises(errors.InvalidParameter) as raised:
            texts(message, "json")

        assert raised.value.message == (
            "Invalid parameter: Message Structure - JSON message body failed to parse"
        )

    @pytest.mark.parametrize("message", ["[]", '"text"', "{}", '{"sqs": "x"}', '{"default": 1}'])
    def test_a_body_without_a_default_is_refused(self, message: str) -> None:
        with pytest.raises(errors.InvalidParameter) as raised:
            texts(message, "json")

        assert raised.value.message == (
            "Invalid parameter: Message Structure - No default entry in JSON message body"
        )


class TestMessageAttributes:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("kind", _attribute("String", "order")),
            ("tags", _attribute("String.Array", '["a", 1, true, null]')),
            ("price", _attribute("Number", "-12.50")),
            ("price", _attribute("Number", "1e3")),
            ("image", _attribute("Binary", b"\x00\xff")),
            ("A-Z_0.9", _attribute("String", "x")),
            ("n" * 256, _attribute("String", "x")),
        ],
    )
    async def test_attributes_of_all_types_are_taken(
        self, world: World, name: str, value: dict[str, object]
    ) -> None:
        await world.publish(await world.topic(), MessageAttributes={name: value})

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            (
                "a",
                _attribute("Text", "x"),
                (
                    "The message attribute 'a' has an invalid message attribute type, the set of"
                    " supported type prefixes is Binary, Number, and String."
                ),
            ),
            (
                "a",
                _attribute("", "x"),
                "The message attribute 'a' must contain non-empty message attribute type.",
            ),
            (
                "a",
                _attribute("String", ""),
                (
                    "The message attribute 'a' must contain non-empty message attribute value for"
                    " message attribute type 'String'."
                ),
            ),
            (
                "a",
                _attribute("Binary", "x"),
                "The message attribute 'a' with type 'Binary' must use field 'Binary'.",
            ),
            (
                "a",
                _attribute("String", b"x"),
                "The message attribute 'a' with type 'String' must use field 'String'.",
            ),
            (
                "a",
                _attribute("Number", "ten"),
                "Could not cast message attribute 'a' value to number.",
            ),
        ],
    )
    async def test_an_attribute_must_keep_to_its_type(
        self, world: World, name: str, value: dict[str, object], sentence: str
    ) -> None:
        topic = await world.topic()

        error = await _refusal(world, TopicArn=topic, Message="m", MessageAttributes={name: value})

        assert (error.code, error.status) == ("ParameterValueInvalid", 400)
        assert error.message == sentence

    @pytest.mark.parametrize(
        "name", ["", ".a", "a.", "a..b", "a b", "ü", "AWS.x", "amazon.x", "n" * 257]
    )
    async def test_a_name_must_be_one_that_sns_takes(self, world: World, name: str) -> None:
        topic = await world.topic()

        error = await _refusal(
            world,
            TopicArn=topic,
            Message="m",
            MessageAttributes={name: _attribute("String", "x")},
        )

        assert isinstance(error, errors.ParameterValueInvalid)


class TestForOtherServices:
    async def test_a_service_publishes_within_its_own_step(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic)

        with world.engine.atomic():
            message_id = publishing.publish(world.sns, world.ctx, topic, "text", subject="Mail")
        await world.clock.activity.quiet()

        envelope = world.endpoints.at(QUEUE)[0].envelope
        assert (envelope["MessageId"], envelope["Subject"]) == (message_id, "Mail")
        assert world.endpoints.at(QUEUE)[0].ctx.trace == TRACE
        assert [step.action for step in world.steps()] == ["Publish", "Deliver"]

    async def test_nothing_is_published_by_a_step_that_is_undone(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic)

        with pytest.raises(RuntimeError), world.engine.atomic():
            publishing.publish(world.sns, world.ctx, topic, "text")
            raise RuntimeError
        await world.clock.activity.quiet()

        assert world.endpoints.at(QUEUE) == []
        assert world.waiting() == 0

    async def test_a_service_can_ask_whether_a_topic_exists(self, world: World) -> None:
        topic = await world.topic()

        assert publishing.topic_exists(world.sns, topic)
        assert not publishing.topic_exists(world.sns, f"{topic}-2")
        assert not publishing.topic_exists(world.sns, "orders")
