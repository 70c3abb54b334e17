"""The operations of SQS that are served, in the order of the API reference."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kamome.errors import AwsError
from kamome.protocols.model import Violation
from kamome.services import Operation
from kamome.services.sqs import message_operations as messages
from kamome.services.sqs import queue_operations as queues
from kamome.services.sqs.errors import (
    InvalidAttributeName,
    InvalidParameterValue,
    MissingParameter,
)
from kamome.wire import HttpRequest

_QUEUE_PATH = re.compile(r"/\d{12}/[A-Za-z0-9_.-]+")

OPERATIONS: Mapping[str, Operation] = {
    "ChangeMessageVisibility": messages.change_message_visibility,
    "CreateQueue": queues.create_queue,
    "DeleteMessage": messages.delete_message,
    "DeleteMessageBatch": messages.delete_message_batch,
    "DeleteQueue": queues.delete_queue,
    "GetQueueAttributes": queues.get_queue_attributes,
    "GetQueueUrl": queues.get_queue_url,
    "ListQueues": queues.list_queues,
    "PurgeQueue": queues.purge_queue,
    "ReceiveMessage": messages.receive_message,
    "SendMessage": messages.send_message,
    "SendMessageBatch": messages.send_message_batch,
    "SetQueueAttributes": queues.set_queue_attributes,
}


def violation(violations: Sequence[Violation]) -> AwsError:
    """SQS's words for an input that does not fit the model.

    AWS: SQS API Reference, Common Errors, MissingParameter, InvalidParameterValue.
    """
    first = violations[0]
    if first.kind == "enum" and "AttributeNames" in first.path:
        return InvalidAttributeName(f"Unknown Attribute {first.value}.")
    if first.kind == "required":
        return MissingParameter(f"The request must contain the parameter {first.member}.")
    return InvalidParameterValue(f"Value {first.value} for parameter {first.member} is invalid.")


def resource_of(request: Mapping[str, object]) -> str:
    """The queue's name."""
    url = request.get("QueueUrl") or request.get("QueueName") or ""
    return str(url).rpartition("/")[2]


def complete(request: HttpRequest, decoded: dict[str, object]) -> None:
    """A query call to the queue's own URL means that queue.

    AWS: SQS Developer Guide, Making Query API requests.
    """
    if "QueueUrl" not in decoded and _QUEUE_PATH.fullmatch(request.path):
        decoded["QueueUrl"] = f"{request.base_url}{request.path}"
