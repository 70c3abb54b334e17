"""How often and when SNS tries again to deliver a message that an endpoint could not take.

Four phases follow the first attempt: immediate, pre-backoff, backoff, post-backoff. The policy of
AWS-managed endpoints (SQS, Lambda) is fixed; those of HTTP(S) and of customer-managed endpoints are
the same four phases with other numbers.

AWS: SNS Developer Guide, Amazon SNS message delivery retries.
"""

from __future__ import annotations

import msgspec

# Jitter spreads a delay by this much to either side: the mean stays what the table says, so that
# 100,000 retries of 20 s take the documented 23 days.
_JITTER = 0.1


class DeliveryPolicy(msgspec.Struct, frozen=True):
    """The numbers of the four phases. Delays are seconds."""

    immediate_retries: int
    pre_backoff_retries: int
    backoff_retries: int
    post_backoff_retries: int
    min_delay_s: float
    max_delay_s: float

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


def next_attempt_delay(
    attempt: int, jitter: float, policy: DeliveryPolicy = AWS_MANAGED_ENDPOINTS
) -> int | None:
    """Milliseconds to wait after `attempt` failed, or None when the policy is exhausted.

    `attempt` counts from 1, the delivery that Publish causes; so 1 leads to the first retry.
    `jitter` is a number from 0 up to 1; 0.5 gives exactly the delay that the policy names.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries (delivery policy stages).
    """
    retry = attempt
    if retry > policy.retries:
        return None
    retry -= policy.immediate_retries
    if retry <= 0:
        return 0
    retry -= policy.pre_backoff_retries
    if retry <= 0:
        return _spread(policy.min_delay_s, jitter)
    if retry <= policy.backoff_retries:
        return _spread(_exponential_s(policy, retry), jitter)
    return _spread(policy.max_delay_s, jitter)


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


def _exponential_s(policy: DeliveryPolicy, retry: int) -> float:
    """From the smallest delay at the first retry of the phase to the largest at its last."""
    if policy.backoff_retries == 1:
        return policy.max_delay_s
    share = (retry - 1) / (policy.backoff_retries - 1)
    return float(policy.min_delay_s * (policy.max_delay_s / policy.min_delay_s) ** share)


def _spread(delay_s: float, jitter: float) -> int:
    return round(delay_s * 1000 * (1 - _JITTER + 2 * _JITTER * jitter))
