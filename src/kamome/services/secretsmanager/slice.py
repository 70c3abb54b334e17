"""What Secrets Manager's operations need: store, clock, ids, outbox, KMS."""

from __future__ import annotations

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.services.secretsmanager.ports import Ports
from kamome.services.secretsmanager.store import Store
from kamome.storage.outbox import Outbox


class Secrets(msgspec.Struct, frozen=True):
    """The slice."""

    store: Store
    clock: Clock
    ids: Ids
    outbox: Outbox
    ports: Ports = Ports()
