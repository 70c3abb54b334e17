"""Event notifications: configuration, filters, documents, delivery."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kamome.errors import AwsError
from kamome.services.s3 import errors, shapes
from kamome.services.s3.notifications.notifications import (
    Destination,
    checked_destinations,
    configuration_of,
    event_covers,
    from_stored,
)
from kamome.services.s3.notifications.notifications import as_stored as stored

if TYPE_CHECKING:
    from tests.s3.conftest import World

QUEUE = "arn:aws:sqs:us-east-1:000000000000:events"
TOPIC = "arn:aws:sns:us-east-1:000000000000:events"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:on-event"
CREATED = "s3:ObjectCreated:*"


def rules(prefix: str = "", suffix: str = "") -> dict[str, object]:
    found = [
        {"Name": name, "Value": value}
        for name, value in (("prefix", prefix), ("suffix", suffix))
        if value
    ]
    return {"Filter": {"Key": {"FilterRules": found}}} if found else {}


def queue(*events: str, arn: object = QUEUE, **members: object) -> dict[str, object]:
    return {"QueueArn": arn, "Events": list(events or (CREATED,)), **members}


def checked(**configuration: object) -> list[Destination]:
    numbers = count(1)
    return checked_destinations(
        cast("shapes.NotificationConfiguration", configuration),
        "us-east-1",
        lambda: f"id-{next(numbers)}",
    )


@pytest.mark.parametrize(
    ("pattern", "event", "covers"),
    [
        ("s3:ObjectCreated:*", "s3:ObjectCreated:Put", True),
        ("s3:ObjectCreated:Put", "s3:ObjectCreated:Put", True),
        ("s3:ObjectCreated:Post", "s3:ObjectCreated:Put", False),
        ("s3:ObjectRemoved:*", "s3:ObjectCreated:Put", False),
        ("s3:ObjectCreated:*", "s3:ObjectCreated:*", True),
    ],
)
def test_event_type_covers(pattern: str, event: str, covers: bool) -> None:
    assert event_covers(pattern, event) is covers


@pytest.mark.parametrize(
    ("prefix", "suffix", "key", "matches"),
    [
        ("", "", "any", True),
        ("in/", "", "in/a", True),
        ("in/", "", "out/in/a", False),
        ("", ".eml", "a.eml", True),
        ("", ".eml", "a.eml.bak", False),
        ("in/", ".eml", "in/a.eml", True),
        ("in/", ".eml", "in/a.txt", False),
        ("year%3D2024/", "", "year=2024/a", True),
        ("日本", "", "日本語", True),
    ],
)
def test_filter_matches_keys(prefix: str, suffix: str, key: str, matches: bool) -> None:
    destination = Destination("1", "Queue", QUEUE, (CREATED,), prefix, suffix)

    assert destination.matches("s3:ObjectCreated:Put", key) is matches


@pytest.mark.parametrize(
    "configuration",
    [
        pytest.param([queue("s3:ObjectCreated:Put"), queue("s3:ObjectRemoved:*")], id="events"),
        pytest.param([queue(**rules("a/")), queue(**rules("b/"))], id="prefixes"),
        pytest.param([queue(**rules("", ".a")), queue(**rules("", ".b"))], id="suffixes"),
        pytest.param(
            [queue(**rules("a/", ".x")), queue(**rules("a/b", ".y"))], id="suffix-decides"
        ),
    ],
)
def test_configurations_that_cannot_meet_are_taken(configuration: list[object]) -> None:
    assert len(checked(QueueConfigurations=configuration)) == len(configuration)


@pytest.mark.parametrize(
    "configuration",
    [
        pytest.param([queue(), queue()], id="same"),
        pytest.param([queue(), queue("s3:ObjectCreated:Put")], id="wildcard"),
        pytest.param([queue(**rules("a/")), queue(**rules("a/b"))], id="prefix-of-prefix"),
        pytest.param([queue(**rules("", "g")), queue(**rules("", "jpg"))], id="suffix-of-suffix"),
        pytest.param([queue(**rules("a/")), queue(**rules("", ".x"))], id="prefix-and-suffix"),
        pytest.param([queue(**rules("a/", ".x")), queue(**rules("a/", ".x"))], id="both"),
    ],
)
def test_configurations_that_overlap_are_refused(configuration: list[object]) -> None:
    with pytest.raises(errors.InvalidArgument, match=r"(?i)overlap"):
        checked(QueueConfigurations=configuration)


PATTERNS = st.builds(
    Destination,
    st.just("id"),
    st.just("Queue"),
    st.just(QUEUE),
    st.sampled_from([("s3:ObjectCreated:*",), ("s3:ObjectCreated:Put",)]),
    st.text("ab", max_size=3),
    st.text("ab", max_size=3),
)


@given(PATTERNS, PATTERNS, st.text("ab", max_size=6))
def test_accepted_pairs_never_match_one_key(one: Destination, other: Destination, key: str) -> None:
    pair = [
        queue(*each.events, Id=str(number), **rules(each.prefix or "", each.suffix or ""))
        for number, each in enumerate((one, other))
    ]
    try:
        checked(QueueConfigurations=pair)
    except errors.InvalidArgument:
        return

    event = "s3:ObjectCreated:Put"
    assert not (one.matches(event, key) and other.matches(event, key))


@pytest.mark.parametrize(
    ("configuration", "error"),
    [
        pytest.param(
            {"QueueConfigurations": [queue("s3:Nothing")]}, errors.InvalidArgument, id="event"
        ),
        pytest.param(
            {"QueueConfigurations": [{"QueueArn": QUEUE, "Events": []}]},
            errors.MalformedXML,
            id="no-event",
        ),
        pytest.param(
            {"QueueConfigurations": [queue(arn="q")]}, errors.InvalidArgument, id="no-arn"
        ),
        pytest.param(
            {"QueueConfigurations": [queue(arn=TOPIC)]}, errors.InvalidArgument, id="topic-as-queue"
        ),
        pytest.param(
            {"QueueConfigurations": [queue(arn=QUEUE.replace("us-east-1", "eu-west-1"))]},
            errors.InvalidArgument,
            id="another-region",
        ),
        pytest.param(
            {"QueueConfigurations": [queue(arn=QUEUE + ".fifo")]}, errors.InvalidArgument, id="fifo"
        ),
        pytest.param(
            {"QueueConfigurations": [queue(Id="a"), queue("s3:ObjectRemoved:*", Id="a")]},
            errors.InvalidArgument,
            id="id-twice",
        ),
        pytest.param(
            {"QueueConfigurations": [queue(Id="i" * 256)]}, errors.InvalidArgument, id="id-length"
        ),
        pytest.param(
            {"QueueConfigurations": [queue(**rules("x" * 1025))]},
            errors.InvalidArgument,
            id="filter-length",
        ),
        pytest.param(
            {
                "QueueConfigurations": [
                    queue(Filter={"Key": {"FilterRules": [{"Name": "infix", "Value": "x"}]}})
                ]
            },
            errors.InvalidArgument,
            id="filter-name",
        ),
        pytest.param(
            {
                "QueueConfigurations": [
                    queue(Filter={"Key": {"FilterRules": [{"Name": "prefix", "Value": "x"}] * 2}})
                ]
            },
            errors.InvalidArgument,
            id="two-prefixes",
        ),
        pytest.param(
            {"QueueConfigurations": [queue(**rules(f"{n:03}/")) for n in range(101)]},
            errors.InvalidArgument,
            id="too-many",
        ),
    ],
)
def test_configuration_that_s3_does_not_take_is_refused(
    configuration: dict[str, object], error: type[AwsError]
) -> None:
    with pytest.raises(error):
        checked(**configuration)


@given(PATTERNS)
def test_destination_is_stored_as_it_is(destination: Destination) -> None:
    assert from_stored(json.loads(json.dumps(stored(destination)))) == destination


def test_configuration_is_given_back_with_ids() -> None:
    given = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ""}]
    given_back = configuration_of(
        checked(
            TopicConfigurations=[{"TopicArn": TOPIC, "Events": ["s3:ObjectRemoved:*"], "Id": "t"}],
            QueueConfigurations=[queue(Filter={"Key": {"FilterRules": given}})],
            LambdaFunctionConfigurations=[
                {"LambdaFunctionArn": FUNCTION, "Events": ["s3:ObjectTagging:*"]}
            ],
        )
    )

    capital = [{"Name": "Prefix", "Value": "in/"}, {"Name": "Suffix", "Value": ""}]
    assert given_back == {
        "TopicConfigurations": [{"Id": "t", "TopicArn": TOPIC, "Events": ["s3:ObjectRemoved:*"]}],
        "QueueConfigurations": [
            {"Id": "id-1", **queue(Filter={"Key": {"FilterRules": capital}})},
        ],
        "LambdaFunctionConfigurations": [
            {"Id": "id-2", "LambdaFunctionArn": FUNCTION, "Events": ["s3:ObjectTagging:*"]}
        ],
    }


async def configured(world: World, **configuration: object) -> None:
    """A bucket that tells queue, topic and function of everything, but for what is given."""
    await world.bucket()
    world.neighbours.existing |= {QUEUE, TOPIC, FUNCTION}
    await put_configuration(world, **configuration)
    world.neighbours.got.clear()


async def put_configuration(world: World, **members: object) -> None:
    skip = members.pop("SkipDestinationValidation", False)
    await world.call(
        "PutBucketNotificationConfiguration",
        Bucket="orders",
        NotificationConfiguration=members,
        SkipDestinationValidation=skip,
    )


async def delivered(world: World) -> list[tuple[str, dict[str, Any]]]:
    await world.clock.activity.quiet()
    return [(arn, json.loads(body)) for _, arn, body in world.neighbours.got]


async def test_queue_gets_the_event_of_a_put(world: World) -> None:
    await configured(world, QueueConfigurations=[queue(Id="mails")])
    put = await world.put("in box/日本+1.eml", b"mail")

    [(arn, document)] = await delivered(world)

    assert arn == QUEUE
    [record] = document["Records"]
    sequencer = record["s3"]["object"].pop("sequencer")
    assert int(sequencer, 16) > 0
    assert len(record["responseElements"].pop("x-amz-id-2")) > 40
    assert record == {
        "eventVersion": "2.6",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2025-10-09T08:53:20.000Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:test"},
        "requestParameters": {"sourceIPAddress": "127.0.0.9"},
        "responseElements": {"x-amz-request-id": world.ctx.request_id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "mails",
            "bucket": {
                "name": "orders",
                "ownerIdentity": record["s3"]["bucket"]["ownerIdentity"],
                "arn": "arn:aws:s3:::orders",
            },
            "object": {
                "key": "in+box/%E6%97%A5%E6%9C%AC%2B1.eml",
                "size": 4,
                "eTag": put["ETag"].strip('"'),
            },
        },
    }


async def test_event_of_a_delete_has_no_size(world: World) -> None:
    await configured(world, QueueConfigurations=[queue("s3:ObjectRemoved:Delete")])
    await world.put("key", b"x")
    await world.call("DeleteObject", Bucket="orders", Key="key")
    await world.call("DeleteObject", Bucket="orders", Key="key")

    [(_, document)] = await delivered(world)

    [record] = document["Records"]
    assert record["eventName"] == "ObjectRemoved:Delete"
    assert record["s3"]["object"].keys() == {"key", "sequencer"}


async def test_sequencer_grows_with_each_event(world: World) -> None:
    await configured(world, QueueConfigurations=[queue(CREATED, "s3:ObjectRemoved:*")])
    await world.put("key", b"1")
    await world.put("key", b"2")
    await world.clock.advance(5)
    await world.call("DeleteObject", Bucket="orders", Key="key")
    await world.put("key", b"3")

    sequencers = [
        document["Records"][0]["s3"]["object"]["sequencer"]
        for _, document in await delivered(world)
    ]

    assert sequencers == sorted(set(sequencers))
    assert {len(sequencer) for sequencer in sequencers} == {18}
    assert len(sequencers) == 4


async def test_topic_and_function_get_theirs(world: World) -> None:
    await configured(
        world,
        TopicConfigurations=[{"TopicArn": TOPIC, "Events": [CREATED], **rules("", ".a")}],
        LambdaFunctionConfigurations=[
            {"LambdaFunctionArn": FUNCTION, "Events": [CREATED], **rules("", ".b")}
        ],
    )
    world.neighbours.subjects.clear()
    await world.put("1.a")
    await world.put("2.b")
    await world.put("3.c")

    found = [(arn, d["Records"][0]["s3"]["object"]["key"]) for arn, d in await delivered(world)]

    assert sorted(found) == [(FUNCTION, "2.b"), (TOPIC, "1.a")]
    assert world.neighbours.subjects == ["Amazon S3 Notification"]


async def test_delivery_continues_the_journey_as_s3(world: World) -> None:
    await configured(world, QueueConfigurations=[queue()])
    trace = "Root=1-68e77640-0123456789abcdef01234567"
    world.s3.journeys.begin(trace, source="smtp", subject="order")
    world.ctx = replace(world.ctx, trace=trace)
    await world.put("key", b"x")

    await delivered(world)

    ctx = world.neighbours.got[0][0]
    assert (ctx.principal, ctx.trace) == ("s3.amazonaws.com", trace)
    assert ctx.source_arn == "arn:aws:s3:::orders"
    journey = world.s3.journeys.find(trace)
    assert journey is not None
    assert [(step.action, step.resource) for step in journey.steps] == [
        ("s3:ObjectCreated:Put", "orders/key")
    ]


async def test_refused_put_causes_no_event(world: World) -> None:
    await configured(world, QueueConfigurations=[queue()])

    with pytest.raises(errors.BadDigest):
        await world.put("key", b"x", ChecksumCRC32="AAAAAA==")

    assert await delivered(world) == []


async def test_event_waits_for_a_destination_that_is_gone_for_a_while(world: World) -> None:
    await configured(world, QueueConfigurations=[queue()])
    world.neighbours.existing.discard(QUEUE)
    await world.put("key", b"x")
    assert await delivered(world) == []

    world.neighbours.existing.add(QUEUE)
    await world.clock.advance(60_000)

    assert len(await delivered(world)) == 1


async def test_test_event_proves_queue_and_topic_but_not_function(world: World) -> None:
    await world.bucket()
    world.neighbours.existing |= {QUEUE, TOPIC, FUNCTION}

    await put_configuration(
        world,
        QueueConfigurations=[queue(**rules("a")), queue(**rules("b"))],
        TopicConfigurations=[{"TopicArn": TOPIC, "Events": ["s3:ObjectRemoved:*"]}],
        LambdaFunctionConfigurations=[
            {"LambdaFunctionArn": FUNCTION, "Events": ["s3:ObjectTagging:*"]}
        ],
    )

    sent = await delivered(world)
    assert sorted(arn for arn, _ in sent) == [TOPIC, QUEUE]
    assert sent[0][1] == {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2025-10-09T08:53:20.000Z",
        "Bucket": "orders",
        "RequestId": world.ctx.request_id,
        "HostId": sent[0][1]["HostId"],
    }


async def test_missing_destinations_are_named_and_nothing_changes(world: World) -> None:
    await configured(world, QueueConfigurations=[queue(Id="old")])
    absent = QUEUE + "-absent"

    with pytest.raises(errors.DestinationsNotValid) as refused:
        await put_configuration(world, QueueConfigurations=[queue(arn=absent)])

    assert refused.value.code == "InvalidArgument"
    assert refused.value.members == {
        "ArgumentName1": f"{absent}, null",
        "ArgumentValue1": "The destination queue does not exist",
    }
    kept = await world.call("GetBucketNotificationConfiguration", Bucket="orders")
    assert kept["QueueConfigurations"][0]["Id"] == "old"


async def test_destination_that_refuses_the_test_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await configured(world)
    monkeypatch.setattr(world.neighbours, "existing", {QUEUE, TOPIC})
    ports = replace(world.s3.ports, topic_exists=lambda _arn: True)
    world.s3 = replace(world.s3, ports=ports)
    gone = TOPIC + "-gone"

    with pytest.raises(errors.DestinationsNotValid):
        await put_configuration(
            world,
            QueueConfigurations=[queue()],
            TopicConfigurations=[{"TopicArn": gone, "Events": ["s3:ObjectRemoved:*"]}],
        )

    assert await world.call("GetBucketNotificationConfiguration", Bucket="orders") == {}


async def test_validation_can_be_skipped(world: World) -> None:
    await world.bucket()

    await put_configuration(world, QueueConfigurations=[queue()], SkipDestinationValidation=True)

    kept = await world.call("GetBucketNotificationConfiguration", Bucket="orders")
    assert kept["QueueConfigurations"][0]["QueueArn"] == QUEUE
    assert await delivered(world) == []


async def test_empty_configuration_ends_notifications(world: World) -> None:
    await configured(world, QueueConfigurations=[queue()])

    await put_configuration(world)
    await world.put("key", b"x")

    assert await delivered(world) == []
    assert await world.call("GetBucketNotificationConfiguration", Bucket="orders") == {}


async def test_event_bus_gets_every_event_in_its_own_form(world: World) -> None:
    await configured(world, EventBridgeConfiguration={})
    put = await world.put("in box/a", b"mail")
    await world.call("DeleteObject", Bucket="orders", Key="in box/a")
    await world.clock.advance(1)

    created, deleted = world.neighbours.bus

    assert (created["source"], created["detail-type"]) == ("aws.s3", "Object Created")
    assert created["bus"] == "arn:aws:events:us-east-1:000000000000:event-bus/default"
    assert created["resources"] == ["arn:aws:s3:::orders"]
    assert created["time"] == "2025-10-09T08:53:20Z"
    detail = created["detail"]
    assert detail["object"]["key"] == "in box/a"
    assert f'"{detail["object"]["etag"]}"' == put["ETag"]
    assert (detail["reason"], detail["requester"]) == ("PutObject", "000000000000")
    assert deleted["detail-type"] == "Object Deleted"
    assert deleted["detail"]["deletion-type"] == "Permanently Deleted"
    shown = await world.call("GetBucketNotificationConfiguration", Bucket="orders")
    assert shown == {"EventBridgeConfiguration": {}}
