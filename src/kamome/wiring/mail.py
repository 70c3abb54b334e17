"""Mail that leaves: the spool, what works it, and the ways out that the settings allow."""

from __future__ import annotations

from kamome.mail.lanes import Lanes
from kamome.mail.spool import Spool
from kamome.mail.spool_store import SpoolStore
from kamome.mail.transports import Transport
from kamome.mail.transports.capture import Capture
from kamome.mail.transports.settings import TransportSettings
from kamome.wiring.kernel import Kernel


def make_spool(kernel: Kernel) -> Spool:
    """The spool over the server's store. Its ports are filled later."""
    return Spool(SpoolStore(kernel.engine, kernel.blobs), kernel.clock, kernel.outbox)


def make_lanes(kernel: Kernel, spool: Spool, settings: TransportSettings) -> Lanes:
    """What works the spool, with the server's own way out first."""
    return Lanes(spool, kernel.clock, _transports(settings))


def _transports(settings: TransportSettings) -> list[Transport]:
    made: dict[str, Transport] = {"capture": Capture()}
    own = made.pop(settings.transport)
    return [own, *made.values()]
