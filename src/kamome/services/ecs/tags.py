"""Tags of clusters, task definitions, tasks and services: rules and operations.

AWS: ECS Developer Guide, Tagging Amazon ECS resources.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kamome.arn import parse_arn
from kamome.services.ecs.errors import InvalidParameterException, ResourceNotFoundException
from kamome.services.ecs.limits import TAGS_MAX

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.ecs import shapes
    from kamome.services.ecs.slice import Ecs

_RESERVED = "aws:"
_KINDS = ("cluster", "service", "task", "task-definition")


def checked_tags(tags: Iterable[shapes.Tag]) -> list[shapes.Tag]:
    """Tags that may be put on a resource, the last of each key.

    Raises:
        InvalidParameterException: a tag has no key or a reserved one, or there are over 50.
    """
    kept: dict[str, shapes.Tag] = {}
    for tag in tags:
        key = tag.get("key", "")
        if not key:
            raise InvalidParameterException("Tag key cannot be null or empty.")
        if key.lower().startswith(_RESERVED):
            raise InvalidParameterException(
                "Tag keys cannot begin with aws:, which is reserved for AWS use."
            )
        kept[key] = {"key": key, "value": tag.get("value", "")}
    if len(kept) > TAGS_MAX:
        raise InvalidParameterException(f"Too many tags: {TAGS_MAX} at most.")
    return list(kept.values())


def managed_tags(cluster: str, service: str = "") -> list[shapes.Tag]:
    """The tags that ECS itself puts on a task, where `enableECSManagedTags` asks for them.

    AWS: ECS Developer Guide, Tagging Amazon ECS resources (Amazon ECS-managed tags).
    """
    tags: list[shapes.Tag] = [{"key": "aws:ecs:clusterName", "value": cluster}]
    if service:
        tags.append({"key": "aws:ecs:serviceName", "value": service})
    return tags


async def tag_resource(
    ecs: Ecs, ctx: RequestContext, request: shapes.TagResourceRequest
) -> shapes.TagResourceResult:
    """Put tags on a resource; those of the same key are replaced. Durable on return.

    Raises:
        InvalidParameterException: the ARN is of no kind that has tags, or a tag is not valid.
        ResourceNotFoundException: there is no such resource.

    AWS: ECS API Reference, TagResource.
    """
    kind, key = _resource(ctx, request["resourceArn"])
    present = _tags(ecs, kind, key, request["resourceArn"])
    managed = [tag for tag in present if _is_managed(tag)]
    own = [tag for tag in present if not _is_managed(tag)]
    tags = checked_tags([*own, *request["tags"]])
    ecs.store.set_tags(kind, key, [*managed, *tags])
    return {}


async def untag_resource(
    ecs: Ecs, ctx: RequestContext, request: shapes.UntagResourceRequest
) -> shapes.UntagResourceResult:
    """Take tags from a resource; keys that it does not have are passed over. Durable on return.

    Tags that ECS manages stay.

    Raises:
        InvalidParameterException: the ARN is of no kind that has tags.
        ResourceNotFoundException: there is no such resource.

    AWS: ECS API Reference, UntagResource.
    """
    kind, key = _resource(ctx, request["resourceArn"])
    present = _tags(ecs, kind, key, request["resourceArn"])
    gone = {key for key in request["tagKeys"] if not key.lower().startswith(_RESERVED)}
    ecs.store.set_tags(kind, key, [tag for tag in present if tag["key"] not in gone])
    return {}


async def list_tags_for_resource(
    ecs: Ecs, ctx: RequestContext, request: shapes.ListTagsForResourceRequest
) -> shapes.ListTagsForResourceResult:
    """The tags of a resource.

    Raises:
        InvalidParameterException: the ARN is of no kind that has tags.
        ResourceNotFoundException: there is no such resource.

    AWS: ECS API Reference, ListTagsForResource.
    """
    kind, key = _resource(ctx, request["resourceArn"])
    return {"tags": _tags(ecs, kind, key, request["resourceArn"])}


def _tags(ecs: Ecs, kind: str, key: tuple[str | int, ...], arn: str) -> list[shapes.Tag]:
    tags = ecs.store.find_tags(kind, key)
    if tags is None:
        raise ResourceNotFoundException(f"The specified resource is not found: {arn}")
    return tags


def _is_managed(tag: shapes.Tag) -> bool:
    return tag["key"].startswith(_RESERVED)


def _resource(ctx: RequestContext, text: str) -> tuple[str, tuple[str | int, ...]]:
    """Kind and primary key of the resource that an ARN names."""
    arn = parse_arn(text)
    if arn is None or arn.service != "ecs":
        raise InvalidParameterException(f"Invalid resource ARN: {text}")
    kind, _, rest = arn.resource.partition("/")
    if kind not in _KINDS:
        raise InvalidParameterException(f"Tags are not supported for the resource {text}")
    if (arn.account, arn.region) != (ctx.account, ctx.region):
        raise ResourceNotFoundException(f"The specified resource is not found: {text}")
    where = (arn.account, arn.region)
    if kind == "task-definition":
        family, _, revision = rest.partition(":")
        if not (revision.isascii() and revision.isdigit() and len(revision) < 12):
            raise InvalidParameterException(f"Invalid resource ARN: {text}")
        return kind, (*where, family, int(revision))
    if kind == "cluster":
        return kind, (*where, rest)
    cluster, _, name = rest.partition("/")
    return kind, (*where, cluster, name)
