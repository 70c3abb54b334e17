"""Values, versions and staging labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.secretsmanager.conftest import ACCOUNT, DEFAULT_KEY, REGION

from kamome.errors import OperationNotServed
from kamome.services.secretsmanager import errors
from kamome.services.secretsmanager.operations import OPERATIONS
from kamome.services.secretsmanager.slice import Secrets

if TYPE_CHECKING:
    from tests.secretsmanager.conftest import World

DAY_S = 24 * 3600
TOKENS = [f"{letter}" * 32 for letter in "abcdef"]


async def test_value_is_shown_with_its_version_and_labels(world: World) -> None:
    created = await world.create()

    found = await world.call("GetSecretValue", SecretId="db")

    assert found == {
        "ARN": created["ARN"],
        "Name": "db",
        "VersionId": created["VersionId"],
        "SecretString": "one",
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": world.clock.now_ms() / 1000,
    }
    assert created["ARN"].startswith(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-")


async def test_binary_value_comes_back_as_bytes(world: World) -> None:
    await world.call("CreateSecret", Name="b", SecretBinary=b"\x00\xff")

    found = await world.call("GetSecretValue", SecretId="b")

    assert found["SecretBinary"] == b"\x00\xff"
    assert "SecretString" not in found


async def test_secret_is_found_by_name_arn_and_partial_arn(world: World) -> None:
    arn = (await world.create("shop/db-master"))["ARN"]

    assert await world.value(arn) == "one"
    assert await world.value(arn[:-7]) == "one"
    with pytest.raises(errors.ResourceNotFoundException):
        await world.value(arn[:-6] + "xxxxxx")


async def test_name_that_ends_like_an_arn_is_found_by_its_partial_arn(world: World) -> None:
    arn = (await world.create("db-abcdef"))["ARN"]

    assert await world.value(arn.rpartition("-")[0]) == "one"


@pytest.mark.parametrize(
    ("secret_id", "error"),
    [
        ("none", errors.ResourceNotFoundException),
        ("arn:aws:sqs:eu-west-1:000000000000:db", errors.ResourceNotFoundException),
        (
            "arn:aws:secretsmanager:eu-west-1:111111111111:secret:db-abcdef",
            errors.AccessDeniedException,
        ),
        (
            "arn:aws:secretsmanager:us-east-1:000000000000:secret:db",
            errors.ResourceNotFoundException,
        ),
    ],
)
async def test_secret_that_is_not_there_is_refused(
    world: World, secret_id: str, error: type[Exception]
) -> None:
    await world.create()

    with pytest.raises(error):
        await world.value(secret_id)


async def test_new_value_is_current_and_the_old_one_previous(world: World) -> None:
    first = (await world.create())["VersionId"]
    second = await world.call("PutSecretValue", SecretId="db", SecretString="two")
    third = await world.call("UpdateSecret", SecretId="db", SecretString="three")

    assert second["VersionStages"] == ["AWSCURRENT"]
    assert await world.stages() == {
        "AWSCURRENT": third["VersionId"],
        "AWSPREVIOUS": second["VersionId"],
    }
    assert await world.value() == "three"
    assert await world.value(VersionStage="AWSPREVIOUS") == "two"
    assert await world.value(VersionId=first) == "one"


async def test_labels_of_the_request_leave_the_current_value(world: World) -> None:
    await world.create()

    await world.call(
        "PutSecretValue", SecretId="db", SecretString="new", VersionStages=["AWSPENDING", "mine"]
    )

    assert await world.value() == "one"
    assert await world.value(VersionStage="AWSPENDING") == "new"
    assert await world.value(VersionStage="mine") == "new"


async def test_first_version_is_current_whatever_it_is_called(world: World) -> None:
    await world.call("CreateSecret", Name="db")

    with pytest.raises(errors.ResourceNotFoundException, match="staging label: AWSCURRENT"):
        await world.value()
    await world.call("PutSecretValue", SecretId="db", SecretString="x", VersionStages=["mine"])

    assert await world.value() == "x"


async def test_same_token_with_the_same_value_changes_nothing(world: World) -> None:
    await world.create(ClientRequestToken=TOKENS[0])
    await world.call(
        "PutSecretValue", SecretId="db", SecretString="two", ClientRequestToken=TOKENS[1]
    )

    again = await world.call(
        "PutSecretValue", SecretId="db", SecretString="one", ClientRequestToken=TOKENS[0]
    )

    assert again["VersionId"] == TOKENS[0]
    assert await world.value() == "two"
    created = await world.create(ClientRequestToken=TOKENS[0])
    assert created["VersionId"] == TOKENS[0]


async def test_same_token_with_another_value_is_refused(world: World) -> None:
    await world.create(ClientRequestToken=TOKENS[0])

    with pytest.raises(errors.ResourceExistsException, match=TOKENS[0]):
        await world.call(
            "PutSecretValue", SecretId="db", SecretString="two", ClientRequestToken=TOKENS[0]
        )
    with pytest.raises(errors.ResourceExistsException):
        await world.create(value="two", ClientRequestToken=TOKENS[0])


@pytest.mark.parametrize(
    "value",
    [{}, {"SecretString": "a", "SecretBinary": b"a"}, {"SecretString": "é" * 32_769}],
    ids=["none", "two", "too long"],
)
async def test_such_a_value_is_refused(world: World, value: dict[str, object]) -> None:
    await world.create()

    with pytest.raises(errors.InvalidParameterException):
        await world.call("PutSecretValue", SecretId="db", **value)


async def test_id_and_label_must_mean_the_same_version(world: World) -> None:
    first = (await world.create())["VersionId"]
    await world.call("PutSecretValue", SecretId="db", SecretString="two")

    assert await world.value(VersionId=first, VersionStage="AWSPREVIOUS") == "one"
    with pytest.raises(errors.InvalidRequestException):
        await world.value(VersionId=first, VersionStage="AWSCURRENT")


async def test_label_is_moved_only_by_who_knows_where_it_is(world: World) -> None:
    first = (await world.create())["VersionId"]
    second = (await world.call("PutSecretValue", SecretId="db", SecretString="two"))["VersionId"]
    move = {"SecretId": "db", "VersionStage": "AWSCURRENT", "MoveToVersionId": first}

    with pytest.raises(errors.InvalidParameterException, match=f"attached to version {second}"):
        await world.call("UpdateSecretVersionStage", **move)
    with pytest.raises(errors.InvalidParameterException):
        await world.call("UpdateSecretVersionStage", **move, RemoveFromVersionId=first)
    await world.call("UpdateSecretVersionStage", **move, RemoveFromVersionId=second)

    assert await world.stages() == {"AWSCURRENT": first, "AWSPREVIOUS": second}


async def test_label_is_taken_away_but_never_awscurrent(world: World) -> None:
    only = (await world.create())["VersionId"]
    label = {"SecretId": "db", "VersionStage": "mine"}
    await world.call("UpdateSecretVersionStage", **label, MoveToVersionId=only)
    assert "mine" in await world.stages()

    await world.call("UpdateSecretVersionStage", **label, RemoveFromVersionId=only)

    assert await world.stages() == {"AWSCURRENT": only}
    with pytest.raises(errors.InvalidParameterException):
        await world.call(
            "UpdateSecretVersionStage",
            SecretId="db",
            VersionStage="AWSCURRENT",
            RemoveFromVersionId=only,
        )
    with pytest.raises(errors.ResourceNotFoundException):
        await world.call("UpdateSecretVersionStage", **label, MoveToVersionId="x" * 32)


async def test_secret_has_twenty_labels_at_most(world: World) -> None:
    await world.create()
    labels = [f"l{number}" for number in range(20)]

    with pytest.raises(errors.LimitExceededException):
        await world.call("PutSecretValue", SecretId="db", SecretString="two", VersionStages=labels)
    assert list(await world.stages()) == ["AWSCURRENT"]


async def test_versions_are_listed_with_and_without_labels(world: World) -> None:
    ids = [(await world.create())["VersionId"]]
    for value in ("two", "three"):
        put = await world.call("PutSecretValue", SecretId="db", SecretString=value)
        ids.append(put["VersionId"])

    labelled = await world.call("ListSecretVersionIds", SecretId="db")
    first = await world.call(
        "ListSecretVersionIds", SecretId="db", IncludeDeprecated=True, MaxResults=2
    )
    rest = await world.call(
        "ListSecretVersionIds", SecretId="db", IncludeDeprecated=True, NextToken=first["NextToken"]
    )

    assert [each["VersionId"] for each in labelled["Versions"]] == ids[1:]
    assert [each["VersionId"] for each in first["Versions"]] == ids[:2]
    assert [each["VersionId"] for each in rest["Versions"]] == ids[2:]
    assert rest["Versions"][0]["VersionStages"] == ["AWSCURRENT"]
    assert "VersionStages" not in first["Versions"][0]


async def test_old_versions_without_labels_go_and_those_of_a_day_stay(world: World) -> None:
    await world.create()
    for number in range(104):
        await world.call("PutSecretValue", SecretId="db", SecretString=str(number))
    everything = {"SecretId": "db", "IncludeDeprecated": True}
    seen = world.slice.store.summaries
    (secret,) = world.slice.store.secrets(ACCOUNT, REGION, 10)
    assert len(seen(secret.name, 1_000)) == 105

    await world.clock.advance(DAY_S * 1000)
    await world.call("PutSecretValue", SecretId="db", SecretString="last")

    assert len(seen(secret.name, 1_000)) == 100
    assert (await world.call("ListSecretVersionIds", **everything))["Versions"]
    assert await world.value(VersionStage="AWSPREVIOUS") == "103"


async def test_values_stand_nowhere_in_the_store(world: World) -> None:
    await world.create(value="swordfish")

    rows = world.engine.all("SELECT value FROM secretsmanager_version")

    assert all(b"swordfish" not in bytes(row[0]) for row in rows)  # type: ignore[arg-type]  # BLOB


async def test_key_that_cannot_be_used_is_told(world: World) -> None:
    with pytest.raises(errors.EncryptionFailure, match="alias/none"):
        await world.create("other", KmsKeyId="alias/none")
    await world.create(KmsKeyId="alias/shop")
    world.keys.names.discard("alias/shop")

    with pytest.raises(errors.DecryptionFailure):
        await world.value()
    assert await world.listed() == ["db"]


async def test_new_key_encrypts_the_labelled_versions_again(world: World) -> None:
    await world.create()
    await world.call("PutSecretValue", SecretId="db", SecretString="two")

    await world.call("UpdateSecret", SecretId="db", KmsKeyId="alias/shop")
    world.keys.names.discard(DEFAULT_KEY)

    assert await world.value() == "two"
    assert await world.value(VersionStage="AWSPREVIOUS") == "one"
    assert (await world.described())["KmsKeyId"] == "alias/shop"


async def test_value_that_was_changed_on_the_disk_is_refused(world: World) -> None:
    await world.create()
    world.engine.write("UPDATE secretsmanager_version SET value = substr(value, 1, 90)")

    with pytest.raises(errors.DecryptionFailure):
        await world.value()


async def test_several_values_come_at_once_and_failures_are_told(world: World) -> None:
    await world.create("a", "1")
    await world.create("b", "2")

    named = await world.call("BatchGetSecretValue", SecretIdList=["b", "none", "a"])
    filtered = await world.call(
        "BatchGetSecretValue", Filters=[{"Key": "name", "Values": ["a", "b"]}], MaxResults=1
    )

    assert [each["SecretString"] for each in named["SecretValues"]] == ["2", "1"]
    assert named["Errors"][0]["ErrorCode"] == "ResourceNotFoundException"
    assert [each["Name"] for each in filtered["SecretValues"]] == ["a"]
    assert "NextToken" in filtered
    with pytest.raises(errors.InvalidParameterException):
        await world.call("BatchGetSecretValue")


async def test_without_kms_the_refusal_says_so(world: World) -> None:
    kept = world.slice
    alone = Secrets(kept.store, kept.clock, kept.ids, kept.outbox)

    with pytest.raises(OperationNotServed, match="AWS KMS is not served"):
        await OPERATIONS["CreateSecret"](alone, world.ctx, {"Name": "x", "SecretString": "v"})
    assert await world.listed() == []
