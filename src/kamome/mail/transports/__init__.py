"""Ways out for mail: what a transport is given, and what it answers.

`capture` keeps everything here, `relay` hands it to a smart host, `direct` to the servers of the
recipients' domains. A transport never raises for what the network does: it answers for each
recipient, in the remote's words or, where there was no remote, in its own.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from kamome.mail.outgoing import OutgoingMail

CAPTURE = "capture"
RELAY = "relay"
DIRECT = "direct"
NAMES = (CAPTURE, RELAY, DIRECT)


class Delivery(msgspec.Struct, frozen=True):
    """One transaction's worth: the recipients of a mail that share a domain."""

    mail: OutgoingMail
    domain: str
    recipients: tuple[str, ...]


class Answer(msgspec.Struct, frozen=True):
    """What was said to one recipient of a delivery. A code below 300 means that it is delivered.

    A code of 500 and above is final. `remote_ip` is empty where no server was reached.
    """

    recipient: str
    code: int
    enhanced: str
    text: str
    remote_host: str = ""
    remote_ip: str = ""


class Transport(Protocol):
    """A way out. `is_outside` says whether anything leaves the server by it."""

    name: str
    is_outside: bool
    # Transactions to one domain that may be under way at once.
    per_domain: int

    async def deliver(self, delivery: Delivery, content: bytes) -> list[Answer]:
        """Try once; an answer for each recipient, in their order."""

    async def close(self) -> None:
        """End connections that are kept for more."""


def same_for_all(
    delivery: Delivery, code: int, enhanced: str, text: str, remote: tuple[str, str] = ("", "")
) -> list[Answer]:
    """One answer for every recipient; `remote` is the server's name and address."""
    return [Answer(recipient, code, enhanced, text, *remote) for recipient in delivery.recipients]
