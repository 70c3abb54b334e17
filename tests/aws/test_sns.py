"""SNS by boto3 through the whole server, with SQS behind it."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

if TYPE_CHECKING:
    from tests.conftest import Tenant

NUMBER = {"DataType": "Number", "StringValue": "12"}
BINARY = {"DataType": "Binary", "BinaryValue": b"\x00\xff"}


@pytest.fixture
def sns(kamome: Tenant) -> Any:
    return kamome.client("sns")


@pytest.fixture
def sqs(kamome: Tenant) -> Any:
    return kamome.client("sqs")


@pytest.fixture
def topic(sns: Any) -> str:
    arn: str = sns.create_topic(Name="orders")["TopicArn"]
    return arn


def _queue(sqs: Any, name: str) -> tuple[str, str]:
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, attributes["Attributes"]["QueueArn"]


def _receive(sqs: Any, url: str) -> Any:
    received = sqs.receive_message(
        QueueUrl=url,
        WaitTimeSeconds=5,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    )
    [message] = received["Messages"]
    return message


def _refusal(call: Any, **request: object) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return {
        "Status": caught.value.response["ResponseMetadata"]["HTTPStatusCode"],
        **caught.value.response["Error"],
    }


def test_a_published_message_arrives_in_the_queue_with_a_signature_that_verifies(
    sns: Any, sqs: Any, topic: str
) -> None:
    url, arn = _queue(sqs, "orders")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    message_id = sns.publish(TopicArn=topic, Message="ご注文", Subject="New")["MessageId"]

    envelope = json.loads(_receive(sqs, url)["Body"])
    assert (envelope["MessageId"], envelope["Message"]) == (message_id, "ご注文")
    with urllib.request.urlopen(envelope["SigningCertURL"]) as answer:
        certificate = x509.load_pem_x509_certificate(answer.read())
    signed = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    canonical = "".join(f"{name}\n{envelope[name]}\n" for name in signed)
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(
        base64.b64decode(envelope["Signature"]),
        canonical.encode(),
        padding.PKCS1v15(),
        hashes.SHA1(),
    )


def test_a_raw_message_arrives_with_its_attributes(sns: Any, sqs: Any, topic: str) -> None:
    url, arn = _queue(sqs, "orders")
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )

    sns.publish(TopicArn=topic, Message="as is", MessageAttributes={"n": NUMBER, "b": BINARY})

    message = _receive(sqs, url)
    assert message["Body"] == "as is"
    assert message["MessageAttributes"] == {"n": NUMBER, "b": BINARY}


def test_attributes_of_topics_and_subscriptions_come_back_as_set(
    sns: Any, sqs: Any, topic: str
) -> None:
    _, arn = _queue(sqs, "orders")
    _, dlq = _queue(sqs, "orders-dlq")
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    redrive = json.dumps({"deadLetterTargetArn": dlq}, separators=(",", ":"))

    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="DisplayName", AttributeValue="Orders <&>"
    )
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RedrivePolicy", AttributeValue=redrive
    )

    shown = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (shown["DisplayName"], shown["SubscriptionsConfirmed"]) == ("Orders <&>", "1")
    shown = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert shown["RedrivePolicy"] == redrive


def test_a_message_for_a_deleted_queue_goes_to_the_dead_letter_queue(
    sns: Any, sqs: Any, topic: str
) -> None:
    gone, arn = _queue(sqs, "orders")
    dlq_url, dlq = _queue(sqs, "orders-dlq")
    redrive = json.dumps({"deadLetterTargetArn": dlq})
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RedrivePolicy": redrive}
    )
    sqs.delete_queue(QueueUrl=gone)

    message_id = sns.publish(TopicArn=topic, Message="m")["MessageId"]

    assert json.loads(_receive(sqs, dlq_url)["Body"])["MessageId"] == message_id


def test_the_trace_of_a_publish_goes_along_to_the_queue(
    kamome: Tenant, sns: Any, sqs: Any, topic: str
) -> None:
    url, arn = _queue(sqs, "orders")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793"
    sns.meta.events.register(
        "before-sign.sns.Publish",
        lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", trace),
    )

    sns.publish(TopicArn=topic, Message="m")

    assert trace in _receive(sqs, url)["Attributes"]["AWSTraceHeader"]


def test_lists_show_what_there_is(sns: Any, sqs: Any, topic: str) -> None:
    _, arn = _queue(sqs, "orders")
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]

    assert [one["TopicArn"] for one in sns.list_topics()["Topics"]] == [topic]
    by_topic = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [one["SubscriptionArn"] for one in by_topic] == [subscription]
    assert sns.list_subscriptions()["Subscriptions"] == by_topic


def test_a_hundred_and_one_topics_come_by_the_paginator(sns: Any) -> None:
    made = {sns.create_topic(Name=f"t{number}")["TopicArn"] for number in range(101)}

    pages = list(sns.get_paginator("list_topics").paginate())

    assert [len(page["Topics"]) for page in pages] == [100, 1]
    assert {one["TopicArn"] for page in pages for one in page["Topics"]} == made


def test_unsubscribing_and_deleting_end_it(sns: Any, sqs: Any, topic: str) -> None:
    _, arn = _queue(sqs, "orders")
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]

    sns.unsubscribe(SubscriptionArn=subscription)
    refused = _refusal(sns.get_subscription_attributes, SubscriptionArn=subscription)
    sns.delete_topic(TopicArn=topic)

    assert (refused["Code"], refused["Message"]) == ("NotFound", "Subscription does not exist")
    assert sns.list_topics()["Topics"] == []


def test_the_unsubscribe_url_of_an_envelope_works_without_credentials(
    sns: Any, sqs: Any, topic: str
) -> None:
    url, arn = _queue(sqs, "orders")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="m")
    envelope = json.loads(_receive(sqs, url)["Body"])

    with urllib.request.urlopen(envelope["UnsubscribeURL"]) as answer:
        assert answer.status == 200

    assert sns.list_subscriptions()["Subscriptions"] == []


def test_errors_have_the_codes_of_the_query_protocol(sns: Any, topic: str) -> None:
    assert _refusal(sns.publish, TopicArn=f"{topic}-2", Message="m") == {
        "Status": 404,
        "Type": "Sender",
        "Code": "NotFound",
        "Message": "Topic does not exist",
    }
    assert _refusal(sns.publish, TopicArn=topic, Message="m", Subject="")["Message"] == (
        "Invalid parameter: Subject"
    )
    refused = _refusal(
        sns.publish,
        TopicArn=topic,
        Message="m",
        MessageAttributes={"n": {"DataType": "Number", "StringValue": "x"}},
    )
    assert (refused["Status"], refused["Code"]) == (400, "ParameterValueInvalid")


def test_a_modelled_error_is_the_exception_class_of_the_client(sns: Any) -> None:
    with pytest.raises(sns.exceptions.InvalidParameterException):
        sns.create_topic(Name="with space")


@pytest.mark.parametrize(
    ("operation", "request_", "named"),
    [
        ("publish_batch", {"TopicArn": "t", "PublishBatchRequestEntries": []}, "PublishBatch"),
        ("list_platform_applications", {}, "ListPlatformApplications"),
        ("publish", {"PhoneNumber": "+815000000000", "Message": "m"}, "PhoneNumber"),
    ],
)
def test_what_is_not_served_is_named(
    sns: Any, operation: str, request_: dict[str, Any], named: str
) -> None:
    refused = _refusal(getattr(sns, operation), **request_)

    assert refused["Status"] == 501
    assert named in refused["Message"]


def test_the_caller_is_the_account_of_the_key(kamome: Tenant) -> None:
    identity = kamome.client("sts").get_caller_identity()

    assert identity["Account"] == kamome.account
    assert identity["Arn"].startswith(f"arn:aws:iam::{kamome.account}:")
    assert identity["UserId"]
