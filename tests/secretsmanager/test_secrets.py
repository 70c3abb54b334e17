"""Secrets as such: creation, lists, deletion, tags; and passwords."""

from __future__ import annotations

import string
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from kamome.errors import OperationNotServed
from kamome.services.secretsmanager import errors

if TYPE_CHECKING:
    from tests.secretsmanager.conftest import World

DAY_MS = 24 * 3600 * 1000


async def test_secret_is_described(world: World) -> None:
    created = await world.create(Description="of the shop", Tags=[{"Key": "env", "Value": "prod"}])

    found = await world.described()

    assert found == {
        "ARN": created["ARN"],
        "Name": "db",
        "Description": "of the shop",
        "Tags": [{"Key": "env", "Value": "prod"}],
        "CreatedDate": world.clock.now_ms() / 1000,
        "LastChangedDate": world.clock.now_ms() / 1000,
        "VersionIdsToStages": {created["VersionId"]: ["AWSCURRENT"]},
    }


async def test_access_is_noted_by_the_day(world: World) -> None:
    await world.create()
    await world.value()

    accessed = (await world.described())["LastAccessedDate"]

    assert accessed == world.clock.now_ms() // DAY_MS * DAY_MS / 1000


async def test_second_read_of_a_day_writes_nothing(world: World) -> None:
    await world.create()
    await world.value()
    before = world.engine.one("SELECT total_changes()")

    await world.value()

    assert world.engine.one("SELECT total_changes()") == before


@pytest.mark.parametrize("name", ["two words", "é", "a:b", "x" * 506])
async def test_such_a_name_is_refused(world: World, name: str) -> None:
    with pytest.raises(errors.ValidationException):
        await world.create(name)


async def test_name_is_taken_once(world: World) -> None:
    await world.create()

    with pytest.raises(errors.ResourceExistsException, match="secret db already exists"):
        await world.create()


@pytest.mark.parametrize(
    "more",
    [
        {"AddReplicaRegions": [{"Region": "us-east-1"}]},
        {"Type": "SalesforceClientSecret"},
        {"CrossAccountPrimaryARN": "arn:aws:secretsmanager:eu-west-1:111111111111:secret:a-abcdef"},
    ],
)
async def test_what_is_not_served_is_refused_by_name(world: World, more: dict[str, Any]) -> None:
    with pytest.raises(OperationNotServed, match=next(iter(more))):
        await world.create(**more)
    assert await world.listed() == []


async def test_account_has_so_many_secrets(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kamome.services.secretsmanager.details.SECRETS_MAX", 1)
    await world.create("a")

    with pytest.raises(errors.LimitExceededException):
        await world.create("b")


async def test_secrets_are_listed_by_date_or_name_in_pages(world: World) -> None:
    for name in ("c", "a", "b"):
        await world.create(name)
        await world.clock.advance(1_000)

    assert await world.listed() == ["c", "a", "b"]
    assert await world.listed(SortOrder="desc") == ["b", "a", "c"]
    assert await world.listed(SortBy="name") == ["a", "b", "c"]
    page = await world.call("ListSecrets", MaxResults=2)
    assert await world.listed(NextToken=page["NextToken"]) == ["b"]
    with pytest.raises(errors.InvalidNextTokenException):
        await world.listed(NextToken="é")


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort_by", ["created-date", "name"])
async def test_who_deletes_page_by_page_misses_none(world: World, sort_by: str, order: str) -> None:
    for name in ("a", "b", "c"):
        await world.create(name)
    left = ["a", "b", "c"]
    token: dict[str, str] = {}

    while left:
        page = await world.call(
            "ListSecrets", MaxResults=1, SortBy=sort_by, SortOrder=order, **token
        )
        left.remove(page["SecretList"][0]["Name"])
        await world.call("DeleteSecret", SecretId=page["SecretList"][0]["ARN"])
        token = {"NextToken": page["NextToken"]} if left else {}

    assert await world.listed() == []


async def test_secret_of_another_region_is_not_found_by_its_arn(world: World) -> None:
    arn = (await world.create())["ARN"].replace("eu-west-1", "us-east-1")
    there = replace(world, ctx=msgspec.structs.replace(world.ctx, region="us-east-1"))
    await there.create()

    for operation in ("DescribeSecret", "GetSecretValue", "DeleteSecret"):
        with pytest.raises(errors.ResourceNotFoundException):
            await world.call(operation, SecretId=arn)


async def test_tagging_changes_the_date_of_the_last_change(world: World) -> None:
    await world.create()
    await world.clock.advance(1_000)
    await world.call("TagResource", SecretId="db", Tags=[{"Key": "a", "Value": "b"}])
    tagged = (await world.described())["LastChangedDate"]
    await world.clock.advance(1_000)
    await world.call("UntagResource", SecretId="db", TagKeys=["a"])

    assert tagged == world.clock.now_ms() / 1000 - 1
    assert (await world.described())["LastChangedDate"] == world.clock.now_ms() / 1000


@pytest.mark.parametrize(
    ("key", "values", "found"),
    [
        ("name", ["shop/"], ["shop/db", "shop/mail"]),
        ("name", ["Shop/"], []),
        ("name", ["!shop/"], ["other"]),
        ("name", ["shop/", "!shop/m"], ["shop/db"]),
        ("description", ["the DATABASE"], ["shop/db"]),
        ("tag-key", ["en"], ["shop/db"]),
        ("tag-value", ["prod"], ["shop/db"]),
        ("primary-region", ["eu"], ["shop/db", "shop/mail", "other"]),
        ("owning-service", ["rds"], []),
        ("all", ["prod"], ["shop/db"]),
        ("all", ["shop mail"], ["shop/mail"]),
    ],
)
async def test_list_is_filtered(
    world: World, key: str, values: list[str], found: list[str]
) -> None:
    tags = [{"Key": "env", "Value": "production"}]
    await world.create("shop/db", Description="The database", Tags=tags)
    await world.create("shop/mail")
    await world.create("other")

    names = await world.listed(Filters=[{"Key": key, "Values": values}])

    assert sorted(names) == sorted(found)


async def test_deleted_secret_is_kept_for_its_window_and_then_gone(world: World) -> None:
    await world.create()

    deleted = await world.call("DeleteSecret", SecretId="db", RecoveryWindowInDays=7)

    assert deleted["DeletionDate"] == world.clock.now_ms() / 1000 + 7 * 86_400
    assert await world.listed() == []
    assert await world.listed(IncludePlannedDeletion=True) == ["db"]
    with pytest.raises(errors.InvalidRequestException, match="marked for deletion"):
        await world.value()
    with pytest.raises(errors.InvalidRequestException, match="already scheduled for deletion"):
        await world.create()
    await world.clock.advance(7 * DAY_MS)
    with pytest.raises(errors.ResourceNotFoundException):
        await world.described()


async def test_restored_secret_stays(world: World) -> None:
    await world.create()
    await world.call("DeleteSecret", SecretId="db", RecoveryWindowInDays=7)
    await world.clock.advance(6 * DAY_MS)

    await world.call("RestoreSecret", SecretId="db")
    await world.clock.advance(30 * DAY_MS)

    assert await world.value() == "one"
    assert "DeletedDate" not in await world.described()


async def test_window_begins_anew_with_each_deletion(world: World) -> None:
    await world.create()
    await world.call("DeleteSecret", SecretId="db", RecoveryWindowInDays=7)
    await world.call("RestoreSecret", SecretId="db")
    await world.clock.advance(DAY_MS)
    await world.call("DeleteSecret", SecretId="db")

    await world.clock.advance(29 * DAY_MS)
    assert "DeletedDate" in await world.described()

    await world.clock.advance(DAY_MS)
    with pytest.raises(errors.ResourceNotFoundException):
        await world.described()


async def test_forced_deletion_is_at_once_and_no_error_where_nothing_is(world: World) -> None:
    first = (await world.create())["ARN"]
    await world.call("DeleteSecret", SecretId="db")

    await world.call("DeleteSecret", SecretId="db", ForceDeleteWithoutRecovery=True)
    await world.call("DeleteSecret", SecretId="none", ForceDeleteWithoutRecovery=True)

    second = (await world.create(value="two"))["ARN"]
    assert first != second
    await world.clock.advance(30 * DAY_MS)
    assert await world.value() == "two"


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"SecretId": "none"}, errors.ResourceNotFoundException),
        ({"SecretId": "db", "RecoveryWindowInDays": 6}, errors.InvalidParameterException),
        ({"SecretId": "db", "RecoveryWindowInDays": 31}, errors.InvalidParameterException),
        (
            {"SecretId": "db", "RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True},
            errors.InvalidParameterException,
        ),
    ],
)
async def test_such_a_deletion_is_refused(
    world: World, request_: dict[str, object], error: type[Exception]
) -> None:
    await world.create()

    with pytest.raises(error):
        await world.call("DeleteSecret", **request_)
    assert await world.value() == "one"


async def test_secret_is_scheduled_for_deletion_once(world: World) -> None:
    await world.create()
    await world.call("DeleteSecret", SecretId="db")

    with pytest.raises(errors.InvalidRequestException):
        await world.call("DeleteSecret", SecretId="db")


async def test_tags_are_put_replaced_and_taken(world: World) -> None:
    await world.create(Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}])

    await world.call("TagResource", SecretId="db", Tags=[{"Key": "a", "Value": "2"}])
    await world.call("UntagResource", SecretId="db", TagKeys=["b", "none"])

    assert (await world.described())["Tags"] == [{"Key": "a", "Value": "2"}]


@pytest.mark.parametrize(
    "tags",
    [[{"Key": "aws:a", "Value": ""}], [{"Key": f"k{number}"} for number in range(51)]],
    ids=["reserved", "51"],
)
async def test_such_tags_are_refused(world: World, tags: list[dict[str, str]]) -> None:
    await world.create()

    with pytest.raises(errors.InvalidParameterException):
        await world.call("TagResource", SecretId="db", Tags=tags)


async def test_description_is_changed_without_a_new_version(world: World) -> None:
    before = (await world.create())["VersionId"]

    changed = await world.call("UpdateSecret", SecretId="db", Description="new")

    assert "VersionId" not in changed
    assert (await world.described())["Description"] == "new"
    assert await world.stages() == {"AWSCURRENT": before}


async def test_secret_has_no_resource_policy(world: World) -> None:
    created = await world.create()

    found = await world.call("GetResourcePolicy", SecretId="db")

    assert found == {"ARN": created["ARN"], "Name": "db"}


# ---------------------------------------------------------------------- GetRandomPassword


async def password(world: World, **request: object) -> str:
    return str((await world.call("GetRandomPassword", **request))["RandomPassword"])


async def test_password_has_each_type_of_character(world: World) -> None:
    for _ in range(50):
        made = await password(world, PasswordLength=4)
        for kind in (
            string.ascii_lowercase,
            string.ascii_uppercase,
            string.digits,
            string.punctuation,
        ):
            assert set(made) & set(kind)


async def test_password_has_only_what_is_included(world: World) -> None:
    made = await password(
        world,
        PasswordLength=500,
        ExcludePunctuation=True,
        ExcludeUppercase=True,
        ExcludeLowercase=True,
        ExcludeCharacters="0123456",
        IncludeSpace=True,
    )

    assert len(made) == 500
    assert set(made) == set("789 ")


async def test_characters_are_equally_likely(world: World) -> None:
    made = await password(
        world,
        PasswordLength=4_000,
        ExcludePunctuation=True,
        ExcludeUppercase=True,
        ExcludeLowercase=True,
    )

    counts = [made.count(digit) for digit in string.digits]
    assert min(counts) > 320  # 400 are expected; one in a million runs of chance is below
    assert max(counts) < 480


@pytest.mark.parametrize(
    "request_",
    [
        {"PasswordLength": 3},
        {"ExcludeCharacters": string.printable},
    ],
)
async def test_password_that_cannot_be_is_refused(
    world: World, request_: dict[str, object]
) -> None:
    with pytest.raises(errors.InvalidParameterException):
        await password(world, **request_)
