"""SNS by boto3 through the whole server, with SQS behind it."""

from __future__ import annotations

import base64
import json
import os
import queue
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.aws.aws_command import aws as run_aws

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


def test_a_journey_goes_from_the_publish_to_the_queue(
    kamome: Tenant, sns: Any, sqs: Any, topic: str
) -> None:
    _, arn = _queue(sqs, "orders")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    trace = "Root=1-5759e988-bd862e3fe1be46a994272794"
    sns.meta.events.register(
        "before-sign.sns.Publish",
        lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", trace),
    )
    kamome.server.call(_begin(kamome, trace))

    sns.publish(TopicArn=topic, Message="m")

    journey = kamome.server.app.kernel.journeys.find(trace)
    assert journey is not None
    steps = [(step.service, step.action) for step in journey.steps]
    assert steps == [("sns", "Publish"), ("sqs", "Enqueue"), ("sns", "Deliver")]


async def _begin(kamome: Tenant, trace: str) -> None:
    kamome.server.app.kernel.journeys.begin(trace, source="a test", subject="")


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


def test_a_batch_succeeds_and_fails_by_entries(sns: Any, sqs: Any, topic: str) -> None:
    url, arn = _queue(sqs, "orders")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    result = sns.publish_batch(
        TopicArn=topic,
        PublishBatchRequestEntries=[
            {"Id": "good", "Message": "m", "MessageAttributes": {"n": NUMBER}},
            {"Id": "bad", "Message": "m", "Subject": ""},
        ],
    )

    assert [entry["Id"] for entry in result["Successful"]] == ["good"]
    [failed] = result["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == (
        "bad",
        "InvalidParameter",
        True,
    )
    assert json.loads(_receive(sqs, url)["Body"])["MessageAttributes"] == {
        "n": {"Type": "Number", "Value": "12"}
    }


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], "EmptyBatchRequest"),
        (["a", "a"], "BatchEntryIdsNotDistinct"),
        (["a b"], "InvalidBatchEntryId"),
        ([str(number) for number in range(11)], "TooManyEntriesInBatchRequest"),
    ],
)
def test_a_wrong_batch_is_refused_as_a_whole(
    sns: Any, topic: str, ids: list[str], code: str
) -> None:
    entries = [{"Id": one, "Message": "m"} for one in ids]

    assert (
        _refusal(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries)["Code"]
        == code
    )


def test_an_http_endpoint_is_confirmed_by_its_link_and_gets_messages(
    kamome: Tenant, sns: Any, topic: str
) -> None:
    with _Endpoint() as endpoint:
        subscribed = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
        assert subscribed["SubscriptionArn"] == "pending confirmation"
        headers, body = endpoint.received.get(timeout=10)
        assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
        with urllib.request.urlopen(json.loads(body)["SubscribeURL"]) as answer:
            assert b"<SubscriptionArn>arn:aws:sns:" in answer.read()

        sns.publish(TopicArn=topic, Message="hello")

        headers, body = endpoint.received.get(timeout=10)
        assert headers["x-amz-sns-message-type"] == "Notification"
        assert json.loads(body)["Message"] == "hello"


def test_fifo_topics_keep_groups_and_deduplicate(sns: Any, sqs: Any) -> None:
    topic = sns.create_topic(
        Name="orders.fifo", Attributes={"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    )["TopicArn"]
    url = sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])

    for text in ("a", "b", "a"):
        sns.publish(TopicArn=topic, Message=text, MessageGroupId="g")

    texts: list[str] = []
    while len(texts) < 2:
        message = _receive(sqs, url)
        assert message["Attributes"]["MessageGroupId"] == "g"
        texts.append(json.loads(message["Body"])["Message"])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert texts == ["a", "b"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_text_messages_are_kept_and_can_be_looked_at(kamome: Tenant, sns: Any) -> None:
    message_id = sns.publish(
        PhoneNumber="+815012345678",
        Message="hello",
        MessageAttributes={"AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "Kamome"}},
    )["MessageId"]

    with urllib.request.urlopen(f"{kamome.endpoint}/_kamome/sns/sms") as answer:
        records = json.load(answer)["records"]
    [record] = [one for one in records if one["account"] == kamome.account]
    assert record["endpoint"] == "+815012345678"
    assert record["document"]["MessageId"] == message_id
    assert (record["document"]["SenderID"], record["document"]["SMSType"]) == (
        "Kamome",
        "Promotional",
    )
    assert _refusal(sns.publish, PhoneNumber="12", Message="m")["Code"] == "InvalidParameter"


def test_mobile_endpoints_take_messages_of_their_platform(kamome: Tenant, sns: Any) -> None:
    application = sns.create_platform_application(
        Name="app", Platform="GCM", Attributes={"PlatformCredential": "secret"}
    )["PlatformApplicationArn"]
    request = {"PlatformApplicationArn": application, "Token": "token"}
    endpoint = sns.create_platform_endpoint(**request)["EndpointArn"]
    assert sns.create_platform_endpoint(**request)["EndpointArn"] == endpoint

    sns.publish(
        TargetArn=endpoint,
        MessageStructure="json",
        Message=json.dumps({"default": "d", "GCM": '{"data":{}}'}),
    )

    with urllib.request.urlopen(f"{kamome.endpoint}/_kamome/sns/application") as answer:
        [record] = [one for one in json.load(answer)["records"] if one["account"] == kamome.account]
    assert record["document"]["Message"] == '{"data":{}}'
    shown = sns.get_platform_application_attributes(PlatformApplicationArn=application)
    assert "PlatformCredential" not in shown["Attributes"]
    sns.set_endpoint_attributes(EndpointArn=endpoint, Attributes={"Enabled": "false"})
    assert _refusal(sns.publish, TargetArn=endpoint, Message="m")["Code"] == "EndpointDisabled"
    [listed] = sns.list_endpoints_by_platform_application(PlatformApplicationArn=application)[
        "Endpoints"
    ]
    assert listed["Attributes"]["Enabled"] == "false"
    sns.delete_endpoint(EndpointArn=endpoint)
    sns.delete_platform_application(PlatformApplicationArn=application)
    assert sns.list_platform_applications()["PlatformApplications"] == []


def test_permissions_and_tags_of_a_topic(sns: Any, topic: str) -> None:
    sns.add_permission(
        TopicArn=topic, Label="theirs", AWSAccountId=["111122223333"], ActionName=["Publish"]
    )
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert policy["Statement"][1]["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    refused = _refusal(
        sns.add_permission,
        TopicArn=topic,
        Label="theirs",
        AWSAccountId=["111122223333"],
        ActionName=["Publish"],
    )
    assert refused["Message"] == "Invalid parameter: Statement already exists"
    sns.remove_permission(TopicArn=topic, Label="theirs")

    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}])
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["a", "c"])

    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert len(policy["Statement"]) == 1
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert _refusal(sns.list_tags_for_resource, ResourceArn=f"{topic}2")["Code"] == (
        "ResourceNotFound"
    )


def test_a_data_protection_policy_is_checked_and_kept(sns: Any, topic: str) -> None:
    policy = {
        "Name": "p",
        "Version": "2021-06-01",
        "Statement": [
            {
                "Sid": "s",
                "DataDirection": "Inbound",
                "Principal": ["*"],
                "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
                "Operation": {"Deny": {}},
            }
        ],
    }
    sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy=json.dumps(policy))

    kept = sns.get_data_protection_policy(ResourceArn=topic)["DataProtectionPolicy"]

    assert json.loads(kept) == policy
    refused = _refusal(
        sns.put_data_protection_policy,
        ResourceArn=topic,
        DataProtectionPolicy=json.dumps({**policy, "Version": "1"}),
    )
    assert refused["Code"] == "InvalidParameter"


def test_a_filter_policy_is_refused_with_its_sentence(sns: Any, sqs: Any, topic: str) -> None:
    _, arn = _queue(sqs, "orders")

    refused = _refusal(
        sns.subscribe,
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"FilterPolicy": '{"a":[]}'},
    )

    assert refused["Message"] == (
        "Invalid parameter: Attributes Reason: FilterPolicy: Empty arrays are not allowed"
    )


def test_the_aws_command_line_publishes_to_a_filtered_queue(
    kamome: Tenant, sns: Any, sqs: Any, topic: str
) -> None:
    url, arn = _queue(sqs, "orders")

    _aws(
        kamome,
        "sns",
        "subscribe",
        "--topic-arn",
        topic,
        "--protocol",
        "sqs",
        "--notification-endpoint",
        arn,
        "--attributes",
        '{"FilterPolicy":"{\\"a\\":[1]}"}',
    )
    for value in ("1", "2"):
        _aws(
            kamome,
            "sns",
            "publish",
            "--topic-arn",
            topic,
            "--message",
            f"m{value}",
            "--message-attributes",
            f"a={{DataType=Number,StringValue={value}}}",
        )

    assert json.loads(_receive(sqs, url)["Body"])["Message"] == "m1"
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def _aws(kamome: Tenant, *arguments: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "AWS_ENDPOINT_URL": kamome.endpoint,
        "AWS_DEFAULT_REGION": kamome.region,
        "AWS_ACCESS_KEY_ID": kamome.account,
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    done = run_aws(*arguments, environment=environment, folder=Path(os.devnull).parent)
    assert done.returncode == 0, done.stderr


class _Endpoint:
    """An HTTP endpoint on the loopback address; answers 200 and keeps what it gets."""

    def __enter__(self) -> Self:
        received: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                received.put(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.received = received
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_the_caller_is_the_account_of_the_key(kamome: Tenant) -> None:
    identity = kamome.client("sts").get_caller_identity()

    assert identity["Account"] == kamome.account
    assert identity["Arn"].startswith(f"arn:aws:iam::{kamome.account}:")
    assert identity["UserId"]
