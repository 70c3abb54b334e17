"""FIFO topics: order within groups, deduplication, sequence numbers, archive and replay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.sns.test_deliveries import _closed, _filed_world, _restarted
from tests.sns.world import QUEUE, ServiceUnavailable, World

from kamome.errors import AwsError
from kamome.services.sns.signing import SigningIdentity

FIFO_QUEUE = f"{QUEUE}.fifo"
FIFO = {"FifoTopic": "true"}
DAY_MS = 86_400_000


async def _topic(world: World, **attributes: str) -> str:
    return await world.topic("orders.fifo", **{**FIFO, **attributes})


async def _publish(world: World, topic: str, message: str, **more: object) -> dict[str, object]:
    given = {"MessageGroupId": "g", "MessageDeduplicationId": message, **more}
    result = await world.call("Publish", TopicArn=topic, Message=message, **given)
    await world.clock.activity.quiet()
    return dict(result)


def _messages(world: World, queue: str = FIFO_QUEUE) -> list[object]:
    return [sent.envelope["Message"] for sent in world.endpoints.at(queue)]


async def _refused(world: World, operation: str, **request: object) -> str:
    with pytest.raises(AwsError) as refused:
        await world.call(operation, **request)
    return refused.value.message


class TestPublish:
    async def test_group_and_deduplication_id_go_along_to_a_fifo_queue(self, world: World) -> None:
        topic = await _topic(world)
        await world.subscribe(topic, FIFO_QUEUE)
        await world.subscribe(topic, QUEUE)

        await _publish(world, topic, "a")

        (sent,), (standard,) = world.endpoints.at(FIFO_QUEUE), world.endpoints.at(QUEUE)
        assert (sent.group_id, sent.deduplication_id) == ("g", "a")
        assert (standard.group_id, standard.deduplication_id) == ("g", "")

    async def test_sequence_numbers_grow(self, world: World) -> None:
        topic = await _topic(world)
        await world.subscribe(topic, FIFO_QUEUE)

        first = await _publish(world, topic, "a")
        second = await _publish(world, topic, "b", MessageGroupId="h")

        numbers = [str(result["SequenceNumber"]) for result in (first, second)]
        assert numbers == sorted(numbers)
        assert [len(number) for number in numbers] == [20, 20]
        sent = world.endpoints.at(FIFO_QUEUE)
        assert [one.envelope["SequenceNumber"] for one in sent] == numbers

    async def test_a_duplicate_is_accepted_and_not_delivered(self, world: World) -> None:
        topic = await _topic(world)
        await world.subscribe(topic, FIFO_QUEUE)
        first = await _publish(world, topic, "a")

        await world.clock.advance(299_000)
        again = await _publish(world, topic, "other text", MessageDeduplicationId="a")

        assert again == first
        assert _messages(world) == ["a"]

    async def test_the_deduplication_window_is_five_minutes(self, world: World) -> None:
        topic = await _topic(world)
        await world.subscribe(topic, FIFO_QUEUE)
        await _publish(world, topic, "a")

        await world.clock.advance(300_000)
        await _publish(world, topic, "a")

        assert _messages(world) == ["a", "a"]
        assert world.rows("sns_deduplication") == 1

    async def test_the_content_can_be_the_deduplication_id(self, world: World) -> None:
        topic = await _topic(world, ContentBasedDeduplication="true")
        await world.subscribe(topic, FIFO_QUEUE)
        for text in ("a", "a", "b"):
            await world.call("Publish", TopicArn=topic, Message=text, MessageGroupId="g")
        await world.clock.activity.quiet()

        assert _messages(world) == ["a", "b"]

    async def test_the_scope_of_deduplication_can_be_the_group(self, world: World) -> None:
        topic = await _topic(world, FifoThroughputScope="MessageGroup")
        await world.subscribe(topic, FIFO_QUEUE)

        for group in ("g", "h", "g"):
            await _publish(world, topic, "a", MessageGroupId=group)

        assert [sent.group_id for sent in world.endpoints.at(FIFO_QUEUE)] == ["g", "h"]

    async def test_duplicates_are_known_after_a_crash(
        self, tmp_path: Path, identity: SigningIdentity
    ) -> None:
        world = await _filed_world(tmp_path / "a", identity)
        world.sns.outbox.start()
        topic = await _topic(world)
        await world.subscribe(topic, FIFO_QUEUE)
        first = await _publish(world, topic, "a")
        await world.engine.durable()

        restarted = await _restarted(tmp_path / "a", tmp_path / "b")
        again = await _publish(restarted, topic, "a")

        assert again == first
        assert _messages(restarted) == []
        await _closed(world, restarted)

    @pytest.mark.parametrize(
        ("request_", "sentence"),
        [
            ({}, "The MessageGroupId parameter is required for FIFO topics"),
            (
                {"MessageGroupId": "g"},
                (
                    "The topic should either have ContentBasedDeduplication enabled or"
                    " MessageDeduplicationId provided explicitly"
                ),
            ),
        ],
    )
    async def test_what_is_missing_is_refused(
        self, world: World, request_: dict[str, str], sentence: str
    ) -> None:
        topic = await _topic(world)

        refused = await _refused(world, "Publish", TopicArn=topic, Message="m", **request_)

        assert refused == f"Invalid parameter: {sentence}"

    async def test_standard_topics_take_no_deduplication_id(self, world: World) -> None:
        topic = await world.topic()

        refused = await _refused(
            world, "Publish", TopicArn=topic, Message="m", MessageDeduplicationId="d"
        )

        assert refused.startswith("Invalid parameter: MessageDeduplicationId Reason:")

    async def test_a_topic_made_anew_remembers_nothing(self, world: World) -> None:
        topic = await _topic(world)
        first = await _publish(world, topic, "a")

        await world.call("DeleteTopic", TopicArn=topic)
        again = await _publish(world, await _topic(world), "a")

        assert again["MessageId"] != first["MessageId"]


class TestOrder:
    async def test_a_group_keeps_its_order_while_its_queue_is_down(self, world: World) -> None:
        topic = await _topic(world)
        await world.subscribe(topic, FIFO_QUEUE)
        world.endpoints.failures[FIFO_QUEUE] = ServiceUnavailable("down")
        for text in "abc":
            await _publish(world, topic, text)
        await world.clock.advance(3_600_000)
        attempts = world.endpoints.attempts[FIFO_QUEUE]

        world.endpoints.failures.clear()
        await _publish(world, topic, "d")
        await world.clock.advance(30_000)

        assert 150 < attempts < 250  # of the first one alone
        assert _messages(world) == ["a", "b", "c", "d"]
        assert world.waiting() == world.rows("sns_delivery") == world.rows("sns_undelivered") == 0

    async def test_another_group_does_not_wait(self, world: World) -> None:
        topic = await _topic(world)
        await world.subscribe(topic, FIFO_QUEUE)
        world.endpoints.failures[FIFO_QUEUE] = ServiceUnavailable("down")
        await _publish(world, topic, "a")
        await world.clock.advance(60_000)

        world.endpoints.failures.clear()
        await _publish(world, topic, "b", MessageGroupId="h")

        assert _messages(world) == ["b"]

    @pytest.mark.slow
    async def test_after_a_dead_letter_the_group_goes_on(self, world: World) -> None:
        dlq = f"{QUEUE}-dlq.fifo"
        topic = await _topic(world)
        await world.subscribe(topic, FIFO_QUEUE, RedrivePolicy={"deadLetterTargetArn": dlq})
        world.endpoints.failures[FIFO_QUEUE] = ServiceUnavailable("down")
        await _publish(world, topic, "a")
        await _publish(world, topic, "b")

        await world.clock.advance(1_000)
        await world.clock.advance(24 * DAY_MS)
        assert _messages(world, dlq) == ["a"]
        world.endpoints.failures.clear()
        await world.clock.advance(60_000)

        assert _messages(world) == ["b"]


class TestRules:
    @pytest.mark.parametrize(
        ("protocol", "endpoint"),
        [("lambda", "x"), ("http", "http://example.com/"), ("email", "a@example.com")],
    )
    async def test_fifo_topics_deliver_to_queues_alone(
        self, world: World, protocol: str, endpoint: str
    ) -> None:
        topic = await _topic(world)

        refused = await _refused(
            world, "Subscribe", TopicArn=topic, Protocol=protocol, Endpoint=endpoint
        )

        assert "Protocol Reason: FIFO topics do not deliver" in refused

    async def test_a_fifo_subscription_has_a_fifo_dead_letter_queue(self, world: World) -> None:
        topic = await _topic(world)

        refused = await _refused(
            world,
            "Subscribe",
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=FIFO_QUEUE,
            Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": QUEUE})},
        )

        assert "must use a FIFO queue as DLQ for a FIFO Subscription" in refused

    async def test_attributes_of_fifo_topics_are_refused_elsewhere(self, world: World) -> None:
        refused = await _refused(
            world, "CreateTopic", Name="orders", Attributes={"ContentBasedDeduplication": "true"}
        )

        assert "ContentBasedDeduplication" in refused

    async def test_a_fifo_topic_shows_what_it_is(self, world: World) -> None:
        topic = await _topic(world, ArchivePolicy='{"MessageRetentionPeriod": "30"}')

        shown = await world.attributes(topic)

        assert shown["FifoTopic"] == "true"
        assert shown["ContentBasedDeduplication"] == "false"
        assert shown["ArchivePolicy"] == '{"MessageRetentionPeriod":"30"}'
        assert "BeginningArchiveTime" not in shown


class TestReplay:
    ARCHIVE = '{"MessageRetentionPeriod":7}'

    async def test_archived_messages_are_replayed_in_order_then_the_subscription_is_live(
        self, world: World
    ) -> None:
        topic = await _topic(world, ArchivePolicy=self.ARCHIVE)
        ids = [(await _publish(world, topic, f"m{number}"))["MessageId"] for number in range(230)]

        subscription = await world.subscribe(
            topic, FIFO_QUEUE, ReplayPolicy=_policy("2025-01-01T00:00:00.000Z")
        )
        await world.clock.activity.quiet()
        await _publish(world, topic, "live")

        assert _messages(world) == [*(f"m{number}" for number in range(230)), "live"]
        sent = world.endpoints.at(FIFO_QUEUE)
        assert [one.envelope["MessageId"] for one in sent[:230]] == ids
        assert [one.envelope.get("Replayed") for one in sent[-2:]] == ["true", None]
        shown = await world.subscription_attributes(subscription)
        assert shown["ReplayStatus"] == "Completed"

    async def test_a_message_published_during_a_replay_arrives_once(self, world: World) -> None:
        topic = await _topic(world, ArchivePolicy=self.ARCHIVE)
        await _publish(world, topic, "a")
        await world.call(
            "Subscribe",
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=FIFO_QUEUE,
            Attributes={"ReplayPolicy": json.dumps(_policy("2025-01-01T00:00:00Z"))},
        )

        await _publish(world, topic, "b")
        await world.clock.advance(1_000)

        assert _messages(world) == ["a", "b"]

    async def test_the_span_and_the_retention_bound_a_replay(self, world: World) -> None:
        topic = await _topic(world, ArchivePolicy=self.ARCHIVE)
        await _publish(world, topic, "old")
        await world.clock.advance(8 * DAY_MS)
        await _publish(world, topic, "a")
        await world.clock.advance(1_000)
        await _publish(world, topic, "late")

        policy = _policy("2025-01-01T00:00:00Z", EndingPoint="2025-10-17T08:53:20.500Z")
        await world.subscribe(topic, FIFO_QUEUE, ReplayPolicy=policy)
        await world.clock.activity.quiet()

        assert _messages(world) == ["a"]

    async def test_a_replay_passes_the_filter_policy(self, world: World) -> None:
        topic = await _topic(world, ArchivePolicy=self.ARCHIVE)
        for text in ('{"n":1}', '{"n":2}'):
            await _publish(world, topic, text, MessageDeduplicationId=text[-2])

        await world.subscribe(
            topic,
            FIFO_QUEUE,
            ReplayPolicy=_policy("2025-01-01T00:00:00Z"),
            FilterPolicyScope="MessageBody",
            FilterPolicy={"n": [2]},
        )
        await world.clock.activity.quiet()

        assert _messages(world) == ['{"n":2}']

    async def test_an_archived_topic_cannot_be_deleted(self, world: World) -> None:
        topic = await _topic(world, ArchivePolicy=self.ARCHIVE)
        await _publish(world, topic, "a")
        with pytest.raises(AwsError) as refused:
            await world.call("DeleteTopic", TopicArn=topic)
        assert refused.value.code == "InvalidState"

        await world.call(
            "SetTopicAttributes",
            TopicArn=topic,
            AttributeName="ArchivePolicy",
            AttributeValue="{}",
        )
        await world.call("DeleteTopic", TopicArn=topic)
        await world.clock.activity.quiet()

        assert world.rows("sns_archive") == world.rows("sns_topic") == 0

    async def test_a_replay_needs_an_archive(self, world: World) -> None:
        topic = await _topic(world)

        refused = await _refused(
            world,
            "Subscribe",
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=FIFO_QUEUE,
            Attributes={"ReplayPolicy": json.dumps(_policy("2025-01-01T00:00:00Z"))},
        )

        assert "no message archive" in refused


def _policy(start: str, **more: str) -> dict[str, str]:
    return {"PointType": "Timestamp", "StartingPoint": start, **more}
