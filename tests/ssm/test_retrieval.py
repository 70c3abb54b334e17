"""GetParameter(s), GetParametersByPath, GetParameterHistory, DescribeParameters."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import orjson
import pytest
from msgspec.structs import replace
from tests.ssm.conftest import ACCOUNT, CALLER, REGION

from kamome.errors import OperationNotServed
from kamome.services.ssm import errors
from kamome.services.ssm.operations import OPERATIONS
from kamome.services.ssm.slice import Ssm

if TYPE_CHECKING:
    from tests.ssm.conftest import World

ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/"


async def test_parameter_is_shown_whole(world: World) -> None:
    await world.put("/shop/name", "a,b", Type="StringList")

    assert await world.get("/shop/name") == {
        "Name": "/shop/name",
        "Type": "StringList",
        "Value": "a,b",
        "Version": 1,
        "LastModifiedDate": world.clock.now_ms() / 1000,
        "ARN": f"{ARN}shop/name",
        "DataType": "text",
    }


async def test_parameter_of_another_region_is_not_found_by_its_arn(world: World) -> None:
    there = dataclasses.replace(world, ctx=replace(world.ctx, region="us-east-1"))
    await there.put("a")
    arn = (await there.get("a"))["ARN"]

    with pytest.raises(errors.ParameterNotFound):
        await world.get(arn)

    assert (await world.call("GetParameters", Names=[arn]))["InvalidParameters"] == [arn]


@pytest.mark.parametrize(
    ("asked", "value", "selector"),
    [
        ("/a/b", "two", None),
        ("/a/b:1", "one", ":1"),
        ("/a/b:old", "one", ":old"),
        (f"{ARN}a/b", "two", None),
        (f"{ARN}a/b:1", "one", ":1"),
        (f"{ARN}a/b:old", "one", ":old"),
    ],
)
async def test_parameter_is_asked_for_in_many_ways(
    world: World, asked: str, value: str, selector: str | None
) -> None:
    await world.put("/a/b", "one")
    await world.call("LabelParameterVersion", Name="/a/b", Labels=["old"])
    await world.put("/a/b", "two", Overwrite=True)

    found = await world.get(asked)

    assert (found["Value"], found.get("Selector")) == (value, selector)


@pytest.mark.parametrize("name", ["a", "/a"])
async def test_arn_of_one_level_means_a_name_with_or_without_slash(world: World, name: str) -> None:
    await world.put(name, "v")

    assert (await world.get(f"{ARN}a"))["Name"] == name


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ("none", errors.ParameterNotFound, "^$"),
        (f"{ARN}none", errors.ParameterNotFound, "^$"),
        ("a:2", errors.ParameterVersionNotFound, "could not find version 2 of a"),
        ("a:99999999999999999999", errors.ParameterVersionNotFound, "could not find"),
        ("a:prod", errors.ParameterVersionNotFound, "could not find label prod for parameter a"),
        ("{a}", errors.ValidationException, "Parameter name"),
        ("arn:aws:sqs:eu-west-1:000000000000:a", errors.ValidationException, "ARN"),
        (
            f"arn:aws:ssm:{REGION}:111111111111:parameter/a",
            errors.AccessDeniedException,
            "not authorized",
        ),
        ("/aws/reference/secretsmanager/a", errors.ValidationException, "must be True"),
    ],
)
async def test_what_is_not_there_is_refused(
    world: World, asked: str, error: type[Exception], words: str
) -> None:
    await world.put("a")

    with pytest.raises(error, match=words):
        await world.get(asked)


async def test_account_and_region_have_names_of_their_own(world: World) -> None:
    await world.put("a")
    elsewhere = replace(world.ctx, region="us-east-1")

    with pytest.raises(errors.ParameterNotFound):
        await OPERATIONS["GetParameter"](world.ssm, elsewhere, {"Name": "a"})


async def test_several_come_in_the_order_of_their_names(world: World) -> None:
    for name in ("b", "a", "c"):
        await world.put(name)

    found = await world.call("GetParameters", Names=["c", "none", "a:1", "a:7", "b"])

    assert [each["Name"] for each in found["Parameters"]] == ["a", "b", "c"]
    assert found["InvalidParameters"] == ["none", "a:7"]


async def test_path_gives_one_level_or_all(world: World) -> None:
    for name in ("/a/b", "/a/c/d", "/ab", "/a", "a", "/a/c/e/f"):
        await world.put(name)

    assert await world.below("/a") == ["/a/b"]
    assert await world.below("/a/", Recursive=True) == ["/a/b", "/a/c/d", "/a/c/e/f"]
    assert await world.below("/") == ["/a", "/ab"]


async def test_path_has_a_slash_in_front(world: World) -> None:
    with pytest.raises(errors.ValidationException, match="must begin with a forward slash"):
        await world.below("a")


async def test_path_is_read_in_pages_of_ten(world: World) -> None:
    names = [f"/a/{number:02}" for number in range(21)]
    for name in names:
        await world.put(name)

    seen: list[str] = []
    token: dict[str, str] = {}
    for _ in range(3):
        page = await world.call("GetParametersByPath", Path="/a", **token)
        seen += [each["Name"] for each in page["Parameters"]]
        token = {"NextToken": page.get("NextToken", "")}

    assert seen == names
    assert token == {"NextToken": ""}


async def test_path_is_filtered_by_type_key_and_label(world: World) -> None:
    await world.put("/a/list", "v", Type="StringList")
    await world.put("/a/secret", "v", Type="SecureString", KeyId="alias/shop")
    await world.put("/a/text", "old")
    await world.call("LabelParameterVersion", Name="/a/text", Labels=["prod"])
    await world.put("/a/text", "new", Overwrite=True)

    def by(key: str, *values: str) -> dict[str, object]:
        return {"ParameterFilters": [{"Key": key, "Option": "Equals", "Values": list(values)}]}

    assert await world.below("/a", **by("Type", "StringList")) == ["/a/list"]
    assert await world.below("/a", **by("KeyId", "alias/shop")) == ["/a/secret"]
    labelled = await world.call("GetParametersByPath", Path="/a", **by("Label", "prod"))
    assert [(each["Value"], each["Version"]) for each in labelled["Parameters"]] == [("old", 1)]


@pytest.mark.parametrize(
    ("filter_", "error"),
    [
        ({"Key": "Name", "Values": ["a"]}, errors.InvalidFilterKey),
        ({"Key": "tag:a", "Values": ["a"]}, errors.InvalidFilterKey),
        ({"Key": "Label", "Option": "BeginsWith", "Values": ["a"]}, errors.InvalidFilterOption),
        ({"Key": "Type", "Values": ["Number"]}, errors.InvalidFilterValue),
        ({"Key": "Type"}, errors.InvalidFilterValue),
    ],
)
async def test_path_has_no_such_filter(
    world: World, filter_: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await world.below("/a", ParameterFilters=[filter_])


async def test_token_of_somebody_else_is_refused(world: World) -> None:
    with pytest.raises(errors.InvalidNextToken):
        await world.described(NextToken="é")


async def test_history_is_the_versions_from_the_oldest_with_their_labels(world: World) -> None:
    await world.put("a", "one", Description="first")
    await world.call("LabelParameterVersion", Name="a", Labels=["x", "y"])
    await world.put("a", "two", Overwrite=True)

    page = await world.call("GetParameterHistory", Name="a", MaxResults=1)
    rest = await world.call("GetParameterHistory", Name="a", NextToken=page["NextToken"])

    (first,), (second,) = page["Parameters"], rest["Parameters"]
    assert (first["Value"], first["Labels"], first["Version"]) == ("one", ["x", "y"], 1)
    assert (second["Value"], second["Labels"], second["Version"]) == ("two", [], 2)
    assert first["LastModifiedUser"] == CALLER
    assert "NextToken" not in rest


async def test_descriptions_are_filtered(world: World) -> None:
    await world.put("/a/b", Tags=[{"Key": "env", "Value": "prod"}])
    await world.put("/a/c/d", Tier="Advanced")
    await world.put("ab", "1", DataType="integer", Tags=[{"Key": "env", "Value": "dev"}])
    await world.put("s", Type="SecureString")

    assert await world.described({"Key": "Name", "Values": ["ab", "s"]}) == ["ab", "s"]
    assert await world.described({"Key": "Name", "Option": "BeginsWith", "Values": ["/a"]}) == [
        "/a/b",
        "/a/c/d",
    ]
    assert await world.described({"Key": "Name", "Option": "Contains", "Values": ["b"]}) == [
        "/a/b",
        "ab",
    ]
    assert await world.described({"Key": "Path", "Values": ["/a"]}) == ["/a/b"]
    assert await world.described({"Key": "Path", "Option": "Recursive", "Values": ["/a"]}) == [
        "/a/b",
        "/a/c/d",
    ]
    assert await world.described({"Key": "Tier", "Values": ["Advanced"]}) == ["/a/c/d"]
    assert await world.described({"Key": "Type", "Values": ["SecureString"]}) == ["s"]
    assert await world.described({"Key": "KeyId", "Values": ["alias/aws/ssm"]}) == ["s"]
    assert await world.described({"Key": "DataType", "Values": ["integer"]}) == ["ab"]
    assert await world.described({"Key": "tag:env"}) == ["/a/b", "ab"]
    assert await world.described({"Key": "tag:env", "Values": ["dev"]}) == ["ab"]
    assert await world.described(Filters=[{"Key": "Name", "Values": ["/a/c"]}]) == ["/a/c/d"]
    assert await world.described(Shared=True) == []


async def test_descriptions_come_in_pages(world: World) -> None:
    for name in ("a", "b", "c"):
        await world.put(name)

    page = await world.call("DescribeParameters", MaxResults=2)

    assert [each["Name"] for each in page["Parameters"]] == ["a", "b"]
    assert await world.described(NextToken=page["NextToken"]) == ["c"]


async def test_page_of_a_filtered_list_ends_when_it_has_looked_at_enough(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kamome.services.ssm.describe_parameters.ROWS_PER_PAGE_MAX", 2)
    for name in ("a", "b", "c"):
        await world.put(name)
    wanted: list[dict[str, object]] = [{"Key": "Name", "Values": ["c"]}]

    page = await world.call("DescribeParameters", ParameterFilters=wanted)

    assert page["Parameters"] == []
    assert await world.described(wanted[0], NextToken=page["NextToken"]) == ["c"]


async def test_reference_is_the_value_of_a_secret(world: World) -> None:
    found = await world.get("/aws/reference/secretsmanager/db:old", WithDecryption=True)

    assert found["Value"] == "value of db old"
    assert (found["Type"], found["Version"], found["Selector"]) == ("SecureString", 0, ":old")
    assert orjson.loads(found["SourceResult"]) == {"Name": "db"}


async def test_reference_to_nothing_is_a_parameter_that_is_not_there(world: World) -> None:
    name = "/aws/reference/secretsmanager/none"

    with pytest.raises(errors.ParameterNotFound, match="NotFoundException"):
        await world.get(name, WithDecryption=True)
    several = await world.call("GetParameters", Names=[name], WithDecryption=True)
    assert several["InvalidParameters"] == [name]


async def test_without_secrets_manager_the_refusal_says_so(world: World) -> None:
    alone = Ssm(world.ssm.store, world.clock, world.ssm.outbox)
    request = {"Name": "/aws/reference/secretsmanager/db", "WithDecryption": True}

    with pytest.raises(OperationNotServed, match="AWS Secrets Manager"):
        await OPERATIONS["GetParameter"](alone, world.ctx, request)
