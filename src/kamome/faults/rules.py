"""What a fault rule matches and what it does: pure values and functions.

A rule is a flat document (see `DESIGN.md`): members that match, exactly one that says the effect,
and members that say how often and when. Decisions rest on the rule's seed and on how many calls it
has matched before, so the same seed and the same sequence of calls give the same faults, also after
a restart in between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal

import msgspec

EffectName = Literal[
    "error",
    "throttle",
    "latency",
    "drop",
    "outage",
    "reply",
    "duplicate",
    "reorder",
    "delay",
]
Moment = Literal["before", "after"]
# Effects on a call: it fails, or takes its time.
CALL_EFFECTS: frozenset[EffectName] = frozenset(
    {"error", "throttle", "latency", "drop", "outage", "reply"}
)
# Effects on a message or an event: it comes more often, or at another time.
DELIVERY_EFFECTS: frozenset[EffectName] = frozenset({"duplicate", "reorder", "delay"})
# Who calls from outside: any client of the HTTP API or of SMTP, code in a function included.
CLIENT = "client"
# An endpoint on the network that SNS delivers to: the resource is its URL.
HTTP = "http"
HTTP_OPERATIONS = ("POST",)
# A session is a service to match, with the stages of RFC 5321 §3 as its operations.
SMTP = "smtp"
SMTP_STAGES = ("connect", "helo", "mail", "rcpt", "data", "end-of-data")


# Matches remembered, of all rules together.
_MATCHES_KEPT = 1_024


class Target(msgspec.Struct, frozen=True):
    """A call or a delivery that rules may match.

    `resource` is a name (`orders`, `bucket/key`) or an ARN, as the caller gave it.
    """

    service: str
    operation: str
    resource: str
    account: str
    region: str
    source: str = CLIENT

    @property
    def names(self) -> Iterator[str]:
        """Everything by which a rule may call the resource."""
        yield self.resource
        if self.resource.startswith("arn:"):
            short = self.resource.split(":", 5)[-1]
            yield short
            yield short.rpartition("/")[2].rpartition(":")[2]
            return
        yield f"arn:aws:{self.service}:{self.region}:{self.account}:{self.resource}"
        if "/" in self.resource:
            yield self.resource.partition("/")[0]


class Match(msgspec.Struct, frozen=True):
    """Which calls a rule is about; an empty member matches all.

    `operation` and `resource` may hold `*` and `?`. Service, operation and source are compared
    without regard to case.
    """

    service: str = ""
    operation: str = ""
    resource: str = ""
    account: str = ""
    region: str = ""
    source: str = ""

    def matches(self, target: Target) -> bool:
        """Whether the rule is about this call."""
        return _matches(self, target)

    def is_about(self, target: Target) -> bool:
        """The same, found out anew."""
        return (
            _is(self.service, target.service)
            and _is(self.source, target.source)
            and self.account in ("", target.account)
            and self.region in ("", target.region)
            and _is_like(self.operation.casefold(), target.operation.casefold())
            and self._matches_resource(target)
        )

    def _matches_resource(self, target: Target) -> bool:
        if not self.resource:
            return True
        return any(fnmatchcase(name, self.resource) for name in target.names)


@lru_cache(_MATCHES_KEPT)
def _matches(match: Match, target: Target) -> bool:
    """What a rule says of the same call again and again: 100,000 times in an outage of 23 days."""
    return match.is_about(target)


class Effect(msgspec.Struct, frozen=True):
    """What a rule does. `name` says which of the other members count.

    `error`: `code`, `status`, `message`; `latency`, `delay`, `reorder`: `ms`; `drop`: `moment`;
    `duplicate`: `copies` beyond the first; `reply`: an SMTP reply without its line end.
    """

    name: EffectName
    code: str = ""
    status: int = 0
    message: str = ""
    ms: int = 0
    moment: Moment = "before"
    copies: int = 0
    reply: str = ""


class Rule(msgspec.Struct, frozen=True):
    """One rule. `start_ms` up to `end_ms` (exclusive) is when it holds, by the clock."""

    id: str
    match: Match
    effect: Effect
    seed: int
    probability: float = 1.0
    count: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None

    def holds_at(self, now_ms: int) -> bool:
        """Whether the rule's window is open."""
        if self.start_ms is not None and now_ms < self.start_ms:
            return False
        return self.end_ms is None or now_ms < self.end_ms

    def strikes(self, number: int) -> bool:
        """Whether the rule takes effect on the `number`th call that it matches, from 0."""
        return self.probability >= 1.0 or self.fraction(number, "strike") < self.probability

    def shift_ms(self, number: int) -> int:
        """How much later the message comes that is the `number`th to match."""
        if self.effect.name == "delay":
            return self.effect.ms
        if self.effect.name == "reorder":
            return int(self.fraction(number, "reorder") * self.effect.ms)
        return 0

    def fraction(self, number: int, purpose: str) -> float:
        """A number from 0 up to 1 that is the same for the same seed, number and purpose."""
        drawn = hashlib.blake2b(f"{self.seed}/{number}/{purpose}".encode(), digest_size=7)
        return int.from_bytes(drawn.digest(), "big") / (1 << 56)


class Throttle(msgspec.Struct, frozen=True):
    """How a service says that it is called too often."""

    code: str
    status: int
    message: str = "Rate exceeded"
    fault: Literal["Sender", "Receiver"] = "Sender"


# AWS: the services' models (SQS RequestThrottled, SNS Throttled, Lambda TooManyRequestsException,
# DynamoDB ProvisionedThroughputExceededException); S3, Error responses, SlowDown; Common Errors of
# the query services, Throttling.
THROTTLES: Mapping[str, Throttle] = {
    "sqs": Throttle("RequestThrottled", 400, "The request was denied due to request throttling."),
    "sns": Throttle("Throttled", 429),
    "s3": Throttle("SlowDown", 503, "Please reduce your request rate.", "Receiver"),
    "lambda": Throttle("TooManyRequestsException", 429, "Rate Exceeded."),
    "dynamodb": Throttle(
        "ProvisionedThroughputExceededException",
        400,
        "The level of configured provisioned throughput for the table was exceeded. Consider"
        " increasing your provisioning level with the UpdateTable API.",
    ),
    "ses": Throttle("Throttling", 400),
    "sts": Throttle("Throttling", 400),
    "http": Throttle("TooManyRequests", 429),  # RFC 6585 §4
}
OTHER_THROTTLE = Throttle("ThrottlingException", 400)


def _is(wanted: str, given: str) -> bool:
    return not wanted or wanted.casefold() == given.casefold()


def _is_like(pattern: str, given: str) -> bool:
    return not pattern or fnmatchcase(given, pattern)
