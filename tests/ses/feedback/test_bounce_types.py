"""What a server's words make of a bounce or a delay."""

from __future__ import annotations

import pytest

from kamome.services.ses.feedback.bounce_types import bounce_type, delay_type, status_of


@pytest.mark.parametrize(
    ("code", "status", "text", "expected"),
    [
        (550, "5.1.1", "user unknown", "Permanent/General"),
        (550, "5.1.2", "no such domain", "Permanent/NoEmail"),
        (556, "5.1.10", "null MX", "Permanent/NoEmail"),
        (550, "5.0.0", "no", "Permanent/General"),
        (552, "5.2.2", "mailbox full", "Transient/MailboxFull"),
        (452, "4.2.2", "mailbox full", "Transient/MailboxFull"),
        (552, "5.3.4", "too big", "Transient/MessageTooLarge"),
        (552, "5.0.0", "exceeded storage allocation", "Transient/MessageTooLarge"),
        (554, "5.7.1", "rejected as spam", "Transient/ContentRejected"),
        (550, "5.7.1", "this Attachment is not allowed", "Transient/AttachmentRejected"),
        (451, "4.3.0", "try later", "Transient/General"),
        (550, "5.4.7", "delivery time expired", "Transient/General"),
        (0, "", "", "Undetermined/Undetermined"),
    ],
)
def test_bounce_is_called_by_what_the_server_said(
    code: int, status: str, text: str, expected: str
) -> None:
    kind = bounce_type(status, code, text)

    assert f"{kind.type}/{kind.sub_type}" == expected


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "expected"),
    [
        (550, "5.1.1", "user unknown", "5.1.1"),
        (550, "", "5.1.1 user unknown", "5.1.1"),
        (550, "", "user unknown", "5.0.0"),
        (550, "", "4.7.1 never", "5.0.0"),
        (421, "", "busy", "4.0.0"),
        (0, "", "connection refused", "4.0.0"),
    ],
)
def test_status_is_the_servers_own_or_that_of_its_class(
    code: int, enhanced: str, text: str, expected: str
) -> None:
    assert status_of(code, enhanced, text) == expected


@pytest.mark.parametrize(
    ("code", "status", "text", "expected"),
    [
        (0, "4.0.0", "timed out", "TransientCommunicationFailure"),
        (421, "4.4.1", "no answer", "TransientCommunicationFailure"),
        (452, "4.2.2", "full", "MailboxFull"),
        (451, "4.7.1", "looks like spam", "SpamDetected"),
        (451, "4.7.1", "this address is not trusted", "IPFailure"),
        (451, "4.3.0", "busy", "RecipientServerError"),
    ],
)
def test_delay_is_called_by_what_the_server_said(
    code: int, status: str, text: str, expected: str
) -> None:
    assert delay_type(status, code, text) == expected
