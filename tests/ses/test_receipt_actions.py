"""Functions that decide, bounces, filters, and what becomes of a mail that cannot be processed."""

from __future__ import annotations

import email
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from kamome.mail import dsn
from kamome.mail.envelope import MailRefused, RecipientVerdict
from kamome.services.ses.receiving import intake
from kamome.services.ses.receiving.receipt_filters import is_blocked
from kamome.services.ses.sending.mail_flow import disposition
from kamome.services.ses.sending.system_mails import daemon

if TYPE_CHECKING:
    from tests.ses.conftest import World

    from kamome.mail.dsn import Dsn

TOPIC = "arn:aws:sns:us-east-1:000000000000:news"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:status"
STORE = {"S3Action": {"BucketName": "mails"}}
ASK = {
    "LambdaAction": {
        "FunctionArn": FUNCTION,
        "InvocationType": "RequestResponse",
        "TopicArn": TOPIC,
    }
}
BOUNCE = {
    "BounceAction": {
        "SmtpReplyCode": "550",
        "StatusCode": "5.1.1",
        "Message": "No such mailbox",
        "Sender": "postmaster@example.com",
        "TopicArn": TOPIC,
    }
}


INFO = {"Recipient": "user@example.com", "BounceType": "DoesNotExist"}


def header(value: str) -> dict[str, Any]:
    return {"AddHeaderAction": {"HeaderName": "X-Step", "HeaderValue": value}}


def bounces(world: World) -> list[Dsn]:
    found = [dsn.parse(body) for _, body in world.neighbours.effects("spool")]
    return [each for each in found if each is not None]


# ---------------------------------------------------------------------- decisions


@pytest.mark.parametrize(
    ("answer", "stored", "result"),
    [
        (b'{"disposition": "CONTINUE"}', 2, "ok"),
        (b'{"disposition": "STOP_RULE"}', 1, "STOP_RULE"),
        (b'{"disposition": "STOP_RULE_SET"}', 0, "STOP_RULE_SET"),
        (b"null", 2, "ok"),
        (b'"STOP_RULE"', 2, "ok"),
    ],
)
async def test_answer_of_the_function_decides(
    world: World, answer: bytes, stored: int, result: str
) -> None:
    await world.receiving({"Actions": [ASK, STORE]}, {"Actions": [STORE]})
    world.neighbours.answers.append((answer, ""))

    mail = await world.deliver()

    assert len(world.neighbours.effects("put")) == stored
    assert world.journey(mail).steps[1].result == result
    assert world.waiting() == 0


async def test_event_of_a_function_that_is_asked_says_so(world: World) -> None:
    await world.receiving({"Actions": [ASK]})

    await world.deliver()

    ((_, event),) = world.neighbours.effects("ask")
    assert b'"invocationType":"RequestResponse"' in event
    assert world.neighbours.messages()[0]["receipt"]["action"]["type"] == "Lambda"


async def test_headers_of_a_stopped_part_of_a_rule_are_not_added(world: World) -> None:
    await world.receiving(
        {"Actions": [header("before"), ASK, header("after"), STORE]}, {"Actions": [STORE]}
    )
    world.neighbours.answers.append((b'{"disposition": "stop_rule"}', ""))

    await world.deliver()

    ((_, stored),) = world.neighbours.effects("put")
    assert b"X-Step: before\r\n" in stored
    assert b"X-Step: after" not in stored


async def test_function_that_fails_is_asked_again_before_anything_else_is_done(
    world: World,
) -> None:
    await world.receiving({"Actions": [ASK, STORE]})
    world.neighbours.answers += [(b'{"errorMessage": "oops"}', "Unhandled"), (b"{}", "")]

    await world.deliver()
    assert world.neighbours.effects("put") == []

    await world.clock.advance(1_000)
    assert len(world.neighbours.effects("ask")) == 2
    assert len(world.neighbours.effects("put")) == 1


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b"1", b'{"disposition": 1}', b'{"disposition": "DROP"}']
)
def test_any_other_answer_means_go_on(payload: bytes) -> None:
    assert disposition(payload) == "CONTINUE"


# ---------------------------------------------------------------------- bounces


async def test_bounce_action_reports_to_the_sender(world: World) -> None:
    await world.receiving({"Actions": [BOUNCE]})

    mail = await world.mail(b"Subject: hi\r\nMessage-ID: <1@example.net>\r\n\r\nbody\r\n")
    await world.settle()

    (spooled,) = world.neighbours.spooled
    assert (spooled.reverse_path, spooled.recipients) == ("", ("sender@example.net",))
    assert spooled.trace == mail.trace
    (report,) = bounces(world)
    (recipient,) = report.recipients
    assert (recipient.final_recipient, recipient.action, recipient.status) == (
        "user@example.com",
        "failed",
        "5.1.1",
    )
    assert recipient.diagnostic == "550 5.1.1 No such mailbox"
    assert report.original_message_id == "1@example.net"
    ((_, content),) = world.neighbours.effects("spool")
    assert b"From: Mail Delivery System <postmaster@example.com>\r\n" in content
    action = world.neighbours.messages()[0]["receipt"]["action"]
    assert action == {
        "type": "Bounce",
        "topicArn": TOPIC,
        "smtpReplyCode": "550",
        "statusCode": "5.1.1",
        "message": "No such mailbox",
        "sender": "postmaster@example.com",
    }


async def test_daemon_writes_from_the_servers_own_domain(world: World) -> None:
    settings = msgspec.structs.replace(world.ses.settings, mail_from_domain="mail.example.org")
    own = msgspec.structs.replace(world.ses, settings=settings)

    assert daemon(world.ses, "eu-west-1") == "MAILER-DAEMON@eu-west-1.amazonses.com"
    assert daemon(own, "eu-west-1") == "MAILER-DAEMON@mail.example.org"


async def test_mail_from_the_null_reverse_path_is_never_bounced(world: World) -> None:
    await world.receiving({"Actions": [BOUNCE]})

    await world.mail(reverse_path="")
    await world.settle()

    assert world.neighbours.spooled == []
    assert world.waiting() == 0


async def test_bounce_waits_for_its_sender_to_be_verified(world: World) -> None:
    unverified = {**BOUNCE["BounceAction"], "Sender": "a@example.org"}
    await world.receiving({"Actions": [{"BounceAction": unverified}]})

    await world.deliver()
    assert world.neighbours.spooled == []

    await world.call("VerifyDomainIdentity", Domain="example.org")
    await world.clock.advance(2_000)
    assert len(world.neighbours.spooled) == 1


async def test_sender_is_told_of_actions_that_were_given_up(world: World) -> None:
    await world.receiving({"Actions": [STORE]})
    world.neighbours.buckets.clear()

    mail = await world.deliver()
    await world.clock.advance(4 * 3_600_000 + 60_000)

    assert world.journey(mail).steps[-1].result == "given up"
    (report,) = bounces(world)
    assert [(each.final_recipient, each.status) for each in report.recipients] == [
        ("user@example.com", "4.4.7")
    ]


async def test_mail_too_large_for_one_of_its_actions_bounces(world: World) -> None:
    await world.receiving({"Actions": [{"SNSAction": {"TopicArn": TOPIC}}, STORE]})

    await world.mail(b"Subject: hi\r\n\r\n" + b"x" * 160_000)
    await world.settle()

    assert len(world.neighbours.effects("put")) == 1
    assert [each.recipients[0].status for each in bounces(world)] == ["5.3.4"]


@pytest.mark.parametrize(("octet", "reports"), [(b"x", 0), (b"\xe9", 1), (b'"', 1)])
async def test_mail_that_is_too_large_as_text_bounces_at_once(
    world: World, octet: bytes, reports: int
) -> None:
    await world.receiving({"Actions": [{"SNSAction": {"TopicArn": TOPIC}}]})

    await world.mail(b"Subject: hi\r\n\r\n" + octet * 140_000)
    await world.settle()

    assert len(bounces(world)) == reports
    assert len(world.neighbours.messages()) == 1 - reports


async def test_workmail_and_connect_are_recorded(world: World) -> None:
    workmail = "arn:aws:workmail:us-east-1:000000000000:organization/m-1"
    connect = "arn:aws:connect:us-east-1:0:instance/" + "-".join(
        "a" * length for length in (8, 4, 4, 4, 12)
    )
    await world.receiving(
        {
            "Actions": [
                {"WorkmailAction": {"OrganizationArn": workmail, "TopicArn": TOPIC}},
                {"ConnectAction": {"InstanceARN": connect, "IAMRoleARN": "arn:aws:iam::0:role/r"}},
            ]
        }
    )

    mail = await world.deliver()

    steps = world.journey(mail).steps[1:]
    assert [step.result for step in steps] == ["ok", "ok"]
    assert {step.detail for step in steps} == {
        "recorded, not called: there is no such service here"
    }
    action = world.neighbours.messages()[0]["receipt"]["action"]
    assert (action["type"], action["organizationArn"]) == ("WorkMail", workmail)


# ---------------------------------------------------------------------- SendBounce


IDENTITIES = "arn:aws:ses:us-east-1:"


def order(mail_id: str, **changes: object) -> dict[str, Any]:
    return {
        "OriginalMessageId": mail_id,
        "BounceSender": "Postmaster <postmaster@example.com>",
        "BouncedRecipientInfoList": [INFO],
        **changes,
    }


async def test_send_bounce_reports_as_told(world: World) -> None:
    await world.receiving({"Actions": [STORE]})
    mail = await world.deliver()
    fields = {
        "Action": "failed",
        "Status": "5.7.1",
        "DiagnosticCode": "smtp; 550 5.7.1 Not wanted",
        "ExtensionFields": [{"Name": "X-Reason", "Value": "taste"}],
        "LastAttemptDate": 1_000_000_000.0,
    }
    info = {"Recipient": "user@example.com", "RecipientDsnFields": fields}

    answer = await world.call(
        "SendBounce",
        **order(
            mail.mail_id,
            BouncedRecipientInfoList=[info],
            Explanation="We do not want it.",
            MessageDsn={"ReportingMta": "dns; mx.example.com", "ArrivalDate": 900_000_000.0},
        ),
    )

    (spooled,) = world.neighbours.spooled
    assert answer["MessageId"] == spooled.mail_id
    (report,) = bounces(world)
    assert report.reporting_mta == "mx.example.com"
    assert report.recipients[0].diagnostic == "550 5.7.1 Not wanted"
    ((_, content),) = world.neighbours.effects("spool")
    assert b"\r\nX-Reason: taste\r\n" in content
    assert b"\r\nArrival-Date: Thu, 09 Jul 1998 16:00:00 -0000\r\n" in content
    assert b"\r\nLast-Attempt-Date: Sun, 09 Sep 2001 01:46:40 -0000\r\n" in content
    assert b"We do not want it." in content


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"OriginalMessageId": "none"}, "MessageRejected"),
        ({"BounceSender": "a@example.org"}, "MessageRejected"),
        ({"BounceSender": "nobody"}, "MessageRejected"),
        (
            {"MessageDsn": {"ReportingMta": "dns; a.example", "ArrivalDate": 1e15}},
            "InvalidParameterValue",
        ),
        (
            {
                "BouncedRecipientInfoList": [
                    {"Recipient": "x@example.com", "BounceType": "Undefined"}
                ]
            },
            "MessageRejected",
        ),
        (
            {"BouncedRecipientInfoList": [{"Recipient": "user@example.com"}]},
            "InvalidParameterValue",
        ),
        ({"BouncedRecipientInfoList": []}, "InvalidParameterValue"),
        ({"BounceSenderArn": "postmaster@example.com"}, "InvalidParameterValue"),
        ({"BounceSenderArn": f"{IDENTITIES}000000000000:identity/a.test"}, "InvalidParameterValue"),
        ({"BounceSenderArn": f"{IDENTITIES}111111111111:identity/example.com"}, "MessageRejected"),
        ({"MessageDsn": {"ReportingMta": "mx.example.com"}}, "InvalidParameterValue"),
        (
            {
                "MessageDsn": {
                    "ReportingMta": "dns; a",
                    "ExtensionFields": [{"Name": "X", "Value": "a\r\nB: c"}],
                }
            },
            "InvalidParameterValue",
        ),
    ],
)
async def test_bounce_that_cannot_be_sent_is_refused(
    world: World, changes: dict[str, object], code: str
) -> None:
    await world.receiving({"Actions": [STORE]})
    mail = await world.deliver()

    refusal = await world.refused("SendBounce", **{**order(mail.mail_id), **changes})

    assert type(refusal).__name__ == code
    assert world.neighbours.spooled == []


async def test_bounce_of_a_mail_of_yesterday_is_refused(world: World) -> None:
    await world.receiving({"Actions": [STORE]})
    mail = await world.deliver()
    await world.clock.advance(24 * 3_600_000 + 1)

    refusal = await world.refused("SendBounce", **order(mail.mail_id))

    assert "more than 24 hours" in str(refusal)


# ---------------------------------------------------------------------- filters and rule sets


async def filter_for(world: World, name: str, policy: str, cidr: str) -> None:
    wanted = {"Name": name, "IpFilter": {"Policy": policy, "Cidr": cidr}}
    await world.call("CreateReceiptFilter", Filter=wanted)


async def test_blocked_client_is_refused_and_an_allowed_one_within_is_not(world: World) -> None:
    await world.receiving({"Actions": [STORE]})
    await filter_for(world, "all", "Block", "0.0.0.0/0")
    await filter_for(world, "mine", "Allow", "192.0.2.7")

    blocked = intake.accepts(world.ses, "user@example.com", False, "192.0.2.1")
    allowed = intake.accepts(world.ses, "user@example.com", False, "192.0.2.7")

    assert (blocked, allowed) == (RecipientVerdict.BLOCKED, RecipientVerdict.TAKEN)
    with pytest.raises(MailRefused):
        await world.mail()


async def test_filters_are_listed_and_deleted(world: World) -> None:
    await filter_for(world, "b", "Block", "198.51.100.0/24")
    await filter_for(world, "a", "Allow", "2001:db8::/32")

    listed = await world.call("ListReceiptFilters")
    assert [each["Name"] for each in listed["Filters"]] == ["a", "b"]

    await world.call("DeleteReceiptFilter", FilterName="b")
    await world.call("DeleteReceiptFilter", FilterName="b")
    listed = await world.call("ListReceiptFilters")
    assert listed["Filters"] == [
        {"Name": "a", "IpFilter": {"Policy": "Allow", "Cidr": "2001:db8::/32"}}
    ]


@pytest.mark.parametrize(
    ("name", "cidr", "code"),
    [
        ("a b", "192.0.2.1", "ValidationError"),
        ("ok", "192.0.2.1/33", "InvalidParameterValue"),
        ("ok", "example.com", "InvalidParameterValue"),
        ("there", "192.0.2.1", "AlreadyExists"),
    ],
)
async def test_filter_that_cannot_be_is_refused(
    world: World, name: str, cidr: str, code: str
) -> None:
    await filter_for(world, "there", "Block", "198.51.100.1")

    wanted = {"Name": name, "IpFilter": {"Policy": "Block", "Cidr": cidr}}
    refusal = await world.refused("CreateReceiptFilter", Filter=wanted)

    assert type(refusal).__name__ == code


async def test_hundred_filters_are_the_most(world: World) -> None:
    for number in range(100):
        await filter_for(world, f"f{number}", "Block", f"198.51.100.{number}")

    wanted = {"Name": "more", "IpFilter": {"Policy": "Block", "Cidr": "192.0.2.1"}}
    refusal = await world.refused("CreateReceiptFilter", Filter=wanted)

    assert type(refusal).__name__ == "LimitExceeded"


def test_mapped_address_is_the_ipv4_address() -> None:
    filters: Any = [{"Name": "f", "IpFilter": {"Policy": "Block", "Cidr": "192.0.2.0/24"}}]

    assert is_blocked(filters, "::ffff:192.0.2.9")
    assert not is_blocked(filters, "2001:db8::1")
    assert not is_blocked(filters, "")


async def names(world: World, rule_set: str = "inbound") -> list[str]:
    described = await world.call("DescribeReceiptRuleSet", RuleSetName=rule_set)
    return [rule["Name"] for rule in described["Rules"]]


async def test_clone_is_independent_of_its_original(world: World) -> None:
    await world.receiving({"Actions": [STORE]}, {"Actions": []})

    await world.call("CloneReceiptRuleSet", RuleSetName="copy", OriginalRuleSetName="inbound")
    await world.call("DeleteReceiptRule", RuleSetName="inbound", RuleName="rule-0")

    assert await names(world, "copy") == ["rule-0", "rule-1"]
    assert await names(world) == ["rule-1"]


@pytest.mark.parametrize(
    ("name", "original", "code"),
    [
        ("inbound", "inbound", "AlreadyExists"),
        ("copy", "none", "RuleSetDoesNotExist"),
        ("a b", "inbound", "ValidationError"),
    ],
)
async def test_clone_that_cannot_be_is_refused(
    world: World, name: str, original: str, code: str
) -> None:
    await world.receiving({"Actions": []})

    refusal = await world.refused(
        "CloneReceiptRuleSet", RuleSetName=name, OriginalRuleSetName=original
    )

    assert type(refusal).__name__ == code


@pytest.mark.parametrize(
    ("moved", "after", "order_"),
    [
        ("rule-2", None, ["rule-2", "rule-0", "rule-1"]),
        ("rule-0", "rule-2", ["rule-1", "rule-2", "rule-0"]),
        ("rule-2", "rule-0", ["rule-0", "rule-2", "rule-1"]),
        ("rule-1", "rule-1", ["rule-0", "rule-1", "rule-2"]),
    ],
)
async def test_rule_is_moved_behind_another(
    world: World, moved: str, after: str | None, order_: list[str]
) -> None:
    await world.receiving({"Actions": []}, {"Actions": []}, {"Actions": []})

    position: dict[str, Any] = {} if after is None else {"After": after}
    await world.call("SetReceiptRulePosition", RuleSetName="inbound", RuleName=moved, **position)

    assert await names(world) == order_


async def test_rule_is_not_moved_behind_one_that_is_not_there(world: World) -> None:
    await world.receiving({"Actions": []})

    refusal = await world.refused(
        "SetReceiptRulePosition", RuleSetName="inbound", RuleName="rule-0", After="none"
    )

    assert type(refusal).__name__ == "RuleDoesNotExist"


async def test_object_shows_that_a_new_place_can_be_written(world: World) -> None:
    await world.receiving({"Actions": [{"S3Action": {"BucketName": "mails"}}]})
    stores = [{"S3Action": {"BucketName": "mails", "ObjectKeyPrefix": "in/"}}, STORE]

    rule = {"Name": "rule-0", "Enabled": True, "Actions": stores}
    await world.call("UpdateReceiptRule", RuleSetName="inbound", Rule=rule)
    await world.settle()

    assert world.neighbours.setups == [
        "mails/AMAZON_SES_SETUP_NOTIFICATION",
        "mails/in/AMAZON_SES_SETUP_NOTIFICATION",
    ]


# ---------------------------------------------------------------------- crashes


@pytest.mark.parametrize("crash_at", range(1, 8))
async def test_run_after_a_crash_bounces_once_and_keeps_the_decision(
    world: World, crash_at: int
) -> None:
    await world.receiving({"Actions": [BOUNCE, ASK, STORE]}, {"Actions": [STORE]})
    world.neighbours.answers += [(b'{"disposition": "STOP_RULE_SET"}', "")] * 2
    world.neighbours.crash_at = crash_at

    mail = await world.deliver()
    await world.clock.advance(60_000)

    assert len(world.neighbours.effects("spool")) == 1
    assert len(world.neighbours.effects("ask")) in (1, 2)
    assert world.neighbours.effects("put") == []
    assert [step.result for step in world.journey(mail).steps[1:]] == [
        "ok",
        "STOP_RULE_SET",
        "stopped",
        "stopped",
    ]
    assert world.waiting() == 0


async def test_what_a_mail_says_in_our_name_stands_behind_what_we_say(world: World) -> None:
    await world.receiving({"ScanEnabled": True, "Actions": [{"S3Action": {"BucketName": "mails"}}]})
    forged = b"X-SES-Spam-Verdict: PASS\r\nAuthentication-Results: amazonses.com; dmarc=pass\r\n"

    await world.deliver(forged + b"Subject: hi\r\n\r\nbody\r\n")

    [(_, stored)] = world.neighbours.effects("put")
    read = email.message_from_bytes(stored)
    assert read.get_all("X-SES-Spam-Verdict") == ["PROCESSING_FAILED", "PASS"]
    results = [value.split(";")[1].strip() for value in read.get_all("Authentication-Results", [])]
    assert results == ["none", "dmarc=pass"]
