"""What the operations of SQS need."""

from __future__ import annotations

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.observe.journeys import Journeys
from kamome.services.sqs.counters import Counters
from kamome.services.sqs.receipt_handles import ReceiptHandles
from kamome.services.sqs.retention import Retention
from kamome.services.sqs.store import SqsStore
from kamome.services.sqs.waiting import Waiting
from kamome.storage.engine import Engine
from kamome.storage.facts import Facts
from kamome.storage.outbox import Outbox

DISCARD_MESSAGES = "sqs.discard_messages"
MOVE_MESSAGES = "sqs.move_messages"
_SECRET = "sqs.receipt_secret"  # noqa: S105 - the name of a fact, not a secret


class Sqs(msgspec.Struct, frozen=True):
    """The slice. `is_deleted_name_blocked` is AWS's 60-second rule, which tests may switch off."""

    store: SqsStore
    clock: Clock
    ids: Ids
    outbox: Outbox
    waiting: Waiting
    handles: ReceiptHandles
    journeys: Journeys
    retention: Retention
    counters: Counters
    is_deleted_name_blocked: bool = True


def make_sqs(
    engine: Engine,
    facts: Facts,
    clock: Clock,
    ids: Ids,
    outbox: Outbox,
    *,
    journeys: Journeys,
    is_deleted_name_blocked: bool = True,
    store: SqsStore | None = None,
) -> Sqs:
    """The slice on these parts of the kernel. Register its outbox kinds and `start` it."""
    store = store or SqsStore(engine, facts)
    waiting = Waiting(clock)
    return Sqs(
        store=store,
        clock=clock,
        ids=ids,
        outbox=outbox,
        waiting=waiting,
        handles=receipt_handles(facts, ids),
        journeys=journeys,
        retention=Retention(clock, store, on_freed=lambda queue: waiting.notify(queue.id)),
        counters=Counters(),
        is_deleted_name_blocked=is_deleted_name_blocked,
    )


def receipt_handles(facts: Facts, ids: Ids) -> ReceiptHandles:
    """Handles under the secret that is kept with the data, made on first use."""
    kept = facts.get(_SECRET)
    if kept is None:
        kept = ids.hex(64)
        facts.put(_SECRET, kept)
    return ReceiptHandles(bytes.fromhex(kept))
