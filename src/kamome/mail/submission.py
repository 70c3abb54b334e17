"""Submission: mail that users of ours hand in by SMTP, after they have said who they are.

The ports are the owner's: who a user is, and what becomes of his mail. RFC 6409 (submission);
RFC 4954 (AUTH).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import msgspec

from kamome.clock import Clock
from kamome.mail.envelope import Envelope

# Wrong passwords: of one session, and of one address within ten minutes. SMTP passwords derived
# from secrets have 256 bits; these bounds are for people's patience and the log.
FAILURES_PER_SESSION_MAX = 3
FAILURES_PER_ADDRESS_MAX = 30
LARGE_BYTES = 1024 * 1024
LARGE_AT_ONCE = 4
_WINDOW_MS = 10 * 60_000
_ADDRESSES_MAX = 4_096


class Submitter(msgspec.Struct, frozen=True):
    """A user who has proved who he is; `owner` is opaque to mail ("account/region")."""

    user: str
    owner: str


class SubmissionRefused(Exception):
    """The owner refuses a mail: the reply to the end of DATA. `text` is told to the user."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class SubmissionPorts(msgspec.Struct, frozen=True):
    """What a submission session asks.

    `authenticate` gives the user of a name and password, None where they are wrong. `submit` takes
    a whole mail and returns its id, durable by then; it raises `SubmissionRefused`, and
    `ServiceUnavailable` where there is no room.
    """

    authenticate: Callable[[str, str], Submitter | None]
    submit: Callable[[Submitter, Envelope, bytes], Awaitable[str]]


class LoginFailures:
    """How often addresses have given wrong passwords lately; bounded, forgotten with time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, list[int]] = OrderedDict()

    def note(self, client_ip: str) -> None:
        """A wrong password came from this address."""
        moments = self._recent(client_ip)
        moments.append(self._clock.now_ms())
        self._failures[client_ip] = moments[-FAILURES_PER_ADDRESS_MAX:]
        self._failures.move_to_end(client_ip)
        if len(self._failures) > _ADDRESSES_MAX:
            self._failures.popitem(last=False)

    def is_blocked(self, client_ip: str) -> bool:
        """Whether this address has to wait."""
        return len(self._recent(client_ip)) >= FAILURES_PER_ADDRESS_MAX

    def _recent(self, client_ip: str) -> list[int]:
        since_ms = self._clock.now_ms() - _WINDOW_MS
        return [moment for moment in self._failures.get(client_ip, []) if moment > since_ms]


class SubmissionService:
    """What all sessions of the submission ports share."""

    def __init__(
        self, ports: SubmissionPorts, clock: Clock, *, is_plain_auth_allowed: bool = False
    ) -> None:
        self.ports = ports
        self.failures = LoginFailures(clock)
        self.is_plain_auth_allowed = is_plain_auth_allowed
        # A mail is held in memory while its owner works on it: of large ones, a few at once.
        self.large = asyncio.Semaphore(LARGE_AT_ONCE)
