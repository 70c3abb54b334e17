"""The whole delivery policy of an AWS-managed endpoint: 100,015 retries over 23 days."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.sns.world import DLQ, QUEUE, ServiceUnavailable, World

from kamome.services.sns.delivery_policy import phase

DAY_MS = 24 * 3600 * 1000


@pytest.mark.slow
async def test_after_23_days_and_100015_retries_the_dead_letter_queue_gets_the_message(
    world: World,
) -> None:
    topic = await world.topic()
    await world.subscribe(topic, RedrivePolicy={"deadLetterTargetArn": DLQ})
    world.endpoints.failures[QUEUE] = ServiceUnavailable("down")
    published_at_ms = world.clock.now_ms()
    message_id = await world.publish(topic, "m")

    await world.clock.advance(23 * DAY_MS)
    still_trying = world.endpoints.attempts[QUEUE]
    await world.clock.advance(DAY_MS)

    attempts = world.endpoints.attempted_at_ms[QUEUE]
    assert 99_000 < still_trying < 100_016 == len(attempts)
    phases = Counter(phase(number) for number in range(1, len(attempts) + 1))
    assert phases == {
        "initial": 1,
        "immediate": 3,
        "pre-backoff": 2,
        "backoff": 10,
        "post-backoff": 100_000,
    }
    assert attempts == sorted(attempts)
    assert attempts[3] == published_at_ms
    assert 23 * DAY_MS < attempts[-1] - published_at_ms < 23.3 * DAY_MS
    (dead_letter,) = world.endpoints.at(DLQ)
    assert dead_letter.envelope["MessageId"] == message_id
    assert world.waiting() == world.rows("sns_undelivered") == world.rows("sns_delivery") == 0
