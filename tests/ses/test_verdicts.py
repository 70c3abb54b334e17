"""What was found about a mail, as headers and events of SES say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.mail.checks import Checks, DmarcCheck, ScanCheck, SignatureCheck, SpfCheck
from kamome.mail.envelope import Envelope
from kamome.services.ses.receiving.headers import dmarc_policy, verdicts
from kamome.services.ses.receiving.ordered_verdicts import NAMES, WORDS, checks_of

if TYPE_CHECKING:
    from tests.ses.conftest import World

TOPIC = "arn:aws:sns:us-east-1:000000000000:news"
FOUND = Checks(
    SpfCheck("softfail", "example.net", "mailfrom", "~all"),
    (SignatureCheck("fail", "example.net"), SignatureCheck("pass", "example.org")),
    DmarcCheck("fail", "example.net", "quarantine"),
    "mail.example.net",
    ScanCheck("found", "15 of 5"),
    ScanCheck("clean"),
)


async def arrive(world: World, checks: Checks) -> None:
    incoming = world.inbound.open()
    await incoming.write(b"Subject: hi\r\n\r\nbody\r\n")
    envelope = Envelope("a@example.net", ("user@example.com",), "mail.example.net", "192.0.2.1")
    await world.inbound.accept(incoming, envelope, checks=checks)
    await world.settle()


async def test_events_carry_every_verdict_and_the_policy(world: World) -> None:
    await world.receiving({"Actions": [{"SNSAction": {"TopicArn": TOPIC}}], "ScanEnabled": True})

    await arrive(world, FOUND)

    (message,) = world.neighbours.messages()
    receipt = message["receipt"]
    assert {name: receipt[f"{name}Verdict"]["status"] for name in ("spf", "dkim", "dmarc")} == {
        "spf": "FAIL",
        "dkim": "PASS",
        "dmarc": "FAIL",
    }
    assert receipt["dmarcPolicy"] == "quarantine"
    assert (receipt["spamVerdict"], receipt["virusVerdict"]) == (
        {"status": "FAIL"},
        {"status": "PASS"},
    )


async def test_headers_are_put_before_the_mail(world: World) -> None:
    await world.receiving({"Actions": [{"S3Action": {"BucketName": "mails"}}]})

    await arrive(world, FOUND)

    ((_, stored),) = world.neighbours.effects("put")
    head = stored.decode()
    assert "Received: from mail.example.net (mail.example.net [192.0.2.1])\r\n" in head
    assert "X-SES-Spam-Verdict: DISABLED\r\n" in head
    assert "\r\nReceived-SPF: softfail (spfCheck: transitioning domain of example.net" in head
    assert "\r\nAuthentication-Results: amazonses.com;\r\n spf=softfail " in head
    assert ";\r\n dmarc=fail header.from=example.net;\r\n" in head
    assert head.endswith("\r\nSubject: hi\r\n\r\nbody\r\n")


async def test_mail_that_passes_dmarc_has_no_policy(world: World) -> None:
    await world.receiving({"Actions": [{"SNSAction": {"TopicArn": TOPIC}}]})

    await arrive(world, Checks(dmarc=DmarcCheck("pass", "example.net", "reject")))

    assert "dmarcPolicy" not in world.neighbours.messages()[0]["receipt"]


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ([], "GRAY"),
        (["pass"], "PASS"),
        (["fail", "pass"], "PASS"),
        (["fail", "temperror"], "FAIL"),
        (["permerror"], "FAIL"),
        (["policy"], "FAIL"),
        (["temperror"], "PROCESSING_FAILED"),
        (["neutral"], "PROCESSING_FAILED"),
    ],
)
def test_dkim_verdict(results: list[str], verdict: str) -> None:
    checks = Checks(signatures=tuple(SignatureCheck(result) for result in results))

    assert verdicts(checks, [], is_scan_enabled=False).dkim == verdict


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        ("pass", "PASS"),
        ("fail", "FAIL"),
        ("softfail", "FAIL"),
        ("neutral", "GRAY"),
        ("none", "GRAY"),
        ("temperror", "PROCESSING_FAILED"),
        ("permerror", "PROCESSING_FAILED"),
    ],
)
def test_spf_verdict(result: str, verdict: str) -> None:
    checks = Checks(spf=SpfCheck(result, "example.net", "mailfrom"))

    assert verdicts(checks, [], is_scan_enabled=False).spf == verdict


@pytest.mark.parametrize(
    ("scan", "verdict"),
    [
        (ScanCheck("clean"), "PASS"),
        (ScanCheck("found"), "FAIL"),
        (ScanCheck("unsure"), "GRAY"),
        (ScanCheck("failed"), "PROCESSING_FAILED"),
        (None, "PROCESSING_FAILED"),
    ],
)
def test_scan_verdict(scan: ScanCheck | None, verdict: str) -> None:
    wanted = verdicts(Checks(spam=scan, virus=scan), [], is_scan_enabled=True)
    unwanted = verdicts(Checks(spam=scan, virus=scan), [], is_scan_enabled=False)

    assert (wanted.spam, wanted.virus) == (verdict, verdict)
    assert (unwanted.spam, unwanted.virus) == ("DISABLED", "DISABLED")


@pytest.mark.parametrize("word", WORDS)
def test_ordered_verdict_is_the_verdict(word: str) -> None:
    checks = checks_of(dict.fromkeys(NAMES, word), "example.net", "quarantine")

    found = verdicts(checks, [], is_scan_enabled=True)

    assert {found.spf, found.dkim, found.dmarc, found.spam, found.virus} == {word}
    assert dmarc_policy(checks) == ("quarantine" if word == "FAIL" else "")


@pytest.mark.parametrize(
    ("ordered", "policy"), [({"spf": "pass"}, "none"), ({"arc": "PASS"}, "none"), ({}, "odd")]
)
def test_verdict_that_is_none_cannot_be_ordered(ordered: dict[str, str], policy: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        checks_of(ordered, "example.net", policy)
