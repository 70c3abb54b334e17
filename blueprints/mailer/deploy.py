"""Makes the mailer with ordinary boto3 calls, on Kamome or on AWS.

    AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \\
        python deploy.py

An application queues mail requests, a worker sends them by SES, and what becomes of each mail comes
back over SNS. Run it again to bring an existing system to what this file says.
"""

import argparse
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import boto3

NAME = "mailer"
SENDER = "shop@example.com"
DLQ_RETENTION_S = 1_209_600  # 14 days, the most that SQS keeps a message
MAX_RECEIVE_COUNT = 5
VISIBILITY_TIMEOUT_S = 30
EVENT_TYPES = ["send", "delivery", "bounce", "complaint", "reject"]


@dataclass(frozen=True)
class System:
    """Where everything is."""

    sender: str
    configuration_set: str
    requests_url: str
    dead_letter_url: str
    feedback_url: str
    topic_arn: str
    table: str


def deploy(session: Any, sender: str = SENDER, name: str = NAME) -> System:
    """Make queues, topic, table, identity, and the configuration set that ties them together."""
    sqs, sns = session.client("sqs"), session.client("sns")
    dead_letter_url = sqs.create_queue(
        QueueName=f"{name}-dead", Attributes={"MessageRetentionPeriod": str(DLQ_RETENTION_S)}
    )["QueueUrl"]
    requests_url = sqs.create_queue(QueueName=f"{name}-requests")["QueueUrl"]
    redrive = {
        "deadLetterTargetArn": arn_of(sqs, dead_letter_url),
        "maxReceiveCount": MAX_RECEIVE_COUNT,
    }
    sqs.set_queue_attributes(
        QueueUrl=requests_url,
        Attributes={
            "RedrivePolicy": json.dumps(redrive),
            "VisibilityTimeout": str(VISIBILITY_TIMEOUT_S),
        },
    )
    topic_arn = sns.create_topic(Name=f"{name}-feedback")["TopicArn"]
    feedback_url = sqs.create_queue(QueueName=f"{name}-feedback")["QueueUrl"]
    feed(sns, sqs, topic_arn, feedback_url)
    make_table(session.client("dynamodb"), name)
    speak(session.client("ses"), session.client("sesv2"), sender)
    watch(session.client("ses"), name, topic_arn)
    return System(sender, name, requests_url, dead_letter_url, feedback_url, topic_arn, name)


def feed(sns: Any, sqs: Any, topic_arn: str, queue_url: str) -> None:
    """The queue gets what the topic is told."""
    queue_arn = arn_of(sqs, queue_url)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": json.dumps(policy)})
    sns.subscribe(
        TopicArn=topic_arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"RawMessageDelivery": "true"},
    )


def make_table(dynamodb: Any, name: str) -> None:
    """One item for each request: who has taken it, and what became of its mail."""
    with suppress(dynamodb.exceptions.ResourceInUseException):  # it is there already
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "Request", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "Request", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    dynamodb.get_waiter("table_exists").wait(TableName=name)


def speak(ses: Any, sesv2: Any, sender: str) -> None:
    """The sender's domain is an identity; its feedback comes as events, not by mail besides.

    On AWS the domain is verified once its DNS records are published; until then nothing is sent.
    """
    domain = sender.rpartition("@")[2]
    known = ses.list_identities(IdentityType="Domain")["Identities"]
    if domain not in known:
        ses.verify_domain_identity(Domain=domain)
    sesv2.put_email_identity_feedback_attributes(EmailIdentity=domain, EmailForwardingEnabled=False)


def watch(ses: Any, name: str, topic_arn: str) -> None:
    """A configuration set whose events go to the topic."""
    with suppress(ses.exceptions.ConfigurationSetAlreadyExistsException):  # it is there already
        ses.create_configuration_set(ConfigurationSet={"Name": name})
    destination = {
        "Name": "feedback",
        "Enabled": True,
        "MatchingEventTypes": EVENT_TYPES,
        "SNSDestination": {"TopicARN": topic_arn},
    }
    try:
        ses.create_configuration_set_event_destination(
            ConfigurationSetName=name, EventDestination=destination
        )
    except ses.exceptions.EventDestinationAlreadyExistsException:
        ses.update_configuration_set_event_destination(
            ConfigurationSetName=name, EventDestination=destination
        )


def arn_of(sqs: Any, url: str) -> str:
    """A queue's ARN."""
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(attributes["Attributes"]["QueueArn"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the mailer.")
    parser.add_argument("--sender", default=SENDER, help="address that mails come from")
    given = parser.parse_args()
    json.dump(deploy(boto3.Session(), given.sender).__dict__, sys.stdout, indent=2)
    print()
