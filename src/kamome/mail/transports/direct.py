"""Mail goes to the servers of the recipients' domains, as the DNS names them.

Hosts are tried in the order of their preference, each with its addresses, until one begins a
transaction; what it says to the recipients counts. TLS is used wherever it is offered, demanded
where the mail or the domain's MTA-STS policy demands it. A host that could not be reached is left
alone for a minute, and what it would have said is said again: a domain that is down costs one
connection a minute, not one for each mail. Imported with the first mail that leaves.

RFC 5321 §5; RFC 7435 (opportunistic security); RFC 8461 (MTA-STS).
"""

from __future__ import annotations

import ssl
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from kamome.clock import Clock
from kamome.mail.connection_reuse import KeptConnections
from kamome.mail.dns import Resolver
from kamome.mail.mail_routes import (
    ADDRESSES_MAX,
    NoRoute,
    addresses_of,
    exchangers,
    literal_address,
)
from kamome.mail.mta_sts import ENFORCE, MtaSts
from kamome.mail.policy_store import MtaStsPolicy
from kamome.mail.reachable_networks import ReachableNetworks
from kamome.mail.smtp_client import (
    ConnectFailed,
    Server,
    SmtpConnection,
    Stale,
    Timeouts,
    Tls,
    connect,
)
from kamome.mail.transports import DIRECT, Answer, Delivery, same_for_all

# Receivers count connections of one client; four are fast and bother nobody.
PER_DOMAIN = 4
_PORT = 25
_DOWN_MS = 60_000
_DOWN_MAX = 1_000


class _Down(msgspec.Struct, frozen=True):
    """An address that could not be reached, until when that is believed, and what was said."""

    until_ms: int
    failure: ConnectFailed


class Direct:
    """The MX hosts of each domain. `shuffled` orders hosts of one preference.

    `context` verifies certificates, by default by the system's authorities. `reach` are the
    networks that mail goes to, by default the public ones.
    """

    name = DIRECT
    is_outside = True
    per_domain = PER_DOMAIN

    def __init__(
        self,
        resolver: Resolver,
        clock: Clock,
        hostname: str,
        *,
        shuffled: Callable[[list[str]], list[str]] = list,
        policies: MtaSts | None = None,
        context: ssl.SSLContext | None = None,
        timeouts: Timeouts | None = None,
        port: int = _PORT,
        reach: ReachableNetworks | None = None,
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._hostname = hostname
        self._shuffled = shuffled
        self._reach = reach or ReachableNetworks()
        self._policies = policies or MtaSts(resolver, clock, reach=self._reach)
        self._context = context
        self._timeouts = timeouts or Timeouts()
        self._port = port
        self._kept = KeptConnections()
        self._down: OrderedDict[tuple[str, Tls], _Down] = OrderedDict()

    async def deliver(self, delivery: Delivery, content: bytes) -> list[Answer]:
        """One transaction with the best server of the domain that begins one."""
        try:
            while True:
                connection, key = await self._connection(delivery)
                try:
                    answers = await connection.transact(delivery.mail, delivery.recipients, content)
                except Stale:
                    continue
                self._kept.keep(key, connection)
                return answers
        except NoRoute as none:
            return same_for_all(delivery, none.code, none.enhanced, none.text)
        except _AllFailed as failed:
            why = failed.failure
            return same_for_all(
                delivery,
                why.code,
                why.enhanced,
                why.text,
                (failed.server.host, failed.server.address),
            )

    async def close(self) -> None:
        """End the connections that are kept."""
        await self._kept.close()

    # ------------------------------------------------------------------ a connection

    async def _connection(self, delivery: Delivery) -> tuple[SmtpConnection, tuple[str, Tls]]:
        literal = literal_address(delivery.domain, self._reach)
        policy = None if literal else await self._policies.policy_of(delivery.domain)
        tls = _tls(delivery, policy)
        key = (delivery.domain, tls)
        kept = self._kept.take(key)
        if kept is not None:
            return kept, key
        if literal is not None:
            servers = [Server(literal, literal, self._port)]
        else:
            servers = await self._servers(delivery.domain, policy)
        return await self._first(servers, tls), key

    async def _servers(self, domain: str, policy: MtaStsPolicy | None) -> list[Server]:
        hosts = await exchangers(self._resolver, domain, self._hostname, self._shuffled)
        if policy is not None and policy.mode == ENFORCE:
            hosts = [host for host in hosts if policy.allows(host)]
            if not hosts:
                raise NoRoute(451, "4.7.5", f"no MX of {domain} is allowed by its MTA-STS policy")
        servers: list[Server] = []
        failure: NoRoute | None = None
        for host in hosts:
            try:
                addresses = await addresses_of(self._resolver, host, self._reach)
            except NoRoute as none:
                # One host that can be asked about later is a reason to try later.
                failure = none if failure is None or none.code < failure.code else failure
                continue
            servers += [Server(host, address, self._port) for address in addresses]
            if len(servers) >= ADDRESSES_MAX:
                break
        if not servers:
            assert failure is not None
            raise failure
        return servers[:ADDRESSES_MAX]

    async def _first(self, servers: list[Server], tls: Tls) -> SmtpConnection:
        """A connection to the first server that begins one."""
        failures: list[tuple[Server, ConnectFailed]] = []
        for server in servers:
            key = (server.address, tls)
            down = self._down.get(key)
            if down is not None and down.until_ms > self._clock.now_ms():
                failures.append((server, down.failure))
                continue
            try:
                connection = await self._connect(server, tls)
            except ConnectFailed as failed:
                self._note_down(key, failed)
                failures.append((server, failed))
                continue
            self._down.pop(key, None)
            return connection
        # A host that may be reached later counts more than one that said no for good.
        raise _AllFailed(*min(failures, key=lambda each: each[1].code >= 500))

    async def _connect(self, server: Server, tls: Tls) -> SmtpConnection:
        try:
            return await self._connect_with(server, tls)
        except ConnectFailed as failed:
            if tls is not Tls.OPPORTUNISTIC or not failed.is_tls:
                raise
        # TLS that does not work is no reason not to deliver where nobody asked for it.
        return await self._connect_with(server, Tls.NONE)

    async def _connect_with(self, server: Server, tls: Tls) -> SmtpConnection:
        return await connect(
            server,
            hostname=self._hostname,
            tls=tls,
            timeouts=self._timeouts,
            context=self._context,
        )

    def _note_down(self, key: tuple[str, Tls], failure: ConnectFailed) -> None:
        self._down[key] = _Down(self._clock.now_ms() + _DOWN_MS, failure)
        self._down.move_to_end(key)
        if len(self._down) > _DOWN_MAX:
            self._down.popitem(last=False)


class _AllFailed(Exception):
    """No server began a transaction; the failure that counts, and whose it was."""

    def __init__(self, server: Server, failure: ConnectFailed) -> None:
        super().__init__(failure.text)
        self.server = server
        self.failure = failure


def _tls(delivery: Delivery, policy: MtaStsPolicy | None) -> Tls:
    if policy is not None and policy.mode == ENFORCE:
        return Tls.VERIFIED
    return Tls.REQUIRED if delivery.mail.requires_tls else Tls.OPPORTUNISTIC
