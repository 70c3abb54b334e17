"""Operations on queues. The order is that of the SQS API Reference."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import msgspec

from kamome.context import RequestContext
from kamome.services.sqs import limits
from kamome.services.sqs.errors import (
    InvalidAttributeName,
    InvalidParameterValue,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
)
from kamome.services.sqs.messages import check_range
from kamome.services.sqs.queue_attributes import (
    COUNT_ATTRIBUTES,
    READABLE,
    check_attributes_together,
    check_queue_name,
    checked_attributes,
    first_difference,
    redrive_allowed,
    redrive_policy,
    with_defaults,
)
from kamome.services.sqs.queue_urls import find_queue, queue_url
from kamome.services.sqs.queues import QueueRow, queue_of
from kamome.services.sqs.slice import DISCARD_MESSAGES, Sqs
from kamome.services.sqs.tags import check_tags
from kamome.storage.outbox import Entry

if TYPE_CHECKING:
    from kamome.services.sqs import shapes

# A slice of a purge: about 20 ms, so that other requests are served between two of them.
_DISCARD_PER_STEP = 1_000


async def create_queue(
    sqs: Sqs, ctx: RequestContext, request: shapes.CreateQueueRequest
) -> shapes.CreateQueueResult:
    """Make a queue; the same name with equal attributes gives the existing one's URL.

    Durable on return. A name is blocked for 60 seconds after its queue's deletion.

    Raises:
        InvalidParameterValue: the name, or a redrive document, is not well-formed.
        InvalidAttributeName, InvalidAttributeValue: see `checked_attributes`.
        QueueNameExists: the queue exists and has another value of an attribute.
        QueueDeletedRecently: the name is blocked.

    AWS: SQS API Reference, CreateQueue.
    """
    name = request["QueueName"]
    given = request.get("Attributes", {})
    is_fifo = given.get("FifoQueue", "").lower() == "true"
    check_queue_name(name, is_fifo=is_fifo)
    attributes = checked_attributes(given, is_fifo=is_fifo)
    check_attributes_together(attributes)
    existing = sqs.store.find_queue(ctx.account, ctx.region, name)
    if existing is not None:
        different = first_difference(existing.attributes, attributes)
        if different is not None:
            raise QueueNameExists(
                "A queue already exists with the same name and a different value for attribute"
                f" {different}"
            )
        return {"QueueUrl": queue_url(ctx, ctx.account, name)}
    _check_name_is_free(sqs, ctx, name)
    tags = request.get("tags", {})
    check_tags(name, tags, tags)
    arn = f"arn:aws:sqs:{ctx.region}:{ctx.account}:{name}"
    _check_redrive_target(sqs, ctx, arn, attributes)
    now_ms = sqs.clock.now_ms()
    with sqs.store.engine.atomic():
        sqs.store.unblock_name(ctx.account, ctx.region, name)
        sqs.store.create_queue(
            QueueRow(
                id=sqs.store.new_id(),
                messages_id=sqs.store.new_id(),
                account=ctx.account,
                region=ctx.region,
                name=name,
                attributes={key: value for key, value in attributes.items() if value != ""},
                tags=tags,
                created_at_ms=now_ms,
                modified_at_ms=now_ms,
                purged_at_ms=0,
            )
        )
    return {"QueueUrl": queue_url(ctx, ctx.account, name)}


async def delete_queue(
    sqs: Sqs, ctx: RequestContext, request: shapes.DeleteQueueRequest
) -> shapes.DeleteQueueResult:
    """Delete a queue with all its messages. Waiting receives end. Durable on return.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.

    AWS: SQS API Reference, DeleteQueue.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    with sqs.store.engine.atomic():
        sqs.store.delete_queue(queue, sqs.clock.now_ms())
        sqs.store.move_tasks.forget(queue.arn)
        _discard(sqs, queue.messages_id)
    sqs.counters.forget(queue.id)
    sqs.waiting.end(queue.id)
    return {}


async def get_queue_attributes(
    sqs: Sqs, ctx: RequestContext, request: shapes.GetQueueAttributesRequest
) -> shapes.GetQueueAttributesResult:
    """The attributes asked for; `All` for all. The counts are exact here, approximate at AWS.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        InvalidAttributeName: there is no such attribute.

    AWS: SQS API Reference, GetQueueAttributes.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    wanted = request.get("AttributeNames", [])
    for name in wanted:
        if name not in READABLE:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if not wanted:
        return {}
    shown = with_defaults(queue.attributes) | {
        "QueueArn": queue.arn,
        "CreatedTimestamp": str(queue.created_at_ms // 1000),
        "LastModifiedTimestamp": str(queue.modified_at_ms // 1000),
    }
    if "All" in wanted or any(name in COUNT_ATTRIBUTES for name in wanted):
        counts = sqs.store.counts(queue, sqs.clock.now_ms())
        shown |= {name: str(count) for name, count in zip(COUNT_ATTRIBUTES, counts, strict=True)}
    if "All" not in wanted:
        shown = {name: value for name, value in shown.items() if name in wanted}
    return {"Attributes": shown} if shown else {}


async def get_queue_url(
    sqs: Sqs, ctx: RequestContext, request: shapes.GetQueueUrlRequest
) -> shapes.GetQueueUrlResult:
    """The URL of a queue by name, on the host that the client used.

    Raises:
        QueueDoesNotExist: no such queue in that account and this region.

    AWS: SQS API Reference, GetQueueUrl.
    """
    account = request.get("QueueOwnerAWSAccountId", ctx.account)
    if sqs.store.find_queue(account, ctx.region, request["QueueName"]) is None:
        raise QueueDoesNotExist
    return {"QueueUrl": queue_url(ctx, account, request["QueueName"])}


async def list_queues(
    sqs: Sqs, ctx: RequestContext, request: shapes.ListQueuesRequest
) -> shapes.ListQueuesResult:
    """URLs of queues whose names begin with a prefix, in pages when MaxResults is given.

    Raises:
        InvalidParameterValue: MaxResults is out of range, or NextToken is not ours.

    AWS: SQS API Reference, ListQueues.
    """
    limit = request.get("MaxResults", limits.LIST_QUEUES_MAX)
    check_range("MaxResults", limit, 1, limits.LIST_QUEUES_MAX)
    names = sqs.store.queue_names(
        ctx.account,
        ctx.region,
        prefix=request.get("QueueNamePrefix", ""),
        after=_name_of_token(request.get("NextToken", "")),
        limit=limit + 1,
    )
    result: shapes.ListQueuesResult = {}
    if len(names) > limit and "MaxResults" in request:
        result["NextToken"] = _token_of_name(names[limit - 1])
    if names:
        result["QueueUrls"] = [queue_url(ctx, ctx.account, name) for name in names[:limit]]
    return result


async def list_dead_letter_source_queues(
    sqs: Sqs, ctx: RequestContext, request: shapes.ListDeadLetterSourceQueuesRequest
) -> shapes.ListDeadLetterSourceQueuesResult:
    """URLs of the queues whose redrive policy names this one, in pages when MaxResults is given.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        InvalidParameterValue: MaxResults is out of range, or NextToken is not ours.

    AWS: SQS API Reference, ListDeadLetterSourceQueues.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    limit = request.get("MaxResults", limits.LIST_QUEUES_MAX)
    check_range("MaxResults", limit, 1, limits.LIST_QUEUES_MAX)
    after = _name_of_token(request.get("NextToken", ""))
    names = sqs.store.dead_letter_sources(queue.arn, after=after, limit=limit + 1)
    result: shapes.ListDeadLetterSourceQueuesResult = {
        "queueUrls": [queue_url(ctx, queue.account, name) for name in names[:limit]]
    }
    if len(names) > limit and "MaxResults" in request:
        result["NextToken"] = _token_of_name(names[limit - 1])
    return result


def _token_of_name(name: str) -> str:
    return base64.b64encode(name.encode()).decode()


def _name_of_token(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, ValueError):
        raise InvalidParameterValue("Invalid or expired next token.") from None


async def purge_queue(
    sqs: Sqs, ctx: RequestContext, request: shapes.PurgeQueueRequest
) -> shapes.PurgeQueueResult:
    """Delete all messages of a queue, at once (AWS takes up to 60 seconds).

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        PurgeQueueInProgress: the queue was purged in the last 60 seconds.

    AWS: SQS API Reference, PurgeQueue.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    now_ms = sqs.clock.now_ms()
    if now_ms < queue.purged_at_ms + limits.PURGE_INTERVAL_S * 1000:
        raise PurgeQueueInProgress(queue.name)
    with sqs.store.engine.atomic():
        _discard(sqs, sqs.store.empty_queue(queue, now_ms))
    return {}


async def set_queue_attributes(
    sqs: Sqs, ctx: RequestContext, request: shapes.SetQueueAttributesRequest
) -> shapes.SetQueueAttributesResult:
    """Change attributes; an empty document takes it away. Takes effect at once.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue: nothing is changed.

    AWS: SQS API Reference, SetQueueAttributes.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    changes = checked_attributes(request["Attributes"], is_fifo=queue.is_fifo)
    if "FifoQueue" in changes:
        raise InvalidAttributeName("Unknown Attribute FifoQueue.")
    _check_redrive_target(sqs, ctx, queue.arn, changes)
    merged = {**queue.attributes, **changes}
    attributes = {name: value for name, value in merged.items() if value != ""}
    check_attributes_together(attributes)
    changed = queue_of(
        msgspec.structs.replace(queue.row, attributes=attributes, modified_at_ms=sqs.clock.now_ms())
    )
    sqs.store.update_queue(changed)
    if changed.retention_ms != queue.retention_ms:
        sqs.retention.changed(changed)
    return {}


def _check_name_is_free(sqs: Sqs, ctx: RequestContext, name: str) -> None:
    deleted_at_ms = sqs.store.deleted_at_ms(ctx.account, ctx.region, name)
    if deleted_at_ms is None or not sqs.is_deleted_name_blocked:
        return
    if sqs.clock.now_ms() < deleted_at_ms + limits.DELETED_NAME_BLOCKED_S * 1000:
        raise QueueDeletedRecently


def _check_redrive_target(
    sqs: Sqs, ctx: RequestContext, source_arn: str, attributes: dict[str, str]
) -> None:
    """The dead-letter queue exists, is of the same kind, and takes from this queue.

    AWS: SQS Developer Guide, Configuring a dead-letter queue.
    """
    policy = redrive_policy(attributes)
    if policy is None:
        return
    target = sqs.store.find_queue_by_arn(policy.dead_letter_target_arn)
    value = attributes["RedrivePolicy"]
    if target is None or (target.account, target.region) != (ctx.account, ctx.region):
        raise InvalidParameterValue(
            f"Value {value} for parameter RedrivePolicy is invalid. Reason: Dead letter target"
            " does not exist."
        )
    if target.is_fifo != source_arn.endswith(".fifo"):
        raise InvalidParameterValue(
            f"Value {value} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue"
            " must be same type of queue as the source."
        )
    if not redrive_allowed(target.attributes, source_arn):
        raise InvalidParameterValue(
            f"Value {value} for parameter RedrivePolicy is invalid. Reason: Queue"
            f" {policy.dead_letter_target_arn} does not allow {source_arn} to redrive to it."
        )


def _discard(sqs: Sqs, messages_id: int) -> None:
    """A set of messages is a queue's no longer; it is dropped in slices behind this step."""
    sqs.store.forget_set(messages_id)
    sqs.outbox.put(DISCARD_MESSAGES, {"messages_id": messages_id})
    sqs.store.engine.after_commit(lambda: sqs.retention.forget(messages_id))


def discard_messages(sqs: Sqs, entry: Entry) -> None:
    """Outbox: drop one slice of the messages of a deleted or purged queue."""
    messages_id = entry.payload["messages_id"]
    assert isinstance(messages_id, int)
    oldest = sqs.store.oldest(messages_id, _DISCARD_PER_STEP)
    sqs.store.drop_all(messages_id, [message for message, _, _ in oldest])
    groups = sqs.store.groups.discard(messages_id, _DISCARD_PER_STEP)
    if _DISCARD_PER_STEP in (len(oldest), groups):
        sqs.outbox.put(DISCARD_MESSAGES, {"messages_id": messages_id})
