"""How often and when SNS tries again to deliver a message that an endpoint could not take.

Four phases follow the first attempt: immediate, pre-backoff, backoff, post-backoff. The policy of
AWS-managed endpoints (SQS, Lambda) is fixed; those of HTTP(S) and of customer-managed endpoints are
the same four phases with other numbers.

AWS: SNS Developer Guide, Amazon SNS message delivery retries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

# Jitter spreads a delay by this much to either side: the mean stays what the table says, so that
# 100,000 retries of 20 s take the documented 23 days.
_JITTER = 0.1

# How far a delay has come from the smallest to the largest, by its number and the last number.
# AWS draws these four curves without giving formulas: equal increments, increments that grow by
# the same amount, delays that grow by the same factor, increments that double.
BACKOFF_FUNCTIONS: Mapping[str, Callable[[int, int], float]] = {
    "linear": lambda number, last: number / last,
    "arithmetic": lambda number, last: number * (number + 1) / (last * (last + 1)),
    "geometric": lambda number, last: number / last,
    "exponential": lambda number, last: (2.0**number - 1) / (2.0**last - 1),
}


class DeliveryPolicy(msgspec.Struct, frozen=True):
    """The numbers of the four phases. Delays are seconds."""

    immediate_retries: int
    pre_backoff_retries: int
    backoff_retries: int
    post_backoff_retries: int
    min_delay_s: float
    max_delay_s: float
    # AWS calls the backoff of its own policies exponential; each delay is a constant factor longer
    # than the one before, which among the functions of HTTP(S) policies is the geometric one.
    backoff_function: str = "geometric"

    @property
    def retries(self) -> int:
        """Retries of all phases together; the first attempt is not one of them."""
        return (
            self.immediate_retries
            + self.pre_backoff_retries
            + self.backoff_retries
            + self.post_backoff_retries
        )


# 3 immediate, 2 at 1 s, 10 exponential from 1 s to 20 s, 100,000 at 20 s: 100,015 over 23 days.
AWS_MANAGED_ENDPOINTS = DeliveryPolicy(
    immediate_retries=3,
    pre_backoff_retries=2,
    backoff_retries=10,
    post_backoff_retries=100_000,
    min_delay_s=1,
    max_delay_s=20,
)
# Mail, text messages and mobile push: 2 at 10 s, 10 from 10 s to 600 s, 38 at 600 s: 50 in 6 hours.
CUSTOMER_MANAGED_ENDPOINTS = DeliveryPolicy(
    immediate_retries=0,
    pre_backoff_retries=2,
    backoff_retries=10,
    post_backoff_retries=38,
    min_delay_s=10,
    max_delay_s=600,
)


def next_attempt_delay(
    attempt: int, jitter: float, policy: DeliveryPolicy = AWS_MANAGED_ENDPOINTS
) -> int | None:
    """Milliseconds to wait after `attempt` failed, or None when the policy is exhausted.

    `attempt` counts from 1, the delivery that Publish causes; so 1 leads to the first retry.
    `jitter` is a number from 0 up to 1; 0.5 gives exactly the delay that the policy names.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries (delivery policy stages).
    """
    if attempt > policy.retries:
        return None
    delay_s = delay_before_s(attempt, policy)
    return 0 if delay_s == 0 else _spread(delay_s, jitter)


def delay_before_s(retry: int, policy: DeliveryPolicy) -> float:
    """Seconds that the policy names before its `retry`-th retry, counted from 1.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries (delivery policy stages).
    """
    retry -= policy.immediate_retries
    if retry <= 0:
        return 0
    retry -= policy.pre_backoff_retries
    if retry <= 0:
        return policy.min_delay_s
    if retry <= policy.backoff_retries:
        return _backoff_s(policy, retry)
    return policy.max_delay_s


def total_delay_s(policy: DeliveryPolicy) -> float:
    """Seconds of all the policy's delays together, without jitter.

    AWS: SNS Developer Guide, Creating an HTTP/S delivery policy (total policy retry time).
    """
    return sum(
        (
            policy.min_delay_s * policy.pre_backoff_retries,
            sum(_backoff_s(policy, retry + 1) for retry in range(max(0, policy.backoff_retries))),
            policy.max_delay_s * policy.post_backoff_retries,
        )
    )


def phase(attempt: int, policy: DeliveryPolicy = AWS_MANAGED_ENDPOINTS) -> str:
    """Which phase of the policy an attempt belongs to, in AWS's words; `attempt` counts from 1.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries (delivery policy stages).
    """
    retry = attempt - 1
    if retry <= 0:
        return "initial"
    for name, retries in (
        ("immediate", policy.immediate_retries),
        ("pre-backoff", policy.pre_backoff_retries),
        ("backoff", policy.backoff_retries),
    ):
        if retry <= retries:
            return name
        retry -= retries
    return "post-backoff"


def phases(attempts: int, policy: DeliveryPolicy = AWS_MANAGED_ENDPOINTS) -> dict[str, int]:
    """How many of so many attempts belong to each phase; phases that were not reached are absent.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries (delivery policy stages).
    """
    counts, left = {}, attempts
    for name, length in (
        ("initial", 1),
        ("immediate", policy.immediate_retries),
        ("pre-backoff", policy.pre_backoff_retries),
        ("backoff", policy.backoff_retries),
        ("post-backoff", policy.post_backoff_retries),
    ):
        counts[name] = max(0, min(left, length))
        left -= counts[name]
    return {name: count for name, count in counts.items() if count}


def _backoff_s(policy: DeliveryPolicy, retry: int) -> float:
    """From the smallest delay at the first retry of the phase to the largest at its last."""
    steps = policy.backoff_retries - 1
    if steps == 0:
        return policy.max_delay_s
    share = BACKOFF_FUNCTIONS[policy.backoff_function](retry - 1, steps)
    if policy.backoff_function == "geometric":
        return float(policy.min_delay_s * (policy.max_delay_s / policy.min_delay_s) ** share)
    return policy.min_delay_s + (policy.max_delay_s - policy.min_delay_s) * share


def _spread(delay_s: float, jitter: float) -> int:
    return round(delay_s * 1000 * (1 - _JITTER + 2 * _JITTER * jitter))
