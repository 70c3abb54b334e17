"""The operations of SQS that are served, in the order of the API reference."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kamome.errors import AwsError
from kamome.protocols.model import Violation
from kamome.services import Operation
from kamome.services.sqs import message_operations as messages
from kamome.services.sqs import move_operations as moves
from kamome.services.sqs import permission_operations as permissions
from kamome.services.sqs import queue_operations as queues
from kamome.services.sqs import receive_operations as receiving
from kamome.services.sqs import send_operations as sending
from kamome.services.sqs import tag_operations as tags
from kamome.services.sqs.errors import (
    InvalidAttributeName,
    InvalidParameterValue,
    MissingParameter,
)
from kamome.wire import HttpRequest

_QUEUE_PATH = re.compile(r"/\d{12}/[A-Za-z0-9_.-]+")
# Members that hold names of attributes, as the model's violations spell them.
_NAMES_OF_ATTRIBUTES = frozenset({"attributeNames", "attributes", "messageSystemAttributeNames"})
_BATCH_ACTION = re.compile(r"(?:^|&)Action=[A-Za-z]+Batch(?:&|$)")

OPERATIONS: Mapping[str, Operation] = {
    "AddPermission": permissions.add_permission,
    "CancelMessageMoveTask": moves.cancel_message_move_task,
    "ChangeMessageVisibility": messages.change_message_visibility,
    "ChangeMessageVisibilityBatch": messages.change_message_visibility_batch,
    "CreateQueue": queues.create_queue,
    "DeleteMessage": messages.delete_message,
    "DeleteMessageBatch": messages.delete_message_batch,
    "DeleteQueue": queues.delete_queue,
    "GetQueueAttributes": queues.get_queue_attributes,
    "GetQueueUrl": queues.get_queue_url,
    "ListDeadLetterSourceQueues": queues.list_dead_letter_source_queues,
    "ListMessageMoveTasks": moves.list_message_move_tasks,
    "ListQueueTags": tags.list_queue_tags,
    "ListQueues": queues.list_queues,
    "PurgeQueue": queues.purge_queue,
    "ReceiveMessage": receiving.receive_message,
    "RemovePermission": permissions.remove_permission,
    "SendMessage": sending.send_message,
    "SendMessageBatch": sending.send_message_batch,
    "SetQueueAttributes": queues.set_queue_attributes,
    "StartMessageMoveTask": moves.start_message_move_task,
    "TagQueue": tags.tag_queue,
    "UntagQueue": tags.untag_queue,
}


def violation(violations: Sequence[Violation]) -> AwsError:
    """SQS's words for an input that does not fit the model.

    AWS: SQS API Reference, Common Errors, MissingParameter, InvalidParameterValue.
    """
    first = violations[0]
    if first.kind == "enum" and first.path.partition(".")[0] in _NAMES_OF_ATTRIBUTES:
        return InvalidAttributeName(f"Unknown Attribute {first.value}.")
    if first.kind == "required":
        return MissingParameter(f"The request must contain the parameter {first.member}.")
    return InvalidParameterValue(f"Value {first.value} for parameter {first.member} is invalid.")


def resource_of(request: Mapping[str, object]) -> str:
    """The queue's name."""
    url = request.get("QueueUrl") or request.get("QueueName") or ""
    return str(url).rpartition("/")[2]


def complete(request: HttpRequest, decoded: dict[str, object]) -> None:
    """A query call to the queue's own URL means that queue; a form cannot hold an empty list.

    AWS: SQS Developer Guide, Making Query API requests.
    """
    if request.has_header("x-amz-target"):
        return
    if "QueueUrl" not in decoded and _QUEUE_PATH.fullmatch(request.path):
        decoded["QueueUrl"] = f"{request.base_url}{request.path}"
    if "Entries" not in decoded and _BATCH_ACTION.search(
        f"{request.raw_query}&{request.body.decode('latin-1')}"
    ):
        decoded["Entries"] = []
