"""`kamome mail` against a running server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.conftest import Tenant

from kamome.cli.main import main


@pytest.fixture
def domain(kamome: Tenant) -> str:
    """A domain of this account that receives into its bucket."""
    domain, bucket = f"c{kamome.account}.example.com", f"c{kamome.account}"
    ses = kamome.client("ses")
    kamome.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": kamome.region}
    )
    ses.verify_domain_identity(Domain=domain)
    ses.create_receipt_rule_set(RuleSetName="rules")
    rule = {"Name": "store", "Enabled": True, "Actions": [{"S3Action": {"BucketName": bucket}}]}
    ses.create_receipt_rule(RuleSetName="rules", Rule=rule)
    ses.set_active_receipt_rule_set(RuleSetName="rules")
    return domain


def run(kamome: Tenant, *words: str, given: str | bytes | None = None) -> Result:
    command = ["mail", *words, "--endpoint", kamome.endpoint]
    return CliRunner().invoke(main, command, input=given)


def said(kamome: Tenant, *words: str, given: str | bytes | None = None) -> str:
    result = run(kamome, *words, given=given)
    assert result.exit_code == 0, result.output
    return result.output


def injected(kamome: Tenant, domain: str, raw: bytes) -> str:
    told = said(kamome, "inject", "--to", f"a@{domain}", "--from", "b@example.net", given=raw)
    assert told.startswith("Taken in as ")
    return told.split()[-1].rstrip(".")


def test_a_mail_is_injected_listed_and_shown(kamome: Tenant, domain: str) -> None:
    raw = b"From: Bo <b@example.net>\nTo: x\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n\nHello.\n"

    mail_id = injected(kamome, domain, raw)
    kamome.advance(0)

    listed = said(kamome, "search", f"to:{domain}")
    assert "Grüße" in listed
    assert mail_id in listed
    assert mail_id in said(kamome, "ls", "--limit", "500")
    shown = said(kamome, "show", mail_id)
    assert "subject  Grüße" in shown
    assert "\nHello.\n" in shown
    assert "S3Action" in shown
    assert run(kamome, "show", mail_id, "--raw").stdout_bytes == raw.replace(b"\n", b"\r\n")
    assert "Subject: Grüße" in said(kamome, "show", mail_id, "--headers")
    assert said(kamome, "show", mail_id, "--tree").startswith("text/plain  8 bytes")
    assert said(kamome, "rerun", mail_id) == "1 actions are planned.\n"


def test_a_mail_is_sent_by_ses_with_an_attachment(
    kamome: Tenant, domain: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x,y\n")
    told = said(
        kamome,
        *("send", "--from", f"me@{domain}", "--to", "you@example.net", "--subject", "Report"),
        *("--text", "-", "--html", "<b>hi</b>", "--attach", str(file), "--tag", "kind=report"),
        *("--access-key", kamome.account, "--region", kamome.region),
        given="hi there\n",
    )
    kamome.advance(0)
    message_id = told.split()[-1].rstrip(".")

    shown = said(kamome, "show", message_id)

    assert "hi there" in shown
    assert "you@example.net  captured" in shown
    assert "kind=report" in shown
    assert "a.csv" in shown
    saved = said(kamome, "show", message_id, "--attachment", "1", "-o", str(tmp_path / "b.csv"))
    assert "Wrote 4 bytes" in saved
    assert (tmp_path / "b.csv").read_text() == "x,y\n"
    refused = run(kamome, "release", message_id)
    assert refused.exit_code == 1
    assert "mail_transport" in refused.output


def test_what_a_mail_says_does_not_reach_the_terminal_as_orders(
    kamome: Tenant, domain: str
) -> None:
    raw = "Subject: a\x1b[2Jb\u202ec\nX-A: \x1b]0;t\x07\n\n\x1b[31mred\x9b1m\r\u2028\n".encode()

    mail_id = injected(kamome, domain, raw)

    for words in (("show", mail_id), ("show", mail_id, "--headers"), ("search", f"to:{domain}")):
        output = said(kamome, *words)
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u2028"} & set(output)


def test_terms_are_searched_for_as_the_shell_hands_them_over(kamome: Tenant, domain: str) -> None:
    mail_id = injected(kamome, domain, b"Subject: Your order 17\n\nb\n")
    other = injected(kamome, domain, b"Subject: 17 times in order\n\nb\n")

    listed = said(kamome, "search", f"to:{domain}", "subject:order 17", "-is:sent")
    rest = said(kamome, "search", "-subject:order 17", f"to:{domain}")
    whole = said(kamome, "search", f"to:{domain} subject:times")

    assert [mail_id in each for each in (listed, rest, whole)] == [True, False, False]
    assert [other in each for each in (listed, rest, whole)] == [False, True, True]


def test_json_is_given_to_programs(kamome: Tenant, domain: str) -> None:
    mail_id = injected(kamome, domain, b"Subject: a\n\nb\n")

    [mail] = json.loads(said(kamome, "search", f"to:{domain}", "--json"))
    whole = json.loads(said(kamome, "show", mail_id, "--json"))

    assert mail["id"] == whole["id"] == mail_id
    assert whole["text"] == "b\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "nothing"), "There is no mail nothing"),
        (("search", "form:x"), "There is no field form"),
        (("show", "x", "-o", "y"), "--output goes with"),
        (("send", "--from", "a@example.com"), "Name a recipient"),
        (("rerun", "../journeys"), "There is nothing at"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    kamome: Tenant, words: tuple[str, ...], message: str
) -> None:
    result = run(kamome, *words)

    assert result.exit_code != 0
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_mail_from_an_unverified_identity_is_refused_as_ses_does(kamome: Tenant) -> None:
    result = run(kamome, "send", "--from", "a@nobody.example.org", "--to", "b@example.net")

    assert result.exit_code == 1
    assert result.output.startswith("Error: MessageRejected: Email address is not verified.")


def test_lists_without_mails_say_so(kamome: Tenant) -> None:
    assert said(kamome, "search", "subject:there-is-no-such-mail").endswith("none.\n")


def test_the_spool_is_shown_and_tried_now(kamome: Tenant) -> None:
    assert said(kamome, "spool") == "Mail that waits (by capture): none.\n"
    assert said(kamome, "retry", "example.net") == "Trying 0 recipients now.\n"
    assert json.loads(said(kamome, "spool", "--json"))["transports"] == ["capture"]


def test_verdicts_are_ordered_by_the_command_line(kamome: Tenant, domain: str) -> None:
    raw = b"From: a@example.net\n\nhi\n"
    told = said(
        kamome,
        *("inject", "--to", f"a@{domain}", "--from", "b@example.net"),
        *("--verdict", "spf=FAIL", "--verdict", "spam=FAIL", "--verdict", "dkim=PASS"),
        given=raw,
    )

    shown = said(kamome, "show", told.split()[-1].rstrip("."))

    assert "spf fail, spam found, dkim pass (example.net)" in shown
