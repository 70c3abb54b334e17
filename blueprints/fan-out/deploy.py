"""Makes the fan-out system with ordinary boto3 calls, on Kamome or on AWS.

    AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \\
        python deploy.py

Three services react to each other's events: each has a queue, and publishes to a topic of its own.
Run it again to bring an existing system to what this file says; nothing is made twice.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

import boto3

DLQ_RETENTION_S = 1_209_600  # 14 days, the most that SQS keeps a message
MAX_RECEIVE_COUNT = 5
# Service: the topics that it listens to, and the event types that it takes from them.
SUBSCRIPTIONS = {
    "payments": {"orders": ["OrderPlaced"]},
    "shipping": {"payments": ["PaymentTaken"]},
    "orders": {"payments": ["PaymentTaken"], "shipping": ["ParcelSent"]},
}
TOPICS = ("orders", "payments", "shipping")


@dataclass(frozen=True)
class System:
    """Where everything is: topic ARNs, queue URLs and dead-letter queue URLs by service."""

    topics: dict[str, str]
    queues: dict[str, str]
    dead_letter_queues: dict[str, str]


def deploy(session: boto3.Session, name: str = "fan-out") -> System:
    """Make topics, queues, dead-letter queues, and the subscriptions between them."""
    sns, sqs = session.client("sns"), session.client("sqs")
    topics = {
        service: sns.create_topic(Name=f"{name}-{service}-events")["TopicArn"] for service in TOPICS
    }
    system = System(topics, {}, {})
    for service, listens_to in SUBSCRIPTIONS.items():
        queue_arn, dead_letter_arn = make_queues(sqs, system, f"{name}-{service}", service)
        sources = [topics[topic] for topic in listens_to]
        for url, arn in (
            (system.queues[service], queue_arn),
            (system.dead_letter_queues[service], dead_letter_arn),
        ):
            allow(sqs, url, arn, sources)
        for topic, types in listens_to.items():
            subscribe(sns, topics[topic], queue_arn, dead_letter_arn, types)
    return system


def make_queues(sqs: Any, system: System, name: str, service: str) -> tuple[str, str]:
    """A service's queue and its dead-letter queue; returns their ARNs."""
    dead_letter_url = sqs.create_queue(
        QueueName=f"{name}-dead", Attributes={"MessageRetentionPeriod": str(DLQ_RETENTION_S)}
    )["QueueUrl"]
    dead_letter_arn = arn_of(sqs, dead_letter_url)
    redrive = {"deadLetterTargetArn": dead_letter_arn, "maxReceiveCount": MAX_RECEIVE_COUNT}
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "30"}
    )
    system.queues[service], system.dead_letter_queues[service] = url, dead_letter_url
    return arn_of(sqs, url), dead_letter_arn


def allow(sqs: Any, url: str, arn: str, topics: list[str]) -> None:
    """SNS may send to the queue, for these topics."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topics}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})


def subscribe(
    sns: Any, topic_arn: str, queue_arn: str, dead_letter_arn: str, types: list[str]
) -> None:
    """The queue gets events of these types; what cannot be delivered goes to its DLQ."""
    sns.subscribe(
        TopicArn=topic_arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={
            "RawMessageDelivery": "true",
            "FilterPolicy": json.dumps({"type": types}),
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_letter_arn}),
        },
    )


def arn_of(sqs: Any, url: str) -> str:
    """A queue's ARN."""
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(attributes["Attributes"]["QueueArn"])


if __name__ == "__main__":
    deployed = deploy(boto3.Session())
    json.dump(deployed.__dict__, sys.stdout, indent=2)
    print()
