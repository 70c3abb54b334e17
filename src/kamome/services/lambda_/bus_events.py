"""Records that go to an EventBridge bus: kept as the events that PutEvents would take, and shown.

There is no EventBridge; the newest 1,000 events of an account and Region wait here for who looks.

AWS: Lambda Developer Guide, Capturing records of Lambda asynchronous invocations (EventBridge);
EventBridge User Guide, Structure of an event.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import orjson

from kamome.services.lambda_.log_lines import iso_time
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_.slice import Lambda

PREFIX = "/_kamome/lambda/bus-events/"
_PATH = re.compile(re.escape(PREFIX) + r"(?P<account>\d{12})/(?P<region>[a-z0-9-]{1,32})")
_SOURCE = "lambda"


def put_bus_event(
    lambda_: Lambda, ctx: RequestContext, bus_arn: str, record: str, *, is_success: bool
) -> None:
    """Keep the record of an invocation as an event of a bus, in the caller's step.

    AWS: Lambda Developer Guide, Capturing records of Lambda asynchronous invocations.
    """
    detail = cast("dict[str, dict[str, object]]", orjson.loads(record))
    word = "Success" if is_success else "Failure"
    now_ms = lambda_.clock.now_ms()
    event = {
        "version": "0",
        "id": lambda_.ids.uuid(),
        "detail-type": f"Lambda Function Invocation Result - {word}",
        "source": _SOURCE,
        "account": ctx.account,
        "time": iso_time(now_ms),
        "region": ctx.region,
        "resources": [bus_arn, detail["requestContext"]["functionArn"]],
        "detail": detail,
    }
    scope = (ctx.account, ctx.region)
    lambda_.records.put_bus_event(scope, str(event["id"]), orjson.dumps(event).decode(), now_ms)


def answer(lambda_: Lambda, request: HttpRequest) -> HttpResponse:
    """`GET …/bus-events/ACCOUNT/REGION`: the events, the newest first. Not an AWS API.

    AWS: EventBridge User Guide, Structure of an event.
    """
    found = _PATH.fullmatch(request.raw_path)
    if found is None or request.method != "GET":
        document: object = {"message": f"GET {PREFIX}ACCOUNT/REGION"}
        return HttpResponse(404, [("content-type", "application/json")], orjson.dumps(document))
    events = lambda_.records.bus_events((found["account"], found["region"]))
    document = {"Events": [orjson.loads(event) for event in events]}
    return HttpResponse(200, [("content-type", "application/json")], orjson.dumps(document))
