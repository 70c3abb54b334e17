"""SQS as query/XML: the list, map and element names that the JSON model has lost.

Lists and maps of SQS are flattened: `Attribute.1.Name=VisibilityTimeout`,
`SendMessageBatchRequestEntry.1.Id=a`, `<Message>…</Message><Message>…</Message>`.

AWS: SQS API Reference (the query form of the sample requests and responses of each action).
"""

from __future__ import annotations

from typing import Any

ERROR_NAMESPACE = "com.amazonaws.sqs"

METADATA: dict[str, Any] = {
    "protocol": "query",
    "xmlNamespace": "http://queue.amazonaws.com/doc/2012-11-05/",
}


def _list(item: str) -> dict[str, Any]:
    return {"flattened": True, "member": {"locationName": item}}


def _map() -> dict[str, Any]:
    return {"flattened": True, "key": {"locationName": "Name"}, "value": {"locationName": "Value"}}


def _tags() -> dict[str, Any]:
    return {"flattened": True, "key": {"locationName": "Key"}, "value": {"locationName": "Value"}}


def _members(**names: str) -> dict[str, Any]:
    return {"members": {member: {"locationName": name} for member, name in names.items()}}


# The model says that AttributeNames of ReceiveMessage are those of queues; clients of all times
# send those of messages. AWS: SQS API Reference, ReceiveMessage (AttributeNames): `SentTimestamp` …
CORRECTIONS: dict[str, dict[str, Any]] = {
    "ReceivedAttributeNameList": {
        "type": "list",
        "member": {"shape": "MessageSystemAttributeName"},
        "flattened": True,
    },
    "ReceiveMessageRequest": {
        "members": {"AttributeNames": {"shape": "ReceivedAttributeNameList"}}
    },
}
SHAPES: dict[str, dict[str, Any]] = {
    "AWSAccountIdList": _list("AWSAccountId"),
    "ActionNameList": _list("ActionName"),
    "AttributeNameList": _list("AttributeName"),
    "BinaryList": {"member": {"locationName": "BinaryListValue"}},
    "ChangeMessageVisibilityBatchRequestEntryList": _list(
        "ChangeMessageVisibilityBatchRequestEntry"
    ),
    "ChangeMessageVisibilityBatchResultEntryList": _list("ChangeMessageVisibilityBatchResultEntry"),
    "BatchResultErrorEntryList": _list("BatchResultErrorEntry"),
    "DeleteMessageBatchRequestEntryList": _list("DeleteMessageBatchRequestEntry"),
    "DeleteMessageBatchResultEntryList": _list("DeleteMessageBatchResultEntry"),
    "ListMessageMoveTasksResultEntryList": _list("ListMessageMoveTasksResultEntry"),
    "MessageAttributeNameList": _list("MessageAttributeName"),
    "MessageBodyAttributeMap": _map(),
    "MessageBodySystemAttributeMap": _map(),
    "MessageList": _list("Message"),
    # Newer than the query protocol's last model; the name follows the pattern of its siblings.
    "MessageSystemAttributeList": _list("MessageSystemAttributeName"),
    "MessageSystemAttributeMap": _map(),
    "QueueAttributeMap": _map(),
    "ReceivedAttributeNameList": _list("AttributeName"),
    "QueueUrlList": _list("QueueUrl"),
    "SendMessageBatchRequestEntryList": _list("SendMessageBatchRequestEntry"),
    "SendMessageBatchResultEntryList": _list("SendMessageBatchResultEntry"),
    "StringList": {"member": {"locationName": "StringListValue"}},
    "TagKeyList": _list("TagKey"),
    "TagMap": _tags(),
    "CreateQueueRequest": _members(Attributes="Attribute", tags="Tag"),
    "GetQueueAttributesResult": _members(Attributes="Attribute"),
    "ListQueueTagsResult": _members(Tags="Tag"),
    "Message": _members(Attributes="Attribute", MessageAttributes="MessageAttribute"),
    "MessageAttributeValue": _members(
        StringListValues="StringListValue", BinaryListValues="BinaryListValue"
    ),
    "MessageSystemAttributeValue": _members(
        StringListValues="StringListValue", BinaryListValues="BinaryListValue"
    ),
    "SendMessageBatchRequestEntry": _members(
        MessageAttributes="MessageAttribute", MessageSystemAttributes="MessageSystemAttribute"
    ),
    "SendMessageRequest": _members(
        MessageAttributes="MessageAttribute", MessageSystemAttributes="MessageSystemAttribute"
    ),
    "SetQueueAttributesRequest": _members(Attributes="Attribute"),
    "TagQueueRequest": _members(Tags="Tag"),
}
