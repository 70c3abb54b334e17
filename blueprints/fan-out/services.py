"""The three services: each takes events from its queue, does its part, and publishes its own event.

An event may come twice, since SNS and SQS deliver at least once. Each service remembers the events
it has handled and does nothing the second time; here in memory, in earnest with a conditional write
to a table.

    python services.py          works all queues until they are empty
"""

import json
from dataclasses import dataclass, field
from typing import Any

import boto3
from deploy import System, deploy

# What a service publishes when it has handled an event; None ends the choreography.
REACTIONS = {
    ("payments", "OrderPlaced"): "PaymentTaken",
    ("shipping", "PaymentTaken"): "ParcelSent",
    ("orders", "PaymentTaken"): None,
    ("orders", "ParcelSent"): None,
}


@dataclass
class Service:
    """One service: its queue, its topic, and what it has handled so far, in order."""

    name: str
    queue_url: str
    topic_arn: str
    handled: list[str] = field(default_factory=list)
    duplicates: int = 0

    def drain(self, sns: Any, sqs: Any) -> int:
        """Handle what is in the queue now; returns how many messages there were."""
        count = 0
        while True:
            answer = sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
            messages = answer.get("Messages", [])
            if not messages:
                return count
            for message in messages:
                self.handle(sns, json.loads(message["Body"]))
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)
            ]
            sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)
            count += len(messages)

    def handle(self, sns: Any, event: dict[str, str]) -> None:
        """Do this service's part for one event, once."""
        key = f"{event['type']} {event['order']}"
        if key in self.handled:
            self.duplicates += 1
            return
        reaction = REACTIONS[self.name, event["type"]]
        if reaction is not None:
            publish(sns, self.topic_arn, reaction, event["order"])
        self.handled.append(key)


def services(system: System) -> dict[str, Service]:
    """The three services of a system."""
    return {
        name: Service(name, queue_url, system.topics[name])
        for name, queue_url in system.queues.items()
    }


def place_order(sns: Any, system: System, order: str) -> None:
    """A customer orders: the event that sets everything in motion."""
    publish(sns, system.topics["orders"], "OrderPlaced", order)


def publish(sns: Any, topic_arn: str, event_type: str, order: str) -> None:
    """Publish an event; its type is an attribute as well, for the filter policies."""
    sns.publish(
        TopicArn=topic_arn,
        Message=json.dumps({"type": event_type, "order": order}),
        MessageAttributes={"type": {"DataType": "String", "StringValue": event_type}},
    )


def work(sns: Any, sqs: Any, all_services: dict[str, Service]) -> None:
    """Let the services react to each other until nothing moves any more."""
    while sum(service.drain(sns, sqs) for service in all_services.values()):
        pass


if __name__ == "__main__":
    session = boto3.Session()
    found = services(deploy(session))
    work(session.client("sns"), session.client("sqs"), found)
    for service in found.values():
        print(f"{service.name}: {len(service.handled)} handled, {service.duplicates} twice")
