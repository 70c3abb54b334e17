"""Event source mappings: what may be set for an SQS queue, and how a mapping is shown.

AWS: Lambda API Reference, CreateEventSourceMapping, UpdateEventSourceMapping; Lambda Developer
Guide, Using Lambda with Amazon SQS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from kamome.arn import Arn, parse_arn
from kamome.event_patterns import Pattern, PatternRefused, event_pattern
from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    constraint,
    not_served,
)
from kamome.services.lambda_.functions.function_configuration import check_tags
from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.services.lambda_.limits import (
    BATCH_SIZE_DEFAULT,
    BATCH_SIZE_MAX,
    BATCH_SIZE_WITHOUT_WINDOW_MAX,
    BATCHING_WINDOW_S_MAX,
    FILTERS_MAX,
    MAXIMUM_CONCURRENCY_MAX,
    MAXIMUM_CONCURRENCY_MIN,
    MAXIMUM_POLLERS_MAX,
    MINIMUM_POLLERS_MAX,
    MINIMUM_POLLERS_MIN,
)

if TYPE_CHECKING:
    from kamome.services.lambda_ import shapes

REPORT_BATCH_ITEM_FAILURES = "ReportBatchItemFailures"

Transition = Literal["Creating", "Updating", "Enabling", "Disabling", "Deleting", ""]


class MappingSettings(msgspec.Struct, frozen=True):
    """What a caller sets, with AWS's defaults filled in. `maximum_concurrency` 0: no maximum.

    `pollers` are the least and the most of provisioned mode, which is recorded.
    """

    batch_size: int = BATCH_SIZE_DEFAULT
    batching_window_s: int = 0
    reports_failures: bool = False
    maximum_concurrency: int = 0
    is_enabled: bool = True
    tags: Mapping[str, str] = msgspec.field(default_factory=dict)
    filters: tuple[str, ...] = ()
    kms_key_arn: str = ""
    metrics: tuple[str, ...] = ()
    pollers: tuple[int, int] | None = None

    @property
    def patterns(self) -> list[Pattern]:
        """The event patterns of which a message must match one, if there are any."""
        return [event_pattern(text) for text in self.filters]


class EventSourceMapping(msgspec.Struct, frozen=True):
    """One queue whose messages go to one function.

    `function_name` carries the version or alias, where the mapping is of one: `name:live`.
    """

    uuid: str
    account: str
    region: str
    queue_arn: str
    function_name: str
    settings: MappingSettings
    modified_at_ms: int

    @property
    def function(self) -> FunctionName:
        """The function that is invoked."""
        name, _, qualifier = self.function_name.partition(":")
        return FunctionName(self.account, self.region, name, qualifier)

    @property
    def is_fifo(self) -> bool:
        """Whether the queue keeps the order of message groups."""
        return self.queue_arn.endswith(".fifo")


class QueueFacts(msgspec.Struct, frozen=True):
    """What of the queue the rules ask about."""

    visibility_timeout_s: int
    is_fifo: bool


def check_event_source(arn: str | None, region: str) -> Arn:
    """The queue's ARN.

    Raises:
        InvalidParameterValueException: there is none, it cannot be read, or it is in another
            Region.
        OperationNotServed: the event source is no SQS queue.
    """
    if not arn:
        raise InvalidParameterValueException(
            "EventSourceArn is required unless SelfManagedEventSource is given."
        )
    parsed = parse_arn(arn)
    if parsed is None:
        raise InvalidParameterValueException(
            "Unrecognized event source, must be kinesis, dynamodb stream or sqs. Unsupported"
            f" source arn: {arn}"
        )
    if parsed.service != "sqs":
        raise not_served(f"event sources of {parsed.service} (SQS queues are)")
    if parsed.region != region:
        raise InvalidParameterValueException(
            f"The queue {arn} must be in the same Region as the function ({region})."
        )
    return parsed


def new_mapping_settings(
    request: shapes.CreateEventSourceMappingRequest, queue: QueueFacts
) -> MappingSettings:
    """The settings of a mapping to be created.

    Raises:
        InvalidParameterValueException: see `changed_mapping_settings`.
        OperationNotServed: the request asks for what is not served.
    """
    if "StartingPosition" in request or "StartingPositionTimestamp" in request:
        raise InvalidParameterValueException("StartingPosition is not valid for SQS event sources.")
    tags = request.get("Tags", {})
    check_tags(tags)
    members = cast("Mapping[str, object]", request)
    return _changed(MappingSettings(tags=tags), members, queue)


def changed_mapping_settings(
    settings: MappingSettings, request: shapes.UpdateEventSourceMappingRequest, queue: QueueFacts
) -> MappingSettings:
    """The settings with the members of the request in their place; the others as they are.

    Raises:
        ValidationException: a number is out of the range of every event source.
        InvalidParameterValueException: it is out of SQS's, a batch of more than ten has no window,
            a FIFO queue is given a window, or the parameter is of another kind of event source.
        OperationNotServed: the request asks for what is not served.
    """
    return _changed(settings, cast("Mapping[str, object]", request), queue)


def check_visibility_timeout(queue: QueueFacts, function_timeout_s: int) -> None:
    """A message must stay hidden at least as long as the function may take.

    Raises:
        InvalidParameterValueException: it would come back while it is being worked on.
    """
    if queue.visibility_timeout_s < function_timeout_s:
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {queue.visibility_timeout_s} seconds is less than"
            f" Function timeout: {function_timeout_s} seconds"
        )


def mapping_exists(queue_arn: str, function_name: str, uuid: str) -> ResourceConflictException:
    """One queue has at most one mapping to a function. The blanks are AWS's own."""
    return ResourceConflictException(
        f'An event source mapping with SQS arn (" {queue_arn} ") and function'
        f' (" {function_name} ") already exists. Please update or delete the existing mapping'
        f" with UUID {uuid}"
    )


def queue_does_not_exist() -> InvalidParameterValueException:
    """What the mapping's first ReceiveMessage is told."""
    return InvalidParameterValueException(
        "Error occurred while ReceiveMessage. SQS Error Code:"
        " AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does"
        " not exist."
    )


def mapping_configuration(
    mapping: EventSourceMapping, transition: Transition = ""
) -> shapes.EventSourceMappingConfiguration:
    """`EventSourceMappingConfiguration`, as the answer that began `transition` shows it.

    As with functions, only that answer shows the transition; the next one shows where it led.
    """
    settings = mapping.settings
    state = transition or ("Enabled" if settings.is_enabled else "Disabled")
    shown: shapes.EventSourceMappingConfiguration = {
        "UUID": mapping.uuid,
        "BatchSize": settings.batch_size,
        "MaximumBatchingWindowInSeconds": settings.batching_window_s,
        "EventSourceArn": mapping.queue_arn,
        "FunctionArn": mapping.function.qualified_arn,
        "LastModified": mapping.modified_at_ms / 1000,
        "State": state,
        "StateTransitionReason": "USER_INITIATED",
        "FunctionResponseTypes": [REPORT_BATCH_ITEM_FAILURES] if settings.reports_failures else [],
        "EventSourceMappingArn": (
            f"arn:aws:lambda:{mapping.region}:{mapping.account}:event-source-mapping:{mapping.uuid}"
        ),
    }
    if settings.filters:
        shown["FilterCriteria"] = {"Filters": [{"Pattern": one} for one in settings.filters]}
    if settings.kms_key_arn:
        shown["KMSKeyArn"] = settings.kms_key_arn
    if settings.metrics:
        shown["MetricsConfig"] = {"Metrics": list(settings.metrics)}
    if settings.pollers is not None:
        minimum, maximum = settings.pollers
        shown["ProvisionedPollerConfig"] = {"MinimumPollers": minimum, "MaximumPollers": maximum}
    if settings.maximum_concurrency:
        shown["ScalingConfig"] = {"MaximumConcurrency": settings.maximum_concurrency}
    return shown


# ---------------------------------------------------------------------- from requests


def _changed(
    settings: MappingSettings, request: Mapping[str, object], queue: QueueFacts
) -> MappingSettings:
    _refuse_unserved(request)
    changed = MappingSettings(
        batch_size=_number(request, "BatchSize", settings.batch_size, 1, BATCH_SIZE_MAX),
        batching_window_s=_number(
            request,
            "MaximumBatchingWindowInSeconds",
            settings.batching_window_s,
            0,
            BATCHING_WINDOW_S_MAX,
        ),
        reports_failures=_reports_failures(request, settings),
        maximum_concurrency=_maximum_concurrency(request, settings),
        is_enabled=bool(request.get("Enabled", settings.is_enabled)),
        tags=settings.tags,
        filters=_filters(request, settings),
        kms_key_arn=str(request.get("KMSKeyArn", settings.kms_key_arn)),
        metrics=_metrics(request, settings),
        pollers=_pollers(request, settings),
    )
    if changed.pollers is not None and changed.maximum_concurrency:
        raise InvalidParameterValueException(
            "MaximumConcurrency and ProvisionedPollerConfig cannot be set together."
        )
    _check_batching(changed, queue)
    return changed


def _refuse_unserved(request: Mapping[str, object]) -> None:
    for member in _OF_OTHER_SOURCES:
        if request.get(member) not in (None, [], {}):
            camel = member[0].lower() + member[1:]
            raise InvalidParameterValueException(
                f"Unsupported '{camel}' parameter for given event source mapping type."
            )


def _check_batching(settings: MappingSettings, queue: QueueFacts) -> None:
    if queue.is_fifo:
        if settings.batching_window_s:
            raise InvalidParameterValueException("Batching window is not supported for FIFO queues")
        if settings.batch_size > BATCH_SIZE_WITHOUT_WINDOW_MAX:
            raise InvalidParameterValueException(
                f"Maximum batch size for a FIFO queue is {BATCH_SIZE_WITHOUT_WINDOW_MAX}."
            )
    if settings.batch_size > BATCH_SIZE_WITHOUT_WINDOW_MAX and not settings.batching_window_s:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is"
            f" greater than {BATCH_SIZE_WITHOUT_WINDOW_MAX}"
        )


def _number(
    request: Mapping[str, object], member: str, now: int, low: int, high: int, *, path: str = ""
) -> int:
    if request.get(member) is None:
        return now
    number = cast("int", request[member])
    path = path or member[0].lower() + member[1:]
    if number < low:
        raise constraint(number, path, f"Member must have value greater than or equal to {low}")
    if number > high:
        raise constraint(number, path, f"Member must have value less than or equal to {high}")
    return number


def _reports_failures(request: Mapping[str, object], settings: MappingSettings) -> bool:
    types = request.get("FunctionResponseTypes")
    if types is None:
        return settings.reports_failures
    return REPORT_BATCH_ITEM_FAILURES in cast("list[str]", types)


def _filters(request: Mapping[str, object], settings: MappingSettings) -> tuple[str, ...]:
    """Empty FilterCriteria take the filters away."""
    if request.get("FilterCriteria") is None:
        return settings.filters
    criteria = cast("shapes.FilterCriteria", request["FilterCriteria"])
    patterns = tuple(one.get("Pattern", "") for one in criteria.get("Filters", []))
    if len(patterns) > FILTERS_MAX:
        raise InvalidParameterValueException(
            f"The number of filters exceeds the maximum of {FILTERS_MAX}."
        )
    for pattern in patterns:
        try:
            event_pattern(pattern)
        except PatternRefused as error:
            raise InvalidParameterValueException(
                f"Invalid filter pattern definition. {error}"
            ) from None
    return patterns


def _metrics(request: Mapping[str, object], settings: MappingSettings) -> tuple[str, ...]:
    if request.get("MetricsConfig") is None:
        return settings.metrics
    return tuple(
        cast("shapes.EventSourceMappingMetricsConfig", request["MetricsConfig"]).get("Metrics", [])
    )


def _pollers(request: Mapping[str, object], settings: MappingSettings) -> tuple[int, int] | None:
    """An empty ProvisionedPollerConfig takes provisioned mode away.

    AWS: Lambda Developer Guide, Using provisioned mode with an Amazon SQS event source mapping.
    """
    if request.get("ProvisionedPollerConfig") is None:
        return settings.pollers
    config = cast("Mapping[str, object]", request["ProvisionedPollerConfig"])
    if not config:
        return None
    path = "provisionedPollerConfig.{}"
    minimum = _number(
        config,
        "MinimumPollers",
        MINIMUM_POLLERS_MIN,
        MINIMUM_POLLERS_MIN,
        MINIMUM_POLLERS_MAX,
        path=path.format("minimumPollers"),
    )
    maximum = _number(
        config,
        "MaximumPollers",
        max(minimum, MINIMUM_POLLERS_MAX),
        MINIMUM_POLLERS_MIN,
        MAXIMUM_POLLERS_MAX,
        path=path.format("maximumPollers"),
    )
    if maximum < minimum:
        raise InvalidParameterValueException(
            "MinimumPollers must not be greater than MaximumPollers."
        )
    return minimum, maximum


def _maximum_concurrency(request: Mapping[str, object], settings: MappingSettings) -> int:
    """An empty ScalingConfig takes the maximum away."""
    if request.get("ScalingConfig") is None:
        return settings.maximum_concurrency
    scaling = cast("Mapping[str, object]", request["ScalingConfig"])
    if scaling.get("MaximumConcurrency") is None:
        return 0
    return _number(
        scaling,
        "MaximumConcurrency",
        0,
        MAXIMUM_CONCURRENCY_MIN,
        MAXIMUM_CONCURRENCY_MAX,
        path="scalingConfig.maximumConcurrency",
    )


_OF_OTHER_SOURCES = (
    "ParallelizationFactor",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "TumblingWindowInSeconds",
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "SelfManagedEventSource",
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "LoggingConfig",
)
