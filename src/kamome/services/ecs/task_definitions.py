"""The operations on task definitions.

AWS: ECS API Reference, RegisterTaskDefinition and the other actions on task definitions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.services.ecs.errors import ClientException, InvalidParameterException
from kamome.services.ecs.names import DefinitionName, is_name, parse_definition
from kamome.services.ecs.paging import after, page_size, token_after
from kamome.services.ecs.records import ACTIVE, INACTIVE, DefinitionRecord
from kamome.services.ecs.tags import checked_tags
from kamome.services.ecs.task_definition_rules import completed_definition

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.ecs import shapes
    from kamome.services.ecs.slice import Ecs


def runnable_definition(ecs: Ecs, ctx: RequestContext, text: str) -> DefinitionRecord:
    """The revision that a request wants to run; of a family alone, the latest active one.

    Raises:
        ClientException: there is none.
        InvalidParameterException: the revision has been deregistered.

    AWS: ECS API Reference, RunTask.
    """
    definition = ecs.store.find_definition(parse_definition(ctx, text))
    if definition is None:
        raise ClientException("TaskDefinition not found.")
    if definition.status != ACTIVE:
        raise InvalidParameterException("TaskDefinition is inactive")
    return definition


async def register_task_definition(
    ecs: Ecs, ctx: RequestContext, request: shapes.RegisterTaskDefinitionRequest
) -> shapes.RegisterTaskDefinitionResult:
    """Keep a task definition as the next revision of its family. Durable on return.

    All parameters are kept as they are, ECS's defaults added; what a task cannot do here is
    refused when it is run.

    Raises:
        ClientException: the definition says something that ECS refuses.
        InvalidParameterException: a tag is not valid.

    AWS: ECS API Reference, RegisterTaskDefinition.
    """
    shown = completed_definition(request)
    tags = checked_tags(request.get("tags", ()))
    revision = ecs.store.next_revision(ctx.account, ctx.region, request["family"])
    name = DefinitionName(ctx.account, ctx.region, request["family"], revision)
    shown["taskDefinitionArn"] = name.arn
    shown["revision"] = revision
    shown["status"] = ACTIVE
    shown["registeredAt"] = ecs.now_s
    shown["registeredBy"] = ctx.principal
    ecs.store.insert_definition(DefinitionRecord(name, ACTIVE, shown, tags))
    result: shapes.RegisterTaskDefinitionResult = {"taskDefinition": shown}
    if tags:
        result["tags"] = tags
    return result


async def deregister_task_definition(
    ecs: Ecs, ctx: RequestContext, request: shapes.DeregisterTaskDefinitionRequest
) -> shapes.DeregisterTaskDefinitionResult:
    """Make a revision inactive: no new task and no service can use it. Durable on return.

    Raises:
        ClientException: there is no such revision.
        InvalidParameterException: no revision is named.

    AWS: ECS API Reference, DeregisterTaskDefinition.
    """
    name = parse_definition(ctx, request["taskDefinition"])
    if not name.revision:
        raise InvalidParameterException("Revision is missing.")
    definition = ecs.store.find_definition(name)
    if definition is None:
        raise ClientException("The specified task definition does not exist.")
    shown: shapes.TaskDefinition = {
        **definition.shown,
        "status": INACTIVE,
        "deregisteredAt": definition.shown.get("deregisteredAt", ecs.now_s),
    }
    ecs.store.update_definition(replace(definition, status=INACTIVE, shown=shown))
    return {"taskDefinition": shown}


async def describe_task_definition(
    ecs: Ecs, ctx: RequestContext, request: shapes.DescribeTaskDefinitionRequest
) -> shapes.DescribeTaskDefinitionResult:
    """A revision, active or not; of a family alone, the latest active one.

    Raises:
        ClientException: there is no such revision.

    AWS: ECS API Reference, DescribeTaskDefinition.
    """
    definition = ecs.store.find_definition(parse_definition(ctx, request["taskDefinition"]))
    if definition is None:
        raise ClientException("Unable to describe task definition.")
    tags = definition.tags if "TAGS" in request.get("include", ()) else []
    return {"taskDefinition": definition.shown, "tags": tags}


async def list_task_definitions(
    ecs: Ecs, ctx: RequestContext, request: shapes.ListTaskDefinitionsRequest
) -> shapes.ListTaskDefinitionsResult:
    """A page of ARNs by family and revision; `familyPrefix` is a whole family, as AWS has it.

    Raises:
        InvalidParameterException: maxResults or nextToken is not valid.

    AWS: ECS API Reference, ListTaskDefinitions.
    """
    size = page_size(request.get("maxResults"))
    start = _revision_of(after(request.get("nextToken")))
    found = ecs.store.revisions(
        (ctx.account, ctx.region),
        request.get("status", ACTIVE),
        request.get("familyPrefix", ""),
        start,
        size + 1,
        is_backward=request.get("sort") == "DESC",
    )
    names = [DefinitionName(ctx.account, ctx.region, *each) for each in found]
    result: shapes.ListTaskDefinitionsResult = {
        "taskDefinitionArns": [name.arn for name in names[:size]]
    }
    if token := token_after([f"{name.family}:{name.revision}" for name in names], size):
        result["nextToken"] = token
    return result


async def list_task_definition_families(
    ecs: Ecs, ctx: RequestContext, request: shapes.ListTaskDefinitionFamiliesRequest
) -> shapes.ListTaskDefinitionFamiliesResult:
    """A page of families whose name begins with `familyPrefix`, by name.

    ACTIVE families have an active revision, INACTIVE ones have none; ALL is the default.

    Raises:
        InvalidParameterException: maxResults or nextToken is not valid.

    AWS: ECS API Reference, ListTaskDefinitionFamilies.
    """
    size = page_size(request.get("maxResults"))
    found = ecs.store.families(
        (ctx.account, ctx.region),
        request.get("status", "ALL"),
        request.get("familyPrefix", ""),
        after(request.get("nextToken")),
        size + 1,
    )
    result: shapes.ListTaskDefinitionFamiliesResult = {"families": found[:size]}
    if token := token_after(found, size):
        result["nextToken"] = token
    return result


def _revision_of(key: str) -> tuple[str, int] | None:
    if not key:
        return None
    family, _, revision = key.partition(":")
    if not is_name(family) or not revision.isascii() or not revision.isdigit():
        raise InvalidParameterException("Invalid token.")
    return family, int(revision[:12])
