"""Delivery policies of HTTP(S) endpoints: reading, checking, and what is effective.

A topic's policy gives the defaults for its subscriptions, a subscription's own policy comes before
it, unless the topic forbids that (`disableSubscriptionOverrides`).

AWS: SNS Developer Guide, Creating an HTTP/S delivery policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import msgspec
import orjson

from kamome.services.sns.delivery_policy import BACKOFF_FUNCTIONS, DeliveryPolicy, total_delay_s
from kamome.services.sns.errors import InvalidParameter
from kamome.services.sns.limits import HTTP_RETRIES_MAX, HTTP_RETRY_S_MAX

CONTENT_TYPE_DEFAULT = "text/plain; charset=UTF-8"
_RETRY_DEFAULTS: Mapping[str, int | str] = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}
_JSON_TYPES = frozenset({"application/json", "text/plain"})
# Content types that raw message delivery may have besides.
_RAW_TYPES = _JSON_TYPES | {
    "text/css",
    "text/csv",
    "text/html",
    "text/xml",
    "application/atom+xml",
    "application/octet-stream",
    "application/soap+xml",
    "application/x-www-form-urlencoded",
    "application/xhtml+xml",
    "application/xml",
}
_TOPIC_MEMBERS = (
    "defaultHealthyRetryPolicy",
    "defaultThrottlePolicy",
    "defaultRequestPolicy",
    "disableSubscriptionOverrides",
    "defaultSicklyRetryPolicy",
)
_SUBSCRIPTION_MEMBERS = (
    "healthyRetryPolicy",
    "throttlePolicy",
    "requestPolicy",
    "sicklyRetryPolicy",
    "guaranteed",
)


class HttpPolicy(msgspec.Struct, frozen=True):
    """What holds for one subscription. `max_receives_per_second` 0 means no throttle."""

    retries: DeliveryPolicy
    max_receives_per_second: int
    content_type: str


def topic_policy(value: str, prefix: str = "") -> str:
    """A topic's DeliveryPolicy as it is kept, compact.

    Raises:
        InvalidParameter: it is no policy, or its numbers do not fit together.

    AWS: SNS Developer Guide, Creating an HTTP/S delivery policy.
    """
    check = _Check(f"{prefix}DeliveryPolicy: ")
    document = check.document(value)
    check.members(document, "", ("http",))
    http = check.member(document, "", "http")
    check.members(http, "http.", _TOPIC_MEMBERS)
    overrides = http.get("disableSubscriptionOverrides", False)
    if not isinstance(overrides, bool):
        check.refuse("http.disableSubscriptionOverrides must be a boolean")
    _check_policies(check, http, "http.default", is_topic=True)
    return orjson.dumps(document).decode()


def subscription_policy(value: str, prefix: str = "", *, is_raw: bool = False) -> str:
    """A subscription's DeliveryPolicy as it is kept, compact.

    Raises:
        InvalidParameter: it is no policy, or its numbers do not fit together.

    AWS: SNS Developer Guide, Creating an HTTP/S delivery policy.
    """
    check = _Check(f"{prefix}DeliveryPolicy: ")
    document = check.document(value)
    check.members(document, "", _SUBSCRIPTION_MEMBERS)
    _check_policies(check, document, "", is_topic=False, is_raw=is_raw)
    return orjson.dumps(document).decode()


def effective(topic: str | None, subscription: str | None) -> HttpPolicy:
    """What holds for a subscription, by the DeliveryPolicy of its topic and its own.

    AWS: SNS Developer Guide, Creating an HTTP/S delivery policy.
    """
    document = effective_document(topic, subscription)
    retry = document["healthyRetryPolicy"]
    throttle, request = document["throttlePolicy"], document["requestPolicy"]
    assert isinstance(retry, dict)
    assert isinstance(request, dict)
    per_second = throttle.get("maxReceivesPerSecond", 0) if isinstance(throttle, dict) else 0
    return HttpPolicy(_policy(retry), int(per_second or 0), str(request["headerContentType"]))


def effective_document(topic: str | None, subscription: str | None) -> dict[str, object]:
    """EffectiveDeliveryPolicy of a subscription, as GetSubscriptionAttributes shows it.

    AWS: SNS API Reference, GetSubscriptionAttributes.
    """
    defaults = effective_topic_document(topic)
    own = orjson.loads(subscription) if subscription else {}
    if defaults["disableSubscriptionOverrides"]:
        own = {}
    return {
        "healthyRetryPolicy": {
            **_mapping(defaults["defaultHealthyRetryPolicy"]),
            **_given(own.get("healthyRetryPolicy") or {}),
        },
        "sicklyRetryPolicy": None,
        "throttlePolicy": own.get("throttlePolicy") or defaults.get("defaultThrottlePolicy"),
        "requestPolicy": {
            **_mapping(defaults["defaultRequestPolicy"]),
            **_given(own.get("requestPolicy") or {}),
        },
        "guaranteed": False,
    }


def effective_topic_document(topic: str | None) -> dict[str, object]:
    """The `http` member of a topic's EffectiveDeliveryPolicy: what was given over the defaults.

    AWS: SNS API Reference, GetTopicAttributes.
    """
    own = (orjson.loads(topic).get("http") or {}) if topic else {}
    document: dict[str, object] = {
        "defaultHealthyRetryPolicy": {
            **_RETRY_DEFAULTS,
            **_given(own.get("defaultHealthyRetryPolicy") or {}),
        },
        "disableSubscriptionOverrides": own.get("disableSubscriptionOverrides", False),
        "defaultRequestPolicy": {
            "headerContentType": CONTENT_TYPE_DEFAULT,
            **_given(own.get("defaultRequestPolicy") or {}),
        },
    }
    if own.get("defaultThrottlePolicy"):
        document["defaultThrottlePolicy"] = own["defaultThrottlePolicy"]
    return document


class _Check:
    """Reads a document, refusing it in SNS's way."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def refuse(self, sentence: str) -> NoReturn:
        raise InvalidParameter(f"Invalid parameter: {self._prefix}{sentence}")

    def document(self, value: str) -> dict[str, object]:
        try:
            document = orjson.loads(value)
        except orjson.JSONDecodeError:
            self.refuse("failed to parse JSON.")
        if not isinstance(document, dict):
            self.refuse("failed to parse JSON.")
        return document

    def member(self, document: Mapping[str, object], path: str, name: str) -> dict[str, object]:
        value = document.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.refuse(f"{path}{name} must be an object")
        return value

    def members(self, document: Mapping[str, object], path: str, known: tuple[str, ...]) -> None:
        for name in document:
            if name not in known:
                self.refuse(f"invalid JSON. Attribute {path}{name} is unknown.")

    def whole(
        self, document: Mapping[str, object], path: str, low: int, high: int | None
    ) -> int | None:
        """A whole number of a member; its path ends in the member's name."""
        value = document.get(path.rpartition(".")[2])
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(f"{path} must be an integer")
        if value < low:
            self.refuse(f"{path} must be greater than or equal to {low}")
        if high is not None and value > high:
            self.refuse(f"{path} must be less than or equal to {high}")
        return value


def _check_policies(
    check: _Check,
    document: Mapping[str, object],
    path: str,
    *,
    is_topic: bool,
    is_raw: bool = False,
) -> None:
    names = ("HealthyRetryPolicy", "ThrottlePolicy", "RequestPolicy")
    parent = "http." if is_topic else ""
    for name, test in zip(names, (_check_retry, _check_throttle, _check_request), strict=True):
        member = f"default{name}" if is_topic else name[0].lower() + name[1:]
        inner = check.member(document, parent, member)
        if inner:
            test(check, inner, f"{parent}{member}", is_raw)


def _check_retry(check: _Check, given: Mapping[str, object], path: str, _is_raw: bool) -> None:
    check.members(given, f"{path}.", tuple(_RETRY_DEFAULTS))
    check.whole(given, f"{path}.minDelayTarget", 1, HTTP_RETRY_S_MAX)
    check.whole(given, f"{path}.maxDelayTarget", 1, HTTP_RETRY_S_MAX)
    check.whole(given, f"{path}.numRetries", 0, HTTP_RETRIES_MAX)
    for name in ("numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries"):
        check.whole(given, f"{path}.{name}", 0, None)
    if given.get("backoffFunction", "linear") not in BACKOFF_FUNCTIONS:
        check.refuse(f"{path}.backoffFunction must be one of: {', '.join(BACKOFF_FUNCTIONS)}")
    policy = _policy({**_RETRY_DEFAULTS, **_given(given)})
    if policy.min_delay_s > policy.max_delay_s:
        check.refuse(f"{path}.minDelayTarget must be less than or equal to maxDelayTarget")
    if policy.backoff_retries < 0:
        check.refuse(
            f"{path}.numRetries must be greater than or equal to total of numMinDelayRetries,"
            " numNoDelayRetries and numMaxDelayRetries"
        )
    if total_delay_s(policy) > HTTP_RETRY_S_MAX:
        check.refuse(
            f"{path}: Total policy retry time cannot be greater than {HTTP_RETRY_S_MAX} seconds"
        )


def _check_throttle(check: _Check, given: Mapping[str, object], path: str, _is_raw: bool) -> None:
    check.members(given, f"{path}.", ("maxReceivesPerSecond",))
    check.whole(given, f"{path}.maxReceivesPerSecond", 1, None)


def _check_request(check: _Check, given: Mapping[str, object], path: str, is_raw: bool) -> None:
    check.members(given, f"{path}.", ("headerContentType",))
    content_type = given.get("headerContentType")
    known = _RAW_TYPES if is_raw else _JSON_TYPES
    if not isinstance(content_type, str) or not content_type.isascii():
        check.refuse(f"{path}.headerContentType must be a string")
    if content_type.split(";")[0].strip().lower() not in known or not content_type.isprintable():
        check.refuse(f"{path}.headerContentType is invalid: {content_type[:100]}")


def _policy(retry: Mapping[str, object]) -> DeliveryPolicy:
    numbers = {name: value for name, value in retry.items() if isinstance(value, int)}
    immediate, at_minimum = numbers["numNoDelayRetries"], numbers["numMinDelayRetries"]
    at_maximum = numbers["numMaxDelayRetries"]
    return DeliveryPolicy(
        immediate_retries=immediate,
        pre_backoff_retries=at_minimum,
        backoff_retries=numbers["numRetries"] - immediate - at_minimum - at_maximum,
        post_backoff_retries=at_maximum,
        min_delay_s=numbers["minDelayTarget"],
        max_delay_s=numbers["maxDelayTarget"],
        backoff_function=str(retry["backoffFunction"]),
    )


def _given(document: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in document.items() if value is not None}


def _mapping(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value
