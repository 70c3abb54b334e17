"""SendEmail and SendBulkEmail of the API v2."""

from __future__ import annotations

import email
import email.policy
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.ses.conftest import World

RAW = b"From: news@example.com\r\nTo: a@example.net\r\nSubject: raw\r\n\r\nbody\r\n"


@pytest.fixture
async def verified(world: World) -> World:
    await world.call_v2("CreateEmailIdentity", EmailIdentity="example.com")
    return world


def request(content: object, **changes: object) -> dict[str, Any]:
    return {
        "FromEmailAddress": "news@example.com",
        "Destination": {"ToAddresses": ["a@example.net"]},
        "Content": content,
        **changes,
    }


def simple(**changes: object) -> dict[str, Any]:
    message = {"Subject": {"Data": "hi"}, "Body": {"Text": {"Data": "hello"}}, **changes}
    return request({"Simple": message})


def left(world: World, number: int = -1) -> Any:  # email's messages are dynamic
    content = world.neighbours.effects("spool")[number][1]
    return email.message_from_bytes(content, policy=email.policy.SMTP)


async def test_simple_mail_with_headers_and_attachments(verified: World) -> None:
    attachments = [
        {"FileName": "rechnung ü.pdf", "RawContent": b"%PDF\0\xff" * 100},
        {
            "FileName": "logo.png",
            "RawContent": b"\x89PNG",
            "ContentDisposition": "INLINE",
            "ContentId": "logo",
            "ContentType": "image/png",
        },
        {
            "FileName": "note.txt",
            "RawContent": "é".encode(),
            "ContentTransferEncoding": "QUOTED_PRINTABLE",
        },
    ]
    body = {"Html": {"Data": '<img src="cid:logo">'}, "Text": {"Data": "text"}}
    headers = [{"Name": "X-Team", "Value": "post"}, {"Name": "List-Id", "Value": "<l.example>"}]

    await verified.call_v2(
        "SendEmail", **simple(Body=body, Headers=headers, Attachments=attachments)
    )

    mail = left(verified)
    assert (mail["X-Team"], mail["List-Id"]) == ("post", "<l.example>")
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/related",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
        "application/pdf",
        "text/plain",
    ]
    files = {part.get_filename(): part for part in mail.walk() if part.get_filename()}
    assert files["rechnung ü.pdf"].get_content() == b"%PDF\0\xff" * 100
    assert files["logo.png"]["Content-ID"] == "<logo>"
    assert files["note.txt"].get_payload(decode=True) == "é".encode()


async def test_raw_mail_needs_no_other_parameter(verified: World) -> None:
    await verified.call_v2("SendEmail", Content={"Raw": {"Data": RAW}})

    assert verified.neighbours.spooled[0].recipients == ("a@example.net",)
    assert left(verified)["Subject"] == "raw"


async def test_the_calls_arn_goes_before_both_of_a_raw_mails_fields(verified: World) -> None:
    arn = "arn:aws:ses:us-east-1:000000000000:identity/"
    fields = f"X-SES-SOURCE-ARN: {arn}none.example\r\nX-SES-FROM-ARN: {arn}none.example\r\n"
    content = {"Raw": {"Data": fields.encode() + RAW}}

    refused = await verified.refused_v2("SendEmail", Content=content)
    await verified.call_v2(
        "SendEmail", Content=content, FromEmailAddressIdentityArn=f"{arn}example.com"
    )

    assert "none.example is not valid for news@example.com" in refused.message
    assert left(verified)["Subject"] == "raw"


async def test_content_is_of_one_kind(verified: World) -> None:
    for content in ({}, {"Raw": {"Data": RAW}, **simple()["Content"]}):
        error = await verified.refused_v2("SendEmail", **request(content))
        assert error.code == "BadRequestException"


@pytest.mark.parametrize(
    "header",
    [
        ("Subject", "x"),
        ("from", "x@example.com"),
        ("X-SES-TENANT", "x"),
        ("a b", "x"),
        ("X-A", "a\r\nBcc: x@example.org"),
        ("X-A", "é"),
        ("X-A", " "),
        ("X-A", "x" * 995),
    ],
    ids=["subject", "from", "instruction", "space", "two lines", "not ASCII", "empty", "long"],
)
async def test_header_that_may_not_be_set_is_refused(
    verified: World, header: tuple[str, str]
) -> None:
    headers = [{"Name": header[0], "Value": header[1]}]

    error = await verified.refused_v2("SendEmail", **simple(Headers=headers))

    assert error.code == "BadRequestException"
    assert verified.neighbours.spooled == []


@pytest.mark.parametrize(
    "changes",
    [
        {"FileName": "run.EXE"},
        {"FileName": "a\r\nb.txt"},
        {"ContentType": "text/plain\r\nX: y"},
        {"ContentId": "a>b"},
        {"ContentDescription": "a\nb"},
    ],
    ids=["extension", "name", "type", "id", "description"],
)
async def test_attachment_that_cannot_be_sent_is_refused(
    verified: World, changes: dict[str, str]
) -> None:
    attachment = {"FileName": "a.txt", "RawContent": b"x", **changes}

    error = await verified.refused_v2("SendEmail", **simple(Attachments=[attachment]))

    assert error.code == "BadRequestException"


async def test_refusals_have_the_codes_of_this_api(world: World) -> None:
    unverified = await world.refused_v2("SendEmail", **simple())
    await world.call_v2("CreateEmailIdentity", EmailIdentity="example.com")
    no_set = await world.refused_v2("SendEmail", **simple(), ConfigurationSetName="none")
    no_template = await world.refused_v2(
        "SendEmail", **request({"Template": {"TemplateName": "none", "TemplateData": "{}"}})
    )
    await world.call_v2("PutAccountSendingAttributes", SendingEnabled=False)
    paused = await world.refused_v2("SendEmail", **simple())

    codes = [each.code for each in (unverified, no_set, no_template, paused)]
    assert codes == [
        "MessageRejected",
        "NotFoundException",
        "NotFoundException",
        "SendingPausedException",
    ]


async def test_template_may_come_with_the_call(verified: World) -> None:
    content = {"Subject": "Hi {{name}}", "Text": "{{#if vip}}gold{{/if}}"}
    data = '{"name": "Ada", "vip": true}'

    await verified.call_v2(
        "SendEmail", **request({"Template": {"TemplateContent": content, "TemplateData": data}})
    )

    assert left(verified)["Subject"] == "Hi Ada"
    assert left(verified).get_content().strip() == "gold"


async def test_set_of_the_identity_is_used_where_none_is_named(verified: World) -> None:
    for name in ("default", "own"):
        await verified.call_v2("CreateConfigurationSet", ConfigurationSetName=name)
    await verified.call_v2(
        "PutEmailIdentityConfigurationSetAttributes",
        EmailIdentity="example.com",
        ConfigurationSetName="default",
    )

    first = await verified.call_v2("SendEmail", **simple())
    second = await verified.call_v2("SendEmail", **simple(), ConfigurationSetName="own")

    found = [verified.ses.sent.find(each["MessageId"]) for each in (first, second)]
    assert [each and each.configuration_set for each in found] == ["default", "own"]


async def test_set_of_an_address_comes_before_its_domains(verified: World) -> None:
    for name in ("domain", "address"):
        await verified.call_v2("CreateConfigurationSet", ConfigurationSetName=name)
    put = "PutEmailIdentityConfigurationSetAttributes"
    await verified.call_v2(put, EmailIdentity="example.com", ConfigurationSetName="domain")
    await verified.call_v2("CreateEmailIdentity", EmailIdentity="news@example.com")

    first = await verified.call_v2("SendEmail", **simple())
    await verified.call_v2(put, EmailIdentity="news@example.com", ConfigurationSetName="address")
    second = await verified.call_v2("SendEmail", **simple())

    found = [verified.ses.sent.find(each["MessageId"]) for each in (first, second)]
    assert [each and each.configuration_set for each in found] == ["domain", "address"]


async def test_set_of_the_identity_that_is_gone_is_a_bad_request(verified: World) -> None:
    await verified.call_v2("CreateConfigurationSet", ConfigurationSetName="default")
    await verified.call_v2(
        "PutEmailIdentityConfigurationSetAttributes",
        EmailIdentity="example.com",
        ConfigurationSetName="default",
    )
    await verified.call_v2("DeleteConfigurationSet", ConfigurationSetName="default")

    error = await verified.refused_v2("SendEmail", **simple())

    assert error.code == "BadRequestException"


async def test_bulk_entries_have_data_headers_and_results_of_their_own(verified: World) -> None:
    template = {
        "TemplateContent": {"Subject": "{{name}}", "Text": "x"},
        "TemplateData": '{"name": "you"}',
        "Headers": [{"Name": "X-A", "Value": "default"}, {"Name": "X-B", "Value": "default"}],
    }
    entries = [
        {
            "Destination": {"ToAddresses": ["a@example.net"]},
            "ReplacementEmailContent": {
                "ReplacementTemplate": {"ReplacementTemplateData": '{"name": "Ada"}'}
            },
            "ReplacementHeaders": [{"Name": "x-a", "Value": "own"}],
        },
        {"Destination": {}},
    ]

    answer = await verified.call_v2(
        "SendBulkEmail",
        FromEmailAddress="news@example.com",
        DefaultContent={"Template": template},
        BulkEmailEntries=entries,
    )

    results = answer["BulkEmailEntryResults"]
    assert [each["Status"] for each in results] == ["SUCCESS", "INVALID_PARAMETER"]
    assert (left(verified)["Subject"], left(verified)["X-A"], left(verified)["X-B"]) == (
        "Ada",
        "own",
        "default",
    )


async def test_sandbox_is_left_by_asking(world: World) -> None:
    before = await world.call_v2("GetAccount")
    await world.call_v2(
        "PutAccountDetails",
        MailType="TRANSACTIONAL",
        WebsiteURL="https://example.com",
        ProductionAccessEnabled=True,
        ContactLanguage="EN",
    )
    after = await world.call_v2("GetAccount")

    assert before["ProductionAccessEnabled"] is True  # the mode of development
    assert before["SendQuota"]["Max24HourSend"] == -1
    assert after["Details"]["ReviewDetails"] == {"Status": "GRANTED"}
    assert after["SuppressionAttributes"]["SuppressedReasons"] == ["BOUNCE", "COMPLAINT"]


async def test_mail_is_signed_with_the_domains_key(verified: World) -> None:
    await verified.call_v2(
        "PutEmailIdentityMailFromAttributes",
        EmailIdentity="example.com",
        MailFromDomain="bounce.example.com",
    )

    answer = await verified.call_v2("SendEmail", **simple())

    identity = await verified.call_v2("GetEmailIdentity", EmailIdentity="example.com")
    signature = left(verified)["DKIM-Signature"]
    assert "d=example.com" in signature
    assert f"s={identity['DkimAttributes']['Tokens'][0]}" in signature.replace(" ", "")
    assert (
        verified.neighbours.spooled[0].reverse_path == f"{answer['MessageId']}@bounce.example.com"
    )


async def test_mail_is_not_signed_where_signing_is_off(verified: World) -> None:
    await verified.call_v2(
        "PutEmailIdentityDkimAttributes", EmailIdentity="example.com", SigningEnabled=False
    )

    await verified.call_v2("SendEmail", **simple())

    assert left(verified)["DKIM-Signature"] is None
