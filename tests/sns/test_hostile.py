"""Documents of any shape in the place of policies: AWS's error or acceptance, never a mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamome.errors import AwsError
from kamome.services.sns import attributes, data_protection, http_policy
from kamome.services.sns.arns import TopicKey
from kamome.services.sns.delivery_policy import total_delay_s
from kamome.services.sns.filter_policy import (
    MESSAGE_ATTRIBUTES,
    MESSAGE_BODY,
    body_fields,
    filter_policy,
    why_not,
)
from kamome.services.sns.subscription_attributes import Place, changed, replay_span

PLACE = Place(
    "https", "https://example.com/", TopicKey("0" * 12, "us-east-1", "t.fifo"), is_archived=True
)
_WORDS = st.sampled_from(
    [
        *(
            "$or",
            "numeric",
            "anything-but",
            "prefix",
            "exists",
            "cidr",
            "wildcard",
            "http",
            "=",
            ">",
        ),
        *("healthyRetryPolicy", "defaultHealthyRetryPolicy", "numRetries", "minDelayTarget"),
        *("throttlePolicy", "maxReceivesPerSecond", "requestPolicy", "headerContentType"),
        *("MessageRetentionPeriod", "PointType", "StartingPoint", "Timestamp", "10.0.0.0/8", "a*"),
        *("Statement", "Version", "2021-06-01", "Name", "DataIdentifier", "Operation", "Principal"),
        *("2025-01-01T00:00:00Z", "Action", "Effect", "Allow", "deadLetterTargetArn", "5", "\\"),
    ]
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=5),
    _WORDS,
)
_DOCUMENTS = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(_WORDS, st.text(max_size=3)), inner, max_size=4),
    ),
    max_leaves=12,
)


def _attribute(name: str) -> Callable[[str], object]:
    return lambda text: changed({}, {name: text}, PLACE)


def _topic_attribute(name: str) -> Callable[[str], object]:
    return lambda text: attributes.topic_attribute(name, text)


@pytest.mark.parametrize(
    "read",
    [
        lambda text: filter_policy(text, MESSAGE_BODY),
        lambda text: filter_policy(text, MESSAGE_ATTRIBUTES),
        http_policy.topic_policy,
        http_policy.subscription_policy,
        data_protection.checked_policy,
        _attribute("FilterPolicy"),
        _attribute("ReplayPolicy"),
        _attribute("RedrivePolicy"),
        _attribute("DeliveryPolicy"),
        _topic_attribute("ArchivePolicy"),
        _topic_attribute("DeliveryPolicy"),
        _topic_attribute("Policy"),
    ],
)
@settings(max_examples=150, deadline=None)
@given(st.one_of(_DOCUMENTS.map(json.dumps), st.text(max_size=20)))
def test_a_document_is_accepted_or_refused_in_awss_words(
    read: Callable[[str], object], text: str
) -> None:
    with suppress(AwsError):
        read(text)


@settings(max_examples=300, deadline=None)
@given(_DOCUMENTS, _DOCUMENTS)
def test_whatever_is_accepted_can_be_asked(policy: Any, message: Any) -> None:
    try:
        rule = filter_policy(json.dumps(policy), MESSAGE_BODY)
    except AwsError:
        return
    fields = body_fields(json.dumps(message))
    if fields is not None:
        why_not(rule, dict(fields))


_NUMBERS = st.one_of(st.none(), st.integers(-1, 30), st.just("3"))
_RETRIES = st.fixed_dictionaries(
    {},
    optional={
        **{f"num{name}Retries": _NUMBERS for name in ("", "NoDelay", "MinDelay", "MaxDelay")},
        "minDelayTarget": _NUMBERS,
        "maxDelayTarget": _NUMBERS,
        "backoffFunction": st.sampled_from(["linear", "arithmetic", "geometric", "exponential"]),
    },
)
_POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "healthyRetryPolicy": st.one_of(st.none(), _RETRIES),
        "throttlePolicy": st.one_of(
            st.none(), st.fixed_dictionaries({}, optional={"maxReceivesPerSecond": _NUMBERS})
        ),
        "requestPolicy": st.one_of(st.none(), st.just({"headerContentType": "text/plain"})),
    },
)


@settings(max_examples=500, deadline=None)
@given(_POLICIES, _POLICIES)
def test_accepted_delivery_policies_have_an_effect_within_an_hour(
    own: dict[str, Any], of_topic: dict[str, Any]
) -> None:
    defaults = {f"default{name[0].upper()}{name[1:]}": one for name, one in of_topic.items()}
    try:
        kept = http_policy.subscription_policy(json.dumps(own))
        kept_by_topic = http_policy.topic_policy(json.dumps({"http": defaults or None}))
    except AwsError:
        return

    effective = http_policy.effective(None, kept)

    assert 0 <= total_delay_s(effective.retries) <= 3600
    assert effective.retries.backoff_retries >= 0
    http_policy.effective(kept_by_topic, None)
    http_policy.effective(kept_by_topic, kept)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=12), _WORDS), st.one_of(st.text(max_size=12), _WORDS))
def test_an_accepted_replay_policy_has_a_span(start: str, end: str) -> None:
    policy = {"PointType": "Timestamp", "StartingPoint": start, "EndingPoint": end}
    try:
        kept = changed({}, {"ReplayPolicy": json.dumps(policy)}, PLACE)
    except AwsError:
        return
    assert replay_span(kept) is not None
