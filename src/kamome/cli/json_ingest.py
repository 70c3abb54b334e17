"""The demonstration of `blueprints/json-ingest`: whole batches that come again, and single ones."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from click import ClickException
from msgspec import Struct

from kamome.cli.admin_client import ask
from kamome.cli.blueprint import load_modules
from kamome.cli.child_server import ServerFailed
from kamome.cli.local_session import LocalSession

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kamome.cli.child_server import ChildServer
    from kamome.cli.report import Report

# A little more than the visibility timeout of the blueprint's queue.
ADVANCE = "31s"
POISON = "poison.json"
LATE = "order-of-new-customer.json"
LATE_CUSTOMER = "ne-900"
# The receives that the redrive policy allows, and the one that moves the message.
ROUNDS = 4
_STEPS_MAX = 40


class Act(Struct, frozen=True):
    """One way of failing: how often each order was recorded, and what ended in the DLQ."""

    title: str
    handled: dict[str, int]
    dead: list[str]


class JsonIngest:
    """One run of the demonstration against a server that is up."""

    def __init__(self, report: Report, folder: Path, server: ChildServer) -> None:
        self._report = report
        self._server = server
        self._files = sorted((folder / "files").glob("*.json"))
        self._deploy, self._app = load_modules_of(folder)
        self._problems: list[str] = []

    async def run(self) -> list[str]:
        """Both acts; returns what went wrong. The calls block, so a thread makes them."""
        return await asyncio.to_thread(self._run)

    def _run(self) -> list[str]:
        self._session = LocalSession(self._server.endpoint_url)
        self._without_a_queue()
        whole = self._act("1. Whole batches", reports_failures=False)
        single = self._act("2. Only the reported failures", reports_failures=True)
        self._show(whole, single)
        self._check(whole, single)
        return self._problems

    # ------------------------------------------------------------------ acts

    def _without_a_queue(self) -> None:
        """The same code, handed the files: what is to be expected of each."""
        self._report.say("0. The function is handed the files, without any queue.")
        for path in self._files:
            try:
                order = self._app.read_order(path.read_bytes())
            except self._app.BadFile as error:
                self._report.say(f"  {path.name}: no order ({error})")
            else:
                self._report.say(f"  {path.name}: {order['id']}, {order['total_yen']:,} yen")

    def _act(self, title: str, *, reports_failures: bool) -> Act:
        self._report.say(f"{title}: ten files are put, one order is early, one file is poison.")
        name = "ingest-reported" if reports_failures else "ingest-whole"
        config = self._deploy.Config(name=name, reports_failures=reports_failures, is_enabled=False)
        system = self._deploy.deploy(self._session, config)
        self._purge(system.queue_url)  # S3's test event
        for path in self._files:
            self._client("s3").put_object(
                Bucket=system.bucket, Key=path.name, Body=path.read_bytes()
            )
        self._wait("the events", lambda: self._count(system.queue_url) == len(self._files))
        self._client("lambda").update_event_source_mapping(UUID=system.mapping, Enabled=True)
        for number in range(1, ROUNDS + 1):
            self._round(system, number)
            if number == 1:
                self._deploy.add_customer(self._session, system.table, LATE_CUSTOMER)
                self._report.say(f"  Customer {LATE_CUSTOMER} is known now.")
            self._advance(ADVANCE)
        self._wait("the end", lambda: self._count(system.queue_url, in_flight=True) == 0)
        return Act(title, self._handled(system.table), self._dead(system.dead_letter_queue_url))

    def _round(self, system: Any, number: int) -> None:
        """One receive of what is due, until all of it was tried or has gone to the DLQ."""
        self._wait("the batch", lambda: self._is_tried(system))
        handled = sum(self._handled(system.table).values())
        flying = self._count(system.queue_url, in_flight=True)
        dead = self._count(system.dead_letter_queue_url)
        self._report.say(
            f"  Receive {number}: recorded {handled} times so far, {flying} messages wait for their"
            f" visibility timeout, {dead} in the dead-letter queue."
        )

    def _is_tried(self, system: Any) -> bool:
        """Nothing waits to be received, and what is in flight has been given back to time.

        A zero advance ends when all invocations under way have ended.
        """
        self._advance("0s")
        return self._count(system.queue_url) == 0

    # ------------------------------------------------------------------ steps

    def _wait(self, what: str, is_so: Any) -> None:
        for _ in range(_STEPS_MAX):
            if is_so():
                return
            self._advance("100ms")
        raise ServerFailed(f"waited for {what} in vain")

    def _advance(self, duration: str) -> None:
        self._report.progress(f"  advancing the clock by {duration} …")
        try:
            ask(self._server.endpoint_url, "clock", "POST", {"advance": duration})
        except ClickException as error:
            raise ServerFailed(f"clock: {error.message}") from error

    def _client(self, service: str) -> Any:
        return self._session.client(service)

    def _purge(self, queue_url: str) -> None:
        self._wait("the test event", lambda: self._count(queue_url) == 1)
        self._client("sqs").purge_queue(QueueUrl=queue_url)

    def _count(self, queue_url: str, *, in_flight: bool = False) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self._client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
        return int(answer["Attributes"][names[in_flight]])

    def _handled(self, table: str) -> dict[str, int]:
        items = self._client("dynamodb").scan(TableName=table)["Items"]
        return {
            item["id"]["S"].removeprefix("order#"): int(item["handled"]["N"])
            for item in items
            if "handled" in item
        }

    def _dead(self, queue_url: str) -> list[str]:
        """The files whose messages are in the dead-letter queue."""
        import json

        sqs, found = self._client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                records = json.loads(message["Body"])["Records"]
                found += [record["s3"]["object"]["key"] for record in records]
        return sorted(found)

    # ------------------------------------------------------------------ what came of it

    def _show(self, whole: Act, single: Act) -> None:
        rows: list[Sequence[str]] = []
        for path in self._files:
            order = self._order_of(path)
            cells = [path.name]
            for act in (whole, single):
                dead = "yes" if path.name in act.dead else ""
                cells += [str(act.handled.get(order, 0)), dead]
            rows.append(cells)
        columns = ("file", "recorded (whole)", "dead", "recorded (reported)", "dead")
        self._report.table("The same files, both ways", columns, rows)

    def _check(self, whole: Act, single: Act) -> None:
        names = [path.name for path in self._files]
        for path in self._files:
            order, is_late = self._order_of(path), path.name == LATE
            if path.name == POISON:
                continue
            self._expect(f"{path.name}, whole batches", whole.handled.get(order), 2 + (not is_late))
            self._expect(f"{path.name}, reported", single.handled.get(order), 1)
        self._expect("dead letters of whole batches", whole.dead, names)
        self._expect("dead letters of reported failures", single.dead, [POISON])
        if not self._problems:
            self._report.say(
                "\nWhole batches recorded good orders three times, and sent all ten files to the"
                "\ndead-letter queue. With reported failures each good order was recorded once, and"
                "\nthe poison alone is left."
            )

    def _expect(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            self._problems.append(f"{what}: {found}, not {wanted}")

    def _order_of(self, path: Path) -> str:
        try:
            return str(self._app.read_order(path.read_bytes())["id"])
        except self._app.BadFile:
            return ""


def load_modules_of(folder: Path) -> tuple[Any, Any]:
    """`deploy.py`, and the function's code, which runs here as it does in Lambda."""
    (deploy,) = load_modules(folder, "deploy")
    (app,) = load_modules(folder / "functions" / "ingest", "app")
    return deploy, app
