"""Listens for SMTP and bounds the sessions: all of them, and those of one address.

The socket is bound at start; the session's code (and with it aiosmtpd) is imported when the first
client connects, the certificate is made or read at the first STARTTLS, in a thread.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kamome.clock import Clock
from kamome.mail.certificate import ServerCertificate
from kamome.mail.envelope import RecipientVerdict
from kamome.mail.inbound import Inbound
from kamome.mail.intake_checks import Objection, no_objection
from kamome.mail.limits import SessionLimits
from kamome.mail.stage_faults import StageFaults, no_faults
from kamome.mail.submission import SubmissionService

if TYPE_CHECKING:
    from kamome.mail.session import Cancellable, SessionPorts, SmtpSession

logger = logging.getLogger(__name__)

_BACKLOG = 512


class SmtpListener:
    """SMTP ports of one kind. `start` binds one, `stop` lets what is under way end.

    With `submission`, users of ours hand in mail there after AUTH; without it, mail comes in.
    """

    def __init__(
        self,
        inbound: Inbound,
        accepts: Callable[[str, bool, str], RecipientVerdict],
        clock: Clock,
        *,
        hostname: str,
        certificate_folder: Path,
        limits: SessionLimits | None = None,
        call_later: Callable[[float, Callable[[], None]], Cancellable] | None = None,
        fault: StageFaults = no_faults,
        submission: SubmissionService | None = None,
        objection: Objection = no_objection,
    ) -> None:
        self._inbound = inbound
        self._accepts = accepts
        self._clock = clock
        self._hostname = hostname
        self._certificate = ServerCertificate(certificate_folder, hostname)
        self._limits = limits or SessionLimits()
        self._call_later = call_later
        self._fault = fault
        self._submission = submission
        self._objection = objection
        self._servers: list[asyncio.Server] = []
        self._sessions: set[SmtpSession] = set()
        self._per_address: Counter[str] = Counter()
        self._context: asyncio.Task[ssl.SSLContext] | None = None
        self._ports: SessionPorts | None = None

    async def start(self, host: str, port: int, *, has_implicit_tls: bool = False) -> int:
        """Listen; returns the port (port 0 picks one). Raises OSError when it is taken.

        `has_implicit_tls` begins with TLS, RFC 8314 §3.3. It can be called for several ports.
        """
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            self._session,
            host,
            port,
            backlog=_BACKLOG,
            ssl=await self._tls_context() if has_implicit_tls else None,
        )
        self._servers.append(server)
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    async def stop(self, grace_s: float = 10.0) -> None:
        """Take no more sessions; end idle ones with 421; give the rest this long to finish."""
        for server in self._servers:
            server.close()
        sessions = list(self._sessions)
        for session in sessions:
            session.end()
        if sessions:
            ends = [asyncio.ensure_future(session.ended()) for session in sessions]
            _, late = await asyncio.wait(ends, timeout=grace_s)
            for end in late:
                end.cancel()
        for session in list(self._sessions):
            if session.transport is not None:
                session.transport.close()
        await self._inbound.settle()

    @property
    def session_count(self) -> int:
        """Sessions open now."""
        return len(self._sessions)

    def _session(self) -> SmtpSession:
        self._certificate.refresh()  # before the handshake, wherever TLS begins
        loop = asyncio.get_running_loop()
        if self._submission is not None:
            from kamome.mail.submission_session import SubmissionSession

            return SubmissionSession(self._session_ports(), loop, self._submission)
        from kamome.mail.session import SmtpSession

        return SmtpSession(self._session_ports(), loop)

    def _session_ports(self) -> SessionPorts:
        if self._ports is None:
            from kamome.mail.session import SessionPorts

            self._ports = SessionPorts(
                hostname=self._hostname,
                limits=self._limits,
                inbound=self._inbound,
                accepts=self._accepts,
                tls_context=self._tls_context,
                call_later=self._call_later or asyncio.get_running_loop().call_later,
                entered=self._entered,
                left=self._left,
                fault=self._fault,
                objection=self._objection,
            )
        return self._ports

    def _entered(self, session: SmtpSession) -> bool:
        if (
            len(self._sessions) >= self._limits.sessions
            or self._per_address[session.client_ip] >= self._limits.sessions_per_address
        ):
            logger.info("no more sessions for %s", session.client_ip)
            return False
        self._sessions.add(session)
        self._per_address[session.client_ip] += 1
        return True

    def _left(self, session: SmtpSession) -> None:
        self._sessions.discard(session)
        self._per_address[session.client_ip] -= 1
        if self._per_address[session.client_ip] <= 0:
            del self._per_address[session.client_ip]

    async def _tls_context(self) -> ssl.SSLContext:
        """Made once, for all who wait; tried anew after a failure."""
        if self._context is None or (self._context.done() and self._context.exception()):
            self._context = asyncio.ensure_future(
                asyncio.to_thread(self._certificate.load, self._clock.now_ms())
            )
        return await asyncio.shield(self._context)
