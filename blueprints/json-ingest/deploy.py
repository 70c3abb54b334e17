"""Makes the json-ingest system with ordinary boto3 calls, on Kamome or on AWS.

    AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \\
        python deploy.py
    python deploy.py --whole-batches      one failure fails its whole batch
    python deploy.py --role-arn arn:aws:iam::123456789012:role/json-ingest       (on AWS)

Run it again to bring an existing system to what the options say; nothing is made twice.
"""

import argparse
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

FUNCTION = Path(__file__).resolve().parent / "functions" / "ingest"
# ZIP has no times before 1980. A fixed one makes the same code the same archive.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
WAIT = {"Delay": 1, "MaxAttempts": 60}
CUSTOMERS = ("ne-001", "ne-002", "ne-003")


@dataclass(frozen=True)
class Config:
    """What the system is called and how it behaves. Times are seconds."""

    name: str = "json-ingest"
    bucket: str = ""
    role_arn: str = ""
    reports_failures: bool = True
    is_enabled: bool = True
    visibility_timeout_s: int = 30
    function_timeout_s: int = 5
    max_receive_count: int = 3
    batch_size: int = 10
    # The function never runs more often than this at once, and the queue asks for one less: so the
    # queue's own calls are never throttled (`kamome demo concurrency` shows what happens else).
    reserved_concurrency: int = 10
    maximum_concurrency: int = 9
    runtime: str = "python3.11"


@dataclass(frozen=True)
class Deployment:
    """What was made."""

    bucket: str
    table: str
    queue_url: str
    dead_letter_queue_url: str
    function: str
    mapping: str


def deploy(session: boto3.Session, config: Config) -> Deployment:
    """Make everything, or bring what is there to what `config` says."""
    account = session.client("sts").get_caller_identity()["Account"]
    bucket = config.bucket or f"{config.name}-{account}-{session.region_name}"
    make_bucket(session, bucket)
    make_table(session, config.name)
    dlq_url, dlq_arn = make_queue(session, f"{config.name}-dead", {})
    queue_arn = f"arn:aws:sqs:{session.region_name}:{account}:{config.name}"
    queue_url, queue_arn = make_queue(
        session, config.name, work_attributes(config, queue_arn, dlq_arn, bucket)
    )
    make_function(session, config, config.role_arn or f"arn:aws:iam::{account}:role/{config.name}")
    mapping = make_mapping(session, config, queue_arn)
    notify(session, bucket, queue_arn)
    return Deployment(bucket, config.name, queue_url, dlq_url, config.name, mapping)


def unless(code: str, call: Any) -> Any:
    """What the call returns; None when AWS answers with this error code."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise
        return None


def make_bucket(session: boto3.Session, bucket: str) -> None:
    """The bucket that files are put into, in the session's region."""
    s3 = session.client("s3")
    if unless("404", lambda: s3.head_bucket(Bucket=bucket)) is not None:
        return
    where = {}
    if session.region_name != "us-east-1":  # the one region that is no LocationConstraint
        where = {"CreateBucketConfiguration": {"LocationConstraint": session.region_name}}
    s3.create_bucket(Bucket=bucket, **where)


def make_table(session: boto3.Session, table: str) -> None:
    """The table of customers and orders, with the customers that are known."""
    dynamodb = session.client("dynamodb")
    unless(
        "ResourceInUseException",
        lambda: dynamodb.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        ),
    )
    dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig=WAIT)
    for customer in CUSTOMERS:
        add_customer(session, table, customer)


def add_customer(session: boto3.Session, table: str, customer: str) -> None:
    """Orders of this customer are taken from now on."""
    session.client("dynamodb").put_item(TableName=table, Item={"id": {"S": f"customer#{customer}"}})


def make_queue(session: boto3.Session, name: str, attributes: dict[str, str]) -> tuple[str, str]:
    """A standard queue with these attributes: its URL and ARN."""
    sqs = session.client("sqs")
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    except sqs.exceptions.QueueDoesNotExist:
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, answer["Attributes"]["QueueArn"]


def work_attributes(config: Config, queue_arn: str, dlq_arn: str, bucket: str) -> dict[str, str]:
    """Of the queue that the function works on: redrive policy, and leave for the bucket to send.

    AWS asks for a visibility timeout of at least six times the function's timeout.
    """
    redrive_policy = {"deadLetterTargetArn": dlq_arn, "maxReceiveCount": config.max_receive_count}
    statement = {
        "Sid": "BucketMaySend",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
    }
    return {
        "VisibilityTimeout": str(config.visibility_timeout_s),
        "RedrivePolicy": json.dumps(redrive_policy),
        "Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    }


def zip_of(folder: Path) -> bytes:
    """The function's code as an archive, the same bytes for the same code."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in sorted(folder.rglob("*.py")):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), ZIP_TIME)
            entry.external_attr = 0o644 << 16  # Lambda needs the files readable for all
            zipped.writestr(entry, path.read_bytes())
    return archive.getvalue()


def make_function(session: boto3.Session, config: Config, role_arn: str) -> None:
    """The function, created or updated, ready to be invoked."""
    client, name, code = session.client("lambda"), config.name, zip_of(FUNCTION)
    variables = {
        "TABLE_NAME": config.name,
        "REPORT_FAILURES": "1" if config.reports_failures else "0",
    }
    settings = {
        "Role": role_arn,
        "Runtime": config.runtime,
        "Handler": "app.handler",
        "Timeout": config.function_timeout_s,
        "Environment": {"Variables": variables},
    }
    there = unless("ResourceNotFoundException", lambda: client.get_function(FunctionName=name))
    if there is None:
        client.create_function(FunctionName=name, Code={"ZipFile": code}, **settings)
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=WAIT)
    else:
        updated = client.get_waiter("function_updated_v2")  # one change at a time
        client.update_function_code(FunctionName=name, ZipFile=code)
        updated.wait(FunctionName=name, WaiterConfig=WAIT)
        client.update_function_configuration(FunctionName=name, **settings)
        updated.wait(FunctionName=name, WaiterConfig=WAIT)
    client.put_function_concurrency(
        FunctionName=name, ReservedConcurrentExecutions=config.reserved_concurrency
    )


def make_mapping(session: boto3.Session, config: Config, queue_arn: str) -> str:
    """The event source mapping from the queue to the function: its id."""
    client = session.client("lambda")
    settings = {
        "FunctionName": config.name,
        "BatchSize": config.batch_size,
        "Enabled": config.is_enabled,
        "FunctionResponseTypes": ["ReportBatchItemFailures"] if config.reports_failures else [],
        "ScalingConfig": {"MaximumConcurrency": config.maximum_concurrency},
    }
    there = client.list_event_source_mappings(EventSourceArn=queue_arn, FunctionName=config.name)[
        "EventSourceMappings"
    ]
    if there:
        return str(client.update_event_source_mapping(UUID=there[0]["UUID"], **settings)["UUID"])
    return str(client.create_event_source_mapping(EventSourceArn=queue_arn, **settings)["UUID"])


def notify(session: boto3.Session, bucket: str, queue_arn: str) -> None:
    """Each JSON file that is put into the bucket is told to the queue."""
    rules = [{"Name": "suffix", "Value": ".json"}]
    session.client("s3").put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "Id": "json-files",
                    "QueueArn": queue_arn,
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": rules}},
                }
            ]
        },
    )


def main() -> None:
    """Deploy by the options, and print what was made."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--name", default=Config.name)
    parser.add_argument("--bucket", default="")
    parser.add_argument("--role-arn", default="", help="the function's role, on AWS")
    parser.add_argument("--whole-batches", action="store_true", help="report no single failures")
    options = parser.parse_args()
    config = Config(
        name=options.name,
        bucket=options.bucket,
        role_arn=options.role_arn,
        reports_failures=not options.whole_batches,
    )
    print(json.dumps(asdict(deploy(boto3.Session(), config)), indent=2))


if __name__ == "__main__":
    main()
