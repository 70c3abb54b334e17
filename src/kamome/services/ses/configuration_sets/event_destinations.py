"""What an event destination may be, and its two shapes.

A destination is kept in the shape of the API v2, which knows more of them; the first API sees it in
its own words, and not at all what it has no words for.

AWS: SES API v2 Reference, EventDestinationDefinition; SES API Reference, EventDestination.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.services.ses.configuration_sets.configuration_sets import store_of
from kamome.services.ses.feedback.topic_access import refusal_for_events
from kamome.services.ses.limits import DIMENSION_CHARACTERS_MAX, DIMENSIONS_MAX
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.ses import shapes, shapes_v2
    from kamome.services.ses.configuration_sets.configuration_set_store import Destination
    from kamome.services.ses.slice import Ses

CLOUD_WATCH = "CloudWatchDestination"
EVENT_BRIDGE = "EventBridgeDestination"
FIREHOSE = "KinesisFirehoseDestination"
PINPOINT = "PinpointDestination"
SNS = "SnsDestination"
KINDS = (CLOUD_WATCH, EVENT_BRIDGE, FIREHOSE, PINPOINT, SNS)

_DIMENSION_NAME = re.compile(r"[A-Za-z0-9_:-]+")
# AWS: SES Developer Guide, Adding a CloudWatch event destination (Value Source, Email Header).
_EMAIL_HEADER = "EMAIL_HEADER"
_UNUSABLE_HEADERS = frozenset(
    {"received", "to", "from", "dkim-signature", "cc", "message-id", "return-path"}
)
_DIMENSION_VALUE = re.compile(r"[A-Za-z0-9_@.-]+")
_STREAM = re.compile(r"arn:aws[a-z-]*:firehose:[a-z0-9-]+:\d{12}:deliverystream/[A-Za-z0-9_.-]+")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")
_BUS = re.compile(r"arn:aws[a-z0-9-]*:events:[a-z0-9-]+:\d{12}:event-bus/[^:]+")
_APPLICATION = re.compile(r"arn:aws[a-z-]*:mobiletargeting:[a-z0-9-]+:\d{12}:apps/\w+")

# The event types of the first API; the others have none there.
_V1_TYPES: Mapping[str, str] = {
    "SEND": "send",
    "REJECT": "reject",
    "BOUNCE": "bounce",
    "COMPLAINT": "complaint",
    "DELIVERY": "delivery",
    "OPEN": "open",
    "CLICK": "click",
    "RENDERING_FAILURE": "renderingFailure",
}
_V2_TYPES = {name: later for later, name in _V1_TYPES.items()}
_V1_SOURCES: Mapping[str, str] = {
    "MESSAGE_TAG": "messageTag",
    "EMAIL_HEADER": "emailHeader",
    "LINK_TAG": "linkTag",
}
_V2_SOURCES = {name: later for later, name in _V1_SOURCES.items()}


def refusal(
    ses: Ses, ctx: RequestContext, set_name: str, destination: Destination
) -> tuple[str, str]:
    """What kind of destination cannot be put, and why; two empty texts where all is well.

    The kind is empty where the definition as a whole is wrong. A topic that is new there is
    published to, as part of the caller's step: it may refuse.

    AWS: SES API v2 Reference, EventDestinationDefinition; SES Developer Guide, Set up an Amazon SNS
    event destination for event publishing.
    """
    kind, reason = _wrong(ses, destination.definition)
    topic = _topic(destination)
    if reason or not topic:
        return kind, reason
    owner = Owner(ctx.account, ctx.region)
    known = store_of(ses).destinations(owner, set_name)
    if any(each.name == destination.name and _topic(each) == topic for each in known):
        return "", ""
    reason = refusal_for_events(ses, ctx, set_name, topic)
    return (SNS, reason) if reason else ("", "")


def is_topic(ses: Ses, arn: str) -> bool:
    """Whether SES can publish there: a standard topic that exists.

    AWS: SES Developer Guide, Configuring Amazon SNS notifications (Prerequisites).
    """
    return not arn.endswith(".fifo") and ses.ports.topic_exists(arn)


def _wrong(ses: Ses, definition: shapes_v2.EventDestinationDefinition) -> tuple[str, str]:
    chosen = [kind for kind in KINDS if kind in definition]
    if len(chosen) != 1:
        return "", "Specify exactly one destination."
    if not definition.get("MatchingEventTypes"):
        return "", "Specify at least one event type."
    kind = chosen[0]
    return (kind, reason) if (reason := _reason(ses, kind, definition)) else ("", "")


def _topic(destination: Destination) -> str:
    definition = destination.definition
    return definition["SnsDestination"]["TopicArn"] if "SnsDestination" in definition else ""


def _reason(ses: Ses, kind: str, definition: shapes_v2.EventDestinationDefinition) -> str:
    if kind == SNS:
        topic = definition["SnsDestination"]["TopicArn"]
        return "" if is_topic(ses, topic) else f"SNS topic <{topic}> not found, or a FIFO topic."
    if kind == FIREHOSE:
        stream = definition["KinesisFirehoseDestination"]
        is_good = _STREAM.fullmatch(stream["DeliveryStreamArn"]) and _ROLE.fullmatch(
            stream["IamRoleArn"]
        )
        return "" if is_good else "The delivery stream or role is not valid."
    if kind == EVENT_BRIDGE:
        bus = definition["EventBridgeDestination"]["EventBusArn"]
        is_default = _BUS.fullmatch(bus) and bus.endswith("event-bus/default")
        return "" if is_default else "Only the default event bus can be used."
    if kind == PINPOINT:
        application = definition["PinpointDestination"].get("ApplicationArn", "")
        return "" if _APPLICATION.fullmatch(application) else "The application ARN is not valid."
    return _dimensions(definition["CloudWatchDestination"]["DimensionConfigurations"])


def _dimensions(dimensions: list[shapes_v2.CloudWatchDimensionConfiguration]) -> str:
    if not 1 <= len(dimensions) <= DIMENSIONS_MAX:
        return f"Specify 1 to {DIMENSIONS_MAX} dimensions."
    names = [dimension["DimensionName"] for dimension in dimensions]
    values = [dimension["DefaultDimensionValue"] for dimension in dimensions]
    if len(set(names)) != len(names):
        return "A dimension is given twice."
    if not all(_is_word(name, _DIMENSION_NAME) for name in names):
        return "A dimension's name is not valid."
    headers = [d["DimensionName"] for d in dimensions if d["DimensionValueSource"] == _EMAIL_HEADER]
    if any(name.lower() in _UNUSABLE_HEADERS for name in headers):
        return "A dimension's header field cannot be used."
    if not all(_is_word(value, _DIMENSION_VALUE) for value in values):
        return "A dimension's default value is not valid."
    return ""


def _is_word(text: str, pattern: re.Pattern[str]) -> bool:
    return len(text) <= DIMENSION_CHARACTERS_MAX and pattern.fullmatch(text) is not None


def of_v1(given: shapes.EventDestination) -> shapes_v2.EventDestinationDefinition:
    """A destination of the first API in the shape of the second.

    AWS: SES API Reference, EventDestination.
    """
    made: shapes_v2.EventDestinationDefinition = {
        "Enabled": given.get("Enabled", False),
        "MatchingEventTypes": [_V2_TYPES[name] for name in given["MatchingEventTypes"]],
    }
    if "SNSDestination" in given:
        made["SnsDestination"] = {"TopicArn": given["SNSDestination"]["TopicARN"]}
    if "KinesisFirehoseDestination" in given:
        stream = given["KinesisFirehoseDestination"]
        made["KinesisFirehoseDestination"] = {
            "IamRoleArn": stream["IAMRoleARN"],
            "DeliveryStreamArn": stream["DeliveryStreamARN"],
        }
    if "CloudWatchDestination" in given:
        made["CloudWatchDestination"] = {
            "DimensionConfigurations": [
                {
                    "DimensionName": dimension["DimensionName"],
                    "DimensionValueSource": _V2_SOURCES[dimension["DimensionValueSource"]],
                    "DefaultDimensionValue": dimension["DefaultDimensionValue"],
                }
                for dimension in given["CloudWatchDestination"]["DimensionConfigurations"]
            ]
        }
    return made


def as_v1(destination: Destination) -> shapes.EventDestination | None:
    """A destination in the words of the first API; None for a kind that it has none for.

    AWS: SES API Reference, EventDestination.
    """
    definition = destination.definition
    shown: shapes.EventDestination = {
        "Name": destination.name,
        "Enabled": definition.get("Enabled", False),
        "MatchingEventTypes": [
            _V1_TYPES[name]
            for name in definition.get("MatchingEventTypes", ())
            if name in _V1_TYPES
        ],
    }
    if "SnsDestination" in definition:
        shown["SNSDestination"] = {"TopicARN": definition["SnsDestination"]["TopicArn"]}
    elif "KinesisFirehoseDestination" in definition:
        stream = definition["KinesisFirehoseDestination"]
        shown["KinesisFirehoseDestination"] = {
            "IAMRoleARN": stream["IamRoleArn"],
            "DeliveryStreamARN": stream["DeliveryStreamArn"],
        }
    elif "CloudWatchDestination" in definition:
        shown["CloudWatchDestination"] = {
            "DimensionConfigurations": [
                {
                    "DimensionName": dimension["DimensionName"],
                    "DimensionValueSource": _V1_SOURCES[dimension["DimensionValueSource"]],
                    "DefaultDimensionValue": dimension["DefaultDimensionValue"],
                }
                for dimension in definition["CloudWatchDestination"]["DimensionConfigurations"]
            ]
        }
    else:
        return None
    return shown


def as_v2(destination: Destination) -> shapes_v2.EventDestination:
    """A destination as the second API lists it.

    AWS: SES API v2 Reference, EventDestination.
    """
    definition = destination.definition
    shown: shapes_v2.EventDestination = {
        "Name": destination.name,
        "Enabled": definition.get("Enabled", False),
        "MatchingEventTypes": definition.get("MatchingEventTypes", []),
    }
    if "SnsDestination" in definition:
        shown["SnsDestination"] = definition["SnsDestination"]
    elif "KinesisFirehoseDestination" in definition:
        shown["KinesisFirehoseDestination"] = definition["KinesisFirehoseDestination"]
    elif "CloudWatchDestination" in definition:
        shown["CloudWatchDestination"] = definition["CloudWatchDestination"]
    elif "EventBridgeDestination" in definition:
        shown["EventBridgeDestination"] = definition["EventBridgeDestination"]
    elif "PinpointDestination" in definition:
        shown["PinpointDestination"] = definition["PinpointDestination"]
    return shown
