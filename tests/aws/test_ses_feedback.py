"""Feedback of sent mails with real clients: configuration sets, events over SNS, lists, links."""

from __future__ import annotations

import csv
import io
import json
import re
import smtplib
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from tests.conftest import Tenant

_FAR = datetime(2099, 1, 1, tzinfo=UTC)
SIMULATOR = "simulator.amazonses.com"


@pytest.fixture
def events(kamome: Tenant) -> Any:
    """A function that takes the events told so far; the set `set` tells all of them."""
    ses, sns, sqs = kamome.client("ses"), kamome.client("sns"), kamome.client("sqs")
    ses.verify_domain_identity(Domain="example.com")
    topic = sns.create_topic(Name="events")["TopicArn"]
    queue = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    policy = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "sqs:SendMessage",
                "Resource": arn["Attributes"]["QueueArn"],
            }
        ]
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn["Attributes"]["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    sesv2 = kamome.client("sesv2")
    sesv2.create_configuration_set(ConfigurationSetName="set", Tags=[{"Key": "k", "Value": "v"}])
    sesv2.create_configuration_set_event_destination(
        ConfigurationSetName="set",
        EventDestinationName="all",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": [
                *("SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "OPEN", "CLICK", "SUBSCRIPTION")
            ],
            "SnsDestination": {"TopicArn": topic},
        },
    )

    tried = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"][0]
    assert tried["Body"] == "Successfully validated SNS topic for Amazon SES event publishing."
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=tried["ReceiptHandle"])

    def take() -> list[dict[str, Any]]:
        found = []
        while True:
            answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            if not answer.get("Messages"):
                return found

    return take


def send(kamome: Tenant, to: str, html: str = "<p>hi</p>", **options: Any) -> str:
    answer = kamome.client("sesv2").send_email(
        FromEmailAddress="shop@example.com",
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "hi"}, "Body": {"Html": {"Data": html}}}},
        ConfigurationSetName="set",
        **options,
    )
    return str(answer["MessageId"])


def captured(kamome: Tenant, message_id: str) -> str:
    """The mail as it left, its lines unfolded and its links whole."""
    url = f"{kamome.endpoint}/_kamome/mails/{message_id}/raw"
    with urllib.request.urlopen(url) as answer:
        raw: bytes = answer.read()
    return re.sub(r"\r\n[ \t]+", " ", raw.decode())


@pytest.mark.parametrize(
    ("local", "types"),
    [
        ("success", ["Delivery", "Send"]),
        ("bounce", ["Bounce", "Send"]),
        ("ooto", ["Bounce", "Delivery", "Send"]),
        ("complaint", ["Complaint", "Delivery", "Send"]),
        ("suppressionlist", ["Bounce", "Send"]),
    ],
)
def test_the_simulator_tells_its_events_over_sns(
    kamome: Tenant, events: Any, local: str, types: list[str]
) -> None:
    message_id = send(kamome, f"{local}+label@{SIMULATOR}")

    told = events()

    assert sorted(event["eventType"] for event in told) == types
    assert {event["mail"]["messageId"] for event in told} == {message_id}


def test_a_captured_mail_is_delivered(kamome: Tenant, events: Any) -> None:
    send(kamome, "to@example.net")

    delivery = [event for event in events() if event["eventType"] == "Delivery"]
    assert delivery[0]["delivery"]["recipients"] == ["to@example.net"]


def test_a_set_is_shown_with_its_options(kamome: Tenant, events: Any) -> None:
    sesv2 = kamome.client("sesv2")
    sesv2.put_configuration_set_delivery_options(
        ConfigurationSetName="set", TlsPolicy="REQUIRE", MaxDeliverySeconds=600
    )

    shown = sesv2.get_configuration_set(ConfigurationSetName="set")
    destinations = sesv2.get_configuration_set_event_destinations(ConfigurationSetName="set")
    by_first_api = kamome.client("ses").describe_configuration_set(
        ConfigurationSetName="set",
        ConfigurationSetAttributeNames=["eventDestinations", "deliveryOptions"],
    )

    assert shown["DeliveryOptions"] == {"TlsPolicy": "REQUIRE", "MaxDeliverySeconds": 600}
    assert shown["Tags"] == [{"Key": "k", "Value": "v"}]
    assert destinations["EventDestinations"][0]["Name"] == "all"
    assert by_first_api["DeliveryOptions"] == {"TlsPolicy": "Require"}
    assert by_first_api["EventDestinations"][0]["Name"] == "all"
    assert events() == []


def test_errors_are_those_of_the_clients(kamome: Tenant) -> None:
    ses, sesv2 = kamome.client("ses"), kamome.client("sesv2")

    with pytest.raises(ses.exceptions.ConfigurationSetDoesNotExistException):
        ses.describe_configuration_set(ConfigurationSetName="gone")
    with pytest.raises(sesv2.exceptions.NotFoundException):
        sesv2.get_configuration_set(ConfigurationSetName="gone")
    with pytest.raises(sesv2.exceptions.NotFoundException):
        sesv2.get_suppressed_destination(EmailAddress="a@example.net")
    with pytest.raises(sesv2.exceptions.BadRequestException):
        sesv2.create_contact_list(ContactListName="a b")


def test_the_suppression_list_is_paged(kamome: Tenant) -> None:
    sesv2 = kamome.client("sesv2")
    for name in ("a", "b", "c"):
        sesv2.put_suppressed_destination(EmailAddress=f"{name}@example.net", Reason="BOUNCE")

    pages = sesv2.list_suppressed_destinations(PageSize=2, Reasons=["BOUNCE"])
    rest = sesv2.list_suppressed_destinations(NextToken=pages["NextToken"])
    shown = sesv2.get_suppressed_destination(EmailAddress="a@example.net")

    assert len(pages["SuppressedDestinationSummaries"]) == 2
    assert len(rest["SuppressedDestinationSummaries"]) == 1
    assert shown["SuppressedDestination"]["LastUpdateTime"].year > 2000


def test_topics_and_forwarding_of_an_identity_are_kept(kamome: Tenant) -> None:
    ses, sns = kamome.client("ses"), kamome.client("sns")
    ses.verify_domain_identity(Domain="example.com")
    topic = sns.create_topic(Name="bounces")["TopicArn"]
    for kind in ("Bounce", "Complaint"):
        ses.set_identity_notification_topic(
            Identity="example.com", NotificationType=kind, SnsTopic=topic
        )
    ses.set_identity_feedback_forwarding_enabled(Identity="example.com", ForwardingEnabled=False)

    shown = ses.get_identity_notification_attributes(Identities=["example.com"])

    attributes = shown["NotificationAttributes"]["example.com"]
    assert attributes["BounceTopic"] == topic
    assert attributes["ForwardingEnabled"] is False


def test_statistics_and_insights_tell_of_a_mail(kamome: Tenant, events: Any) -> None:
    message_id = send(kamome, f"bounce@{SIMULATOR}")
    events()

    points = kamome.client("ses").get_send_statistics()["SendDataPoints"]
    insights = kamome.client("sesv2").get_message_insights(MessageId=message_id)

    assert sum(point["DeliveryAttempts"] for point in points) == 1
    happened = insights["Insights"][0]["Events"]
    assert [event["Type"] for event in happened] == ["SEND", "BOUNCE"]


def test_insights_are_exported_into_a_file(kamome: Tenant, events: Any) -> None:
    message_id = send(kamome, f"success@{SIMULATOR}")
    events()
    sesv2 = kamome.client("sesv2")
    dates = {"StartDate": datetime(2000, 1, 1, tzinfo=UTC), "EndDate": _FAR}

    job_id = sesv2.create_export_job(
        ExportDataSource={"MessageInsightsDataSource": dates},
        ExportDestination={"DataFormat": "CSV"},
    )["JobId"]
    kamome.advance(0)
    job = sesv2.get_export_job(JobId=job_id)

    assert job["JobStatus"] == "COMPLETED"
    assert job["Statistics"] == {"ProcessedRecordsCount": 1, "ExportedRecordsCount": 1}
    with urllib.request.urlopen(job["ExportDestination"]["S3Url"]) as answer:
        (line,) = csv.DictReader(io.TextIOWrapper(answer, newline=""))
    assert line["MessageId"] == message_id
    assert line["LastDeliveryEvent"] == "DELIVERY"


def test_contacts_are_kept_with_their_preferences(kamome: Tenant) -> None:
    sesv2 = kamome.client("sesv2")
    topics = [{"TopicName": "t", "DisplayName": "T", "DefaultSubscriptionStatus": "OPT_IN"}]
    sesv2.create_contact_list(ContactListName="news", Topics=topics)
    sesv2.create_contact(
        ContactListName="news",
        EmailAddress="a@example.net",
        TopicPreferences=[{"TopicName": "t", "SubscriptionStatus": "OPT_OUT"}],
        AttributesData='{"name": "A"}',
    )

    contact = sesv2.get_contact(ContactListName="news", EmailAddress="a@example.net")
    listed = sesv2.list_contacts(
        ContactListName="news",
        Filter={"FilteredStatus": "OPT_OUT", "TopicFilter": {"TopicName": "t"}},
    )

    assert contact["AttributesData"] == '{"name": "A"}'
    assert [each["EmailAddress"] for each in listed["Contacts"]] == ["a@example.net"]


def test_a_bounce_that_comes_back_by_smtp_is_told_and_suppresses(
    kamome: Tenant, events: Any
) -> None:
    message_id = send(kamome, "to@example.net")
    report = (
        "From: MAILER-DAEMON@mx.example.net\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.net\r\n\r\n"
        "Final-Recipient: rfc822; to@example.net\r\nAction: failed\r\n"
        "Status: 5.1.1\r\n\r\n--b--\r\n"
    )

    with smtplib.SMTP("127.0.0.1", kamome.smtp_port) as smtp:
        smtp.sendmail("", [f"{message_id}@{kamome.region}.amazonses.com"], report)

    told = [event["bounce"] for event in events() if "bounce" in event]
    assert [bounce["reportingMTA"] for bounce in told] == ["dns; mx.example.net"]
    listed = kamome.client("sesv2").list_suppressed_destinations()
    assert len(listed["SuppressedDestinationSummaries"]) == 1


def test_addresses_are_imported_from_an_object(kamome: Tenant) -> None:
    s3, sesv2 = kamome.client("s3"), kamome.client("sesv2")
    bucket = f"imports-{kamome.account}"
    location = {"LocationConstraint": kamome.region}
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
    s3.put_object(Bucket=bucket, Key="gone.csv", Body=b"a@example.net,BOUNCE\n")

    made = sesv2.create_import_job(
        ImportDestination={"SuppressionListDestination": {"SuppressionListImportAction": "PUT"}},
        ImportDataSource={"S3Url": f"s3://{bucket}/gone.csv", "DataFormat": "CSV"},
    )
    kamome.advance(1)

    job = sesv2.get_import_job(JobId=made["JobId"])
    assert (job["JobStatus"], job["ProcessedRecordsCount"]) == ("COMPLETED", 1)
    assert sesv2.get_suppressed_destination(EmailAddress="a@example.net")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Stay here: where the link leads is what is asked."""


def visit(url: str, body: bytes | None = None) -> tuple[int, str]:
    """Status and Location of what a recipient's client calls."""
    opener = urllib.request.build_opener(_NoRedirect)
    request = urllib.request.Request(url, data=body, headers={"User-Agent": "Mail/1.0"})
    try:
        with opener.open(request) as answer:
            return int(answer.status), ""
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Location", "")


def test_opens_and_clicks_come_from_the_mail_itself(kamome: Tenant, events: Any) -> None:
    page = '<body><a href="https://example.com/a?b=1&amp;c=2">look</a></body>'
    message_id = send(kamome, "to@example.net", page)
    body = captured(kamome, message_id)
    click = re.search(r'href="(http[^"]+)"', body)
    pixel = re.search(r'src="(http[^"]+)"', body)
    assert click
    assert pixel

    went = visit(click[1])
    seen = visit(pixel[1])

    told = {event["eventType"]: event for event in events()}
    assert went == (302, "https://example.com/a?b=1&c=2")
    assert seen == (200, "")
    assert told["Click"]["click"]["link"] == "https://example.com/a?b=1&c=2"
    assert told["Open"]["open"]["userAgent"] == "Mail/1.0"
    assert told["Open"]["mail"]["messageId"] == message_id


def test_one_click_unsubscribes_and_the_next_mail_bounces(kamome: Tenant, events: Any) -> None:
    topics = [{"TopicName": "t", "DisplayName": "T", "DefaultSubscriptionStatus": "OPT_IN"}]
    kamome.client("sesv2").create_contact_list(ContactListName="news", Topics=topics)
    listed: dict[str, Any] = {
        "ListManagementOptions": {"ContactListName": "news", "TopicName": "t"}
    }
    first = send(kamome, "to@example.net", **listed)
    link = re.search(r"List-Unsubscribe: <([^>]+)>", captured(kamome, first))
    assert link

    went = visit(link[1], b"List-Unsubscribe=One-Click")
    second = send(kamome, "to@example.net", **listed)

    told = [event for event in events() if event["mail"]["messageId"] == second]
    bounces = [event["bounce"]["bounceSubType"] for event in told if "bounce" in event]
    assert went == (200, "")
    assert bounces == ["UnsubscribedRecipient"]


# ---------------------------------------------------------------------- other clients


def signed_form(kamome: Tenant, service: str, form: dict[str, str]) -> str:
    """A call of the query protocol as older SDKs make it (the one for PHP among them)."""
    body = urllib.parse.urlencode(form)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "User-Agent": "aws-sdk-php/3.100.0",
        "Host": kamome.endpoint.removeprefix("http://"),
    }
    request = AWSRequest("POST", kamome.endpoint + "/", headers=headers, data=body)
    SigV4Auth(Credentials(kamome.account, "test"), service, kamome.region).add_auth(request)
    call = urllib.request.Request(
        kamome.endpoint + "/", data=body.encode(), headers=dict(request.headers)
    )
    with urllib.request.urlopen(call) as answer:
        text: bytes = answer.read()
    return text.decode()


def test_a_mailer_in_the_words_of_the_sdk_for_php(kamome: Tenant) -> None:
    """receiveMessage with MessageAttributeNames All, then SesClient::sendEmail."""
    sqs = kamome.client("sqs")
    kamome.client("ses").verify_domain_identity(Domain="example.com")
    url = sqs.create_queue(QueueName="mails")["QueueUrl"]
    mail = {
        "Sender": "shop@example.com",
        "Destination": "to@example.net",
        "Subject": "Grüße & more",
        "Body": "Hello.",
    }
    sqs.send_message(
        QueueUrl=url,
        MessageBody="r1",
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in mail.items()
        },
    )

    received = signed_form(
        kamome,
        "sqs",
        {
            "Action": "ReceiveMessage",
            "Version": "2012-11-05",
            "QueueUrl": url,
            "MaxNumberOfMessages": "1",
            "AttributeName.1": "SentTimestamp",
            "MessageAttributeName.1": "All",
        },
    )
    answered = signed_form(
        kamome,
        "ses",
        {
            "Action": "SendEmail",
            "Version": "2010-12-01",
            "Source": mail["Sender"],
            "Destination.ToAddresses.member.1": mail["Destination"],
            "ReplyToAddresses.member.1": mail["Sender"],
            "Message.Subject.Data": mail["Subject"],
            "Message.Subject.Charset": "UTF-8",
            "Message.Body.Text.Data": mail["Body"],
            "Message.Body.Text.Charset": "UTF-8",
        },
    )

    names = re.findall(r"<MessageAttribute>\s*<Name>(\w+)</Name>", received)
    assert sorted(names) == sorted(mail)
    assert "Grüße &amp; more" in received
    assert "<Name>SentTimestamp</Name>" in received
    assert re.search(r"<MessageId>[0-9a-f-]{60}</MessageId>", answered)
