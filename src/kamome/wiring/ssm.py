"""Systems Manager: Parameter Store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.ssm import expirations
from kamome.services.ssm.slice import Ssm
from kamome.services.ssm.store import Store
from kamome.storage.outbox import Outbox
from kamome.wiring.kernel import Kernel

if TYPE_CHECKING:
    from kamome.wiring.slices import Slices


def make(kernel: Kernel, slices: Slices) -> Ssm:
    """The slice with its ports."""
    return Ssm(Store(kernel.engine), kernel.clock, kernel.outbox)


def register(outbox: Outbox, ssm: Ssm) -> None:
    """Name the handler of its outbox entries."""
    outbox.register(expirations.EXPIRE, lambda entry: expirations.expire(ssm, entry))
