"""Which messages a consumer has handled twice: the question that duplicates are ordered for.

A handling is one receive that ended well: the message was deleted with its receipt, or a function
returned without an error for it. Messages belong together that are one for their sender: the copies
of a duplicate; what was sent again because the acknowledgement was lost; and of course the receives
of one message. Everything is bounded: the oldest messages are forgotten first.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeVar

import msgspec
import orjson

Key = TypeVar("Key")
Value = TypeVar("Value")

# Messages that are watched at once: about 500 bytes each.
MESSAGES_MAX = 20_000
# How long after a lost acknowledgement the same text counts as sent again: clients try for seconds
# to minutes, SNS for 23 days.
CLIENT_AGAIN_MS = 15 * 60_000
SERVICE_AGAIN_MS = 24 * 86_400_000
_LOST = "lost acknowledgement"
_DUPLICATE = "duplicate delivery"


class Handling(msgspec.Struct, frozen=True):
    """One receive of a message that ended well."""

    at_ms: int
    message_id: str
    receive_count: int
    by: str


class Twins(msgspec.Struct):
    """Messages of one queue that are one for their sender; `cause` says why there are several."""

    queue: str
    message_ids: list[str]
    cause: str = ""
    handlings: dict[tuple[int, int, int], Handling] = {}


class Handlings:
    """What happens to the messages of all queues while faults are about.

    `message` is the store's own number of a message: copies of one message share its MessageId.
    """

    def __init__(self) -> None:
        self._by_message: OrderedDict[int, tuple[Twins, str]] = OrderedDict()
        self._by_text: OrderedDict[bytes, dict[str, Twins]] = OrderedDict()
        # Texts that come again: until when, and why.
        self._again: OrderedDict[bytes, tuple[int, str]] = OrderedDict()
        self._twice: OrderedDict[int, Twins] = OrderedDict()

    @property
    def handled_twice(self) -> list[Twins]:
        """Messages that were handled more than once, in the order that was noticed."""
        return list(self._twice.values())

    def lost_acknowledgement(self, texts: Iterable[str], again_until_ms: int) -> None:
        """The sender of these texts does not know that they have arrived, and sends them again."""
        self._come_again(texts, again_until_ms, _LOST)

    def duplicated(self, texts: Iterable[str], again_until_ms: int) -> None:
        """A publication of these texts goes to its subscriptions more than once."""
        self._come_again(texts, again_until_ms, _DUPLICATE)

    def arrived(self, queue: str, message: int, message_id: str, body: str, now_ms: int) -> None:
        """A message has been put into a queue."""
        digest = _digest(body)
        until_ms, cause = self._again.get(digest, (-1, ""))
        is_again = until_ms >= now_ms
        of_text = self._by_text.setdefault(digest, {})
        self._by_text.move_to_end(digest)
        if not is_again or queue not in of_text:
            of_text[queue] = Twins(queue, [], cause if is_again else "")
        _bound(self._by_text)
        self._join(of_text[queue], message, message_id)

    def copied(self, original: int, message: int, message_id: str) -> None:
        """A copy of a message has been put into its queue."""
        if original in self._by_message:
            twins, _ = self._by_message[original]
            twins.cause = twins.cause or _DUPLICATE
            self._join(twins, message, message_id)

    def handled(
        self, message: int, receive_count: int, by: str, now_ms: int, *, run: int = 0
    ) -> None:
        """A receive of a message has ended well. Told twice, it counts once.

        `run` tells the runs of a function apart that was invoked several times for one receive.
        """
        if message not in self._by_message:
            return
        twins, message_id = self._by_message[message]
        handling = Handling(now_ms, message_id, receive_count, by)
        twins.handlings.setdefault((message, receive_count, run), handling)
        if len(twins.handlings) > 1:
            twins.cause = twins.cause or "received again"
            self._twice.setdefault(id(twins), twins)
            _bound(self._twice)

    def _come_again(self, texts: Iterable[str], until_ms: int, cause: str) -> None:
        for text in texts:
            digest = _digest(text)
            self._again[digest] = (until_ms, cause)
            self._again.move_to_end(digest)
            for twins in self._by_text.get(digest, {}).values():
                twins.cause = twins.cause or cause
        _bound(self._again)

    def _join(self, twins: Twins, message: int, message_id: str) -> None:
        if message_id not in twins.message_ids:
            twins.message_ids.append(message_id)
        self._by_message[message] = (twins, message_id)
        _bound(self._by_message)


def texts_of(request: object) -> list[str]:
    """The texts of the messages that a request sends, as their receivers will see them."""
    if not isinstance(request, dict):
        return []
    found = [request[name] for name in ("MessageBody", "Message") if name in request]
    for name in ("Entries", "PublishBatchRequestEntries"):
        entries = request.get(name)
        if isinstance(entries, list):
            found += [text for entry in entries for text in texts_of(entry)]
    return [text for text in found if isinstance(text, str)]


def _essence(body: str) -> bytes:
    """What the sender sent: SNS's envelope is new for every Publish, its Message is not."""
    if body.startswith("{") and '"TopicArn"' in body:
        try:
            envelope = orjson.loads(body)
        except orjson.JSONDecodeError:
            return body.encode()
        if envelope.get("Type") == "Notification":
            return str(envelope.get("Message", "")).encode()
    return body.encode()


def _digest(body: str) -> bytes:
    return hashlib.blake2b(_essence(body), digest_size=16).digest()


def _bound(kept: OrderedDict[Key, Value]) -> None:
    while len(kept) > MESSAGES_MAX:
        kept.popitem(last=False)
