"""`Sns`: everything SNS's operations and deliveries need."""

from __future__ import annotations

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.observe.journeys import Journeys
from kamome.services.sns.envelope import Renderers
from kamome.services.sns.ports import SnsPorts
from kamome.services.sns.signer import Signer
from kamome.services.sns.store import SnsStore
from kamome.storage.outbox import Outbox


class Sns(msgspec.Struct, frozen=True):
    """The slice. `make_sns` builds it; `deliveries.register` must run before the outbox starts."""

    store: SnsStore
    clock: Clock
    ids: Ids
    outbox: Outbox
    ports: SnsPorts
    journeys: Journeys
    signer: Signer
    renderers: Renderers


def make_sns(
    store: SnsStore,
    clock: Clock,
    ids: Ids,
    outbox: Outbox,
    *,
    ports: SnsPorts,
    journeys: Journeys,
) -> Sns:
    """The slice over its store, with its signer.

    AWS: SNS API Reference.
    """
    return Sns(store, clock, ids, outbox, ports, journeys, Signer(store, clock, ids), Renderers())
