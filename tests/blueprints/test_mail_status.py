"""The status function: one item per mail and tenant, whatever becomes of the mail itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from tests.blueprints.conftest import FakeDynamoDB


def ses_event(*recipients: str) -> dict[str, object]:
    mail = {
        "messageId": "ses-1",
        "timestamp": "2025-10-07T00:00:00.000Z",
        "source": "shop@example.com",
        "commonHeaders": {"subject": "one"},
    }
    receipt = {
        "recipients": recipients,
        "processingTimeMillis": 12,
        "spamVerdict": {"status": "PASS"},
    }
    return {"Records": [{"eventSource": "aws:ses", "ses": {"mail": mail, "receipt": receipt}}]}


def test_each_tenant_gets_one_status_item(
    mail_status: tuple[ModuleType, FakeDynamoDB],
) -> None:
    app, dynamodb = mail_status

    app.handler(ses_event("ne-001+a@example.com", "NE-001@example.com", "ne-2@example.com"), None)

    assert list(dynamodb.items) == [
        ("ne-001@example.com", "status#ses-1"),
        ("ne-2@example.com", "status#ses-1"),
    ]
    item = dynamodb.items["ne-2@example.com", "status#ses-1"]
    assert item["verdicts"] == {"M": {"spamVerdict": {"S": "PASS"}}}
    assert item["subject"] == {"S": "one"}


def test_repeated_invocation_writes_nothing_more(
    mail_status: tuple[ModuleType, FakeDynamoDB],
) -> None:
    app, dynamodb = mail_status
    app.handler(ses_event("ne-1@example.com"), None)

    assert app.handler(ses_event("ne-1@example.com"), None) == {"written": 0}
    assert len(dynamodb.items) == 1


def test_mail_without_a_subject_has_an_empty_one(
    mail_status: tuple[ModuleType, FakeDynamoDB],
) -> None:
    app, dynamodb = mail_status
    event = ses_event("ne-1@example.com")
    event["Records"][0]["ses"]["mail"]["commonHeaders"] = {}  # type: ignore[index]  # a nested document

    app.handler(event, None)

    assert dynamodb.items["ne-1@example.com", "status#ses-1"]["subject"] == {"S": ""}
