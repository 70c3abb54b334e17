"""Consumed capacity, as ReturnConsumedCapacity asks for it.

AWS: DynamoDB Developer Guide, DynamoDB provisioned capacity mode, Capacity unit consumption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.dynamodb.limits import READ_UNIT_BYTES, WRITE_UNIT_BYTES

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import ConsumedCapacity


def read_units(size_bytes: int, *, is_consistent: bool) -> float:
    """Units of reading so many bytes: 4 KB each, half for an eventually consistent read.

    AWS: DynamoDB Developer Guide, Capacity unit consumption for reads.
    """
    units = max(1, -(-size_bytes // READ_UNIT_BYTES))
    return float(units) if is_consistent else units / 2


def write_units(old_size_bytes: int, new_size_bytes: int) -> float:
    """Units of a write: 1 KB each of the larger of the item before and after.

    AWS: DynamoDB Developer Guide, Capacity unit consumption for writes.
    """
    return float(max(1, -(-max(old_size_bytes, new_size_bytes) // WRITE_UNIT_BYTES)))


def consumed(asked: str, table_name: str, units: float) -> ConsumedCapacity | None:
    """The answer's ConsumedCapacity for a ReturnConsumedCapacity of INDEXES, TOTAL or NONE.

    AWS: DynamoDB API Reference, ConsumedCapacity.
    """
    if asked == "NONE":
        return None
    capacity: ConsumedCapacity = {"TableName": table_name, "CapacityUnits": units}
    if asked == "INDEXES":
        capacity["Table"] = {"CapacityUnits": units}
    return capacity
