"""Queues mail requests: what an application does that wants mails to be sent.

    python enqueue.py                200 requests, some of them to the mailbox simulator
    python enqueue.py --simulator    all of them to the simulator, for an account in the sandbox

A request is an SQS message. Its body is the request's id, and its attributes Sender, Destination,
Subject and Body are the mail.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from deploy import SENDER, System, deploy

SIMULATOR = "simulator.amazonses.com"
BATCH = 10  # the most messages of one SendMessageBatch
# How many requests of each kind. The simulator's addresses take a label, here the request's number.
KINDS = {
    "customer": 110,
    "success": 40,
    "bounce": 20,
    "complaint": 10,
    "ooto": 10,
    "suppressionlist": 10,
}


@dataclass(frozen=True)
class Request:
    """One mail that is to be sent. `kind` is the simulator's word for it, or customer."""

    id: str
    kind: str
    destination: str

    def attributes(self, sender: str) -> dict[str, dict[str, str]]:
        """The mail as message attributes."""
        text = {
            "Sender": sender,
            "Destination": self.destination,
            "Subject": f"Your order {self.id}",
            "Body": f"Thank you. Your order {self.id} is on its way.",
        }
        return {name: {"DataType": "String", "StringValue": value} for name, value in text.items()}


def requests(*, simulator_only: bool = False) -> list[Request]:
    """All requests, the kinds mixed as they would come."""
    kinds = [kind for kind, count in KINDS.items() for _ in range(count)]
    mixed = [kinds[(number * 73) % len(kinds)] for number in range(len(kinds))]
    made = []
    for number, kind in enumerate(mixed, 1):
        name = f"r{number:03}"
        if kind == "customer" and not simulator_only:
            destination = f"customer-{number:03}@example.net"
        else:
            label = "success" if kind == "customer" else kind
            destination = f"{label}+{name}@{SIMULATOR}"
        made.append(Request(name, kind, destination))
    return made


def enqueue(sqs: Any, system: System, wanted: list[Request]) -> Iterator[int]:
    """Queue the requests in batches; yields how many there are so far.

    What SQS refuses of a batch is given again: the queue keeps each request, or this raises.
    """
    queued = 0
    for at in range(0, len(wanted), BATCH):
        left = wanted[at : at + BATCH]
        for _ in range(3):
            answer = sqs.send_message_batch(
                QueueUrl=system.requests_url,
                Entries=[
                    {
                        "Id": request.id,
                        "MessageBody": request.id,
                        "MessageAttributes": request.attributes(system.sender),
                    }
                    for request in left
                ],
            )
            refused = {failed["Id"] for failed in answer.get("Failed", [])}
            queued += len(left) - len(refused)
            left = [request for request in left if request.id in refused]
            if not left:
                break
        else:
            raise RuntimeError(f"{len(left)} requests could not be queued")
        yield queued


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Queue mail requests.")
    parser.add_argument("--simulator", action="store_true", help="write to the simulator only")
    parser.add_argument("--sender", default=SENDER, help="address that mails come from")
    given = parser.parse_args()
    session = boto3.Session()
    for count in enqueue(
        session.client("sqs"),
        deploy(session, given.sender),
        requests(simulator_only=given.simulator),
    ):
        print(f"{count} requests are queued")
