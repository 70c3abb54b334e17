"""Mail that leaves: the spool, what works it, and the ways out that the settings allow."""

from __future__ import annotations

from collections.abc import Callable

from kamome.mail.lanes import Lanes
from kamome.mail.spool import Spool
from kamome.mail.spool_store import SpoolStore
from kamome.mail.transports import DIRECT, RELAY, Answer, Delivery, Transport
from kamome.mail.transports.capture import Capture
from kamome.mail.transports.settings import RelaySettings, TransportSettings
from kamome.wiring.kernel import Kernel

# Transactions to one domain at once, known before the transport is imported.
_PER_DOMAIN = {RELAY: 10, DIRECT: 4}


class _Late:
    """A transport that is made, and imported, when the first mail leaves: start-up is watched."""

    is_outside = True

    def __init__(self, name: str, make: Callable[[], Transport]) -> None:
        self.name = name
        self.per_domain = _PER_DOMAIN[name]
        self._make = make
        self._made: Transport | None = None

    async def deliver(self, delivery: Delivery, content: bytes) -> list[Answer]:
        """Try once."""
        if self._made is None:
            self._made = self._make()
        return await self._made.deliver(delivery, content)

    async def close(self) -> None:
        """End connections that are kept for more."""
        if self._made is not None:
            await self._made.close()


def make_spool(kernel: Kernel) -> Spool:
    """The spool over the server's store. Its ports are filled later."""
    store = SpoolStore(kernel.engine, kernel.blobs)
    return Spool(store, kernel.clock, kernel.outbox, kernel.journeys)


def make_lanes(kernel: Kernel, spool: Spool, settings: TransportSettings) -> Lanes:
    """What works the spool, with the server's own way out first."""
    made: dict[str, Transport] = {"capture": Capture()}
    relay = settings.relay
    if relay is not None:
        made[RELAY] = _Late(RELAY, lambda: _relay(relay, settings.hostname))
    if kernel.resolver.is_on:
        made[DIRECT] = _Late(DIRECT, lambda: _direct(kernel, settings))
    own = made.pop(settings.transport)
    return Lanes(spool, kernel.clock, [own, *made.values()])


def _relay(relay: RelaySettings, hostname: str) -> Transport:
    from kamome.mail.transports.relay import Relay

    return Relay(relay, hostname)


def _direct(kernel: Kernel, settings: TransportSettings) -> Transport:
    from kamome.mail.mta_sts import MtaSts
    from kamome.mail.policy_store import PolicyStore
    from kamome.mail.transports.direct import Direct

    def shuffled(hosts: list[str]) -> list[str]:
        return sorted(hosts, key=lambda _host: kernel.ids.bytes(4))

    return Direct(
        kernel.resolver,
        kernel.clock,
        settings.hostname,
        shuffled=shuffled,
        policies=MtaSts(
            kernel.resolver,
            kernel.clock,
            store=PolicyStore(kernel.engine),
            reach=settings.reach,
        ),
        port=settings.direct_port,
        reach=settings.reach,
    )
