"""What a rule matches, and that its decisions repeat."""

from __future__ import annotations

import pytest

from kamome.faults.rules import Effect, Match, Rule, Target

SEND = Target("sqs", "SendMessage", "orders", "111111111111", "eu-west-1", "client")
ARN = "arn:aws:sqs:eu-west-1:111111111111:orders"


@pytest.mark.parametrize(
    "match",
    [
        pytest.param(Match(), id="everything"),
        pytest.param(Match(service="SQS"), id="service without regard to case"),
        pytest.param(Match(operation="sendmessage"), id="operation without regard to case"),
        pytest.param(Match(operation="Send*"), id="operation by pattern"),
        pytest.param(Match(resource="orders"), id="resource by name"),
        pytest.param(Match(resource="ord*"), id="resource by pattern"),
        pytest.param(Match(resource=ARN), id="resource by ARN"),
        pytest.param(Match(account="111111111111", region="eu-west-1"), id="account and region"),
        pytest.param(Match(source="client"), id="source"),
    ],
)
def test_rule_matches(match: Match) -> None:
    assert match.matches(SEND)


@pytest.mark.parametrize(
    "match",
    [
        Match(service="sns"),
        Match(operation="ReceiveMessage"),
        Match(resource="order"),
        Match(resource="Orders"),
        Match(account="222222222222"),
        Match(region="us-east-1"),
        Match(source="sns"),
        Match(service="sqs", operation="SendMessage", resource="orders", region="us-east-1"),
    ],
)
def test_rule_does_not_match(match: Match) -> None:
    assert not match.matches(SEND)


@pytest.mark.parametrize(
    ("resource", "pattern"),
    [
        (ARN, "orders"),
        (ARN, ARN),
        (ARN, "arn:aws:sqs:*:orders"),
        ("arn:aws:lambda:eu-west-1:111111111111:function:store", "store"),
        ("letters/2026/a", "letters"),
        ("letters/2026/a", "letters/2026/*"),
    ],
)
def test_resource_is_known_by_name_and_arn(resource: str, pattern: str) -> None:
    target = Target("any", "Any", resource, "", "")

    assert Match(resource=pattern).matches(target)


def _rule(**members: object) -> Rule:
    given = {"id": "r", "match": Match(), "effect": Effect("outage"), "seed": 1, **members}
    return Rule(**given)  # type: ignore[arg-type] # members are named where it is called


def test_same_seed_decides_the_same_and_another_does_not() -> None:
    first = [_rule(seed=42, probability=0.5).strikes(number) for number in range(64)]
    again = [_rule(seed=42, probability=0.5).strikes(number) for number in range(64)]
    other = [_rule(seed=43, probability=0.5).strikes(number) for number in range(64)]

    assert first == again
    assert first != other


def test_probability_is_that_of_a_strike() -> None:
    strikes = sum(_rule(probability=0.2).strikes(number) for number in range(10_000))

    assert 1_900 < strikes < 2_100


def test_reordering_spreads_over_its_window() -> None:
    rule = _rule(effect=Effect("reorder", ms=1_000))

    shifts = [rule.shift_ms(number) for number in range(1_000)]

    assert min(shifts) < 50
    assert 950 < max(shifts) < 1_000


def test_window_begins_with_its_start_and_ends_before_its_end() -> None:
    rule = _rule(start_ms=10, end_ms=20)

    assert [rule.holds_at(now_ms) for now_ms in (9, 10, 19, 20)] == [False, True, True, False]
