"""Operations on functions, without HTTP."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, cast

import pytest

from kamome.errors import AwsError, OperationNotServed
from kamome.protocols.model import load_model
from kamome.services.lambda_ import shapes
from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    PreconditionFailedException,
    ResourceConflictException,
    ResourceNotFoundException,
    ValidationException,
)
from kamome.services.lambda_.functions import functions
from kamome.services.lambda_.operations import OPERATIONS, resource_of
from kamome.services.lambda_.permissions import permissions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lambda_.conftest import World

ECHO = "def handler(event, context):\n    return event\n"
ARN = "arn:aws:lambda:eu-west-1:000000000000:function:f"


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


async def test_function_code_can_be_a_version_of_an_object(world: World) -> None:
    world.objects["code", "f.zip"] = b"something else by now"
    world.objects["code", "f.zip?v1"] = world.archive(ECHO)
    await world.create(ECHO, Code={"S3Bucket": "code", "S3Key": "f.zip", "S3ObjectVersion": "v1"})

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
        pytest.param({"Runtime": "java21"}, OperationNotServed, id="java"),
        pytest.param({"PackageType": "Image"}, InvalidParameterValueException, id="image"),
        pytest.param({"Layers": ["arn"]}, InvalidParameterValueException, id="layers"),
        pytest.param({"VpcConfig": {"SubnetIds": ["s"]}}, OperationNotServed, id="VPC"),
        pytest.param({"PublishTo": "x"}, OperationNotServed, id="publish"),
        pytest.param({"Code": {}}, InvalidParameterValueException, id="no code"),
        pytest.param({"Code": {"ImageUri": "x"}}, InvalidParameterValueException, id="image code"),
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


async def test_image_for_a_function_of_archives_is_refused(world: World) -> None:
    await world.create(ECHO)

    with pytest.raises(InvalidParameterValueException, match="don't provide ImageUri"):
        await functions.update_function_code(
            world.lambda_, world.ctx, {"FunctionName": "f", "ImageUri": "x"}
        )


async def test_published_version_cannot_be_changed(world: World) -> None:
    await world.create(ECHO, Publish=True)

    with pytest.raises(InvalidParameterValueException, match="permitted on Lambda functions only"):
        await functions.update_function_configuration(
            world.lambda_, world.ctx, {"FunctionName": "f:1", "Timeout": 9}
        )
    with pytest.raises(InvalidParameterValueException, match="permitted on Lambda functions only"):
        await functions.update_function_code(
            world.lambda_, world.ctx, {"FunctionName": "f:1", "ZipFile": world.archive(ECHO)}
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
