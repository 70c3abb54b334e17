"""Where the records of asynchronous invocations go: destinations and the dead-letter queue.

AWS: Lambda Developer Guide, Capturing records of Lambda asynchronous invocations; Adding a
dead-letter queue.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import orjson

from kamome.arn import parse_arn
from kamome.errors import AwsError
from kamome.services.lambda_.errors import InvalidParameterValueException
from kamome.services.lambda_.functions.function_names import (
    LATEST,
    FunctionName,
    parse_function_arn,
)
from kamome.services.lambda_.invocation.bucket_records import put_bucket_record
from kamome.services.lambda_.invocation.bus_events import put_bus_event
from kamome.services.lambda_.invocation.payloads import Result
from kamome.services.lambda_.limits import DLQ_ERROR_MESSAGE_CHARACTERS
from kamome.services.lambda_.monitoring.log_lines import iso_time

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_.functions.function_configuration import Function
    from kamome.services.lambda_.invocation.event_invoke_config_store import EventInvokeSettings
    from kamome.services.lambda_.slice import Lambda

logger = logging.getLogger(__name__)

SUCCESS = "Success"
RETRIES_EXHAUSTED = "RetriesExhausted"
AGE_EXCEEDED = "EventAgeExceeded"
ZERO_RESERVED = "ZeroReservedConcurrency"


class Event(msgspec.Struct, frozen=True):
    """An accepted asynchronous invocation: the payload of its outbox entry."""

    account: str
    region: str
    name: str
    request_id: str
    payload: str
    accepted_at_ms: int
    retries: int = 0
    throttles: int = 0
    qualifier: str = ""

    @property
    def function(self) -> FunctionName:
        """The function as the caller named it."""
        return FunctionName(self.account, self.region, self.name, self.qualifier)


class Ending(msgspec.Struct, frozen=True):
    """How an event ended; `result` is that of its last invocation, if there was one."""

    condition: str
    invoke_count: int
    result: Result | None = None

    @property
    def cause(self) -> str:
        """What happened at the last attempt."""
        return "throttled" if self.result is None else f"failed: {self.result.error_type}"

    @property
    def words(self) -> str:
        """Condition and cause, for the journey and the log."""
        return f"{self.condition}; {self.cause}"


def check_destination(
    lambda_: Lambda, function: FunctionName, arn: str, *, is_success: bool
) -> None:
    """Refuse a destination that nothing can be sent to.

    AWS finds a missing one by asking as the execution role; so its sentence is this one's only as
    far as the ARN goes.

    Raises:
        InvalidParameterValueException: it is no queue, topic, function, event bus or bucket (a
            bucket takes failures only), is not there, or is the function itself.
    """
    named = parse_function_arn(arn)
    if named is not None and named.arn == function.arn:
        raise InvalidParameterValueException(
            "You can't specify the function as a destination for itself."
        )
    parsed = parse_arn(arn)
    is_bucket = parsed is not None and parsed.service == "s3"
    if not _is_there(lambda_, arn) or (is_bucket and is_success):
        raise InvalidParameterValueException(f"The destination ARN {arn} is invalid.")


def check_dead_letter_target(lambda_: Lambda, arn: str) -> None:
    """Refuse a dead-letter target that is no queue or topic, or is not there.

    Raises:
        InvalidParameterValueException: it is.
    """
    parsed = parse_arn(arn)
    if parsed is None or parsed.service not in {"sqs", "sns"}:
        raise InvalidParameterValueException(
            f"The dead-letter target {arn} is no SQS queue or SNS topic."
        )
    if not _is_there(lambda_, arn):
        call, service = ("SendMessage", "SQS") if parsed.service == "sqs" else ("Publish", "SNS")
        raise InvalidParameterValueException(
            f"The provided execution role does not have permissions to call {call} on {service}"
        )


def deliver_ending(
    lambda_: Lambda,
    ctx: RequestContext,
    function: Function,
    event: Event,
    ending: Ending,
    settings: EventInvokeSettings,
) -> bool:
    """Hand the record of an end to whoever wants it, in the caller's step; whether anyone got it.

    A target that refuses does not keep the event: that is told in the journey and in the log.
    """
    is_success = ending.condition == SUCCESS
    arn = settings.on_success if is_success else settings.on_failure
    delivered = False
    if arn:
        record = orjson.dumps(
            invocation_record(function, event, ending, lambda_.clock.now_ms())
        ).decode()
        delivered = _try(
            lambda_, ctx, arn, lambda: _send(lambda_, ctx, arn, record, is_success=is_success)
        )
    target = function.settings.dead_letter_arn
    if target and not is_success:
        attributes = dead_letter_attributes(event, ending)
        delivered |= _try(
            lambda_, ctx, target, lambda: _send(lambda_, ctx, target, event.payload, attributes)
        )
    return delivered


def invocation_record(
    function: Function, event: Event, ending: Ending, now_ms: int
) -> dict[str, object]:
    """The JSON document of an asynchronous invocation that has ended.

    AWS: Lambda Developer Guide, Capturing records of Lambda asynchronous invocations (Example
    invocation record).
    """
    record: dict[str, object] = {
        "version": "1.0",
        "timestamp": iso_time(now_ms),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": f"{event.function.arn}:{event.qualifier or LATEST}",
            "condition": ending.condition,
            "approximateInvokeCount": ending.invoke_count,
        },
        "requestPayload": _document(event.payload.encode()),
    }
    if ending.result is not None:
        context: dict[str, object] = {
            "statusCode": 200,
            "executedVersion": ending.result.executed_version,
        }
        if ending.result.function_error:
            context["functionError"] = ending.result.function_error
        record["responseContext"] = context
        record["responsePayload"] = _document(ending.result.payload)
    return record


def dead_letter_attributes(event: Event, ending: Ending) -> dict[str, dict[str, str | bytes]]:
    """RequestID, ErrorCode and ErrorMessage, the attributes of a dead letter.

    AWS: Lambda Developer Guide, Adding a dead-letter queue (Dead-letter queue message attributes).
    """
    code, words = "429", ending.condition
    if ending.result is not None:
        document = _document(ending.result.payload)
        found = document.get("errorMessage") if isinstance(document, dict) else None
        code, words = "200", str(found or ending.result.error_type)
    return {
        "RequestID": {"DataType": "String", "StringValue": event.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": code},
        "ErrorMessage": {
            "DataType": "String",
            "StringValue": words[:DLQ_ERROR_MESSAGE_CHARACTERS] or ending.condition,
        },
    }


# ---------------------------------------------------------------------- parts


def _is_there(lambda_: Lambda, arn: str) -> bool:
    parsed = parse_arn(arn)
    if parsed is None:
        return False
    if parsed.service == "sqs":
        return lambda_.ports.queue.queue_attributes(arn) is not None
    if parsed.service == "sns":
        return lambda_.ports.topic_exists(arn)
    if parsed.service == "s3":
        return lambda_.ports.bucket_exists(parsed.resource)
    if parsed.service == "events":
        return parsed.resource.startswith("event-bus/")
    return parsed.service == "lambda" and lambda_.ports.function_exists(arn)


def _send(
    lambda_: Lambda,
    ctx: RequestContext,
    arn: str,
    body: str,
    attributes: dict[str, dict[str, str | bytes]] | None = None,
    *,
    is_success: bool = False,
) -> None:
    ports, parsed = lambda_.ports, parse_arn(arn)
    service = parsed.service if parsed is not None else ""
    if service == "sqs":
        ports.send_to_queue(ctx, arn, body, attributes or {})
    elif service == "sns":
        ports.publish(ctx, arn, body)
    elif service == "s3":
        put_bucket_record(lambda_, ctx, parsed.resource if parsed is not None else "", body)
    elif service == "events":
        put_bus_event(lambda_, ctx, arn, body, is_success=is_success)
    else:
        ports.invoke_event(ctx, arn, body.encode())


def _try(lambda_: Lambda, ctx: RequestContext, arn: str, send: Callable[[], None]) -> bool:
    try:
        with lambda_.engine.atomic():
            send()
    except AwsError as error:
        logger.warning("The record of an invocation could not be sent to %s: %s", arn, error)
        lambda_.journeys.step(
            ctx.trace,
            service="lambda",
            action="DeliverRecord",
            resource=arn,
            result="failed",
            detail=error.message,
        )
        return False
    return True


def _document(payload: bytes) -> object:
    """A payload as JSON; one that is none, as text."""
    try:
        return orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        return payload.decode(errors="replace")
