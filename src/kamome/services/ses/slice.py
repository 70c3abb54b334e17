"""`Ses`: what the operations and the receiving of mail work with."""

from __future__ import annotations

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.observe.journeys import Journeys
from kamome.services.ses.ports import SesPorts
from kamome.services.ses.store import SesStore
from kamome.storage.outbox import Outbox


class Ses(msgspec.Struct, frozen=True):
    """The slice. Its state is all in the store."""

    store: SesStore
    outbox: Outbox
    journeys: Journeys
    clock: Clock
    ids: Ids
    ports: SesPorts
