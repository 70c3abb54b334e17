"""What the operations of SQS need."""

from __future__ import annotations

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.observe.journeys import Journeys
from kamome.services.sqs.receipt_handles import ReceiptHandles
from kamome.services.sqs.store import SqsStore
from kamome.services.sqs.waiting import Waiting
from kamome.storage.facts import Facts
from kamome.storage.outbox import Outbox

DISCARD_MESSAGES = "sqs.discard_messages"
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
    is_deleted_name_blocked: bool = True


def receipt_handles(facts: Facts, ids: Ids) -> ReceiptHandles:
    """Handles under the secret that is kept with the data, made on first use."""
    kept = facts.get(_SECRET)
    if kept is None:
        kept = ids.hex(64)
        facts.put(_SECRET, kept)
    return ReceiptHandles(bytes.fromhex(kept))
