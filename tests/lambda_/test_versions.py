"""Published versions, aliases with weights, tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    PreconditionFailedException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from kamome.services.lambda_.event_source_mappings import mappings
from kamome.services.lambda_.functions import functions, tags
from kamome.services.lambda_.invocation import event_invoke_configs
from kamome.services.lambda_.permissions import permissions
from kamome.services.lambda_.versions import versions

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

ARN = "arn:aws:lambda:eu-west-1:000000000000:function:f"


def answering(text: str) -> str:
    return f"def handler(event, context):\n    return {text!r}\n"


async def two_versions(world: World) -> None:
    """Version 1 answers "one", version 2 and $LATEST answer "two"."""
    await world.create(answering("one"), Publish=True)
    await functions.update_function_code(
        world.lambda_,
        world.ctx,
        {"FunctionName": "f", "ZipFile": world.archive(answering("two")), "Publish": True},
    )


async def test_version_stays_what_it_was(world: World) -> None:
    await two_versions(world)

    first = await world.invoke(Qualifier="1")
    second = await world.invoke(FunctionName="f:2")
    latest = await world.invoke()

    assert (first["Payload"], first["ExecutedVersion"]) == (b'"one"', "1")
    assert (second["Payload"], second["ExecutedVersion"]) == (b'"two"', "2")
    assert (latest["Payload"], latest["ExecutedVersion"]) == (b'"two"', "$LATEST")


async def test_unchanged_function_is_not_published_again(world: World) -> None:
    await world.create(answering("one"))
    publish = versions.publish_version

    first = await publish(world.lambda_, world.ctx, {"FunctionName": "f"})
    again = await publish(world.lambda_, world.ctx, {"FunctionName": "f"})
    await functions.update_function_configuration(
        world.lambda_, world.ctx, {"FunctionName": "f", "Timeout": 9}
    )
    changed = await publish(world.lambda_, world.ctx, {"FunctionName": "f"})

    assert (first["Version"], again["Version"], changed["Version"]) == ("1", "1", "2")
    assert first["FunctionArn"] == f"{ARN}:1"


async def test_description_of_the_function_is_a_change_and_that_of_a_version_is_none(
    world: World,
) -> None:
    await world.create(answering("one"), Description="own")
    publish = versions.publish_version

    first = await publish(world.lambda_, world.ctx, {"FunctionName": "f", "Description": "first"})
    again = await publish(world.lambda_, world.ctx, {"FunctionName": "f", "Description": "again"})
    await functions.update_function_configuration(
        world.lambda_, world.ctx, {"FunctionName": "f", "Description": "changed"}
    )
    changed = await publish(world.lambda_, world.ctx, {"FunctionName": "f"})

    shown = [(one["Version"], one["Description"]) for one in (first, again, changed)]
    assert shown == [("1", "first"), ("1", "first"), ("2", "changed")]


async def test_publish_refuses_another_hash_or_revision(world: World) -> None:
    await world.create(answering("one"))
    publish = versions.publish_version

    with pytest.raises(InvalidParameterValueException, match="is different from current"):
        await publish(world.lambda_, world.ctx, {"FunctionName": "f", "CodeSha256": "x"})
    with pytest.raises(PreconditionFailedException):
        await publish(world.lambda_, world.ctx, {"FunctionName": "f", "RevisionId": "x"})


async def test_number_of_a_deleted_version_is_not_used_again(world: World) -> None:
    await two_versions(world)
    await functions.delete_function(
        world.lambda_, world.ctx, {"FunctionName": "f", "Qualifier": "2"}
    )
    await functions.update_function_configuration(
        world.lambda_, world.ctx, {"FunctionName": "f", "Timeout": 9}
    )

    published = await versions.publish_version(world.lambda_, world.ctx, {"FunctionName": "f"})
    listed = await versions.list_versions_by_function(
        world.lambda_, world.ctx, {"FunctionName": "f"}
    )

    assert published["Version"] == "3"
    assert [one["Version"] for one in listed["Versions"]] == ["$LATEST", "1", "3"]
    assert listed["Versions"][0]["FunctionArn"] == f"{ARN}:$LATEST"


async def test_versions_are_paged(world: World) -> None:
    await two_versions(world)
    seen: list[str] = []
    marker = ""

    for _ in range(3):
        page = await versions.list_versions_by_function(
            world.lambda_, world.ctx, {"FunctionName": "f", "MaxItems": 1, "Marker": marker}
        )
        seen += [one["Version"] for one in page["Versions"]]
        marker = page.get("NextMarker", "")

    assert seen == ["$LATEST", "1", "2"]
    assert not marker


async def test_package_lives_as_long_as_a_version_has_it(world: World) -> None:
    await two_versions(world)
    world.lambda_.code.remove_unused(lambda sha256: False)

    answer = await world.invoke(Qualifier="1")

    assert answer["Payload"] == b'"one"'


async def test_alias_follows_its_version(world: World) -> None:
    await two_versions(world)
    await versions.create_alias(
        world.lambda_, world.ctx, {"FunctionName": "f", "Name": "live", "FunctionVersion": "1"}
    )
    before = await world.invoke(Qualifier="live")

    await versions.update_alias(
        world.lambda_, world.ctx, {"FunctionName": "f", "Name": "live", "FunctionVersion": "2"}
    )
    after = await world.invoke(FunctionName=f"{ARN}:live")

    assert (before["ExecutedVersion"], after["ExecutedVersion"]) == ("1", "2")


async def test_weights_send_a_share_of_the_calls_to_another_version(world: World) -> None:
    await two_versions(world)
    await versions.create_alias(
        world.lambda_,
        world.ctx,
        {
            "FunctionName": "f",
            "Name": "live",
            "FunctionVersion": "1",
            "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.3}},
        },
    )

    executed = [(await world.invoke(Qualifier="live"))["ExecutedVersion"] for _ in range(100)]

    assert 15 <= executed.count("2") <= 45


@pytest.mark.parametrize(
    ("version", "weights", "words"),
    [
        ("$LATEST", {"1": 0.5}, "LATEST is not supported"),
        ("1", {"$LATEST": 0.5}, "LATEST is not supported"),
        ("1", {"1": 0.5}, "already included"),
        ("1", {"2": 0.1, "3": 0.1}, "cannot be greater than 1"),
    ],
)
async def test_routing_is_refused(
    world: World, version: str, weights: dict[str, float], words: str
) -> None:
    await two_versions(world)

    with pytest.raises(InvalidParameterValueException, match=words):
        await versions.create_alias(
            world.lambda_,
            world.ctx,
            {
                "FunctionName": "f",
                "Name": "live",
                "FunctionVersion": version,
                "RoutingConfig": {"AdditionalVersionWeights": weights},
            },
        )


async def test_alias_is_refused_without_its_version_and_where_it_exists(world: World) -> None:
    await two_versions(world)
    create = versions.create_alias

    with pytest.raises(ResourceNotFoundException, match=f"Function not found: {ARN}:9"):
        await create(
            world.lambda_, world.ctx, {"FunctionName": "f", "Name": "a", "FunctionVersion": "9"}
        )
    await create(
        world.lambda_, world.ctx, {"FunctionName": "f", "Name": "a", "FunctionVersion": "1"}
    )
    with pytest.raises(ResourceConflictException, match=f"Alias already exists: {ARN}:a"):
        await create(
            world.lambda_, world.ctx, {"FunctionName": "f", "Name": "a", "FunctionVersion": "1"}
        )


async def test_version_of_an_alias_cannot_be_deleted(world: World) -> None:
    await two_versions(world)
    await versions.create_alias(
        world.lambda_, world.ctx, {"FunctionName": "f", "Name": "a", "FunctionVersion": "1"}
    )

    with pytest.raises(ResourceConflictException, match=f"{ARN}:a"):
        await functions.delete_function(
            world.lambda_, world.ctx, {"FunctionName": "f", "Qualifier": "1"}
        )
    await versions.delete_alias(world.lambda_, world.ctx, {"FunctionName": "f", "Name": "a"})
    await functions.delete_function(
        world.lambda_, world.ctx, {"FunctionName": "f", "Qualifier": "1"}
    )

    with pytest.raises(ResourceNotFoundException, match="Cannot find alias arn"):
        await versions.get_alias(world.lambda_, world.ctx, {"FunctionName": "f", "Name": "a"})


async def test_everything_goes_with_the_function(world: World) -> None:
    await two_versions(world)
    await versions.create_alias(
        world.lambda_, world.ctx, {"FunctionName": "f", "Name": "a", "FunctionVersion": "1"}
    )
    await permissions.add_permission(
        world.lambda_,
        world.ctx,
        {
            "FunctionName": "f:a",
            "StatementId": "s",
            "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com",
        },
    )
    await functions.delete_function(world.lambda_, world.ctx, {"FunctionName": "f"})
    await world.create(answering("three"), Publish=True)

    listed = await versions.list_aliases(world.lambda_, world.ctx, {"FunctionName": "f"})
    found = await versions.list_versions_by_function(
        world.lambda_, world.ctx, {"FunctionName": "f"}
    )
    rows = world.lambda_.engine.all("SELECT count(*) FROM lambda_policy")

    assert listed["Aliases"] == []
    assert [one["Version"] for one in found["Versions"]] == ["$LATEST", "1"]
    assert rows == [(0,)]


async def test_policy_of_an_alias_is_its_own(world: World) -> None:
    await two_versions(world)
    await versions.create_alias(
        world.lambda_, world.ctx, {"FunctionName": "f", "Name": "a", "FunctionVersion": "1"}
    )
    await permissions.add_permission(
        world.lambda_,
        world.ctx,
        {
            "FunctionName": "f",
            "Qualifier": "a",
            "StatementId": "s",
            "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com",
        },
    )

    may = [
        permissions.may_invoke(
            world.lambda_, arn, "s3.amazonaws.com", source_arn="x", source_account="y"
        )
        for arn in (ARN, f"{ARN}:a")
    ]

    assert may == [False, True]


async def test_mapping_of_an_alias_runs_its_version(world: World) -> None:
    await two_versions(world)
    await versions.create_alias(
        world.lambda_, world.ctx, {"FunctionName": "f", "Name": "live", "FunctionVersion": "1"}
    )
    uuid = await world.map_queue(FunctionName="f:live")
    world.queue.send("hello")
    await world.quiet()

    shown = await mappings.get_event_source_mapping(world.lambda_, world.ctx, {"UUID": uuid})

    assert shown["FunctionArn"] == f"{ARN}:live"
    assert world.queue.waiting == []


async def test_event_of_an_alias_follows_the_settings_of_the_alias(world: World) -> None:
    await two_versions(world)
    await versions.create_alias(
        world.lambda_, world.ctx, {"FunctionName": "f", "Name": "live", "FunctionVersion": "1"}
    )
    await event_invoke_configs.put_function_event_invoke_config(
        world.lambda_,
        world.ctx,
        {
            "FunctionName": "f",
            "Qualifier": "live",
            "DestinationConfig": {"OnSuccess": {"Destination": world.queue.arn}},
        },
    )

    await world.invoke(1, InvocationType="Event")
    await world.quiet()
    assert world.records.sent == []
    await world.invoke(1, Qualifier="live", InvocationType="Event")
    await world.quiet()

    [(_, body, _)] = world.records.sent
    assert f'"functionArn":"{ARN}:live"' in body
    assert '"executedVersion":"1"' in body


async def test_tags_of_functions_and_mappings_come_and_go(world: World) -> None:
    await world.create(answering("one"), Tags={"a": "1"})
    uuid = await world.map_queue()
    mapping_arn = f"arn:aws:lambda:eu-west-1:000000000000:event-source-mapping:{uuid}"

    for arn in (ARN, mapping_arn):
        await tags.tag_resource(
            world.lambda_, world.ctx, {"Resource": arn, "Tags": {"b": "2", "c": "3"}}
        )
        await tags.untag_resource(world.lambda_, world.ctx, {"Resource": arn, "TagKeys": ["c"]})

    of_function = await tags.list_tags(world.lambda_, world.ctx, {"Resource": ARN})
    of_mapping = await tags.list_tags(world.lambda_, world.ctx, {"Resource": mapping_arn})
    assert of_function == {"Tags": {"a": "1", "b": "2"}}
    assert of_mapping == {"Tags": {"b": "2"}}


async def test_versions_have_no_tags(world: World) -> None:
    await world.create(answering("one"), Publish=True)

    with pytest.raises(InvalidParameterValueException, match="aliases and versions"):
        await tags.list_tags(world.lambda_, world.ctx, {"Resource": f"{ARN}:1"})
