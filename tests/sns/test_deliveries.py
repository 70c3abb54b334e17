"""Deliveries: once each, retried by the policy, dead-lettered, and never lost by a crash."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.sns.world import (
    ACCOUNT,
    DLQ,
    FUNCTION,
    QUEUE,
    TRACE,
    QueueDoesNotExist,
    ServiceUnavailable,
    World,
    make_world,
)

from kamome.clock import manual_clock
from kamome.services.sns import deliveries
from kamome.services.sns.arns import topic_key
from kamome.services.sns.delivery_policy import DeliveryPolicy
from kamome.services.sns.signing import SigningIdentity

DAY_MS = 24 * 3600 * 1000
REDRIVE = {"deadLetterTargetArn": DLQ}


def _results(world: World) -> list[str]:
    return [step.result for step in world.steps() if step.action == "Deliver"]


class TestFanOut:
    async def test_every_subscription_gets_the_message_once(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic)
        await world.subscribe(topic, DLQ)
        await world.subscribe(topic, FUNCTION)

        await world.publish(topic)

        assert [len(world.endpoints.at(arn)) for arn in (QUEUE, DLQ, FUNCTION)] == [1, 1, 1]
        assert world.waiting() == 0

    async def test_more_than_100_subscriptions_take_several_steps(self, world: World) -> None:
        topic = await world.topic()
        queues = [f"{QUEUE}-{number}" for number in range(230)]
        for queue in queues:
            await world.subscribe(topic, queue)

        await world.publish(topic)

        assert [len(world.endpoints.at(queue)) for queue in queues] == [1] * 230
        assert world.waiting() == 0

    async def test_one_publish_to_100_queues_is_one_commit(self, world: World) -> None:
        topic = await world.topic()
        queues = [f"{QUEUE}-{number}" for number in range(100)]
        for queue in queues:
            await world.subscribe(topic, queue)
        await world.clock.activity.quiet()
        before = world.engine.commits

        await world.publish(topic)

        assert [len(world.endpoints.at(queue)) for queue in queues] == [1] * 100
        assert world.engine.commits == before + 1

    async def test_sns_sends_as_itself_on_behalf_of_the_topic(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic)

        await world.publish(topic)

        ctx = world.endpoints.at(QUEUE)[0].ctx
        assert (ctx.principal, ctx.source_arn) == ("sns.amazonaws.com", topic)
        assert (ctx.account, ctx.region, ctx.trace) == (ACCOUNT, "us-east-1", TRACE)

    async def test_each_delivery_is_a_step_of_the_journey(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic)

        await world.publish(topic)

        (step,) = world.steps()
        assert (step.service, step.action, step.resource) == ("sns", "Deliver", QUEUE)
        assert step.result == "ok"

    async def test_a_later_subscription_does_not_get_the_message(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic)
        await world.sns.outbox.stop()
        await world.publish(topic)
        await world.clock.advance(1)
        await world.subscribe(topic, DLQ)

        world.sns.outbox.start()
        await world.clock.activity.quiet()

        assert len(world.endpoints.at(QUEUE)) == 1
        assert world.endpoints.at(DLQ) == []

    async def test_a_topic_without_subscriptions_hands_nothing_over(self, world: World) -> None:
        topic = await world.topic()

        await world.call("Publish", TopicArn=topic, Message="m")

        assert world.waiting() == 0

    async def test_one_failure_does_not_hold_up_the_others(self, world: World) -> None:
        topic = await world.topic()
        for number in range(5):
            await world.subscribe(topic, f"{QUEUE}-{number}")
        world.endpoints.failures[f"{QUEUE}-2"] = ServiceUnavailable("down")

        await world.publish(topic)

        arrived = [len(world.endpoints.at(f"{QUEUE}-{number}")) for number in range(5)]
        assert arrived == [1, 1, 0, 1, 1]
        assert world.waiting() == 1

    async def test_a_failed_delivery_leaves_nothing_half_done(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic)
        world.endpoints.failures[QUEUE] = ServiceUnavailable("down")

        await world.publish(topic)

        assert world.rows("fact") == 0


class TestRetries:
    async def test_a_server_side_error_is_retried_until_the_endpoint_is_back(
        self, world: World
    ) -> None:
        topic = await world.topic()
        await world.subscribe(topic)
        world.endpoints.failures[QUEUE] = ServiceUnavailable("down")
        message_id = await world.publish(topic, "m")
        await world.clock.advance(2 * DAY_MS)
        assert world.endpoints.at(QUEUE) == []

        world.endpoints.failures.clear()
        await world.clock.advance(23_000)

        (sent,) = world.endpoints.at(QUEUE)
        assert sent.envelope["MessageId"] == message_id
        assert sent.envelope["Timestamp"] == "2025-10-09T08:53:20.000Z"
        assert world.waiting() == world.rows("sns_undelivered") == world.rows("sns_delivery") == 0

    async def test_attempts_follow_the_phases_of_the_policy(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic)
        world.endpoints.failures[QUEUE] = ServiceUnavailable("down")

        await world.publish(topic)
        counts = [world.endpoints.attempts[QUEUE]]
        for advance_ms in (2_500, 90_000, 3_600_000):
            await world.clock.advance(advance_ms)
            counts.append(world.endpoints.attempts[QUEUE])

        # The first and three immediate ones; two in the pre-backoff phase; ten with backoff (the
        # exponential delays add up to 71 s) and two more; then one each 20 s.
        assert counts[:2] == [4, 6]
        assert counts[2] in (16, 17, 18)
        assert 175 <= counts[3] - counts[2] <= 185

    async def test_the_signature_is_made_once_whatever_the_number_of_attempts(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        topic = await world.topic()
        await world.subscribe(topic)
        world.endpoints.failures[QUEUE] = ServiceUnavailable("down")
        await world.publish(topic)

        def refuse(canonical: str, version: str) -> str:
            raise AssertionError(f"signed again: {canonical} {version}")

        monkeypatch.setattr(type(world.sns.signer), "sign", refuse)
        world.endpoints.failures.clear()
        await world.clock.advance(60_000)

        assert len(world.endpoints.at(QUEUE)) == 1

    async def test_a_mistake_of_ours_is_retried_like_a_server_side_error(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        topic = await world.topic()
        await world.subscribe(topic)
        world.endpoints.failures[QUEUE] = ZeroDivisionError("a bug")

        await world.publish(topic)
        world.endpoints.failures.clear()
        await world.clock.advance(2_000)

        assert len(world.endpoints.at(QUEUE)) == 1
        assert "a bug" in caplog.text

    async def test_throttling_is_retried(self, world: World) -> None:
        class ThrottlingException(QueueDoesNotExist):
            pass

        topic = await world.topic()
        await world.subscribe(topic)
        world.endpoints.failures[QUEUE] = ThrottlingException("slow down")

        await world.publish(topic)

        assert world.waiting() == 1

    async def test_a_message_of_several_failing_subscriptions_is_kept_once(
        self, world: World
    ) -> None:
        topic = await world.topic()
        for queue in (QUEUE, DLQ):
            await world.subscribe(topic, queue)
            world.endpoints.failures[queue] = ServiceUnavailable("down")
        await world.publish(topic)
        assert (world.rows("sns_undelivered"), world.rows("sns_delivery")) == (1, 2)

        del world.endpoints.failures[QUEUE]
        await world.clock.advance(2_000)
        assert (world.rows("sns_undelivered"), world.rows("sns_delivery")) == (1, 1)

        world.endpoints.failures.clear()
        await world.clock.advance(30_000)
        assert (world.rows("sns_undelivered"), world.rows("sns_delivery")) == (0, 0)

    async def test_what_waits_for_a_deleted_subscription_is_dropped(self, world: World) -> None:
        topic = await world.topic()
        subscription = await world.subscribe(topic)
        world.endpoints.failures[QUEUE] = ServiceUnavailable("down")
        await world.publish(topic)

        await world.call("Unsubscribe", SubscriptionArn=subscription)
        await world.clock.advance(60_000)

        assert world.waiting() == world.rows("sns_undelivered") == 0
        assert _results(world)[-1] == "dropped"

    async def test_the_endpoint_is_read_anew_at_each_attempt(self, world: World) -> None:
        topic = await world.topic()
        subscription = await world.subscribe(topic)
        world.endpoints.failures[QUEUE] = ServiceUnavailable("down")
        await world.publish(topic, "m")
        await world.call(
            "SetSubscriptionAttributes",
            SubscriptionArn=subscription,
            AttributeName="RawMessageDelivery",
            AttributeValue="true",
        )

        world.endpoints.failures.clear()
        await world.clock.advance(60_000)

        assert [sent.body for sent in world.endpoints.at(QUEUE)] == ["m"]


class TestGivingUp:
    async def test_a_client_side_error_is_not_retried(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic)
        world.endpoints.failures[QUEUE] = QueueDoesNotExist("gone")

        await world.publish(topic)

        assert (world.endpoints.attempts[QUEUE], world.waiting()) == (1, 0)
        assert _results(world) == ["discarded"]
        assert world.sns.delivery_store.metrics(topic_key(topic)) == {
            "NumberOfNotificationsFailed": 1
        }

    async def test_what_is_undeliverable_goes_to_the_dead_letter_queue(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic, FUNCTION, RedrivePolicy=REDRIVE)
        world.endpoints.failures[FUNCTION] = QueueDoesNotExist("gone")

        message_id = await world.publish(topic, "m")

        (sent,) = world.endpoints.at(DLQ)
        assert sent.envelope["MessageId"] == message_id
        assert sent.attributes == {}
        assert _results(world) == ["dead-lettered"]
        assert world.sns.delivery_store.metrics(topic_key(topic)) == {
            "NumberOfNotificationsFailed": 1,
            "NumberOfNotificationsRedrivenToDlq": 1,
        }

    async def test_a_raw_subscription_dead_letters_raw(self, world: World) -> None:
        topic = await world.topic()
        await world.subscribe(topic, RawMessageDelivery="true", RedrivePolicy=REDRIVE)
        world.endpoints.failures[QUEUE] = QueueDoesNotExist("gone")
        number = {"DataType": "Number", "StringValue": "1"}

        await world.publish(topic, "m", MessageAttributes={"n": number})

        (sent,) = world.endpoints.at(DLQ)
        assert (sent.body, sent.attributes) == ("m", {"n": number})

    @pytest.mark.parametrize("count", [10, 11])
    async def test_more_than_10_attributes_cannot_go_raw_to_sqs(
        self, world: World, count: int
    ) -> None:
        topic = await world.topic()
        await world.subscribe(topic, RawMessageDelivery="true", RedrivePolicy=REDRIVE)
        attributes = {
            f"a{number}": {"DataType": "String", "StringValue": "x"} for number in range(count)
        }

        await world.publish(topic, "m", MessageAttributes=attributes)

        if count == 10:
            assert len(world.endpoints.at(QUEUE)) == 1
        else:
            assert world.endpoints.at(QUEUE) == []
            kept = world.endpoints.at(DLQ)[0].envelope["MessageAttributes"]
            assert isinstance(kept, dict)
            assert len(kept) == 11

    async def test_a_dead_letter_queue_that_is_gone_loses_the_message_and_says_so(
        self, world: World
    ) -> None:
        topic = await world.topic()
        await world.subscribe(topic, RedrivePolicy=REDRIVE)
        world.endpoints.failures[QUEUE] = world.endpoints.failures[DLQ] = QueueDoesNotExist("gone")

        await world.publish(topic)

        assert world.waiting() == 0
        assert world.sns.delivery_store.metrics(topic_key(topic)) == {
            "NumberOfNotificationsFailed": 1,
            "NumberOfNotificationsFailedToRedriveToDlq": 1,
        }
        assert world.steps()[-1].detail == "dead-letter queue: QueueDoesNotExist: gone"

    async def test_a_dead_letter_queue_that_is_down_gets_the_message_later(
        self, world: World
    ) -> None:
        topic = await world.topic()
        await world.subscribe(topic, RedrivePolicy=REDRIVE)
        world.endpoints.failures[QUEUE] = QueueDoesNotExist("gone")
        world.endpoints.failures[DLQ] = ServiceUnavailable("down")
        await world.publish(topic)
        assert world.waiting() == 1

        del world.endpoints.failures[DLQ]
        await world.clock.advance(60_000)

        assert len(world.endpoints.at(DLQ)) == 1
        assert world.waiting() == 0
        assert world.sns.delivery_store.metrics(topic_key(topic)) == {
            "NumberOfNotificationsFailed": 1,
            "NumberOfNotificationsRedrivenToDlq": 1,
        }

    async def test_an_exhausted_policy_dead_letters_the_message(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def three_attempts(attempt: int, jitter: float, _policy: DeliveryPolicy) -> int | None:
            assert 0 <= jitter < 1
            return 1_000 if attempt < 3 else None

        monkeypatch.setattr(deliveries, "next_attempt_delay", three_attempts)
        topic = await world.topic()
        await world.subscribe(topic, RedrivePolicy=REDRIVE)
        world.endpoints.failures[QUEUE] = ServiceUnavailable("down")
        await world.publish(topic)

        await world.clock.advance(10_000)

        assert world.endpoints.attempts[QUEUE] == 3
        assert len(world.endpoints.at(DLQ)) == 1
        assert world.waiting() == world.rows("sns_undelivered") == 0
        assert _results(world) == ["ServiceUnavailable", "dead-lettered"]


class TestCrashes:
    """A crash is the files as they are at a moment, nothing closed: a copy of the directory."""

    async def test_a_published_message_is_delivered_after_a_crash(
        self, tmp_path: Path, identity: SigningIdentity
    ) -> None:
        world = await _filed_world(tmp_path / "a", identity)
        topic = await world.topic()
        await world.subscribe(topic)
        result = await world.call("Publish", TopicArn=topic, Message="m")
        await world.engine.durable()

        again = await _restarted(tmp_path / "a", tmp_path / "b")

        assert world.endpoints.at(QUEUE) == []
        (sent,) = again.endpoints.at(QUEUE)
        assert sent.envelope["MessageId"] == result["MessageId"]
        assert again.waiting() == 0
        await _closed(world, again)

    async def test_retries_go_on_after_a_crash(
        self, tmp_path: Path, identity: SigningIdentity
    ) -> None:
        world = await _filed_world(tmp_path / "a", identity)
        world.sns.outbox.start()
        topic = await world.topic()
        await world.subscribe(topic)
        world.endpoints.failures[QUEUE] = ServiceUnavailable("down")
        await world.publish(topic)
        await world.engine.durable()

        again = await _restarted(tmp_path / "a", tmp_path / "b")
        await again.clock.advance(3_000)

        assert len(again.endpoints.at(QUEUE)) == 1
        assert again.rows("sns_undelivered") == 0
        await _closed(world, again)

    async def test_the_certificate_is_the_same_after_a_restart(
        self, tmp_path: Path, identity: SigningIdentity
    ) -> None:
        world = await _filed_world(tmp_path / "a", identity)
        await world.engine.durable()

        again = await _restarted(tmp_path / "a", tmp_path / "b")

        assert again.sns.signer.certificate_path() == world.sns.signer.certificate_path()
        await _closed(world, again)


async def _filed_world(folder: Path, identity: SigningIdentity) -> World:
    folder.mkdir()
    world = make_world(folder / "kamome.db", manual_clock())
    world.sns.store.keep_identity(identity)
    return world


async def _restarted(before: Path, after: Path) -> World:
    shutil.copytree(before, after)
    world = make_world(after / "kamome.db", manual_clock())
    world.sns.outbox.start()
    await world.clock.activity.quiet()
    return world


async def _closed(*worlds: World) -> None:
    for world in worlds:
        await world.sns.outbox.stop()
        await world.engine.durable()
        await world.engine.close()
