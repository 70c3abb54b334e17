"""What Parameter Store's operations need: store, clock, outbox, KMS."""

from __future__ import annotations

import msgspec

from kamome.clock import Clock
from kamome.services.ssm.ports import Ports
from kamome.services.ssm.store import Store
from kamome.storage.outbox import Outbox


class Ssm(msgspec.Struct, frozen=True):
    """The slice."""

    store: Store
    clock: Clock
    outbox: Outbox
    ports: Ports = Ports()
