"""Tags of parameters: rules and operations. Other resources of Systems Manager are not served.

AWS: Systems Manager API Reference, AddTagsToResource; User Guide, Tagging parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.ssm.errors import (
    InvalidResourceId,
    TooManyTagsError,
    ValidationException,
    not_served,
)
from kamome.services.ssm.limits import TAGS_MAX
from kamome.services.ssm.names import ParameterName, own_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kamome.context import RequestContext
    from kamome.services.ssm import shapes
    from kamome.services.ssm.slice import Ssm


def checked_tags(present: Mapping[str, str], new: Iterable[shapes.Tag]) -> dict[str, str]:
    """The tags that a parameter has once the new ones are put on it.

    Raises:
        ValidationException: a key begins with `aws:`.
        TooManyTagsError: there would be over 50.

    AWS: User Guide, Tagging parameters.
    """
    tags = dict(present)
    for tag in new:
        if tag["Key"].lower().startswith("aws:"):
            raise ValidationException(f"Tag keys can't begin with aws:: {tag['Key']}")
        tags[tag["Key"]] = tag["Value"]
    if len(tags) > TAGS_MAX:
        raise TooManyTagsError(f"A parameter has {TAGS_MAX} tags at most.")
    return tags


async def add_tags_to_resource(
    ssm: Ssm, ctx: RequestContext, request: shapes.AddTagsToResourceRequest
) -> shapes.AddTagsToResourceResult:
    """Put tags on a parameter; those of the same key are replaced. Durable on return.

    Raises:
        InvalidResourceId: there is no such parameter.
        ValidationException, TooManyTagsError: as `checked_tags`.
        OperationNotServed: another type of resource.

    AWS: Systems Manager API Reference, AddTagsToResource.
    """
    name, present = _tagged(ssm, ctx, request["ResourceType"], request["ResourceId"])
    ssm.store.set_tags(name, checked_tags(present, request["Tags"]))
    return {}


async def remove_tags_from_resource(
    ssm: Ssm, ctx: RequestContext, request: shapes.RemoveTagsFromResourceRequest
) -> shapes.RemoveTagsFromResourceResult:
    """Take tags from a parameter; keys that it does not have are passed over. Durable on return.

    Raises:
        InvalidResourceId: there is no such parameter.
        OperationNotServed: another type of resource.

    AWS: Systems Manager API Reference, RemoveTagsFromResource.
    """
    name, present = _tagged(ssm, ctx, request["ResourceType"], request["ResourceId"])
    gone = set(request["TagKeys"])
    ssm.store.set_tags(name, {key: value for key, value in present.items() if key not in gone})
    return {}


async def list_tags_for_resource(
    ssm: Ssm, ctx: RequestContext, request: shapes.ListTagsForResourceRequest
) -> shapes.ListTagsForResourceResult:
    """The tags of a parameter.

    Raises:
        InvalidResourceId: there is no such parameter.
        OperationNotServed: another type of resource.

    AWS: Systems Manager API Reference, ListTagsForResource.
    """
    _, tags = _tagged(ssm, ctx, request["ResourceType"], request["ResourceId"])
    return {"TagList": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _tagged(
    ssm: Ssm, ctx: RequestContext, kind: str, resource_id: str
) -> tuple[ParameterName, dict[str, str]]:
    if kind != "Parameter":
        raise not_served(f"A resource of the type {kind}")
    try:
        name = own_name(ctx, resource_id)
    except ValidationException as error:
        raise InvalidResourceId(error.message) from error
    tags = ssm.store.tags(name)
    if tags is None:
        raise InvalidResourceId(f"The resource ID {resource_id!r} is not that of a parameter.")
    return name, tags
