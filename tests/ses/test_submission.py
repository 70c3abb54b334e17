"""Mails that are handed in by SMTP: what they bring, and how they are refused.

AWS: SES Developer Guide, Using the Amazon SES SMTP interface; Amazon SES SMTP response codes.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from kamome.mail.envelope import Envelope
from kamome.mail.submission import SubmissionRefused, Submitter
from kamome.services.ses.sending.submission import smtp_password, submit

if TYPE_CHECKING:
    from tests.ses.conftest import World

    from kamome.services.ses.sending.sent_mails import SentMail

USER = Submitter("AKIAEXAMPLE", "000000000000/us-east-1")
ENVELOPE = Envelope("news@example.com", ("a@example.net",), "client", "192.0.2.7", "TLSv1.3")
MAIL = b"From: News <shop@example.com>\r\nTo: b@example.net\r\nSubject: hi\r\n%s\r\nbody\r\n"


@pytest.fixture
async def verified(world: World) -> World:
    await world.call("VerifyDomainIdentity", Domain="example.com")
    return world


async def submitted(world: World, field: bytes = b"", envelope: Envelope = ENVELOPE) -> SentMail:
    message_id = await submit(world.ses, USER, envelope, MAIL % field)
    sent = world.ses.sent.find(message_id)
    assert sent is not None
    return sent


async def test_a_mail_goes_to_the_recipients_of_its_envelope(verified: World) -> None:
    sent = await submitted(verified)

    assert sent.destinations == ("a@example.net",)
    assert sent.source_ip == "192.0.2.7"
    assert sent.tags["ses:operation"] == ["SendSmtpEmail"]
    assert sent.tags["ses:source-tls-version"] == ["TLSv1.3"]


async def test_an_author_may_be_named_in_a_comment(verified: World) -> None:
    """So cron writes: `From: root@example.com (Cron Daemon)`."""
    mail = b"From:\troot@example.com (Cron Daemon)\r\nTo: a@example.net (A)\r\n\r\nhi\r\n"

    sent = verified.ses.sent.find(await submit(verified.ses, USER, ENVELOPE, mail))

    assert sent is not None
    assert sent.common_headers["from"] == ["Cron Daemon <root@example.com>"]


@pytest.mark.parametrize(
    ("field", "told"),
    [(b"Return-Path: <back@example.com>\r\n", "back@example.com"), (b"", "news@example.com")],
)
async def test_feedback_goes_to_the_return_path_before_the_envelope(
    verified: World, field: bytes, told: str
) -> None:
    assert (await submitted(verified, field)).return_path == told


@pytest.mark.parametrize(
    ("field", "code", "text"),
    [
        (b"X-SES-CONFIGURATION-SET: none\r\n", 554, "Transaction failed: Configuration set <none>"),
        (b"X-SES-MESSAGE-TAGS: a b=c\r\n", 554, "Transaction failed: Invalid message tag name"),
        (b"Subject: twice\r\n", 554, "Transaction failed: Duplicate header 'Subject'."),
        (b"Sender: x@example.org\r\n", 554, "Message rejected: Email address is not verified."),
    ],
)
async def test_a_refusal_has_the_reply_of_ses(
    verified: World, field: bytes, code: int, text: str
) -> None:
    with pytest.raises(SubmissionRefused) as caught:
        await submit(verified.ses, USER, ENVELOPE, MAIL % field)

    assert caught.value.code == code
    assert caught.value.text.startswith(text)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_password_is_a_signature_of_version_4(region: str) -> None:
    """AWS's script makes it as requests are signed, with a date of its own: botocore can, too."""
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    request = AWSRequest("POST", "https://example.com/")
    request.context["timestamp"] = "11111111T000000Z"
    signer = SigV4Auth(Credentials("AKIAEXAMPLE", secret), "ses", region)

    signature = bytes.fromhex(signer.signature("SendRawEmail", request))

    assert base64.b64decode(smtp_password(secret, region)) == b"\x04" + signature
