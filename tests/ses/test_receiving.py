"""A received mail goes where the active rule set says, once, whatever dies on the way."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from kamome.context import RequestContext
from kamome.mail.envelope import MailRefused, MailTooLarge, RecipientVerdict
from kamome.services.ses.receiving import intake

if TYPE_CHECKING:
    from tests.ses.conftest import World

TOPIC = "arn:aws:sns:us-east-1:000000000000:news"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:status"
STORE = {"S3Action": {"BucketName": "mails", "ObjectKeyPrefix": "in/", "TopicArn": TOPIC}}
STATUS = {"LambdaAction": {"FunctionArn": FUNCTION, "TopicArn": TOPIC}}
CONTENT = {"SNSAction": {"TopicArn": TOPIC}}
RAW = b"From: a@example.net\r\nSubject: hi\r\n\r\n.dots\r\nbare \x83\x65 8-bit\r\n"


def rule(*actions: dict[str, Any], **members: object) -> dict[str, object]:
    return {"Actions": list(actions), **members}


async def test_stored_object_is_the_mail_behind_the_trace_headers(world: World) -> None:
    await world.receiving(rule(STORE))

    mail = await world.deliver(RAW)

    ((target, body),) = world.neighbours.effects("put")
    assert target == f"mails/in/{mail.mail_id}"
    assert body == (
        b"Return-Path: <sender@example.net>\r\n"
        b"Received: from mail.example.net (unknown [192.0.2.1])\r\n"
        b" by inbound-smtp.us-east-1.amazonaws.com with SMTP id " + mail.mail_id.encode() + b"\r\n"
        b" for user@example.com;\r\n"
        b" Thu, 09 Oct 2025 08:53:20 +0000 (UTC)\r\n"
        b"X-SES-Spam-Verdict: DISABLED\r\n"
        b"X-SES-Virus-Verdict: DISABLED\r\n"
        b"Authentication-Results: amazonses.com; none\r\n"
        b"X-SES-RECEIPT: " + base64.b64encode(b"kamome:1:" + mail.mail_id.encode()) + b"\r\n" + RAW
    )


async def test_large_mail_is_stored_whole(world: World) -> None:
    await world.receiving(rule(STORE))
    raw = b"Subject: large\r\n\r\n" + (b"y" * 76 + b"\r\n") * 40_000

    await world.deliver(raw)

    assert world.neighbours.effects("put")[0][1].endswith(b"\r\n" + raw)


async def test_each_action_is_done_in_order_and_reported_to_its_topic(world: World) -> None:
    await world.receiving(rule(STORE), rule(STATUS, CONTENT))

    await world.deliver()

    types = [message["receipt"]["action"]["type"] for message in world.neighbours.messages()]
    assert types == ["S3", "Lambda", "SNS"]
    assert len(world.neighbours.effects("put")) == 1
    assert len(world.neighbours.events()) == 1
    assert set(world.neighbours.subjects) == {"Amazon SES Email Receipt Notification"}
    assert world.waiting() == 0


async def test_other_services_are_called_as_ses_for_the_rule(world: World) -> None:
    await world.receiving(rule(STATUS))

    mail = await world.deliver()

    ctx = world.neighbours.contexts[0]
    assert (ctx.principal, ctx.account, ctx.region) == (
        "ses.amazonaws.com",
        "000000000000",
        "us-east-1",
    )
    assert ctx.source_arn == (
        "arn:aws:ses:us-east-1:000000000000:receipt-rule-set/inbound:receipt-rule/rule-0"
    )
    assert ctx.trace == mail.trace


async def test_journey_tells_every_action(world: World) -> None:
    await world.receiving(rule(STORE, STATUS))

    journey = world.journey(await world.deliver())

    assert journey.subject == "hi"
    assert [(step.service, step.action, step.result) for step in journey.steps] == [
        ("smtp", "accept", "250"),
        ("ses", "rule-0/S3Action", "ok"),
        ("ses", "rule-0/LambdaAction", "ok"),
    ]


@pytest.mark.parametrize("crash_at", range(1, 11))
async def test_run_after_a_crash_does_exactly_what_is_missing(world: World, crash_at: int) -> None:
    await world.receiving(rule(STORE, STATUS, {"StopAction": {"Scope": "RuleSet"}}))
    world.neighbours.crash_at = crash_at

    mail = await world.deliver()
    await world.clock.advance(60_000)

    assert len(world.neighbours.effects("put")) == 1
    assert len(world.neighbours.effects("invoke")) == 1
    types = [message["receipt"]["action"]["type"] for message in world.neighbours.messages()]
    assert sorted(types) == ["Lambda", "S3"]
    assert [step.action for step in world.journey(mail).steps[1:]] == [
        "rule-0/S3Action",
        "rule-0/LambdaAction",
        "rule-0/StopAction",
    ]
    assert world.waiting() == 0


async def test_crash_points_of_the_test_above_all_exist(world: World) -> None:
    await world.receiving(rule(STORE, STATUS, {"StopAction": {"Scope": "RuleSet"}}))

    await world.deliver()

    # Two around each of the four effects, one behind the committed object.
    assert world.neighbours.calls == 9


async def test_action_that_fails_keeps_no_other_waiting_and_is_tried_again(world: World) -> None:
    await world.receiving(rule(STORE, STATUS))
    world.neighbours.buckets.clear()

    await world.deliver()
    assert len(world.neighbours.events()) == 1
    assert world.waiting() == 1

    world.neighbours.buckets.add("mails")
    await world.clock.advance(1_000)
    assert len(world.neighbours.effects("put")) == 1
    assert len(world.neighbours.events()) == 1
    assert world.waiting() == 0


async def test_action_that_always_fails_is_given_up_and_the_journey_says_so(world: World) -> None:
    await world.receiving(rule(STORE, STATUS))
    world.neighbours.buckets.clear()

    mail = await world.deliver()
    await world.clock.advance(4 * 3_600_000)

    last = world.journey(mail).steps[-1]
    assert (last.action, last.result) == ("rule-0/S3Action", "given up")
    assert "The specified bucket does not exist" in last.detail
    assert world.waiting() == 0


async def test_topic_that_is_gone_does_not_keep_the_mail_from_its_bucket(world: World) -> None:
    await world.receiving(rule(STORE))
    world.neighbours.topics.clear()

    mail = await world.deliver()

    assert len(world.neighbours.effects("put")) == 1
    assert [step.result for step in world.journey(mail).steps] == ["250", "ok", "not notified"]
    assert world.waiting() == 0


async def test_plan_is_fixed_when_the_mail_is_accepted(world: World) -> None:
    await world.receiving(rule(STORE))

    await world.mail()
    await world.call("SetActiveReceiptRuleSet")
    await world.settle()

    assert len(world.neighbours.effects("put")) == 1


async def test_mail_that_no_rule_takes_any_more_is_refused(world: World) -> None:
    await world.receiving(rule(STORE))
    await world.call("SetActiveReceiptRuleSet")

    with pytest.raises(MailRefused):
        await world.mail()

    assert world.journeys.latest(10) == []


async def test_every_account_that_takes_a_recipient_gets_the_mail(world: World) -> None:
    await world.receiving(rule(STORE))
    other = RequestContext("111111111111", "eu-west-1", "root", "r2")
    for operation, members in (
        ("VerifyDomainIdentity", {"Domain": "sub.example.com"}),
        ("CreateReceiptRuleSet", {"RuleSetName": "theirs"}),
        (
            "CreateReceiptRule",
            {"RuleSetName": "theirs", "Rule": {"Name": "r", "Enabled": True, "Actions": [STATUS]}},
        ),
        ("SetActiveReceiptRuleSet", {"RuleSetName": "theirs"}),
    ):
        await world.call(operation, other, **members)

    await world.mail(recipients=("a@example.com", "b@sub.example.com"))
    await world.settle()

    stored = world.neighbours.messages()[0]
    assert stored["receipt"]["recipients"] == ["a@example.com", "b@sub.example.com"]
    (event,) = world.neighbours.events()
    assert event["Records"][0]["ses"]["receipt"]["recipients"] == ["b@sub.example.com"]
    assert {(ctx.account, ctx.region) for ctx in world.neighbours.contexts} == {
        ("000000000000", "us-east-1"),
        ("111111111111", "eu-west-1"),
    }


async def test_recipients_are_judged_by_what_is_in_the_store(world: World) -> None:
    await world.receiving(
        rule(STORE, Recipients=["user@example.com"]),
        rule(STORE, Recipients=["secret@example.com"], TlsPolicy="Require"),
    )

    def verdict(recipient: str, *, is_tls: bool = False) -> RecipientVerdict:
        return intake.accepts(world.ses, recipient, is_tls)

    assert verdict("user+label@EXAMPLE.com") is RecipientVerdict.TAKEN
    assert verdict("nobody@example.com") is RecipientVerdict.UNKNOWN
    assert verdict("user@elsewhere.example") is RecipientVerdict.NOT_OURS
    assert verdict("postmaster") is RecipientVerdict.NOT_OURS
    assert verdict("secret@example.com") is RecipientVerdict.NEEDS_TLS
    assert verdict("secret@example.com", is_tls=True) is RecipientVerdict.TAKEN
    await world.call("DeleteIdentity", Identity="example.com")
    assert verdict("user@example.com") is RecipientVerdict.NOT_OURS


async def test_mail_too_large_for_its_only_action_is_refused(world: World) -> None:
    await world.receiving(rule(CONTENT))

    with pytest.raises(MailTooLarge):
        await world.mail(b"x" * 76 * 2_100)

    assert world.waiting() == 0


async def test_mail_too_large_for_sns_is_stored_and_the_failure_told(world: World) -> None:
    await world.receiving(rule(CONTENT, STORE))

    mail = await world.deliver((b"x" * 76 + b"\r\n") * 2_100)

    assert len(world.neighbours.effects("put")) == 1
    assert [(step.action, step.result) for step in world.journey(mail).steps[1:]] == [
        ("rule-0/SNSAction", "failed"),
        ("rule-0/S3Action", "ok"),
    ]


async def test_mail_that_is_no_longer_kept_has_no_plan_either(world: World) -> None:
    await world.receiving(rule(STORE))
    await world.deliver()
    world.inbound.start_retention()

    await world.clock.advance(8 * 86_400_000)

    assert world.engine.one("SELECT count(*) FROM ses_receipt_step") == (0,)


async def test_added_header_stands_between_the_trace_and_the_mail(world: World) -> None:
    header = {"AddHeaderAction": {"HeaderName": "X-Shop", "HeaderValue": "ne-001"}}
    await world.receiving(rule(header, STORE))

    await world.deliver()

    assert b"\r\nX-Shop: ne-001\r\nSubject: hi\r\n" in world.neighbours.effects("put")[0][1]
    (message,) = world.neighbours.messages()
    assert {"name": "X-Shop", "value": "ne-001"} in message["mail"]["headers"]
