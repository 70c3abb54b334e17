"""Operations on tags of functions and event source mappings.

AWS: Lambda API Reference, TagResource, UntagResource, ListTags.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from kamome.arn import parse_arn
from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceNotFoundException,
)
from kamome.services.lambda_.functions.function_configuration import Function, check_tags
from kamome.services.lambda_.functions.function_names import parse_function_name
from kamome.services.lambda_.invocation.running import find_function

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.event_source_mappings.event_source_mappings import (
        EventSourceMapping,
    )
    from kamome.services.lambda_.slice import Lambda


async def tag_resource(
    lambda_: Lambda, ctx: RequestContext, request: shapes.TagResourceRequest
) -> None:
    """Add tags, or change their values.

    Raises:
        ResourceNotFoundException: no such function or mapping.
        InvalidParameterValueException: no ARN of one, more than 50 tags, or a reserved key.

    AWS: Lambda API Reference, TagResource.
    """
    resource = _resource(lambda_, ctx, request["Resource"])
    tags = {**_tags(resource), **request["Tags"]}
    check_tags(tags)
    _keep(lambda_, resource, tags)


async def untag_resource(
    lambda_: Lambda, ctx: RequestContext, request: shapes.UntagResourceRequest
) -> None:
    """Take tags away; those that are not there are no error.

    Raises:
        ResourceNotFoundException: no such function or mapping.
        InvalidParameterValueException: no ARN of one.

    AWS: Lambda API Reference, UntagResource.
    """
    resource = _resource(lambda_, ctx, request["Resource"])
    gone = set(request["TagKeys"])
    _keep(lambda_, resource, {k: v for k, v in _tags(resource).items() if k not in gone})


async def list_tags(
    lambda_: Lambda, ctx: RequestContext, request: shapes.ListTagsRequest
) -> shapes.ListTagsResult:
    """The tags of a function or an event source mapping.

    Raises:
        ResourceNotFoundException: no such function or mapping.
        InvalidParameterValueException: no ARN of one.

    AWS: Lambda API Reference, ListTags.
    """
    return {"Tags": dict(_tags(_resource(lambda_, ctx, request["Resource"])))}


def _resource(lambda_: Lambda, ctx: RequestContext, arn: str) -> Function | EventSourceMapping:
    parsed = parse_arn(arn)
    kind, _, rest = parsed.resource.partition(":") if parsed is not None else ("", "", "")
    if kind == "event-source-mapping":
        mapping = lambda_.store.find_mapping(rest)
        if mapping is None or (mapping.account, mapping.region) != (ctx.account, ctx.region):
            raise ResourceNotFoundException("The resource you requested does not exist.")
        return mapping
    if kind != "function":
        raise InvalidParameterValueException(f"Value '{arn}' is not a taggable resource.")
    named = parse_function_name(ctx, arn, member="resource")
    if named.qualifier:
        raise InvalidParameterValueException(
            "Tags on function aliases and versions are not supported. Please specify a function"
            " ARN."
        )
    return find_function(lambda_, named)


def _tags(resource: Function | EventSourceMapping) -> Mapping[str, str]:
    return resource.tags if isinstance(resource, Function) else resource.settings.tags


def _keep(
    lambda_: Lambda, resource: Function | EventSourceMapping, tags: Mapping[str, str]
) -> None:
    if isinstance(resource, Function):
        tagged = msgspec.structs.replace(resource, tags=tags)
        lambda_.store.update_function(tagged, resource.revision_id)
        return
    settings = msgspec.structs.replace(resource.settings, tags=tags)
    lambda_.store.put_mapping(msgspec.structs.replace(resource, settings=settings))
