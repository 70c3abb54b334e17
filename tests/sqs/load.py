"""Producers and consumers over real HTTP, who note what they see."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import Any, Self  # answers, as JSON
from urllib.parse import urlsplit

from tests.sqs.history import Deleted, History, Received, Sent

_GROUPS = 8
_HEADERS = {"Content-Type": "application/x-amz-json-1.0"}


class Unanswered(Exception):
    """The server died before it answered: the request may have had its effect or not."""


class Client:
    """One keep-alive connection, one request at a time."""

    def __init__(self, endpoint: str) -> None:
        self._connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def call(self, operation: str, **request: object) -> Any:
        body = json.dumps(request)
        try:
            self._connection.request(
                "POST", "/", body, {**_HEADERS, "X-Amz-Target": f"AmazonSQS.{operation}"}
            )
            response = self._connection.getresponse()
            answer = json.loads(response.read() or b"{}")
        except (OSError, HTTPException, ValueError) as error:
            self._connection.close()
            raise Unanswered from error
        if response.status != 200:
            raise RuntimeError(f"{operation}: {response.status} {answer}")
        return answer


class Load:
    """What happens to one queue over several lives of a server; `history` outlives them."""

    def __init__(self, seed: int, *, is_fifo: bool, max_receives: int) -> None:
        self.history = History(max_receives)
        self._is_fifo = is_fifo
        self._seed = seed
        self._moments = itertools.count(1)
        self._bodies = itertools.count(1)
        self._lock = threading.Lock()
        self._unsure: list[tuple[str, str]] = []
        self._threads: list[threading.Thread] = []
        self._noted = threading.Condition(self._lock)
        self._at_work = 0
        self._stopping = threading.Event()
        self.url = self.dead_url = ""
        self.errors: list[str] = []

    def create(self, endpoint: str) -> None:
        """The queue and its dead-letter queue; a message stays hidden until the drain."""
        with Client(endpoint) as client:
            self._create(client)

    def _create(self, client: Client) -> None:
        suffix = ".fifo" if self._is_fifo else ""
        kind = {"FifoQueue": "true"} if self._is_fifo else {}
        dead = client.call("CreateQueue", QueueName=f"dead{suffix}", Attributes=kind)["QueueUrl"]
        arn = client.call("GetQueueAttributes", QueueUrl=dead, AttributeNames=["QueueArn"])
        policy = {
            "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
            "maxReceiveCount": self.history.max_receives,
        }
        made = client.call(
            "CreateQueue",
            QueueName=f"orders{suffix}",
            Attributes={**kind, "RedrivePolicy": json.dumps(policy)},
        )
        self.url, self.dead_url = (urlsplit(url).path for url in (made["QueueUrl"], dead))

    def start(self, endpoint: str, life: int) -> None:
        """Let producers and consumers loose on a server."""
        self._stopping.clear()
        workers = [self._produce] * 3 + [self._consume] * 3
        self._at_work = len(workers)
        for number, work in enumerate(workers):
            random = Random(f"{self._seed}/{life}/{number}")
            thread = threading.Thread(target=self._run, args=(work, Client(endpoint), random))
            self._threads.append(thread)
            thread.start()

    def _run(self, work: Any, client: Client, random: Random) -> None:
        try:
            with client:
                while not self._stopping.is_set():
                    work(client, random)
        except Unanswered:
            return
        except Exception as error:  # noqa: BLE001 - told by the test in the main thread
            self.errors.append(repr(error))
        finally:
            with self._noted:
                self._at_work -= 1
                self._noted.notify_all()

    def wait_for(self, operations: int) -> None:
        """Return when so many operations have been noted, or nobody is at work any more."""
        with self._noted:
            self._noted.wait_for(lambda: self._count() >= operations or not self._at_work)

    def _count(self) -> int:
        return len(self.history.sent) + len(self.history.deleted)

    def stop(self) -> None:
        """Wait for all of them: the server has died, or they are told to end."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    # ------------------------------------------------------------------ producers

    def _produce(self, client: Client, random: Random) -> None:
        with self._lock:
            again = self._unsure.pop() if self._unsure and self._is_fifo else None
        entries = [again or self._new(random) for _ in range(1 if again else random.choice([1, 5]))]
        began, is_answered = next(self._moments), False
        try:
            self._send(client, entries)
            is_answered = True
        finally:
            ended = next(self._moments)
            with self._lock:
                if not is_answered:
                    self._unsure += entries
                for body, group in entries:
                    self.history.sent.append(Sent(body, group, began, ended, is_answered))
                self._noted.notify_all()

    def _new(self, random: Random) -> tuple[str, str]:
        group = f"group-{random.randrange(_GROUPS)}" if self._is_fifo else ""
        return f"body-{next(self._bodies)}", group

    def _send(self, client: Client, entries: list[tuple[str, str]]) -> None:
        if len(entries) == 1:
            [(body, group)] = entries
            client.call("SendMessage", QueueUrl=self.url, MessageBody=body, **_placing(body, group))
            return
        batch = [
            {"Id": str(number), "MessageBody": body, **_placing(body, group)}
            for number, (body, group) in enumerate(entries)
        ]
        answer = client.call("SendMessageBatch", QueueUrl=self.url, Entries=batch)
        assert len(answer["Successful"]) == len(entries)

    # ------------------------------------------------------------------ consumers

    def _consume(self, client: Client, random: Random) -> None:
        for message in self.receive(client, self.url, random.choice([1, 10]), 3600, wait_s=1):
            if message["Body"].endswith("7"):  # poison: it is given back until it is dead
                client.call(
                    "ChangeMessageVisibility",
                    QueueUrl=self.url,
                    ReceiptHandle=message["ReceiptHandle"],
                    VisibilityTimeout=0,
                )
            elif random.random() < 0.9:
                self._delete(client, self.url, message)

    def receive(
        self, client: Client, url: str, count: int, timeout_s: int, *, wait_s: int = 0
    ) -> list[Any]:
        """Receive, and note it."""
        began = next(self._moments)
        answer = client.call(
            "ReceiveMessage",
            QueueUrl=url,
            MaxNumberOfMessages=count,
            VisibilityTimeout=timeout_s,
            WaitTimeSeconds=wait_s,
            MessageSystemAttributeNames=["All"],
        )
        ended = next(self._moments)
        messages: list[Any] = answer.get("Messages", [])
        for place, message in enumerate(messages):
            attributes: Mapping[str, str] = message["Attributes"]
            noted = Received(
                message["Body"],
                message["MessageId"],
                attributes.get("MessageGroupId", ""),
                attributes.get("SequenceNumber", ""),
                int(attributes["ApproximateReceiveCount"]),
                url == self.dead_url,
                place,
                began,
                ended,
            )
            self.history.received.append(noted)
        return messages

    def _delete(self, client: Client, url: str, message: Any) -> None:
        began, is_answered = next(self._moments), False
        try:
            client.call("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            is_answered = True
        finally:
            noted = Deleted(message["Body"], began, next(self._moments), is_answered)
            with self._noted:
                self.history.deleted.append(noted)
                self._noted.notify_all()

    def drain(self, endpoint: str) -> None:
        """Take everything there is out of both queues."""
        with Client(endpoint) as client:
            for url in (self.url, self.dead_url):
                while messages := self.receive(client, url, 10, 3600):
                    for message in messages:
                        self._delete(client, url, message)


def _placing(body: str, group: str) -> dict[str, str]:
    return {"MessageGroupId": group, "MessageDeduplicationId": body} if group else {}
