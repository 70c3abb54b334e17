"""Operations on tags of queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.context import RequestContext
from kamome.services.sqs.errors import MissingParameter
from kamome.services.sqs.queue_urls import find_queue
from kamome.services.sqs.queues import Queue, queue_of
from kamome.services.sqs.slice import Sqs
from kamome.services.sqs.tags import check_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.services.sqs import shapes


async def list_queue_tags(
    sqs: Sqs, ctx: RequestContext, request: shapes.ListQueueTagsRequest
) -> shapes.ListQueueTagsResult:
    """All tags of a queue; the member is absent when there are none.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.

    AWS: SQS API Reference, ListQueueTags.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    return {"Tags": dict(queue.tags)} if queue.tags else {}


async def tag_queue(
    sqs: Sqs, ctx: RequestContext, request: shapes.TagQueueRequest
) -> shapes.TagQueueResult:
    """Add tags; one with the key of an existing tag takes its place.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        MissingParameter: there are no tags.
        InvalidParameterValue: see `check_tags`.

    AWS: SQS API Reference, TagQueue.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    if not request["Tags"]:
        raise MissingParameter("The request must contain the parameter Tags.")
    tags = {**queue.tags, **request["Tags"]}
    check_tags(queue.name, request["Tags"], tags)
    _keep(sqs, queue, tags)
    return {}


async def untag_queue(
    sqs: Sqs, ctx: RequestContext, request: shapes.UntagQueueRequest
) -> shapes.UntagQueueResult:
    """Remove tags by key; keys that the queue does not have are none of its business.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        MissingParameter: there are no keys.

    AWS: SQS API Reference, UntagQueue.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    if not request["TagKeys"]:
        raise MissingParameter("The request must contain the parameter TagKeys.")
    removed = set(request["TagKeys"])
    _keep(sqs, queue, {key: value for key, value in queue.tags.items() if key not in removed})
    return {}


def _keep(sqs: Sqs, queue: Queue, tags: Mapping[str, str]) -> None:
    sqs.store.update_queue(queue_of(msgspec.structs.replace(queue.row, tags=tags)))
