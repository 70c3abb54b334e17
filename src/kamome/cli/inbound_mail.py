"""The demonstration of the inbound-mail blueprint: deploy, send, wait, advance, prove, show."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
)

from kamome.cli.blueprint import load_modules
from kamome.cli.inbound_mail_state import (
    Counts,
    DeployedSystem,
    Deployment,
    Findings,
    Mail,
    Sent,
    expected_counts,
    tenants_of,
)
from kamome.cli.journey_stages import STAGES, Journey, read_journeys
from kamome.cli.local_session import REGION, LocalSession, admin_call

if TYPE_CHECKING:
    from pathlib import Path

    from kamome.cli.child_server import ChildServer
    from kamome.cli.report import Report

POLL_EVERY_S = 0.25
# A little more than the visibility timeout of the blueprint's queue.
ADVANCE = "35s"
# Two more than `maxReceiveCount`: an advance may come before the message is received again.
ADVANCES_MAX = 6
# After an advance the message comes back, fails once more, and is in flight again.
POLLS_AFTER_ADVANCE = 20
JOURNEYS_LIMIT = 1_000
# Every mail passes these; the last stages are those of recorded mails.
STAGES_OF_ALL = ("smtp", "ses", "s3", "sns", "sqs", "lambda")

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Scripts:
    """The blueprint's own scripts, as this demonstration calls them."""

    mails: tuple[Mail, ...]
    deploy: Callable[[LocalSession], Deployment]
    send_all: Callable[[str, int, Sequence[Mail]], Iterator[Sent]]
    line_of: Callable[[Sent], str]


def load_scripts(folder: Path) -> Scripts:
    """Import `manifest.py`, `deploy.py` and `send.py`."""
    manifest, deploy, send = load_modules(folder, "manifest", "deploy", "send")
    return Scripts(
        mails=manifest.mails(),
        deploy=lambda session: deploy.deploy(session, deploy.Config()),
        send_all=send.send_all,
        line_of=send.line_of,
    )


def task_images(folder: Path) -> str:
    """The setting that makes the blueprint's folder stand for the image of the tenant's program."""
    return f"tenant-program={folder / 'tenant-program'}"


class InboundMail:
    """One run against a server that is ready and empty."""

    def __init__(self, report: Report, folder: Path, server: ChildServer) -> None:
        self._report = report
        self._server = server
        self._scripts = load_scripts(folder)
        self._session = LocalSession(server.endpoint_url)
        self._mails = self._scripts.mails
        self._expected = expected_counts(self._mails)

    async def run(self, *, kept: bool) -> list[str]:
        """Do it all and show it; the problems, none when every mail ended where it should.

        `kept` says that the server stays, so that the closing advice names its address.
        """
        try:
            return await self._run(kept=kept)
        except (BotoCoreError, ClientError, OSError, smtplib.SMTPException) as error:
            running = "" if self._server.is_running else " (Kamome has ended)"
            return [f"{type(error).__name__}: {error}{running}"]

    async def _run(self, *, kept: bool) -> list[str]:
        smtp = self._server.smtp
        self._report.say(
            f"Kamome answers at {self._server.endpoint_url}, takes mail at {smtp.host}:{smtp.port}."
        )
        deployment = await self._in_thread(lambda: self._scripts.deploy(self._session))
        self._report.say(
            "Deployed inbound-mail: rule set, bucket, topic, queues, functions, table, "
            "task definition."
        )
        system = DeployedSystem(self._session, deployment)
        transactions = await self._send()
        await self._wait_until_recorded(system)
        await self._wait_until_dead_lettered(system)
        self._report.say("Comparing objects, items and queues with what was sent …")
        findings = await self._in_thread(lambda: system.proof(self._mails, transactions))
        problems = [
            f"unexpected reply: {self._scripts.line_of(sent)}"
            for sent in transactions
            if not sent.as_expected
        ]
        journeys = await self._journeys()
        problems += findings.problems + self._show_journeys(findings, journeys)
        self._show_ends(findings, deployment)
        self._show_way_on(deployment, kept=kept)
        return problems

    async def _send(self) -> list[Sent]:
        """Send all mails and show the reply to each."""
        smtp, mails = self._server.smtp, self._mails
        total = sum(mail.times for mail in mails)
        self._report.say(f"Sending {total} mails by SMTP ({len(mails)} different ones):")
        transactions = self._scripts.send_all(smtp.host, smtp.port, mails)
        done: list[Sent] = []
        while (sent := await self._in_thread(lambda: next(transactions, None))) is not None:
            self._report.say(f"  {self._scripts.line_of(sent)}")
            done.append(sent)
        return done

    async def _wait_until_recorded(self, system: DeployedSystem) -> None:
        """Until all but the poison mail are recorded; the deadline around it bounds the wait."""
        while True:
            counts = await self._counts(system)
            if self._is_recorded(counts) and counts.in_flight + counts.dead == self._expected.dead:
                return
            await asyncio.sleep(POLL_EVERY_S)

    async def _wait_until_dead_lettered(self, system: DeployedSystem) -> None:
        """Advance the clock past the visibility timeout until the poison mail is set aside."""
        for _ in range(ADVANCES_MAX):
            counts = await self._counts(system)
            if counts.dead == self._expected.dead:
                return
            self._report.say(
                f"{counts.in_flight} poison mail waits for its visibility timeout: "
                f"advancing the clock by {ADVANCE}."
            )
            await self._in_thread(
                lambda: admin_call(
                    self._server.endpoint_url, "/_kamome/clock", {"advance": ADVANCE}
                )
            )
            await self._wait_until_in_flight_again(system)

    async def _wait_until_in_flight_again(self, system: DeployedSystem) -> None:
        for _ in range(POLLS_AFTER_ADVANCE):
            counts = await self._counts(system)
            if counts.dead == self._expected.dead or (counts.in_flight and not counts.waiting):
                return
            await asyncio.sleep(POLL_EVERY_S)

    async def _counts(self, system: DeployedSystem) -> Counts:
        addresses, expected = tenants_of(self._mails), self._expected
        counts = await self._in_thread(lambda: system.counts(addresses))
        self._report.progress(
            f"  recorded {counts.recorded}/{expected.recorded}, "
            f"duplicates filtered {counts.duplicates}/{expected.duplicates}, "
            f"status items {counts.statuses}/{expected.statuses}, "
            f"tasks ended {counts.tasks}/{expected.tasks}, "
            f"in the queue {counts.waiting} and {counts.in_flight} in flight, "
            f"dead-lettered {counts.dead}/{expected.dead}"
        )
        return counts

    def _is_recorded(self, counts: Counts) -> bool:
        expected = self._expected
        done = (counts.recorded, counts.duplicates, counts.statuses, counts.tasks, counts.waiting)
        return done == (
            expected.recorded,
            expected.duplicates,
            expected.statuses,
            expected.tasks,
            0,
        )

    async def _journeys(self) -> list[Journey]:
        path = f"/_kamome/journeys?limit={JOURNEYS_LIMIT}"
        return read_journeys(
            await self._in_thread(lambda: admin_call(self._server.endpoint_url, path))
        )

    def _show_journeys(self, findings: Findings, journeys: Sequence[Journey]) -> list[str]:
        """The table: one row for each object, in the order in which the mails came in."""
        problems, rows = [], []
        for stored in findings.objects:
            journey = next((each for each in journeys if each.mentions(stored.key)), None)
            end = findings.ends.get(stored.key, "unknown")
            if journey is None:
                problems.append(f"{stored.mail_name}: no journey shows {stored.key}")
                continue
            if missing := journey.missing_stages(_needed_stages(end)):
                problems.append(f"{stored.mail_name}: its journey lacks {', '.join(missing)}")
            rows.append((journey.started_at_ms, [stored.mail_name, *journey.cells(), end]))
        self._report.table(
            "Journeys (times since the mail came in, by the server's clock)",
            ["mail", *(stage for stage, _ in STAGES), "end"],
            [row for _, row in sorted(rows)],
        )
        return problems

    def _show_ends(self, findings: Findings, deployment: Deployment) -> None:
        counts = findings.counts
        self._report.say("")
        self._report.say(
            f"{len(findings.objects)} mails were accepted and stored byte for byte. "
            f"{counts.recorded} items record them, once for each tenant; "
            f"{counts.duplicates} duplicates were filtered; "
            f"{counts.statuses} status items were written."
        )
        self._report.say(f"{counts.tasks} tasks ran the tenants' program, one for each item.")
        self._report.say(
            f"{counts.dead} poison mail is in the dead-letter queue "
            f"{deployment.dead_letter_queue_url.rpartition('/')[2]}."
        )

    def _show_way_on(self, deployment: Deployment, *, kept: bool) -> None:
        if not kept:
            self._report.say("To look further: kamome demo inbound-mail --keep, and there")
        else:
            self._report.say("To look further, in another terminal:")
        endpoint = self._server.endpoint_url if kept else "http://127.0.0.1:PORT"
        dead = deployment.dead_letter_queue_url.replace(self._server.endpoint_url, endpoint)
        for line in (
            f"export AWS_ENDPOINT_URL={endpoint} AWS_DEFAULT_REGION={REGION}",
            "export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test",
            f"aws s3 ls s3://{deployment.bucket}/{deployment.prefix}",
            f"aws dynamodb scan --table-name {deployment.table}",
            f"aws ecs list-tasks --cluster {deployment.cluster} --desired-status STOPPED",
            f"aws sqs receive-message --queue-url {dead}",
            f"curl '{endpoint}/_kamome/journeys?limit=5'",
        ):
            self._report.say(f"  {line}")

    async def _in_thread(self, call: Callable[[], Answer]) -> Answer:
        """Run a call that waits for the network, without holding up the event loop."""
        return await asyncio.to_thread(call)


def _needed_stages(end: str) -> tuple[str, ...]:
    """The services whose steps the journey of a mail with this end must have."""
    if end == "dead-letter queue":
        return STAGES_OF_ALL
    if end.startswith("recorded"):
        return (*STAGES_OF_ALL, "dynamodb", "ecs")
    return (*STAGES_OF_ALL, "dynamodb")
