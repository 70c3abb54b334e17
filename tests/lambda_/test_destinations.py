"""Where the records of asynchronous invocations go, and how often they are tried."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import orjson
import pytest
from tests.lambda_.conftest import NoSuchKey

from kamome.errors import AwsError
from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceNotFoundException,
)
from kamome.services.lambda_.functions import functions
from kamome.services.lambda_.invocation import event_invoke_configs as configs

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

    from kamome.services.lambda_ import shapes

ECHO = "def handler(event, context):\n    return event\n"
FAILS = "def handler(event, context):\n    print('run', event)\n    raise ValueError('no order')\n"
PREFIX = "arn:aws:lambda:eu-west-1:000000000000:function:"
QUEUE = "arn:aws:sqs:eu-west-1:000000000000:orders"
TOPIC = "arn:aws:sns:eu-west-1:000000000000:news"
MINUTE_MS = 60_000


class SlowDown(AwsError):
    status = 503


def runs(world: World) -> int:
    path = world.lambda_.settings.folder / "logs/000000000000/eu-west-1/f.log"
    return path.read_text().count("run ") if path.exists() else 0


@pytest.mark.parametrize("target", [QUEUE, TOPIC, PREFIX + "next"])
async def test_record_of_a_success_goes_to_its_destination(world: World, target: str) -> None:
    await world.create(ECHO)
    await configs.put_function_event_invoke_config(
        world.lambda_,
        world.ctx,
        {"FunctionName": "f", "DestinationConfig": {"OnSuccess": {"Destination": target}}},
    )

    await world.invoke({"a": 1}, InvocationType="Event")
    await world.quiet()

    [(to, body, _)] = world.records.sent
    record = orjson.loads(body)
    assert to == target
    assert record["requestContext"] == {
        "requestId": world.ctx.request_id,
        "functionArn": PREFIX + "f:$LATEST",
        "condition": "Success",
        "approximateInvokeCount": 1,
    }
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert (record["requestPayload"], record["responsePayload"]) == ({"a": 1}, {"a": 1})


async def test_record_of_a_failure_follows_the_last_retry(world: World) -> None:
    await world.create(FAILS)
    await configs.put_function_event_invoke_config(
        world.lambda_,
        world.ctx,
        {
            "FunctionName": "f",
            "MaximumRetryAttempts": 1,
            "DestinationConfig": {"OnFailure": {"Destination": QUEUE}},
        },
    )
    await world.invoke(1, InvocationType="Event")
    await world.quiet()
    assert world.records.sent == []

    await world.clock.advance(MINUTE_MS)

    [(_, body, _)] = world.records.sent
    record = orjson.loads(body)
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorType"] == "ValueError"
    assert runs(world) == 2


async def test_event_past_its_maximum_age_is_not_retried(world: World) -> None:
    await world.create(FAILS)
    await configs.put_function_event_invoke_config(
        world.lambda_,
        world.ctx,
        {
            "FunctionName": "f",
            "MaximumEventAgeInSeconds": 90,
            "DestinationConfig": {"OnFailure": {"Destination": QUEUE}},
        },
    )
    await world.invoke(1, InvocationType="Event")

    await world.clock.advance(10 * MINUTE_MS)

    [(_, body, _)] = world.records.sent
    assert orjson.loads(body)["requestContext"]["condition"] == "EventAgeExceeded"
    assert runs(world) == 2


async def test_dead_letter_is_the_event_itself(world: World) -> None:
    await world.create(FAILS, DeadLetterConfig={"TargetArn": QUEUE})
    await configs.put_function_event_invoke_config(
        world.lambda_, world.ctx, {"FunctionName": "f", "MaximumRetryAttempts": 0}
    )

    await world.invoke({"a": 1}, InvocationType="Event")
    await world.quiet()

    [(to, body, attributes)] = world.records.sent
    assert (to, orjson.loads(body)) == (QUEUE, {"a": 1})
    assert attributes["RequestID"]["StringValue"] == world.ctx.request_id
    assert attributes["ErrorCode"]["StringValue"] == "200"
    assert attributes["ErrorMessage"]["StringValue"] == "no order"


async def test_destination_that_refuses_loses_the_record_and_says_so(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.create(FAILS, DeadLetterConfig={"TargetArn": QUEUE})
    await configs.put_function_event_invoke_config(
        world.lambda_, world.ctx, {"FunctionName": "f", "MaximumRetryAttempts": 0}
    )
    world.records.refuses = True

    await world.invoke(1, InvocationType="Event")
    await world.quiet()

    assert world.lambda_.outbox.waiting("lambda.async") == 0
    assert f"could not be sent to {QUEUE}" in caplog.text
    assert "was dropped after 0 retries" in caplog.text


async def test_dead_letter_queue_is_shown_and_taken_away(world: World) -> None:
    await world.create(ECHO, DeadLetterConfig={"TargetArn": QUEUE})
    shown = await functions.get_function_configuration(
        world.lambda_, world.ctx, {"FunctionName": "f"}
    )
    assert shown["DeadLetterConfig"] == {"TargetArn": QUEUE}

    changed = await functions.update_function_configuration(
        world.lambda_, world.ctx, {"FunctionName": "f", "DeadLetterConfig": {"TargetArn": ""}}
    )

    assert "DeadLetterConfig" not in changed


async def test_dead_letter_target_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(InvalidParameterValueException, match="permissions to call SendMessage"):
        await world.create(ECHO, DeadLetterConfig={"TargetArn": QUEUE + "-gone"})


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        (QUEUE + "-gone", "The destination ARN .*-gone is invalid"),
        (PREFIX + "f", "destination for itself"),
    ],
    ids=["missing", "itself"],
)
async def test_destination_is_refused(world: World, arn: str, words: str) -> None:
    await world.create(ECHO)

    with pytest.raises(InvalidParameterValueException, match=words):
        await configs.put_function_event_invoke_config(
            world.lambda_,
            world.ctx,
            {"FunctionName": "f", "DestinationConfig": {"OnFailure": {"Destination": arn}}},
        )


async def test_record_for_a_bus_is_kept_as_an_event(world: World) -> None:
    await world.create(ECHO)
    bus = "arn:aws:events:eu-west-1:000000000000:event-bus/b"
    await configs.put_function_event_invoke_config(
        world.lambda_,
        world.ctx,
        {"FunctionName": "f", "DestinationConfig": {"OnSuccess": {"Destination": bus}}},
    )

    await world.invoke({"a": 1}, InvocationType="Event")
    await world.quiet()

    [(to, text, _)] = world.records.sent
    event = orjson.loads(text)
    assert to == bus
    assert event["detail-type"] == "Lambda Function Invocation Result - Success"
    assert (event["source"], event["account"]) == ("lambda", "000000000000")
    assert event["resources"] == [bus, f"{PREFIX}f:$LATEST"]
    assert event["detail"]["responsePayload"] == {"a": 1}


class TestBuckets:
    @pytest.fixture
    async def failing(self, world: World) -> World:
        await world.create(FAILS)
        await configs.put_function_event_invoke_config(
            world.lambda_,
            world.ctx,
            {
                "FunctionName": "f",
                "MaximumRetryAttempts": 0,
                "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::failures"}},
            },
        )
        return world

    async def test_record_of_a_failure_becomes_an_object(self, failing: World) -> None:
        await failing.invoke(1, InvocationType="Event")
        await failing.quiet()

        [(to, body, _)] = failing.records.sent
        prefix = r"s3://failures/aws/lambda/async/f/2025/10/09/2025-10-09T08\.53\.20-[0-9a-f-]{36}"
        assert re.fullmatch(prefix, to)
        assert orjson.loads(body)["requestContext"]["condition"] == "RetriesExhausted"

    async def test_record_waits_for_a_bucket_that_is_out_of_order(self, failing: World) -> None:
        failing.records.s3_refusals = [SlowDown("Please reduce your request rate.")]
        await failing.invoke(1, InvocationType="Event")
        await failing.quiet()
        assert failing.records.sent == []

        await failing.clock.advance(1_000)

        assert len(failing.records.sent) == 1

    async def test_record_for_a_bucket_that_is_gone_is_told_and_dropped(
        self, failing: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        failing.records.s3_refusals = [NoSuchKey("The specified bucket does not exist")]

        await failing.invoke(1, InvocationType="Event")
        await failing.quiet()
        await failing.clock.advance(MINUTE_MS)

        assert failing.records.sent == []
        assert "could not be put into failures: The specified bucket" in caplog.text

    @pytest.mark.parametrize(
        ("condition", "arn"),
        [
            pytest.param("OnSuccess", "arn:aws:s3:::failures", id="takes no successes"),
            pytest.param("OnFailure", "arn:aws:s3:::none", id="is not there"),
        ],
    )
    async def test_bucket_is_refused(self, world: World, condition: str, arn: str) -> None:
        await world.create(ECHO)
        request = {"FunctionName": "f", "DestinationConfig": {condition: {"Destination": arn}}}

        with pytest.raises(InvalidParameterValueException, match="is invalid"):
            await configs.put_function_event_invoke_config(
                world.lambda_,
                world.ctx,
                cast("shapes.PutFunctionEventInvokeConfigRequest", request),
            )


async def test_update_keeps_what_it_does_not_name_and_put_does_not(world: World) -> None:
    await world.create(ECHO)
    put = configs.put_function_event_invoke_config
    await put(world.lambda_, world.ctx, {"FunctionName": "f", "MaximumRetryAttempts": 0})

    updated = await configs.update_function_event_invoke_config(
        world.lambda_, world.ctx, {"FunctionName": "f", "MaximumEventAgeInSeconds": 60}
    )
    replaced = await put(
        world.lambda_, world.ctx, {"FunctionName": "f", "MaximumEventAgeInSeconds": 61}
    )

    assert (updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]) == (0, 60)
    assert (replaced["MaximumRetryAttempts"], replaced["MaximumEventAgeInSeconds"]) == (2, 61)


async def test_configuration_is_gone_with_its_deletion_and_with_its_function(world: World) -> None:
    await world.create(ECHO)
    put = configs.put_function_event_invoke_config
    get = configs.get_function_event_invoke_config
    await put(world.lambda_, world.ctx, {"FunctionName": "f", "MaximumRetryAttempts": 0})
    await configs.delete_function_event_invoke_config(
        world.lambda_, world.ctx, {"FunctionName": "f"}
    )
    with pytest.raises(ResourceNotFoundException, match="doesn't have an EventInvokeConfig"):
        await get(world.lambda_, world.ctx, {"FunctionName": "f"})

    await put(world.lambda_, world.ctx, {"FunctionName": "f", "MaximumRetryAttempts": 0})
    await functions.delete_function(world.lambda_, world.ctx, {"FunctionName": "f"})
    await world.create(ECHO)

    with pytest.raises(ResourceNotFoundException):
        await get(world.lambda_, world.ctx, {"FunctionName": "f"})


async def test_empty_configuration_is_refused(world: World) -> None:
    await world.create(ECHO)

    with pytest.raises(InvalidParameterValueException, match="at least one of"):
        await configs.put_function_event_invoke_config(
            world.lambda_, world.ctx, {"FunctionName": "f"}
        )
