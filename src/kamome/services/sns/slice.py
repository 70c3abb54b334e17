"""`Sns`: everything SNS's operations and deliveries need."""

from __future__ import annotations

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.observe.journeys import Journeys
from kamome.services.sns.delivery_store import DeliveryStore
from kamome.services.sns.envelope import Renderers
from kamome.services.sns.fifo_store import FifoStore
from kamome.services.sns.ports import SnsPorts
from kamome.services.sns.record_store import RecordStore
from kamome.services.sns.signer import Signer
from kamome.services.sns.store import SnsStore
from kamome.services.sns.throttle import Throttle
from kamome.storage.outbox import Outbox


class Sns(msgspec.Struct, frozen=True):
    """The slice. `make_sns` builds it; `deliveries.register` must run before the outbox starts."""

    store: SnsStore
    delivery_store: DeliveryStore
    fifo_store: FifoStore
    record_store: RecordStore
    clock: Clock
    ids: Ids
    outbox: Outbox
    ports: SnsPorts
    journeys: Journeys
    signer: Signer
    renderers: Renderers
    throttle: Throttle
    # Base of SigningCertURL in the place of the publisher's host; REGION stands for the topic's.
    certificate_base: str = ""


def make_sns(
    store: SnsStore,
    clock: Clock,
    ids: Ids,
    outbox: Outbox,
    *,
    ports: SnsPorts,
    journeys: Journeys,
    certificate_base: str = "",
) -> Sns:
    """The slice over its store, with its signer.

    AWS: SNS API Reference.
    """
    return Sns(
        store,
        DeliveryStore(store.engine),
        FifoStore(store.engine),
        RecordStore(store.engine),
        clock,
        ids,
        outbox,
        ports,
        journeys,
        Signer(store, clock, ids),
        Renderers(),
        Throttle(),
        certificate_base,
    )
