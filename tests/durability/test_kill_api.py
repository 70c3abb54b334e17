"""The kill test of direct calls: what an API has answered with success is so after a restart.

Clients send and delete messages, put objects (large enough for files, and replaced by and by),
put items and publish, while the server is killed at random moments. What failed on the way may
have been done or not; what was answered must be there, and what was deleted must stay away.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from tests.durability.server_process import ServerProcess, rounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_ROUNDS = rounds(12)
_CALLS_PER_ROUND_MAX = 200
_BODY_BYTES = 200_000  # lies in a file of its own
_KEYS = 5
_RECEIVES_MAX = 2_000


@dataclass
class Ledger:
    """What was asked, and what was answered. A key's tries are those since its last answer."""

    sent: set[str] = field(default_factory=set)
    delete_tried: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    objects: dict[str, bytes] = field(default_factory=dict)
    object_tries: dict[str, list[bytes]] = field(default_factory=dict)
    items: set[str] = field(default_factory=set)
    published: set[str] = field(default_factory=set)
    answers: int = 0
    enough: threading.Event = field(default_factory=threading.Event)
    wanted: int = 0

    def answered(self) -> None:
        self.answers += 1
        if self.answers >= self.wanted:
            self.enough.set()

    def begin(self, wanted: int) -> None:
        self.wanted = self.answers + wanted
        self.enough.clear()


class Connection:
    """One connection of a client that is as light as can be: the load is to be on the server."""

    def __init__(self, endpoint: str) -> None:
        self._http = HTTPConnection(endpoint.removeprefix("http://"), timeout=30)

    def call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        """The body of a successful answer; any other is the end."""
        service = headers.pop("service")
        scope = f"test/20250101/us-east-1/{service}/aws4_request"
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
        )
        self._http.request(method, path, body, headers)
        answer = self._http.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        return content

    def json(self, service: str, target: str, body: object) -> Any:  # JSON
        headers = {
            "service": service,
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": target,
        }
        return json.loads(self.call("POST", "/", json.dumps(body).encode(), headers) or b"null")

    def close(self) -> None:
        self._http.close()


@dataclass
class Clients:
    """Four kinds of clients; each calls over and over until the server is gone."""

    endpoint: str
    names: dict[str, str]
    ledger: Ledger

    def run(self, call: Callable[[Connection, Random], None], random: Random) -> None:
        with closing(Connection(self.endpoint)) as connection:
            try:
                for _ in range(_CALLS_PER_ROUND_MAX):
                    call(connection, random)
                    self.ledger.answered()
            except (OSError, HTTPException):
                return  # killed

    def queue(self, connection: Connection, random: Random) -> None:
        def sqs(operation: str, **members: object) -> Any:  # JSON
            body = {"QueueUrl": self.names["queue"], **members}
            return connection.json("sqs", f"AmazonSQS.{operation}", body)

        body = random.randbytes(8).hex()
        sqs("SendMessage", MessageBody=body)
        self.ledger.sent.add(body)
        for message in sqs("ReceiveMessage", VisibilityTimeout=0).get("Messages", ()):
            self.ledger.delete_tried.add(message["Body"])
            sqs("DeleteMessage", ReceiptHandle=message["ReceiptHandle"])
            self.ledger.deleted.add(message["Body"])

    def objects(self, connection: Connection, random: Random) -> None:
        key = f"key-{random.randrange(_KEYS)}"
        body = random.randbytes(_BODY_BYTES)
        self.ledger.object_tries.setdefault(key, []).append(body)
        headers = {"service": "s3", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
        connection.call("PUT", f"/bucket/{key}", body, headers)
        self.ledger.objects[key] = body
        self.ledger.object_tries[key] = []

    def items(self, connection: Connection, random: Random) -> None:
        item_id = random.randbytes(8).hex()
        item = {"id": {"S": item_id}, "twice": {"S": item_id * 2}}
        body = {"TableName": "table", "Item": item}
        connection.json("dynamodb", "DynamoDB_20120810.PutItem", body)
        self.ledger.items.add(item_id)

    def publications(self, connection: Connection, random: Random) -> None:
        message = random.randbytes(8).hex()
        form = {
            "Action": "Publish",
            "Version": "2010-03-31",
            "TopicArn": self.names["topic"],
            "Message": message,
        }
        headers = {"service": "sns", "Content-Type": "application/x-www-form-urlencoded"}
        connection.call("POST", "/", urlencode(form).encode(), headers)
        self.ledger.published.add(message)


def prepare(server: ServerProcess) -> dict[str, str]:
    sqs, sns = server.client("sqs"), server.client("sns")
    names = {
        "queue": sqs.create_queue(QueueName="queue")["QueueUrl"],
        "subscribed": sqs.create_queue(QueueName="subscribed")["QueueUrl"],
        "topic": sns.create_topic(Name="topic")["TopicArn"],
    }
    sns.subscribe(
        TopicArn=names["topic"],
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:000000000000:subscribed",
        Attributes={"RawMessageDelivery": "true"},
    )
    server.client("s3").create_bucket(Bucket="bucket")
    server.client("dynamodb").create_table(
        TableName="table",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return names


def run_round(data: Path, names: dict[str, str], ledger: Ledger, random: Random) -> None:
    with ServerProcess(data) as server:
        clients = Clients(server.endpoint, names, ledger)
        calls = (clients.queue, clients.objects, clients.items, clients.publications)
        threads = [
            threading.Thread(target=clients.run, args=(call, Random(random.random())))
            for call in calls
        ]
        ledger.begin(wanted=random.randrange(10, 200))
        for thread in threads:
            thread.start()
        ledger.enough.wait(10)
        server.kill()
        for thread in threads:
            thread.join()


@pytest.fixture
def seed() -> int:
    """Another one each time; set KILL_SEED to have that of a failure again."""
    return int(os.environ.get("KILL_SEED") or Random().randrange(1_000_000))


def test_what_was_answered_is_so_after_a_restart(tmp_path: Path, seed: int) -> None:
    random, ledger = Random(seed), Ledger()
    with ServerProcess(tmp_path) as server:
        names = prepare(server)
        server.kill()
    for _ in range(_ROUNDS):
        run_round(tmp_path, names, ledger, random)

    with ServerProcess(tmp_path) as server:
        server.admin("/_kamome/clock", {"advance": "10m"})
        problems = [
            *wrong_messages(server, names, ledger),
            *wrong_objects(server, ledger),
            *wrong_items(server, ledger),
        ]

    assert problems == [], f"KILL_SEED={seed}"
    assert ledger.answers > _ROUNDS * 10


def wrong_messages(server: ServerProcess, names: dict[str, str], ledger: Ledger) -> list[str]:
    left = received_from(server, names["queue"])
    delivered = received_from(server, names["subscribed"])
    problems = [f"message {body} is gone" for body in ledger.sent - ledger.delete_tried - set(left)]
    problems += [f"message {body} came back" for body in ledger.deleted & set(left)]
    problems += [f"message {body} is there twice" for body in set(left) if left.count(body) > 1]
    problems += [f"{body} was not delivered" for body in ledger.published - set(delivered)]
    return problems


def received_from(server: ServerProcess, queue_url: str) -> list[str]:
    sqs = server.client("sqs")
    bodies: list[str] = []
    for _ in range(_RECEIVES_MAX):
        answer = sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=600
        )
        if "Messages" not in answer:
            return bodies
        bodies += [message["Body"] for message in answer["Messages"]]
    raise AssertionError("the queue has no end")


def wrong_objects(server: ServerProcess, ledger: Ledger) -> list[str]:
    s3: Any = server.client("s3")
    problems = []
    for key, body in ledger.objects.items():
        found = s3.get_object(Bucket="bucket", Key=key)["Body"].read()
        if found != body and found not in ledger.object_tries[key]:
            problems.append(f"object {key} is not what was put last")
    return problems


def wrong_items(server: ServerProcess, ledger: Ledger) -> list[str]:
    pages = server.client("dynamodb").get_paginator("scan").paginate(TableName="table")
    found = {
        item["id"]["S"]
        for page in pages
        for item in page["Items"]
        if item["twice"]["S"] == item["id"]["S"] * 2
    }
    return [f"item {item_id} is gone" for item_id in ledger.items - found]
