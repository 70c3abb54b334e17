"""AWS's own library for functions, Powertools for AWS Lambda, as a client of the whole server."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Tenant

pytest.importorskip("aws_lambda_powertools", reason="Powertools for AWS Lambda is not installed")

BATCH = """
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor, EventType, process_partial_response)

processor = BatchProcessor(event_type=EventType.SQS)

def record_handler(record):
    if record.body == "poison":
        raise ValueError(record.body)

def handler(event, context):
    return process_partial_response(
        event=event, record_handler=record_handler, processor=processor, context=context)
"""
IDEMPOTENT = """
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer, IdempotencyConfig, idempotent)

count = 0

@idempotent(persistence_store=DynamoDBPersistenceLayer(table_name="idempotency"),
            config=IdempotencyConfig(event_key_jmespath="order"))
def handler(event, context):
    global count
    count += 1
    return {"count": count}
"""


@pytest.fixture
def client(kamome: Tenant) -> Any:
    return kamome.client("lambda")


def create(client: Any, source: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("app.py", source)
    client.create_function(
        FunctionName="f",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="app.handler",
        Timeout=20,
        MemorySize=512,
        Code={"ZipFile": file.getvalue()},
        Environment={"Variables": {"POWERTOOLS_SERVICE_NAME": "orders"}},
    )


def test_batch_processor_returns_only_the_poison(client: Any, kamome: Tenant) -> None:
    create(client, BATCH)
    sqs = kamome.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    prefix = f"arn:aws:sqs:eu-west-1:{kamome.account}:"
    redrive = json.dumps({"deadLetterTargetArn": f"{prefix}dead", "maxReceiveCount": 1})
    url = sqs.create_queue(
        QueueName="orders", Attributes={"VisibilityTimeout": "20", "RedrivePolicy": redrive}
    )["QueueUrl"]
    for body in ("fine", "poison", "good"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    client.create_event_source_mapping(
        FunctionName="f",
        EventSourceArn=f"{prefix}orders",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )

    kamome.advance(0)
    kamome.advance(21)
    found = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=5, MaxNumberOfMessages=10)

    assert [message["Body"] for message in found["Messages"]] == ["poison"]


def test_idempotent_function_runs_once_for_an_order(client: Any, kamome: Tenant) -> None:
    kamome.client("dynamodb").create_table(
        TableName="idempotency",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    create(client, IDEMPOTENT)

    answers = [
        json.loads(client.invoke(FunctionName="f", Payload=payload)["Payload"].read())
        for payload in (b'{"order": 1}', b'{"order": 1}', b'{"order": 2}')
    ]

    assert answers == [{"count": 1}, {"count": 1}, {"count": 2}]
