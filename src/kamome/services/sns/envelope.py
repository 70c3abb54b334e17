"""What an endpoint receives: SNS's notification as JSON, a Lambda event, or the raw message.

The envelope that SQS gets and the record that Lambda gets carry the same members; Lambda's differ
in the case of two names, always have `Subject` and `MessageAttributes`, and know no number type.

AWS: SNS Developer Guide, Fanout to Amazon SQS queues (message format); Lambda Developer Guide,
Using Lambda with Amazon SNS.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypedDict

import msgspec
import orjson

from kamome.services.sns.signing import canonical_string

# Lambda has no other types: a number or an array arrives as the string it was sent as.
_LAMBDA_TYPES = frozenset({"String", "Binary"})
_SEQUENCE_BASE = 10_000_000_000_000_000_000
_KEPT_RENDERERS_MAX = 32
_KEPT_MESSAGE_CHARACTERS_MAX = 64 * 1024


class Attribute(TypedDict):
    """A message attribute as envelopes carry it; a binary value is base64."""

    Type: str
    Value: str


class Notification(msgspec.Struct, frozen=True):
    """A published message, complete: all its deliveries can be made from it.

    `messages` holds `default` and, with MessageStructure json, the texts of single protocols.
    `signatures` holds those made so far, by message text's protocol.
    """

    message_id: str
    topic_arn: str
    messages: Mapping[str, str]
    published_at_ms: int
    base_url: str
    subject: str | None = None
    attributes: Mapping[str, Attribute] = msgspec.field(default_factory=dict)
    message_group_id: str = ""
    signature_version: str = "1"
    signatures: Mapping[str, str] = msgspec.field(default_factory=dict)
    deduplication_id: str = ""
    # Counts a FIFO topic's messages from 1; 0 for those of standard topics.
    sequence: int = 0
    is_replayed: bool = False
    # The topic's attributes of delivery status logging when it was published.
    feedback: Mapping[str, str] = msgspec.field(default_factory=dict)

    @property
    def sequence_number(self) -> str:
        """SequenceNumber: 20 digits, growing within a topic; empty for standard topics."""
        return str(_SEQUENCE_BASE + self.sequence) if self.sequence else ""

    def message(self, protocol: str) -> str:
        """The text for subscribers of a protocol.

        AWS: SNS API Reference, Publish (MessageStructure).
        """
        return self.messages.get(protocol, self.messages["default"])

    @property
    def timestamp(self) -> str:
        """When it was published: `2026-02-03T04:05:06.789Z`."""
        return timestamp(self.published_at_ms)


def timestamp(at_ms: int) -> str:
    """A moment as SNS writes it: `2026-02-03T04:05:06.789Z`."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def to_json(notification: Notification) -> bytes:
    """A notification as it is kept between attempts."""
    return msgspec.json.encode(notification)


def from_json(kept: bytes | Mapping[str, object]) -> Notification:
    """What `to_json` made of a notification, or its members as a mapping."""
    if isinstance(kept, bytes):
        return msgspec.json.decode(kept, type=Notification)
    return msgspec.convert(kept, Notification)


class Renderer:
    """Renders one notification for its subscriptions; each distinct text is signed once."""

    def __init__(
        self,
        notification: Notification,
        *,
        sign: Callable[[str, str], str],
        certificate_path: Callable[[], str],
        certificate_base: str = "",
    ) -> None:
        self.notification = notification
        self._certificate_base = certificate_base or notification.base_url
        self._sign = sign
        self._certificate_path = certificate_path
        self._signatures = dict(notification.signatures)
        self._heads: dict[str, bytes] = {}
        # The last envelope made: a retry wants the same again.
        self._last: tuple[str, str, str] = ("", "", "")

    @property
    def signatures(self) -> Mapping[str, str]:
        """Signatures made so far, to be kept with the notification for later attempts."""
        return self._signatures

    def envelope(self, protocol: str, subscription_arn: str) -> str:
        """The JSON document that an SQS queue receives as its message body.

        AWS: SNS Developer Guide, Fanout to Amazon SQS queues (message format).
        """
        last_protocol, last_arn, last_envelope = self._last
        if last_arn == subscription_arn and last_protocol == protocol:
            return last_envelope
        head = self._heads.get(protocol)
        if head is None:
            head = self._heads[protocol] = self._head(protocol)
        members = [head, _line("UnsubscribeURL", self._unsubscribe_url(subscription_arn))]
        if self.notification.attributes:
            members.append(self._attribute_lines())
        if self.notification.is_replayed:
            members.append(_line("Replayed", "true"))
        envelope = b"".join((b"{\n", b",\n".join(members), b"\n}")).decode()
        self._last = (protocol, subscription_arn, envelope)
        return envelope

    def lambda_event(self, subscription_arn: str) -> bytes:
        """The event that a Lambda function is invoked with: one record.

        AWS: Lambda Developer Guide, Using Lambda with Amazon SNS (example event).
        """
        notification = self.notification
        record = {
            "Type": "Notification",
            "MessageId": notification.message_id,
            "TopicArn": notification.topic_arn,
            "Subject": notification.subject,
            "Message": notification.message("lambda"),
            "Timestamp": notification.timestamp,
            "SignatureVersion": notification.signature_version,
            "Signature": self._signature("lambda"),
            "SigningCertUrl": self._certificate_url(),
            "UnsubscribeUrl": self._unsubscribe_url(subscription_arn),
            "MessageAttributes": {
                name: {
                    "Type": attribute["Type"] if attribute["Type"] in _LAMBDA_TYPES else "String",
                    "Value": attribute["Value"],
                }
                for name, attribute in notification.attributes.items()
            },
        }
        envelope = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription_arn,
            "Sns": record,
        }
        return orjson.dumps({"Records": [envelope]})

    def _head(self, protocol: str) -> bytes:
        """The members up to SigningCertURL: the same for all subscriptions of a protocol."""
        notification = self.notification
        members = [
            ("Type", "Notification"),
            ("MessageId", notification.message_id),
            ("SequenceNumber", notification.sequence_number or None),
            ("TopicArn", notification.topic_arn),
            ("Subject", notification.subject),
            ("Message", notification.message(protocol)),
            ("Timestamp", notification.timestamp),
            ("SignatureVersion", notification.signature_version),
            ("Signature", self._signature(protocol)),
            ("SigningCertURL", self._certificate_url()),
        ]
        return b",\n".join(_line(name, value) for name, value in members if value is not None)

    def _attribute_lines(self) -> bytes:
        lines = [
            b"    %b : %b" % (orjson.dumps(name), orjson.dumps(attribute))
            for name, attribute in self.notification.attributes.items()
        ]
        return b'  "MessageAttributes" : {\n' + b",\n".join(lines) + b"\n  }"

    def _signature(self, protocol: str) -> str:
        text = protocol if protocol in self.notification.messages else "default"
        signature = self._signatures.get(text)
        if signature is None:
            notification = self.notification
            canonical = canonical_string(
                {
                    "Message": notification.messages[text],
                    "MessageId": notification.message_id,
                    "Subject": notification.subject,
                    "Timestamp": notification.timestamp,
                    "TopicArn": notification.topic_arn,
                    "Type": "Notification",
                }
            )
            signature = self._sign(canonical, notification.signature_version)
            self._signatures[text] = signature
        return signature

    def _certificate_url(self) -> str:
        return self._certificate_base + self._certificate_path()

    def _unsubscribe_url(self, subscription_arn: str) -> str:
        return unsubscribe_url(self.notification.base_url, subscription_arn)


def unsubscribe_url(base_url: str, subscription_arn: str) -> str:
    """The link that ends a subscription.

    AWS: SNS Developer Guide, Deleting a subscription.
    """
    return f"{base_url}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}"


class Handshake(msgspec.Struct, frozen=True):
    """A message about a subscription itself: it asks to confirm it, or tells that it has ended.

    `type` is `SubscriptionConfirmation` or `UnsubscribeConfirmation`.
    """

    type: str
    message_id: str
    topic_arn: str
    token: str
    message: str
    at_ms: int
    base_url: str
    signature_version: str

    @property
    def subscribe_url(self) -> str:
        """The link that confirms the subscription.

        AWS: SNS Developer Guide, HTTP/HTTPS subscription confirmation JSON format.
        """
        return (
            f"{self.base_url}/?Action=ConfirmSubscription&TopicArn={self.topic_arn}"
            f"&Token={self.token}"
        )

    def document(self, sign: Callable[[str, str], str], certificate_url: str) -> bytes:
        """The JSON document that the endpoint receives.

        AWS: SNS Developer Guide, HTTP/HTTPS subscription confirmation JSON format.
        """
        signed = {
            "Type": self.type,
            "MessageId": self.message_id,
            "Token": self.token,
            "TopicArn": self.topic_arn,
            "Message": self.message,
            "SubscribeURL": self.subscribe_url,
            "Timestamp": timestamp(self.at_ms),
        }
        members = {
            **signed,
            "SignatureVersion": self.signature_version,
            "Signature": sign(canonical_string(signed), self.signature_version),
            "SigningCertURL": certificate_url,
        }
        lines = [_line(name, value) for name, value in members.items()]
        return b"".join((b"{\n", b",\n".join(lines), b"\n}"))


class Renderers:
    """Renderers of messages tried lately, so that the next attempt need not read and render again.

    What a message holds never changes, so nothing here can grow stale. At most 32 messages of up
    to 64 KiB.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Renderer] = {}

    def get(self, message_id: str) -> Renderer | None:
        """The renderer of a message, if it was tried lately."""
        return self._kept.get(message_id)

    def put(self, message_id: str, renderer: Renderer) -> None:
        """Keep a renderer; the oldest one goes."""
        if sum(map(len, renderer.notification.messages.values())) > _KEPT_MESSAGE_CHARACTERS_MAX:
            return
        if len(self._kept) >= _KEPT_RENDERERS_MAX:
            del self._kept[next(iter(self._kept))]
        self._kept[message_id] = renderer


def raw_attributes(notification: Notification) -> dict[str, dict[str, str | bytes]]:
    """The message attributes as SQS message attributes, for raw message delivery.

    AWS: SNS Developer Guide, Amazon SNS raw message delivery.
    """
    mapped: dict[str, dict[str, str | bytes]] = {}
    for name, attribute in notification.attributes.items():
        data_type, value = attribute["Type"], attribute["Value"]
        if data_type.split(".")[0] == "Binary":
            mapped[name] = {"DataType": data_type, "BinaryValue": base64.b64decode(value)}
        else:
            mapped[name] = {"DataType": data_type, "StringValue": value}
    return mapped


def _line(name: str, value: str) -> bytes:
    return b'  "%b" : %b' % (name.encode(), orjson.dumps(value))
