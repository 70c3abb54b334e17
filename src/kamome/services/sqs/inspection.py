"""Queues and messages for people and tests: counts, counters, and a look without receiving.

`GET /_kamome/sqs/queues` lists all queues of all accounts. `GET /_aws/sqs/messages?QueueUrl=…`
shows messages in the order of arrival, in the JSON form of ReceiveMessage. Nothing changes by
looking: no receive is counted, nothing is hidden.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.observe.answers import json_response, refusal
from kamome.services.sqs.message_attributes import md5_of_attributes
from kamome.services.sqs.queue_urls import find_queue
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.receive_operations import system_attributes
from kamome.services.sqs.slice import Sqs
from kamome.services.sqs.store import StoredMessage
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from kamome.services.sqs.shapes import MessageAttributeValue

QUEUES_PATH = "/_kamome/sqs/queues"
MESSAGES_PATH = "/_aws/sqs/messages"

_SHOWN_MAX = 1_000
_SHOWN_BY_DEFAULT = 100
# With most messages hidden and only visible ones asked for, a look goes through this many.
_SEEN_MAX = 20_000
_PAGE = 500


class InspectionApi:
    """The routes. `region` and `account` stand for those that a bare queue name leaves out."""

    def __init__(self, sqs: Sqs, *, region: str, account: str) -> None:
        self._sqs = sqs
        self._region = region
        self._account = account

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request for either path."""
        try:
            if request.raw_path == QUEUES_PATH and request.method == "GET":
                return self._queues(request)
            if request.raw_path.rstrip("/") == MESSAGES_PATH and request.method == "GET":
                return self._messages(request)
        except AwsError as error:
            return json_response({"__type": error.code, "message": error.message}, error.status)
        return refusal(404, f"There is nothing at {request.method} {request.raw_path}.")

    def _queues(self, request: HttpRequest) -> HttpResponse:
        """Pages of at most 1,000 by id; `after` is the last id of the page before."""
        after = _number(request.query_value("after"), 0, 0, 1 << 62)
        limit = _number(request.query_value("limit"), _SHOWN_MAX, 1, _SHOWN_MAX)
        if after is None or limit is None:
            return refusal(400, f"after is an id, limit is 1 to {_SHOWN_MAX}.")
        queues = self._sqs.store.queues_after(after, limit)
        answer: dict[str, object] = {"queues": [self._shown_queue(queue) for queue in queues]}
        if len(queues) == limit:
            answer["next"] = queues[-1].id
        return json_response(answer)

    def _shown_queue(self, queue: Queue) -> dict[str, object]:
        now_ms = self._sqs.clock.now_ms()
        visible, in_flight, delayed = self._sqs.store.counts(queue, now_ms)
        oldest = self._sqs.store.oldest(queue.messages_id, 1)
        return {
            "name": queue.name,
            "account": queue.account,
            "region": queue.region,
            "arn": queue.arn,
            "fifo": queue.is_fifo,
            "dead_letter_target": queue.dead_letter_target,
            "visible": visible,
            "in_flight": in_flight,
            "delayed": delayed,
            "age_of_oldest_s": (now_ms - oldest[0][1]) / 1000 if oldest else None,
            **msgspec.structs.asdict(self._sqs.counters.of(queue.id)),
        }

    def _messages(self, request: HttpRequest) -> HttpResponse:
        wanted = dict(request.query)
        url = wanted.get("QueueUrl", "")
        if url == "":
            return refusal(400, f"Name the queue: {MESSAGES_PATH}?QueueUrl=http://…/ACCOUNT/NAME")
        limit = _number(wanted.get("Limit"), _SHOWN_BY_DEFAULT, 1, _SHOWN_MAX)
        after = _number(wanted.get("After"), 0, 0, 1 << 62)
        if limit is None or after is None:
            return refusal(400, f"Limit is 1 to {_SHOWN_MAX}, After is the Place of a message.")
        queue = find_queue(self._sqs.store, self._context(request, wanted.get("Region", "")), url)
        states = {"visible"}
        states |= {"in flight"} if _is_true(wanted.get("ShowInvisible")) else set()
        states |= {"delayed"} if _is_true(wanted.get("ShowDelayed")) else set()
        shown: list[dict[str, object]] = []
        now_ms = self._sqs.clock.now_ms()
        for message in self._in_order(queue, after):
            state = _state(message, now_ms)
            if state in states:
                shown.append(self._shown_message(queue, message, state))
            if len(shown) == limit:
                break
        return json_response({"Messages": shown} if shown else {})

    def _context(self, request: HttpRequest, region: str) -> RequestContext:
        return RequestContext(
            account=self._account,
            region=region or self._region,
            principal="",
            request_id="",
            base_url=request.base_url,
        )

    def _in_order(self, queue: Queue, after: int) -> Iterator[StoredMessage]:
        for _ in range(_SEEN_MAX // _PAGE):
            page = self._sqs.store.oldest(queue.messages_id, _PAGE, after=after)
            for message_id, _sent_at_ms, _group_no in page:
                message = self._sqs.store.find_message(queue, message_id)
                assert message is not None
                yield message
            if len(page) < _PAGE:
                return
            after = page[-1][0]

    def _shown_message(self, queue: Queue, message: StoredMessage, state: str) -> dict[str, object]:
        received = self._sqs.store.shown(message)
        shown: dict[str, object] = {
            "MessageId": received.message_id,
            "MD5OfBody": hashlib.md5(received.content).hexdigest(),
            "Body": received.body,
            "Attributes": system_attributes(queue, received),
            "State": state,
            "VisibleAt": message.visible_at_ms,
            "Place": message.id,
        }
        if received.attributes:
            shown["MD5OfMessageAttributes"] = md5_of_attributes(received.attributes)
            shown["MessageAttributes"] = {
                name: _json_value(value) for name, value in received.attributes.items()
            }
        return shown


def _json_value(value: MessageAttributeValue) -> dict[str, str]:
    if "BinaryValue" in value:
        binary = base64.b64encode(value["BinaryValue"]).decode()
        return {"DataType": value["DataType"], "BinaryValue": binary}
    return {"DataType": value["DataType"], "StringValue": value["StringValue"]}


def _state(message: StoredMessage, now_ms: int) -> str:
    if message.visible_at_ms <= now_ms:
        return "visible"
    return "in flight" if message.receive_count else "delayed"


def _number(text: str | None, default: int, least: int, most: int) -> int | None:
    """A whole number of a parameter, `least` to `most`; None where it is not one."""
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    return int(text) if least <= int(text) <= most else None


def _is_true(text: str | None) -> bool:
    return text is not None and text.lower() in ("true", "1")
