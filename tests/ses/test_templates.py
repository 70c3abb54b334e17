"""Templates of both APIs, and mails made from them."""

from __future__ import annotations

import email
import email.policy
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.ses.conftest import World

TEMPLATE = {
    "TemplateName": "welcome",
    "SubjectPart": "Hello, {{name}}!",
    "TextPart": "Dear {{name}}, you like {{color}}.",
    "HtmlPart": "<p>Dear {{name}}</p>",
}


@pytest.fixture
async def verified(world: World) -> World:
    await world.call("VerifyDomainIdentity", Domain="example.com")
    await world.call("CreateTemplate", Template=TEMPLATE)
    await world.call_v2("CreateConfigurationSet", ConfigurationSetName="set")
    await world.call_v2(
        "CreateConfigurationSetEventDestination",
        ConfigurationSetName="set",
        EventDestinationName="all",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["SEND", "RENDERING_FAILURE"],
            "SnsDestination": {"TopicArn": "arn:aws:sns:us-east-1:000000000000:news"},
        },
    )
    return world


def templated(data: str, **changes: object) -> dict[str, Any]:
    return {
        "Source": "news@example.com",
        "Destination": {"ToAddresses": ["a@example.net"]},
        "Template": "welcome",
        "TemplateData": data,
        "ConfigurationSetName": "set",
        **changes,
    }


def left(world: World, number: int) -> Any:  # email's messages are dynamic
    content = world.neighbours.effects("spool")[number][1]
    return email.message_from_bytes(content, policy=email.policy.SMTP)


async def test_template_is_kept_for_both_apis(verified: World) -> None:
    first = await verified.call("GetTemplate", TemplateName="welcome")
    second = await verified.call_v2("GetEmailTemplate", TemplateName="welcome")

    assert first["Template"] == TEMPLATE
    assert second["TemplateContent"] == {
        "Subject": TEMPLATE["SubjectPart"],
        "Text": TEMPLATE["TextPart"],
        "Html": TEMPLATE["HtmlPart"],
    }


async def test_template_is_made_once_changed_and_deleted(verified: World) -> None:
    again = await verified.refused("CreateTemplate", Template=TEMPLATE)
    await verified.call(
        "UpdateTemplate",
        Template={"TemplateName": "welcome", "SubjectPart": "x", "TextPart": "y"},
    )
    changed = await verified.call("GetTemplate", TemplateName="welcome")
    await verified.call("DeleteTemplate", TemplateName="welcome")
    missing = await verified.refused("GetTemplate", TemplateName="welcome")

    assert (again.code, again.members) == ("AlreadyExists", {"Name": "welcome"})
    assert "HtmlPart" not in changed["Template"]
    assert (missing.code, missing.members) == ("TemplateDoesNotExist", {"TemplateName": "welcome"})


@pytest.mark.parametrize(
    "changes",
    [
        {"TemplateName": "a b"},
        {"SubjectPart": " "},
        {"TextPart": "{{#if x}}"},
        {"HtmlPart": "x" * 500 * 1024},
    ],
    ids=["name", "subject", "syntax", "size"],
)
async def test_template_that_is_none_is_refused(world: World, changes: dict[str, str]) -> None:
    error = await world.refused("CreateTemplate", Template={**TEMPLATE, **changes})
    listed = await world.call("ListTemplates")

    assert error.code == "InvalidTemplate"
    assert listed["TemplatesMetadata"] == []


async def test_templates_are_listed_in_pages(verified: World) -> None:
    for name in ("b", "a"):
        await verified.call("CreateTemplate", Template={**TEMPLATE, "TemplateName": name})

    first = await verified.call_v2("ListEmailTemplates", PageSize=2)
    second = await verified.call_v2("ListEmailTemplates", NextToken=first["NextToken"])

    names = [each["TemplateName"] for page in (first, second) for each in page["TemplatesMetadata"]]
    assert names == ["a", "b", "welcome"]


async def test_first_api_lists_a_hundred_where_more_are_asked_for(verified: World) -> None:
    listed = await verified.call("ListTemplates", MaxItems=101)

    assert [each["Name"] for each in listed["TemplatesMetadata"]] == ["welcome"]
    assert (await verified.refused("ListTemplates", MaxItems=0)).code == "InvalidParameterValue"


async def test_tags_go_with_a_template_that_the_first_api_deletes(verified: World) -> None:
    again = {"TemplateName": "t", "TemplateContent": {"Subject": "s", "Text": "t"}}
    tags = [{"Key": "a", "Value": "b"}]
    await verified.call_v2("CreateEmailTemplate", **again, Tags=tags)

    await verified.call("DeleteTemplate", TemplateName="t")

    await verified.call_v2("CreateEmailTemplate", **again)
    assert (await verified.call_v2("GetEmailTemplate", TemplateName="t"))["Tags"] == []


async def test_preview_shows_the_mail(verified: World) -> None:
    data = '{"name": "Ada", "color": "red"}'

    shown = await verified.call("TestRenderTemplate", TemplateName="welcome", TemplateData=data)

    mail = email.message_from_string(shown["RenderedTemplate"])
    assert mail["Subject"] == "Hello, Ada!"
    assert mail["From"] is None
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [('{"name": "Ada"}', "MissingRenderingAttribute"), ("[]", "InvalidRenderingParameter")],
)
async def test_preview_says_what_is_missing(verified: World, data: str, code: str) -> None:
    error = await verified.refused("TestRenderTemplate", TemplateName="welcome", TemplateData=data)

    assert error.code == code


async def test_templated_mail_is_sent(verified: World) -> None:
    await verified.call("SendTemplatedEmail", **templated('{"name": "Ada", "color": "red"}'))

    mail = left(verified, 0)
    assert mail["Subject"] == "Hello, Ada!"
    assert "you like red." in mail.get_body(("plain",)).get_content()


async def test_missing_attribute_is_an_event_and_no_mail(verified: World) -> None:
    answer = await verified.call("SendTemplatedEmail", **templated('{"name": "Ada"}'))
    await verified.settle()

    assert verified.neighbours.spooled == []
    [event] = verified.neighbours.messages()
    assert event["eventType"] == "Rendering Failure"
    assert event["mail"]["messageId"] == answer["MessageId"]
    assert event["failure"] == {
        "templateName": "welcome",
        "errorMessage": "Attribute 'color' is not present in the rendering data.",
    }
    assert (await verified.call("GetSendQuota"))["SentLast24Hours"] == 0.0


async def test_template_of_a_mail_to_a_list_has_the_link_to_unsubscribe(verified: World) -> None:
    await verified.call_v2("CreateContactList", ContactListName="news")
    content = {"Subject": "News", "Text": "Leave: {{amazonSESUnsubscribeUrl}} {{name}}"}

    await verified.call_v2(
        "SendEmail",
        FromEmailAddress="news@example.com",
        Destination={"ToAddresses": ["a@example.net"]},
        Content={"Template": {"TemplateContent": content, "TemplateData": '{"name": "A"}'}},
        ListManagementOptions={"ContactListName": "news"},
    )

    text = left(verified, 0).get_content()
    assert text.startswith("Leave: http")
    assert "/unsubscribe/" in text
    assert text.endswith(" A")


async def test_value_cannot_end_the_subject(verified: World) -> None:
    data = json.dumps({"name": "Ada\r\nBcc: x@example.org", "color": "red"})

    await verified.call("SendTemplatedEmail", **templated(data))
    await verified.settle()

    assert verified.neighbours.spooled == []
    assert verified.neighbours.messages()[0]["eventType"] == "Rendering Failure"


async def test_template_that_is_not_there_is_named(verified: World) -> None:
    first = await verified.refused("SendTemplatedEmail", **templated("{}", Template="none"))

    assert (first.code, first.members) == ("TemplateDoesNotExist", {"TemplateName": "none"})


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:ses:us-east-1:111111111111:template/welcome",
        "arn:aws:ses:eu-west-1:000000000000:template/welcome",
        "arn:aws:ses:us-east-1:000000000000:template/other",
    ],
)
async def test_template_of_somebody_else_is_not_sent(verified: World, arn: str) -> None:
    by_name = templated('{"name": "A", "color": "b"}', TemplateArn=arn)
    content = {"TemplateArn": arn, "TemplateData": '{"name": "A", "color": "b"}'}

    first = await verified.refused("SendTemplatedEmail", **by_name)
    second = await verified.refused_v2(
        "SendEmail",
        FromEmailAddress="news@example.com",
        Destination={"ToAddresses": ["a@example.net"]},
        Content={"Template": content},
    )

    assert (first.code, second.code) == ("TemplateDoesNotExist", "NotFoundException")
    assert verified.neighbours.spooled == []


async def test_bulk_tells_of_each_destination(verified: World) -> None:
    answer = await verified.call(
        "SendBulkTemplatedEmail",
        Source="news@example.com",
        Template="welcome",
        DefaultTemplateData='{"name": "you", "color": "blue"}',
        DefaultTags=[{"Name": "team", "Value": "post"}],
        Destinations=[
            {
                "Destination": {"ToAddresses": ["a@example.net"]},
                "ReplacementTemplateData": '{"name": "Ada"}',
                "ReplacementTags": [{"Name": "team", "Value": "own"}],
            },
            {"Destination": {"ToAddresses": ["nobody"]}},
            {"Destination": {"ToAddresses": ["b@example.net"]}},
        ],
    )

    assert [each["Status"] for each in answer["Status"]] == [
        "Success",
        "InvalidParameterValue",
        "Success",
    ]
    assert answer["Status"][1]["Error"] == "Missing final '@domain'"
    assert [left(verified, at)["Subject"] for at in (0, 1)] == ["Hello, Ada!", "Hello, you!"]
    first = verified.ses.sent.find(answer["Status"][0]["MessageId"])
    assert first is not None
    assert first.tags["team"] == ["own"]


async def test_bulk_of_an_unverified_sender_is_refused_whole(verified: World) -> None:
    error = await verified.refused(
        "SendBulkTemplatedEmail",
        Source="news@example.org",
        Template="welcome",
        DefaultTemplateData="{}",
        Destinations=[{"Destination": {"ToAddresses": ["a@example.net"]}}],
    )

    assert error.code == "MessageRejected"
    assert error.message.endswith("US-EAST-1: news@example.org")
