"""SendEmail (5 KB of text and HTML) to the answer, by the first API, with and without DKIM.

One real server with everything kept; nothing leaves (capture), but each mail goes through the spool
and brings its outcome. What is measured is the CPU of the server per mail, and mails per second.
"""

from __future__ import annotations

from urllib.parse import urlencode

import boto3
from load import Figure, Work, measure
from servers import Running, kamome

_CONNECTIONS = 16
_SECONDS = 8.0
_SCOPE = "test/20250101/us-east-1/ses/aws4_request"
_FORM = {
    "Action": "SendEmail",
    "Version": "2010-12-01",
    "Source": "Shop <shop@example.com>",
    "Destination.ToAddresses.member.1": "buyer@example.net",
    "Message.Subject.Data": "Your order",
    "Message.Body.Text.Data": "A line of an order notice as shops send it.\n" * 50,
    "Message.Body.Html.Data": "<p>A line of an order notice as shops send it.</p>\n" * 50,
}


def run_sending() -> dict[str, object]:
    """Measure and print; returns the figures."""
    figures: dict[str, object] = {}
    for name, is_signed in (("plain", False), ("signed, 2,048 bits", True)):
        with kamome() as server:
            _prepare(server, is_signed=is_signed)
            found = measure(
                server.port, server.pid, _work, connections=_CONNECTIONS, seconds=_SECONDS
            )
        figures[name] = _shown(name, found)
    return figures


def _prepare(server: Running, *, is_signed: bool) -> None:
    ses = boto3.client(
        "ses",
        endpoint_url=f"http://127.0.0.1:{server.port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    ses.verify_domain_identity(Domain="example.com")
    if is_signed:
        ses.verify_domain_dkim(Domain="example.com")


def _work(_number: int) -> Work:
    body = urlencode(_FORM).encode()
    head = (
        "POST / HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
        f"Authorization: AWS4-HMAC-SHA256 Credential={_SCOPE}, SignedHeaders=host, "
        f"Signature={'0' * 64}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    while True:
        yield head + body, 1


def _shown(name: str, found: Figure) -> dict[str, float]:
    print(
        f"SendEmail, {name}: {found.per_second:.0f} a second, {found.cpu_us / 1000:.2f} ms of CPU,"
        f" p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms"
    )
    return {"per_second": found.per_second, "cpu_us": found.cpu_us, "p99_ms": found.p99_ms}
