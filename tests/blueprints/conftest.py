"""The inbound-mail blueprint as its tests see it: scripts, functions, and stand-ins for clients."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Protocol

import pytest
from botocore.exceptions import ClientError

from kamome.cli.blueprint import load_modules

BLUEPRINT = Path(__file__).resolve().parents[2] / "blueprints" / "inbound-mail"
BUCKET = "mails"
RECEIVED_AT = "2025-10-07T00:00:00.000Z"

Value = dict[str, object]
Item = dict[str, Value]


class Mail(Protocol):
    """A mail of the manifest."""

    name: str
    ends: str
    times: int
    addresses: tuple[str, ...]
    recipients: tuple[str, ...]
    expected: Expected

    def read(self) -> bytes: ...


class Expected(Protocol):
    """What the manifest expects of its item."""

    subject: str
    kind: str
    order_id: str
    total_yen: int | None
    attachments: tuple[str, ...]


class FakeS3:
    """GetObject from memory, and presigned URLs that nobody opens."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, io.BytesIO]:  # noqa: N803  AWS's names
        if Bucket != BUCKET or Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": ""}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def generate_presigned_url(self, operation: str, *, Params: dict[str, str], **_: int) -> str:  # noqa: N803  AWS's names
        assert operation == "get_object"
        return f"https://{Params['Bucket']}.example.com/{Params['Key']}?signed"


class FakeEcs:
    """RunTask with client tokens. `failures` are answered, `error` is raised, once for each."""

    def __init__(self) -> None:
        self.calls: list[dict[str, object]] = []
        self.tasks: dict[object, str] = {}
        self.failures: list[dict[str, str]] = []
        self.error: Exception | None = None

    def run_task(self, **request: object) -> dict[str, object]:
        self.calls.append(request)
        if self.error is not None:
            raise self.error
        if self.failures:
            return {"tasks": [], "failures": [self.failures.pop()]}
        token = request["clientToken"]
        if token in self.tasks:
            conflict = {"Error": {"Code": "ConflictException", "Message": ""}}
            error = ClientError(conflict, "RunTask")
            error.response["resourceIds"] = [self.tasks[token]]
            raise error
        self.tasks[token] = f"arn:aws:ecs:us-east-1:000000000000:task/c/{len(self.tasks)}"
        return {"tasks": [{"taskArn": self.tasks[token]}], "failures": []}

    def variables(self, call: int) -> dict[str, str]:
        """The environment that a call gave the program."""
        overrides = self.calls[call]["overrides"]
        assert isinstance(overrides, dict)
        (container,) = overrides["containerOverrides"]
        assert container["name"] == "program"
        return {pair["name"]: pair["value"] for pair in container["environment"]}


class FakeDynamoDB:
    """PutItem and UpdateItem on one table, for the expressions that the functions use."""

    def __init__(self) -> None:
        self.items: dict[tuple[object, object], Item] = {}

    def put_item(self, **request: object) -> None:
        item = request["Item"]
        assert isinstance(item, dict)
        assert request["ConditionExpression"] == "attribute_not_exists(entry)"
        key = (item["address"]["S"], item["entry"]["S"])
        if key in self.items:
            raise _condition_failed("PutItem")
        self.items[key] = item

    def update_item(self, **request: object) -> dict[str, Item]:
        key, values = request["Key"], request["ExpressionAttributeValues"]
        assert isinstance(key, dict)
        assert isinstance(values, dict)
        item = self.items[key["address"]["S"], key["entry"]["S"]]
        if "ConditionExpression" in request:
            assert request["ConditionExpression"] == "ses_message_id <> :id"
            if item["ses_message_id"] == values[":id"]:
                raise _condition_failed("UpdateItem")
        if request["UpdateExpression"] == "ADD duplicates :sent_again":
            ids = set(item.get("duplicates", {"SS": []})["SS"])  # type: ignore[call-overload]  # the fake keeps plain lists
            item["duplicates"] = {"SS": sorted(ids | set(values[":sent_again"]["SS"]))}
        elif request["UpdateExpression"] == "SET task_arn = :arn":
            item["task_arn"] = values[":arn"]
        else:
            assert request["UpdateExpression"] == "ADD redeliveries :one"
            before = int(str(item.get("redeliveries", {"N": "0"})["N"]))
            item["redeliveries"] = {"N": str(before + int(values[":one"]["N"]))}
        return {"Attributes": item}


def _condition_failed(operation: str) -> ClientError:
    error = {"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}}
    return ClientError(error, operation)


@dataclass
class StoreMail:
    """The store function beside its stand-ins, and the notices that SES would send it."""

    app: ModuleType
    s3: FakeS3 = field(default_factory=FakeS3)
    dynamodb: FakeDynamoDB = field(default_factory=FakeDynamoDB)
    ecs: FakeEcs = field(default_factory=FakeEcs)
    received: int = 0

    def receive(self, raw_mail: bytes, *recipients: str) -> str:
        """Store a mail as SES does and return the body of the SQS message (SNS's envelope)."""
        return json.dumps({"Type": "Notification", "Message": self.notice(raw_mail, *recipients)})

    def notice(self, raw_mail: bytes, *recipients: str) -> str:
        """The same, as raw delivery has it."""
        self.received += 1
        ses_id = f"ses-{self.received:04}"
        key = f"mail/{ses_id}"
        self.s3.objects[key] = trace_headers(ses_id) + raw_mail
        action = {"type": "S3", "bucketName": BUCKET, "objectKey": key}
        return json.dumps(
            {
                "notificationType": "Received",
                "mail": {"messageId": ses_id, "timestamp": RECEIVED_AT},
                "receipt": {"recipients": recipients, "action": action},
            }
        )

    def handle(self, *bodies: str) -> list[str]:
        """Handle one batch; the numbers of the messages that must come back."""
        records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
        failures = self.app.handler({"Records": records}, None)["batchItemFailures"]
        return [failure["itemIdentifier"] for failure in failures]


def trace_headers(ses_id: str) -> bytes:
    """What SES puts before a mail that it stores."""
    return (
        b"Return-Path: <sender@example.com>\r\n"
        b"Received: from client (client [192.0.2.1])\r\n by inbound-smtp with SMTP id %b\r\n"
        b" for tenant; Tue, 07 Oct 2025 00:00:00 +0000 (UTC)\r\n"
        b"X-SES-Spam-Verdict: PASS\r\nX-SES-RECEIPT: %b\r\n" % (ses_id.encode(), ses_id.encode())
    )


@pytest.fixture
def store_mail(monkeypatch: pytest.MonkeyPatch) -> StoreMail:
    """The store function with S3, DynamoDB and ECS in memory."""
    app = _load_function("store_mail", monkeypatch)
    store = StoreMail(app)
    monkeypatch.setattr(app, "s3", store.s3)
    monkeypatch.setattr(app, "dynamodb", store.dynamodb)
    monkeypatch.setattr(app, "ecs", store.ecs)
    return store


@pytest.fixture
def mail_status(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, FakeDynamoDB]:
    """The status function with DynamoDB in memory."""
    app, dynamodb = _load_function("mail_status", monkeypatch), FakeDynamoDB()
    monkeypatch.setattr(app, "dynamodb", dynamodb)
    return app, dynamodb


def _load_function(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("TABLE_NAME", "inbound-mail")
    monkeypatch.setenv("TASK_CLUSTER", "inbound-mail")
    monkeypatch.setenv("TASK_DEFINITION", "inbound-mail-tenant:1")
    monkeypatch.setenv("TASK_SUBNETS", "subnet-1,subnet-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    (app,) = load_modules(BLUEPRINT / "functions" / name, "app")
    return app
