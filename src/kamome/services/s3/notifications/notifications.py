"""Notification configurations: validation, and which of them an event matches.

AWS: S3 User Guide, Amazon S3 Event Notifications; S3 API Reference,
PutBucketNotificationConfiguration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import unquote

import msgspec

from kamome.arn import Arn, parse_arn
from kamome.services.s3.errors import InvalidArgument, MalformedXML
from kamome.services.s3.limits import (
    FILTER_VALUE_BYTES_MAX,
    NOTIFICATION_ID_CHARACTERS_MAX,
    NOTIFICATIONS_PER_BUCKET_MAX,
)

if TYPE_CHECKING:
    from kamome.services.s3 import shapes

# S3 User Guide, Supported event types for SQS, SNS, and Lambda. Events of features that are not
# served are taken, as a configuration may name them; they do not occur.
EVENTS = frozenset(
    (
        "s3:ReducedRedundancyLostObject",
        "s3:ObjectCreated:*",
        "s3:ObjectCreated:Put",
        "s3:ObjectCreated:Post",
        "s3:ObjectCreated:Copy",
        "s3:ObjectCreated:CompleteMultipartUpload",
        "s3:ObjectRemoved:*",
        "s3:ObjectRemoved:Delete",
        "s3:ObjectRemoved:DeleteMarkerCreated",
        "s3:ObjectRestore:*",
        "s3:ObjectRestore:Post",
        "s3:ObjectRestore:Completed",
        "s3:ObjectRestore:Delete",
        "s3:Replication:*",
        "s3:Replication:OperationFailedReplication",
        "s3:Replication:OperationNotTracked",
        "s3:Replication:OperationMissedThreshold",
        "s3:Replication:OperationReplicatedAfterThreshold",
        "s3:LifecycleTransition",
        "s3:IntelligentTiering",
        "s3:ObjectAcl:Put",
        "s3:LifecycleExpiration:*",
        "s3:LifecycleExpiration:Delete",
        "s3:LifecycleExpiration:DeleteMarkerCreated",
        "s3:ObjectTagging:*",
        "s3:ObjectTagging:Put",
        "s3:ObjectTagging:Delete",
        "s3:ObjectAnnotation:*",
        "s3:ObjectAnnotation:Put",
        "s3:ObjectAnnotation:Delete",
        "s3:ObjectRetention:Put",
    )
)
_SERVICE_OF_ELEMENT = {"Queue": "sqs", "Topic": "sns", "CloudFunction": "lambda"}
_FIFO_SUFFIX = ".fifo"
# The account's default event bus gets all events; it is no ARN of a configuration.
EVENT_BRIDGE = "EventBridge"
EVENT_BUS = "event-bus/default"
_ACCOUNT_ID = re.compile(r"[0-9]{12}")


class Destination(msgspec.Struct, frozen=True):
    """One configuration: which events, of which keys, go where.

    `element` is the XML element of the ARN: `Queue`, `Topic` or `CloudFunction`. A filter rule may
    be there and empty, which matches as none (None) does.
    """

    id: str
    element: str
    arn: str
    events: tuple[str, ...]
    prefix: str | None = None
    suffix: str | None = None

    def matches(self, event: str, key: str) -> bool:
        """Whether an event of that name on that key is to be sent.

        Filter values may be given URL-encoded, as AWS asks for special characters, or plain.
        """
        return (
            any(event_covers(pattern, event) for pattern in self.events)
            and _begins(key, self.prefix or "")
            and _ends(key, self.suffix or "")
        )


def event_covers(pattern: str, event: str) -> bool:
    """Whether an event type, maybe one ending in `*`, includes another."""
    return pattern == event or (pattern.endswith("*") and event.startswith(pattern[:-1]))


def checked_destinations(
    configuration: shapes.NotificationConfiguration, region: str, new_id: Callable[[], str]
) -> list[Destination]:
    """The destinations of a configuration for a bucket in `region`, ids made where none was given.

    Raises:
        MalformedXML: a configuration without events.
        InvalidArgument: unknown events, wrong ARNs, wrong or overlapping filters, ids used twice.

    AWS: S3 User Guide, Configuring event notifications using object key name filtering.
    """
    destinations = [
        *(
            _destination("Topic", topic["TopicArn"], topic, new_id)
            for topic in configuration.get("TopicConfigurations", ())
        ),
        *(
            _destination("Queue", queue["QueueArn"], queue, new_id)
            for queue in configuration.get("QueueConfigurations", ())
        ),
        *(
            _destination("CloudFunction", function["LambdaFunctionArn"], function, new_id)
            for function in configuration.get("LambdaFunctionConfigurations", ())
        ),
    ]
    _check_count_and_ids(destinations)
    for destination in destinations:
        _check_arn(destination, region)
    for one, other in combinations(destinations, 2):
        _check_overlap(one, other)
    if "EventBridgeConfiguration" in configuration:
        destinations.append(Destination("", EVENT_BRIDGE, EVENT_BUS, ("*",)))
    return destinations


def _destination(
    element: str,
    arn: str,
    given: shapes.TopicConfiguration
    | shapes.QueueConfiguration
    | shapes.LambdaFunctionConfiguration,
    new_id: Callable[[], str],
) -> Destination:
    events = tuple(given.get("Events", ()))
    if not events:
        raise MalformedXML
    for event in events:
        if event not in EVENTS:
            raise InvalidArgument("The event is not supported for notifications", "Event", event)
    rules = _filter_rules(given.get("Filter", {}).get("Key", {}).get("FilterRules", ()))
    return Destination(
        given.get("Id") or new_id(),
        element,
        arn,
        events,
        rules.get("prefix"),
        rules.get("suffix"),
    )


def lower_filter_names(configuration: Mapping[str, object]) -> None:
    """Write the names of filter rules as the model does: S3 takes them in either case.

    AWS: S3 API Reference, FilterRule; S3 answers with `Prefix` and `Suffix`, which tools send back.
    """
    for destinations in configuration.values():
        for destination in destinations if isinstance(destinations, list) else ():
            for rule in destination.get("Filter", {}).get("Key", {}).get("FilterRules", ()):
                if "Name" in rule:
                    rule["Name"] = rule["Name"].lower()


def _filter_rules(rules: Sequence[shapes.FilterRule]) -> dict[str, str]:
    values: dict[str, str] = {}
    for rule in rules:
        kind, value = rule.get("Name", ""), rule.get("Value", "")
        if kind not in ("prefix", "suffix"):
            raise InvalidArgument(
                "filter rule name must be either prefix or suffix", "FilterRule.Name", kind
            )
        if kind in values:
            raise InvalidArgument(
                f"Cannot specify more than one {kind} rule in a filter.", "FilterRule.Name", kind
            )
        if len(value.encode("utf-8", "surrogatepass")) > FILTER_VALUE_BYTES_MAX:
            raise InvalidArgument(
                f"Size of filter rule value cannot exceed {FILTER_VALUE_BYTES_MAX} bytes in UTF-8"
                " representation",
                "FilterRule.Value",
                value,
            )
        values[kind] = value
    return values


def _check_count_and_ids(destinations: Sequence[Destination]) -> None:
    if len(destinations) > NOTIFICATIONS_PER_BUCKET_MAX:
        raise InvalidArgument(
            f"A bucket can have at most {NOTIFICATIONS_PER_BUCKET_MAX} event notifications",
            "NotificationConfiguration",
            len(destinations),
        )
    seen: set[str] = set()
    for destination in destinations:
        if len(destination.id) > NOTIFICATION_ID_CHARACTERS_MAX:
            raise InvalidArgument("The ID is too long", "Id", destination.id)
        if destination.id in seen:
            raise InvalidArgument(
                "Same ID used for multiple configurations. IDs must be unique",
                "Id",
                destination.id,
            )
        seen.add(destination.id)


def _check_arn(destination: Destination, region: str) -> None:
    arn = parse_arn(destination.arn)
    if not _is_well_formed(arn, destination.element):
        raise InvalidArgument("The ARN is not well formed", destination.element, destination.arn)
    assert arn is not None
    if arn.region != region:
        raise InvalidArgument(
            "The notification destination service region is not valid for the bucket location"
            " constraint",
            destination.element,
            destination.arn,
        )
    if arn.resource.endswith(_FIFO_SUFFIX):
        raise InvalidArgument(
            f"FIFO {'SQS queues' if arn.service == 'sqs' else 'SNS topics'} are not supported.",
            destination.element,
            destination.arn,
        )


def _is_well_formed(arn: Arn | None, element: str) -> bool:
    return (
        arn is not None
        and arn.service == _SERVICE_OF_ELEMENT[element]
        and _ACCOUNT_ID.fullmatch(arn.account) is not None
    )


def _check_overlap(one: Destination, other: Destination) -> None:
    """Two configurations may not both match one event of one key."""
    has_common_event = any(
        event_covers(a, b) or event_covers(b, a) for a in one.events for b in other.events
    )
    suffix, other_suffix = one.suffix or "", other.suffix or ""
    prefixes_overlap = _begins_either_way(one.prefix or "", other.prefix or "")
    suffixes_overlap = suffix.endswith(other_suffix) or other_suffix.endswith(suffix)
    if not (has_common_event and prefixes_overlap and suffixes_overlap):
        return
    if one.prefix or one.suffix or other.prefix or other.suffix:
        raise InvalidArgument(
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules"
            " if the prefixes are overlapping for the same event type.",
            "NotificationConfiguration",
            other.id,
        )
    raise InvalidArgument(
        "Configurations overlap. Configurations on the same bucket cannot share a common event"
        " type.",
        "NotificationConfiguration",
        other.id,
    )


def _begins_either_way(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _begins(key: str, prefix: str) -> bool:
    return key.startswith((prefix, unquote(prefix)))


def _ends(key: str, suffix: str) -> bool:
    return key.endswith((suffix, unquote(suffix)))


def configuration_of(destinations: Sequence[Destination]) -> shapes.NotificationConfiguration:
    """What GetBucketNotificationConfiguration answers: the configuration as given, with its ids."""
    answer: shapes.NotificationConfiguration = {}
    for destination in destinations:
        if destination.element == "Topic":
            topic: shapes.TopicConfiguration = {
                "Id": destination.id,
                "TopicArn": destination.arn,
                "Events": list(destination.events),
                **_filter_of(destination),
            }
            answer.setdefault("TopicConfigurations", []).append(topic)
        elif destination.element == EVENT_BRIDGE:
            answer["EventBridgeConfiguration"] = {}
        elif destination.element == "Queue":
            queue: shapes.QueueConfiguration = {
                "Id": destination.id,
                "QueueArn": destination.arn,
                "Events": list(destination.events),
                **_filter_of(destination),
            }
            answer.setdefault("QueueConfigurations", []).append(queue)
        else:
            function: shapes.LambdaFunctionConfiguration = {
                "Id": destination.id,
                "LambdaFunctionArn": destination.arn,
                "Events": list(destination.events),
                **_filter_of(destination),
            }
            answer.setdefault("LambdaFunctionConfigurations", []).append(function)
    return answer


class _Filtered(TypedDict, total=False):
    Filter: shapes.NotificationConfigurationFilter


def _filter_of(destination: Destination) -> _Filtered:
    rules: list[shapes.FilterRule] = []
    if destination.prefix is not None:
        rules.append({"Name": "Prefix", "Value": destination.prefix})
    if destination.suffix is not None:
        rules.append({"Name": "Suffix", "Value": destination.suffix})
    return {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}


def as_stored(destination: Destination) -> Mapping[str, object]:
    """A destination as JSON members, read back by `from_stored`."""
    return {
        "Id": destination.id,
        "Element": destination.element,
        "Arn": destination.arn,
        "Events": list(destination.events),
        "Prefix": destination.prefix,
        "Suffix": destination.suffix,
    }


def from_stored(members: Mapping[str, object]) -> Destination:
    """A destination from the JSON members of `as_stored`."""
    events, prefix, suffix = members["Events"], members["Prefix"], members["Suffix"]
    assert isinstance(events, list)
    return Destination(
        str(members["Id"]),
        str(members["Element"]),
        str(members["Arn"]),
        tuple(str(event) for event in events),
        None if prefix is None else str(prefix),
        None if suffix is None else str(suffix),
    )
