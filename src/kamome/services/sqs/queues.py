"""A queue as the rules see it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kamome.services.sqs import limits
from kamome.services.sqs.queue_attributes import RedrivePolicy, redrive_policy, with_defaults


class Queue(msgspec.Struct, frozen=True):
    """One queue. `attributes` are those that were set, checked; the rest is derived from them.

    `id` never changes and stands in receipt handles; `messages_id` names the queue's present set
    of messages, and a purge gives the queue a new, empty one.
    """

    id: int
    messages_id: int
    account: str
    region: str
    name: str
    attributes: Mapping[str, str]
    tags: Mapping[str, str]
    created_at_ms: int
    modified_at_ms: int
    purged_at_ms: int
    arn: str
    delay_s: int
    visibility_timeout_s: int
    wait_time_s: int
    retention_ms: int
    message_bytes_max: int
    redrive_policy: RedrivePolicy | None
    is_fifo: bool
    is_deduplicated_by_content: bool
    is_deduplicated_by_group: bool

    @property
    def dead_letter_target(self) -> str:
        """ARN of the dead-letter queue, empty without a redrive policy."""
        return "" if self.redrive_policy is None else self.redrive_policy.dead_letter_target_arn

    @property
    def in_flight_max(self) -> int:
        """How many messages may be in flight."""
        return limits.IN_FLIGHT_FIFO_MAX if self.is_fifo else limits.IN_FLIGHT_STANDARD_MAX

    @property
    def row(self) -> QueueRow:
        """What the store keeps of it."""
        return QueueRow(
            self.id,
            self.messages_id,
            self.account,
            self.region,
            self.name,
            self.attributes,
            self.tags,
            self.created_at_ms,
            self.modified_at_ms,
            self.purged_at_ms,
        )


class QueueRow(msgspec.Struct, frozen=True):
    """What the store keeps of a queue."""

    id: int
    messages_id: int
    account: str
    region: str
    name: str
    attributes: Mapping[str, str]
    tags: Mapping[str, str]
    created_at_ms: int
    modified_at_ms: int
    purged_at_ms: int


def queue_of(row: QueueRow) -> Queue:
    """The queue with what follows from its attributes."""
    shown = with_defaults(row.attributes)
    return Queue(
        id=row.id,
        messages_id=row.messages_id,
        account=row.account,
        region=row.region,
        name=row.name,
        attributes=row.attributes,
        tags=row.tags,
        created_at_ms=row.created_at_ms,
        modified_at_ms=row.modified_at_ms,
        purged_at_ms=row.purged_at_ms,
        arn=f"arn:aws:sqs:{row.region}:{row.account}:{row.name}",
        delay_s=int(shown["DelaySeconds"]),
        visibility_timeout_s=int(shown["VisibilityTimeout"]),
        wait_time_s=int(shown["ReceiveMessageWaitTimeSeconds"]),
        retention_ms=int(shown["MessageRetentionPeriod"]) * 1000,
        message_bytes_max=int(shown["MaximumMessageSize"]),
        redrive_policy=redrive_policy(row.attributes),
        is_fifo=shown.get("FifoQueue") == "true",
        is_deduplicated_by_content=shown.get("ContentBasedDeduplication") == "true",
        is_deduplicated_by_group=shown.get("DeduplicationScope") == "messageGroup",
    )
