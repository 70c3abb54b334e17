"""PutParameter: names, values, versions, tiers, types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any  # parameters of PutParameter

import pytest

from kamome.errors import AwsError, OperationNotServed
from kamome.services.ssm import errors

if TYPE_CHECKING:
    from tests.ssm.conftest import World


async def test_first_version_is_one_and_each_overwrite_adds_one(world: World) -> None:
    first = await world.put("/shop/name", "a")
    second = await world.put("/shop/name", "b", Overwrite=True)

    assert (first, second) == (
        {"Version": 1, "Tier": "Standard"},
        {"Version": 2, "Tier": "Standard"},
    )
    assert (await world.get("/shop/name"))["Value"] == "b"


async def test_parameter_that_exists_is_not_replaced_unasked(world: World) -> None:
    await world.put("name", "a")

    with pytest.raises(errors.ParameterAlreadyExists, match="overwrite option"):
        await world.put("name", "b")
    assert (await world.get("name"))["Value"] == "a"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("two words", errors.ValidationException),
        ("a/b", errors.ValidationException),
        ("/a//b", errors.ValidationException),
        ("/a/", errors.ValidationException),
        ("/", errors.ValidationException),
        ("ssm-key", errors.ValidationException),
        ("/SSM/key", errors.ValidationException),
        ("awskey", errors.AccessDeniedException),
        ("/Aws/service/x", errors.AccessDeniedException),
        ("name:1", errors.ValidationException),
        ("/" + "/".join("abcdefghijklmnop"), errors.HierarchyLevelLimitExceededException),
        ("n" * 967, errors.ValidationException),
    ],
    ids=str,
)
async def test_such_a_name_is_refused(world: World, name: str, error: type[AwsError]) -> None:
    with pytest.raises(error):
        await world.put(name)


@pytest.mark.parametrize(
    "name", ["a", "/a", "A.b-c_d", "/" + "/".join("abcdefghijklmno"), "n" * 966, "/x/aws"], ids=str
)
async def test_such_a_name_is_taken(world: World, name: str) -> None:
    await world.put(name)

    assert (await world.get(name))["Name"] == name


async def test_spaces_around_a_name_are_removed(world: World) -> None:
    await world.put(" /a ")

    assert await world.described() == ["/a"]


@pytest.mark.parametrize(
    ("value", "more"),
    [
        ("", {}),
        ("x {{other}}", {}),
        ("x" * 4097, {}),
        ("é" * 2049, {}),
        ("x" * 8193, {"Tier": "Advanced"}),
        ("x", {"KeyId": "alias/shop"}),
        ("x", {"Tier": "Standard", "Policies": '[{"Type":"NoChangeNotification","Version":"1.0",'
               '"Attributes":{"After":"1","Unit":"Days"}}]'}),
        ("x", {"DataType": "texts"}),
        ("x", {"Overwrite": True}),
        ("x", {"Overwrite": True, "Type": "String", "Tags": [{"Key": "a", "Value": "b"}]}),
        ("x", {"Tags": [{"Key": "aws:a", "Value": "b"}]}),
    ],
    ids=["empty", "nested", "4 KB", "4 KB of UTF-8", "8 KB", "key of a String", "policies",
         "data type", "no type", "tags of an overwrite", "reserved tag"],
)  # fmt: skip
async def test_such_a_request_is_refused(world: World, value: str, more: dict[str, Any]) -> None:
    with pytest.raises(errors.ValidationException):
        await world.put("p", value, **more)

    assert await world.described() == []


async def test_advanced_tier_takes_8_kb_and_is_never_left(world: World) -> None:
    await world.put("p", "x" * 8192, Tier="Advanced")

    again = await world.put("p", "y" * 5000, Overwrite=True)

    assert again["Tier"] == "Advanced"
    with pytest.raises(errors.ValidationException, match="downgrade"):
        await world.put("p", "z", Overwrite=True, Tier="Standard")


async def test_intelligent_tiering_goes_by_the_size(world: World) -> None:
    small = await world.put("small", "x", Tier="Intelligent-Tiering")
    large = await world.put("large", "x" * 5000, Tier="Intelligent-Tiering")

    assert (small["Tier"], large["Tier"]) == ("Standard", "Advanced")


async def test_type_cannot_be_changed(world: World) -> None:
    await world.put("p")

    with pytest.raises(errors.HierarchyTypeMismatchException):
        await world.put("p", Overwrite=True, Type="SecureString")


async def test_update_keeps_what_it_does_not_name(world: World) -> None:
    await world.put("p", "12", Description="a number", AllowedPattern=r"^\d+$", DataType="integer")

    await world.put("p", "13", Overwrite=True)

    (shown,) = (await world.call("DescribeParameters"))["Parameters"]
    assert shown["Description"] == "a number"
    assert shown["AllowedPattern"] == r"^\d+$"
    assert shown["DataType"] == "integer"
    assert shown["Version"] == 2


async def test_value_must_match_the_allowed_pattern(world: World) -> None:
    await world.put("p", "12", AllowedPattern=r"^\d+$")

    with pytest.raises(errors.ParameterPatternMismatchException):
        await world.put("p", "12a", Overwrite=True)


async def test_pattern_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(errors.InvalidAllowedPatternException):
        await world.put("p", "12", AllowedPattern="(")


async def test_pattern_that_takes_forever_is_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kamome.services.ssm.patterns.PATTERN_S_MAX", 0.3)

    with pytest.raises(errors.InvalidAllowedPatternException, match="longer"):
        await world.put("p", "a" * 60 + "!", AllowedPattern="^(a+)+$")


@pytest.mark.parametrize(
    ("data_type", "value", "is_taken"),
    [
        ("aws:ec2:image", "ami-0123456789abcdef0", True),
        ("aws:ec2:image", "ami-xyz", False),
        ("integer", "-12", True),
        ("integer", "1.5", False),
        ("float", "1.5e3", True),
        ("float", "one", False),
        ("boolean", "true", True),
        ("boolean", "yes", False),
        ("json", '{"a": 1}', True),
        ("json", "{a}", False),
        ("ipv4-address", "192.0.2.1", True),
        ("ipv4-address", "192.0.2.256", False),
        ("ipv6-address", "2001:db8::1", True),
        ("ipv6-address", "192.0.2.1", False),
        ("aws:account:id", "123456789012", True),
        ("aws:account:id", "12345", False),
    ],
)
async def test_value_is_what_its_data_type_says(
    world: World, data_type: str, value: str, is_taken: bool
) -> None:
    if is_taken:
        await world.put("p", value, DataType=data_type)
        assert (await world.get("p"))["DataType"] == data_type
    else:
        with pytest.raises(errors.ValidationException):
            await world.put("p", value, DataType=data_type)


async def test_each_item_of_a_list_is_what_the_data_type_says(world: World) -> None:
    await world.put("p", "1,2,3", Type="StringList", DataType="integer")

    with pytest.raises(errors.ValidationException):
        await world.put("p", "1,b,3", Overwrite=True)


async def test_data_type_that_is_not_checked_here_is_refused_by_name(world: World) -> None:
    with pytest.raises(OperationNotServed, match="jsonc"):
        await world.put("p", "{}", DataType="jsonc")


async def test_image_becomes_nothing_else(world: World) -> None:
    await world.put("p", "ami-0123456789abcdef0", DataType="aws:ec2:image")

    with pytest.raises(errors.ValidationException):
        await world.put("p", "text", Overwrite=True, DataType="text")


async def test_latest_hundred_versions_are_kept(world: World) -> None:
    await world.put("p", "1")
    for number in range(2, 103):
        await world.put("p", str(number), Overwrite=True)

    with pytest.raises(errors.ParameterVersionNotFound):
        await world.get("p:2")
    assert (await world.get("p:3"))["Value"] == "3"


async def test_labelled_version_does_not_make_room(world: World) -> None:
    await world.put("p", "1")
    await world.call("LabelParameterVersion", Name="p", Labels=["first"])
    for number in range(2, 101):
        await world.put("p", str(number), Overwrite=True)

    with pytest.raises(errors.ParameterMaxVersionLimitExceeded, match="Version 1, the oldest"):
        await world.put("p", "101", Overwrite=True)
    assert (await world.get("p"))["Version"] == 100


async def test_account_has_so_many_parameters_of_a_tier(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kamome.services.ssm.put_parameter.STANDARD_PARAMETERS_MAX", 2)
    await world.put("a")
    await world.put("b")

    with pytest.raises(errors.ParameterLimitExceeded):
        await world.put("c")
    await world.put("c", Tier="Advanced")
    await world.put("a", Overwrite=True)
