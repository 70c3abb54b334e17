"""What can be looked at under `/_kamome/sns/`: mails, text messages, pushes, deliveries, counts.

All are reads; the newest come first, 100 unless `?limit=` says otherwise.

AWS: SNS Developer Guide, Amazon SNS message delivery retries; Monitoring Amazon SNS topics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import orjson

from kamome.services.sns.arns import subscription_key, topic_key
from kamome.services.sns.deliveries import policy_of
from kamome.services.sns.delivery_policy import DeliveryPolicy, phase, phases
from kamome.services.sns.delivery_store import Retried, StatusLog, Waiting
from kamome.services.sns.envelope import timestamp
from kamome.services.sns.errors import InvalidParameter
from kamome.services.sns.http_deliveries import policy_of as http_policy_of
from kamome.services.sns.slice import Sns
from kamome.services.sns.subscription_attributes import HTTP_PROTOCOLS
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamome.services.sns.record_store import Record

PREFIX = "/_kamome/sns"
_PROTOCOLS = {
    "email": ("email", "email-json"),
    "sms": ("sms",),
    "application": ("application",),
    "firehose": ("firehose",),
}
_LIMIT_DEFAULT = 100
_LIMIT_MAX = 1_000


async def inspect(sns: Sns, request: HttpRequest) -> HttpResponse:
    """Answer one request under `/_kamome/sns`.

    AWS: SNS Developer Guide, Monitoring Amazon SNS topics using CloudWatch.
    """
    what = request.raw_path.removeprefix(PREFIX).strip("/")
    limit = request.query_value("limit") or str(_LIMIT_DEFAULT)
    if request.method != "GET":
        return _answer(405, {"message": "What is kept here can be looked at, not changed."})
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:5]) <= _LIMIT_MAX):
        return _answer(400, {"message": f"limit is 1 to {_LIMIT_MAX}."})
    if what in _PROTOCOLS:
        return _answer(200, {"records": _records(sns, _PROTOCOLS[what], int(limit))})
    if what == "deliveries":
        return _answer(200, _deliveries(sns, int(limit)))
    if what == "metrics":
        return _metrics(sns, request.query_value("topic") or "")
    if what == "delivery-status":
        return _answer(
            200, {"events": [_log(one) for one in sns.delivery_store.statuses(int(limit))]}
        )
    known = ", ".join((*_PROTOCOLS, "deliveries", "delivery-status", "metrics"))
    return _answer(404, {"message": f"There is nothing at {what[:100]}; there are: {known}."})


def _records(sns: Sns, protocols: Sequence[str], limit: int) -> list[dict[str, object]]:
    found = [one for name in protocols for one in sns.record_store.latest(name, limit)]
    found.sort(key=lambda record: record.at_ms, reverse=True)
    return [_shown(record) for record in found[:limit]]


def _shown(record: Record) -> dict[str, object]:
    return {**msgspec.to_builtins(record), "at": timestamp(record.at_ms)}


def _log(log: StatusLog) -> dict[str, object]:
    return {"timestamp": log.at_ms, "log_group": log.log_group, "message": log.document}


def _deliveries(sns: Sns, limit: int) -> dict[str, object]:
    """Deliveries that wait for another attempt, and how the latest retried ones ended."""
    return {
        "waiting": [_waiting(sns, one) for one in sns.delivery_store.waiting(limit)],
        "ended": [_ended(sns, one) for one in sns.delivery_store.retried(limit)],
    }


def _waiting(sns: Sns, waiting: Waiting) -> dict[str, object]:
    progress = sns.outbox.progress(waiting.entry_id) if waiting.entry_id else None
    shown: dict[str, object] = {
        "message_id": waiting.message_id,
        "subscription_arn": waiting.subscription_arn,
    }
    if progress is None:
        return {**shown, "behind_another_of_its_group": True}
    # The fan-out made the first attempt, but for HTTP(S).
    policy, protocol = _policy(sns, waiting.subscription_arn)
    attempts = progress[0] + (0 if protocol in HTTP_PROTOCOLS else 1)
    return {
        **shown,
        "attempts": attempts,
        "attempts_by_phase": phases(attempts, policy),
        "next_attempt": timestamp(progress[1]),
        "next_phase": phase(attempts + 1, policy),
    }


def _ended(sns: Sns, retried: Retried) -> dict[str, object]:
    policy, _ = _policy(sns, retried.subscription_arn, retried.protocol)
    return {
        **msgspec.to_builtins(retried),
        "at": timestamp(retried.at_ms),
        "attempts_by_phase": phases(retried.attempts, policy),
    }


def _policy(sns: Sns, subscription_arn: str, protocol: str = "") -> tuple[DeliveryPolicy, str]:
    subscription = sns.store.subscription(subscription_key(subscription_arn))
    if subscription is None:
        return policy_of(protocol), protocol
    if subscription.protocol in HTTP_PROTOCOLS:
        return http_policy_of(sns, subscription).retries, subscription.protocol
    return policy_of(subscription.protocol), subscription.protocol


def _metrics(sns: Sns, topic_arn: str) -> HttpResponse:
    try:
        key = topic_key(topic_arn)
    except InvalidParameter as error:
        return _answer(400, {"message": f"topic: {error.message}"})
    return _answer(200, {"topic": topic_arn, "metrics": sns.delivery_store.metrics(key)})


def _answer(status: int, document: dict[str, object]) -> HttpResponse:
    headers = [("content-type", "application/json"), ("cache-control", "no-store")]
    return HttpResponse(status, headers, orjson.dumps(document))
