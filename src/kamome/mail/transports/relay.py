"""All mail goes to one smart host, which takes it from there.

A relay that refuses the user, or the connection, refuses no mail: such an attempt is put off, and
the mail waits until somebody has mended the setting. Imported with the first mail that leaves.
"""

from __future__ import annotations

import asyncio
import socket
import ssl

from kamome.mail.connection_reuse import KeptConnections
from kamome.mail.outgoing import OutgoingMail, printable
from kamome.mail.smtp_client import (
    ConnectFailed,
    Login,
    Server,
    SmtpConnection,
    Stale,
    Timeouts,
    Tls,
    connect,
)
from kamome.mail.transports import RELAY, Answer, Delivery, same_for_all
from kamome.mail.transports.settings import (
    IMPLICIT,
    OFF,
    OPPORTUNISTIC,
    STARTTLS,
    RelaySettings,
)

# Sessions at one relay at once. Providers allow 10 to 20 of one client.
SESSIONS_MAX = 10
_ADDRESSES_MAX = 6
_TLS = {
    STARTTLS: Tls.VERIFIED,
    IMPLICIT: Tls.IMPLICIT,
    OPPORTUNISTIC: Tls.OPPORTUNISTIC,
    OFF: Tls.NONE,
}


class Relay:
    """A smart host. `context` verifies its certificate, by default by the system's authorities."""

    name = RELAY
    is_outside = True
    per_domain = SESSIONS_MAX

    def __init__(
        self,
        settings: RelaySettings,
        hostname: str,
        *,
        context: ssl.SSLContext | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._settings = settings
        self._hostname = hostname
        self._context = context
        self._timeouts = timeouts or Timeouts()
        self._kept = KeptConnections()
        self._room = asyncio.Semaphore(SESSIONS_MAX)

    async def deliver(self, delivery: Delivery, content: bytes) -> list[Answer]:
        """One transaction with the relay."""
        tls = self._tls(delivery.mail)
        async with self._room:
            while True:
                connection = self._kept.take(tls)
                try:
                    if connection is None:
                        connection = await self._connect(tls)
                    answers = await connection.transact(delivery.mail, delivery.recipients, content)
                except Stale:
                    continue
                except ConnectFailed as failed:
                    text = f"relay {self._settings.host}: {failed.code} {failed.text}"
                    enhanced = "4" + (failed.enhanced or "4.0.0")[1:]
                    return same_for_all(delivery, 451, enhanced, text)
                self._kept.keep(tls, connection)
                return answers

    async def close(self) -> None:
        """End the connections that are kept."""
        await self._kept.close()

    def _tls(self, mail: OutgoingMail) -> Tls:
        tls = _TLS[self._settings.tls]
        if mail.requires_tls and tls in (Tls.NONE, Tls.OPPORTUNISTIC):
            return Tls.REQUIRED
        return tls

    async def _connect(self, tls: Tls) -> SmtpConnection:
        failure: ConnectFailed | None = None
        for address in await self._addresses():
            try:
                return await self._connect_to(address, tls)
            except ConnectFailed as failed:
                failure = failed
        raise failure or ConnectFailed(451, "4.4.3", "the name has no address")

    async def _connect_to(self, address: str, tls: Tls) -> SmtpConnection:
        settings = self._settings
        server = Server(settings.host, address, settings.port)
        login = Login(settings.user, settings.password) if settings.user else None
        try:
            return await connect(
                server,
                hostname=self._hostname,
                tls=tls,
                timeouts=self._timeouts,
                context=self._context,
                login=login,
            )
        except ConnectFailed as failed:
            if tls is not Tls.OPPORTUNISTIC or not failed.is_tls:
                raise
        return await connect(
            server, hostname=self._hostname, tls=Tls.NONE, timeouts=self._timeouts, login=login
        )

    async def _addresses(self) -> list[str]:
        """By the system's resolver, which knows names of the local net and of /etc/hosts too."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(
                self._settings.host, self._settings.port, type=socket.SOCK_STREAM
            )
        except OSError as error:
            raise ConnectFailed(451, "4.4.3", f"no address: {printable(str(error))}") from error
        return [str(each[4][0]) for each in found][:_ADDRESSES_MAX]
