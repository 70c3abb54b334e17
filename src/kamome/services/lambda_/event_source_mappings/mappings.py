"""Operations on event source mappings.

AWS: Lambda API Reference, CreateEventSourceMapping, DeleteEventSourceMapping,
GetEventSourceMapping, ListEventSourceMappings, UpdateEventSourceMapping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.services.lambda_.errors import ResourceNotFoundException
from kamome.services.lambda_.event_source_mappings.event_source_mappings import (
    EventSourceMapping,
    MappingSettings,
    QueueFacts,
    Transition,
    changed_mapping_settings,
    check_event_source,
    check_visibility_timeout,
    mapping_configuration,
    mapping_exists,
    new_mapping_settings,
    queue_does_not_exist,
)
from kamome.services.lambda_.functions.function_names import FunctionName, parse_function_name
from kamome.services.lambda_.invocation.running import find_function, find_version
from kamome.services.lambda_.limits import MAPPINGS_PER_PAGE_MAX, VISIBILITY_TIMEOUT_S_MAX
from kamome.services.lambda_.markers import new_marker, read_marker

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda


async def create_event_source_mapping(
    lambda_: Lambda, ctx: RequestContext, request: shapes.CreateEventSourceMappingRequest
) -> shapes.EventSourceMappingConfiguration:
    """Begin to invoke a function with the messages of an SQS queue.

    Raises:
        ResourceNotFoundException: no such function or version.
        ResourceConflictException: the queue has a mapping to this function.
        InvalidParameterValueException: no such queue, its visibility timeout is less than the
            function's timeout, or see `changed_mapping_settings`.
        OperationNotServed: another kind of event source, FilterCriteria, and others by name.

    AWS: Lambda API Reference, CreateEventSourceMapping.
    """
    named = parse_function_name(ctx, request["FunctionName"])
    check_event_source(request.get("EventSourceArn"), ctx.region)
    queue_arn = request["EventSourceArn"]
    function = find_function(lambda_, named)
    queue = _queue(lambda_, queue_arn)
    settings = new_mapping_settings(request, queue)
    check_visibility_timeout(queue, function.settings.timeout_s)
    _refuse_pair(lambda_, named, queue_arn)
    mapping = EventSourceMapping(
        lambda_.ids.uuid(),
        named.account,
        named.region,
        queue_arn,
        named.qualified_name,
        settings,
        lambda_.clock.now_ms(),
    )
    _keep(lambda_, mapping)
    return mapping_configuration(mapping, "Creating")


async def delete_event_source_mapping(
    lambda_: Lambda, ctx: RequestContext, request: shapes.DeleteEventSourceMappingRequest
) -> shapes.EventSourceMappingConfiguration:
    """Stop invoking. A batch under way is finished; messages that are held come back by time.

    Raises:
        ResourceNotFoundException: no such mapping.

    AWS: Lambda API Reference, DeleteEventSourceMapping.
    """
    mapping = _find(lambda_, ctx, request["UUID"])
    lambda_.store.delete_mapping(mapping.uuid)
    lambda_.pollers.changed(mapping.uuid)
    return mapping_configuration(mapping, "Deleting")


async def get_event_source_mapping(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetEventSourceMappingRequest
) -> shapes.EventSourceMappingConfiguration:
    """One mapping by its UUID.

    Raises:
        ResourceNotFoundException: no such mapping.

    AWS: Lambda API Reference, GetEventSourceMapping.
    """
    return _shown(lambda_, _find(lambda_, ctx, request["UUID"]))


async def list_event_source_mappings(
    lambda_: Lambda, ctx: RequestContext, request: shapes.ListEventSourceMappingsRequest
) -> shapes.ListEventSourceMappingsResult:
    """The mappings of the account and Region, of a function, of a queue, or of both.

    Raises:
        InvalidParameterValueException: the Marker is not one that was given out.

    AWS: Lambda API Reference, ListEventSourceMappings.
    """
    limit = min(request.get("MaxItems", MAPPINGS_PER_PAGE_MAX), MAPPINGS_PER_PAGE_MAX)
    found = _page(lambda_, ctx, request, limit + 1)
    result: shapes.ListEventSourceMappingsResult = {
        "EventSourceMappings": [_shown(lambda_, mapping) for mapping in found[:limit]]
    }
    if len(found) > limit:
        result["NextMarker"] = new_marker(found[limit - 1].uuid)
    return result


async def update_event_source_mapping(
    lambda_: Lambda, ctx: RequestContext, request: shapes.UpdateEventSourceMappingRequest
) -> shapes.EventSourceMappingConfiguration:
    """Change the settings that the request carries, or the function; the others stay.

    A mapping whose function or queue is gone can still be changed, and disabled above all.

    Raises:
        ResourceNotFoundException: no such mapping or function.
        ResourceConflictException: the queue has another mapping to the function named.
        InvalidParameterValueException: see `create_event_source_mapping`.

    AWS: Lambda API Reference, UpdateEventSourceMapping.
    """
    mapping = _find(lambda_, ctx, request["UUID"])
    named = mapping.function
    if "FunctionName" in request:
        named = parse_function_name(ctx, request["FunctionName"])
        find_function(lambda_, named)
    queue = _queue_or_none(lambda_, mapping.queue_arn)
    facts = queue or QueueFacts(VISIBILITY_TIMEOUT_S_MAX, mapping.is_fifo)
    settings = changed_mapping_settings(mapping.settings, request, facts)
    function = find_version(lambda_, named)
    if function is not None:
        check_visibility_timeout(facts, function.settings.timeout_s)
    if named.qualified_name != mapping.function_name:
        _refuse_pair(lambda_, named, mapping.queue_arn)
    changed = msgspec.structs.replace(
        mapping,
        function_name=named.qualified_name,
        settings=settings,
        modified_at_ms=lambda_.clock.now_ms(),
    )
    _keep(lambda_, changed)
    return mapping_configuration(changed, _transition(mapping.settings, settings))


# ---------------------------------------------------------------------- parts


def _shown(lambda_: Lambda, mapping: EventSourceMapping) -> shapes.EventSourceMappingConfiguration:
    shown = mapping_configuration(mapping)
    shown["LastProcessingResult"] = (
        lambda_.pollers.last_result(mapping.uuid) or "No records processed"
    )
    return shown


def _transition(before: MappingSettings, after: MappingSettings) -> Transition:
    if before.is_enabled == after.is_enabled:
        return "Updating"
    return "Enabling" if after.is_enabled else "Disabling"


def _keep(lambda_: Lambda, mapping: EventSourceMapping) -> None:
    lambda_.store.put_mapping(mapping)
    lambda_.pollers.changed(mapping.uuid)


def _queue(lambda_: Lambda, queue_arn: str) -> QueueFacts:
    found = _queue_or_none(lambda_, queue_arn)
    if found is None:
        raise queue_does_not_exist()
    return found


def _queue_or_none(lambda_: Lambda, queue_arn: str) -> QueueFacts | None:
    found = lambda_.ports.queue.queue_attributes(queue_arn)
    return None if found is None else QueueFacts(*found)


def _refuse_pair(lambda_: Lambda, named: FunctionName, queue_arn: str) -> None:
    other = lambda_.store.find_pair(named, queue_arn)
    if other is not None:
        raise mapping_exists(queue_arn, named.qualified_name, other.uuid)


def _find(lambda_: Lambda, ctx: RequestContext, uuid: str) -> EventSourceMapping:
    mapping = lambda_.store.find_mapping(uuid)
    if mapping is None or (mapping.account, mapping.region) != (ctx.account, ctx.region):
        raise ResourceNotFoundException("The resource you requested does not exist.")
    return mapping


def _page(
    lambda_: Lambda,
    ctx: RequestContext,
    request: shapes.ListEventSourceMappingsRequest,
    limit: int,
) -> list[EventSourceMapping]:
    after = read_marker(request.get("Marker", ""))
    queue_arn = request.get("EventSourceArn", "")
    if "FunctionName" not in request:
        if queue_arn:
            return lambda_.store.mappings_of_queue(ctx.account, ctx.region, queue_arn, after, limit)
        return lambda_.store.mappings(ctx.account, ctx.region, after, limit)
    named = parse_function_name(ctx, request["FunctionName"])
    if not queue_arn:
        return lambda_.store.mappings_of_function(named, after, limit)
    found = lambda_.store.find_pair(named, queue_arn)
    return [found] if found is not None and found.uuid > after else []
