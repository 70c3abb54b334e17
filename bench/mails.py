"""Inbound mails: from SMTP to a recorded item, through the whole inbound-mail blueprint."""

from __future__ import annotations

import os
import smtplib
import sys
import threading
import time
from pathlib import Path

import boto3
from load import cpu_seconds
from servers import Running, kamome

_BLUEPRINT = Path(__file__).parents[1] / "blueprints" / "inbound-mail"
_SESSIONS = 4
_MAILS = 400
_DEADLINE_S = 180
_TEXT = "".join(
    f"Line {number} of an order notice as shops send it, every day.\n" for number in range(70)
)


def run_mails() -> dict[str, object]:
    """Send mails of about 5 KB over four sessions; measure acceptance and arrival as items."""
    sys.path.insert(0, str(_BLUEPRINT))
    import deploy

    image = f"tenant-program={_BLUEPRINT / 'tenant-program'}"
    with kamome("--task-images", image) as server:
        os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{server.port}"
        session = boto3.Session("test", "test", region_name="us-east-1")
        deployed = deploy.deploy(session, deploy.Config())
        _send(server, 20)  # functions are warm before the clock starts
        _wait_for(session, deployed.table, 20)
        cpu, started = cpu_seconds(server.pid), time.perf_counter()
        _send(server, _MAILS)
        accepted_s = time.perf_counter() - started
        _wait_for(session, deployed.table, 20 + _MAILS)
        recorded_s = time.perf_counter() - started
        cpu_us = (cpu_seconds(server.pid) - cpu) / _MAILS * 1e6
    print(
        f"mail: {_MAILS / accepted_s:.0f} a second accepted, {_MAILS / recorded_s:.0f} a second"
        f" from SMTP to recorded; {cpu_us:.0f} us of the server's CPU each, functions not counted"
    )
    return {
        "accepted_per_s": _MAILS / accepted_s,
        "recorded_per_s": _MAILS / recorded_s,
        "server_cpu_us": cpu_us,
    }


_sent = 0


def _send(server: Running, count: int) -> None:
    global _sent
    first, _sent = _sent, _sent + count
    threads = [
        threading.Thread(
            target=_session, args=(server.smtp_port, range(first + i, _sent, _SESSIONS))
        )
        for i in range(_SESSIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_DEADLINE_S)


def _session(port: int, numbers: range) -> None:
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for number in numbers:
            mail = (
                f"From: shop@example.net\nTo: ne-001@orders.example.com\nSubject: Order {number}\n"
                f"Message-ID: <{number}@example.net>\n\nNumber {number}\n{_TEXT}"
            )
            smtp.sendmail("shop@example.net", ["ne-001@orders.example.com"], mail)


def _wait_for(session: boto3.Session, table: str, mails: int) -> None:
    """Until so many mails have their item."""
    client = session.client("dynamodb")
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline:
        pages = client.get_paginator("scan").paginate(
            TableName=table,
            Select="COUNT",
            FilterExpression="begins_with(entry, :mail)",
            ExpressionAttributeValues={":mail": {"S": "mail#"}},
        )
        if sum(page["Count"] for page in pages) >= mails:
            return
        time.sleep(0.2)
    raise TimeoutError(f"not all of {mails} mails were recorded in {_DEADLINE_S} s")
