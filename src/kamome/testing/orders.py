"""Orders to a running server, over its admin API: the clock and the faults of a test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlsplit

_TIMEOUT_S = 60
Answer = dict[str, object]


class OrderRefused(Exception):
    """The server does not do that; the sentence is its own."""


class Admin:
    """The admin API of one server."""

    def __init__(self, endpoint_url: str) -> None:
        self._address = urlsplit(endpoint_url)

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """One request under `/_kamome/`.

        Raises:
            OrderRefused: the server refuses it.
        """
        assert self._address.hostname is not None
        connection = HTTPConnection(self._address.hostname, self._address.port, timeout=_TIMEOUT_S)
        try:
            headers = {"content-type": "application/json"}
            sent = None if body is None else json.dumps(body)
            connection.request(method, f"/_kamome/{path}", sent, headers)
            response = connection.getresponse()
            answer = cast("Answer", json.loads(response.read()))
        finally:
            connection.close()
        if response.status >= 400:
            raise OrderRefused(str(answer.get("message", response.reason)))
        return answer


class Happened:
    """What happened while time moved on: counts by name.

    `attempts` and `deliveries` are told apart by their way (`sns to sqs`), `redrives` and
    `expiries` by queue, `invocations` by function.
    """

    def __init__(self, answer: Answer) -> None:
        report = cast("dict[str, dict[str, int]]", answer["report"])
        self.attempts = report.get("attempts", {})
        self.deliveries = report.get("deliveries", {})
        self.redrives = report.get("redrives", {})
        self.expiries = report.get("expiries", {})
        self.invocations = report.get("invocations", {})

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in vars(self).items() if value)
        return f"Happened({shown})"


class TestClock:
    """The server's clock. It runs with real time until it is frozen or moved."""

    __test__ = False  # for pytest: no class of tests

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    @property
    def now(self) -> datetime:
        """The server's time, UTC."""
        now_ms = self._admin.ask("GET", "clock")["now_ms"]
        assert isinstance(now_ms, int)
        return datetime.fromtimestamp(now_ms / 1000, UTC)

    def advance(
        self,
        seconds: float = 0,
        *,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
    ) -> Happened:
        """Move time forward: what falls due happens, in order, each at its own moment.

        Returns when all that this has caused has ended, too, with what it was.

        Raises:
            OrderRefused: the time to advance is negative.
        """
        delta = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return Happened(self._admin.ask("POST", "clock", {"advance": delta.total_seconds()}))

    def set(self, moment: datetime | str) -> Happened:
        """Move time forward to a moment (UTC where it names no zone).

        Raises:
            OrderRefused: the moment has passed.
        """
        text = moment if isinstance(moment, str) else moment.isoformat()
        return Happened(self._admin.ask("POST", "clock", {"set": text}))

    def freeze(self) -> None:
        """Let time stand still, but for `advance`."""
        self._admin.ask("POST", "clock", {"freeze": True})

    def resume(self) -> None:
        """Let time run on from where it stands."""
        self._admin.ask("POST", "clock", {"resume": True})


class Fault:
    """A rule that has been added. As a context manager it holds for the block."""

    def __init__(self, admin: Admin, rule: Answer) -> None:
        self._admin = admin
        self.rule = rule
        self.id = str(rule["id"])

    def __repr__(self) -> str:
        return f"Fault({self.rule})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if any(rule["id"] == self.id for rule in _rules(self._admin)):
            self.remove()

    @property
    def struck(self) -> int:
        """How often it has taken effect."""
        for rule in _rules(self._admin):
            if rule["id"] == self.id:
                return cast("int", rule["struck"])
        raise OrderRefused(f"The rule {self.id} has been removed.")

    def remove(self) -> None:
        """It takes no more effect."""
        self._admin.ask("DELETE", f"faults/{self.id}")


class FaultReport:
    """What rules have done, and which messages were handled twice."""

    def __init__(self, answer: Answer) -> None:
        self.struck = cast("int", answer["struck"])
        self.strikes = cast("list[Answer]", answer["strikes"])
        self.handled_twice = cast("list[Answer]", answer["handled_twice"])

    def __repr__(self) -> str:
        return f"FaultReport(struck={self.struck}, handled_twice={self.handled_twice})"


class Faults:
    """The fault rules of the server."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    def add(self, **members: object) -> Fault:
        """Order a fault: `add(service="sqs", operation="SendMessage", error="InternalFailure")`.

        The members are those of a rule (docs/testing.md); a time may be a `timedelta`.

        Raises:
            OrderRefused: the rule cannot be; the sentence says what to change.
        """
        rule = {name: _plain(value) for name, value in members.items()}
        return Fault(self._admin, self._admin.ask("POST", "faults", rule))

    def rules(self) -> list[Answer]:
        """All rules, with how often each has matched and struck."""
        return _rules(self._admin)

    def clear(self) -> None:
        """Remove all rules. The report stays."""
        self._admin.ask("DELETE", "faults")

    def report(self) -> FaultReport:
        """What has struck so far, and what was handled twice."""
        return FaultReport(self._admin.ask("GET", "faults/report"))


def _rules(admin: Admin) -> list[Answer]:
    return cast("list[Answer]", admin.ask("GET", "faults")["rules"])


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return value
