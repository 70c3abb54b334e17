"""Fan-out: one Publish to 100 queues, beside 100 separate SendMessage calls.

What counts is the server's CPU for each message that has arrived in a queue, with durability on.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import boto3
from load import cpu_seconds
from servers import Running, kamome

_QUEUES = 100
_PUBLISHES = 50
_CONNECTIONS = 8
_DEADLINE_S = 120
_TEXT = "m" * 1024
_AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request,"
    " SignedHeaders=host, Signature=0"
)


def run_fan_out() -> dict[str, object]:
    """Deliver 5,000 messages both ways; prints messages a second and CPU for each."""
    with kamome() as server:
        session = boto3.Session("test", "test", region_name="us-east-1")
        client = session.client("sqs", endpoint_url=f"http://127.0.0.1:{server.port}")
        sns = session.client("sns", endpoint_url=f"http://127.0.0.1:{server.port}")
        topic = sns.create_topic(Name="bench")["TopicArn"]
        urls = [client.create_queue(QueueName=f"bench-{i}")["QueueUrl"] for i in range(_QUEUES)]
        account = topic.split(":")[4]
        for number in range(_QUEUES):
            arn = f"arn:aws:sqs:us-east-1:{account}:bench-{number}"
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        published = urlencode({"Action": "Publish", "TopicArn": topic, "Message": _TEXT})
        sends = [json.dumps({"QueueUrl": url, "MessageBody": _TEXT}) for url in urls] * _PUBLISHES
        fanned = _measure(
            server, lambda: _post(server.port, "sns", [published] * _PUBLISHES), client, urls
        )
        sent = _measure(server, lambda: _post(server.port, "sqs", sends), client, urls)
    ratio = sent["cpu_us"] / fanned["cpu_us"]
    print(
        f"fan-out: {fanned['per_s']:.0f} messages a second by Publish to {_QUEUES} queues,"
        f" {sent['per_s']:.0f} by SendMessage; {fanned['cpu_us']:.0f} us of the server's CPU each"
        f" against {sent['cpu_us']:.0f} us: {ratio:.1f} times as cheap"
    )
    return {"publish": fanned, "send_message": sent, "ratio": ratio}


def _measure(
    server: Running, work: Callable[[], None], client: boto3.client, urls: list[str]
) -> dict[str, float]:
    """Run, wait until all has arrived, and tell what each message cost."""
    before = _waiting(client, urls[-1])
    cpu, started = cpu_seconds(server.pid), time.perf_counter()
    work()
    deadline = time.monotonic() + _DEADLINE_S
    while _waiting(client, urls[-1]) < before + _PUBLISHES:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the messages did not arrive within {_DEADLINE_S} s")
        time.sleep(0.02)
    seconds = time.perf_counter() - started
    messages = _PUBLISHES * _QUEUES
    cpu_us = (cpu_seconds(server.pid) - cpu) / messages * 1e6
    return {"per_s": messages / seconds, "cpu_us": cpu_us}


def _waiting(client: boto3.client, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    return int(answer["Attributes"][name])


def _post(port: int, service: str, bodies: list[str]) -> None:
    """Send the requests over a few connections, each waiting for its answers."""
    head = {"Authorization": _AUTHORIZATION.format(service=service)}
    if service == "sqs":
        head |= {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "AmazonSQS.SendMessage",
        }
    else:
        head |= {"Content-Type": "application/x-www-form-urlencoded"}

    def work(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for body in bodies[first::_CONNECTIONS]:
            connection.request("POST", "/", body, head)
            response = connection.getresponse()
            response.read()
            assert response.status == 200, response.status
        connection.close()

    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        list(threads.map(work, range(_CONNECTIONS)))


if __name__ == "__main__":
    run_fan_out()
