"""The store function: each mail once per tenant, duplicates counted, poison alone comes back."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from kamome.cli.blueprint import load_modules

if TYPE_CHECKING:
    from tests.blueprints.conftest import Item, Mail, StoreMail

from pathlib import Path

BLUEPRINT = Path(__file__).resolve().parents[2] / "blueprints" / "inbound-mail"
(MANIFEST,) = load_modules(BLUEPRINT, "manifest")
MAILS: tuple[Mail, ...] = MANIFEST.mails()
RECORDED = [mail for mail in MAILS if mail.ends == "recorded"]
POISON = [mail for mail in MAILS if mail.ends == "dead-lettered"]
TENANT = "ne-001@orders.example.com"
PLAIN = b"From: a@example.com\r\nSubject: one\r\nMessage-ID: <1@example.com>\r\n\r\ntext\r\n"


def only_item(store_mail: StoreMail) -> Item:
    (item,) = store_mail.dynamodb.items.values()
    return item


@pytest.mark.parametrize("mail", RECORDED, ids=lambda mail: mail.name)
def test_each_mail_is_recorded_as_the_manifest_says(store_mail: StoreMail, mail: Mail) -> None:
    expected = mail.expected

    failures = store_mail.handle(store_mail.receive(mail.read(), *mail.recipients))

    assert failures == []
    items = store_mail.dynamodb.items.values()
    assert sorted(str(item["address"]["S"]) for item in items) == sorted(mail.addresses)
    for item in items:
        assert item["subject"] == {"S": expected.subject}
        assert item["kind"] == {"S": expected.kind}
        assert item["order_id"] == {"S": expected.order_id}
        total = {"NULL": True} if expected.total_yen is None else {"N": str(expected.total_yen)}
        assert item["total_yen"] == total
        assert attachment_names(item) == list(expected.attachments)
        assert item["attachment_count"] == {"N": str(len(expected.attachments))}


def attachment_names(item: Item) -> list[str]:
    listed = item["attachments"]["L"]
    assert isinstance(listed, list)
    return [attachment["M"]["name"]["S"] for attachment in listed]


@pytest.mark.parametrize("mail", POISON, ids=lambda mail: mail.name)
def test_poison_mail_is_reported_alone_in_its_batch(store_mail: StoreMail, mail: Mail) -> None:
    before, after = RECORDED[0], RECORDED[1]
    bodies = [store_mail.receive(each.read(), TENANT) for each in (before, mail, after)]

    failures = store_mail.handle(*bodies)

    assert failures == ["1"]
    recorded = [item["subject"]["S"] for item in store_mail.dynamodb.items.values()]
    assert recorded == [before.expected.subject, after.expected.subject]


def test_poison_mail_fails_the_same_way_each_time_it_comes_back(store_mail: StoreMail) -> None:
    body = store_mail.receive(POISON[0].read(), TENANT)

    assert [store_mail.handle(body) for _ in range(3)] == [["0"]] * 3
    assert store_mail.dynamodb.items == {}


def test_mail_sent_twice_is_recorded_once_and_its_duplicate_counted(store_mail: StoreMail) -> None:
    first, second = store_mail.receive(PLAIN, TENANT), store_mail.receive(PLAIN, TENANT)

    assert store_mail.handle(first, second) == []

    item = only_item(store_mail)
    assert item["ses_message_id"] == {"S": "ses-0001"}
    assert item["duplicates"] == {"SS": ["ses-0002"]}


def test_duplicate_is_counted_once_however_often_its_message_comes(store_mail: StoreMail) -> None:
    first, second = store_mail.receive(PLAIN, TENANT), store_mail.receive(PLAIN, TENANT)

    store_mail.handle(first, second, second, second)

    assert only_item(store_mail)["duplicates"] == {"SS": ["ses-0002"]}


def test_message_that_comes_twice_is_no_duplicate_but_a_redelivery(store_mail: StoreMail) -> None:
    body = store_mail.receive(PLAIN, TENANT)

    store_mail.handle(body)
    store_mail.handle(body)

    item = only_item(store_mail)
    assert item["redeliveries"] == {"N": "1"}
    assert "duplicates" not in item


def test_same_mail_to_another_tenant_is_no_duplicate(store_mail: StoreMail) -> None:
    other = "ne-002@orders.example.com"

    store_mail.handle(store_mail.receive(PLAIN, TENANT), store_mail.receive(PLAIN, other))

    assert [address for address, _ in store_mail.dynamodb.items] == [TENANT, other]
    assert not any("duplicates" in item for item in store_mail.dynamodb.items.values())


def test_mail_that_came_another_way_is_still_the_same_mail(store_mail: StoreMail) -> None:
    detour = b"Received: from relay\r\n\tby mx; Tue, 07 Oct 2025 00:00:00 +0000\r\n" + PLAIN

    store_mail.handle(store_mail.receive(PLAIN, TENANT), store_mail.receive(detour, TENANT))

    assert only_item(store_mail)["duplicates"] == {"SS": ["ses-0002"]}


def test_mails_that_differ_in_one_byte_are_two_mails(store_mail: StoreMail) -> None:
    bodies = [store_mail.receive(PLAIN, TENANT), store_mail.receive(PLAIN + b"!\r\n", TENANT)]

    store_mail.handle(*bodies)

    assert len(store_mail.dynamodb.items) == 2


def test_plus_address_belongs_to_the_tenant_and_keeps_its_label(store_mail: StoreMail) -> None:
    recipients = "NE-001+Market@orders.example.com", "ne-001@orders.example.com"

    store_mail.handle(store_mail.receive(PLAIN, *recipients[:1]))

    item = only_item(store_mail)
    assert item["address"] == {"S": TENANT}
    assert item["label"] == {"S": "market"}


def test_raw_delivery_is_read_without_an_envelope(store_mail: StoreMail) -> None:
    assert store_mail.handle(store_mail.notice(PLAIN, TENANT)) == []

    assert only_item(store_mail)["subject"] == {"S": "one"}


def test_notice_of_another_type_is_passed_over(store_mail: StoreMail) -> None:
    body = json.dumps({"notificationType": "AmazonSnsSubscriptionSucceeded"})

    assert store_mail.handle(body) == []


@pytest.mark.parametrize("body", ["", "not JSON", "{}", '{"notificationType": "Received"}'])
def test_message_that_is_no_notice_comes_back_or_is_passed_over(
    store_mail: StoreMail, body: str
) -> None:
    expected = [] if body == "{}" else ["0"]

    assert store_mail.handle(body) == expected


def test_mail_whose_object_is_gone_comes_back(store_mail: StoreMail) -> None:
    body = store_mail.receive(PLAIN, TENANT)
    store_mail.s3.objects.clear()

    assert store_mail.handle(body) == ["0"]


def test_calls_for_a_mail_carry_the_trace_of_its_message(
    store_mail: StoreMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-of-the-batch")
    seen: list[str | None] = []
    get_object = store_mail.s3.get_object

    def traced(**request: str) -> object:
        seen.append(os.environ.get("_X_AMZN_TRACE_ID"))
        return get_object(**request)

    monkeypatch.setattr(store_mail.s3, "get_object", traced)
    record = {"messageId": "m", "body": store_mail.receive(PLAIN, TENANT)}
    traced_record = {**record, "attributes": {"AWSTraceHeader": "Root=1-of-the-mail"}}

    store_mail.app.handler({"Records": [traced_record, record]}, None)

    assert seen == ["Root=1-of-the-mail", "Root=1-of-the-batch"]
    assert os.environ["_X_AMZN_TRACE_ID"] == "Root=1-of-the-batch"
