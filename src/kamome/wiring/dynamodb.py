"""DynamoDB asks nobody for anything."""

from __future__ import annotations

from kamome.services.dynamodb import tables
from kamome.services.dynamodb.slice import DynamoDb
from kamome.services.dynamodb.store import Store
from kamome.storage.outbox import Outbox
from kamome.wiring.kernel import Kernel


def make(kernel: Kernel) -> DynamoDb:
    """The slice."""
    return DynamoDb(Store(kernel.engine), kernel.clock, kernel.ids, kernel.outbox)


def register(outbox: Outbox, dynamodb: DynamoDb) -> None:
    """Name the handler of its outbox entries."""
    outbox.register(tables.DELETE_ITEMS, lambda entry: tables.delete_items(dynamodb, entry))
