"""What DynamoDB's operations need: store, clock, ids, outbox."""

from __future__ import annotations

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.services.dynamodb.store import Store
from kamome.storage.outbox import Outbox


class DynamoDb(msgspec.Struct, frozen=True):
    """The DynamoDB slice. The times are how long a table is CREATING and DELETING."""

    store: Store
    clock: Clock
    ids: Ids
    outbox: Outbox
    table_creation_ms: int = 50
    table_deletion_ms: int = 50
