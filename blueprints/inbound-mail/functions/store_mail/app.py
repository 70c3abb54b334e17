"""Lambda: takes notices of received mail from SQS, records each mail once, starts its task.

Event: a batch of SQS messages. Each holds what SNS delivers, the envelope or (raw delivery) the
bare message, and in it the JSON that SES publishes for its S3 action. The mail is read from S3,
parsed, and written with a condition, so that neither a message that SQS delivers twice nor a mail
that the shop sends twice is recorded twice. Duplicates are counted on the item they repeat.

For each recorded mail the tenant's program is started as an ECS task. The item says which task:
one without `task_arn` has none yet. An answer of RunTask without an error may still carry
`failures`; then, as after a crash, the message comes back, finds its mail recorded by itself, and
starts what is missing. A client token made of the item's key keeps a second call from starting a
second task.

A mail that cannot be recorded, or whose task cannot be started, is reported alone
(`batchItemFailures`): SQS shows it again after the visibility timeout, and moves it to the
dead-letter queue after `maxReceiveCount` receives.

Environment: `TABLE_NAME`, `TASK_CLUSTER`, `TASK_DEFINITION`, `TASK_SUBNETS`,
`TASK_SECURITY_GROUPS` (both separated by commas), `TASK_PUBLIC_IP` (ENABLED or DISABLED).
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError
from mail_parser import ParsedMail, content_hash, parse_mail

TABLE_NAME = os.environ["TABLE_NAME"]
TASK_CLUSTER = os.environ["TASK_CLUSTER"]
TASK_DEFINITION = os.environ["TASK_DEFINITION"]
TASK_NETWORK = {
    "subnets": os.environ["TASK_SUBNETS"].split(","),
    "securityGroups": list(filter(None, os.environ.get("TASK_SECURITY_GROUPS", "").split(","))),
    "assignPublicIp": os.environ.get("TASK_PUBLIC_IP", "DISABLED"),
}
# The container of the task definition that the tenant's program is in.
CONTAINER = "program"
# How long the program may wait before it reads the mail.
URL_VALID_S = 3_600
TRACE_VARIABLE = "_X_AMZN_TRACE_ID"
# An item holds 400 KB at most (DynamoDB quotas); these keep it far below.
SUBJECT_MAX = 2_000
TEXT_EXCERPT_MAX = 2_000
LISTED_MAX = 100

log = logging.getLogger()
log.setLevel(logging.INFO)
s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")
ecs = boto3.client("ecs")
serialize = TypeSerializer().serialize


@dataclass(frozen=True)
class ReceivedMail:
    """What SES says of one mail: its own id, when it came, for whom, and where it is kept."""

    message_id: str
    received_at: str
    recipients: tuple[str, ...]
    bucket: str
    key: str


class TaskNotStarted(Exception):
    """RunTask has answered, and started nothing."""


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Record the mails of one batch; name the messages that must come back."""
    failures = []
    for record in event["Records"]:
        with journey_of(record):
            try:
                process(record["body"])
            except Exception:  # one bad mail must not send the others back with it
                log.exception("message %s comes back", record["messageId"])
                failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


@contextmanager
def journey_of(record: Mapping[str, Any]) -> Iterator[None]:
    """Calls made inside belong to the mail's own trace, not to the batch's.

    botocore sends the value of this variable as `X-Amzn-Trace-Id` when it runs in Lambda.
    """
    of_the_batch = os.environ.get(TRACE_VARIABLE)
    own = record.get("attributes", {}).get("AWSTraceHeader")
    if own:
        os.environ[TRACE_VARIABLE] = own
    try:
        yield
    finally:
        if of_the_batch is not None:
            os.environ[TRACE_VARIABLE] = of_the_batch
        elif own:
            del os.environ[TRACE_VARIABLE]


def process(body: str) -> None:
    """Record the mail that one SQS message speaks of."""
    received = read_notification(body)
    if received is None:
        return
    raw = s3.get_object(Bucket=received.bucket, Key=received.key)["Body"].read()
    mail_hash = content_hash(raw)
    mail = parse_mail(raw)
    tenants = dict(map(tenant_of, received.recipients))
    for address, label in tenants.items():
        record_mail(address, label, received, mail_hash, mail)


def read_notification(body: str) -> ReceivedMail | None:
    """The notice in an SQS message; None for notices of another type.

    AWS: SES Developer Guide, Contents of notifications for Amazon SES email receiving.
    """
    notice = json.loads(body)
    if notice.get("Type") == "Notification":  # the envelope of SNS; raw delivery has none
        notice = json.loads(notice["Message"])
    if notice.get("notificationType") != "Received":
        log.info("not a received mail: %s", notice.get("notificationType"))
        return None
    action = notice["receipt"]["action"]
    return ReceivedMail(
        message_id=notice["mail"]["messageId"],
        received_at=notice["mail"]["timestamp"],
        recipients=tuple(dict.fromkeys(notice["receipt"]["recipients"])),
        bucket=action["bucketName"],
        key=action["objectKey"],
    )


def tenant_of(recipient: str) -> tuple[str, str]:
    """A tenant's address and the label after the plus: `ne-001+rakuten@…` belongs to `ne-001@…`."""
    local, _, domain = recipient.lower().rpartition("@")
    tenant, _, label = local.partition("+")
    return f"{tenant}@{domain}", label


def record_mail(
    address: str, label: str, received: ReceivedMail, mail_hash: str, mail: ParsedMail
) -> None:
    """Write the mail for one tenant, once, and start its task; a duplicate is counted instead."""
    item = {
        "address": address,
        "entry": f"mail#{mail_hash}",
        "label": label,
        "ses_message_id": received.message_id,
        "received_at": received.received_at,
        "bucket": received.bucket,
        "object_key": received.key,
        **attributes_of(mail),
    }
    try:
        dynamodb.put_item(
            TableName=TABLE_NAME,
            Item={name: serialize(value) for name, value in item.items()},
            ConditionExpression="attribute_not_exists(entry)",
        )
    except ClientError as error:
        if not is_condition_failed(error):
            raise
        if not needs_task(address, item["entry"], received.message_id):
            return
    start_task(address, item["entry"], received)


def attributes_of(mail: ParsedMail) -> dict[str, Any]:
    """What an item says of the mail's content."""
    order = mail.order
    return {
        "kind": mail.kind,
        "subject": mail.subject[:SUBJECT_MAX],
        "sender": mail.sender[:SUBJECT_MAX],
        "message_id": mail.message_id[:SUBJECT_MAX],
        "order_id": mail.order_id,
        "text_excerpt": mail.text[:TEXT_EXCERPT_MAX],
        "attachment_count": len(mail.attachments),
        "attachments": [vars(attachment) for attachment in mail.attachments[:LISTED_MAX]],
        "failed_recipients": list(mail.failed_recipients[:LISTED_MAX]),
        "defects": list(mail.defects[:LISTED_MAX]),
        "total_yen": order.total_yen if order else None,
        "items": [vars(item) for item in order.items[:LISTED_MAX]] if order else [],
    }


def needs_task(address: str, entry: str, ses_message_id: str) -> bool:
    """Count what was not recorded again, and tell whether its task is still to be started.

    The mail was sent twice, or only its message came twice. A mail sent twice has another id of SES
    each time. The ids are a set, so that counting, too, may be repeated. A message that comes again
    has the id of the item itself: if the task is missing, it is this message's to start.
    """
    key = {"address": {"S": address}, "entry": {"S": entry}}
    try:
        dynamodb.update_item(
            TableName=TABLE_NAME,
            Key=key,
            UpdateExpression="ADD duplicates :sent_again",
            ConditionExpression="ses_message_id <> :id",
            ExpressionAttributeValues={
                ":sent_again": {"SS": [ses_message_id]},
                ":id": {"S": ses_message_id},
            },
        )
    except ClientError as error:
        if not is_condition_failed(error):
            raise
        answer = dynamodb.update_item(
            TableName=TABLE_NAME,
            Key=key,
            UpdateExpression="ADD redeliveries :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
            ReturnValues="ALL_NEW",
        )
        return "task_arn" not in answer["Attributes"]
    return False


def start_task(address: str, entry: str, received: ReceivedMail) -> None:
    """Start the tenant's program with the mail's object, and note on the item which task it is.

    Raises:
        TaskNotStarted: RunTask has answered with failures.
    """
    task_arn = run_task(address, entry, received)
    dynamodb.update_item(
        TableName=TABLE_NAME,
        Key={"address": {"S": address}, "entry": {"S": entry}},
        UpdateExpression="SET task_arn = :arn",
        ExpressionAttributeValues={":arn": {"S": task_arn}},
    )


def run_task(address: str, entry: str, received: ReceivedMail) -> str:
    """The ARN of the task for this item: a new one, or the one that an earlier call has started.

    The program gets a presigned URL of the object. That differs from call to call, so the token of
    a call that did start a task answers with a conflict, which names the task.
    """
    url = s3.generate_presigned_url(
        "get_object",
        Params={"Bucket": received.bucket, "Key": received.key},
        ExpiresIn=URL_VALID_S,
    )
    environment = {
        "TENANT": address,
        "MAIL_BUCKET": received.bucket,
        "MAIL_KEY": received.key,
        "MAIL_URL": url,
    }
    variables = [{"name": name, "value": value} for name, value in environment.items()]
    try:
        answer = ecs.run_task(
            cluster=TASK_CLUSTER,
            taskDefinition=TASK_DEFINITION,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": TASK_NETWORK},
            overrides={"containerOverrides": [{"name": CONTAINER, "environment": variables}]},
            clientToken=hashlib.sha256(f"{address} {entry}".encode()).hexdigest(),
            startedBy="inbound-mail",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConflictException":
            raise
        return str(error.response["resourceIds"][0])
    if answer["failures"] or not answer["tasks"]:
        raise TaskNotStarted(f"no task for {received.key}: {answer['failures']}")
    return str(answer["tasks"][0]["taskArn"])


def is_condition_failed(error: ClientError) -> bool:
    """Whether DynamoDB refused the write because the item is there already."""
    return bool(error.response["Error"]["Code"] == "ConditionalCheckFailedException")
