"""Operations on functions, invocations, permissions and mappings, without HTTP."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import TYPE_CHECKING, cast

import orjson
import pytest

from kamome.errors import AwsError, OperationNotServed
from kamome.protocols.model import load_model
from kamome.services.lambda_ import functions, invocations, mappings, permissions, shapes
from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    PreconditionFailedException,
    ResourceConflictException,
    ResourceNotFoundException,
    TooManyRequestsException,
    ValidationException,
)
from kamome.services.lambda_.operations import OPERATIONS, resource_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lambda_.conftest import World

ECHO = "def handler(event, context):\n    return event\n"
ARN = "arn:aws:lambda:eu-west-1:000000000000:function:f"
TRACE = "Root=1-68e60000-0123456789abcdef01234567"
ONE_MINUTE_MS = 60_000


# ---------------------------------------------------------------------- functions


async def test_function_is_pending_in_the_answer_and_active_afterwards(world: World) -> None:
    packed = world.archive(ECHO)
    created = await functions.create_function(
        world.lambda_,
        world.ctx,
        {
            "FunctionName": "f",
            "Runtime": "python3.12",
            "Role": "arn:aws:iam::000000000000:role/r",
            "Handler": "app.handler",
            "Code": {"ZipFile": packed},
            "Environment": {"Variables": {"STAGE": "test"}},
            "Tags": {"team": "mail"},
        },
    )
    found = await functions.get_function(world.lambda_, world.ctx, {"FunctionName": ARN})

    assert (created["State"], created["StateReasonCode"]) == ("Pending", "Creating")
    assert "LastUpdateStatus" not in created
    shown = found["Configuration"]
    assert (shown["State"], shown["LastUpdateStatus"]) == ("Active", "Successful")
    assert shown["CodeSha256"] == base64.b64encode(hashlib.sha256(packed).digest()).decode()
    assert shown["CodeSize"] == len(packed)
    assert shown["LastModified"] == "2025-10-09T08:53:20.000+0000"
    assert (shown["Timeout"], shown["MemorySize"], shown["Version"]) == (3, 128, "$LATEST")
    assert shown["Environment"] == {"Variables": {"STAGE": "test"}}
    assert found["Tags"] == {"team": "mail"}
    assert found["Code"]["Location"] == "http://code/f"


async def test_package_can_be_downloaded_by_its_hash(world: World) -> None:
    packed = world.archive(ECHO)
    await world.create(ECHO, Code={"ZipFile": packed})

    opened = functions.open_code(world.lambda_, hashlib.sha256(packed).hexdigest())

    assert opened is not None
    assert opened[0] == len(packed)
    assert b"".join([piece async for piece in opened[1]]) == packed
    assert functions.open_code(world.lambda_, "0" * 64) is None
    assert functions.open_code(world.lambda_, "../x") is None


async def test_function_name_can_be_taken_once(world: World) -> None:
    await world.create(ECHO)

    with pytest.raises(ResourceConflictException, match="Function already exist: f"):
        await world.create(ECHO)


async def test_function_code_can_come_from_s3(world: World) -> None:
    world.objects["code", "f.zip"] = world.archive(ECHO)
    await world.create(ECHO, Code={"S3Bucket": "code", "S3Key": "f.zip"})

    assert (await world.invoke([1]))["Payload"] == b"[1]"


async def test_missing_code_object_is_told_with_s3s_code(world: World) -> None:
    with pytest.raises(InvalidParameterValueException, match="S3 Error Code: NoSuchKey"):
        await world.create(ECHO, Code={"S3Bucket": "code", "S3Key": "none"})


@pytest.mark.parametrize(
    ("members", "error"),
    [
        pytest.param({"Timeout": 901}, ValidationException, id="timeout"),
        pytest.param({"MemorySize": 10_241}, InvalidParameterValueException, id="memory"),
        pytest.param({"Handler": ""}, InvalidParameterValueException, id="no handler"),
        pytest.param({"Runtime": "python3.8"}, InvalidParameterValueException, id="old python"),
        pytest.param({"Runtime": "nodejs22.x"}, OperationNotServed, id="node"),
        pytest.param({"PackageType": "Image"}, OperationNotServed, id="image"),
        pytest.param({"Layers": ["arn"]}, OperationNotServed, id="layers"),
        pytest.param({"VpcConfig": {"SubnetIds": ["s"]}}, OperationNotServed, id="VPC"),
        pytest.param({"Publish": True}, OperationNotServed, id="publish"),
        pytest.param({"Code": {}}, InvalidParameterValueException, id="no code"),
        pytest.param({"Code": {"ImageUri": "x"}}, OperationNotServed, id="image code"),
        pytest.param({"Code": {"ZipFile": b""}}, InvalidParameterValueException, id="empty zip"),
        pytest.param({"Code": {"ZipFile": b"x"}}, InvalidParameterValueException, id="no zip"),
        pytest.param({"Tags": {"aws:x": ""}}, InvalidParameterValueException, id="reserved tag"),
        pytest.param({"EphemeralStorage": {"Size": 511}}, InvalidParameterValueException, id="tmp"),
    ],
)
async def test_function_is_refused_and_nothing_stays(
    world: World, members: dict[str, object], error: type[AwsError], tmp_path: Path
) -> None:
    with pytest.raises(error):
        await world.create(ECHO, "f", **members)

    with pytest.raises(ResourceNotFoundException, match=f"Function not found: {ARN}"):
        await functions.get_function(world.lambda_, world.ctx, {"FunctionName": "f"})
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


async def test_empty_settings_of_unserved_features_are_accepted(world: World) -> None:
    await world.create(
        ECHO,
        VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
        Layers=[],
        SnapStart={"ApplyOn": "None"},
        Publish=False,
    )


async def test_new_code_runs_after_an_update(world: World) -> None:
    await world.create("def handler(event, context):\n    return 'old'\n")
    assert (await world.invoke())["Payload"] == b'"old"'

    updated = await functions.update_function_code(
        world.lambda_,
        world.ctx,
        {
            "FunctionName": "f",
            "ZipFile": world.archive("def handler(event, context):\n    return 'new'\n"),
        },
    )

    assert updated["LastUpdateStatus"] == "InProgress"
    assert (await world.invoke())["Payload"] == b'"new"'


async def test_dry_run_of_an_update_changes_nothing(world: World) -> None:
    await world.create(ECHO)
    before = await functions.get_function_configuration(
        world.lambda_, world.ctx, {"FunctionName": "f"}
    )

    shown = await functions.update_function_code(
        world.lambda_,
        world.ctx,
        {"FunctionName": "f", "ZipFile": world.archive("other"), "DryRun": True},
    )

    after = await functions.get_function_configuration(
        world.lambda_, world.ctx, {"FunctionName": "f"}
    )
    assert shown["CodeSha256"] != before["CodeSha256"]
    assert after == before


async def test_update_with_an_old_revision_is_refused(world: World) -> None:
    await world.create(ECHO)
    before = await functions.get_function_configuration(
        world.lambda_, world.ctx, {"FunctionName": "f"}
    )
    await functions.update_function_configuration(
        world.lambda_,
        world.ctx,
        {"FunctionName": "f", "Timeout": 9, "RevisionId": before["RevisionId"]},
    )

    with pytest.raises(PreconditionFailedException):
        await functions.update_function_configuration(
            world.lambda_,
            world.ctx,
            {"FunctionName": "f", "Timeout": 5, "RevisionId": before["RevisionId"]},
        )


async def test_changed_environment_reaches_the_next_invocation(world: World) -> None:
    await world.create("import os\ndef handler(event, context):\n    return os.environ.get('A1')\n")
    assert (await world.invoke())["Payload"] == b"null"

    await functions.update_function_configuration(
        world.lambda_,
        world.ctx,
        {"FunctionName": "f", "Environment": {"Variables": {"A1": "changed"}}},
    )

    assert (await world.invoke())["Payload"] == b'"changed"'


async def test_deleted_function_is_gone_with_its_policy(world: World) -> None:
    await world.create(ECHO)
    await _permit(world, "s1")

    result = await functions.delete_function(world.lambda_, world.ctx, {"FunctionName": "f"})

    assert result == {"StatusCode": 204}
    with pytest.raises(ResourceNotFoundException):
        await world.invoke()
    await world.create(ECHO)
    with pytest.raises(ResourceNotFoundException):
        await permissions.get_policy(world.lambda_, world.ctx, {"FunctionName": "f"})


async def test_functions_are_listed_by_name_in_pages(world: World) -> None:
    for name in ("b", "c", "a"):
        await world.create(ECHO, name)

    first = await functions.list_functions(world.lambda_, world.ctx, {"MaxItems": 2})
    second = await functions.list_functions(
        world.lambda_, world.ctx, {"Marker": first["NextMarker"]}
    )

    assert [shown["FunctionName"] for shown in first["Functions"]] == ["a", "b"]
    assert [shown["FunctionName"] for shown in second["Functions"]] == ["c"]
    assert "NextMarker" not in second
    assert "State" not in first["Functions"][0]


# ---------------------------------------------------------------------- invocations


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
    world.lambda_.instances.concurrency_max = 0

    with pytest.raises(TooManyRequestsException) as refused:
        await world.invoke()

    assert refused.value.members["Reason"] == "ConcurrentInvocationLimitExceeded"


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
    world.lambda_.instances.concurrency_max = 0
    await world.invoke(1, InvocationType="Event")
    await world.clock.advance(3600 * 1000)
    assert world.lambda_.outbox.waiting("lambda.async") == 1

    world.lambda_.instances.concurrency_max = 1000
    await world.clock.advance(300_000)

    assert _log(world).count("run 1") == 1
    assert world.lambda_.outbox.waiting("lambda.async") == 0


async def test_throttled_event_is_dropped_after_six_hours(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.create(ECHO)
    world.lambda_.instances.concurrency_max = 0
    await world.invoke(1, InvocationType="Event")

    await world.clock.advance(6 * 3600 * 1000)

    assert world.lambda_.outbox.waiting("lambda.async") == 0
    assert "EventAgeExceeded" in caplog.text


async def test_event_waits_on_disk_until_its_end_is_known(world: World) -> None:
    await world.create(
        "import pathlib, time\n"
        "def handler(event, context):\n"
        "    while not pathlib.Path(event).exists(): time.sleep(0.01)\n"
    )
    gate = world.lambda_.settings.folder / "gate"
    await world.invoke(str(gate), InvocationType="Event")
    while not world.lambda_.under_way:
        await asyncio.sleep(0)
    assert world.lambda_.outbox.waiting("lambda.async") == 1

    gate.touch()
    await world.quiet()

    assert world.lambda_.outbox.waiting("lambda.async") == 0


# ---------------------------------------------------------------------- permissions


async def test_permission_is_added_shown_and_removed(world: World) -> None:
    await world.create(ECHO)
    added = await _permit(world, "s1")

    shown = await permissions.get_policy(world.lambda_, world.ctx, {"FunctionName": "f"})
    assert orjson.loads(shown["Policy"])["Statement"] == [orjson.loads(added["Statement"])]
    assert permissions.may_invoke(
        world.lambda_, ARN, "ses.amazonaws.com", source_arn="", source_account="000000000000"
    )

    await permissions.remove_permission(
        world.lambda_, world.ctx, {"FunctionName": "f", "StatementId": "s1"}
    )
    with pytest.raises(ResourceNotFoundException):
        await permissions.get_policy(world.lambda_, world.ctx, {"FunctionName": "f"})


async def test_permission_for_latest_alone_is_refused(world: World) -> None:
    await world.create(ECHO)

    with pytest.raises(InvalidParameterValueException, match=r"\$LATEST"):
        await _permit(world, "s1", Qualifier="$LATEST")


# ---------------------------------------------------------------------- event source mappings


async def test_mapping_is_creating_in_the_answer_and_enabled_afterwards(world: World) -> None:
    await world.create(ECHO)

    created = await mappings.create_event_source_mapping(
        world.lambda_, world.ctx, {"FunctionName": "f", "EventSourceArn": world.queue.arn}
    )
    found = await mappings.get_event_source_mapping(
        world.lambda_, world.ctx, {"UUID": created["UUID"]}
    )

    assert (created["State"], found["State"]) == ("Creating", "Enabled")
    assert found["FunctionArn"] == ARN
    assert (found["BatchSize"], found["MaximumBatchingWindowInSeconds"]) == (10, 0)
    assert found["EventSourceMappingArn"].endswith(f":event-source-mapping:{created['UUID']}")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        pytest.param({"BatchSize": 11}, "Maximum batch window in seconds", id="no window"),
        pytest.param({"StartingPosition": "LATEST"}, "StartingPosition is not valid", id="stream"),
        pytest.param({"TumblingWindowInSeconds": 9}, "'tumblingWindowInSeconds'", id="tumbling"),
        pytest.param({"EventSourceArn": "x"}, "Unsupported source arn", id="no ARN"),
        pytest.param(
            {"EventSourceArn": "arn:aws:sqs:eu-west-1:000000000000:none"},
            "NonExistentQueue",
            id="no queue",
        ),
    ],
)
async def test_mapping_is_refused(world: World, members: dict[str, object], words: str) -> None:
    await world.create(ECHO)

    with pytest.raises(InvalidParameterValueException, match=words):
        await world.map_queue(**members)


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}, id="filter"),
        pytest.param({"KMSKeyArn": "arn:aws:kms:x"}, id="key"),
        pytest.param({"EventSourceArn": "arn:aws:kinesis:eu-west-1:1:stream/s"}, id="kinesis"),
    ],
)
async def test_unserved_mapping_is_refused_by_name(
    world: World, members: dict[str, object]
) -> None:
    await world.create(ECHO)

    with pytest.raises(OperationNotServed):
        await world.map_queue(**members)


@pytest.mark.parametrize("maximum", [1, 1001])
async def test_maximum_concurrency_is_2_to_1000(world: World, maximum: int) -> None:
    await world.create(ECHO)

    with pytest.raises(ValidationException, match=r"scalingConfig\.maximumConcurrency"):
        await world.map_queue(ScalingConfig={"MaximumConcurrency": maximum})


async def test_visibility_timeout_must_cover_the_function_timeout(world: World) -> None:
    await world.create(ECHO, Timeout=31)

    with pytest.raises(
        InvalidParameterValueException,
        match="Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds",
    ):
        await world.map_queue()


async def test_queue_has_one_mapping_to_a_function(world: World) -> None:
    await world.create(ECHO)
    uuid = await world.map_queue()

    with pytest.raises(ResourceConflictException, match=uuid):
        await world.map_queue()


async def test_mappings_are_listed_by_function_and_queue(world: World) -> None:
    await world.create(ECHO)
    await world.create(ECHO, "g")
    first = await world.map_queue()
    second = await world.map_queue(FunctionName="g")

    async def listed(**request: object) -> set[str]:
        found = await mappings.list_event_source_mappings(
            world.lambda_, world.ctx, cast("shapes.ListEventSourceMappingsRequest", request)
        )
        return {shown["UUID"] for shown in found["EventSourceMappings"]}

    assert await listed() == {first, second}
    assert await listed(FunctionName="g") == {second}
    assert await listed(EventSourceArn=world.queue.arn) == {first, second}
    assert await listed(EventSourceArn=world.queue.arn, FunctionName="f") == {first}


async def test_unknown_mapping_is_not_found(world: World) -> None:
    with pytest.raises(ResourceNotFoundException):
        await mappings.get_event_source_mapping(world.lambda_, world.ctx, {"UUID": "x" * 36})


# ---------------------------------------------------------------------- the table


def test_every_served_operation_is_in_the_model() -> None:
    assert set(OPERATIONS) <= set(load_model("lambda").operation_names)
    assert resource_of({"FunctionName": ARN}) == "f"


async def _permit(world: World, statement_id: str, **more: str) -> shapes.AddPermissionResult:
    request = {
        "FunctionName": "f",
        "StatementId": statement_id,
        "Action": "lambda:InvokeFunction",
        "Principal": "ses.amazonaws.com",
        **more,
    }
    return await permissions.add_permission(
        world.lambda_, world.ctx, cast("shapes.AddPermissionRequest", request)
    )


def _log(world: World) -> str:
    path = world.lambda_.settings.folder / "logs/000000000000/eu-west-1/f.log"
    return path.read_text() if path.exists() else ""


async def test_event_interrupted_by_a_stop_runs_again(world: World) -> None:
    await world.create(
        "import pathlib, time\n"
        "def handler(event, context):\n"
        "    print('run', flush=True)\n"
        "    while not pathlib.Path(event).exists(): time.sleep(0.01)\n"
    )
    gate = world.lambda_.settings.folder / "gate"
    await world.invoke(str(gate), InvocationType="Event")
    async with asyncio.timeout(5):
        while "run" not in _log(world):
            await asyncio.sleep(0.005)
    await world.lambda_.outbox.stop(0)
    assert world.lambda_.outbox.waiting("lambda.async") == 1
    gate.touch()

    world.lambda_.outbox.start()
    await world.quiet()

    assert _log(world).count("run\n") == 2
    assert world.lambda_.outbox.waiting("lambda.async") == 0
