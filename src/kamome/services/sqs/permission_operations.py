"""Operations that edit a queue's policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.context import RequestContext
from kamome.services.sqs.permissions import policy_with_permission, policy_without_permission
from kamome.services.sqs.queue_urls import find_queue
from kamome.services.sqs.queues import Queue, queue_of
from kamome.services.sqs.slice import Sqs

if TYPE_CHECKING:
    from kamome.services.sqs import shapes


async def add_permission(
    sqs: Sqs, ctx: RequestContext, request: shapes.AddPermissionRequest
) -> shapes.AddPermissionResult:
    """Add a statement to the queue's policy that allows actions to other accounts.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        InvalidParameterValue, MissingParameter, OverLimit: see `policy_with_permission`.

    AWS: SQS API Reference, AddPermission.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    policy = policy_with_permission(
        queue.attributes.get("Policy", ""),
        queue.arn,
        request["Label"],
        request["AWSAccountIds"],
        request["Actions"],
    )
    _keep(sqs, queue, policy)
    return {}


async def remove_permission(
    sqs: Sqs, ctx: RequestContext, request: shapes.RemovePermissionRequest
) -> shapes.RemovePermissionResult:
    """Remove the statements of a label from the queue's policy.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        InvalidParameterValue: there is no such label.

    AWS: SQS API Reference, RemovePermission.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    policy = queue.attributes.get("Policy", "")
    _keep(sqs, queue, policy_without_permission(policy, queue.arn, request["Label"]))
    return {}


def _keep(sqs: Sqs, queue: Queue, policy: str) -> None:
    attributes = {name: value for name, value in queue.attributes.items() if name != "Policy"}
    if policy != "":
        attributes["Policy"] = policy
    row = msgspec.structs.replace(
        queue.row, attributes=attributes, modified_at_ms=sqs.clock.now_ms()
    )
    sqs.store.update_queue(queue_of(row))
