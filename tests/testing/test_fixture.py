"""The fixture `kamome`: what a user's test sees of it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING
from urllib.request import urlopen

import boto3
import pytest

from kamome.testing.orders import OrderRefused

if TYPE_CHECKING:
    from kamome.testing import Kamome


@pytest.mark.parametrize("test", ["the first", "the second"])
def test_each_test_finds_the_server_empty(kamome: Kamome, test: str) -> None:
    sqs = kamome.client("sqs")
    before = sqs.list_queues().get("QueueUrls", [])

    sqs.create_queue(QueueName="orders")

    assert before == [], test


def test_code_under_test_finds_the_server_by_its_environment(kamome: Kamome) -> None:
    created = boto3.client("sqs").create_queue(QueueName="orders")

    [url] = kamome.client("sqs").list_queues()["QueueUrls"]
    assert url == created["QueueUrl"]
    assert url.startswith(f"{kamome.endpoint_url}/")


def test_account_is_the_one_of_test_credentials(kamome: Kamome) -> None:
    assert kamome.client("sts").get_caller_identity()["Account"] == kamome.account == "0" * 12


def test_resource_is_boto3s(kamome: Kamome) -> None:
    bucket = kamome.resource("s3").create_bucket(Bucket="letters")

    bucket.put_object(Key="a", Body=b"hello")

    assert bucket.Object("a").get()["Body"].read() == b"hello"


@pytest.mark.kamome(region="eu-west-1")
def test_marker_gives_the_server_settings(kamome: Kamome) -> None:
    url = kamome.client("sqs").create_queue(QueueName="orders")["QueueUrl"]

    attributes = kamome.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["QueueArn"]
    )["Attributes"]
    assert attributes["QueueArn"].split(":")[3] == "eu-west-1"
    assert os.environ["AWS_REGION"] == "eu-west-1"


def test_advancing_the_clock_brings_a_message_back(kamome: Kamome) -> None:
    sqs = kamome.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    sqs.receive_message(QueueUrl=url)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)

    kamome.clock.advance(seconds=30)

    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"


def test_frozen_clock_moves_only_when_it_is_told_to(kamome: Kamome) -> None:
    kamome.clock.freeze()
    before = kamome.clock.now

    kamome.clock.advance(days=23, hours=1)

    assert (kamome.clock.now - before).total_seconds() == 23 * 86_400 + 3_600


def test_clock_does_not_go_back(kamome: Kamome) -> None:
    with pytest.raises(OrderRefused, match="forward only"):
        kamome.clock.set("2020-01-01T00:00:00Z")


def test_fault_fails_a_call_and_is_counted(kamome: Kamome) -> None:
    sqs = kamome.client("sqs")
    fault = kamome.faults.add(service="sqs", operation="CreateQueue", error="QueueNameExists")

    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName="orders")

    assert fault.struck == 1


def test_fault_holds_for_its_block(kamome: Kamome) -> None:
    sqs = kamome.client("sqs")

    with (
        kamome.faults.add(service="sqs", error="AccessDenied"),
        pytest.raises(sqs.exceptions.ClientError),
    ):
        sqs.list_queues()

    assert kamome.faults.rules() == []
    assert "QueueUrls" not in sqs.list_queues()


def test_wrong_member_of_a_fault_is_refused_with_the_nearest(kamome: Kamome) -> None:
    with pytest.raises(OrderRefused, match=r"no member resorce\. The nearest is resource"):
        kamome.faults.add(service="sqs", resorce="orders", outage=True)


def test_mail_that_was_sent_is_received(kamome: Kamome) -> None:
    ses = kamome.client("ses")
    kamome.client("s3").create_bucket(Bucket="mails")
    ses.verify_domain_identity(Domain="example.com")
    ses.create_receipt_rule_set(RuleSetName="rules")
    rule = {
        "Name": "store",
        "Enabled": True,
        "Recipients": ["example.com"],
        "Actions": [{"S3Action": {"BucketName": "mails"}}],
    }
    ses.create_receipt_rule(RuleSetName="rules", Rule=rule)
    ses.set_active_receipt_rule_set(RuleSetName="rules")

    kamome.mails.send("shop@example.com", subject="受注", text="三つ\n")
    kamome.settle()

    [mail] = kamome.mails.received
    assert (mail.subject, mail.text) == ("受注", "三つ\n")
    assert mail.recipients == ("shop@example.com",)
    listed = kamome.client("s3").list_objects_v2(Bucket="mails")
    assert listed["KeyCount"] == 2  # the mail, and SES's setup notification


def test_health_answers_at_the_endpoint(kamome: Kamome) -> None:
    with urlopen(f"{kamome.endpoint_url}/_kamome/health") as response:
        assert response.status == 200


def test_mails_that_were_sent_are_seen_with_all_their_recipients(kamome: Kamome) -> None:
    ses = kamome.client("ses")
    ses.verify_email_identity(EmailAddress="shop@example.com")
    body = {"Text": {"Data": "三つ"}, "Html": {"Data": "<b>三つ</b>"}}

    answer = ses.send_email(
        Source="shop@example.com",
        Destination={"ToAddresses": ["a@example.net"], "BccAddresses": ["b@example.net"]},
        Message={"Subject": {"Data": "受注"}, "Body": body},
        Tags=[{"Name": "kind", "Value": "order"}],
    )
    kamome.settle()

    [mail] = kamome.mails.sent
    assert mail.mail_id == answer["MessageId"]
    assert (mail.sender, mail.subject) == ("shop@example.com", "受注")
    assert mail.recipients == ("a@example.net", "b@example.net")
    assert (mail.text.strip(), mail.html.strip()) == ("三つ", "<b>三つ</b>")
    assert mail.states == {"a@example.net": "captured", "b@example.net": "captured"}
    assert mail.tags["kind"] == ["order"]
    assert kamome.mails.received == []


def test_kamome_is_imported_as_it_is(kamome: Kamome) -> None:
    """Its assertions are not rewritten: the server's thread imports while others parse."""
    kamome.client("sqs").list_queues()

    rewritten = {name for name, module in sys.modules.items() if "@pytest_ar" in vars(module)}
    loaded_before = {"kamome", "kamome.testing", "kamome.testing.plugin"}
    assert {name for name in rewritten if name.partition(".")[0] == "kamome"} <= loaded_before
