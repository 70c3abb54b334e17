"""Queues: attributes, names, listing, tags, permissions, retention, purge."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from kamome.services.sqs.errors import (
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidParameterValue,
    MissingParameter,
    OverLimit,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
)

if TYPE_CHECKING:
    from tests.sqs.world import Queue, World

DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    "SqsManagedSseEnabled": "true",
}


async def _attributes(queue: Queue, *names: str) -> dict[str, str]:
    result = await queue.call("GetQueueAttributes", AttributeNames=list(names or ("All",)))
    shown: dict[str, str] = result.get("Attributes", {})
    return shown


async def test_new_queue_shows_awss_defaults(world: World) -> None:
    shown = await _attributes(await world.queue())

    assert shown.items() >= DEFAULTS.items()
    assert "FifoQueue" not in shown
    assert "Policy" not in shown


async def test_new_fifo_queue_shows_its_defaults_too(world: World) -> None:
    shown = await _attributes(await world.queue("orders.fifo", FifoQueue="true"))

    assert (
        shown.items()
        >= {
            **DEFAULTS,
            "FifoQueue": "true",
            "ContentBasedDeduplication": "false",
            "DeduplicationScope": "queue",
            "FifoThroughputLimit": "perQueue",
        }.items()
    )


async def test_only_the_attributes_asked_for_are_shown(world: World) -> None:
    queue = await world.queue()

    assert await _attributes(queue, "QueueArn") == {"QueueArn": queue.arn}
    assert await _attributes(queue, "Policy") == {}
    with pytest.raises(InvalidAttributeName, match="Unknown Attribute Colour"):
        await _attributes(queue, "Colour")


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("DelaySeconds", ("0", "900"), ("-1", "901", "", "x", "1.5")),
        ("MaximumMessageSize", ("1024", "1048576"), ("1023", "1048577")),
        ("MessageRetentionPeriod", ("60", "1209600"), ("59", "1209601")),
        ("ReceiveMessageWaitTimeSeconds", ("0", "20"), ("-1", "21")),
        ("VisibilityTimeout", ("0", "43200"), ("-1", "43201")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_number_is_held_to_its_range(
    world: World, name: str, good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    queue = await world.queue()

    for value in good:
        await queue.call("SetQueueAttributes", Attributes={name: value})
        assert await _attributes(queue, name) == {name: value}
    for value in bad:
        with pytest.raises(InvalidAttributeValue, match=name):
            await queue.call("SetQueueAttributes", Attributes={"DelaySeconds": "7", name: value})
    assert await _attributes(queue, name) == {name: good[-1]}


async def test_equal_attributes_find_the_existing_queue(world: World) -> None:
    first = await world.queue(DelaySeconds="5")

    assert (await world.queue(DelaySeconds="5")).url == first.url
    assert (await world.queue()).url == first.url
    with pytest.raises(QueueNameExists, match="different value for attribute VisibilityTimeout"):
        await world.queue(DelaySeconds="5", VisibilityTimeout="1")


@pytest.mark.parametrize("name", ["", "a b", "a.b", "x" * 81, "ä", "orders.fifo"])
async def test_wrong_name_is_refused(world: World, name: str) -> None:
    with pytest.raises(InvalidParameterValue, match="1 to 80 in length"):
        await world.queue(name)


async def test_fifo_is_decided_when_the_queue_is_made(world: World) -> None:
    queue = await world.fifo()

    with pytest.raises(InvalidAttributeName):
        await queue.call("SetQueueAttributes", Attributes={"FifoQueue": "true"})


async def test_deleted_name_is_blocked_for_60_seconds(world: World) -> None:
    queue = await world.queue()
    await queue.call("DeleteQueue")

    await world.advance(59)
    with pytest.raises(QueueDeletedRecently, match="You must wait 60 seconds"):
        await world.queue()

    await world.advance(1)
    await world.queue()


async def test_purge_is_allowed_once_in_60_seconds(world: World) -> None:
    queue = await world.queue()
    await queue.call("PurgeQueue")

    await world.advance(59)
    with pytest.raises(PurgeQueueInProgress):
        await queue.call("PurgeQueue")

    await world.advance(1)
    await queue.call("PurgeQueue")


async def test_policy_comes_back_compact_and_unchanged_in_meaning(world: World) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "ä", "Effect": "Allow"}]}
    queue = await world.queue(Policy=json.dumps(policy, indent=2))

    shown = (await _attributes(queue, "Policy"))["Policy"]

    assert json.loads(shown) == policy
    assert " " not in shown
    await queue.call("SetQueueAttributes", Attributes={"Policy": ""})
    assert await _attributes(queue, "Policy") == {}


@pytest.mark.parametrize(
    "policy",
    ['{"Statement":' + "[" * 900 + "]" * 900 + "}", json.dumps({"Statement": "x" * 8_180})],
    ids=["too deep", "too long"],
)
async def test_policy_beyond_its_quota_is_refused(world: World, policy: str) -> None:
    queue = await world.queue()

    with pytest.raises(InvalidParameterValue, match="parameter Policy"):
        await queue.call("SetQueueAttributes", Attributes={"Policy": policy})


async def test_url_of_a_host_that_is_far_too_long_is_refused_at_once(world: World) -> None:
    began = time.process_time()

    with pytest.raises(QueueDoesNotExist):
        await world.call("PurgeQueue", QueueUrl=f"http://{'aa-b-1.' * 8_000} x/000000000000/q")

    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "policy",
    [
        "x",
        "[]",
        "{}",
        '{"maxReceiveCount":3}',
        '{"deadLetterTargetArn":"DEAD"}',
        '{"deadLetterTargetArn":"DEAD","maxReceiveCount":0}',
        '{"deadLetterTargetArn":"DEAD","maxReceiveCount":1001}',
        '{"deadLetterTargetArn":"DEAD","maxReceiveCount":true}',
        '{"deadLetterTargetArn":"DEAD","maxReceiveCount":"x"}',
        '{"deadLetterTargetArn":"rubbish","maxReceiveCount":3}',
        '{"deadLetterTargetArn":"DEADx","maxReceiveCount":3}',
        '{"deadLetterTargetArn":"FIFO","maxReceiveCount":3}',
    ],
)
async def test_wrong_redrive_policy_is_refused(world: World, policy: str) -> None:
    dead, fifo = await world.queue("dead"), await world.fifo()
    given = policy.replace("DEAD", dead.arn).replace("FIFO", fifo.arn)

    with pytest.raises(InvalidParameterValue, match="RedrivePolicy"):
        await world.queue(RedrivePolicy=given)

    with pytest.raises(QueueDoesNotExist):
        await world.call("GetQueueUrl", QueueName="orders")


@pytest.mark.parametrize(
    ("allow", "is_allowed"),
    [
        ({"redrivePermission": "allowAll"}, True),
        ({"redrivePermission": "denyAll"}, False),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["ORDERS"]}, True),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["OTHER"]}, False),
    ],
    ids=["all", "none", "this", "another"],
)
async def test_redrive_allow_policy_decides_who_may_name_a_dead_letter_queue(
    world: World, allow: dict[str, object], is_allowed: bool
) -> None:
    arn = "arn:aws:sqs:us-east-1:000000000000:orders"
    document = json.dumps(allow).replace("ORDERS", arn).replace("OTHER", arn + "x")
    dead = await world.queue("dead", RedriveAllowPolicy=document)
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 3})

    if is_allowed:
        await world.queue(RedrivePolicy=policy)
        return
    with pytest.raises(InvalidParameterValue, match="does not allow"):
        await world.queue(RedrivePolicy=policy)


async def test_queues_are_listed_by_prefix_in_pages(world: World) -> None:
    for name in ("a1", "a2", "a3", "b1"):
        await world.queue(name)

    first = await world.call("ListQueues", QueueNamePrefix="a", MaxResults=2)
    second = await world.call(
        "ListQueues", QueueNamePrefix="a", MaxResults=2, NextToken=first["NextToken"]
    )

    assert [url[-2:] for url in first["QueueUrls"]] == ["a1", "a2"]
    assert [url[-2:] for url in second["QueueUrls"]] == ["a3"]
    assert "NextToken" not in second
    assert await world.call("ListQueues", QueueNamePrefix="c") == {}
    with pytest.raises(InvalidParameterValue):
        await world.call("ListQueues", NextToken="!")


async def test_sources_of_a_dead_letter_queue_are_listed_in_pages(world: World) -> None:
    dead = await world.queue("dead")
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 3})
    for name in ("one", "three", "two"):
        await world.queue(name, RedrivePolicy=policy)
    changed = await world.queue("was", RedrivePolicy=policy)
    await changed.call("SetQueueAttributes", Attributes={"RedrivePolicy": ""})

    first = await dead.call("ListDeadLetterSourceQueues", MaxResults=2)
    rest = await dead.call("ListDeadLetterSourceQueues", NextToken=first["NextToken"])

    names = [url.rpartition("/")[2] for url in first["queueUrls"] + rest["queueUrls"]]
    assert names == ["one", "three", "two"]
    assert (await changed.call("ListDeadLetterSourceQueues")) == {"queueUrls": []}


# ---------------------------------------------------------------------- tags


async def test_tags_are_added_replaced_and_removed(world: World) -> None:
    queue = await world.queue()
    assert await queue.call("ListQueueTags") == {}

    await queue.call("TagQueue", Tags={"team": "shop", "stage": "test"})
    await queue.call("TagQueue", Tags={"stage": "", "Stage": "x"})
    await queue.call("UntagQueue", TagKeys=["team", "none"])

    assert await queue.call("ListQueueTags") == {"Tags": {"stage": "", "Stage": "x"}}


async def test_tags_are_given_at_creation(world: World) -> None:
    made = await world.call("CreateQueue", QueueName="orders", tags={"team": "shop"})

    shown = await world.call("ListQueueTags", QueueUrl=made["QueueUrl"])
    assert shown == {"Tags": {"team": "shop"}}


@pytest.mark.parametrize(
    "tags",
    [
        {"": "x"},
        {"k" * 129: "x"},
        {"k": "v" * 257},
        {"aws:x": "y"},
        {str(n): "" for n in range(51)},
    ],
    ids=["empty", "key", "value", "reserved", "many"],
)
async def test_wrong_tags_are_refused(world: World, tags: dict[str, str]) -> None:
    queue = await world.queue()

    with pytest.raises(InvalidParameterValue):
        await queue.call("TagQueue", Tags=tags)

    assert await queue.call("ListQueueTags") == {}


async def test_tagging_does_not_change_the_time_of_modification(world: World) -> None:
    queue = await world.queue()
    before = await _attributes(queue, "LastModifiedTimestamp")
    await world.advance(10)

    await queue.call("TagQueue", Tags={"a": "b"})

    assert await _attributes(queue, "LastModifiedTimestamp") == before


# ---------------------------------------------------------------------- permissions


async def _permit(queue: Queue, label: str = "alice", **changes: object) -> None:
    request = {
        "Label": label,
        "AWSAccountIds": ["111122223333"],
        "Actions": ["SendMessage"],
        **changes,
    }
    await queue.call("AddPermission", **request)


async def test_permission_becomes_a_statement_of_the_policy(world: World) -> None:
    queue = await world.queue()

    await _permit(queue, Actions=["SendMessage", "ReceiveMessage"])

    policy = json.loads((await _attributes(queue, "Policy"))["Policy"])
    assert policy["Statement"] == [
        {
            "Sid": "alice",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": ["SQS:SendMessage", "SQS:ReceiveMessage"],
            "Resource": queue.arn,
        }
    ]


async def test_removed_permission_leaves_the_others_and_the_last_takes_the_policy(
    world: World,
) -> None:
    queue = await world.queue()
    await _permit(queue, "alice")
    await _permit(queue, "bob")

    await queue.call("RemovePermission", Label="alice")
    policy = json.loads((await _attributes(queue, "Policy"))["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["bob"]

    await queue.call("RemovePermission", Label="bob")
    assert await _attributes(queue, "Policy") == {}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"Label": "a b"}, InvalidParameterValue),
        ({"Label": "x" * 81}, InvalidParameterValue),
        ({"AWSAccountIds": []}, MissingParameter),
        ({"AWSAccountIds": ["1234"]}, InvalidParameterValue),
        ({"Actions": []}, MissingParameter),
        ({"Actions": ["Fly"]}, InvalidParameterValue),
        ({"Actions": ["SendMessage"] * 8}, OverLimit),
        ({"AWSAccountIds": ["111122223333"] * 51}, OverLimit),
    ],
    ids=str,
)
async def test_wrong_permission_is_refused(
    world: World, changes: dict[str, object], error: type[Exception]
) -> None:
    queue = await world.queue()

    with pytest.raises(error):
        await queue.call(
            "AddPermission",
            **{
                "Label": "alice",
                "AWSAccountIds": ["111122223333"],
                "Actions": ["SendMessage"],
                **changes,
            },
        )

    assert await _attributes(queue, "Policy") == {}


async def test_label_is_taken_once_and_removed_once(world: World) -> None:
    queue = await world.queue()
    await _permit(queue)

    with pytest.raises(InvalidParameterValue, match="Already exists"):
        await _permit(queue)
    with pytest.raises(InvalidParameterValue, match="can't find label"):
        await queue.call("RemovePermission", Label="bob")


async def test_policy_holds_20_statements(world: World) -> None:
    queue = await world.queue()
    for number in range(20):
        await _permit(queue, f"label-{number}")

    with pytest.raises(OverLimit):
        await _permit(queue, "one-more")


# ---------------------------------------------------------------------- retention


@pytest.mark.parametrize("name", ["orders", "orders.fifo"])
async def test_messages_end_by_the_clock_without_any_receive(world: World, name: str) -> None:
    make = world.fifo if name.endswith("fifo") else world.queue
    queue = await make(name, MessageRetentionPeriod="60")
    for number in range(5):
        await queue.send(str(number), "a")
    await world.advance(30)
    await queue.send("later", "b")

    await world.advance(30)

    assert world.engine.one("SELECT count(*) FROM sqs_body") == (1,)
    assert await queue.bodies() == ["later"]
    await world.advance(30)
    for table in ("sqs_message", "sqs_body", "sqs_group"):
        assert world.engine.one(f"SELECT count(*) FROM {table}") == (0,)


async def test_message_in_flight_ends_too_and_frees_its_group(world: World) -> None:
    queue = await world.fifo(MessageRetentionPeriod="60")
    await queue.send("1", "a")
    await world.advance(30)
    await queue.send("2", "a")
    assert await queue.bodies(1, VisibilityTimeout=600) == ["1"]

    await world.advance(30)

    assert await queue.bodies() == ["2"]


async def test_more_messages_than_one_step_takes_end_together(world: World) -> None:
    queue = await world.queue(MessageRetentionPeriod="60")
    for number in range(250):
        await queue.call(
            "SendMessageBatch",
            Entries=[{"Id": str(n), "MessageBody": str(number)} for n in range(10)],
        )

    await world.advance(60)

    assert await queue.counts() == (0, 0, 0)


async def test_changed_retention_holds_for_the_messages_there_are(world: World) -> None:
    queue = await world.queue()
    await queue.send("x")
    await world.advance(100)

    await queue.call("SetQueueAttributes", Attributes={"MessageRetentionPeriod": "60"})
    await world.advance(0)

    assert await queue.counts() == (0, 0, 0)


async def test_dead_letter_of_a_standard_queue_keeps_its_time(world: World) -> None:
    queue, dead = await world.with_dead_letters(receives=1)
    await dead.call("SetQueueAttributes", Attributes={"MessageRetentionPeriod": "100"})
    await queue.send("x")
    [first] = await queue.receive()
    await world.advance(60)
    await queue.receive()

    [message] = await dead.receive(VisibilityTimeout=0)
    for name in ("SentTimestamp", "ApproximateFirstReceiveTimestamp"):
        assert message["Attributes"][name] == first["Attributes"][name]
    await world.advance(39)
    assert (await dead.counts())[0] == 1
    await world.advance(1)
    assert await dead.counts() == (0, 0, 0)


async def test_dead_letter_of_a_fifo_queue_begins_its_time_anew(world: World) -> None:
    queue, dead = await world.with_dead_letters(receives=1, kind=".fifo")
    await dead.call("SetQueueAttributes", Attributes={"MessageRetentionPeriod": "100"})
    await queue.send("x", "a")
    await queue.receive()
    await world.advance(60)
    await queue.receive()

    await world.advance(99)
    assert (await dead.counts())[0] == 1
    await world.advance(1)
    assert await dead.counts() == (0, 0, 0)
