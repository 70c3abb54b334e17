"""Batches: their entries' ids, and how each entry's result is told.

AWS: SQS API Reference, SendMessageBatch, DeleteMessageBatch, ChangeMessageVisibilityBatch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from kamome.errors import AwsError
from kamome.services.sqs import limits
from kamome.services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    ReceiptHandleExpired,
    ReceiptHandleIsInvalid,
    TooManyEntriesInBatchRequest,
)

if TYPE_CHECKING:
    from kamome.services.sqs import shapes

_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")

BatchEntry = TypeVar(
    "BatchEntry",
    "shapes.SendMessageBatchRequestEntry",
    "shapes.DeleteMessageBatchRequestEntry",
    "shapes.ChangeMessageVisibilityBatchRequestEntry",
)
BatchResult = TypeVar(
    "BatchResult",
    "shapes.SendMessageBatchResult",
    "shapes.DeleteMessageBatchResult",
    "shapes.ChangeMessageVisibilityBatchResult",
)


def checked_entries(entries: Sequence[BatchEntry], kind: str) -> Sequence[BatchEntry]:
    """The entries of a batch, 1 to 10, each with an id of its own.

    Raises:
        EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId,
        BatchEntryIdsNotDistinct: the batch as a whole is refused.
    """
    if not entries:
        raise EmptyBatchRequest(kind)
    if len(entries) > limits.BATCH_ENTRIES_MAX:
        raise TooManyEntriesInBatchRequest(len(entries))
    seen: set[str] = set()
    for entry in entries:
        if not _ENTRY_ID.fullmatch(entry["Id"]):
            raise InvalidBatchEntryId
        if entry["Id"] in seen:
            raise BatchEntryIdsNotDistinct(entry["Id"])
        seen.add(entry["Id"])
    return entries


def failed_entry(entry_id: str, error: AwsError) -> shapes.BatchResultErrorEntry:
    """How a refused entry is told. An expired handle has another code here than by itself."""
    if isinstance(error, ReceiptHandleExpired):
        code, message = ReceiptHandleIsInvalid.code, "The receipt handle has expired"
    else:
        code, message = error.query_code or error.code, error.message
    return {
        "Id": entry_id,
        "SenderFault": error.fault == "Sender",
        "Code": code,
        "Message": message,
    }


def without_empty_lists(result: BatchResult) -> BatchResult:
    """Empty results are absent members."""
    lists = cast("Mapping[str, object]", result)
    return cast("BatchResult", {name: entries for name, entries in lists.items() if entries})
