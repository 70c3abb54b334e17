"""Records orders that come as JSON files.

As a Lambda function it takes messages of SQS, each with the events of S3 that name the files. The
work itself, `ingest`, knows neither queue nor bucket: it is handed the file. So it runs here, too:

    python app.py order.json …        prints the items that would be recorded

REPORT_FAILURES=1 (with ReportBatchItemFailures in the event source mapping) names the messages that
failed; without it one failure fails the whole batch, and all of its messages come again.
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import unquote_plus

CUSTOMER = "customer#"
ORDER = "order#"


class BadFile(Exception):
    """The file is no order; trying again will not help."""


class UnknownCustomer(Exception):
    """The customer is not known yet; later he may be."""


def read_order(content):
    """The order in a file: id, customer and total, checked."""
    try:
        document = json.loads(content)
        lines = document["lines"]
        total = sum(line["quantity"] * line["price_yen"] for line in lines)
        return {
            "id": str(document["id"]),
            "customer": str(document["customer"]),
            "lines": len(lines),
            "total_yen": int(total),
        }
    except (ValueError, KeyError, TypeError) as error:
        raise BadFile(f"{type(error).__name__}: {error}") from error


def ingest(content, is_known_customer, record):
    """Everything that is done with one file. `record` keeps an order; twice is as good as once."""
    order = read_order(content)
    if not is_known_customer(order["customer"]):
        raise UnknownCustomer(order["customer"])
    record(order)
    return order


def handler(event, _context):
    """One batch of messages: each is tried, and what failed is told or fails the batch."""
    store = Store()
    failures = []
    for message in event["Records"]:
        try:
            for content in files_of(message, store):
                ingest(content, store.is_known_customer, store.record)
        except Exception as error:  # noqa: BLE001  one bad message must not stop the others
            print(f"{message['messageId']} failed: {type(error).__name__}: {error}")
            failures.append({"itemIdentifier": message["messageId"]})
    print(f"{len(event['Records'])} messages, {len(failures)} failed")
    if failures and os.environ.get("REPORT_FAILURES") != "1":
        raise RuntimeError(f"{len(failures)} of {len(event['Records'])} messages failed")
    return {"batchItemFailures": failures}


def files_of(message, store):
    """The files that the S3 events in a message name. S3's test event names none."""
    for record in json.loads(message["body"]).get("Records", []):
        s3 = record["s3"]
        yield store.read(s3["bucket"]["name"], unquote_plus(s3["object"]["key"]))


class Store:
    """The bucket and the table, as the function sees them."""

    def __init__(self):
        import boto3  # not needed, and maybe not there, where files are tried by hand

        self._s3 = boto3.client("s3")
        self._dynamodb = boto3.client("dynamodb")
        self._table = os.environ["TABLE_NAME"]

    def read(self, bucket, key):
        """The bytes of a file."""
        return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def is_known_customer(self, customer):
        """Whether orders of this customer are taken."""
        found = self._dynamodb.get_item(
            TableName=self._table, Key={"id": {"S": CUSTOMER + customer}}, ConsistentRead=True
        )
        return "Item" in found

    def record(self, order):
        """Set what the order says, and count how often it was handled."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key={"id": {"S": ORDER + order["id"]}},
            UpdateExpression="SET customer = :customer, total_yen = :total ADD handled :one",
            ExpressionAttributeValues={
                ":customer": {"S": order["customer"]},
                ":total": {"N": str(order["total_yen"])},
                ":one": {"N": "1"},
            },
        )


def main(paths):
    """Try files without any queue: print what would be recorded, and what is wrong."""
    status = 0
    for path in paths:
        content = Path(path).read_bytes()
        try:
            order = ingest(content, lambda _customer: True, lambda _order: None)
            print(f"{path}: {json.dumps(order)}")
        except BadFile as error:
            print(f"{path}: no order ({error})")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
