"""Nothing leaves: each recipient counts as delivered, and the mail can be released later."""

from __future__ import annotations

from kamome.mail.transports import CAPTURE, Answer, Delivery, same_for_all

_TEXT = "captured: this server sends no mail out"


class Capture:
    """The transport of a machine that sends nothing."""

    name = CAPTURE
    is_outside = False
    per_domain = 1

    async def deliver(self, delivery: Delivery, content: bytes) -> list[Answer]:
        """Every recipient is taken."""
        return same_for_all(delivery, 250, "2.0.0", _TEXT, (CAPTURE, ""))

    async def close(self) -> None:
        """There are no connections."""
