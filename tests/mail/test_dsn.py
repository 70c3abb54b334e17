"""Delivery status notifications: read from many servers, made so that others read them."""

from __future__ import annotations

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.mail.dsn import DELAYED, FAILED, Dsn, DsnRecipient, DsnReport, build, parse

POSTFIX = b"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bounce@example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="3B7A1.1526900000/mx.example.net"
Content-Transfer-Encoding: 8bit

This is a MIME-encapsulated message.

--3B7A1.1526900000/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--3B7A1.1526900000/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 3B7A1
X-Postfix-Sender: rfc822; bounce@example.com
Arrival-Date: Mon, 21 May 2018 11:33:20 +0000 (UTC)

Final-Recipient: rfc822; nobody@example.net
Original-Recipient: rfc822;nobody@example.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; backend.example.net
Diagnostic-Code: smtp; 550 5.1.1 <nobody@example.net>: Recipient address
    rejected: User unknown

Final-Recipient: rfc822; full@example.net
Action: delayed
Status: 4.2.2
Diagnostic-Code: smtp; 452 4.2.2 Mailbox full

--3B7A1.1526900000/mx.example.net
Content-Description: Undelivered Message
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

From: Shop <shop@example.com>
Message-ID: <0100018@email.example.com>
Subject: Order

text
--3B7A1.1526900000/mx.example.net--
""".replace(b"\n", b"\r\n")


def report(**changes: object) -> DsnReport:
    values: dict[str, object] = {
        "sender": "MAILER-DAEMON@mail.example.com",
        "to": "shop@example.com",
        "subject": "Delivery Status Notification (Failure)",
        "explanation": "Your mail could not be delivered.\nnobody@example.net: no such user",
        "reporting_mta": "mail.example.com",
        "recipients": (DsnRecipient("nobody@example.net", FAILED, "5.1.1", "550 5.1.1 no", "mx"),),
        "original": b"From: shop@example.com\r\nMessage-ID: <1@example.com>\r\n\r\nsecret text\r\n",
        "made_at_ms": 1_760_000_000_000,
        "message_id": "dsn-1@mail.example.com",
        "boundary": "b1",
    }
    return DsnReport(**(values | changes))  # type: ignore[arg-type] # the fields, by name


def read(content: bytes) -> Dsn:
    found = parse(content)
    assert found is not None
    return found


class TestParse:
    def test_report_of_postfix_is_read(self) -> None:
        dsn = read(POSTFIX)

        assert dsn.reporting_mta == "mx.example.net"
        assert dsn.original_message_id == "0100018@email.example.com"
        assert dsn.recipients == (
            DsnRecipient(
                "nobody@example.net",
                FAILED,
                "5.1.1",
                "550 5.1.1 <nobody@example.net>: Recipient address rejected: User unknown",
                "backend.example.net",
                "nobody@example.net",
            ),
            DsnRecipient("full@example.net", DELAYED, "4.2.2", "452 4.2.2 Mailbox full"),
        )

    def test_report_with_bare_line_feeds_is_read(self) -> None:
        assert read(POSTFIX.replace(b"\r\n", b"\n")) == read(POSTFIX)

    def test_report_that_is_cut_off_still_names_its_recipients(self) -> None:
        cut = POSTFIX[
            : POSTFIX.index(b"--3B7A1.1526900000/mx.example.net\r\nContent-Description: U")
        ]

        dsn = read(cut)

        assert len(dsn.recipients) == 2
        assert dsn.original_message_id == ""

    def test_status_in_base64_is_read(self) -> None:
        import base64

        before, _, rest = POSTFIX.partition(b"Content-Type: message/delivery-status\r\n\r\n")
        status, boundary, after = rest.partition(b"\r\n--3B7A1")
        coded = base64.encodebytes(status).replace(b"\n", b"\r\n")
        mail = (
            before
            + b"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + coded
            + boundary
            + after
        )

        assert read(mail).recipients == read(POSTFIX).recipients

    def test_headers_alone_of_the_original_are_enough(self) -> None:
        mail = POSTFIX.replace(b"message/rfc822", b"text/rfc822-headers")

        assert read(mail).original_message_id == "0100018@email.example.com"

    def test_status_without_meaning_is_taken_from_the_words(self) -> None:
        mail = POSTFIX.replace(b"Status: 5.1.1", b"Status: 5.0.0")

        assert read(mail).recipients[0].status == "5.1.1"

    def test_missing_action_is_told_by_the_status(self) -> None:
        mail = POSTFIX.replace(b"Action: failed\r\n", b"").replace(b"Action: delayed", b"X: y")

        assert [each.action for each in read(mail).recipients] == [FAILED, DELAYED]

    def test_groups_without_a_blank_line_between_are_read(self) -> None:
        mail = POSTFIX.replace(b"(UTC)\r\n\r\nFinal", b"(UTC)\r\nFinal")

        dsn = read(mail)

        assert dsn.reporting_mta == "mx.example.net"
        assert dsn.recipients[0].final_recipient == "nobody@example.net"

    def test_utf8_address_is_read(self) -> None:
        mail = POSTFIX.replace(
            b"Final-Recipient: rfc822; nobody@", rb"Final-Recipient: utf-8; us\x{E9}r@"
        )

        assert read(mail).recipients[0].final_recipient == "usér@example.net"

    def test_name_before_the_address_is_left_out(self) -> None:
        mail = POSTFIX.replace(
            b"rfc822; nobody@example.net", b"RFC822; Nobody <nobody@example.net>"
        )

        assert read(mail).recipients[0].final_recipient == "nobody@example.net"

    @pytest.mark.parametrize(
        ("field", "kind", "words"),
        [
            (b"X-Notes; User not listed", "X-Notes", "User not listed"),
            (b"550 no user; ask elsewhere", "smtp", "550 no user; ask elsewhere"),
        ],
    )
    def test_words_keep_the_type_that_they_came_with(
        self, field: bytes, kind: str, words: str
    ) -> None:
        recipient = read(POSTFIX.replace(b"smtp; 452 4.2.2 Mailbox full", field)).recipients[1]

        assert (recipient.diagnostic_type, recipient.diagnostic) == (kind, words)

    @pytest.mark.parametrize("more", [b"", b" ", b"  "], ids=["whole", "one over", "two over"])
    def test_base64_is_read_to_its_last_octet(self, more: bytes) -> None:
        import base64

        status = b"Final-Recipient: rfc822; a@example.net\nAction: failed%s\nStatus: 5.1.1" % more
        mail = (
            b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
            b"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64;\r\n\r\n"
            b"%s\r\n--b--\r\n"
        ) % base64.b64encode(status)

        assert read(mail).recipients[0].status == "5.1.1"

    @pytest.mark.parametrize(
        "mail",
        [
            b"",
            b"Subject: hello\r\n\r\ntext\r\n",
            b"Content-Type: multipart/report; boundary=x\r\n\r\n--x--\r\n",
            b"Content-Type: multipart/report\r\n\r\nno boundary\r\n",
            POSTFIX.replace(b"multipart/report", b"multipart/mixed"),
            POSTFIX.replace(b"message/delivery-status", b"text/plain"),
            POSTFIX.replace(b"Recipient:", b"Nobody:"),
        ],
        ids=["empty", "plain", "no parts", "no boundary", "mixed", "no status", "no recipient"],
    )
    def test_other_mails_are_none(self, mail: bytes) -> None:
        assert parse(mail) is None

    def test_parts_in_parts_without_end_are_given_up(self) -> None:
        mail = b"Content-Type: multipart/report; boundary=b0\r\n\r\n"
        for depth in range(2_000):
            mail += b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (
                depth,
                depth + 1,
            )

        assert parse(mail) is None


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail(content: bytes) -> None:
    parse(content)
    parse(b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n" + content)
    parse(POSTFIX[:700] + content)


@given(
    st.integers(0, len(POSTFIX) - 1),
    st.integers(0, 60),
    st.binary(max_size=20),
)
def test_no_damage_makes_it_fail(at: int, length: int, inserted: bytes) -> None:
    dsn = parse(POSTFIX[:at] + inserted + POSTFIX[at + length :])

    assert dsn is None or dsn.recipients


class TestBuild:
    def test_what_is_made_is_read_back(self) -> None:
        dsn = read(build(report(original_envelope_id="e1", arrived_at_ms=1_759_999_000_000)))

        assert dsn.reporting_mta == "mail.example.com"
        assert dsn.original_envelope_id == "e1"
        assert dsn.original_message_id == "1@example.com"
        assert dsn.recipients == report().recipients

    def test_standard_library_reads_it(self) -> None:
        mail = email.message_from_bytes(build(report()), policy=email.policy.default)

        parts = [part.get_content_type() for part in mail.iter_parts()]
        assert mail.get_content_type() == "multipart/report"
        assert mail.get_param("report-type") == "delivery-status"
        assert parts == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
        assert not mail.defects
        assert mail["Auto-Submitted"] == "auto-replied"
        assert mail["Date"].datetime.timestamp() == 1_760_000_000

    def test_body_of_the_original_does_not_come_back(self) -> None:
        assert b"secret" not in build(report())

    def test_line_ends_are_crlf_alone(self) -> None:
        made = build(report(explanation="a\rb\nc\r\nd", original=b"Subject: x\ny\r\n\r\n"))

        assert made.count(b"\n") == made.count(b"\r\n") == made.count(b"\r")

    def test_no_value_adds_a_field_or_a_part(self) -> None:
        evil = "x\r\nBcc: eve@example.org\r\n\r\n--b1\r\nContent-Type: text/html\r\n\r\n<b>"
        recipient = DsnRecipient(f"a@{evil}", evil, evil, evil, evil, evil)
        made = build(
            report(
                subject=evil,
                to=evil,
                sender=evil,
                message_id=evil,
                reporting_mta=evil,
                explanation="--b1\r\nContent-Type: text/html",
                original_envelope_id=evil,
                recipients=(recipient,),
            )
        )

        mail = email.message_from_bytes(made, policy=email.policy.compat32)
        assert mail["Bcc"] is None
        parts = mail.get_payload()
        assert isinstance(parts, list)
        assert len(parts) == 3

    def test_utf8_recipient_is_written_in_ascii_and_read_back(self) -> None:
        recipient = DsnRecipient("usér@例え.jp", FAILED, "5.1.1", "550 日本")
        made = build(report(recipients=(recipient,)))

        status = made.split(b"message/delivery-status")[1].split(b"\r\n--b1")[0]
        assert status.isascii()
        assert read(made).recipients[0].final_recipient == "usér@例え.jp"

    def test_eight_bit_original_is_said_to_be_so(self) -> None:
        made = build(report(original="Subject: ü\r\n\r\n".encode()))

        assert b"Content-Transfer-Encoding: 8bit" in made

    @given(
        st.text(max_size=60), st.text(max_size=60), st.text(max_size=200), st.binary(max_size=300)
    )
    def test_any_words_are_carried_or_flattened(
        self, diagnostic: str, subject: str, explanation: str, original: bytes
    ) -> None:
        recipient = DsnRecipient("nobody@example.net", FAILED, "5.1.1", diagnostic)

        explanation = explanation.encode("utf-8", "replace").decode()
        subject = subject.encode("utf-8", "replace").decode()
        made = build(
            report(
                recipients=(recipient,),
                subject=subject,
                explanation=explanation,
                original=original,
            )
        )

        assert read(made).recipients[0].final_recipient == "nobody@example.net"
