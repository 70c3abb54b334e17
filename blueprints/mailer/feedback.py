"""Takes what SES tells of the mails, and keeps it with the request that each is of.

    python feedback.py                works what is in the queue

Events come at least once and in any order; what is kept are sets, so neither matters.
"""

import json
from typing import Any

import boto3
from deploy import System, deploy


def work(session: Any, system: System) -> int:
    """Take all events that are in the queue now; returns how many there were."""
    sqs, dynamodb = session.client("sqs"), session.client("dynamodb")
    taken = 0
    while True:
        answer = sqs.receive_message(QueueUrl=system.feedback_url, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        if not messages:
            return taken
        for message in messages:
            if (event := event_of(message["Body"])) is not None:
                keep(dynamodb, system, event)
            sqs.delete_message(QueueUrl=system.feedback_url, ReceiptHandle=message["ReceiptHandle"])
        taken += len(messages)


def event_of(body: str) -> dict[str, Any] | None:
    """The event; None for the sentence by which SES has tried that it may write to the topic."""
    try:
        event: dict[str, Any] = json.loads(body)
    except ValueError:
        return None
    return event


def keep(dynamodb: Any, system: System, event: dict[str, Any]) -> None:
    """Add an event to its request: the mail's id, and the event in a word."""
    request = event["mail"]["tags"]["request"][0]
    dynamodb.update_item(
        TableName=system.table,
        Key={"Request": {"S": request}},
        UpdateExpression="ADD Mails :mail, Events :event",
        ExpressionAttributeValues={
            ":mail": {"SS": [event["mail"]["messageId"]]},
            ":event": {"SS": [word_of(event)]},
        },
    )


def word_of(event: dict[str, Any]) -> str:
    """The event's type; for a bounce with its kind."""
    kind = str(event["eventType"])
    if kind == "Bounce":
        return f"Bounce {event['bounce']['bounceType']} {event['bounce']['bounceSubType']}"
    return kind


def outcomes(session: Any, system: System) -> dict[str, dict[str, Any]]:
    """What is known of each request: its status, the ids of its mails, and their events."""
    found = {}
    for page in session.client("dynamodb").get_paginator("scan").paginate(TableName=system.table):
        for item in page["Items"]:
            found[item["Request"]["S"]] = {
                "status": item.get("Status", {}).get("S", ""),
                "claims": int(item.get("Claims", {}).get("N", "0")),
                "mails": sorted(item.get("Mails", {}).get("SS", [])),
                "events": sorted(item.get("Events", {}).get("SS", [])),
            }
    return found


if __name__ == "__main__":
    session = boto3.Session()
    made = deploy(session)
    print(f"{work(session, made)} events")
    for request, outcome in sorted(outcomes(session, made).items()):
        print(request, outcome["status"], ", ".join(outcome["events"]))
