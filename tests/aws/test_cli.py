"""The aws CLI as a client: unchanged, configured by its environment alone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.aws_command import aws as run_aws
from tests.aws.aws_command import reason

if TYPE_CHECKING:
    from tests.conftest import Tenant

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(reason()), reason=reason())]


class Cli:
    """`aws` in a folder of its own, without anybody's profile."""

    def __init__(self, kamome: Tenant, folder: Path) -> None:
        self._folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": kamome.endpoint,
            "AWS_ACCESS_KEY_ID": kamome.account,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": kamome.region,
            "AWS_DEFAULT_OUTPUT": "json",
            "AWS_PAGER": "",
        }

    def text(self, *arguments: str) -> str:
        """What a command prints."""
        done = run_aws(*arguments, environment=self._environment, folder=self._folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """What a command answers."""
        return json.loads(self.text(*arguments))


@pytest.fixture
def aws(kamome: Tenant, tmp_path: Path) -> Cli:
    return Cli(kamome, tmp_path)


def test_file_is_copied_to_a_bucket_and_listed(aws: Cli, tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(b"Subject: hello\r\n\r\n" + b"x" * 100_000)

    aws.text("s3", "mb", "s3://mails-of-the-cli")
    aws.text("s3", "cp", "mail.eml", "s3://mails-of-the-cli/in/mail.eml")

    assert "100018 in/mail.eml" in aws.text("s3", "ls", "s3://mails-of-the-cli", "--recursive")


def test_object_is_presigned(aws: Cli, kamome: Tenant) -> None:
    url = aws.text("s3", "presign", "s3://some-bucket/key").strip()

    assert url.startswith(f"{kamome.endpoint}/some-bucket/key?")


def test_message_goes_from_a_topic_to_a_queue(aws: Cli, kamome: Tenant) -> None:
    queue = kamome.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    queue_arn = f"arn:aws:sqs:{kamome.region}:{kamome.account}:orders"
    topic = aws.json("sns", "create-topic", "--name", "orders")["TopicArn"]
    kamome.client("sns").subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"RawMessageDelivery": "true"},
    )

    aws.json("sns", "publish", "--topic-arn", topic, "--message", "hello")

    # Version 1 of the CLI goes to AWS for SQS unless it is told so on its command line.
    waiting = ("--endpoint-url", kamome.endpoint, "--queue-url", queue, "--wait-time-seconds", "10")
    [message] = aws.json("sqs", "receive-message", *waiting)["Messages"]
    assert message["Body"] == "hello"


def test_item_is_put_with_a_condition(aws: Cli, kamome: Tenant) -> None:
    kamome.client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = ("--item", '{"id": {"S": "1"}}', "--condition-expression", "attribute_not_exists(id)")

    aws.text("dynamodb", "put-item", "--table-name", "orders", *item)

    assert aws.json("dynamodb", "scan", "--table-name", "orders")["Count"] == 1


def test_domain_is_verified_and_functions_are_listed(aws: Cli) -> None:
    aws.json("ses", "verify-domain-identity", "--domain", "example.com")

    assert aws.json("lambda", "list-functions") == {"Functions": []}


def test_caller_is_told(aws: Cli, kamome: Tenant) -> None:
    assert aws.json("sts", "get-caller-identity")["Account"] == kamome.account


def test_parameter_is_put_read_and_listed(aws: Cli) -> None:
    put = ("ssm", "put-parameter", "--name", "/shop/name", "--type", "SecureString")
    aws.json(*put, "--value", "swordfish")

    read = aws.text(
        *("ssm", "get-parameter", "--name", "/shop/name", "--with-decryption"),
        *("--query", "Parameter.Value", "--output", "text"),
    )
    listed = aws.json("ssm", "get-parameters-by-path", "--path", "/shop")

    assert read == "swordfish\n"
    assert [each["Name"] for each in listed["Parameters"]] == ["/shop/name"]


def test_secret_is_kept_and_read(aws: Cli) -> None:
    aws.json("secretsmanager", "create-secret", "--name", "db", "--secret-string", "swordfish")
    aws.json("secretsmanager", "update-secret", "--secret-id", "db", "--secret-string", "salmon")

    read = ("secretsmanager", "get-secret-value", "--secret-id", "db")

    assert aws.json(*read)["SecretString"] == "salmon"
    assert aws.json(*read, "--version-stage", "AWSPREVIOUS")["SecretString"] == "swordfish"
