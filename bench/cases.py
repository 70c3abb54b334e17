"""What is measured: one function per case, giving each connection its work."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import boto3
from load import Work
from signed import REGION, Requests, with_body

_HANDLES = re.compile(rb'"ReceiptHandle":\s*"([^"]+)"')
_TEXT = "m" * 1024


@dataclass(frozen=True)
class Case:
    """A named load. `target` is the least ratio to the bare server that it should reach."""

    name: str
    prepare: Callable[[Bench], Callable[[int], Work]]
    connections: int = 64
    target: float | None = None


class Bench:
    """A running server with the resources that the cases use."""

    def __init__(self, port: int) -> None:
        self.requests = Requests(port)
        self._number = 0

    def client(self, service: str) -> object:
        """A boto3 client, for setting up."""
        return boto3.client(
            service,
            endpoint_url=self.requests.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def queue(self, *, fifo: bool = False) -> str:
        """URL of a new queue."""
        self._number += 1
        if fifo:
            created = self.client("sqs").create_queue(  # type: ignore[attr-defined] # boto3
                QueueName=f"bench-{self._number}.fifo", Attributes={"FifoQueue": "true"}
            )
            return str(created["QueueUrl"])
        created = self.client("sqs").create_queue(QueueName=f"bench-{self._number}")  # type: ignore[attr-defined] # boto3
        return str(created["QueueUrl"])

    def sqs(self, operation: str, **body: object) -> bytes:
        """A call to SQS."""
        return self.requests.json("sqs", f"AmazonSQS.{operation}", body)

    def dynamodb(self, operation: str, **body: object) -> bytes:
        """A call to DynamoDB."""
        return self.requests.json("dynamodb", f"DynamoDB_20120810.{operation}", body)


def repeat(request: bytes, operations: int = 1) -> Callable[[int], Work]:
    """Every connection sends the same request for ever."""

    def work(_connection: int) -> Work:
        while True:
            yield request, operations

    return work


def sqs_send(bench: Bench) -> Callable[[int], Work]:
    """Send single messages."""
    return repeat(bench.sqs("SendMessage", QueueUrl=bench.queue(), MessageBody=_TEXT))


def sqs_send_batch(bench: Bench) -> Callable[[int], Work]:
    """Send ten messages at a time."""
    return repeat(_batch(bench, bench.queue()), 10)


def _batch(bench: Bench, url: str) -> bytes:
    entries = [{"Id": str(i), "MessageBody": _TEXT} for i in range(10)]
    return bench.sqs("SendMessageBatch", QueueUrl=url, Entries=entries)


def sqs_cycle(bench: Bench) -> Callable[[int], Work]:
    """Send ten singly, receive ten, delete the batch; whole messages are counted, at the end."""
    url = bench.queue()
    send = bench.sqs("SendMessage", QueueUrl=url, MessageBody=_TEXT)
    receive = bench.sqs(
        "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600
    )
    delete = bench.sqs("DeleteMessageBatch", QueueUrl=url, Entries=[])

    def work(_connection: int) -> Work:
        while True:
            for _ in range(10):
                yield send, 0
            handles = _HANDLES.findall((yield receive, 0))
            if handles:
                yield with_body(delete, _deletion(url, handles)), len(handles)

    return work


def _deletion(url: str, handles: list[bytes]) -> bytes:
    entries = [{"Id": str(i), "ReceiptHandle": h.decode()} for i, h in enumerate(handles)]
    return json.dumps({"QueueUrl": url, "Entries": entries}).encode()


def sqs_receive(bench: Bench) -> Callable[[int], Work]:
    """Receive ten at a time; a visibility timeout of 0 gives them back, with the same writes."""
    url = bench.queue()
    fill(bench, url, 10_000)
    return repeat(
        bench.sqs("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0), 10
    )


_DELETIONS = 30_000


def sqs_delete(bench: Bench) -> Callable[[int], Work]:
    """Delete single messages that have been received before the measurement."""
    url = bench.queue()
    fill(bench, url, _DELETIONS)
    handles = _received(bench, url, _DELETIONS)
    delete = bench.sqs("DeleteMessage", QueueUrl=url, ReceiptHandle="")

    def work(_connection: int) -> Work:
        while handles:
            body = json.dumps({"QueueUrl": url, "ReceiptHandle": handles.pop()}).encode()
            yield with_body(delete, body), 1

    return work


def _received(bench: Bench, url: str, count: int) -> list[str]:
    """Receipt handles of so many messages."""
    client = bench.client("sqs")
    handles: list[str] = []
    while len(handles) < count:
        answer = client.receive_message(  # type: ignore[attr-defined] # boto3
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=3600
        )
        handles += [message["ReceiptHandle"] for message in answer["Messages"]]
    return handles


_GROUPS = 100


def fifo_cycle(bench: Bench) -> Callable[[int], Work]:
    """Send ten singly to a FIFO queue of 100 groups, receive ten, delete the batch."""
    url = bench.queue(fifo=True)
    send = bench.sqs("SendMessage", QueueUrl=url, MessageBody=_TEXT)
    receive = bench.sqs(
        "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600
    )
    delete = bench.sqs("DeleteMessageBatch", QueueUrl=url, Entries=[])

    def work(connection: int) -> Work:
        number = 0
        while True:
            for _ in range(10):
                number += 1
                yield with_body(send, _fifo_message(url, connection, number)), 0
            handles = _HANDLES.findall((yield receive, 0))
            if handles:
                yield with_body(delete, _deletion(url, handles)), len(handles)

    return work


def _fifo_message(url: str, connection: int, number: int) -> bytes:
    return json.dumps(
        {
            "QueueUrl": url,
            "MessageBody": _TEXT,
            "MessageGroupId": f"group-{(connection * 31 + number) % _GROUPS}",
            "MessageDeduplicationId": f"{connection}-{number}",
        }
    ).encode()


def fill(bench: Bench, url: str, messages: int) -> None:
    """Put so many messages of 100 bytes into a queue."""
    import http.client

    connection = http.client.HTTPConnection(bench.requests.endpoint.removeprefix("http://"))
    entries = [{"Id": str(i), "MessageBody": "m" * 100} for i in range(10)]
    body = json.dumps({"QueueUrl": url, "Entries": entries}).encode()
    head = {"Content-Type": "application/x-amz-json-1.0"}
    for _ in range(messages // 10):
        connection.request(
            "POST", "/", body, {**head, "X-Amz-Target": "AmazonSQS.SendMessageBatch"}
        )
        response = connection.getresponse()
        assert response.read()
        assert response.status == 200, response.status
    connection.close()


def _bucket(bench: Bench) -> str:
    bench._number += 1
    name = f"bench-{bench._number}"
    bench.client("s3").create_bucket(Bucket=name)  # type: ignore[attr-defined] # boto3
    return name


def s3_put(size: int) -> Callable[[Bench], Callable[[int], Work]]:
    """Put objects of that size, each connection its own key."""

    def prepare(bench: Bench) -> Callable[[int], Work]:
        bucket = _bucket(bench)
        content = b"x" * size
        requests = [bench.requests.s3("PUT", f"/{bucket}/key-{i}", content) for i in range(64)]

        def work(connection: int) -> Work:
            while True:
                yield requests[connection], 1

        return work

    return prepare


def s3_read(method: str, size: int) -> Callable[[Bench], Callable[[int], Work]]:
    """Read one object of that size, or its head."""

    def prepare(bench: Bench) -> Callable[[int], Work]:
        bucket = _bucket(bench)
        content = b"x" * size
        bench.client("s3").put_object(Bucket=bucket, Key="key", Body=content)  # type: ignore[attr-defined] # boto3
        return repeat(bench.requests.s3(method, f"/{bucket}/key"))

    return prepare


def _table(bench: Bench) -> str:
    bench._number += 1
    name = f"bench-{bench._number}"
    client = bench.client("dynamodb")
    client.create_table(  # type: ignore[attr-defined] # boto3
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})  # type: ignore[attr-defined] # boto3
    return name


def dynamodb_put(bench: Bench) -> Callable[[int], Work]:
    """Write items of 1 KB, each connection its own."""
    table = _table(bench)
    requests = [_put(bench, table, i) for i in range(64)]

    def work(connection: int) -> Work:
        while True:
            yield requests[connection], 1

    return work


def _put(bench: Bench, table: str, number: int) -> bytes:
    item = {"id": {"S": f"item-{number}"}, "n": {"N": "1"}, "text": {"S": _TEXT}}
    return bench.dynamodb("PutItem", TableName=table, Item=item)


def dynamodb_get(bench: Bench) -> Callable[[int], Work]:
    """Read one item of 1 KB."""
    table = _table(bench)
    item = {"id": {"S": "item"}, "n": {"N": "1"}, "text": {"S": _TEXT}}
    bench.client("dynamodb").put_item(TableName=table, Item=item)  # type: ignore[attr-defined] # boto3
    return repeat(bench.dynamodb("GetItem", TableName=table, Key={"id": {"S": "item"}}))


CASES = (
    Case("SendMessage, 1 KB", sqs_send, target=0.35),
    Case("SendMessageBatch of 10, messages", sqs_send_batch, target=1.2),
    Case("ReceiveMessage of 10, messages", sqs_receive, target=0.9),
    Case("DeleteMessage", sqs_delete, target=0.40),
    Case("send, receive, delete batch, whole messages", sqs_cycle, target=0.20),
    Case("the same on a FIFO queue of 100 groups", fifo_cycle, target=0.12),
    Case("PutObject 1 KB", s3_put(1024), target=0.25),
    Case("PutObject 100 KB", s3_put(100 * 1024), connections=16),
    Case("PutObject 1 MB", s3_put(1024 * 1024), connections=8),
    Case("GetObject 1 KB", s3_read("GET", 1024)),
    Case("GetObject 100 KB", s3_read("GET", 100 * 1024), connections=16),
    Case("GetObject 1 MB", s3_read("GET", 1024 * 1024), connections=8),
    Case("HeadObject", s3_read("HEAD", 1024)),
    Case("PutItem 1 KB", dynamodb_put),
    Case("GetItem 1 KB", dynamodb_get),
)


def depth_cycle(bench: Bench, url: str) -> Callable[[int], Work]:
    """Send one, receive one, delete it: the number waiting stays as it is."""
    send = bench.sqs("SendMessage", QueueUrl=url, MessageBody="m" * 100)
    receive = bench.sqs("ReceiveMessage", QueueUrl=url, VisibilityTimeout=600)
    delete = bench.sqs("DeleteMessage", QueueUrl=url, ReceiptHandle="")

    def work(_connection: int) -> Work:
        while True:
            yield send, 0
            for handle in _HANDLES.findall((yield receive, 0)):
                body = json.dumps({"QueueUrl": url, "ReceiptHandle": handle.decode()}).encode()
                yield with_body(delete, body), 1

    return work
