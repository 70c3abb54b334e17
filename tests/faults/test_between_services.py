"""Faults of calls and messages between services, and of arrivals."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from kamome.testing import Kamome


@pytest.fixture
def sqs(kamome: Kamome) -> Any:
    return kamome.client("sqs")


@pytest.fixture
def queue(sqs: Any) -> str:
    url: str = sqs.create_queue(QueueName="orders")["QueueUrl"]
    return url


@pytest.fixture
def arn(sqs: Any, queue: str) -> str:
    answer = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    found: str = answer["Attributes"]["QueueArn"]
    return found


@pytest.fixture
def topic(kamome: Kamome, arn: str) -> str:
    sns = kamome.client("sns")
    topic: str = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    return topic


def _received(sqs: Any, queue: str) -> list[Any]:
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    messages: list[Any] = found.get("Messages", [])
    return messages


def _handle(sqs: Any, queue: str) -> list[str]:
    """Receive and delete; returns the bodies."""
    messages = _received(sqs, queue)
    for message in messages:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [message["Body"] for message in messages]


def test_message_is_delivered_when_the_outage_of_its_queue_is_over(
    kamome: Kamome, sqs: Any, queue: str, topic: str
) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="sqs", resource="orders", source="sns", outage=True, duration="2d")
    kamome.client("sns").publish(TopicArn=topic, Message="hello")
    kamome.settle()
    assert _received(sqs, queue) == []

    during = kamome.clock.advance(days=1)
    after = kamome.clock.advance(days=1, hours=1)

    assert during.attempts["sns to sqs"] > 10
    assert during.deliveries == {}
    assert after.deliveries == {"sns to sqs": 1}
    assert _handle(sqs, queue) == ["hello"]
    assert kamome.faults.report().handled_twice == []


def test_service_that_lost_the_acknowledgement_delivers_twice(
    kamome: Kamome, sqs: Any, queue: str, topic: str
) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="sqs", source="sns", drop="after", count=1)
    kamome.client("sns").publish(TopicArn=topic, Message="hello")

    kamome.clock.advance(minutes=1)

    received = _received(sqs, queue)
    assert [message["Body"] for message in received] == ["hello", "hello"]
    assert len({message["MessageId"] for message in received}) == 2


def test_both_deliveries_after_a_lost_acknowledgement_are_reported_when_handled(
    kamome: Kamome, sqs: Any, queue: str, topic: str
) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="sqs", source="sns", drop="after", count=1)
    kamome.client("sns").publish(TopicArn=topic, Message="hello")
    kamome.clock.advance(minutes=1)

    _handle(sqs, queue)

    [twins] = kamome.faults.report().handled_twice
    assert twins["cause"] == "lost acknowledgement"


def test_every_receive_of_a_fair_queue_that_is_handled_counts(
    kamome: Kamome, sqs: Any, queue: str
) -> None:
    kamome.faults.add(service="sqs", resource="orders", duplicate=True, count=1)
    sqs.send_message(QueueUrl=queue, MessageBody="a", MessageGroupId="tenant")

    assert _handle(sqs, queue) == ["a", "a"]

    assert len(kamome.faults.report().handled_twice) == 1


def test_clients_are_not_struck_by_a_rule_about_a_service(
    kamome: Kamome, sqs: Any, queue: str
) -> None:
    kamome.faults.add(service="sqs", source="sns", outage=True)

    sqs.send_message(QueueUrl=queue, MessageBody="a")

    assert _handle(sqs, queue) == ["a"]


def test_duplicate_delivery_has_the_same_message_id(kamome: Kamome, sqs: Any, queue: str) -> None:
    kamome.faults.add(service="sqs", resource="orders", duplicate=True)

    sent = sqs.send_message(QueueUrl=queue, MessageBody="a")["MessageId"]

    assert [message["MessageId"] for message in _received(sqs, queue)] == [sent, sent]


def test_duplicate_that_is_handled_twice_is_reported(kamome: Kamome, sqs: Any, queue: str) -> None:
    kamome.faults.add(service="sqs", resource="orders", duplicate=2, count=1)
    for body in ("a", "b"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)

    assert sorted(_handle(sqs, queue)) == ["a", "a", "a", "b"]

    [twins] = kamome.faults.report().handled_twice
    assert twins["cause"] == "duplicate delivery"
    assert len(twins["handlings"]) == 3  # type: ignore[arg-type] # a list, in a JSON answer


def test_delayed_message_comes_by_the_clock(kamome: Kamome, sqs: Any, queue: str) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="sqs", resource="orders", delay="1h")
    sqs.send_message(QueueUrl=queue, MessageBody="a")

    kamome.clock.advance(minutes=59)
    assert _received(sqs, queue) == []
    kamome.clock.advance(minutes=1)
    assert _handle(sqs, queue) == ["a"]


def test_reordered_messages_all_come_within_the_window(
    kamome: Kamome, sqs: Any, queue: str
) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="sqs", resource="orders", reorder="10s", seed=4)
    sent = [str(number) for number in range(10)]
    for body in sent:
        sqs.send_message(QueueUrl=queue, MessageBody=body)

    kamome.clock.advance(seconds=10)

    came = _handle(sqs, queue)
    assert sorted(came) == sent
    assert came != sent


def test_fifo_queue_keeps_order_and_has_no_duplicates(kamome: Kamome, sqs: Any) -> None:
    queue = sqs.create_queue(
        QueueName="orders.fifo",
        Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"},
    )["QueueUrl"]
    kamome.faults.add(service="sqs", reorder="10s")
    kamome.faults.add(service="sqs", duplicate=True)
    for body in "abc":
        sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId="g")

    kamome.clock.advance(seconds=10)

    assert _handle(sqs, queue) == ["a", "b", "c"]


def test_publication_comes_late_and_twice(kamome: Kamome, sqs: Any, queue: str, topic: str) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="sns", resource="news", duplicate=True)
    kamome.faults.add(service="sns", operation="Publish", delay="5m")
    kamome.client("sns").publish(TopicArn=topic, Message="hello")

    kamome.clock.advance(minutes=4)
    assert _received(sqs, queue) == []
    kamome.clock.advance(minutes=1)
    assert _handle(sqs, queue) == ["hello", "hello"]


def test_publications_overtake_each_other_within_the_window(
    kamome: Kamome, sqs: Any, queue: str, topic: str
) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="sns", resource="news", reorder="1m", seed=3)
    sent = [str(number) for number in range(10)]
    for body in sent:
        kamome.client("sns").publish(TopicArn=topic, Message=body)

    kamome.clock.advance(minutes=1)
    bodies = _handle(sqs, queue)

    assert sorted(bodies) == sent
    assert bodies != sent


def test_publication_that_came_twice_and_was_handled_twice_is_reported(
    kamome: Kamome, sqs: Any, queue: str, topic: str, arn: str
) -> None:
    kamome.faults.add(service="sns", resource="news", duplicate=True, count=1)
    for body in ("twice", "once"):
        kamome.client("sns").publish(TopicArn=topic, Message=body)
    kamome.settle()

    handled = _handle(sqs, queue)

    [twins] = kamome.faults.report().handled_twice
    assert sorted(handled) == ["once", "twice", "twice"]
    assert (twins["queue"], twins["cause"]) == (arn, "duplicate delivery")
    assert len(set(cast("list[str]", twins["message_ids"]))) == 2


def test_fifo_topic_keeps_order_and_has_no_duplicates(kamome: Kamome, sqs: Any) -> None:
    sns = kamome.client("sns")
    queue = sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name="news.fifo", Attributes=attributes)["TopicArn"]
    endpoint = f"arn:aws:sqs:{kamome.region}:{kamome.account}:orders.fifo"
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint, Attributes=raw)
    kamome.faults.add(service="sns", duplicate=True)
    kamome.faults.add(service="sns", reorder="1m")
    sent = [str(number) for number in range(5)]
    for body in sent:
        sns.publish(TopicArn=topic, Message=body, MessageGroupId="g")

    kamome.clock.advance(minutes=2)

    assert _handle(sqs, queue) == sent


def test_event_of_a_bucket_is_delivered_when_the_outage_is_over(
    kamome: Kamome, sqs: Any, queue: str, arn: str
) -> None:
    kamome.clock.freeze()
    s3 = kamome.client("s3")
    s3.create_bucket(Bucket="letters")
    events = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="letters", NotificationConfiguration={"QueueConfigurations": [events]}
    )
    kamome.settle()
    _handle(sqs, queue)  # the test event
    kamome.faults.add(service="sqs", source="s3", error="InternalError", duration="1h")
    s3.put_object(Bucket="letters", Key="a", Body=b"x")
    kamome.settle()
    assert _received(sqs, queue) == []

    kamome.clock.advance(hours=2)

    [body] = _handle(sqs, queue)
    assert json.loads(body)["Records"][0]["s3"]["object"]["key"] == "a"


def _zipped(source: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", source)
    return packed.getvalue()


@pytest.fixture
def store(kamome: Kamome, arn: str) -> str:
    """A function that is invoked for the messages of the queue."""
    function = kamome.client("lambda")
    function.create_function(
        FunctionName="store",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/any",
        Handler="app.handle",
        Code={"ZipFile": _zipped("def handle(event, context):\n    return None\n")},
    )
    function.create_event_source_mapping(FunctionName="store", EventSourceArn=arn)
    return "store"


@pytest.mark.parametrize(
    "fault",
    [
        {"service": "lambda", "operation": "Invoke", "source": "sqs", "drop": "after"},
        {"service": "sqs", "operation": "DeleteMessageBatch", "source": "lambda", "status": 500},
    ],
    ids=["the result is lost", "the deletion fails"],
)
def test_function_that_runs_again_for_a_message_has_handled_it_twice(
    kamome: Kamome, sqs: Any, queue: str, store: str, fault: dict[str, object]
) -> None:
    kamome.clock.freeze()
    kamome.faults.add(count=1, **fault)
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    first = kamome.clock.advance(0)

    second = kamome.clock.advance(minutes=2)

    assert first.invocations | second.invocations
    [twins] = kamome.faults.report().handled_twice
    assert twins["cause"] == "received again"
    assert [handling["receive_count"] for handling in twins["handlings"]] == [1, 2]  # type: ignore[attr-defined] # a list, in a JSON answer
    assert _received(sqs, queue) == []


def test_message_waits_while_its_function_cannot_be_reached(
    kamome: Kamome, sqs: Any, queue: str, store: str
) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="lambda", source="sqs", throttle=True, duration="10m")
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    assert kamome.clock.advance(minutes=9).invocations == {}

    happened = kamome.clock.advance(minutes=5)

    assert happened.invocations == {"store": 1}
    assert kamome.faults.report().handled_twice == []


def test_messages_are_not_polled_during_an_outage_of_the_queue(
    kamome: Kamome, sqs: Any, queue: str, store: str
) -> None:
    kamome.clock.freeze()
    outage = kamome.faults.add(
        service="sqs", operation="ReceiveMessage", source="lambda", outage=True
    )
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    assert kamome.clock.advance(minutes=5).invocations == {}

    outage.remove()

    assert kamome.clock.advance(minutes=2).invocations == {"store": 1}


def test_asynchronous_invocation_comes_twice_and_late(kamome: Kamome, store: str) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="lambda", resource="store", duplicate=True)
    kamome.faults.add(service="lambda", operation="Invoke", delay="5m")
    kamome.client("lambda").invoke(FunctionName="store", InvocationType="Event", Payload=b"{}")

    before = kamome.clock.advance(minutes=4)
    after = kamome.clock.advance(minutes=1)

    assert before.invocations == {}
    assert after.invocations == {"store": 2}


class _Endpoint(HTTPServer):
    """An endpoint on this machine that keeps what it is sent."""

    def __init__(self) -> None:
        self.documents: list[dict[str, str]] = []
        documents = self.documents

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                documents.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/news"

    @property
    def notifications(self) -> list[str]:
        return [each["Message"] for each in self.documents if each["Type"] == "Notification"]


@pytest.fixture
def endpoint(kamome: Kamome) -> Iterator[_Endpoint]:
    """Subscribed and confirmed."""
    sns = kamome.client("sns")
    topic = sns.create_topic(Name="web")["TopicArn"]
    with _Endpoint() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=running.url)
        kamome.settle()
        [confirmation] = running.documents
        sns.confirm_subscription(TopicArn=topic, Token=confirmation["Token"])
        yield running
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "effect",
    [{"outage": True}, {"throttle": True}, {"drop": "before"}, {"status": 502}],
    ids=["outage", "throttle", "dropped connection", "status"],
)
def test_endpoint_gets_its_notification_when_the_fault_is_over(
    kamome: Kamome, endpoint: _Endpoint, effect: dict[str, object]
) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="http", resource=endpoint.url, duration="10s", **effect)
    topic = "arn:aws:sns:us-east-1:000000000000:web"
    kamome.client("sns").publish(TopicArn=topic, Message="hello")
    kamome.settle()
    assert endpoint.notifications == []

    happened = kamome.clock.advance(minutes=2)

    assert endpoint.notifications == ["hello"]
    assert happened.deliveries == {"sns to http": 1}


def test_endpoint_whose_answer_was_lost_gets_its_notification_twice(
    kamome: Kamome, endpoint: _Endpoint
) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="http", drop="after", count=1)
    topic = "arn:aws:sns:us-east-1:000000000000:web"
    kamome.client("sns").publish(TopicArn=topic, Message="hello")

    kamome.clock.advance(minutes=2)

    assert endpoint.notifications == ["hello", "hello"]
