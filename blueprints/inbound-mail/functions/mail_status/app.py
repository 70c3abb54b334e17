"""Lambda: called by SES for each mail (Lambda action, Event); writes one status item per tenant.

The item says that the mail came and what SES thinks of it, whether or not the mail itself can be
recorded. Asynchronous invocations may be repeated, so the write has a condition.

Environment: `TABLE_NAME`.
"""

import os
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

TABLE_NAME = os.environ["TABLE_NAME"]
VERDICTS = ("spamVerdict", "virusVerdict", "spfVerdict", "dkimVerdict", "dmarcVerdict")
SUBJECT_MAX = 2_000

dynamodb = boto3.client("dynamodb")


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Write the status items of the mails in the event (SES sends one).

    AWS: SES Developer Guide, Event data that SES provides to Lambda functions.
    """
    written = 0
    for record in event["Records"]:
        mail, receipt = record["ses"]["mail"], record["ses"]["receipt"]
        for address in dict.fromkeys(tenant_of(recipient) for recipient in receipt["recipients"]):
            written += write_status(address, mail, receipt)
    return {"written": written}


def tenant_of(recipient: str) -> str:
    """A tenant's address: `ne-001+rakuten@…` belongs to `ne-001@…`."""
    local, _, domain = recipient.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def write_status(address: str, mail: Mapping[str, Any], receipt: Mapping[str, Any]) -> int:
    """Write one status item; 0 when an earlier attempt wrote it."""
    item = {
        "address": {"S": address},
        "entry": {"S": f"status#{mail['messageId']}"},
        "received_at": {"S": mail["timestamp"]},
        "source": {"S": mail.get("source", "")},
        "subject": {"S": (mail.get("commonHeaders", {}).get("subject") or "")[:SUBJECT_MAX]},
        "processing_ms": {"N": str(receipt.get("processingTimeMillis", 0))},
        "verdicts": {
            "M": {name: {"S": receipt[name]["status"]} for name in VERDICTS if name in receipt}
        },
    }
    try:
        dynamodb.put_item(
            TableName=TABLE_NAME,
            Item=item,
            ConditionExpression="attribute_not_exists(entry)",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return 0
    return 1
