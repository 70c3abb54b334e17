"""The last stage: a task for each recorded mail, exactly one, whatever fails in between."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.blueprints.conftest import Item, StoreMail

PROGRAM = (
    Path(__file__).resolve().parents[2] / "blueprints" / "inbound-mail" / "tenant-program/main.py"
)
TENANT = "ne-001@orders.example.com"
MAIL = b"From: a@example.com\r\nSubject: one\r\n\r\ntext\r\n"
FULL = {"arn": "arn:aws:ecs:us-east-1:000000000000:container-instance/c/i", "reason": "AGENT"}


def only_item(store_mail: StoreMail) -> Item:
    (item,) = store_mail.dynamodb.items.values()
    return item


def test_task_gets_the_tenant_and_the_mails_object(store_mail: StoreMail) -> None:
    assert store_mail.handle(store_mail.receive(MAIL, TENANT)) == []

    assert store_mail.ecs.variables(0) == {
        "TENANT": TENANT,
        "MAIL_BUCKET": "mails",
        "MAIL_KEY": "mail/ses-0001",
        "MAIL_URL": "https://mails.example.com/mail/ses-0001?signed",
    }
    assert store_mail.ecs.calls[0]["networkConfiguration"] == {
        "awsvpcConfiguration": {
            "subnets": ["subnet-1", "subnet-2"],
            "securityGroups": [],
            "assignPublicIp": "DISABLED",
        }
    }
    (task_arn,) = store_mail.ecs.tasks.values()
    assert only_item(store_mail)["task_arn"] == {"S": task_arn}


def test_each_tenant_of_a_mail_has_a_task(store_mail: StoreMail) -> None:
    store_mail.handle(store_mail.receive(MAIL, TENANT, "ne-002@orders.example.com"))

    assert len(store_mail.ecs.tasks) == 2


def test_duplicate_starts_no_task(store_mail: StoreMail) -> None:
    first, second = store_mail.receive(MAIL, TENANT), store_mail.receive(MAIL, TENANT)

    store_mail.handle(first, second)

    assert len(store_mail.ecs.calls) == 1


def test_message_that_comes_again_starts_no_second_task(store_mail: StoreMail) -> None:
    body = store_mail.receive(MAIL, TENANT)

    store_mail.handle(body, body)

    assert len(store_mail.ecs.calls) == 1


def test_failures_in_an_answer_without_error_send_the_message_back(store_mail: StoreMail) -> None:
    store_mail.ecs.failures = [FULL]

    assert store_mail.handle(store_mail.receive(MAIL, TENANT)) == ["0"]
    assert "task_arn" not in only_item(store_mail)


def test_retry_after_failures_starts_the_task_and_counts_no_duplicate(
    store_mail: StoreMail,
) -> None:
    store_mail.ecs.failures = [FULL, FULL]
    body = store_mail.receive(MAIL, TENANT)

    assert [store_mail.handle(body) for _ in range(3)] == [["0"], ["0"], []]

    item = only_item(store_mail)
    assert item["task_arn"] == {"S": next(iter(store_mail.ecs.tasks.values()))}
    assert "duplicates" not in item


def test_retry_after_a_crash_finds_the_task_that_was_started(store_mail: StoreMail) -> None:
    body = store_mail.receive(MAIL, TENANT)
    store_mail.handle(body)
    del only_item(store_mail)["task_arn"]  # the function died before it wrote this

    assert store_mail.handle(body) == []

    (task_arn,) = store_mail.ecs.tasks.values()
    assert only_item(store_mail)["task_arn"] == {"S": task_arn}


def test_duplicate_leaves_a_missing_task_to_the_mail_that_was_recorded(
    store_mail: StoreMail,
) -> None:
    first, second = store_mail.receive(MAIL, TENANT), store_mail.receive(MAIL, TENANT)
    store_mail.ecs.failures = [FULL]

    assert store_mail.handle(first, second) == ["0"]

    assert len(store_mail.ecs.calls) == 1
    assert store_mail.handle(first) == []
    assert len(store_mail.ecs.tasks) == 1


def test_error_of_run_task_sends_the_message_back(store_mail: StoreMail) -> None:
    store_mail.ecs.error = RuntimeError("out of reach")

    assert store_mail.handle(store_mail.receive(MAIL, TENANT)) == ["0"]


class Mailbox(http.server.BaseHTTPRequestHandler):
    """Answers with the mail, cut short under /short, and not at all elsewhere."""

    def do_GET(self) -> None:
        if self.path not in ("/mail", "/short"):
            self.send_error(403)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(MAIL)))
        self.end_headers()
        self.wfile.write(MAIL if self.path == "/mail" else MAIL[:5])

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def mailbox() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mailbox) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run_program(url: str) -> tuple[int, dict[str, object]]:
    done = subprocess.run(
        (sys.executable, str(PROGRAM)),
        env={"TENANT": TENANT, "MAIL_KEY": "mail/1", "MAIL_URL": url, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    report: dict[str, object] = json.loads(done.stdout)
    return done.returncode, report


def test_program_reads_the_mail_and_reports_it(mailbox: str) -> None:
    code, report = run_program(f"{mailbox}/mail")

    assert code == 0
    assert report == {
        "tenant": TENANT,
        "object": "mail/1",
        "bytes": len(MAIL),
        "from": "a@example.com",
    }


@pytest.mark.parametrize("path", ["/short", "/expired"])
def test_program_ends_with_1_when_it_cannot_read_all_of_the_mail(mailbox: str, path: str) -> None:
    code, report = run_program(mailbox + path)

    assert code == 1
    assert report["error"]
