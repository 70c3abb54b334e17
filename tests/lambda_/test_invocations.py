"""Invoke in its three types, and the retries behind events."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
from msgspec.structs import replace
from tests.lambda_.gates import WAITS, gate

from kamome.errors import OperationNotServed
from kamome.services.lambda_.errors import (
    RequestEntityTooLargeException,
    ResourceNotFoundException,
    TooManyRequestsException,
)
from kamome.services.lambda_.invocation import invocations
from kamome.services.lambda_.slice import make_lambda
from kamome.wire import BodyStream

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

    from kamome.services.lambda_ import shapes

ECHO = "def handler(event, context):\n    return event\n"
ARN = "arn:aws:lambda:eu-west-1:000000000000:function:f"
TRACE = "Root=1-68e60000-0123456789abcdef01234567"
ONE_MINUTE_MS = 60_000


async def test_invocation_answers_with_payload_version_and_log(world: World) -> None:
    await world.create("def handler(event, context):\n    print('seen')\n    return event\n")

    answer = await world.invoke({"a": 1}, LogType="Tail")

    assert answer["StatusCode"] == 200
    assert orjson.loads(answer["Payload"]) == {"a": 1}
    assert answer["ExecutedVersion"] == "$LATEST"
    assert b"seen\n" in base64.b64decode(answer["LogResult"])
    assert "FunctionError" not in answer


async def test_exception_is_an_unhandled_function_error(world: World) -> None:
    await world.create("def handler(event, context):\n    raise KeyError('x')\n")

    answer = await world.invoke()

    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert orjson.loads(answer["Payload"])["errorType"] == "KeyError"


async def test_dry_run_runs_nothing(world: World) -> None:
    await world.create("raise SystemExit\n")

    assert await world.invoke(InvocationType="DryRun") == {"StatusCode": 204}


async def test_client_context_reaches_the_function(world: World) -> None:
    await world.create(
        "def handler(event, context):\n    return context.client_context.custom['k']\n"
    )
    encoded = base64.b64encode(b'{"custom": {"k": "v"}}').decode()

    assert (await world.invoke(ClientContext=encoded))["Payload"] == b'"v"'


async def test_unknown_qualifier_is_not_found(world: World) -> None:
    await world.create(ECHO)

    with pytest.raises(ResourceNotFoundException, match=f"Function not found: {ARN}:7"):
        await world.invoke(Qualifier="7")
    assert (await world.invoke(1, Qualifier="$LATEST"))["Payload"] == b"1"


@pytest.mark.parametrize("member", ["TenantId", "DurableExecutionName"])
async def test_unserved_parameter_is_refused_by_name(world: World, member: str) -> None:
    await world.create(ECHO)

    with pytest.raises(OperationNotServed, match=member):
        await world.invoke(**{member: "x"})


async def test_invocation_over_the_accounts_concurrency_is_throttled(world: World) -> None:
    await world.create(ECHO)
    world.lambda_.admission.concurrency_max = 0

    with pytest.raises(TooManyRequestsException) as refused:
        await world.invoke()

    assert refused.value.members["Reason"] == "ConcurrentInvocationLimitExceeded"


async def test_functions_run_where_the_folder_is_given_relative(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = replace(world.lambda_.settings, folder=Path("relative"))

    made = make_lambda(
        world.lambda_.engine,
        world.lambda_.outbox,
        world.lambda_.blobs,
        world.lambda_.journeys,
        clock=world.clock,
        ids=world.lambda_.ids,
        ports=world.lambda_.ports,
        settings=settings,
    )

    assert made.code.folder == tmp_path / "relative/code"
    assert made.host.folder == tmp_path / "relative/instances"


async def test_code_cache_that_was_removed_is_made_again(world: World) -> None:
    await world.create(ECHO)
    world.lambda_.code.remove_unused(lambda sha256: False)

    assert (await world.invoke(5))["Payload"] == b"5"


# ---------------------------------------------------------------------- asynchronous invocation


FAILS = "def handler(event, context):\n    print('run', event)\n    raise ValueError('x')\n"


async def test_event_is_accepted_and_runs(world: World) -> None:
    await world.create("def handler(event, context):\n    print('run', event)\n")

    answer = await world.invoke(7, InvocationType="Event")
    assert answer == {"StatusCode": 202, "Payload": b""}
    await world.quiet()

    assert "run 7" in _log(world)
    assert world.lambda_.outbox.waiting("lambda.async") == 0


async def test_event_of_another_service_runs_in_its_journey(world: World) -> None:
    await world.create(ECHO)
    ctx = world.ctx.as_service("ses.amazonaws.com")
    traced = type(ctx)(ctx.account, ctx.region, ctx.principal, "r-2", trace=TRACE)

    invocations.invoke_event(world.lambda_, traced, ARN, b"{}")
    await world.quiet()

    rows = world.lambda_.engine.all("SELECT trace, resource, result FROM journey_step")
    assert rows == [(TRACE, "f", "ok")]


async def test_event_is_refused_where_there_is_no_function(world: World) -> None:
    with pytest.raises(ResourceNotFoundException):
        invocations.invoke_event(world.lambda_, world.ctx, ARN, b"{}")
    assert not invocations.function_exists(world.lambda_, ARN)


async def test_failed_event_is_tried_after_one_and_two_minutes_and_dropped(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.create(FAILS)
    await world.invoke(1, InvocationType="Event")
    await world.quiet()
    assert _log(world).count("run 1") == 1

    await world.clock.advance(ONE_MINUTE_MS - 1)
    assert _log(world).count("run 1") == 1
    await world.clock.advance(1)
    assert _log(world).count("run 1") == 2

    await world.clock.advance(2 * ONE_MINUTE_MS - 1)
    assert _log(world).count("run 1") == 2
    await world.clock.advance(1)
    assert _log(world).count("run 1") == 3

    await world.clock.advance(24 * 3600 * 1000)
    assert _log(world).count("run 1") == 3
    assert world.lambda_.outbox.waiting("lambda.async") == 0
    assert "dropped after 2 retries" in caplog.text


async def test_retries_keep_the_request_id(world: World) -> None:
    await world.create(
        "def handler(event, context):\n    print('id', context.aws_request_id); 1/0\n"
    )
    await world.invoke(1, InvocationType="Event")

    await world.clock.advance(ONE_MINUTE_MS)

    lines = [line for line in _log(world).splitlines() if line.startswith("id ")]
    assert len(lines) == 2
    assert len(set(lines)) == 1


async def test_throttled_event_is_kept_until_it_can_run(world: World) -> None:
    await world.create("def handler(event, context):\n    print('run', event)\n")
    world.lambda_.admission.concurrency_max = 0
    await world.invoke(1, InvocationType="Event")
    await world.clock.advance(3600 * 1000)
    assert world.lambda_.outbox.waiting("lambda.async") == 1

    world.lambda_.admission.concurrency_max = 1000
    await world.clock.advance(300_000)

    assert _log(world).count("run 1") == 1
    assert world.lambda_.outbox.waiting("lambda.async") == 0


async def test_throttled_event_is_dropped_after_six_hours(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.create(ECHO)
    world.lambda_.admission.concurrency_max = 0
    await world.invoke(1, InvocationType="Event")

    await world.clock.advance(6 * 3600 * 1000)

    assert world.lambda_.outbox.waiting("lambda.async") == 0
    assert "EventAgeExceeded" in caplog.text


async def test_event_waits_on_disk_until_its_end_is_known(world: World) -> None:
    await world.create(WAITS)
    async with gate() as shut:
        await world.invoke(shut.port, InvocationType="Event")
        await shut.wait_for(1)
        assert world.lambda_.outbox.waiting("lambda.async") == 1

        shut.open()
        await world.quiet()

    assert world.lambda_.outbox.waiting("lambda.async") == 0


def _log(world: World) -> str:
    path = world.lambda_.settings.folder / "logs/000000000000/eu-west-1/f.log"
    return path.read_text() if path.exists() else ""


async def test_event_interrupted_by_a_stop_runs_again(world: World) -> None:
    await world.create(WAITS)
    async with gate() as shut:
        await world.invoke(shut.port, InvocationType="Event")
        await shut.wait_for(1)
        await world.lambda_.outbox.stop(0)
        assert world.lambda_.outbox.waiting("lambda.async") == 1
        shut.open()

        world.lambda_.outbox.start()
        await world.quiet()

    assert _log(world).count("run\n") == 2
    assert world.lambda_.outbox.waiting("lambda.async") == 0


class TestInvokeAsync:
    async def test_event_is_run(self, world: World) -> None:
        await world.create("def handler(event, context):\n    print('run', event)\n")

        answer = await invocations.invoke_async(world.lambda_, world.ctx, asking(b'{"a": 1}'))
        await world.quiet()

        assert answer == {"Status": 202}
        path = world.lambda_.settings.folder / "logs/000000000000/eu-west-1/f.log"
        assert path.read_text().count("run {'a': 1}") == 1

    async def test_event_has_at_most_256_kb(self, world: World) -> None:
        await world.create("def handler(event, context):\n    pass\n")
        event = b'"' + b"x" * (256 * 1024 - 2) + b'"'
        await invocations.invoke_async(world.lambda_, world.ctx, asking(event))

        with pytest.raises(RequestEntityTooLargeException, match="limit 262144 bytes"):
            await invocations.invoke_async(world.lambda_, world.ctx, asking(event + b" "))


def asking(payload: bytes) -> shapes.InvokeAsyncRequest:
    return {"FunctionName": "f", "InvokeArgs": BodyStream(None, len(payload), whole=payload)}
