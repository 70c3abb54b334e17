"""The delivery policy of AWS-managed endpoints: four phases, 100,015 retries, 23 days."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kamome.services.sns.delivery_policy import (
    AWS_MANAGED_ENDPOINTS,
    DeliveryPolicy,
    next_attempt_delay,
    phase,
)

DAY_MS = 24 * 3600 * 1000


def _delays(policy: DeliveryPolicy = AWS_MANAGED_ENDPOINTS, jitter: float = 0.5) -> list[int]:
    delays: list[int] = []
    while (delay_ms := next_attempt_delay(len(delays) + 1, jitter, policy)) is not None:
        delays.append(delay_ms)
    return delays


def test_three_immediate_retries_come_first() -> None:
    assert _delays()[:3] == [0, 0, 0]


def test_two_retries_a_second_apart_follow() -> None:
    assert _delays()[3:5] == [1000, 1000]


def test_ten_retries_back_off_exponentially_from_1_to_20_seconds() -> None:
    backoff = _delays()[5:15]

    ratios = [later / earlier for earlier, later in pairwise(backoff)]
    assert backoff[0] == 1000
    assert backoff[-1] == 20_000
    assert max(ratios) - min(ratios) < 0.002


def test_a_hundred_thousand_retries_20_seconds_apart_come_last() -> None:
    assert _delays()[15:] == [20_000] * 100_000


def test_all_retries_together_are_100_015_over_23_days() -> None:
    delays = _delays()

    assert len(delays) == AWS_MANAGED_ENDPOINTS.retries == 100_015
    assert sum(delays) // DAY_MS == 23


@pytest.mark.parametrize(("jitter", "delay_ms"), [(0.0, 18_000), (0.5, 20_000), (1.0, 22_000)])
def test_jitter_spreads_a_delay_by_a_tenth_to_either_side(jitter: float, delay_ms: int) -> None:
    assert next_attempt_delay(16, jitter) == delay_ms


def test_immediate_retries_have_no_jitter() -> None:
    assert next_attempt_delay(1, 0.99) == 0


def test_a_policy_of_another_endpoint_has_its_own_numbers() -> None:
    # SMTP, SMS, mobile push: 50 attempts over 6 hours.
    policy = DeliveryPolicy(0, 2, 10, 38, min_delay_s=10, max_delay_s=600)

    delays = _delays(policy)

    assert delays[:3] == [10_000, 10_000, 10_000]
    assert delays[11:] == [600_000] * 39
    assert len(delays) == 50


def test_a_backoff_of_one_retry_waits_the_longest_delay() -> None:
    assert next_attempt_delay(1, 0.5, DeliveryPolicy(0, 0, 1, 0, 1, 20)) == 20_000


@pytest.mark.parametrize(
    ("attempt", "name"),
    [
        (1, "initial"),
        (2, "immediate"),
        (4, "immediate"),
        (5, "pre-backoff"),
        (7, "backoff"),
        (16, "backoff"),
        (17, "post-backoff"),
    ],
)
def test_each_attempt_belongs_to_a_phase(attempt: int, name: str) -> None:
    assert phase(attempt) == name
