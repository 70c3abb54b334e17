"""Makes the inbound-mail system with ordinary boto3 calls, on Kamome or on AWS.

    AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \\
        python deploy.py
    python deploy.py --domain orders.your-domain.example \\
        --role-arn arn:aws:iam::123456789012:role/inbound-mail \\
        --task-role-arn arn:aws:iam::123456789012:role/tasks --subnets subnet-0123,subnet-4567 \\
        --task-image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/tenant-program:1  (see README.md)

Run it again to bring an existing system to what the options say; nothing is made twice.
"""

import argparse
import hashlib
import io
import json
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

FUNCTIONS = Path(__file__).resolve().parent / "functions"
# ZIP has no times before 1980. A fixed one makes the same code the same archive.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
DLQ_RETENTION_S = 1_209_600  # 14 days, the most that SQS keeps a message
FUNCTION_MEMORY_MB = 512  # a mail may be 40 MB, and is parsed in memory
WAIT = {"Delay": 1, "MaxAttempts": 60}
# The smallest task that Fargate has: a quarter of a vCPU and half a gigabyte.
TASK_CPU = "256"
TASK_MEMORY_MB = "512"
DEFINITION_TAG = "definition-sha256"


@dataclass(frozen=True)
class Config:
    """What the system is called and how it behaves. Times are seconds."""

    name: str = "inbound-mail"
    domain: str = "orders.example.com"
    role_arn: str = ""
    bucket: str = ""
    prefix: str = "mail/"
    visibility_timeout_s: int = 30
    function_timeout_s: int = 20
    max_receive_count: int = 3
    batch_size: int = 10
    raw_delivery: bool = False
    runtime: str = "python3.11"
    task_image: str = "tenant-program"
    task_role_arn: str = ""
    subnets: str = "subnet-00000000"
    security_groups: str = ""
    public_ip: bool = False


@dataclass(frozen=True)
class Deployment:
    """What was made: names and ARNs as AWS gives them."""

    bucket: str
    prefix: str
    table: str
    queue_url: str
    queue_arn: str
    dead_letter_queue_url: str
    dead_letter_queue_arn: str
    topic_arn: str
    subscription_arn: str
    store_function_arn: str
    status_function_arn: str
    event_source_mapping: str
    cluster: str
    task_definition_arn: str
    domain: str
    rule_set: str


def deploy(session: boto3.Session, config: Config) -> Deployment:
    """Make everything, or bring what is there to what `config` says."""
    account = session.client("sts").get_caller_identity()["Account"]
    bucket = config.bucket or f"{config.name}-{account}-{session.region_name}"
    role_arn = config.role_arn or f"arn:aws:iam::{account}:role/{config.name}"
    make_bucket(session, bucket)
    make_table(session, config.name)
    dlq_url, dlq_arn = make_queue(
        session, f"{config.name}-dead", {"MessageRetentionPeriod": str(DLQ_RETENTION_S)}
    )
    topic_arn = session.client("sns").create_topic(Name=config.name)["TopicArn"]
    queue_url, queue_arn = make_work_queue(session, config, account, dlq_arn, topic_arn)
    subscription_arn = subscribe(session, topic_arn, queue_arn, raw=config.raw_delivery)
    cluster = make_cluster(session, config.name)
    task_definition_arn = make_task_definition(session, config, role_arn)
    task = {
        "TASK_CLUSTER": cluster,
        "TASK_DEFINITION": task_definition_arn,
        "TASK_SUBNETS": config.subnets,
        "TASK_SECURITY_GROUPS": config.security_groups,
        "TASK_PUBLIC_IP": "ENABLED" if config.public_ip else "DISABLED",
    }
    functions = Functions(session, config, role_arn, task)
    store_arn = functions.make("store_mail", f"{config.name}-store")
    status_arn = functions.make("mail_status", f"{config.name}-status")
    allow_ses(session, f"{config.name}-status", account)
    mapping = make_mapping(session, config, queue_arn, f"{config.name}-store")
    session.client("ses").verify_domain_identity(Domain=config.domain)
    make_rules(session, config, bucket=bucket, topic_arn=topic_arn, status_arn=status_arn)
    return Deployment(
        bucket=bucket,
        prefix=config.prefix,
        table=config.name,
        queue_url=queue_url,
        queue_arn=queue_arn,
        dead_letter_queue_url=dlq_url,
        dead_letter_queue_arn=dlq_arn,
        topic_arn=topic_arn,
        subscription_arn=subscription_arn,
        store_function_arn=store_arn,
        status_function_arn=status_arn,
        event_source_mapping=mapping,
        cluster=cluster,
        task_definition_arn=task_definition_arn,
        domain=config.domain,
        rule_set=config.name,
    )


def unless(code: str, call: Callable[[], Any]) -> Any:
    """What the call returns; None when AWS answers with this error code."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise
        return None


def make_bucket(session: boto3.Session, bucket: str) -> None:
    """The bucket for the mails, in the session's region."""
    s3 = session.client("s3")
    if unless("404", lambda: s3.head_bucket(Bucket=bucket)) is not None:
        return
    where = {}
    if session.region_name != "us-east-1":  # the one region that is no LocationConstraint
        where = {"CreateBucketConfiguration": {"LocationConstraint": session.region_name}}
    s3.create_bucket(Bucket=bucket, **where)


def make_table(session: boto3.Session, table: str) -> None:
    """The table: a tenant's address, and an entry of it (`mail#hash`, `status#id`)."""
    dynamodb = session.client("dynamodb")
    unless(
        "ResourceInUseException",
        lambda: dynamodb.create_table(
            TableName=table,
            AttributeDefinitions=[
                {"AttributeName": "address", "AttributeType": "S"},
                {"AttributeName": "entry", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "address", "KeyType": "HASH"},
                {"AttributeName": "entry", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        ),
    )
    dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig=WAIT)


def make_queue(session: boto3.Session, name: str, attributes: Mapping[str, str]) -> tuple[str, str]:
    """A standard queue with these attributes: its URL and ARN."""
    sqs = session.client("sqs")
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes=dict(attributes))
    except sqs.exceptions.QueueDoesNotExist:
        url = sqs.create_queue(QueueName=name, Attributes=dict(attributes))["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, answer["Attributes"]["QueueArn"]


def make_work_queue(
    session: boto3.Session, config: Config, account: str, dlq_arn: str, topic_arn: str
) -> tuple[str, str]:
    """The queue that the function works on: redrive policy, and leave for the topic to send."""
    queue_arn = f"arn:aws:sqs:{session.region_name}:{account}:{config.name}"
    redrive_policy = {"deadLetterTargetArn": dlq_arn, "maxReceiveCount": config.max_receive_count}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TopicMaySend",
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
            }
        ],
    }
    return make_queue(
        session,
        config.name,
        {
            "VisibilityTimeout": str(config.visibility_timeout_s),
            "RedrivePolicy": json.dumps(redrive_policy),
            "Policy": json.dumps(policy),
        },
    )


def subscribe(session: boto3.Session, topic_arn: str, queue_arn: str, *, raw: bool) -> str:
    """The queue's subscription to the topic. SNS returns the one that is there already."""
    sns = session.client("sns")
    subscription_arn = sns.subscribe(
        TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn, ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    sns.set_subscription_attributes(
        SubscriptionArn=subscription_arn,
        AttributeName="RawMessageDelivery",
        AttributeValue="true" if raw else "false",
    )
    return subscription_arn


def make_cluster(session: boto3.Session, name: str) -> str:
    """The cluster that the tenants' programs run in. ECS returns the one that is there already."""
    ecs = session.client("ecs")
    return str(ecs.create_cluster(clusterName=name)["cluster"]["clusterName"])


def make_task_definition(session: boto3.Session, config: Config, role_arn: str) -> str:
    """The definition of the tenant's program: its ARN. A new revision only where it has changed."""
    ecs, family = session.client("ecs"), f"{config.name}-tenant"
    definition = {
        "family": family,
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": TASK_CPU,
        "memory": TASK_MEMORY_MB,
        "executionRoleArn": config.task_role_arn or role_arn,
        "containerDefinitions": [
            {
                "name": "program",
                "image": config.task_image,
                "essential": True,
                "command": ["python3", "main.py"],
                "workingDirectory": "/app",
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": f"/ecs/{family}",
                        "awslogs-region": session.region_name,
                        "awslogs-stream-prefix": "tenant",
                        "awslogs-create-group": "true",
                    },
                },
            }
        ],
    }
    text = json.dumps(definition, sort_keys=True)
    tag = {"key": DEFINITION_TAG, "value": hashlib.sha256(text.encode()).hexdigest()}
    there = unless(
        "ClientException",
        lambda: ecs.describe_task_definition(taskDefinition=family, include=["TAGS"]),
    )
    if there is None or tag not in there.get("tags", []):
        there = ecs.register_task_definition(**definition, tags=[tag])
    return str(there["taskDefinition"]["taskDefinitionArn"])


def zip_of(folder: Path) -> bytes:
    """The function's code as an archive, the same bytes for the same code."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in sorted(folder.rglob("*.py")):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), ZIP_TIME)
            entry.external_attr = 0o644 << 16  # Lambda needs the files readable for all
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, path.read_bytes())
    return archive.getvalue()


class Functions:
    """Makes Lambda functions with one role and one configuration."""

    def __init__(
        self, session: boto3.Session, config: Config, role_arn: str, task: Mapping[str, str]
    ) -> None:
        self.client = session.client("lambda")
        self.settings = {
            "Role": role_arn,
            "Runtime": config.runtime,
            "Handler": "app.handler",
            "Timeout": config.function_timeout_s,
            "MemorySize": FUNCTION_MEMORY_MB,
            "Environment": {"Variables": {"TABLE_NAME": config.name, **task}},
        }

    def make(self, folder: str, name: str) -> str:
        """The function from `functions/folder`, created or updated, ready to be invoked."""
        code = zip_of(FUNCTIONS / folder)
        there = unless(
            "ResourceNotFoundException", lambda: self.client.get_function(FunctionName=name)
        )
        if there is None:
            self.client.create_function(FunctionName=name, Code={"ZipFile": code}, **self.settings)
            self.client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=WAIT)
        else:
            self.client.update_function_code(FunctionName=name, ZipFile=code)
            self.wait_for_update(name)
            self.client.update_function_configuration(FunctionName=name, **self.settings)
            self.wait_for_update(name)
        arn = self.client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
        return str(arn)

    def wait_for_update(self, name: str) -> None:
        """Lambda takes one change at a time."""
        self.client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=WAIT)


def allow_ses(session: boto3.Session, function: str, account: str) -> None:
    """SES of this account may invoke the function."""
    unless(
        "ResourceConflictException",  # the statement is there
        lambda: session.client("lambda").add_permission(
            FunctionName=function,
            StatementId="ses",
            Action="lambda:InvokeFunction",
            Principal="ses.amazonaws.com",
            SourceAccount=account,
        ),
    )


def make_mapping(session: boto3.Session, config: Config, queue_arn: str, function: str) -> str:
    """The event source mapping from the queue to the function: its UUID, once it is enabled."""
    client = session.client("lambda")
    settings = {
        "FunctionName": function,
        "BatchSize": config.batch_size,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "Enabled": True,
    }
    there = client.list_event_source_mappings(EventSourceArn=queue_arn, FunctionName=function)
    if there["EventSourceMappings"]:
        uuid = there["EventSourceMappings"][0]["UUID"]
        client.update_event_source_mapping(UUID=uuid, **settings)
    else:
        made = client.create_event_source_mapping(EventSourceArn=queue_arn, **settings)
        uuid = made["UUID"]
    for _ in range(WAIT["MaxAttempts"]):
        if client.get_event_source_mapping(UUID=uuid)["State"] == "Enabled":
            return str(uuid)
        time.sleep(WAIT["Delay"])
    raise TimeoutError(f"the event source mapping {uuid} did not become Enabled")


def make_rules(
    session: boto3.Session, config: Config, *, bucket: str, topic_arn: str, status_arn: str
) -> None:
    """The rule set, *store* before *status*, and make it the active one."""
    ses = session.client("ses")
    name = config.name
    unless("AlreadyExists", lambda: ses.create_receipt_rule_set(RuleSetName=name))
    store = {
        "S3Action": {
            "BucketName": bucket,
            "ObjectKeyPrefix": config.prefix,
            "TopicArn": topic_arn,
        }
    }
    status = {"LambdaAction": {"FunctionArn": status_arn, "InvocationType": "Event"}}
    rules = [rule_of("store", config, store), rule_of("status", config, status)]
    described = ses.describe_receipt_rule_set(RuleSetName=name)
    there = [rule["Name"] for rule in described.get("Rules", [])]
    for rule in rules:
        if rule["Name"] in there:
            ses.update_receipt_rule(RuleSetName=name, Rule=rule)
        else:
            after = {"After": there[-1]} if there else {}
            ses.create_receipt_rule(RuleSetName=name, Rule=rule, **after)
            there.append(rule["Name"])
    others = [rule for rule in there if rule not in ("store", "status")]
    ses.reorder_receipt_rule_set(RuleSetName=name, RuleNames=["store", "status", *others])
    ses.set_active_receipt_rule_set(RuleSetName=name)


def rule_of(name: str, config: Config, action: Mapping[str, Any]) -> dict[str, Any]:
    """A rule for all addresses of the tenants' domain."""
    return {
        "Name": name,
        "Enabled": True,
        "TlsPolicy": "Optional",
        "Recipients": [config.domain],
        "Actions": [dict(action)],
        "ScanEnabled": True,
    }


def parse_options() -> argparse.Namespace:
    """The options, each a field of `Config`."""
    default = Config()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", default=default.name, help="name of all that is made")
    parser.add_argument("--domain", default=default.domain, help="domain of the tenants' addresses")
    parser.add_argument("--role-arn", default="", help="execution role of the functions (AWS)")
    parser.add_argument("--bucket", default="", help="default: NAME-ACCOUNT-REGION")
    parser.add_argument("--prefix", default=default.prefix, help="prefix of the objects' keys")
    parser.add_argument(
        "--visibility-timeout",
        dest="visibility_timeout_s",
        type=int,
        metavar="SECONDS",
        default=default.visibility_timeout_s,
    )
    parser.add_argument(
        "--function-timeout",
        dest="function_timeout_s",
        type=int,
        metavar="SECONDS",
        default=default.function_timeout_s,
        help="at most the visibility timeout",
    )
    parser.add_argument("--max-receive-count", type=int, default=default.max_receive_count)
    parser.add_argument("--batch-size", type=int, default=default.batch_size)
    parser.add_argument("--raw-delivery", action="store_true", help="messages without envelope")
    parser.add_argument("--runtime", default=default.runtime)
    parser.add_argument("--task-image", default=default.task_image, help="the tenant's program")
    parser.add_argument("--task-role-arn", default="", help="execution role of the task (AWS)")
    parser.add_argument(
        "--subnets", default=default.subnets, metavar="ID,ID", help="where the tasks run (AWS)"
    )
    parser.add_argument("--security-groups", default="", metavar="ID,ID")
    parser.add_argument("--public-ip", action="store_true", help="tasks in a public subnet (AWS)")
    parser.add_argument("--region", default=None)
    parser.add_argument("--profile", default=None)
    return parser.parse_args()


def main() -> None:
    """Deploy what the options say and print what was made."""
    options = vars(parse_options())
    session = boto3.Session(region_name=options.pop("region"), profile_name=options.pop("profile"))
    if session.region_name is None:
        sys.exit("Which region? Set AWS_DEFAULT_REGION or give --region.")
    deployment = deploy(session, Config(**options))
    for name, value in vars(deployment).items():
        print(f"{name.replace('_', ' '):24}{value}")


if __name__ == "__main__":
    main()
