"""Faults at the stages of a session: what a session asks before it works one.

The stages are `connect`, `helo` (HELO and EHLO), `mail`, `rcpt`, `data` and `end-of-data`.
RFC 5321 §3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kamome.mail.replies import Reply


class StageFault(NamedTuple):
    """What happens instead of the stage.

    `latency_s` passes first. Then the client is told `reply`, or, where `is_cut` is set, the
    connection breaks: with `is_lost` only after the stage has been worked, without its reply.
    """

    latency_s: float = 0
    reply: Reply | None = None
    is_cut: bool = False
    is_lost: bool = False


# By stage and what it is about: the client's address, his name, a path, or the recipients of the
# mail joined by commas.
StageFaults = Callable[[str, str], StageFault | None]


def no_faults(_stage: str, _about: str) -> StageFault | None:
    """Every stage is worked."""
    return None
