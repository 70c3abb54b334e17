"""The demonstration of `blueprints/fan-out`: outages, retries over days, a dead-letter queue."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

from click import ClickException

from kamome.cli.admin_client import ask
from kamome.cli.blueprint import load_modules
from kamome.cli.child_server import ServerFailed
from kamome.cli.local_session import LocalSession
from kamome.clock import system_now_ms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kamome.cli.child_server import ChildServer
    from kamome.cli.report import Report

# When orders are placed during the outage of two days, by the hours until the next one.
SECOND_ACT = {"B1": 36, "B2": 6, "B3": 6}
LOST_ACKNOWLEDGEMENTS = 3
_PHASES = ("initial", "immediate", "pre-backoff", "backoff", "post-backoff")
_REDRIVE_ROUNDS_MAX = 30


class FanOut:
    """One run of the demonstration against a server that is up."""

    def __init__(self, report: Report, folder: Path, server: ChildServer) -> None:
        self._report = report
        self._server = server
        self._deploy, self._services = load_modules(folder, "deploy", "services")
        self._problems: list[str] = []
        self._orders: list[str] = []
        self._rows: list[Sequence[str]] = []

    async def run(self) -> list[str]:
        """All three acts; returns what went wrong.

        The calls block, each for milliseconds but the advances: a thread makes them, so that a
        signal ends the demonstration at once.
        """
        return await asyncio.to_thread(self._run)

    def _run(self) -> list[str]:
        session = LocalSession(self._server.endpoint_url)
        self._sns, self._sqs = session.client("sns"), session.client("sqs")
        self._report.say("Deploying three services, their topics and queues …")
        self._system = self._deploy.deploy(session)
        self._all = self._services.services(self._system)
        for act in (self._all_is_well, self._two_days, self._longer_than_the_policy):
            began_ms = system_now_ms()
            act()
            self._report.say(f"  took {(system_now_ms() - began_ms) / 1000:.1f} s")
        self._show()
        self._check_orders()
        return self._problems

    # ------------------------------------------------------------------ acts

    def _all_is_well(self) -> None:
        self._report.say("1. All is well, but for three lost acknowledgements.")
        self._fault("payments", drop="after", count=LOST_ACKNOWLEDGEMENTS)
        for number in range(1, 6):
            self._place(f"A{number}")
        self._work()
        self._admin("DELETE", "faults")
        duplicates = self._all["payments"].duplicates
        self._report.say(
            f"  5 orders went through; {duplicates} events came twice and were noticed."
        )
        if duplicates != LOST_ACKNOWLEDGEMENTS:
            self._problems.append(
                f"{duplicates} duplicates were noticed, not {LOST_ACKNOWLEDGEMENTS}"
            )

    def _two_days(self) -> None:
        self._report.say("2. The queue of shipping cannot be reached for two days.")
        seen = len(self._ended())
        self._fault("shipping", outage=True)
        placed = list(SECOND_ACT)
        for order, hours in SECOND_ACT.items():
            self._place(order)
            self._work()
            self._advance(f"{hours}h")
        handled = len(self._all["shipping"].handled)
        self._admin("DELETE", "faults")
        self._advance("30s")
        self._work()
        self._count("2 days", self._ended()[seen:], placed)
        arrived = [event.split()[1] for event in self._all["shipping"].handled[handled:]]
        order = "in the order of publication" if arrived == placed else "in another order"
        self._report.say(f"  Back again: {', '.join(arrived)} arrived, {order}.")
        if sorted(arrived) != placed:
            self._problems.append(f"shipping got {arrived} after the outage, not {placed}")

    def _longer_than_the_policy(self) -> None:
        self._report.say("3. The queue of shipping cannot be reached for 24 days.")
        seen = len(self._ended())
        self._fault("shipping", outage=True)
        self._place("C1")
        self._work()
        self._advance("24d")
        self._admin("DELETE", "faults")
        self._count("24 days", self._ended()[seen:], ["C1"])
        waiting = self._waiting("dead_letter_queues", "shipping")
        self._report.say(f"  SNS has given up; {waiting} message is in the dead-letter queue.")
        if waiting != 1:
            self._problems.append(f"{waiting} messages are in the dead-letter queue, not 1")
        self._redrive()
        self._work()

    def _redrive(self) -> None:
        source = self._deploy.arn_of(self._sqs, self._system.dead_letter_queues["shipping"])
        target = self._deploy.arn_of(self._sqs, self._system.queues["shipping"])
        self._sqs.start_message_move_task(SourceArn=source, DestinationArn=target)
        for _ in range(_REDRIVE_ROUNDS_MAX):
            if not self._waiting("dead_letter_queues", "shipping"):
                break
            self._advance("1s")
        self._report.say("  Redriven from there to the queue.")

    # ------------------------------------------------------------------ steps

    def _place(self, order: str) -> None:
        self._orders.append(order)
        self._services.place_order(self._sns, self._system, order)

    def _work(self) -> None:
        """Let what is published arrive, and the services work, until nothing moves."""
        while True:
            before = [len(service.handled) for service in self._all.values()]
            self._advance("5s")
            self._services.work(self._sns, self._sqs, self._all)
            if before == [len(service.handled) for service in self._all.values()]:
                return

    def _waiting(self, kind: str, service: str) -> int:
        url = getattr(self._system, kind)[service]
        name = "ApproximateNumberOfMessages"
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
        return int(answer["Attributes"][name])

    def _fault(self, service: str, **effect: object) -> None:
        queue = self._system.queues[service].rpartition("/")[2]
        rule = {"service": "sqs", "operation": "SendMessage", "resource": queue, "source": "sns"}
        self._admin("POST", "faults", {**rule, **effect})

    def _advance(self, duration: str) -> None:
        self._report.progress(f"  advancing the clock by {duration} …")
        self._admin("POST", "clock", {"advance": duration})

    def _ended(self) -> list[dict[str, Any]]:
        """How retried deliveries have ended so far, in order."""
        answer = self._admin("GET", "sns/deliveries?limit=1000")
        ended: list[dict[str, Any]] = answer["ended"]
        return ended[::-1]

    def _admin(self, method: str, path: str, order: object = None) -> dict[str, Any]:
        try:
            return ask(self._server.endpoint_url, path, method, order)
        except ClickException as error:
            raise ServerFailed(f"{method} {path}: {error.message}") from error

    # ------------------------------------------------------------------ what came of it

    def _count(self, name: str, ended: list[dict[str, Any]], orders: Sequence[str]) -> None:
        """One row of the table: the attempts of an outage by phase, and how they ended."""
        phases: Counter[str] = Counter()
        for delivery in ended:
            phases.update(delivery["attempts_by_phase"])
        results = Counter(str(delivery["result"]) for delivery in ended)
        self._rows.append(
            (
                name,
                str(len(orders)),
                *(f"{phases[phase]:,}" for phase in _PHASES),
                ", ".join(f"{count} {result}" for result, count in sorted(results.items())),
            )
        )
        if len(ended) != len(orders):
            self._problems.append(f"{name}: {len(ended)} deliveries ended, not {len(orders)}")

    def _show(self) -> None:
        columns = ("outage", "messages", *_PHASES, "ended")
        self._report.table(
            "Attempts by SNS at the queue of shipping, by phase", columns, self._rows
        )
        rows = [
            (
                service.name,
                str(len(service.handled)),
                str(service.duplicates),
                str(self._waiting("queues", service.name)),
                str(self._waiting("dead_letter_queues", service.name)),
            )
            for service in self._all.values()
        ]
        self._report.table(
            "Events by service", ("service", "handled", "twice", "waiting", "dead"), rows
        )

    def _check_orders(self) -> None:
        """Each order paid, sent and completed exactly once; nothing left anywhere."""
        wanted = {
            "payments": Counter(f"OrderPlaced {order}" for order in self._orders),
            "shipping": Counter(f"PaymentTaken {order}" for order in self._orders),
            "orders": Counter(
                f"{event} {order}"
                for event in ("PaymentTaken", "ParcelSent")
                for order in self._orders
            ),
        }
        for name, service in self._all.items():
            handled = Counter(service.handled)
            lost, twice = wanted[name] - handled, handled - wanted[name]
            if lost or twice:
                self._problems.append(f"{name}: lost {sorted(lost)}, handled twice {sorted(twice)}")
            left = self._waiting("queues", name) + self._waiting("dead_letter_queues", name)
            if left:
                self._problems.append(f"{name}: {left} messages are left over")
        if not self._problems:
            self._report.say(f"\nNothing was lost: all {len(self._orders)} orders are complete.")
