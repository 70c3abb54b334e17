"""Which way mail leaves, as the server's settings say it."""

from __future__ import annotations

import msgspec

from kamome.mail.reachable_networks import ReachableNetworks
from kamome.mail.transports import CAPTURE

# How the connection to a relay is encrypted: after STARTTLS, from its first byte, where it offers
# that, or never.
STARTTLS = "starttls"
IMPLICIT = "implicit"
OPPORTUNISTIC = "opportunistic"
OFF = "off"


class RelaySettings(msgspec.Struct, frozen=True):
    """A smart host. Without a user there is no AUTH."""

    host: str
    port: int = 587
    user: str = ""
    password: str = ""
    tls: str = STARTTLS


class TransportSettings(msgspec.Struct, frozen=True):
    """The server's own transport, the name it gives itself in EHLO, and its relay if it has one.

    `direct_port` is where the servers of recipients take mail, `reach` in which networks.
    """

    transport: str = CAPTURE
    hostname: str = "localhost"
    relay: RelaySettings | None = None
    direct_port: int = 25
    reach: ReachableNetworks = ReachableNetworks()
