"""SendEmail and SendRawEmail: what is sent, and what is refused."""

from __future__ import annotations

import email
import email.policy
from typing import TYPE_CHECKING, Any

import pytest

from kamome.context import RequestContext
from kamome.services.ses.feedback import events

if TYPE_CHECKING:
    from email.message import EmailMessage

    from tests.ses.conftest import World

RAW = (
    b"From: Post <news@example.com>\nTo: a@example.net, B <b@example.net>\nBcc: c@example.net\n"
    b"Date: Thu, 1 Jan 1970 00:00:00 +0000\nMessage-ID: <mine@example.com>\n"
    b"Return-Path: <>\nSubject: =?utf-8?B?w6k=?=\nX-Mine: kept\n\nbody\n"
)


@pytest.fixture
async def verified(world: World) -> World:
    await world.call("VerifyDomainIdentity", Domain="example.com")
    return world


def simple(**changes: object) -> dict[str, Any]:
    return {
        "Source": "news@example.com",
        "Destination": {"ToAddresses": ["a@example.net"]},
        "Message": {"Subject": {"Data": "hi"}, "Body": {"Text": {"Data": "hello\n"}}},
        **changes,
    }


def sent(world: World, number: int = -1) -> EmailMessage:
    """A mail as it left."""
    content = world.neighbours.effects("spool")[number][1]
    parsed = email.message_from_bytes(content, policy=email.policy.SMTP)
    assert not parsed.defects
    return parsed


async def test_text_is_sent_to_all_recipients(verified: World) -> None:
    destination = {
        "ToAddresses": ["A <a@example.net>", "b@example.net"],
        "CcAddresses": ["c@example.net"],
        "BccAddresses": ["d@EXAMPLE.net", "b@example.net"],
    }

    answer = await verified.call("SendEmail", **simple(Destination=destination))

    mail = verified.neighbours.spooled[0]
    assert mail.mail_id == answer["MessageId"]
    assert mail.recipients == ("a@example.net", "b@example.net", "c@example.net", "d@example.net")
    assert mail.reverse_path == f"{answer['MessageId']}@amazonses.com"
    left = sent(verified)
    assert left["To"] == "A <a@example.net>, b@example.net"
    assert left["Bcc"] is None
    assert left["Message-ID"] == f"<{answer['MessageId']}@email.amazonses.com>"
    assert left["Feedback-ID"].endswith(":AmazonSES")
    assert left.get_content() == "hello\r\n"


async def test_text_and_html_are_alternatives_in_their_charsets(verified: World) -> None:
    body = {
        "Text": {"Data": "héllo", "Charset": "ISO-8859-1"},
        "Html": {"Data": "<p>日本</p>", "Charset": "UTF-8"},
    }
    message = {"Subject": {"Data": "日本語 " * 20, "Charset": "UTF-8"}, "Body": body}

    await verified.call("SendEmail", **simple(Message=message, ReplyToAddresses=["r@example.org"]))

    left = sent(verified)
    assert left["Subject"] == "日本語 " * 20
    assert left["Reply-To"] == "r@example.org"
    assert left.get_content_type() == "multipart/alternative"
    text, html = left.iter_parts()
    assert text.get_content().strip() == "héllo"
    assert html.get_content().strip() == "<p>日本</p>"
    assert all(
        len(line) < 100 for line in verified.neighbours.effects("spool")[0][1].split(b"\r\n")
    )


async def test_raw_mail_is_completed(verified: World) -> None:
    answer = await verified.call("SendRawEmail", RawMessage={"Data": RAW})

    assert verified.neighbours.spooled[0].recipients == (
        "a@example.net",
        "b@example.net",
        "c@example.net",
    )
    left = sent(verified)
    assert left["Message-ID"].startswith(f"<{answer['MessageId']}@")
    assert "1970" not in left["Date"]
    assert left["Bcc"] is None
    assert left["Return-Path"] is None
    assert (left["X-Mine"], left["Subject"]) == ("kept", "é")
    assert left.get_content() == "body\r\n"


async def test_destinations_of_the_call_win(verified: World) -> None:
    await verified.call(
        "SendRawEmail", RawMessage={"Data": RAW}, Destinations=["z@example.net"], Source=""
    )

    assert verified.neighbours.spooled[0].recipients == ("z@example.net",)


async def test_fields_of_the_mail_say_what_parameters_would(verified: World) -> None:
    await verified.call_v2("CreateConfigurationSet", ConfigurationSetName="set")
    raw = b"X-SES-CONFIGURATION-SET: set\nX-SES-MESSAGE-TAGS: team=post, stage=test\n" + RAW

    answer = await verified.call("SendRawEmail", RawMessage={"Data": raw})

    kept = verified.ses.sent.find(answer["MessageId"])
    assert kept is not None
    assert kept.configuration_set == "set"
    assert (kept.tags["team"], kept.tags["stage"]) == (["post"], ["test"])
    assert kept.tags["ses:configuration-set"] == ["set"]
    assert not [name for name in sent(verified) if name.startswith("X-SES-M")]


async def test_sent_mail_is_known_with_its_headers(verified: World) -> None:
    answer = await verified.call("SendEmail", **simple())

    kept = verified.ses.sent.find(answer["MessageId"])
    assert kept is not None
    assert kept.identity == "example.com"
    assert kept.source_arn == "arn:aws:ses:us-east-1:000000000000:identity/example.com"
    assert kept.common_headers["to"] == ["a@example.net"]
    assert kept.common_headers["subject"] == "hi"
    assert kept.common_headers["messageId"] == answer["MessageId"]
    assert await verified.ses.sent.content(answer["MessageId"]) is not None
    found = verified.journeys.find(kept.trace)
    assert found is not None
    assert found.steps[0].action == "SendEmail"


async def test_events_tell_the_fields_that_a_raw_mail_came_with(verified: World) -> None:
    raw = (
        b'From: "Shop, Ltd." <sender@example.com>\nTo: Jo <a@example.net>\nSubject: hi\n'
        b"Message-ID: <mine@example.com>\nX-SES-MESSAGE-TAGS: a=b\n\nbody\n"
    )
    answer = await verified.call("SendRawEmail", RawMessage={"Data": raw})

    kept = verified.ses.sent.find(answer["MessageId"])
    assert kept is not None
    names = [header.name for header in kept.headers]
    assert names == ["From", "To", "Subject", "Message-ID", "X-SES-MESSAGE-TAGS"]
    assert kept.common_headers == {
        "from": ["Shop, Ltd. <sender@example.com>"],
        "to": ["Jo <a@example.net>"],
        "subject": "hi",
        "messageId": "<mine@example.com>",
    }


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("Shop <sender@example.com>", "Shop <sender@example.com>"),
        ('"Shop" <sender@example.com>', "Shop <sender@example.com>"),
        ("sender@example.com", "sender@example.com"),
    ],
)
async def test_events_tell_the_source_as_the_call_names_it(
    verified: World, source: str, told: str
) -> None:
    answer = await verified.call("SendEmail", **simple(Source=source))
    raw = await verified.call("SendRawEmail", Source=source, RawMessage={"Data": RAW})

    for message_id in (answer["MessageId"], raw["MessageId"]):
        sent = verified.ses.sent.find(message_id)
        assert sent is not None
        record: Any = events.event_record(sent, events.send(sent))
        assert record["mail"]["source"] == told


@pytest.mark.parametrize(
    ("source", "told"),
    [("news@example.com", "news@example.com"), ("", "back@example.com")],
)
async def test_feedback_goes_to_the_source_before_the_return_path_of_a_raw_mail(
    verified: World, source: str, told: str
) -> None:
    raw = RAW.replace(b"Return-Path: <>", b"Return-Path: <back@example.com>")

    answer = await verified.call("SendRawEmail", RawMessage={"Data": raw}, Source=source)

    sent = verified.ses.sent.find(answer["MessageId"])
    assert sent is not None
    assert sent.return_path == told


async def test_unverified_addresses_are_named_with_the_region(world: World) -> None:
    error = await world.refused(
        "SendEmail", **simple(Source="N <news@example.org>", ReturnPath="back@example.org")
    )

    assert error.code == "MessageRejected"
    assert error.message == (
        "Email address is not verified. The following identities failed the check in region "
        "US-EAST-1: news@example.org, back@example.org"
    )
    assert world.neighbours.spooled == []


@pytest.mark.parametrize("field", ["Sender", "Return-Path"])
async def test_other_senders_of_a_raw_mail_must_be_verified(verified: World, field: str) -> None:
    raw = f"{field}: x@example.org\n".encode() + RAW.replace(b"Return-Path: <>\n", b"")

    error = await verified.refused("SendRawEmail", RawMessage={"Data": raw})

    assert error.message.endswith("US-EAST-1: x@example.org")


@pytest.mark.parametrize("source", ["x@example.com", "x@EXAMPLE.com", "x@a.b.example.com"])
async def test_domain_speaks_for_its_addresses_and_sub_domains(
    verified: World, source: str
) -> None:
    assert await verified.call("SendEmail", **simple(Source=source))


async def test_address_speaks_for_itself_alone(world: World) -> None:
    await world.call("VerifyEmailIdentity", EmailAddress="one@example.com")

    await world.call("SendEmail", **simple(Source="one@example.com"))

    for other in ("two@example.com", "one+x@example.com", "ONE@example.com"):
        assert (await world.refused("SendEmail", **simple(Source=other))).code == "MessageRejected"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("nobody", "Missing final '@domain'"),
        ("a@b@example.net ", "Local address contains illegal character"),
        ("a@example..net", "Domain contains dot-dot"),
        ("a@example.net\r\nBcc: x@example.org", "Local address contains control or whitespace"),
        ("é@example.net", "Local address contains control or whitespace"),
        ("a@exämple.net", "Domain contains illegal character"),
        ("a@example.net, b@example.net", "Illegal address"),
        ("", "Missing address"),
    ],
)
async def test_recipient_that_is_no_address_is_refused(
    verified: World, address: str, sentence: str
) -> None:
    error = await verified.refused("SendEmail", **simple(Destination={"ToAddresses": [address]}))

    assert (error.code, error.message) == ("InvalidParameterValue", sentence)


@pytest.mark.parametrize("text", ["a\r\nBcc: x@example.org", "a\nb", "a\rb", "a\0b"])
async def test_subject_cannot_end_its_header(verified: World, text: str) -> None:
    message = {"Subject": {"Data": text}, "Body": {"Text": {"Data": ""}}}

    error = await verified.refused("SendEmail", **simple(Message=message))

    assert error.code == "InvalidParameterValue"


async def test_more_than_fifty_recipients_are_refused(verified: World) -> None:
    addresses = [f"r{number}@example.net" for number in range(51)]

    await verified.call("SendEmail", **simple(Destination={"ToAddresses": addresses[:50]}))
    error = await verified.refused(
        "SendEmail",
        **simple(Destination={"ToAddresses": addresses[:40], "BccAddresses": addresses[40:]}),
    )

    assert error.message == "Recipient count exceeds 50."


async def test_mail_without_recipients_is_refused(verified: World) -> None:
    error = await verified.refused("SendEmail", **simple(Destination={}))

    assert error.code == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"To: a@example.net\n\nx", "Missing required header 'From'."),
        (b"From: a@example.com\nFrom: b@example.com\nTo: a@example.net\n\nx", "Duplicate header"),
        (b"From: a@example.com, b@example.com\nTo: a@example.net\n\nx", "Illegal address"),
        (b"From: a@example.com\nno field\nTo: a@example.net\n\nx", "no header field"),
        (b"\n\nFrom: a@example.com\n", "Missing required header 'From'."),
        (b"To: " + b"a@example.net, " * 20_000 + b"\n\nx", "more than 262144 bytes"),
    ],
    ids=["no From", "two From fields", "two authors", "no field", "no header", "long header"],
)
async def test_raw_mail_that_cannot_be_read_is_refused(
    verified: World, data: bytes, sentence: str
) -> None:
    error = await verified.refused("SendRawEmail", RawMessage={"Data": data})

    assert error.code == "InvalidParameterValue"
    assert sentence in error.message


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ('Content-Disposition: attachment; filename="setup.EXE"', "setup.EXE"),
        ("Content-Type: application/octet-stream; name*=utf-8''s%C3%A9tup.vbs", "sétup.vbs"),
    ],
)
async def test_raw_mail_with_a_file_of_a_refused_kind_is_not_sent(
    verified: World, field: str, name: str
) -> None:
    head = RAW.partition(b"\n\n")[0].decode()
    text = "--b\n\ntext\n--b\n{field}\n\nMZ\n--b--\n"
    mail = f'{head}\nContent-Type: multipart/mixed; boundary="b"\n\n{text}'
    with_file = mail.format(field=field).encode()
    harmless = with_file.replace(b".EXE", b".txt").replace(b".vbs", b".txt")

    refused = await verified.refused("SendRawEmail", RawMessage={"Data": with_file})
    await verified.call("SendRawEmail", RawMessage={"Data": harmless})

    assert refused.code == "InvalidParameterValue"
    assert refused.message == f"Illegal filename '{name}'."


async def test_ten_megabytes_are_the_most(verified: World) -> None:
    error = await verified.refused(
        "SendRawEmail", RawMessage={"Data": RAW + b"x" * 10 * 1024 * 1024}
    )

    assert error.message.startswith("Message length is more than 10485760 bytes long: '")


async def test_large_mail_goes_by_files(verified: World) -> None:
    answer = await verified.call("SendRawEmail", RawMessage={"Data": RAW + b"line\n" * 60_000})

    content = await verified.ses.sent.content(answer["MessageId"])
    assert content is not None
    assert content.endswith(b"line\r\n")
    assert len(verified.neighbours.effects("spool")) == 1


@pytest.mark.parametrize(
    "tags",
    [
        [{"Name": "a b", "Value": "x"}],
        [{"Name": "ses:x", "Value": "x"}],
        [{"Name": "a", "Value": ""}],
        [{"Name": "a", "Value": "x" * 257}],
        [{"Name": "a", "Value": "x"}, {"Name": "a", "Value": "y"}],
    ],
    ids=["space", "reserved", "empty", "long", "twice"],
)
async def test_tag_that_is_none_is_refused(verified: World, tags: list[Any]) -> None:
    assert (await verified.refused("SendEmail", **simple(Tags=tags))).code == (
        "InvalidParameterValue"
    )


async def test_configuration_set_must_exist_and_send(verified: World) -> None:
    missing = await verified.refused("SendEmail", **simple(ConfigurationSetName="none"))
    await verified.call_v2(
        "CreateConfigurationSet",
        ConfigurationSetName="paused",
        SendingOptions={"SendingEnabled": False},
    )
    paused = await verified.refused("SendEmail", **simple(ConfigurationSetName="paused"))

    assert (missing.code, missing.members) == (
        "ConfigurationSetDoesNotExist",
        {"ConfigurationSetName": "none"},
    )
    assert paused.code == "ConfigurationSetSendingPausedException"


async def test_account_can_be_paused(verified: World) -> None:
    await verified.call("UpdateAccountSendingEnabled", Enabled=False)
    error = await verified.refused("SendEmail", **simple())
    await verified.call("UpdateAccountSendingEnabled", Enabled=True)

    assert error.code == "AccountSendingPausedException"
    assert await verified.call("SendEmail", **simple())


async def test_another_account_sends_where_a_policy_lets_it(verified: World) -> None:
    arn = "arn:aws:ses:us-east-1:000000000000:identity/example.com"
    other = RequestContext("222222222222", "us-east-1", "arn:aws:iam::222222222222:root", "r2")
    request = simple(SourceArn=arn)

    with pytest.raises(Exception, match="is not authorized to perform `ses:SendEmail'") as caught:
        await verified.call("SendEmail", other, **request)
    await verified.call(
        "PutIdentityPolicy",
        Identity="example.com",
        PolicyName="delegate",
        Policy='{"Statement": {"Effect": "Allow", "Principal": {"AWS": "222222222222"},'
        f' "Action": "ses:SendEmail", "Resource": "{arn}"}}}}',
    )
    answer = await verified.call("SendEmail", other, **request)

    assert type(caught.value).__name__ == "AccessDenied"
    kept = verified.ses.sent.find(answer["MessageId"])
    assert kept is not None
    assert (kept.sending_account, kept.source_arn) == ("222222222222", arn)
