"""Deletion, policies, labels and tags."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any  # parameters of PutParameter

import orjson
import pytest

from kamome.errors import OperationNotServed
from kamome.services.ssm import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.ssm.conftest import World

NOTICE = {
    "Type": "ExpirationNotification",
    "Version": "1.0",
    "Attributes": {"Before": "15", "Unit": "Days"},
}
UNCHANGED = {
    "Type": "NoChangeNotification",
    "Version": "1.0",
    "Attributes": {"After": "20", "Unit": "Days"},
}


def expiration(world: World, after_s: int) -> dict[str, object]:
    moment = datetime.fromtimestamp(world.clock.now_ms() / 1000 + after_s, UTC)
    text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": text}}


def policies(*each: Mapping[str, object]) -> dict[str, Any]:
    return {"Tier": "Advanced", "Policies": orjson.dumps(each).decode()}


async def test_deleted_parameter_begins_again_with_version_one(world: World) -> None:
    await world.put("a", Tags=[{"Key": "k", "Value": "v"}])
    await world.put("a", Overwrite=True)
    await world.call("LabelParameterVersion", Name="a", Labels=["x"])

    await world.call("DeleteParameter", Name="a")
    again = await world.put("a")

    assert again["Version"] == 1
    tags = await world.call("ListTagsForResource", ResourceType="Parameter", ResourceId="a")
    assert tags["TagList"] == []
    with pytest.raises(errors.ParameterVersionNotFound):
        await world.get("a:x")


async def test_parameter_that_is_not_there_is_not_deleted(world: World) -> None:
    with pytest.raises(errors.ParameterNotFound):
        await world.call("DeleteParameter", Name="a")


async def test_several_are_deleted_and_the_others_named(world: World) -> None:
    await world.put("a")
    await world.put("b")

    done = await world.call("DeleteParameters", Names=["a", "none", "b", "no name"])

    assert done == {"DeletedParameters": ["a", "b"], "InvalidParameters": ["none", "no name"]}
    assert await world.described() == []


async def test_parameter_is_gone_when_its_expiration_has_come(world: World) -> None:
    await world.put("a", **policies(expiration(world, 3600)))

    await world.clock.advance(3_599_000)
    assert await world.described() == ["a"]

    await world.clock.advance(1_000)
    assert await world.described() == []


async def test_update_keeps_the_expiration_and_another_policy_moves_it(world: World) -> None:
    await world.put("a", **policies(expiration(world, 3600)))
    await world.put("a", "w", Overwrite=True)
    await world.put("b", **policies(expiration(world, 3600)))
    await world.put("b", Overwrite=True, **policies(expiration(world, 7200)))
    await world.put("c", **policies(expiration(world, 3600)))
    await world.put("c", Overwrite=True, Policies="[{}]")

    await world.clock.advance(3_600_000)
    assert await world.described() == ["b", "c"]

    await world.clock.advance(3_600_000)
    assert await world.described() == ["c"]


async def test_parameter_put_anew_does_not_expire_for_the_old_one(world: World) -> None:
    await world.put("a", **policies(expiration(world, 3600)))
    await world.call("DeleteParameter", Name="a")
    await world.put("a")

    await world.clock.advance(4_000_000)

    assert await world.described() == ["a"]


async def test_policies_are_shown(world: World) -> None:
    await world.put("a", **policies(expiration(world, 3600), NOTICE, UNCHANGED))

    (shown,) = (await world.call("DescribeParameters"))["Parameters"]

    assert [each["PolicyType"] for each in shown["Policies"]] == [
        "Expiration",
        "ExpirationNotification",
        "NoChangeNotification",
    ]
    assert orjson.loads(shown["Policies"][1]["PolicyText"]) == NOTICE
    assert shown["Policies"][0]["PolicyStatus"] == "Pending"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("{", errors.InvalidPolicyAttributeException),
        ('{"Type": "Expiration"}', errors.InvalidPolicyAttributeException),
        ([{"Type": "Rotation", "Version": "1.0"}], errors.InvalidPolicyTypeException),
        ([{**NOTICE, "Version": "2.0"}], errors.InvalidPolicyAttributeException),
        ([{**UNCHANGED, "Attributes": {"After": "1"}}], errors.InvalidPolicyAttributeException),
        (
            [{**UNCHANGED, "Attributes": {"After": "x", "Unit": "Days"}}],
            errors.InvalidPolicyAttributeException,
        ),
        (
            [{**UNCHANGED, "Attributes": {"After": "1", "Unit": "Weeks"}}],
            errors.InvalidPolicyAttributeException,
        ),
        (
            [{"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": "2030-01-01"}}],
            errors.InvalidPolicyAttributeException,
        ),
        ([NOTICE], errors.IncompatiblePolicyException),
        ([UNCHANGED] * 11, errors.PoliciesLimitExceededException),
    ],
)
async def test_such_policies_are_refused(
    world: World, given: object, error: type[Exception]
) -> None:
    text = given if isinstance(given, str) else orjson.dumps(given).decode()

    with pytest.raises(error):
        await world.put("a", Tier="Advanced", Policies=text)


async def test_two_expirations_are_refused(world: World) -> None:
    with pytest.raises(errors.IncompatiblePolicyException):
        await world.put("a", **policies(expiration(world, 1), expiration(world, 2)))


async def test_label_moves_from_version_to_version(world: World) -> None:
    await world.put("a", "one")
    await world.put("a", "two", Overwrite=True)

    first = await world.call("LabelParameterVersion", Name="a", ParameterVersion=1, Labels=["x"])
    second = await world.call("LabelParameterVersion", Name="a", Labels=["x"])

    assert (first["ParameterVersion"], second["ParameterVersion"]) == (1, 2)
    assert (await world.get("a:x"))["Value"] == "two"


async def test_texts_that_are_no_labels_are_told_and_the_others_attached(world: World) -> None:
    await world.put("a")

    done = await world.call(
        "LabelParameterVersion", Name="a", Labels=["ok", "1st", "awsome", "SSM", "a b", "x" * 101]
    )

    assert done["InvalidLabels"] == ["1st", "awsome", "SSM", "a b", "x" * 101]
    assert (await world.get("a:ok"))["Version"] == 1


async def test_version_has_ten_labels_at_most(world: World) -> None:
    await world.put("a")
    await world.call("LabelParameterVersion", Name="a", Labels=[f"l{n}" for n in range(10)])

    with pytest.raises(errors.ParameterVersionLabelLimitExceeded):
        await world.call("LabelParameterVersion", Name="a", Labels=["more"])
    await world.call("LabelParameterVersion", Name="a", Labels=["l1"])


async def test_labels_are_taken_from_the_version_that_has_them(world: World) -> None:
    await world.put("a")
    await world.put("a", Overwrite=True)
    await world.call("LabelParameterVersion", Name="a", ParameterVersion=1, Labels=["x"])
    await world.call("LabelParameterVersion", Name="a", ParameterVersion=2, Labels=["y"])

    done = await world.call(
        "UnlabelParameterVersion", Name="a", ParameterVersion=1, Labels=["x", "y"]
    )

    assert done == {"RemovedLabels": ["x"], "InvalidLabels": ["y"]}
    with pytest.raises(errors.ParameterVersionNotFound):
        await world.get("a:x")


@pytest.mark.parametrize(
    ("name", "version", "error"),
    [("none", 1, errors.ParameterNotFound), ("a", 2, errors.ParameterVersionNotFound)],
)
async def test_what_is_not_there_has_no_labels(
    world: World, name: str, version: int, error: type[Exception]
) -> None:
    await world.put("a")
    request = {"Name": name, "ParameterVersion": version, "Labels": ["x"]}

    with pytest.raises(error):
        await world.call("LabelParameterVersion", **request)
    with pytest.raises(error):
        await world.call("UnlabelParameterVersion", **request)


async def test_tags_are_put_replaced_and_removed(world: World) -> None:
    of_a = {"ResourceType": "Parameter", "ResourceId": "a"}
    await world.put("a", Tags=[{"Key": "x", "Value": "1"}])

    await world.call(
        "AddTagsToResource",
        **of_a,
        Tags=[{"Key": "x", "Value": "2"}, {"Key": "y", "Value": ""}, {"Key": "z", "Value": "3"}],
    )
    await world.call("RemoveTagsFromResource", **of_a, TagKeys=["z", "none"])

    tags = await world.call("ListTagsForResource", **of_a)
    assert tags["TagList"] == [{"Key": "x", "Value": "2"}, {"Key": "y", "Value": ""}]


async def test_overwrite_keeps_the_tags(world: World) -> None:
    await world.put("a", Tags=[{"Key": "x", "Value": "1"}])

    await world.put("a", Overwrite=True)

    assert await world.described({"Key": "tag:x"}) == ["a"]


async def test_parameter_has_fifty_tags_at_most(world: World) -> None:
    await world.put("a")
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(51)]

    with pytest.raises(errors.TooManyTagsError):
        await world.call("AddTagsToResource", ResourceType="Parameter", ResourceId="a", Tags=tags)


async def test_only_parameters_have_tags_here(world: World) -> None:
    with pytest.raises(errors.InvalidResourceId):
        await world.call("ListTagsForResource", ResourceType="Parameter", ResourceId="none")
    with pytest.raises(OperationNotServed, match="Document"):
        await world.call("ListTagsForResource", ResourceType="Document", ResourceId="a")
