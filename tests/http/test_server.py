"""Requests and answers on the wire of a running server: hosts, bodies, hang-ups, our mistakes."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.file_events import wait_for_files
from tests.http.raw_client import RawClient, head
from tests.watched_loop import idle

from kamome.config import Settings
from kamome.errors import AwsError
from kamome.http.listener import HttpListener
from kamome.http.server import Server
from kamome.services.sqs.store import SqsStore
from kamome.testing.server import ServerThread
from kamome.wire import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Tenant

    from kamome.http.pipeline import Body, Pipeline
    from kamome.wire import HttpRequest

_MB = 1024 * 1024
_SCOPE = "20250101/eu-west-1/{}/aws4_request, SignedHeaders=host, Signature=" + "0" * 64


@pytest.fixture
def client(kamome: Tenant) -> Iterator[RawClient]:
    with RawClient(kamome.endpoint) as connected:
        yield connected


def signed(kamome: Tenant, service: str) -> dict[str, str]:
    """The header of a signed call, where nothing is verified."""
    scope = _SCOPE.format(service)
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={kamome.account}/{scope}"}


def create_queue(kamome: Tenant) -> dict[str, str]:
    """The headers of a call that makes a queue."""
    return {"X-Amz-Target": "AmazonSQS.CreateQueue", **signed(kamome, "sqs")}


# --- the host -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:4566",
        "my_container:4566",
        "sqs.eu-west-1.localhost.localstack.cloud:4566",
        "192.0.2.1:80",
        "[2001:db8::1]:4566",
    ],
)
def test_queue_url_has_the_host_of_the_request(
    kamome: Tenant, client: RawClient, host: str
) -> None:
    headers = {**create_queue(kamome), "Host": host}

    answer = client.request("POST", "/", headers, b'{"QueueName": "orders"}')

    assert f'"http://{host}/{kamome.account}/orders"' in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a b",
        "a, b",
        "evil.example/path",
        "evil.example?x",
        "evil.example#x",
        "user@evil.example",
        'evil"onload="x',
        "<script>",
        "\xe9.example",
        "a" * 300,
        "[::1",
        "localhost:99999999",
        "localhost:port",
        "-",
        "%6c",
    ],
)
def test_host_that_is_none_is_refused_and_not_echoed(
    kamome: Tenant, client: RawClient, host: str
) -> None:
    headers = {**create_queue(kamome), "Host": host}

    answer = client.request("POST", "/", headers, b'{"QueueName": "orders"}')

    assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, "BadRequest")
    assert not host or host.encode() not in answer.body


@pytest.mark.parametrize("hosts", [b"", b"Host: a\r\nHost: a\r\n", b"Host: a\r\nHost: b\r\n"])
def test_host_that_is_missing_or_sent_twice_is_refused(client: RawClient, hosts: bytes) -> None:
    client.send(b"GET / HTTP/1.1\r\n", hosts, b"\r\n")

    assert client.answer().status == 400


def test_client_of_http_1_0_needs_no_host(kamome: Tenant, client: RawClient) -> None:
    headers = {**create_queue(kamome), "Content-Length": "23"}

    client.send(head("POST / HTTP/1.0", headers), b'{"QueueName": "orders"}')

    assert f'"{kamome.endpoint}/{kamome.account}/orders"' in client.answer().text
    assert client.is_closed()


def test_request_without_a_path_is_refused(client: RawClient) -> None:
    assert client.request("OPTIONS", "*").status == 400


def test_transfer_coding_that_is_not_understood_is_refused(client: RawClient) -> None:
    client.send(b"PUT /a/b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
    client.send(b"3\r\nabc\r\n0\r\n\r\n")

    assert client.answer().status == 501


# --- bodies ---------------------------------------------------------------------------------------


@pytest.fixture
def bucket(kamome: Tenant) -> str:
    name = f"bucket-{kamome.account}"
    location = {"LocationConstraint": "eu-west-1"}
    kamome.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=location)
    return name


def test_client_that_waits_is_told_to_go_on(kamome: Tenant, client: RawClient, bucket: str) -> None:
    headers = {"Host": client.host, "Expect": "100-continue", "Content-Length": "5"}

    client.send(head(f"PUT /{bucket}/key HTTP/1.1", {**headers, **signed(kamome, "s3")}))
    interim = client.interim()
    client.send(b"hello")

    assert interim == b"HTTP/1.1 100 Continue"
    assert client.answer().status == 200


def test_client_that_waits_need_not_send_what_is_refused(kamome: Tenant, client: RawClient) -> None:
    headers = {"Host": client.host, "Expect": "100-continue", "Content-Length": "5000000000"}

    client.send(head("PUT /nowhere-at-all/key HTTP/1.1", {**headers, **signed(kamome, "s3")}))

    assert client.interim().startswith(b"HTTP/1.1 404")
    assert b"NoSuchBucket" in client.rest()


@pytest.mark.parametrize(
    ("service", "target", "limit"),
    [
        ("sqs", "AmazonSQS.ListQueues", 8 * _MB),
        ("dynamodb", "DynamoDB_20120810.ListTables", 16 * _MB),
    ],
)
def test_body_that_says_it_is_too_long_is_refused_at_once(
    kamome: Tenant, client: RawClient, service: str, target: str, limit: int
) -> None:
    headers = {"Host": client.host, "X-Amz-Target": target, **signed(kamome, service)}

    client.send(head("POST / HTTP/1.1", {**headers, "Content-Length": str(limit + 1)}))

    answer = client.answer()
    assert answer.status == 413
    assert "RequestEntityTooLarge" in answer.text


def test_body_that_gets_too_long_is_refused_while_it_arrives(
    kamome: Tenant, client: RawClient
) -> None:
    headers = {"Host": client.host, "X-Amz-Target": "AmazonSQS.ListQueues", **signed(kamome, "sqs")}
    chunk = b"%x\r\n%s\r\n" % (_MB, b"x" * _MB)

    client.send(head("POST / HTTP/1.1", {**headers, "Transfer-Encoding": "chunked"}), chunk * 9)

    assert client.answer().status == 413


@pytest.mark.parametrize(
    ("service", "path", "status"),
    [("lambda", "/2015-03-31/functions", 413), ("s3", "/some-bucket?notification", 413)],
)
def test_body_that_is_too_long_is_refused_in_the_form_of_the_service(
    kamome: Tenant, client: RawClient, service: str, path: str, status: int
) -> None:
    headers = {"Host": client.host, "Content-Length": str(100 * _MB), **signed(kamome, service)}
    method = "PUT" if service == "s3" else "POST"

    client.send(head(f"{method} {path} HTTP/1.1", headers))

    answer = client.answer()
    assert answer.status == status
    assert answer.body.startswith(b"{" if service == "lambda" else b"<?xml")


def test_object_needs_a_length(kamome: Tenant, client: RawClient, bucket: str) -> None:
    headers = {"Host": client.host, "Transfer-Encoding": "chunked", **signed(kamome, "s3")}

    client.send(head(f"PUT /{bucket}/key HTTP/1.1", headers), b"5\r\nhello\r\n0\r\n\r\n")

    answer = client.answer()
    assert (answer.status, "MissingContentLength" in answer.text) == (411, True)


def test_object_that_was_sent_in_part_is_not_there(
    kamome: Tenant, client: RawClient, bucket: str
) -> None:
    headers = {"Host": client.host, "Content-Length": "3000000", **signed(kamome, "s3")}
    arriving = kamome.server.app.directory.folder("blobs") / "tmp"
    before = _files(arriving)
    client.send(head(f"PUT /{bucket}/key HTTP/1.1", headers), b"x" * 2_000_000)
    wait_for_files(arriving, lambda: _files(arriving) != before)

    client.socket.close()

    wait_for_files(arriving, lambda: _files(arriving) == before)
    assert "Contents" not in kamome.client("s3").list_objects_v2(Bucket=bucket)


def _files(folder: Path) -> set[Path]:
    return set(folder.iterdir())


class Holding:
    """A pipeline that reads each body and answers the first when it is let go."""

    def __init__(self) -> None:
        self.has_read = asyncio.Event()
        self.go_on = asyncio.Event()

    async def run(self, _request: HttpRequest, body: Body) -> HttpResponse:
        try:
            content = await body.read(1000)
        except AwsError as error:
            return HttpResponse(error.status, [], error.code.encode())
        if not self.has_read.is_set():
            self.has_read.set()
            await self.go_on.wait()
        return HttpResponse(200, [], b"%d" % len(content))


async def test_bodies_in_memory_are_bounded_over_all_connections() -> None:
    pipeline = Holding()
    server = Server(cast("Pipeline", pipeline), cast("Any", None), gathered_bytes_max=1000)
    listener = HttpListener(server, request_id=lambda: "the-id")
    port = await listener.start("127.0.0.1", 0)

    async def posted() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 800\r\n\r\n"
        writer.write(head + b"x" * 800)
        answer = await reader.read()
        writer.close()
        return answer

    first = asyncio.create_task(posted())
    await pipeline.has_read.wait()
    refused = await posted()
    pipeline.go_on.set()
    answers = [await first, refused, await posted()]
    await listener.stop()

    assert [answer.split(b"\r\n")[0][9:12] for answer in answers] == [b"200", b"503", b"200"]
    assert refused.endswith(b"ServiceUnavailable")


# --- answers --------------------------------------------------------------------------------------


class Endless:
    """An answer that goes on until it is closed, or breaks off."""

    def __init__(self) -> None:
        self.pieces = 0
        self.is_broken = False
        self.closed = asyncio.Event()

    async def body(self) -> AsyncIterator[bytes]:
        try:
            while not self.is_broken:
                self.pieces += 1
                await asyncio.sleep(0)
                yield b"x" * 65536
            raise OSError("the disk is gone")
        finally:
            self.closed.set()

    async def run(self, _request: HttpRequest, _body: Body) -> HttpResponse:
        return HttpResponse(200, [("content-length", str(2**50))], self.body())


async def _first_bytes(answer: Endless) -> tuple[HttpListener, asyncio.StreamWriter]:
    """A listener that gives the answer, and a client that has begun to read it."""
    server = Server(cast("Pipeline", answer), cast("Any", None))
    listener = HttpListener(server, request_id=lambda: "the-id")
    port = await listener.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    return listener, writer


async def test_streamed_answer_ends_when_its_client_hangs_up() -> None:
    answer = Endless()
    listener, writer = await _first_bytes(answer)

    writer.close()

    await asyncio.wait_for(answer.closed.wait(), 10)
    await listener.stop()


async def test_streamed_answer_waits_for_a_slow_client() -> None:
    answer = Endless()
    listener, writer = await _first_bytes(answer)

    await idle()

    # What the sockets' buffers hold, and no more.
    assert answer.pieces < 300
    writer.close()
    await asyncio.wait_for(answer.closed.wait(), 10)
    await listener.stop()


async def test_streamed_answer_that_breaks_off_ends_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = Endless()
    listener, writer = await _first_bytes(answer)

    answer.is_broken = True
    writer.close()

    await asyncio.wait_for(answer.closed.wait(), 10)
    await listener.stop()
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) <= 1


def test_our_own_mistake_is_logged_once_and_told_without_its_reason(
    kamome: Tenant,
    client: RawClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def queue_names(*_: object, **__: object) -> None:
        raise KeyError("the secret of the slice")

    monkeypatch.setattr(SqsStore, "queue_names", queue_names)
    headers = {"X-Amz-Target": "AmazonSQS.ListQueues", **signed(kamome, "sqs")}

    answer = client.request("POST", "/", headers, b"{}")

    assert answer.status == 500
    assert "InternalFailure" in answer.text
    assert "secret" not in answer.text
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert answer.headers["x-amzn-requestid"] in record.getMessage()
    assert client.request("POST", "/", headers, b"{}").status == 500


# --- waiting --------------------------------------------------------------------------------------


def _long_poll(kamome: Tenant, client: RawClient, url: str) -> None:
    headers = {"Host": client.host, "X-Amz-Target": "AmazonSQS.ReceiveMessage"}
    body = f'{{"QueueUrl": "{url}", "WaitTimeSeconds": 20}}'.encode()
    length = {"Content-Length": str(len(body)), **signed(kamome, "sqs")}
    client.send(head("POST / HTTP/1.1", {**headers, **length}), body)


class _Poll:
    """A long poll seen from within: whether it has begun to wait, and whether it has ended."""

    def __init__(self, server: ServerThread, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.ended = threading.Event(), threading.Event()
        waiting = server.app.slices.sqs.waiting
        poll, leave = waiting.poll, waiting.leave

        def noted_poll(queue_id: int) -> asyncio.Future[None]:
            self.begun.set()
            return poll(queue_id)

        def noted_leave(queue_id: int, waiter: asyncio.Future[None]) -> None:
            leave(queue_id, waiter)
            self.ended.set()

        monkeypatch.setattr(waiting, "poll", noted_poll)
        monkeypatch.setattr(waiting, "leave", noted_leave)


def test_long_poll_whose_client_has_gone_takes_no_message(
    kamome: Tenant, client: RawClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs = kamome.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    poll = _Poll(kamome.server, monkeypatch)
    _long_poll(kamome, client, url)
    assert poll.begun.wait(10)

    client.socket.close()
    assert poll.ended.wait(10)
    sqs.send_message(QueueUrl=url, MessageBody="hello")

    [message] = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


def test_long_poll_is_answered_when_the_server_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(1) as threads:
        with ServerThread(Settings(port=0, smtp_port=0, ephemeral=True)) as server:
            client = RawClient(server.endpoint)
            tenant = _tenant(server)
            url = tenant.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
            poll = _Poll(server, monkeypatch)
            _long_poll(tenant, client, url)
            assert poll.begun.wait(10)
            answer = threads.submit(client.answer)

        assert (answer.result(5).status, answer.result().body) == (200, b"{}")
        assert client.is_closed()
        client.socket.close()


def _tenant(server: ServerThread) -> Tenant:
    from tests.conftest import Tenant

    return Tenant(server, "111111111111")
