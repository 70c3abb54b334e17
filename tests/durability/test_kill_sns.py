"""The kill test of SNS: deliveries and retries go on where they were, whatever the moment.

Two topics are published to while time is advanced by hours, and the server is killed at random
moments: in the middle of fan-outs, of attempts at a queue that is out of order, of POSTs to an
endpoint that refuses them all. What was answered arrives: once in each queue, in order from the
FIFO topic, and once in the dead-letter queue of the endpoint.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.durability.server_process import ServerProcess, rounds
from tests.durability.test_kill_api import Connection, received_from, seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["seed"]

_ROUNDS = rounds(5)
_QUEUES = ("first", "second", "broken", "dead")
_ARN = "arn:aws:sqs:us-east-1:000000000000:"
_RETRIES = 3
_RECEIVES_MAX = 2_000


@dataclass
class Ledger:
    """What was asked for in order, and what was answered."""

    published: set[str] = field(default_factory=set)
    in_order: list[str] = field(default_factory=list)
    answers: int = 0
    wanted: int = 0
    enough: threading.Event = field(default_factory=threading.Event)

    def begin(self, wanted: int) -> None:
        self.wanted = self.answers + wanted
        self.enough.clear()

    def answered(self) -> None:
        self.answers += 1
        if self.answers >= self.wanted:
            self.enough.set()


class Endpoint(ThreadingHTTPServer):
    """Keeps the token that it is asked with, and refuses every notification."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refusing)
        self.token = ""
        self.is_asked = threading.Event()
        self.posts: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Refusing(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if document["Type"] == "SubscriptionConfirmation":
            self.server.token = document["Token"]
            self.server.is_asked.set()
        else:
            self.server.posts[document["Message"]] += 1
        self.send_response(200 if document["Type"] == "SubscriptionConfirmation" else 500)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def serving() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        thread = threading.Thread(target=endpoint.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield endpoint
        finally:
            endpoint.shutdown()
            thread.join()


def prepare(server: ServerProcess, endpoint: Endpoint) -> dict[str, str]:
    sqs, sns = server.client("sqs"), server.client("sns")
    fifo = {"FifoQueue": "true"}
    names = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in _QUEUES}
    names["ordered"] = sqs.create_queue(QueueName="ordered.fifo", Attributes=fifo)["QueueUrl"]
    names["topic"] = sns.create_topic(Name="topic")["TopicArn"]
    names["fifo"] = sns.create_topic(Name="topic.fifo", Attributes={"FifoTopic": "true"})[
        "TopicArn"
    ]
    raw = {"RawMessageDelivery": "true"}
    for queue in ("first", "second", "broken"):
        sns.subscribe(
            TopicArn=names["topic"], Protocol="sqs", Endpoint=f"{_ARN}{queue}", Attributes=raw
        )
    sns.subscribe(
        TopicArn=names["fifo"], Protocol="sqs", Endpoint=f"{_ARN}ordered.fifo", Attributes=raw
    )
    retries = {"numRetries": _RETRIES, "minDelayTarget": 1, "maxDelayTarget": 1}
    sns.subscribe(
        TopicArn=names["topic"],
        Protocol="http",
        Endpoint=endpoint.url,
        Attributes={
            "DeliveryPolicy": json.dumps({"healthyRetryPolicy": retries}),
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": f"{_ARN}dead"}),
        },
    )
    assert endpoint.is_asked.wait(10)
    sns.confirm_subscription(TopicArn=names["topic"], Token=endpoint.token)
    outage = {"service": "sqs", "resource": "broken", "source": "sns", "outage": True}
    server.admin("/_kamome/faults", outage)
    return names


def publish(connection: Connection, **members: str) -> None:
    form = {"Action": "Publish", "Version": "2010-03-31", **members}
    headers = {"service": "sns", "Content-Type": "application/x-www-form-urlencoded"}
    connection.call("POST", "/", urlencode(form).encode(), headers)


def run_round(data: Path, names: dict[str, str], ledger: Ledger, random: Random) -> None:
    with ServerProcess(data) as server:

        def fan_out(connection: Connection) -> None:
            message = random.randbytes(8).hex()
            publish(connection, TopicArn=names["topic"], Message=message)
            ledger.published.add(message)

        def in_order(connection: Connection) -> None:
            number = f"{len(ledger.in_order):06}-{random.randbytes(4).hex()}"
            members = {"MessageGroupId": "group", "MessageDeduplicationId": number}
            publish(connection, TopicArn=names["fifo"], Message=number, **members)
            ledger.in_order.append(number)

        def advance(_connection: Connection) -> None:
            server.admin("/_kamome/clock", {"advance": "2h"})

        threads = [
            threading.Thread(target=_until_killed, args=(server.endpoint, call, ledger))
            for call in (fan_out, in_order, advance)
        ]
        ledger.begin(wanted=random.randrange(5, 40))
        for thread in threads:
            thread.start()
        ledger.enough.wait(20)
        server.kill()
        for thread in threads:
            thread.join()


def _until_killed(endpoint: str, call: Callable[[Connection], None], ledger: Ledger) -> None:
    connection = Connection(endpoint)
    try:
        for _ in range(200):
            call(connection)
            ledger.answered()
    except (OSError, HTTPException):
        return  # killed
    finally:
        connection.close()


def test_deliveries_and_retries_go_on_after_each_kill(tmp_path: Path, seed: int) -> None:
    random, ledger = Random(seed), Ledger()
    with serving() as endpoint:
        with ServerProcess(tmp_path) as server:
            names = prepare(server, endpoint)
            server.kill()
        for _ in range(_ROUNDS):
            run_round(tmp_path, names, ledger, random)
        with ServerProcess(tmp_path) as server:
            server.admin("/_kamome/clock", {"advance": "1h"})
            still_out = received_from(server, names["broken"])
            server.admin("/_kamome/faults", method="DELETE")
            server.admin("/_kamome/clock", {"advance": "1h"})
            problems = [*wrong_deliveries(server, names, ledger), *wrong_end(server)]

    assert still_out == []
    assert problems == [], f"KILL_SEED={seed}"
    assert len(ledger.published) > _ROUNDS
    # An hour after the first attempt SNS gives up, and a kill may take the clock that far.
    assert ledger.published <= endpoint.posts.keys()


def wrong_deliveries(server: ServerProcess, names: dict[str, str], ledger: Ledger) -> list[str]:
    problems = []
    for queue in ("first", "second", "broken", "dead"):
        bodies = received_from(server, names[queue])
        if queue == "dead":
            bodies = [json.loads(body)["Message"] for body in bodies]
        problems += [f"{queue}: {body} is missing" for body in ledger.published - set(bodies)]
        problems += [f"{queue}: {body} came twice" for body, n in Counter(bodies).items() if n > 1]
    ordered = drained(server, names["ordered"])
    problems += [f"ordered: {body} is missing" for body in set(ledger.in_order) - set(ordered)]
    if [body for body in ordered if body in set(ledger.in_order)] != ledger.in_order:
        problems.append("ordered: not in the order of publication")
    return problems


def drained(server: ServerProcess, queue_url: str) -> list[str]:
    """Messages of a FIFO queue, whose group goes on when those before are deleted."""
    sqs = server.client("sqs")
    bodies: list[str] = []
    for _ in range(_RECEIVES_MAX):
        answer = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
        if "Messages" not in answer:
            return bodies
        for message in answer["Messages"]:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    raise AssertionError("the queue has no end")


def wrong_end(server: ServerProcess) -> list[str]:
    deliveries: dict[str, Any] = server.admin("/_kamome/sns/deliveries?limit=1000")
    return [f"still waiting: {one}" for one in deliveries["waiting"]]
