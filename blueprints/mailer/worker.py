"""The worker: receives requests, sends each by SES, deletes it.

    python worker.py                  works until stopped
    python worker.py --until-empty    works until the queue is empty

A worker may die at any moment, and SQS gives its requests to another one. Whether a mail was sent
just before is written nowhere but at SES. So the worker claims a request in a table before it
sends, and who finds a claim that was not finished asks what SES has told of it since
(`feedback.py`): with a Send event the mail is out, without one it is not, for the visibility
timeout is longer than events take.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.exceptions import HTTPClientError
from deploy import System, deploy

# A call whose answer is lost may have sent the mail; the client must not send it again.
ONCE = Config(retries={"total_max_attempts": 1})
# Errors of SES that pass; the request comes back after its visibility timeout.
PASSING = {"Throttling", "ThrottlingException", "ServiceUnavailable", "InternalFailure"}
EMPTY_POLLS = 2


class Worker:
    """Sends what is in the queue."""

    def __init__(self, session: Any, system: System, pause_s: float = 0.0) -> None:
        self._sqs = session.client("sqs")
        self._ses = session.client("ses", config=ONCE)
        self._dynamodb = session.client("dynamodb")
        self._system = system
        self._pause_s = pause_s

    def poll(self, wait_s: int = 1) -> Iterator[str]:
        """Receive up to ten requests and handle them; yields a line for each."""
        answer = self._sqs.receive_message(
            QueueUrl=self._system.requests_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=wait_s,
            MessageAttributeNames=["All"],
        )
        yield from map(self.handle, answer.get("Messages", []))

    def handle(self, message: dict[str, Any]) -> str:
        """Send one request's mail, once; returns what was done."""
        request = message["Body"]
        done = self._deal_with(request, message["MessageAttributes"])
        if done != "later":
            self._sqs.delete_message(
                QueueUrl=self._system.requests_url, ReceiptHandle=message["ReceiptHandle"]
            )
        return f"{request} {done}"

    def _deal_with(self, request: str, attributes: dict[str, Any]) -> str:
        claimed = self._claim(request)
        if claimed.get("Status", {}).get("S") == "sent":
            return "was sent before"
        if "Mails" in claimed:
            self._finish(request, "sent", "")
            return "was sent before, says SES"
        try:
            message_id = self._send(request, attributes)
        except (BotoConnectionError, HTTPClientError):
            return "later"  # nobody knows yet; when it comes back, its events tell
        except self._ses.exceptions.ClientError as refusal:
            code = refusal.response["Error"]["Code"]
            if code in PASSING:
                return "later"
            self._finish(request, "refused", code)
            return f"refused {code}"
        self._finish(request, "sent", message_id)
        time.sleep(self._pause_s)
        return f"sent {message_id}"

    def _claim(self, request: str) -> dict[str, Any]:
        """Say that this request is being sent; returns what was known of it before."""
        answer = self._dynamodb.update_item(
            TableName=self._system.table,
            Key={"Request": {"S": request}},
            UpdateExpression="SET #status = if_not_exists(#status, :claimed) ADD Claims :one",
            ExpressionAttributeNames={"#status": "Status"},
            ExpressionAttributeValues={":claimed": {"S": "claimed"}, ":one": {"N": "1"}},
            ReturnValues="ALL_OLD",
        )
        return dict(answer.get("Attributes", {}))

    def _send(self, request: str, attributes: dict[str, Any]) -> str:
        """The tag comes back in all events of the mail."""
        text = {name: value["StringValue"] for name, value in attributes.items()}
        answer = self._ses.send_email(
            Source=text["Sender"],
            Destination={"ToAddresses": [text["Destination"]]},
            Message={
                "Subject": {"Data": text["Subject"], "Charset": "UTF-8"},
                "Body": {"Text": {"Data": text["Body"], "Charset": "UTF-8"}},
            },
            Tags=[{"Name": "request", "Value": request}],
            ConfigurationSetName=self._system.configuration_set,
        )
        return str(answer["MessageId"])

    def _finish(self, request: str, status: str, detail: str) -> None:
        self._dynamodb.update_item(
            TableName=self._system.table,
            Key={"Request": {"S": request}},
            UpdateExpression="SET #status = :status, Detail = :detail",
            ExpressionAttributeNames={"#status": "Status"},
            ExpressionAttributeValues={":status": {"S": status}, ":detail": {"S": detail}},
        )


def pause_of(ses: Any) -> float:
    """How long to wait after each mail, to stay within the account's rate."""
    rate = float(ses.get_send_quota()["MaxSendRate"])
    return 0.0 if rate <= 0 else 1 / rate


def main() -> None:
    """Work the queue, one line for each request."""
    parser = argparse.ArgumentParser(description="Send what is queued.")
    parser.add_argument("--until-empty", action="store_true", help="end when nothing is left")
    given = parser.parse_args()
    session = boto3.Session()
    worker = Worker(session, deploy(session), pause_of(session.client("ses")))
    empty = 0
    while not given.until_empty or empty < EMPTY_POLLS:
        empty += 1
        for line in worker.poll():
            print(line, flush=True)
            empty = 0


if __name__ == "__main__":
    sys.exit(main())
