"""The mailbox by its API: mails that came by SMTP, mails that were sent, mails that were put in."""

from __future__ import annotations

import base64
import json
import smtplib
import urllib.request
from email.message import EmailMessage
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode

import pytest
from tests.conftest import Tenant


def call(
    kamome: Tenant, method: str, path: str, order: object = None
) -> tuple[int, dict[str, str], bytes]:
    body = None if order is None else json.dumps(order).encode()
    headers = {} if body is None else {"content-type": "application/json"}
    request = urllib.request.Request(kamome.endpoint + path, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def ask(kamome: Tenant, path: str, method: str = "GET", order: object = None) -> Any:  # JSON
    status, _, body = call(kamome, method, path, order)
    return {"status": status, **(json.loads(body) if body else {})}


def found(kamome: Tenant, query: str) -> list[str]:
    """Subjects of the mails that match."""
    answer = ask(kamome, f"/_kamome/mails?{urlencode({'q': query})}")
    assert answer["status"] == 200, answer
    return [mail["subject"] for mail in answer["mails"]]


def domain_of(kamome: Tenant) -> str:
    return f"d{kamome.account}.example.com"


def receive_into(kamome: Tenant) -> str:
    """A domain of this account whose mails go into its bucket; the domain."""
    domain, bucket = domain_of(kamome), f"b{kamome.account}"
    ses, s3 = kamome.client("ses"), kamome.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": kamome.region})
    ses.verify_domain_identity(Domain=domain)
    ses.create_receipt_rule_set(RuleSetName="rules")
    rule = {
        "Name": "store",
        "Enabled": True,
        "Recipients": [domain],
        "Actions": [{"S3Action": {"BucketName": bucket}}],
    }
    ses.create_receipt_rule(RuleSetName="rules", Rule=rule)
    ses.set_active_receipt_rule_set(RuleSetName="rules")
    return domain


def written(domain: str, subject: str = "Order 17") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Ana <ana@example.net>"
    mail["To"] = f"shop@{domain}"
    mail["Subject"] = subject
    mail.set_content("The invoice is below.\n")
    mail.add_alternative("<p>The <b>invoice</b> is below.</p>", subtype="html")
    mail.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="17 ä.pdf")
    return mail


def deliver(kamome: Tenant, mail: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", kamome.smtp_port, timeout=30) as session:
        session.send_message(mail)


def only(kamome: Tenant, query: str) -> Any:  # JSON
    [mail] = ask(kamome, f"/_kamome/mails?{urlencode({'q': query})}")["mails"]
    return mail


def sent(kamome: Tenant, subject: str = "Hello", **more: object) -> str:
    ses = kamome.client("ses")
    source = f"from@{domain_of(kamome)}"
    ses.verify_domain_identity(Domain=domain_of(kamome))
    answer = ses.send_email(
        Source=source,
        Destination={
            "ToAddresses": ["to@example.net"],
            "CcAddresses": ["cc@example.net"],
            "BccAddresses": ["bcc@example.net"],
        },
        Message={
            "Subject": {"Data": subject},
            "Body": {"Text": {"Data": "a text"}, "Html": {"Data": "<i>a text</i>"}},
        },
        **more,
    )
    message_id: str = answer["MessageId"]
    kamome.advance(0)
    return message_id


# ---------------------------------------------------------------------- received mails


def test_a_received_mail_is_listed_and_read(kamome: Tenant) -> None:
    domain = receive_into(kamome)
    deliver(kamome, written(domain))

    mail = only(kamome, f"to:{domain}")
    whole = ask(kamome, f"/_kamome/mails/{mail['id']}")

    assert mail["direction"] == "received"
    assert mail["subject"] == "Order 17"
    assert mail["senders"] == ["Ana <ana@example.net>", "ana@example.net"]
    assert (mail["account"], mail["region"]) == (kamome.account, kamome.region)
    assert whole["text"] == "The invoice is below.\n"
    assert "<b>invoice</b>" in whole["html"]
    assert whole["envelope"]["recipients"] == [f"shop@{domain}"]
    assert {"name": "Subject", "value": "Order 17"} in whole["headers"]
    assert whole["attachments"] == [
        {
            "number": 1,
            "part": "2",
            "filename": "17 ä.pdf",
            "content_type": "application/pdf",
            "content_id": "",
            "bytes": 6,
        }
    ]
    assert whole["tree"]["parts"][0]["content_type"] == "multipart/alternative"


def test_the_raw_mail_its_html_and_attachments_are_had(kamome: Tenant) -> None:
    domain = receive_into(kamome)
    deliver(kamome, written(domain))
    path = f"/_kamome/mails/{only(kamome, f'to:{domain}')['id']}"

    raw = call(kamome, "GET", f"{path}/raw")
    html = call(kamome, "GET", f"{path}/html")
    attachment = call(kamome, "GET", f"{path}/attachments/1")

    assert b"Subject: Order 17\r\n" in raw[2]
    assert raw[1]["content-type"] == "message/rfc822"
    assert html[1]["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert attachment[2] == b"%PDF-1"
    assert attachment[1]["content-disposition"] == (
        f"attachment; filename=\"17 _.pdf\"; filename*=UTF-8''{quote('17 ä.pdf')}"
    )
    assert call(kamome, "GET", f"{path}/attachments/2")[0] == 404


def test_what_the_rules_do_is_shown_and_can_be_done_again(kamome: Tenant) -> None:
    domain, s3 = receive_into(kamome), kamome.client("s3")
    bucket = f"b{kamome.account}"
    deliver(kamome, written(domain))
    kamome.advance(0)
    mail = only(kamome, f"to:{domain}")
    before = ask(kamome, f"/_kamome/mails/{mail['id']}")["steps"]
    s3.delete_object(Bucket=bucket, Key=mail["id"])

    answer = ask(kamome, f"/_kamome/mails/{mail['id']}/rerun", "POST", {})
    kamome.advance(0)

    assert [(step["rule"], step["action"]) for step in before] == [("store", "S3Action")]
    assert before[0]["done_at"] is not None
    assert answer["actions"] == 1
    assert s3.head_object(Bucket=bucket, Key=mail["id"])["ContentLength"] > 0


def test_a_rerun_goes_by_the_rules_as_they_are_now(kamome: Tenant) -> None:
    domain, ses = receive_into(kamome), kamome.client("ses")
    deliver(kamome, written(domain))
    kamome.advance(0)
    mail = only(kamome, f"to:{domain}")
    ses.set_active_receipt_rule_set()

    answer = ask(kamome, f"/_kamome/mails/{mail['id']}/rerun", "POST", {})

    assert answer["status"] == 409
    assert "No receipt rule takes this mail now" in answer["message"]
    assert ask(kamome, f"/_kamome/mails/{mail['id']}")["steps"] != []


# ---------------------------------------------------------------------- injected mails


def test_an_injected_mail_goes_through_the_rules(kamome: Tenant) -> None:
    domain = receive_into(kamome)
    order = {"from": "a@example.net", "to": [f"b@{domain}"], "subject": "Grüße", "text": "hi ä"}

    answer = ask(kamome, "/_kamome/mails", "POST", order)
    kamome.advance(0)

    assert answer["status"] == 201
    whole = ask(kamome, f"/_kamome/mails/{answer['id']}")
    assert (whole["subject"], whole["text"]) == ("Grüße", "hi ä\n")
    assert whole["steps"][0]["done_at"] is not None


def test_a_raw_mail_is_injected_with_its_lines_ended_rightly(kamome: Tenant) -> None:
    domain = receive_into(kamome)
    raw = base64.b64encode(b"Subject: raw\n\nline one\rline two\n").decode()

    answer = ask(kamome, "/_kamome/mails", "POST", {"to": [f"b@{domain}"], "raw": raw})

    status, _, body = call(kamome, "GET", f"/_kamome/mails/{answer['id']}/raw")
    assert status == 200
    assert body == b"Subject: raw\r\n\r\nline one\r\nline two\r\n"


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"verdicts": {"spf": "perhaps"}}, 400, "'perhaps' is no word of a verdict"),
        ({"verdicts": {"colour": "PASS"}}, 400, "'colour' is no verdict"),
        ({"to": ["b@nobody.example.org"]}, 409, "no account has verified its domain"),
        ({"to": []}, 400, "1 to 500 recipients"),
        ({"to": ["not an address"]}, 400, "is no address"),
        ({"to": ["a@x.example.com>\r\nRCPT TO:<b@x.example.com"]}, 400, "No mail can"),
        ({"from": "<a@example.net>"}, 400, "is no address"),
        ({"subject": "a\r\nBcc: victim@example.net"}, 400, "No mail can be made of this"),
        ({"raw": "%%%"}, 400, "raw is not base 64"),
        ({"raw": base64.b64encode(b"x" * 2_000).decode()}, 400, "A line of the mail"),
        ({"colour": "red"}, 400, "unknown field"),
        ({"to": "b@example.com"}, 400, "Expected `array`"),
    ],
)
def test_what_cannot_be_injected_is_told(
    kamome: Tenant, change: dict[str, object], status: int, message: str
) -> None:
    domain = receive_into(kamome)
    order = {"from": "a@example.net", "to": [f"b@{domain}"], "text": "hi"} | change

    answer = ask(kamome, "/_kamome/mails", "POST", order)

    assert (answer["status"], message in answer["message"]) == (status, True), answer
    assert found(kamome, f"to:{domain}") == []


# ---------------------------------------------------------------------- sent mails


def test_a_sent_mail_is_captured_and_shown_with_its_recipients(kamome: Tenant) -> None:
    message_id = sent(kamome)

    mail = only(kamome, f"id:{message_id}")
    whole = ask(kamome, f"/_kamome/mails/{message_id}")

    assert mail["direction"] == "sent"
    assert mail["states"] == ["sent", "captured"]
    assert (whole["text"].strip(), whole["html"].strip()) == ("a text", "<i>a text</i>")
    assert [(each["recipient"], each["state"]) for each in whole["delivery"]] == [
        ("to@example.net", "captured"),
        ("cc@example.net", "captured"),
        ("bcc@example.net", "captured"),
    ]
    assert "bcc@example.net" not in json.dumps(whole["headers"])


def test_a_captured_mail_cannot_be_released_where_there_is_no_way_out(kamome: Tenant) -> None:
    message_id = sent(kamome)

    answer = ask(kamome, f"/_kamome/mails/{message_id}/release", "POST", {})

    assert answer["status"] == 409
    assert "No mail leaves this server: mail_transport is capture." in answer["message"]


def test_sent_and_received_mails_are_in_one_list_newest_first(kamome: Tenant) -> None:
    domain = receive_into(kamome)
    deliver(kamome, written(domain, "first"))
    kamome.advance(1)
    sent(kamome, "second")
    kamome.advance(1)
    deliver(kamome, written(domain, "third"))

    newest = found(kamome, domain)

    assert newest == ["third", "second", "first"]
    assert found(kamome, f"{domain} is:sent") == ["second"]
    assert found(kamome, f"{domain} is:received has:attachment") == ["third", "first"]
    assert found(kamome, f"{domain} invoice -subject:first") == ["third"]


def test_a_list_is_gone_on_with(kamome: Tenant) -> None:
    domain = receive_into(kamome)
    for number in range(5):
        deliver(kamome, written(domain, f"mail {number}"))
        kamome.advance(1)

    first = ask(kamome, f"/_kamome/mails?q=to:{domain}&limit=2")
    second = ask(kamome, f"/_kamome/mails?q=to:{domain}&limit=2&after={first['next']}")
    third = ask(kamome, f"/_kamome/mails?q=to:{domain}&limit=2&after={second['next']}")

    subjects = [mail["subject"] for page in (first, second, third) for mail in page["mails"]]
    assert subjects == [f"mail {number}" for number in (4, 3, 2, 1, 0)]
    assert "next" not in third


def test_a_search_stops_after_so_many_mails_and_is_gone_on_with(
    kamome: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kamome.services.ses.mailbox.mailbox.SCANNED_MAX", 3)
    domain = receive_into(kamome)
    deliver(kamome, written(domain, "wanted"))
    for number in range(4):
        kamome.advance(1)
        deliver(kamome, written(domain, f"mail {number}"))

    first = ask(kamome, f"/_kamome/mails?q=to:{domain}%20subject:wanted")
    second = ask(
        kamome, f"/_kamome/mails?q=to:{domain}%20subject:wanted&limit=1&after={first['next']}"
    )

    assert first["mails"] == []
    assert [mail["subject"] for mail in second["mails"]] == ["wanted"]


def test_a_search_stops_after_so_many_bytes_of_content(
    kamome: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kamome.services.ses.mailbox.mailbox.SCANNED_BYTES_MAX", 1_000)
    domain = receive_into(kamome)
    for number in range(5):
        deliver(kamome, written(domain, f"mail {number}"))
        kamome.advance(1)

    answer = ask(kamome, f"/_kamome/mails?q=to:{domain}%20nowhere")

    assert answer["mails"] == []
    assert "next" in answer


def test_a_mail_that_lies_in_a_file_is_shown_and_found(kamome: Tenant) -> None:
    domain = receive_into(kamome)
    mail = written(domain, "large")
    content = bytes(range(256)) * 8_000
    mail.add_attachment(content, maintype="application", subtype="x-data", filename="data.bin")
    deliver(kamome, mail)

    listed = only(kamome, f"to:{domain} invoice data.bin")
    whole = ask(kamome, f"/_kamome/mails/{listed['id']}")
    attachment = call(kamome, "GET", f"/_kamome/mails/{listed['id']}/attachments/2")

    assert listed["raw_bytes"] > len(content)
    assert whole["attachments"][1]["bytes"] == len(content)
    assert attachment[2] == content


def test_dates_bound_what_is_looked_through(kamome: Tenant) -> None:
    domain = receive_into(kamome)
    deliver(kamome, written(domain, "old"))
    kamome.advance(7_200)
    deliver(kamome, written(domain, "new"))

    assert found(kamome, f"to:{domain} after:1h") == ["new"]
    assert found(kamome, f"to:{domain} before:1h after:3h") == ["old"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("q=form:ana", "There is no field form"),
        ("q=%22open", "A quotation mark without its partner (character 1)"),
        ("limit=0", "limit is 1 to 500"),
        ("limit=x", "limit is 1 to 500"),
        ("after=x", "after is the next of an answer"),
        ("after=99999999999999999999-a", "after is the next of an answer"),
    ],
)
def test_bad_questions_are_told(kamome: Tenant, query: str, message: str) -> None:
    answer = ask(kamome, f"/_kamome/mails?{query}")

    assert answer["status"] == 400
    assert message in answer["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/nothing/raw", 404),
        ("POST", "/nothing/release", 404),
        ("POST", "/nothing/rerun", 404),
        ("GET", "/a/b/c", 404),
        ("POST", "/nothing/raw", 404),
        ("GET", "/%2e%2e/x", 404),
    ],
)
def test_what_is_not_there_is_404(kamome: Tenant, method: str, path: str, status: int) -> None:
    order: object = {} if method == "POST" else None

    assert ask(kamome, f"/_kamome/mails{path}", method, order)["status"] == status


def test_the_beginning_of_an_id_is_enough(kamome: Tenant) -> None:
    message_id = sent(kamome)

    answer = ask(kamome, f"/_kamome/mails/{message_id[:25]}")
    several = ask(kamome, "/_kamome/mails/01000000")
    too_short = ask(kamome, f"/_kamome/mails/{message_id[:7]}")

    assert answer["id"] == message_id
    assert several["status"] == 404
    assert too_short["status"] == 404


# ---------------------------------------------------------------------- /_aws/ses


def test_sent_mails_are_had_as_tests_of_the_field_know_them(kamome: Tenant) -> None:
    source = f"from@{domain_of(kamome)}"
    first, second = sent(kamome, "one"), sent(kamome, "two")

    messages = ask(kamome, f"/_aws/ses?email={source}")["messages"]
    single = ask(kamome, f"/_aws/ses/?id={second}")["messages"]

    assert [message["Id"] for message in messages] == [first, second]
    [message] = single
    assert message["Region"] == kamome.region
    assert message["Source"] == source
    assert message["Destination"] == {
        "ToAddresses": ["to@example.net"],
        "CcAddresses": ["cc@example.net"],
        "BccAddresses": ["bcc@example.net"],
    }
    assert message["Subject"] == "two"
    assert message["Body"]["text_part"].strip() == "a text"
    assert message["Body"]["html_part"].strip() == "<i>a text</i>"
    assert "Subject: two\r\n" in message["RawData"]
    assert len(message["Timestamp"]) == len("2026-11-22T01:02:03")


def test_sent_mails_are_forgotten_one_by_one(kamome: Tenant) -> None:
    source = f"from@{domain_of(kamome)}"
    first, second = sent(kamome, "one"), sent(kamome, "two")

    status, _, _ = call(kamome, "DELETE", f"/_aws/ses?id={first}")

    assert status == 204
    assert [each["Id"] for each in ask(kamome, f"/_aws/ses?email={source}")["messages"]] == [second]
    assert ask(kamome, f"/_kamome/mails/{first}")["status"] == 404


def test_bounces_of_received_mails_are_shown_by_their_ids(kamome: Tenant) -> None:
    domain = receive_into(kamome)
    deliver(kamome, written(domain))
    [received] = ask(kamome, f"/_kamome/mails?q=to:shop@{domain}")["mails"]

    bounced = kamome.client("ses").send_bounce(
        OriginalMessageId=received["id"],
        BounceSender=f"postmaster@{domain}",
        BouncedRecipientInfoList=[{"Recipient": f"shop@{domain}", "BounceType": "DoesNotExist"}],
    )
    kamome.advance(0)

    shown = ask(kamome, f"/_kamome/mails/{bounced['MessageId']}")
    assert shown["recipients"] == ["ana@example.net"]
    assert set(shown["states"]) == {"sent", "system", "captured"}


def test_mails_of_ses_itself_are_in_the_mailbox_alone(kamome: Tenant) -> None:
    source = f"from@{domain_of(kamome)}"
    ses = kamome.client("ses")
    ses.verify_domain_identity(Domain=domain_of(kamome))
    message = {"Subject": {"Data": "gone"}, "Body": {"Text": {"Data": "text"}}}
    bounced = {"ToAddresses": ["bounce@simulator.amazonses.com"]}

    ses.send_email(Source=source, Destination=bounced, Message=message)
    kamome.advance(120)

    [forwarded] = ask(kamome, f"/_kamome/mails?q=is:system%20to:{source}")["mails"]
    assert forwarded["recipients"] == [source]
    everything = ask(kamome, "/_aws/ses")["messages"]
    assert forwarded["id"] not in [each["Id"] for each in everything]
    [own] = ask(kamome, f"/_aws/ses?email={source}")["messages"]
    assert own["Subject"] == "gone"
