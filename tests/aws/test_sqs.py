"""SQS by boto3 through the whole server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.conftest import Tenant


@pytest.fixture
def sqs(kamome: Tenant) -> Any:
    return kamome.client("sqs")


@pytest.fixture
def queue(sqs: Any) -> str:
    url: str = sqs.create_queue(QueueName="orders")["QueueUrl"]
    return url


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


def test_missing_queue_has_both_of_its_codes(sqs: Any) -> None:
    with pytest.raises(ClientError) as caught:
        sqs.get_queue_url(QueueName="nowhere")

    error = caught.value.response["Error"]
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["QueryErrorCode"] == "QueueDoesNotExist"
    assert error["Message"] == "The specified queue does not exist."
