"""Faults as an unchanged client meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

if TYPE_CHECKING:
    from kamome.testing import Kamome

ONCE = Config(retries={"total_max_attempts": 1})
# Without the SDK's pauses between attempts, which are real time.
AT_ONCE = Config(retries={"total_max_attempts": 3, "mode": "standard"})


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)


@pytest.fixture
def sqs(kamome: Kamome) -> Any:
    return kamome.client("sqs", config=AT_ONCE)


@pytest.fixture
def queue(sqs: Any) -> str:
    url: str = sqs.create_queue(QueueName="orders")["QueueUrl"]
    return url


def _bodies(sqs: Any, queue: str) -> list[str]:
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [message["Body"] for message in found.get("Messages", [])]


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code", "status"),
    [
        ("sqs", "list_queues", {}, "RequestThrottled", 400),
        ("sns", "list_topics", {}, "Throttled", 429),
        ("s3", "list_buckets", {}, "SlowDown", 503),
        ("ses", "list_identities", {}, "Throttling", 400),
        ("lambda", "list_functions", {}, "TooManyRequestsException", 429),
        ("dynamodb", "list_tables", {}, "ProvisionedThroughputExceededException", 400),
        ("sts", "get_caller_identity", {}, "Throttling", 400),
    ],
)
def test_throttle_is_the_services_own_error(
    kamome: Kamome, service: str, operation: str, arguments: dict[str, str], code: str, status: int
) -> None:
    kamome.faults.add(service=service, throttle=True)

    with pytest.raises(ClientError) as caught:
        getattr(kamome.client(service, config=ONCE), operation)(**arguments)

    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(
    ("effect", "code", "status"),
    [
        ({"error": "InternalFailure"}, "InternalFailure", 500),
        ({"error": "KmsThrottled", "status": 429}, "KmsThrottled", 429),
        ({"status": 500}, "InternalFailure", 500),
        ({"status": 403}, "AccessDeniedException", 403),
        ({"outage": True}, "ServiceUnavailable", 503),
    ],
    ids=["code", "code and status", "status 500", "status 403", "outage"],
)
def test_error_has_the_code_and_status_that_were_ordered(
    kamome: Kamome, queue: str, effect: dict[str, object], code: str, status: int
) -> None:
    kamome.faults.add(service="sqs", operation="SendMessage", **effect)
    sqs = kamome.client("sqs", config=ONCE)

    with pytest.raises(ClientError) as caught:
        sqs.send_message(QueueUrl=queue, MessageBody="a")

    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert _bodies(sqs, queue) == []


def test_client_gets_over_two_throttles_by_itself(kamome: Kamome, sqs: Any, queue: str) -> None:
    fault = kamome.faults.add(service="sqs", operation="SendMessage", throttle=True, count=2)

    sqs.send_message(QueueUrl=queue, MessageBody="a")

    assert fault.struck == 2
    assert _bodies(sqs, queue) == ["a"]


def test_only_the_resource_that_is_named_is_struck(kamome: Kamome, sqs: Any, queue: str) -> None:
    other = sqs.create_queue(QueueName="bills")["QueueUrl"]
    kamome.faults.add(service="sqs", resource="bills", error="AccessDenied")

    sqs.send_message(QueueUrl=queue, MessageBody="a")

    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.send_message(QueueUrl=other, MessageBody="a")


def test_latency_passes_before_the_answer(kamome: Kamome, sqs: Any, queue: str) -> None:
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    kamome.app.kernel.faults.pause = pause
    kamome.faults.add(service="sqs", operation="SendMessage", latency="250ms")

    sqs.send_message(QueueUrl=queue, MessageBody="a")

    assert waited == [0.25]


def test_dropped_connection_has_done_nothing(kamome: Kamome, queue: str) -> None:
    kamome.faults.add(service="sqs", operation="SendMessage", drop="before")
    sqs = kamome.client("sqs", config=ONCE)

    with pytest.raises(ConnectionClosedError):
        sqs.send_message(QueueUrl=queue, MessageBody="a")

    assert _bodies(sqs, queue) == []


def test_client_that_lost_the_acknowledgement_sends_twice(
    kamome: Kamome, sqs: Any, queue: str
) -> None:
    kamome.faults.add(service="sqs", operation="SendMessage", drop="after", count=1)

    sqs.send_message(QueueUrl=queue, MessageBody="a")

    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in received] == ["a", "a"]
    for message in received:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    [twins] = kamome.faults.report().handled_twice
    assert twins["cause"] == "lost acknowledgement"
    assert twins["queue"] == "arn:aws:sqs:us-east-1:000000000000:orders"
    assert twins["message_ids"] == [message["MessageId"] for message in received]


def test_lost_acknowledgement_of_a_streamed_body(kamome: Kamome) -> None:
    s3 = kamome.client("s3", config=ONCE)
    s3.create_bucket(Bucket="letters")
    kamome.faults.add(service="s3", operation="PutObject", resource="letters", drop="after")

    with pytest.raises(ConnectionClosedError):
        s3.put_object(Bucket="letters", Key="a", Body=b"x" * 300_000)

    assert s3.head_object(Bucket="letters", Key="a")["ContentLength"] == 300_000


def test_refused_put_has_stored_nothing(kamome: Kamome) -> None:
    s3 = kamome.client("s3", config=ONCE)
    s3.create_bucket(Bucket="letters")
    kamome.faults.add(service="s3", operation="PutObject", resource="letters/a*", status=500)

    with pytest.raises(ClientError):
        s3.put_object(Bucket="letters", Key="a", Body=b"x" * 300_000)

    s3.put_object(Bucket="letters", Key="b", Body=b"y")
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="letters")["Contents"]] == ["b"]


def test_outage_ends_with_its_window(kamome: Kamome, queue: str) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="sqs", outage=True, start="1h", duration="2d")
    sqs = kamome.client("sqs", config=ONCE)

    def works() -> bool:
        try:
            sqs.get_queue_url(QueueName="orders")
        except ClientError:
            return False
        return True

    assert works()
    kamome.clock.advance(hours=1)
    assert not works()
    kamome.clock.advance(days=2, seconds=-1)
    assert not works()
    kamome.clock.advance(seconds=1)
    assert works()


def test_same_seed_strikes_the_same_calls(kamome: Kamome, queue: str) -> None:
    sqs = kamome.client("sqs", config=ONCE)

    def struck(seed: int) -> list[bool]:
        found = []
        with kamome.faults.add(service="sqs", error="Unlucky", probability=0.5, seed=seed):
            for _ in range(16):
                try:
                    sqs.get_queue_url(QueueName="orders")
                    found.append(False)
                except ClientError:
                    found.append(True)
        return found

    assert struck(7) == struck(7)
    assert struck(7) != struck(8)


def test_report_names_the_fault_and_what_it_hit(kamome: Kamome, queue: str) -> None:
    fault = kamome.faults.add(service="sqs", operation="SendMessage", error="Unlucky")
    with pytest.raises(ClientError):
        kamome.client("sqs", config=ONCE).send_message(QueueUrl=queue, MessageBody="a")

    report = kamome.faults.report()

    [strike] = report.strikes
    assert report.struck == 1
    assert strike.pop("at_ms")
    assert strike == {
        "rule": fault.id,
        "effect": "error",
        "service": "sqs",
        "operation": "SendMessage",
        "resource": "orders",
        "account": "000000000000",
        "region": "us-east-1",
        "source": "client",
        "detail": "Unlucky",
    }


@pytest.mark.kamome(faults=False)
def test_server_started_without_faults_takes_none(kamome: Kamome) -> None:
    from kamome.testing.orders import OrderRefused

    with pytest.raises(OrderRefused, match="--no-faults"):
        kamome.faults.add(service="sqs", outage=True)
