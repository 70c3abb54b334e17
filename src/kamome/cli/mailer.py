"""The demonstration of `blueprints/mailer`: 200 mails, a worker that is killed, what came back."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from kamome.cli.blueprint import load_modules
from kamome.cli.child_server import ServerFailed
from kamome.cli.local_session import REGION, TEST_KEY, LocalSession, admin_call
from kamome.config import environment_names, environment_with

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from kamome.cli.child_server import ChildServer
    from kamome.cli.report import Report

# The first worker is killed when it has said this many lines.
KILLED_AFTER = 90
LOST_ANSWERS = 3
# A little more than the visibility timeout of the blueprint's queue.
ADVANCE = "31s"
# Until feedback has come that is under way.
FEEDBACK_ROUNDS_MAX = 40
PAUSE_S = 0.25
_SHOWN_EVERY = 20
_QUEUED_SHOWN_EVERY = 100
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
# What each kind of recipient must bring, in the words of the blueprint's feedback.
EXPECTED: Mapping[str, frozenset[str]] = {
    "customer": frozenset({"Send", "Delivery"}),
    "success": frozenset({"Send", "Delivery"}),
    "bounce": frozenset({"Send", "Bounce Permanent General"}),
    "complaint": frozenset({"Send", "Delivery", "Complaint"}),
    "ooto": frozenset({"Send", "Delivery", "Bounce Transient General"}),
    "suppressionlist": frozenset({"Send", "Bounce Permanent Suppressed"}),
}


class Mailer:
    """One run of the demonstration against a server that is up."""

    def __init__(self, report: Report, folder: Path, server: ChildServer) -> None:
        self._report = report
        self._server = server
        self._folder = folder
        self._session = LocalSession(server.endpoint_url)
        self._deploy, self._enqueue, self._feedback = load_modules(
            folder, "deploy", "enqueue", "feedback"
        )

    async def run(self) -> list[str]:
        """Queue, send, kill, send on, compare; returns what went wrong."""
        try:
            return await self._run()
        except (BotoCoreError, ClientError, OSError) as error:
            running = "" if self._server.is_running else " (Kamome has ended)"
            return [f"{type(error).__name__}: {error}{running}"]

    async def _run(self) -> list[str]:
        self._report.say("Deploying the mailer: queues, topic, table, configuration set …")
        system = await asyncio.to_thread(lambda: self._deploy.deploy(self._session))
        wanted = self._enqueue.requests()
        await asyncio.to_thread(lambda: self._queue(system, wanted))
        await asyncio.to_thread(self._lose_answers)
        self._report.say(
            f"{len(wanted)} requests are queued; a worker begins. The answers to"
            f" {LOST_ANSWERS} SendEmail calls are lost on their way."
        )
        first = await self._work(KILLED_AFTER)
        self._report.say(f"The worker was killed (kill -9) when it had said {len(first)} lines.")
        await self._take_feedback(system)
        self._report.say(f"What it held comes back in 30 s: advancing the clock by {ADVANCE}.")
        await asyncio.to_thread(
            lambda: admin_call(self._server.endpoint_url, "/_kamome/clock", {"advance": ADVANCE})
        )
        second = await self._work(None)
        self._report.say(f"Another worker has handled {len(second)} messages; the queue is empty.")
        settled = sum("was sent before" in line for line in second)
        self._report.say(
            f"{settled} of them were out already, as SES has told since: not sent again."
        )
        outcomes = await self._outcomes(system, wanted)
        self._show(wanted, outcomes)
        problems = self._problems(wanted, outcomes)
        problems += await asyncio.to_thread(lambda: self._left(system))
        if settled < LOST_ANSWERS:
            problems.append(f"{settled} requests were found sent, not at least {LOST_ANSWERS}")
        if not problems:
            self._report.say(f"\nEach of the {len(wanted)} requests was sent exactly once.")
        return problems

    def _lose_answers(self) -> None:
        rule = {"service": "ses", "operation": "SendEmail", "drop": "after", "count": LOST_ANSWERS}
        admin_call(self._server.endpoint_url, "/_kamome/faults", rule)

    def _queue(self, system: Any, wanted: Sequence[Any]) -> None:
        for count in self._enqueue.enqueue(self._session.client("sqs"), system, wanted):
            if count % _QUEUED_SHOWN_EVERY == 0:
                self._report.progress(f"  {count} of {len(wanted)} requests are queued")

    async def _work(self, killed_after: int | None) -> list[str]:
        """Run the blueprint's worker as a process; its lines.

        Raises:
            ServerFailed: it ended by itself with an error.
        """
        with environment_with(_environment(self._server.endpoint_url)):
            worker = await asyncio.create_subprocess_exec(
                sys.executable,
                str(self._folder / "worker.py"),
                "--until-empty",
                stdout=asyncio.subprocess.PIPE,
            )
        assert worker.stdout is not None
        lines: list[str] = []
        try:
            async for line in worker.stdout:
                lines.append(line.decode().rstrip())
                if len(lines) % _SHOWN_EVERY == 0:
                    self._report.progress(f"  {len(lines)} messages handled")
                if killed_after is not None and len(lines) >= killed_after:
                    break
        finally:
            if worker.returncode is None and (killed_after is not None or not _is_at_end(worker)):
                worker.send_signal(signal.SIGKILL)
            status = await worker.wait()
        if killed_after is None and status != 0:
            raise ServerFailed(f"the worker ended with exit status {status}")
        return lines

    async def _take_feedback(self, system: Any) -> int:
        taken: int = await asyncio.to_thread(lambda: self._feedback.work(self._session, system))
        return taken

    async def _outcomes(self, system: Any, wanted: Sequence[Any]) -> dict[str, dict[str, Any]]:
        """What is known of each request, once all that is expected has come, or waiting is over."""
        found: dict[str, dict[str, Any]] = {}
        for _ in range(FEEDBACK_ROUNDS_MAX):
            await self._take_feedback(system)
            found = await asyncio.to_thread(lambda: self._feedback.outcomes(self._session, system))
            if not self._problems(wanted, found):
                break
            await asyncio.sleep(PAUSE_S)
        return found

    def _problems(
        self, wanted: Sequence[Any], outcomes: Mapping[str, Mapping[str, Any]]
    ) -> list[str]:
        problems = []
        for request in wanted:
            outcome = outcomes.get(request.id)
            if outcome is None:
                problems.append(f"{request.id} was never sent")
            elif outcome["status"] != "sent" or len(outcome["mails"]) != 1:
                mails = len(outcome["mails"])
                problems.append(f"{request.id} is {outcome['status']}, with {mails} mails")
            elif set(outcome["events"]) != EXPECTED[request.kind]:
                problems.append(f"{request.id} ({request.kind}) brought {outcome['events']}")
        return problems

    def _show(self, wanted: Sequence[Any], outcomes: Mapping[str, Mapping[str, Any]]) -> None:
        columns = ("recipient", "requests", "sent once", "delivered", "bounced", "complained")
        rows = []
        for kind in EXPECTED:
            ids = [request.id for request in wanted if request.kind == kind]
            events: Counter[str] = Counter()
            once = 0
            for outcome in (outcomes.get(each, {}) for each in ids):
                once += len(outcome.get("mails", ())) == 1
                events.update(event.partition(" ")[0] for event in outcome.get("events", ()))
            counted = (once, events["Delivery"], events["Bounce"], events["Complaint"])
            rows.append((kind, str(len(ids)), *map(str, counted)))
        self._report.table("What became of the requests, as SNS and SQS brought it", columns, rows)
        self._report.say(
            "\nA customer is any address; the other recipients are those of the mailbox simulator"
            " (bounce@simulator.amazonses.com …). Nothing has left this machine."
        )

    def _left(self, system: Any) -> list[str]:
        """What no queue may hold at the end."""
        sqs, name = self._session.client("sqs"), "ApproximateNumberOfMessages"
        names = [name, f"{name}NotVisible"]
        problems = []
        for url in (system.requests_url, system.dead_letter_url, system.feedback_url):
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            left = sum(int(found[each]) for each in names)
            if left:
                problems.append(f"{left} messages are left in {url.rpartition('/')[2]}")
        return problems


def _is_at_end(worker: asyncio.subprocess.Process) -> bool:
    return worker.stdout is not None and worker.stdout.at_eof()


def _environment(endpoint_url: str) -> dict[str, str | None]:
    """What the worker is told: no credentials of the user's, and no proxy before the server."""
    hidden = ("AWS_", *_PROXIES, *(name.upper() for name in _PROXIES))
    changes: dict[str, str | None] = {
        name: None for prefix in hidden for name in environment_names(prefix)
    }
    return {
        **changes,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": TEST_KEY,
        "AWS_SECRET_ACCESS_KEY": TEST_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
