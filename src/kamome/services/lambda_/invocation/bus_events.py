"""Records of invocations that go to an EventBridge bus, as the events that PutEvents would take.

AWS: Lambda Developer Guide, Capturing records of Lambda asynchronous invocations (EventBridge);
EventBridge User Guide, Structure of an event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import orjson

from kamome.services.lambda_.monitoring.log_lines import iso_time

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_.slice import Lambda

_SOURCE = "lambda"


def put_bus_event(
    lambda_: Lambda, ctx: RequestContext, bus_arn: str, record: str, *, is_success: bool
) -> None:
    """Put the record of an invocation on a bus as an event, in the caller's step.

    AWS: Lambda Developer Guide, Capturing records of Lambda asynchronous invocations.
    """
    detail = cast("dict[str, dict[str, object]]", orjson.loads(record))
    word = "Success" if is_success else "Failure"
    event = {
        "version": "0",
        "id": lambda_.ids.uuid(),
        "detail-type": f"Lambda Function Invocation Result - {word}",
        "source": _SOURCE,
        "account": ctx.account,
        "time": iso_time(lambda_.clock.now_ms()),
        "region": ctx.region,
        "resources": [bus_arn, detail["requestContext"]["functionArn"]],
        "detail": detail,
    }
    lambda_.ports.put_event(bus_arn, orjson.dumps(event).decode())
