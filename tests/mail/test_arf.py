"""Feedback reports: complaints of mailbox providers, read from mails however broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.mail.arf import FeedbackReport, parse

# After RFC 5965, appendix B.
REPORT = b"""\
From: <abusedesk@example.com>
Date: Thu, 8 Mar 2005 17:40:36 EDT
Subject: FW: Earn money
To: <abuse@example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received from IP
192.0.2.1 on Thu, 8 Mar 2005 14:00:00 EDT.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <somespammer@example.net>
Original-Rcpt-To: <user@example.com>
Original-Rcpt-To: <other@example.com>
Arrival-Date: Thu, 8 Mar 2005 14:00:00 EDT
Reporting-MTA: dns; mail.example.com
Source-IP: 192.0.2.1
Reported-Domain: example.net
Reported-Uri: http://example.net/earn_money.html

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

From: <somespammer@example.net>
Received: from mailserver.example.net (mailserver.example.net
     [192.0.2.1]) by example.com with ESMTP id M63d4137594e46;
     Thu, 08 Mar 2005 14:00:00 -0400
To: <Undisclosed Recipients>
Subject: Earn money
Message-ID: <8787KJKJ3K4J3K4J3K4J3.mail@example.net>

Spam Spam Spam
--part1_13d.2e68ed54_boundary--
""".replace(b"\n", b"\r\n")


def read(content: bytes) -> FeedbackReport:
    found = parse(content)
    assert found is not None
    return found


def test_example_of_the_rfc_is_read() -> None:
    report = read(REPORT)

    assert (report.feedback_type, report.user_agent) == ("abuse", "SomeGenerator/1.0")
    assert report.original_mail_from == "somespammer@example.net"
    assert report.original_recipients == ("user@example.com", "other@example.com")
    assert (report.source_ip, report.reporting_mta) == ("192.0.2.1", "mail.example.com")
    assert report.reported_domains == ("example.net",)
    assert report.arrival_date == "Thu, 8 Mar 2005 14:00:00 EDT"
    assert report.original_message_id == "8787KJKJ3K4J3K4J3K4J3.mail@example.net"


def test_recipients_that_were_struck_out_are_none() -> None:
    report = read(REPORT.replace(b"Original-Rcpt-To: <user@example.com>", b"Original-Rcpt-To: <>"))

    assert report.original_recipients == ("other@example.com",)


def test_received_date_stands_in_for_the_arrival_date() -> None:
    report = read(REPORT.replace(b"Arrival-Date:", b"Received-Date:"))

    assert report.arrival_date == "Thu, 8 Mar 2005 14:00:00 EDT"


def test_bare_line_feeds_do_no_harm() -> None:
    assert read(REPORT.replace(b"\r\n", b"\n")) == read(REPORT)


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        REPORT.replace(b"message/feedback-report", b"text/plain"),
        REPORT.replace(b"multipart/report", b"multipart/mixed"),
        REPORT.replace(b"Feedback-Type: abuse\r\n", b""),
    ],
    ids=["empty", "no report", "mixed", "no type"],
)
def test_other_mails_are_none(mail: bytes) -> None:
    assert parse(mail) is None


@given(st.integers(0, len(REPORT) - 1), st.integers(0, 80), st.binary(max_size=30))
def test_no_damage_makes_it_fail(at: int, length: int, inserted: bytes) -> None:
    report = parse(REPORT[:at] + inserted + REPORT[at + length :])

    assert report is None or report.feedback_type


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(content: bytes) -> None:
    parse(content)
    parse(REPORT[:600] + content)
