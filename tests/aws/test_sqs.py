"""SQS by boto3 and by the query protocol, through the whole server."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.conftest import Tenant

_SPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


@pytest.fixture
def sqs(kamome: Tenant) -> Any:
    return kamome.client("sqs")


@pytest.fixture
def queue(sqs: Any) -> str:
    url: str = sqs.create_queue(QueueName="orders")["QueueUrl"]
    return url


@pytest.fixture
def unsigned(kamome: Tenant) -> str:
    """A queue in the region that unsigned calls mean."""
    client = type(kamome)(kamome.server, kamome.account, "us-east-1").client("sqs")
    url: str = client.create_queue(QueueName="orders")["QueueUrl"]
    return url


@pytest.fixture
def fifo(sqs: Any) -> str:
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url: str = sqs.create_queue(QueueName="orders.fifo", Attributes=attributes)["QueueUrl"]
    return url


def query(url: str, action: str, method: str = "POST", /, **parameters: object) -> tuple[int, Any]:
    """A query call to the queue's own URL; status and the answer's document."""
    form = urlencode({"Action": action, "Version": "2012-11-05", **parameters})
    request = (
        Request(url, form.encode(), method="POST") if method == "POST" else Request(f"{url}?{form}")
    )
    try:
        with urlopen(request, timeout=30) as response:
            return response.status, ET.fromstring(response.read())
    except HTTPError as error:
        return error.code, ET.fromstring(error.read())


def texts(document: Any, name: str) -> list[str]:
    return [element.text or "" for element in document.iter(f"{_SPACE}{name}")]


def test_message_comes_back_with_its_attributes(sqs: Any, queue: str) -> None:
    kind = {"kind": {"DataType": "String", "StringValue": "new"}}
    sent = sqs.send_message(QueueUrl=queue, MessageBody="hello", MessageAttributes=kind)

    [message] = sqs.receive_message(
        QueueUrl=queue, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )["Messages"]

    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "hello"
    assert message["MessageAttributes"] == kind
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


def test_system_attributes_come_by_the_older_parameter_too(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="hello")

    [message] = sqs.receive_message(QueueUrl=queue, AttributeNames=["SentTimestamp"])["Messages"]

    assert list(message["Attributes"]) == ["SentTimestamp"]


def test_missing_queue_has_both_of_its_codes(sqs: Any) -> None:
    with pytest.raises(ClientError) as caught:
        sqs.get_queue_url(QueueName="nowhere")

    error = caught.value.response["Error"]
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["QueryErrorCode"] == "QueueDoesNotExist"
    assert error["Message"] == "The specified queue does not exist."


def test_fifo_message_has_its_attributes_on_the_wire(sqs: Any, fifo: str) -> None:
    sent = sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="a")

    [message] = sqs.receive_message(QueueUrl=fifo, AttributeNames=["All"])["Messages"]

    assert message["Attributes"]["SequenceNumber"] == sent["SequenceNumber"]
    assert message["Attributes"]["MessageGroupId"] == "a"
    assert len(message["Attributes"]["MessageDeduplicationId"]) == 64


def test_results_that_are_empty_are_absent(sqs: Any, queue: str) -> None:
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=queue)
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])
    sent = sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": "a", "MessageBody": "x"}])
    assert "Failed" not in sent
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="none")


def test_move_task_runs_and_is_listed(kamome: Tenant, sqs: Any) -> None:
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"1"}}'
    source = sqs.create_queue(QueueName="orders", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    sqs.send_message(QueueUrl=source, MessageBody="x")
    sqs.receive_message(QueueUrl=source, VisibilityTimeout=0)
    sqs.receive_message(QueueUrl=source)

    sqs.start_message_move_task(SourceArn=arn)
    kamome.advance(1)

    [task] = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    assert sqs.receive_message(QueueUrl=source)["Messages"][0]["Body"] == "x"
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [source]


def test_all_operations_of_the_model_are_served(sqs: Any) -> None:
    from kamome.services.sqs.operations import OPERATIONS

    assert set(OPERATIONS) == set(sqs.meta.service_model.operation_names)


# ---------------------------------------------------------------------- query protocol


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_query_calls_go_to_the_queues_own_url(unsigned: str, method: str) -> None:
    parameters = {
        "MessageBody": "a&b<c>",
        "MessageAttribute.1.Name": "kind",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "new",
    }
    status, sent = query(unsigned, "SendMessage", method, **parameters)
    assert status == 200

    _, received = query(
        unsigned,
        "ReceiveMessage",
        method,
        **{"MessageAttributeName.1": "All", "AttributeName.1": "All"},
    )

    assert texts(received, "Body") == ["a&b<c>"]
    assert texts(received, "MessageId") == texts(sent, "MessageId")
    assert texts(received, "MD5OfMessageAttributes") == texts(sent, "MD5OfMessageAttributes")
    assert "ApproximateReceiveCount" in texts(received, "Name")
    [handle] = texts(received, "ReceiptHandle")
    assert query(unsigned, "DeleteMessage", method, ReceiptHandle=handle)[0] == 200


def test_query_batch_tells_each_entry(unsigned: str) -> None:
    entry = "SendMessageBatchRequestEntry"
    status, result = query(
        unsigned,
        "SendMessageBatch",
        **{
            f"{entry}.1.Id": "good",
            f"{entry}.1.MessageBody": "x",
            f"{entry}.2.Id": "bad",
            f"{entry}.2.MessageBody": "x",
            f"{entry}.2.DelaySeconds": "901",
        },
    )

    assert status == 200
    assert texts(result, "Id") == ["good", "bad"]
    assert texts(result, "Code") == ["InvalidParameterValue"]
    assert texts(result, "SenderFault") == ["true"]


@pytest.mark.parametrize(
    ("action", "parameters", "code", "sentence"),
    [
        ("SendMessage", {}, "MissingParameter", "must contain the parameter MessageBody"),
        ("SendMessage", {"MessageBody": "\x00"}, "InvalidMessageContents", "Invalid characters"),
        (
            "ReceiveMessage",
            {"MaxNumberOfMessages": 11},
            "InvalidParameterValue",
            "Must be between 1 and 10, if provided",
        ),
        ("DeleteMessage", {"ReceiptHandle": "x"}, "ReceiptHandleIsInvalid", "not a valid receipt"),
        (
            "DeleteMessageBatch",
            {},
            "AWS.SimpleQueueService.EmptyBatchRequest",
            "at least one DeleteMessageBatchRequestEntry",
        ),
        (
            "GetQueueAttributes",
            {"AttributeName.1": "Colour"},
            "InvalidAttributeName",
            "Unknown Attribute Colour",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_query_errors_have_their_own_codes(
    unsigned: str, action: str, parameters: dict[str, object], code: str, sentence: str
) -> None:
    status, document = query(unsigned, action, **parameters)

    assert 400 <= status < 500
    assert texts(document, "Code") == [code]
    assert sentence in texts(document, "Message")[0]


def test_query_words_a_missing_queue_in_its_own_way(unsigned: str) -> None:
    status, document = query(unsigned + "x", "SendMessage", MessageBody="x")

    assert status == 400
    assert texts(document, "Code") == ["AWS.SimpleQueueService.NonExistentQueue"]
    assert texts(document, "Message") == [
        "The specified queue does not exist for this wsdl version."
    ]


@pytest.mark.parametrize(
    ("operation", "parameters", "code", "query_code"),
    [
        (
            "delete_message_batch",
            {"Entries": []},
            "AWS.SimpleQueueService.EmptyBatchRequest",
            "EmptyBatchRequest",
        ),
        (
            "receive_message",
            {"MaxNumberOfMessages": 0},
            "InvalidParameterValue",
            "InvalidParameterValueException",
        ),
        (
            "delete_message",
            {"ReceiptHandle": "x"},
            "ReceiptHandleIsInvalid",
            "ReceiptHandleIsInvalid",
        ),
        (
            "get_queue_attributes",
            {"AttributeNames": ["Colour"]},
            "InvalidAttributeName",
            "InvalidAttributeName",
        ),
    ],
)
def test_json_errors_carry_the_code_of_the_query_protocol(
    sqs: Any, queue: str, operation: str, parameters: dict[str, object], code: str, query_code: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(sqs, operation)(QueueUrl=queue, **parameters)

    error = caught.value.response["Error"]
    assert (error["Code"], error["QueryErrorCode"]) == (code, query_code)


# ---------------------------------------------------------------------- queue URLs


def test_queue_is_found_under_every_host_form_of_its_url(
    kamome: Tenant, sqs: Any, queue: str
) -> None:
    path = f"{kamome.account}/orders"
    for url in (
        f"https://sqs.{kamome.region}.amazonaws.com/{path}",
        f"https://{kamome.region}.queue.amazonaws.com/{path}",
        f"http://sqs.{kamome.region}.localhost.localstack.cloud:4566/{path}",
        f"http://localhost:4566/{path}",
        "orders",
    ):
        sqs.send_message(QueueUrl=url, MessageBody=url)

    counted = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert counted["ApproximateNumberOfMessages"] == "5"
    assert urlsplit(queue).netloc == urlsplit(kamome.endpoint).netloc


def test_queues_of_accounts_and_regions_are_apart(kamome: Tenant, sqs: Any, queue: str) -> None:
    kamome_elsewhere = type(kamome)(kamome.server, kamome.account, "ap-northeast-1")
    elsewhere = kamome_elsewhere.client("sqs")

    assert "QueueUrls" not in elsewhere.list_queues()
    other = elsewhere.create_queue(QueueName="orders")["QueueUrl"]
    elsewhere.send_message(QueueUrl=other, MessageBody="x")

    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def test_queues_and_messages_are_visible_to_the_operator(
    kamome: Tenant, sqs: Any, queue: str
) -> None:
    import json

    sqs.send_message(QueueUrl=queue, MessageBody="look")

    def ask(path: str) -> Any:
        with urlopen(f"{kamome.endpoint}{path}", timeout=30) as response:
            return json.load(response)

    queues = ask("/_kamome/sqs/queues")["queues"]
    assert [q["sent"] for q in queues if q["account"] == kamome.account] == [1]
    peeked = ask(f"/_aws/sqs/messages?QueueUrl={queue}&Region={kamome.region}")
    assert [message["Body"] for message in peeked["Messages"]] == ["look"]
