"""Layers: published, attached, deleted."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from kamome.services.lambda_.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    ResourceNotFoundException,
)
from kamome.services.lambda_.functions import functions
from kamome.services.lambda_.layers import layers

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

    from kamome.services.lambda_ import shapes

PREFIX = "arn:aws:lambda:eu-west-1:000000000000:layer:"
GREETS = "import greeting\ndef handler(event, context):\n    return greeting.TEXT\n"


def archive(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("python/greeting.py", f"TEXT = {text!r}\n")
    return file.getvalue()


async def publish(
    world: World, text: str, name: str = "greeting", runtimes: tuple[str, ...] = ("python3.11",)
) -> str:
    shown = await layers.publish_layer_version(
        world.lambda_,
        world.ctx,
        {
            "LayerName": name,
            "Content": {"ZipFile": archive(text)},
            "CompatibleRuntimes": list(runtimes),
        },
    )
    return shown["LayerVersionArn"]


async def test_function_imports_from_its_layer(world: World) -> None:
    arn = await publish(world, "hello")
    await world.create(GREETS, Layers=[arn])

    answer = await world.invoke()
    shown = await functions.get_function_configuration(
        world.lambda_, world.ctx, {"FunctionName": "f"}
    )

    assert answer["Payload"] == b'"hello"'
    assert arn == f"{PREFIX}greeting:1"
    assert shown["Layers"] == [{"Arn": arn, "CodeSize": len(archive("hello"))}]


async def test_later_layer_comes_before_an_earlier_one(world: World) -> None:
    first, second = await publish(world, "first", "a"), await publish(world, "second", "b")
    await world.create(GREETS, Layers=[first, second])

    assert (await world.invoke())["Payload"] == b'"second"'


async def test_deleted_version_stays_with_its_functions(world: World) -> None:
    arn = await publish(world, "hello")
    await world.create(GREETS, Layers=[arn])
    for _ in range(2):
        await layers.delete_layer_version(
            world.lambda_, world.ctx, {"LayerName": "greeting", "VersionNumber": 1}
        )

    assert (await world.invoke())["Payload"] == b'"hello"'
    with pytest.raises(ResourceNotFoundException):
        await layers.get_layer_version(
            world.lambda_, world.ctx, {"LayerName": "greeting", "VersionNumber": 1}
        )
    with pytest.raises(InvalidParameterValueException, match="does not exist"):
        await world.create(GREETS, name="g", Layers=[arn])
    assert await publish(world, "again") == f"{PREFIX}greeting:2"


async def test_layers_are_taken_away_by_an_empty_list(world: World) -> None:
    await world.create(GREETS, Layers=[await publish(world, "hello")])

    shown = await functions.update_function_configuration(
        world.lambda_, world.ctx, {"FunctionName": "f", "Layers": []}
    )

    assert "Layers" not in shown
    assert (await world.invoke())["FunctionError"] == "Unhandled"


class TestSizeWithLayers:
    BYTES_MAX = "kamome.services.lambda_.functions.code_size.CODE_UNZIPPED_BYTES_MAX"
    TOO_LARGE = "combined with layers exceeds the maximum allowed size of 200 bytes. The actual"

    @pytest.fixture
    async def layer(self, world: World, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(self.BYTES_MAX, 200)
        return await publish(world, "x" * 100)

    async def test_new_function_is_refused(self, world: World, layer: str) -> None:
        await world.create("#" * 50, name="fits", Layers=[layer])

        with pytest.raises(InvalidParameterValueException, match=self.TOO_LARGE):
            await world.create("#" * 150, Layers=[layer])

        with pytest.raises(ResourceNotFoundException):
            await world.invoke()

    async def test_layer_is_refused_to_a_function(self, world: World, layer: str) -> None:
        await world.create("#" * 150)

        with pytest.raises(InvalidParameterValueException, match=self.TOO_LARGE):
            await functions.update_function_configuration(
                world.lambda_, world.ctx, {"FunctionName": "f", "Layers": [layer]}
            )

    @pytest.mark.parametrize("dry_run", [False, True])
    async def test_code_is_refused_to_a_function(
        self, world: World, layer: str, *, dry_run: bool
    ) -> None:
        await world.create("#" * 50, Layers=[layer])
        code = world.archive("#" * 150)

        with pytest.raises(InvalidParameterValueException, match=self.TOO_LARGE):
            await functions.update_function_code(
                world.lambda_, world.ctx, {"FunctionName": "f", "ZipFile": code, "DryRun": dry_run}
            )


async def test_layers_and_versions_are_listed_and_paged(world: World) -> None:
    for text in ("one", "two", "three"):
        await publish(world, text)
    await publish(world, "other", "other")
    first = await layers.list_layer_versions(
        world.lambda_, world.ctx, {"LayerName": "greeting", "MaxItems": 2}
    )
    second = await layers.list_layer_versions(
        world.lambda_, world.ctx, {"LayerName": "greeting", "Marker": first["NextMarker"]}
    )
    listed = await layers.list_layers(world.lambda_, world.ctx, {})
    none = await layers.list_layers(world.lambda_, world.ctx, {"CompatibleRuntime": "nodejs20.x"})

    versions = [one["Version"] for page in (first, second) for one in page["LayerVersions"]]
    assert versions == [3, 2, 1]
    newest = [
        (one["LayerName"], one["LatestMatchingVersion"]["Version"]) for one in listed["Layers"]
    ]
    assert newest == [("greeting", 3), ("other", 1)]
    assert none["Layers"] == []


async def test_layers_of_a_runtime_are_those_that_name_it(world: World) -> None:
    await publish(world, "one")
    await publish(world, "two", runtimes=("nodejs20.x",))
    await publish(world, "other", "other", runtimes=())
    asked: shapes.ListLayersRequest = {"CompatibleRuntime": "python3.11"}

    listed = await layers.list_layers(world.lambda_, world.ctx, asked)
    found = await layers.list_layer_versions(
        world.lambda_, world.ctx, {"LayerName": "other", "CompatibleRuntime": "python3.11"}
    )

    newest = [
        (one["LayerName"], one["LatestMatchingVersion"]["Version"]) for one in listed["Layers"]
    ]
    assert newest == [("greeting", 1)]
    assert found["LayerVersions"] == []


async def test_version_is_found_by_its_arn(world: World) -> None:
    arn = await publish(world, "hello")

    found = await layers.get_layer_version_by_arn(world.lambda_, world.ctx, {"Arn": arn})

    assert found["Content"]["CodeSize"] == len(archive("hello"))
    assert found["LayerArn"] == f"{PREFIX}greeting"
    assert found["CompatibleRuntimes"] == ["python3.11"]


async def test_layers_are_refused(world: World) -> None:
    first, second = await publish(world, "one"), await publish(world, "two")
    foreign = "arn:aws:lambda:eu-west-1:111111111111:layer:x:1"

    with pytest.raises(InvalidParameterValueException, match="Two different versions"):
        await world.create(GREETS, Layers=[first, second])
    with pytest.raises(InvalidParameterValueException, match="more than 5 layers"):
        await world.create(GREETS, Layers=[f"{PREFIX}{n}:1" for n in "abcdef"])
    with pytest.raises(AccessDeniedException, match="lambda:GetLayerVersion"):
        await world.create(GREETS, Layers=[foreign])
    with pytest.raises(InvalidParameterValueException, match="does not exist"):
        await world.create(GREETS, Layers=[f"{PREFIX}none:1"])
