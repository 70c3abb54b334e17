"""The proof at the end of the demonstration finds every way in which a mail can go astray.

The clients are in memory. Each test starts from a system in which all is well, damages one thing,
and expects the sentence that names it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from kamome.cli.inbound_mail_state import (
    Counts,
    DeployedSystem,
    Findings,
    RecordedMail,
    expected_counts,
)

if TYPE_CHECKING:
    from kamome.cli.local_session import LocalSession

TRACE = b"Return-Path: <a@example.com>\r\nReceived: from b\r\n by c\r\nX-SES-RECEIPT: d\r\n"
ONE, TWO = "ne-1@example.com", "ne-2@example.com"


@dataclass(frozen=True)
class Expected:
    subject: str = "s"
    kind: str = "mail"
    order_id: str = ""
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mail:
    name: str
    addresses: tuple[str, ...]
    times: int = 1
    ends: str = "recorded"
    expected: Expected = field(default_factory=Expected)

    def read(self) -> bytes:
        return f"Subject: s\r\n\r\n{self.name}\r\n".encode()


@dataclass(frozen=True)
class Deployment:
    bucket: str = "bucket"
    prefix: str = "mail/"
    table: str = "table"
    queue_url: str = "work"
    dead_letter_queue_url: str = "dead"
    cluster: str = "cluster"


@dataclass(frozen=True)
class Sent:
    mail: Mail
    mail_id: str
    as_expected: bool = True


MAILS = (Mail("twice", (ONE, TWO), times=2), Mail("poison", (ONE,), ends="dead-lettered"))
SENT = (Sent(MAILS[0], "a"), Sent(MAILS[0], "b"), Sent(MAILS[1], "p"))


@dataclass
class World:
    """What the system holds, and clients that read it."""

    objects: dict[str, bytes]
    items: list[dict[str, dict[str, object]]]
    dead: list[str]
    waiting: int = 0
    exit_codes: dict[str, int] = field(default_factory=dict)
    running: list[str] = field(default_factory=list)

    def client(self, name: str) -> World:
        return self

    def get_paginator(self, operation: str) -> Pages:
        return Pages(self, operation)

    def get_object(self, **request: str) -> dict[str, io.BytesIO]:
        return {"Body": io.BytesIO(self.objects[request["Key"]])}

    def get_queue_attributes(self, **request: object) -> object:
        waiting = self.waiting if request["QueueUrl"] == "work" else len(self.dead)
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return {"Attributes": dict(zip(names, (str(waiting), "0"), strict=True))}

    def describe_tasks(self, cluster: str, tasks: list[str]) -> object:
        assert cluster == "cluster"
        described = [
            {
                "taskArn": arn,
                "lastStatus": "RUNNING" if arn in self.running else "STOPPED",
                "containers": [{"exitCode": self.exit_codes.get(arn, 0)}],
            }
            for arn in tasks
        ]
        return {"tasks": described, "failures": []}

    def receive_message(self, **request: object) -> object:
        assert request["VisibilityTimeout"] == 0
        notices = [{"receipt": {"action": {"objectKey": key}}} for key in self.dead]
        envelopes = [{"Type": "Notification", "Message": json.dumps(each)} for each in notices]
        return {"Messages": [{"Body": json.dumps(envelope)} for envelope in envelopes]}


@dataclass
class Pages:
    world: World
    operation: str

    def paginate(self, **request: object) -> Iterator[dict[str, object]]:
        if self.operation == "list_objects_v2":
            for key in sorted(self.world.objects):  # one on each page
                yield {"Contents": [{"Key": key}]}
            return
        values = cast("dict[str, object]", request["ExpressionAttributeValues"])
        yield {
            "Items": [item for item in self.world.items if item["address"] == values[":address"]]
        }


def record(address: str, key: str, *duplicates: str) -> dict[str, dict[str, object]]:
    item: dict[str, dict[str, object]] = {
        "address": {"S": address},
        "entry": {"S": f"mail#{key}"},
        "object_key": {"S": key},
        "subject": {"S": "s"},
        "kind": {"S": "mail"},
        "order_id": {"S": ""},
        "attachments": {"L": []},
        "task_arn": {"S": f"task/{address}/{key}"},
    }
    if duplicates:
        item["duplicates"] = {"SS": list(duplicates)}
    return item


def status(address: str, number: int) -> dict[str, dict[str, object]]:
    return {"address": {"S": address}, "entry": {"S": f"status#{number}"}}


@pytest.fixture
def world() -> World:
    """Two tenants got a mail twice; the copies were recorded crosswise; poison is set aside."""
    mail, poison = (TRACE + each.read() for each in MAILS)
    return World(
        objects={"mail/a": mail, "mail/b": mail, "mail/p": poison},
        items=[
            record(ONE, "mail/a", "b"),
            record(TWO, "mail/b", "a"),
            *(status(ONE, number) for number in range(3)),
            *(status(TWO, number) for number in range(2)),
        ],
        dead=["mail/p"],
    )


def proof(world: World) -> Findings:
    return DeployedSystem(cast("LocalSession", world), Deployment()).proof(MAILS, SENT)


def test_nothing_is_wrong_when_every_mail_ended_where_it_should(world: World) -> None:
    findings = proof(world)

    assert findings.problems == []
    assert findings.counts == expected_counts(MAILS) == Counts(2, 2, 5, 0, 0, 1, 2)
    assert findings.ends == {
        "mail/a": "recorded for 1, duplicate for 1",
        "mail/b": "recorded for 1, duplicate for 1",
        "mail/p": "dead-letter queue",
    }


def test_note_that_ses_leaves_in_a_new_bucket_is_not_taken_for_a_mail(world: World) -> None:
    world.objects["mail/AMAZON_SES_SETUP_NOTIFICATION"] = b"hello"

    assert proof(world).problems == []


def lose_item(world: World) -> None:
    del world.items[0]


def record_again(world: World) -> None:
    world.items.append(record(ONE, "mail/b"))


def record_poison(world: World) -> None:
    world.items.append(record(ONE, "mail/p"))


def change_byte(world: World) -> None:
    world.objects["mail/a"] = world.objects["mail/a"].replace(b"twice", b"Twice")


def add_bytes(world: World) -> None:
    world.objects["mail/a"] = b"junk\r\n" + world.objects["mail/a"]


def lose_object(world: World) -> None:
    del world.objects["mail/b"]


def swap_objects(world: World) -> None:
    world.objects["mail/a"] = world.objects["mail/p"]


def add_object(world: World) -> None:
    world.objects["mail/x"] = world.objects["mail/a"]


def forget_duplicate(world: World) -> None:
    del world.items[0]["duplicates"]


def change_subject(world: World) -> None:
    world.items[0]["subject"] = {"S": "?"}


def lose_status(world: World) -> None:
    del world.items[-1]


def lose_dead_letter(world: World) -> None:
    world.dead.clear()


def set_another_aside(world: World) -> None:
    world.dead[:] = ["mail/a"]


def lose_task(world: World) -> None:
    del world.items[0]["task_arn"]


def share_task(world: World) -> None:
    world.items[1]["task_arn"] = world.items[0]["task_arn"]


def fail_task(world: World) -> None:
    world.exit_codes[f"task/{ONE}/mail/a"] = 1


def go_on_with_task(world: World) -> None:
    world.running.append(f"task/{ONE}/mail/a")


def leave_waiting(world: World) -> None:
    world.waiting = 1


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lose_item, "twice: not recorded exactly once for each tenant"),
        (record_again, "twice: not recorded exactly once for each tenant"),
        (record_poison, "poison: not in the dead-letter queue, or recorded"),
        (change_byte, "object mail/a: not the mail that was accepted, byte for byte"),
        (add_bytes, "object mail/a: not the mail that was accepted, byte for byte"),
        (lose_object, "twice: answered with 250, but there is no object mail/b"),
        (swap_objects, "object mail/a: not the mail that was accepted"),
        (add_object, "object mail/x: not the mail that was accepted"),
        (forget_duplicate, "twice: 0 duplicates counted, expected 1"),
        (change_subject, "twice: recorded as ('?'"),
        (lose_status, "statuses: 4, expected 5"),
        (lose_dead_letter, "dead: 0, expected 1"),
        (set_another_aside, "poison: not in the dead-letter queue, or recorded"),
        (leave_waiting, "waiting: 1, expected 0"),
        (lose_task, f"mail/a for {ONE}: recorded, but its task was not started"),
        (share_task, f"mail/b for {TWO}: shares its task with another mail"),
        (fail_task, f"mail/a for {ONE}: its task did not end well: exit 1"),
        (go_on_with_task, f"mail/a for {ONE}: its task did not end well: has not ended"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_damage_is_found(world: World, damage: Callable[[World], None], sentence: str) -> None:
    damage(world)

    assert any(problem.startswith(sentence) for problem in proof(world).problems)


def test_recorded_mail_reads_the_names_of_its_attachments(world: World) -> None:
    world.items[0]["attachments"] = {"L": [{"M": {"name": {"S": "a.pdf"}}}]}

    system = DeployedSystem(cast("LocalSession", world), Deployment())

    assert system.recorded_mails(ONE) == [
        RecordedMail(
            ONE, "mail/a", "s", "mail", "", ("a.pdf",), ("b",), task_arn=f"task/{ONE}/mail/a"
        )
    ]
