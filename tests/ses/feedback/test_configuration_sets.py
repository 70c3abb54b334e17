"""Configuration sets by both APIs. AWS: SES Developer Guide, Using configuration sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.ses.feedback.conftest import TOPIC

if TYPE_CHECKING:
    from tests.ses.feedback.conftest import Sender

V1_DESTINATION = {
    "Name": "there",
    "Enabled": True,
    "MatchingEventTypes": ["bounce", "renderingFailure"],
    "SNSDestination": {"TopicARN": TOPIC},
}
SNS = {"MatchingEventTypes": ["SEND"], "SnsDestination": {"TopicArn": TOPIC}}


async def test_a_set_of_one_api_is_one_of_the_other(sender: Sender) -> None:
    await sender.v1("CreateConfigurationSet", ConfigurationSet={"Name": "a"})
    await sender.v2("CreateConfigurationSet", ConfigurationSetName="b")

    first = await sender.v1("ListConfigurationSets")
    second = await sender.v2("ListConfigurationSets")

    assert first["ConfigurationSets"] == [{"Name": "a"}, {"Name": "b"}]
    assert second["ConfigurationSets"] == ["a", "b"]


async def test_options_of_a_new_set_are_awss_defaults(sender: Sender) -> None:
    await sender.v2("CreateConfigurationSet", ConfigurationSetName="set")

    shown = await sender.v2("GetConfigurationSet", ConfigurationSetName="set")

    assert shown == {
        "ConfigurationSetName": "set",
        "DeliveryOptions": {"TlsPolicy": "OPTIONAL"},
        "ReputationOptions": {"ReputationMetricsEnabled": False},
        "SendingOptions": {"SendingEnabled": True},
        "Tags": [],
    }


@pytest.mark.parametrize(
    ("operation", "members", "group"),
    [
        ("Archiving", {"ArchiveArn": "arn:aws:ses:x"}, {"ArchiveArn": "arn:aws:ses:x"}),
        (
            "Delivery",
            {"TlsPolicy": "REQUIRE", "MaxDeliverySeconds": 600},
            {"TlsPolicy": "REQUIRE", "MaxDeliverySeconds": 600},
        ),
        ("Reputation", {"ReputationMetricsEnabled": True}, {"ReputationMetricsEnabled": True}),
        ("Sending", {"SendingEnabled": False}, {"SendingEnabled": False}),
        ("Suppression", {"SuppressedReasons": []}, {"SuppressedReasons": []}),
        (
            "Tracking",
            {"CustomRedirectDomain": "click.example.com", "HttpsPolicy": "REQUIRE"},
            {"CustomRedirectDomain": "click.example.com", "HttpsPolicy": "REQUIRE"},
        ),
        (
            "Vdm",
            {"VdmOptions": {"DashboardOptions": {"EngagementMetrics": "ENABLED"}}},
            {"DashboardOptions": {"EngagementMetrics": "ENABLED"}},
        ),
    ],
)
async def test_each_group_of_options_is_kept(
    sender: Sender, operation: str, members: dict[str, Any], group: dict[str, Any]
) -> None:
    await sender.v1("VerifyDomainIdentity", Domain="example.com")
    await sender.v2("CreateConfigurationSet", ConfigurationSetName="set")

    await sender.v2(f"PutConfigurationSet{operation}Options", ConfigurationSetName="set", **members)

    shown = await sender.v2("GetConfigurationSet", ConfigurationSetName="set")
    assert shown[f"{operation}Options"] == group


async def test_sending_that_is_switched_on_again_starts_afresh(sender: Sender) -> None:
    await sender.v2("CreateConfigurationSet", ConfigurationSetName="set")
    for is_enabled in (False, True):
        await sender.v1(
            "UpdateConfigurationSetSendingEnabled",
            ConfigurationSetName="set",
            Enabled=is_enabled,
        )

    shown = await sender.v1(
        "DescribeConfigurationSet",
        ConfigurationSetName="set",
        ConfigurationSetAttributeNames=["reputationOptions"],
    )

    assert shown["ReputationOptions"]["SendingEnabled"] is True
    assert shown["ReputationOptions"]["LastFreshStart"] == sender.world.clock.now_ms() / 1000


async def test_destination_of_the_first_api_is_seen_by_both(sender: Sender) -> None:
    await sender.v1("CreateConfigurationSet", ConfigurationSet={"Name": "set"})
    await sender.v1(
        "CreateConfigurationSetEventDestination",
        ConfigurationSetName="set",
        EventDestination=V1_DESTINATION,
    )

    first = await sender.v1(
        "DescribeConfigurationSet",
        ConfigurationSetName="set",
        ConfigurationSetAttributeNames=["eventDestinations"],
    )
    second = await sender.v2("GetConfigurationSetEventDestinations", ConfigurationSetName="set")

    assert first["EventDestinations"] == [V1_DESTINATION]
    assert second["EventDestinations"][0]["MatchingEventTypes"] == ["BOUNCE", "RENDERING_FAILURE"]


async def test_only_what_is_asked_for_is_described(sender: Sender) -> None:
    await sender.v1("CreateConfigurationSet", ConfigurationSet={"Name": "set"})

    shown = await sender.v1("DescribeConfigurationSet", ConfigurationSetName="set")

    assert shown == {"ConfigurationSet": {"Name": "set"}}


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ({"MatchingEventTypes": ["SEND"]}, "BadRequestException"),
        ({"SnsDestination": {"TopicArn": TOPIC}}, "BadRequestException"),
        (
            {"MatchingEventTypes": ["SEND"], "SnsDestination": {"TopicArn": "arn:gone"}},
            "BadRequestException",
        ),
        (
            {
                "MatchingEventTypes": ["SEND"],
                "EventBridgeDestination": {
                    "EventBusArn": "arn:aws:events:us-east-1:000000000000:event-bus/mine"
                },
            },
            "BadRequestException",
        ),
        (
            {
                "MatchingEventTypes": ["SEND"],
                "CloudWatchDestination": {"DimensionConfigurations": []},
            },
            "BadRequestException",
        ),
        (
            {
                "MatchingEventTypes": ["SEND"],
                "CloudWatchDestination": {
                    "DimensionConfigurations": [
                        {
                            "DimensionName": "Return-Path",
                            "DimensionValueSource": "EMAIL_HEADER",
                            "DefaultDimensionValue": "none",
                        }
                    ]
                },
            },
            "BadRequestException",
        ),
    ],
    ids=["none", "no types", "no topic", "another bus", "no dimensions", "header"],
)
async def test_a_destination_that_cannot_be_used_is_refused(
    sender: Sender, definition: dict[str, Any], code: str
) -> None:
    await sender.v2("CreateConfigurationSet", ConfigurationSetName="set")

    refusal = await sender.refused(
        "v2",
        "CreateConfigurationSetEventDestination",
        ConfigurationSetName="set",
        EventDestinationName="there",
        EventDestination=definition,
    )

    assert refusal.code == code


async def test_a_set_has_ten_destinations_at_most(sender: Sender) -> None:
    await sender.v2("CreateConfigurationSet", ConfigurationSetName="set")
    created = {"ConfigurationSetName": "set", "EventDestination": SNS}
    for number in range(10):
        await sender.v2(
            "CreateConfigurationSetEventDestination", EventDestinationName=f"d{number}", **created
        )

    refusal = await sender.refused(
        "v2", "CreateConfigurationSetEventDestination", EventDestinationName="d10", **created
    )

    assert refusal.code == "LimitExceededException"


@pytest.mark.parametrize(
    ("version", "operation", "members", "code"),
    [
        ("v1", "CreateConfigurationSet", {"ConfigurationSet": {"Name": "a b"}}, "InvalidConfig"),
        ("v1", "CreateConfigurationSet", {"ConfigurationSet": {"Name": "set"}}, "ConfigurationSet"),
        ("v1", "DeleteConfigurationSet", {"ConfigurationSetName": "gone"}, "ConfigurationSet"),
        ("v1", "DescribeConfigurationSet", {"ConfigurationSetName": "gone"}, "ConfigurationSet"),
        (
            "v1",
            "CreateConfigurationSetTrackingOptions",
            {"ConfigurationSetName": "set", "TrackingOptions": {"CustomRedirectDomain": "a.test"}},
            "InvalidTrackingOptions",
        ),
        (
            "v1",
            "DeleteConfigurationSetTrackingOptions",
            {"ConfigurationSetName": "set"},
            "TrackingOptionsDoesNotExist",
        ),
        ("v2", "CreateConfigurationSet", {"ConfigurationSetName": "a b"}, "BadRequest"),
        ("v2", "CreateConfigurationSet", {"ConfigurationSetName": "set"}, "AlreadyExists"),
        ("v2", "GetConfigurationSet", {"ConfigurationSetName": "gone"}, "NotFound"),
        (
            "v2",
            "PutConfigurationSetDeliveryOptions",
            {"ConfigurationSetName": "set", "SendingPoolName": "gone"},
            "NotFound",
        ),
        (
            "v2",
            "DeleteConfigurationSetEventDestination",
            {"ConfigurationSetName": "set", "EventDestinationName": "gone"},
            "NotFound",
        ),
    ],
)
async def test_mistakes_are_answered_in_awss_words(
    sender: Sender, version: str, operation: str, members: dict[str, Any], code: str
) -> None:
    await sender.v2("CreateConfigurationSet", ConfigurationSetName="set")

    refusal = await sender.refused(version, operation, **members)

    assert refusal.code.startswith(code)


async def test_a_pool_can_be_named_once_it_is_there(sender: Sender) -> None:
    await sender.v2("CreateDedicatedIpPool", PoolName="own", ScalingMode="MANAGED")
    await sender.v2("CreateConfigurationSet", ConfigurationSetName="set")

    await sender.v2(
        "PutConfigurationSetDeliveryOptions", ConfigurationSetName="set", SendingPoolName="own"
    )

    pools = await sender.v2("ListDedicatedIpPools")
    assert pools["DedicatedIpPools"] == ["own"]


async def test_sets_are_listed_in_pages(sender: Sender) -> None:
    for name in ("a", "b", "c"):
        await sender.v2("CreateConfigurationSet", ConfigurationSetName=name)

    first = await sender.v2("ListConfigurationSets", PageSize=2)
    second = await sender.v2("ListConfigurationSets", NextToken=first["NextToken"])
    by_first_api = await sender.v1("ListConfigurationSets", MaxItems=2)

    assert (first["ConfigurationSets"], second["ConfigurationSets"]) == (["a", "b"], ["c"])
    assert [each["Name"] for each in by_first_api["ConfigurationSets"]] == ["a", "b"]
    assert "NextToken" not in second


async def test_sets_are_filtered_by_a_part_of_their_names(sender: Sender) -> None:
    for name in ("a-news", "b", "c-news"):
        await sender.v2("CreateConfigurationSet", ConfigurationSetName=name)
    wanted = {"CONFIGURATION_SET_NAME_CONTAINS": "news"}

    first = await sender.v2("ListConfigurationSets", Filter=wanted, PageSize=1)
    second = await sender.v2("ListConfigurationSets", Filter=wanted, NextToken=first["NextToken"])

    assert (first["ConfigurationSets"], second["ConfigurationSets"]) == (["a-news"], ["c-news"])
    assert "NextToken" not in second


async def test_statistics_count_by_quarters_of_an_hour(sender: Sender) -> None:
    await sender.send("a@example.net", "b@example.net")
    await sender.world.clock.advance(15 * 60_000)
    await sender.send("a@example.net")

    points = (await sender.v1("GetSendStatistics"))["SendDataPoints"]

    assert [point["DeliveryAttempts"] for point in points] == [2, 1]


async def test_insights_tell_what_happened_to_each_recipient(sender: Sender) -> None:
    sent = await sender.send("success@simulator.amazonses.com", "bounce@simulator.amazonses.com")

    shown = await sender.v2("GetMessageInsights", MessageId=sent.message_id)

    happened = {
        insight["Destination"].partition("@")[0]: [event["Type"] for event in insight["Events"]]
        for insight in shown["Insights"]
    }
    assert happened == {"success": ["SEND", "DELIVERY"], "bounce": ["SEND", "BOUNCE"]}
    assert shown["Insights"][1]["Events"][1]["Details"]["Bounce"]["BounceType"] == "PERMANENT"


async def test_insights_of_somebody_elses_mail_are_not_found(sender: Sender) -> None:
    refusal = await sender.refused("v2", "GetMessageInsights", MessageId="0100-gone")

    assert refusal.status == 404
