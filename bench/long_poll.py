"""From SendMessage to the answer of a waiting long poll."""

from __future__ import annotations

import http.client
import json
import threading
import time

from servers import kamome

_MESSAGES = 300
# In its first second the server still reads the services that nobody has called.
_UNCOUNTED = 100
_PAUSE_S = 0.01


def run_long_poll() -> dict[str, object]:
    """One client waits, another sends; both plain and in threads of this process."""
    latencies: list[float] = []
    with kamome() as server:
        host = f"127.0.0.1:{server.port}"
        url = _call(http.client.HTTPConnection(host), "CreateQueue", {"QueueName": "waited-for"})[
            "QueueUrl"
        ]

        def wait() -> None:
            connection = http.client.HTTPConnection(host)
            while len(latencies) < _UNCOUNTED + _MESSAGES:
                answer = _call(
                    connection, "ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 5}
                )
                now = time.perf_counter()
                latencies.extend(now - float(m["Body"]) for m in answer.get("Messages", []))

        waiter = threading.Thread(target=wait)
        waiter.start()
        sender = http.client.HTTPConnection(host)
        for _ in range(_UNCOUNTED + _MESSAGES):
            time.sleep(_PAUSE_S)
            body = {"QueueUrl": url, "MessageBody": repr(time.perf_counter())}
            _call(sender, "SendMessage", body)
        waiter.join(60)
    latencies = sorted(latencies[_UNCOUNTED:])
    p50, p99 = (latencies[int(len(latencies) * part)] * 1000 for part in (0.50, 0.99))
    print(
        f"poll: p50 {p50:.1f} ms, p99 {p99:.1f} ms from send to a waiting long poll"
        " (targets 3 and 15 on an idle machine)"
    )
    return {"p50_ms": p50, "p99_ms": p99}


def _call(
    connection: http.client.HTTPConnection, operation: str, body: dict[str, object]
) -> dict[str, list[dict[str, str]]]:
    head = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{operation}"}
    connection.request("POST", "/", json.dumps(body), head)
    response = connection.getresponse()
    content = response.read()
    assert response.status == 200, content
    answer: dict[str, list[dict[str, str]]] = json.loads(content or b"{}")
    return answer
