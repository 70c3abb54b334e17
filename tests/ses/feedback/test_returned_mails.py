"""Mails that come back to the return path of one that was sent. RFC 3464, RFC 5965, RFC 3834."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from kamome.mail.envelope import MailRefused, RecipientVerdict
from kamome.services.ses.feedback.suppression import store_of
from kamome.services.ses.receiving import intake

if TYPE_CHECKING:
    from tests.ses.feedback.conftest import Sender

    from kamome.services.ses.sending.sent_mails import SentMail

DSN = """\
From: MAILER-DAEMON@mx.example.net
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not work.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user

--b--
"""
ARF = """\
From: fbl@example.net
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

A complaint.
--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Some/1.0
Version: 1
Arrival-Date: Wed, 27 Jan 2016 14:05:45 +0000
{more}
--b--
"""


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


async def come_back(
    sender: Sender, sent: SentMail, text: str, reverse_path: str = ""
) -> list[dict[str, Any]]:
    """The mail comes by SMTP; what is told of it."""
    world = sender.world
    before = len(sender.told())
    return_path = f"{sent.message_id}@mail.example.com"
    await world.mail(crlf(text), recipients=(return_path,), reverse_path=reverse_path)
    await world.settle()
    return sender.told()[before:]


@pytest.fixture
async def sent(sender: Sender) -> SentMail:
    await sender.destination("BOUNCE", "COMPLAINT")
    return await sender.send("to@example.net", configuration_set="set")


async def test_a_delivery_report_is_a_bounce_and_suppresses(sender: Sender, sent: SentMail) -> None:
    report = DSN.format(address="to@example.net", action="failed", status="5.1.1")

    told = await come_back(sender, sent, report)

    bounce = told[0]["bounce"]
    assert (bounce["bounceType"], bounce["reportingMTA"]) == ("Permanent", "dns; mx.example.net")
    assert bounce["bouncedRecipients"] == [
        {
            "emailAddress": "to@example.net",
            "action": "failed",
            "status": "5.1.1",
            "diagnosticCode": "smtp; 550 5.1.1 no such user",
        }
    ]
    assert store_of(sender.world.ses).find(sender.owner, "to@example.net") is not None


async def test_what_comes_back_is_no_mail_for_the_rules(sender: Sender, sent: SentMail) -> None:
    """A rule without conditions takes the sub-domains, too, and so the MAIL FROM domain."""
    await sender.world.receiving({"Actions": [{"S3Action": {"BucketName": "mails"}}]})
    report = DSN.format(address="to@example.net", action="failed", status="5.1.1")

    told = await come_back(sender, sent, report)

    assert len(told) == 1
    assert sender.world.neighbours.effects("put") == []


async def test_a_report_of_delay_means_nothing(sender: Sender, sent: SentMail) -> None:
    report = DSN.format(address="to@example.net", action="delayed", status="4.4.1")

    assert not await come_back(sender, sent, report)


async def test_a_report_about_others_suppresses_nobody(sender: Sender) -> None:
    await sender.destination("BOUNCE")
    sent = await sender.send("a@example.net", "b@example.net", configuration_set="set")
    report = DSN.format(address="victim@example.org", action="failed", status="5.1.1")

    await come_back(sender, sent, report)

    listed = await sender.v2("ListSuppressedDestinations")
    assert not listed["SuppressedDestinationSummaries"]


async def test_a_feedback_report_is_a_complaint_and_suppresses(
    sender: Sender, sent: SentMail
) -> None:
    told = await come_back(sender, sent, ARF.format(kind="abuse", more=""), "fbl@example.net")

    complaint = told[0]["complaint"]
    assert complaint["complainedRecipients"] == [{"emailAddress": "to@example.net"}]
    assert complaint["complaintFeedbackType"] == "abuse"
    assert complaint["userAgent"] == "Some/1.0"
    assert complaint["arrivalDate"] == "2016-01-27T14:05:45.000Z"
    entry = store_of(sender.world.ses).find(sender.owner, "to@example.net")
    assert entry is not None
    assert entry.reason == "COMPLAINT"


async def test_who_complains_is_looked_for_by_name_then_by_domain(sender: Sender) -> None:
    await sender.destination("COMPLAINT")
    sent = await sender.send(
        "a@example.net", "b@example.net", "c@example.org", configuration_set="set"
    )
    reports = (
        "Original-Rcpt-To: <b@example.net>\n",
        "Reported-Domain: example.org\n",
        "",
    )

    told = [
        (await come_back(sender, sent, ARF.format(kind="abuse", more=more)))[0] for more in reports
    ]

    named = [
        [who["emailAddress"][0] for who in each["complaint"]["complainedRecipients"]]
        for each in told
    ]
    assert named == [["b"], ["c"], ["a", "b", "c"]]


@pytest.mark.parametrize(
    "names",
    [
        "Original-Mail-From: <{id}@mail.example.com>\n",
        "--b\nContent-Type: message/rfc822\n\nReturn-Path: <{id}@mail.example.com>\n\n",
        "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{id}@email.amazonses.com>\n\n",
    ],
)
async def test_a_feedback_report_to_the_senders_domain_is_a_complaint(
    sender: Sender, sent: SentMail, names: str
) -> None:
    """Providers send reports to the address that was registered with them."""
    await sender.world.receiving({"Recipients": ["fbl@example.com"]})
    report = ARF.format(kind="abuse", more=names.format(id=sent.message_id))

    await sender.world.mail(crlf(report), recipients=("fbl@example.com",))
    await sender.world.settle()

    assert sender.told()[-1]["complaint"]["complainedRecipients"] == [
        {"emailAddress": "to@example.net"}
    ]


async def test_a_feedback_report_to_another_account_is_none(sender: Sender, sent: SentMail) -> None:
    world = sender.world
    other = msgspec.structs.replace(world.ctx, account="111111111111")
    await world.call("VerifyDomainIdentity", other, Domain="example.org")
    await world.call("CreateReceiptRuleSet", other, RuleSetName="set")
    await world.call(
        "CreateReceiptRule", other, RuleSetName="set", Rule={"Name": "all", "Enabled": True}
    )
    await world.call("SetActiveReceiptRuleSet", other, RuleSetName="set")
    more = f"Original-Mail-From: <{sent.message_id}@mail.example.com>\n"
    before = len(sender.told())

    await world.mail(crlf(ARF.format(kind="abuse", more=more)), recipients=("fbl@example.org",))
    await world.settle()

    assert len(sender.told()) == before


async def test_not_spam_suppresses_nobody(sender: Sender, sent: SentMail) -> None:
    await come_back(sender, sent, ARF.format(kind="not-spam", more=""))

    assert store_of(sender.world.ses).find(sender.owner, "to@example.net") is None


async def test_an_automatic_answer_is_a_soft_bounce(sender: Sender, sent: SentMail) -> None:
    answer = "From: to@example.net\nAuto-Submitted: auto-replied\n\nI am away.\n"

    told = await come_back(sender, sent, answer, "to@example.net")

    assert told[0]["bounce"]["bounceType"] == "Transient"
    assert told[0]["bounce"]["bouncedRecipients"] == [{"emailAddress": "to@example.net"}]


@pytest.mark.parametrize(
    "head",
    [
        "X-Failed-Recipients: b@example.net\n",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
    ],
    ids=["names whom it failed", "a report that names nobody"],
)
async def test_what_a_server_answers_automatically_is_a_bounce(sender: Sender, head: str) -> None:
    await sender.destination("BOUNCE")
    sent = await sender.send("a@example.net", "b@example.net", configuration_set="set")
    report = f"From: Mailer-Daemon@example.net\nAuto-Submitted: auto-replied\n{head}\nSorry.\n"

    told = await come_back(sender, sent, report)

    assert told[0]["bounce"]["bounceType"] == "Undetermined"
    assert told[0]["bounce"]["bouncedRecipients"][-1] == {"emailAddress": "b@example.net"}


async def test_a_bounce_of_qmail_is_read(sender: Sender, sent: SentMail) -> None:
    report = (
        "From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\n"
        "Hi. This is the qmail-send program at mx.example.net.\nIt did not work.\n\n"
        "<to@example.net>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
        "--- Below this line is a copy of the message.\n\nMessage-ID: <a@b>\n\nhi\n"
    )

    bounce = (await come_back(sender, sent, report))[0]["bounce"]

    assert (bounce["bounceType"], bounce["reportingMTA"]) == ("Permanent", "dns; mx.example.net")
    assert bounce["bouncedRecipients"][0]["emailAddress"] == "to@example.net"


async def test_a_bounce_in_no_form_is_undetermined(sender: Sender, sent: SentMail) -> None:
    told = await come_back(sender, sent, "From: daemon@example.net\n\nSorry.\n")

    assert told[0]["bounce"]["bounceSubType"] == "Undetermined"


async def test_a_persons_answer_is_no_bounce(sender: Sender, sent: SentMail) -> None:
    assert not await come_back(sender, sent, "From: a@example.net\n\nHi!\n", "a@example.net")


async def test_only_return_paths_of_sent_mails_are_taken(sender: Sender, sent: SentMail) -> None:
    ses = sender.world.ses
    other = sent.message_id.replace(sent.message_id[20:24], "0000")

    taken = intake.accepts(ses, f"{sent.message_id}@mail.example.com", False)
    refused = intake.accepts(ses, f"{other}@mail.example.com", False)

    assert taken is RecipientVerdict.TAKEN
    assert refused is RecipientVerdict.NOT_OURS
    with pytest.raises(MailRefused):
        await sender.world.mail(recipients=(f"{other}@mail.example.com",))
