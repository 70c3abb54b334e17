"""What DynamoDB's operations need: store, clock, ids, outbox."""

from __future__ import annotations

from dataclasses import dataclass

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.services.dynamodb.store import Store
from kamome.storage.outbox import Outbox


@dataclass(frozen=True, slots=True)
class DynamoDb:
    """The DynamoDB slice. The times are how long a table is CREATING and DELETING."""

    store: Store
    clock: Clock
    ids: Ids
    outbox: Outbox
    table_creation_ms: int = 50
    table_deletion_ms: int = 50
