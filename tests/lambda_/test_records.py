"""What is kept and shown of functions, layers and mappings, and changes nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from msgspec.structs import replace

from kamome.errors import OperationNotServed
from kamome.services.lambda_.errors import (
    AccessDeniedException,
    CodeSigningConfigNotFoundException,
    InvalidParameterValueException,
    PreconditionFailedException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from kamome.services.lambda_.event_source_mappings import mappings
from kamome.services.lambda_.functions import code_signing, function_records, functions
from kamome.services.lambda_.layers import layer_permissions, layers

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

    from kamome.services.lambda_ import shapes

ECHO = "def handler(event, context):\n    return event\n"
PROFILE = "arn:aws:signer:eu-west-1:000000000000:/signing-profiles/p/abc"
IMAGE = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/app:1"


async def signing_config(world: World) -> str:
    made = await code_signing.create_code_signing_config(
        world.lambda_,
        world.ctx,
        {"AllowedPublishers": {"SigningProfileVersionArns": [PROFILE]}, "Description": "d"},
    )
    return made["CodeSigningConfig"]["CodeSigningConfigArn"]


class TestCodeSigning:
    async def test_configuration_is_kept_changed_and_listed(self, world: World) -> None:
        arn = await signing_config(world)

        changed = await code_signing.update_code_signing_config(
            world.lambda_,
            world.ctx,
            {
                "CodeSigningConfigArn": arn,
                "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"},
            },
        )
        listed = await code_signing.list_code_signing_configs(world.lambda_, world.ctx, {})

        config = changed["CodeSigningConfig"]
        assert config["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Enforce"}
        assert (config["Description"], len(config["CodeSigningConfigId"])) == ("d", 21)
        assert listed["CodeSigningConfigs"] == [config]

    async def test_function_has_one_and_it_cannot_go_before(self, world: World) -> None:
        arn = await signing_config(world)
        function = await world.create(ECHO, CodeSigningConfigArn=arn)
        named: Any = {"CodeSigningConfigArn": arn}

        having = await code_signing.list_functions_by_code_signing_config(
            world.lambda_, world.ctx, named
        )
        with pytest.raises(ResourceConflictException):
            await code_signing.delete_code_signing_config(world.lambda_, world.ctx, named)
        await code_signing.delete_function_code_signing_config(
            world.lambda_, world.ctx, {"FunctionName": "f"}
        )
        await code_signing.delete_code_signing_config(world.lambda_, world.ctx, named)

        assert having["FunctionArns"] == [function]
        with pytest.raises(ResourceNotFoundException):
            await code_signing.get_code_signing_config(world.lambda_, world.ctx, named)

    async def test_function_without_one_shows_an_empty_arn(self, world: World) -> None:
        await world.create(ECHO)

        shown = await code_signing.get_function_code_signing_config(
            world.lambda_, world.ctx, {"FunctionName": "f"}
        )

        assert shown == {"CodeSigningConfigArn": "", "FunctionName": "f"}

    async def test_one_that_is_not_there_is_refused(self, world: World) -> None:
        arn = "arn:aws:lambda:eu-west-1:000000000000:code-signing-config:csc-0123456789abcdef0"

        with pytest.raises(CodeSigningConfigNotFoundException):
            await world.create(ECHO, CodeSigningConfigArn=arn)


async def test_recursion_is_terminated_unless_said_otherwise(world: World) -> None:
    await world.create(ECHO)
    named: Any = {"FunctionName": "f"}
    before = await function_records.get_function_recursion_config(world.lambda_, world.ctx, named)
    await function_records.put_function_recursion_config(
        world.lambda_, world.ctx, {"FunctionName": "f", "RecursiveLoop": "Allow"}
    )
    after = await function_records.get_function_recursion_config(world.lambda_, world.ctx, named)

    assert (before, after) == ({"RecursiveLoop": "Terminate"}, {"RecursiveLoop": "Allow"})


async def test_runtime_is_updated_automatically_unless_said_otherwise(world: World) -> None:
    await world.create(ECHO)
    named: Any = {"FunctionName": "f"}
    version = f"arn:aws:lambda:eu-west-1::runtime:{'a' * 64}"
    before = await function_records.get_runtime_management_config(world.lambda_, world.ctx, named)
    with pytest.raises(InvalidParameterValueException):
        await function_records.put_runtime_management_config(
            world.lambda_, world.ctx, {"FunctionName": "f", "UpdateRuntimeOn": "Manual"}
        )
    await function_records.put_runtime_management_config(
        world.lambda_,
        world.ctx,
        {"FunctionName": "f", "UpdateRuntimeOn": "Manual", "RuntimeVersionArn": version},
    )
    after = await function_records.get_runtime_management_config(world.lambda_, world.ctx, named)

    assert before["UpdateRuntimeOn"] == "Auto"
    assert (after["UpdateRuntimeOn"], after["RuntimeVersionArn"]) == ("Manual", version)


class TestLayerPermissions:
    async def published(self, world: World) -> str:
        made = await layers.publish_layer_version(
            world.lambda_,
            world.ctx,
            {"LayerName": "l", "Content": {"ZipFile": world.archive("A = 1\n")}},
        )
        return made["LayerVersionArn"]

    async def share(self, world: World, **more: str) -> shapes.AddLayerVersionPermissionResult:
        request = {
            "LayerName": "l",
            "VersionNumber": 1,
            "StatementId": "s",
            "Action": "lambda:GetLayerVersion",
            "Principal": "222222222222",
            **more,
        }
        return await layer_permissions.add_layer_version_permission(
            world.lambda_, world.ctx, cast("shapes.AddLayerVersionPermissionRequest", request)
        )

    async def test_account_that_is_named_may_use_it_and_others_may_not(self, world: World) -> None:
        arn = await self.published(world)
        await self.share(world)

        for account, may in (("222222222222", True), ("333333333333", False)):
            ctx = replace(world.ctx, account=account)
            request: Any = {"Arn": arn}
            if may:
                found = await layers.get_layer_version_by_arn(world.lambda_, ctx, request)
                assert found["LayerVersionArn"] == arn
            else:
                with pytest.raises(AccessDeniedException):
                    await layers.get_layer_version_by_arn(world.lambda_, ctx, request)

    async def test_organization_is_nobody_here(self, world: World) -> None:
        arn = await self.published(world)
        await self.share(world, Principal="*", OrganizationId="o-1234567890")

        with pytest.raises(AccessDeniedException):
            await layers.get_layer_version_by_arn(
                world.lambda_, replace(world.ctx, account="222222222222"), {"Arn": arn}
            )

    async def test_policy_is_shown_and_its_statement_removed(self, world: World) -> None:
        await self.published(world)
        added = await self.share(world)
        named: Any = {"LayerName": "l", "VersionNumber": 1}

        shown = await layer_permissions.get_layer_version_policy(world.lambda_, world.ctx, named)
        with pytest.raises(ResourceConflictException):
            await self.share(world)
        with pytest.raises(PreconditionFailedException):
            await layer_permissions.remove_layer_version_permission(
                world.lambda_,
                world.ctx,
                {"LayerName": "l", "VersionNumber": 1, "StatementId": "s", "RevisionId": "o"},
            )
        await layer_permissions.remove_layer_version_permission(
            world.lambda_,
            world.ctx,
            {"LayerName": "l", "VersionNumber": 1, "StatementId": "s"},
        )

        assert '"Sid":"s"' in shown["Policy"]
        assert shown["RevisionId"] == added["RevisionId"]
        with pytest.raises(ResourceNotFoundException):
            await layer_permissions.get_layer_version_policy(world.lambda_, world.ctx, named)


async def test_all_versions_are_listed_over_pages(world: World) -> None:
    await world.create(ECHO, "a", Publish=True)
    await world.create(ECHO, "b", Publish=True)
    shown: list[str] = []
    request: dict[str, object] = {"FunctionVersion": "ALL", "MaxItems": 1}

    while True:
        page = await functions.list_functions(
            world.lambda_, world.ctx, cast("shapes.ListFunctionsRequest", request)
        )
        shown += [one["FunctionArn"].partition("function:")[2] for one in page["Functions"]]
        if "NextMarker" not in page:
            break
        request["Marker"] = page["NextMarker"]

    assert shown == ["a:$LATEST", "a:1", "b:$LATEST", "b:1"]


async def test_functions_of_another_master_region_are_none(world: World) -> None:
    await world.create(ECHO)

    listed = await functions.list_functions(world.lambda_, world.ctx, {"MasterRegion": "us-east-1"})

    assert listed["Functions"] == []


async def test_snap_start_is_on_for_published_versions_alone(world: World) -> None:
    await world.create(
        ECHO, Runtime="python3.12", SnapStart={"ApplyOn": "PublishedVersions"}, Publish=True
    )
    shown = [
        await functions.get_function_configuration(
            world.lambda_, world.ctx, {"FunctionName": "f", "Qualifier": qualifier}
        )
        for qualifier in ("$LATEST", "1")
    ]

    assert [one["SnapStart"]["OptimizationStatus"] for one in shown] == ["Off", "On"]
    with pytest.raises(InvalidParameterValueException, match=r"python3\.11 is not supported"):
        await world.create(ECHO, "g", SnapStart={"ApplyOn": "PublishedVersions"})


class TestImages:
    async def create(self, world: World, **more: object) -> shapes.FunctionConfiguration:
        request = {
            "FunctionName": "f",
            "Role": "arn:aws:iam::000000000000:role/r",
            "PackageType": "Image",
            "Code": {"ImageUri": IMAGE},
            **more,
        }
        return await functions.create_function(
            world.lambda_, world.ctx, cast("shapes.CreateFunctionRequest", request)
        )

    async def test_image_is_kept_and_shown(self, world: World) -> None:
        made = await self.create(world, ImageConfig={"Command": ["app.handler"]})
        found = await functions.get_function(world.lambda_, world.ctx, {"FunctionName": "f"})

        assert (made["PackageType"], made["CodeSize"]) == ("Image", 0)
        assert "Runtime" not in made
        assert made["ImageConfigResponse"] == {"ImageConfig": {"Command": ["app.handler"]}}
        assert (found["Code"]["RepositoryType"], found["Code"]["ImageUri"]) == ("ECR", IMAGE)

    async def test_image_is_replaced_and_published(self, world: World) -> None:
        await self.create(world, Publish=True)

        changed = await functions.update_function_code(
            world.lambda_, world.ctx, {"FunctionName": "f", "ImageUri": f"{IMAGE}2"}
        )
        await functions.delete_function(world.lambda_, world.ctx, {"FunctionName": "f"})

        assert len(changed["CodeSha256"]) == 64

    @pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
    async def test_image_is_refused_at_invoke_without_a_container_runtime(
        self, world: World, kind: str
    ) -> None:
        await self.create(world)

        with pytest.raises(OperationNotServed, match="container_runtime"):
            await world.invoke(InvocationType=kind)

    @pytest.mark.parametrize(
        "more",
        [
            pytest.param({"Handler": "app.handler"}, id="a handler"),
            pytest.param({"Runtime": "python3.11"}, id="a runtime"),
            pytest.param({"Code": {"ZipFile": b"x"}}, id="no image"),
            pytest.param({"PackageType": "Zip"}, id="an archive's package type"),
        ],
    )
    async def test_image_goes_with_no_runtime_and_no_archive(
        self, world: World, more: dict[str, object]
    ) -> None:
        with pytest.raises(InvalidParameterValueException):
            await self.create(world, **more)

    async def test_image_is_given_no_layer_later(self, world: World) -> None:
        await self.create(world)
        layer = "arn:aws:lambda:eu-west-1:000000000000:layer:tools:1"

        with pytest.raises(InvalidParameterValueException, match="PackageType is Image"):
            await functions.update_function_configuration(
                world.lambda_, world.ctx, {"FunctionName": "f", "Layers": [layer]}
            )


class TestProvisionedPollers:
    async def test_they_are_kept_and_taken_away(self, world: World) -> None:
        await world.create(ECHO)
        uuid = await world.map_queue(ProvisionedPollerConfig={"MinimumPollers": 5})

        shown = await mappings.get_event_source_mapping(world.lambda_, world.ctx, {"UUID": uuid})
        without = await mappings.update_event_source_mapping(
            world.lambda_, world.ctx, {"UUID": uuid, "ProvisionedPollerConfig": {}}
        )

        assert shown["ProvisionedPollerConfig"] == {"MinimumPollers": 5, "MaximumPollers": 200}
        assert "ProvisionedPollerConfig" not in without

    async def test_they_and_a_maximum_concurrency_exclude_each_other(self, world: World) -> None:
        await world.create(ECHO)

        with pytest.raises(InvalidParameterValueException, match="cannot be set together"):
            await world.map_queue(
                ProvisionedPollerConfig={"MinimumPollers": 5},
                ScalingConfig={"MaximumConcurrency": 2},
            )
