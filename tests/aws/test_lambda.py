"""Lambda by boto3 through the whole server, with SQS as event source and S3 as code location."""

from __future__ import annotations

import base64
import io
import json
import shutil
import urllib.request
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.aws.lambda_functions import ECHO, code_of, create, package

if TYPE_CHECKING:
    from tests.conftest import Tenant


@pytest.fixture
def client(kamome: Tenant) -> Any:
    return kamome.client("lambda")


def test_function_is_created_invoked_and_deleted(client: Any, kamome: Tenant) -> None:
    arn = create(client, ECHO)
    assert arn == f"arn:aws:lambda:eu-west-1:{kamome.account}:function:f"

    answer = client.invoke(FunctionName=arn, Payload=b'{"a": 1}', LogType="Tail")
    client.delete_function(FunctionName="f")

    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert json.loads(answer["Payload"].read()) == {"a": 1}
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-type"] == "application/json"
    assert b"seen {'a': 1}" in base64.b64decode(answer["LogResult"])
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.invoke(FunctionName="f")
    assert caught.value.response["Error"]["Message"] == f"Function not found: {arn}"
    assert caught.value.response["Type"] == "User"


def test_error_of_the_function_is_an_answer(client: Any) -> None:
    create(client, "def handler(event, context):\n    raise ValueError('no order')\n")

    answer = client.invoke(FunctionName="f")

    assert answer["FunctionError"] == "Unhandled"
    document = json.loads(answer["Payload"].read())
    assert (document["errorType"], document["errorMessage"]) == ("ValueError", "no order")


def test_event_and_dry_run_answer_without_waiting(client: Any) -> None:
    create(client, ECHO)

    event = client.invoke(FunctionName="f", InvocationType="Event", Payload=b"1")
    dry_run = client.invoke(FunctionName="f", InvocationType="DryRun")

    assert (event["StatusCode"], event["Payload"].read()) == (202, b"")
    assert dry_run["StatusCode"] == 204


def test_function_calls_the_server_as_its_own_account(client: Any, kamome: Tenant) -> None:
    create(
        client,
        "import boto3\n"
        "def handler(event, context):\n"
        "    return boto3.client('sts').get_caller_identity()['Account']\n",
        Timeout=20,
    )

    assert json.loads(client.invoke(FunctionName="f")["Payload"].read()) == kamome.account


def test_code_comes_from_s3_and_can_be_downloaded(client: Any, kamome: Tenant) -> None:
    s3 = kamome.client("s3")
    bucket = f"code-{kamome.account}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": kamome.region})
    s3.put_object(Bucket=bucket, Key="f.zip", Body=package(ECHO))
    create(client, "", Code={"S3Bucket": bucket, "S3Key": "f.zip"})

    location = client.get_function(FunctionName="f")["Code"]["Location"]

    assert json.loads(client.invoke(FunctionName="f", Payload=b"[1]")["Payload"].read()) == [1]
    with urllib.request.urlopen(location) as download:
        assert download.read() == package(ECHO)


def test_functions_are_paged(client: Any) -> None:
    for name in ("a", "b", "c"):
        create(client, ECHO, name)

    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})

    assert [[shown["FunctionName"] for shown in page["Functions"]] for page in pages] == [
        ["a", "b"],
        ["c"],
    ]


def test_configuration_and_code_are_updated(client: Any) -> None:
    create(client, ECHO)
    client.update_function_configuration(FunctionName="f", Timeout=7, Description="new")
    client.get_waiter("function_updated_v2").wait(FunctionName="f")
    client.update_function_code(
        FunctionName="f", ZipFile=package("def handler(e, c):\n    return 'new'\n")
    )
    client.get_waiter("function_updated_v2").wait(FunctionName="f")

    shown = client.get_function_configuration(FunctionName="f")

    assert (shown["Timeout"], shown["Description"]) == (7, "new")
    assert json.loads(client.invoke(FunctionName="f")["Payload"].read()) == "new"


@pytest.mark.parametrize(
    ("members", "code", "status"),
    [
        pytest.param({"Timeout": 901}, "ValidationException", 400, id="timeout"),
        pytest.param({"Runtime": "cobol"}, "ValidationException", 400, id="runtime"),
        pytest.param({"Role": "me"}, "ValidationException", 400, id="role"),
        pytest.param({"Layers": ["arn:x"]}, "ValidationException", 400, id="no layer ARN"),
        pytest.param(
            {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
            "NotImplemented",
            501,
            id="network",
        ),
        pytest.param(
            {"Environment": {"Variables": {"AWS_REGION": "x"}}},
            "InvalidParameterValueException",
            400,
            id="reserved variable",
        ),
        pytest.param(
            {"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException", 400, id="zip"
        ),
    ],
)
def test_function_is_refused(
    client: Any, members: dict[str, object], code: str, status: int
) -> None:
    with pytest.raises(ClientError) as caught:
        create(client, ECHO, "f", **members)

    assert code_of(caught) == (code, status)


def test_function_name_is_taken(client: Any) -> None:
    create(client, ECHO)

    with pytest.raises(client.exceptions.ResourceConflictException) as caught:
        create(client, ECHO)

    assert caught.value.response["Error"]["Message"] == "Function already exist: f"


def test_payload_that_is_no_json_is_refused(client: Any) -> None:
    create(client, ECHO)

    with pytest.raises(client.exceptions.InvalidRequestContentException):
        client.invoke(FunctionName="f", Payload=b"{'a': 1}")


def test_permission_is_added_and_removed(client: Any) -> None:
    create(client, ECHO)
    client.add_permission(
        FunctionName="f",
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::bucket",
    )

    policy = json.loads(client.get_policy(FunctionName="f")["Policy"])
    client.remove_permission(FunctionName="f", StatementId="s3")

    assert [statement["Sid"] for statement in policy["Statement"]] == ["s3"]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName="f")


def test_queue_feeds_the_function_and_reported_messages_reach_the_dlq(
    client: Any, kamome: Tenant
) -> None:
    sqs = kamome.client("sqs")
    dlq = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dlq_arn = sqs.get_queue_attributes(QueueUrl=dlq, AttributeNames=["QueueArn"])["Attributes"]
    redrive = {"deadLetterTargetArn": dlq_arn["QueueArn"], "maxReceiveCount": "2"}
    queue = sqs.create_queue(
        QueueName="orders",
        Attributes={"VisibilityTimeout": "30", "RedrivePolicy": json.dumps(redrive)},
    )["QueueUrl"]
    create(
        client,
        "def handler(event, context):\n"
        "    return {'batchItemFailures': [{'itemIdentifier': r['messageId']}\n"
        "        for r in event['Records'] if r['body'] == 'poison']}\n",
    )
    created = client.create_event_source_mapping(
        FunctionName="f",
        EventSourceArn=f"arn:aws:sqs:eu-west-1:{kamome.account}:orders",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    assert created["State"] == "Creating"
    assert client.get_event_source_mapping(UUID=created["UUID"])["State"] == "Enabled"
    for body in ("one", "poison", "two"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)

    def counts() -> tuple[int, int]:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    kamome.advance(0)
    assert counts() == (0, 1)
    kamome.advance(30)
    kamome.advance(30)

    [dead] = sqs.receive_message(QueueUrl=dlq).get("Messages", [])
    assert dead["Body"] == "poison"
    assert counts() == (0, 0)


def test_messages_of_a_deleted_mapping_can_be_received_at_once(client: Any, kamome: Tenant) -> None:
    sqs = kamome.client("sqs")
    queue = sqs.create_queue(QueueName="held")["QueueUrl"]
    create(client, ECHO)
    mapping = client.create_event_source_mapping(
        FunctionName="f",
        EventSourceArn=f"arn:aws:sqs:eu-west-1:{kamome.account}:held",
        BatchSize=100,
        MaximumBatchingWindowInSeconds=300,
    )
    sqs.send_message(QueueUrl=queue, MessageBody="one")
    kamome.advance(0)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)

    client.delete_event_source_mapping(UUID=mapping["UUID"])
    kamome.advance(0)

    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "one"


def test_visibility_timeout_less_than_the_function_timeout_is_refused(
    client: Any, kamome: Tenant
) -> None:
    kamome.client("sqs").create_queue(QueueName="short", Attributes={"VisibilityTimeout": "5"})
    create(client, ECHO, Timeout=6)

    with pytest.raises(client.exceptions.InvalidParameterValueException) as caught:
        client.create_event_source_mapping(
            FunctionName="f", EventSourceArn=f"arn:aws:sqs:eu-west-1:{kamome.account}:short"
        )

    assert caught.value.response["Error"]["Message"] == (
        "Queue visibility timeout: 5 seconds is less than Function timeout: 6 seconds"
    )


def test_record_of_a_failed_event_arrives_in_its_destination(client: Any, kamome: Tenant) -> None:
    create(client, "def handler(event, context):\n    raise ValueError('no order')\n")
    sqs = kamome.client("sqs")
    url = sqs.create_queue(QueueName="failures")["QueueUrl"]
    arn = f"arn:aws:sqs:eu-west-1:{kamome.account}:failures"
    client.put_function_event_invoke_config(
        FunctionName="f",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    listed = client.list_function_event_invoke_configs(FunctionName="f")
    assert [one["MaximumRetryAttempts"] for one in listed["FunctionEventInvokeConfigs"]] == [0]

    client.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"order": 7}')
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]

    record = json.loads(message["Body"])
    assert record["requestPayload"] == {"order": 7}
    assert record["requestContext"]["condition"] == "RetriesExhausted"


def test_record_of_a_failed_event_becomes_an_object_of_a_bucket(
    client: Any, kamome: Tenant
) -> None:
    create(client, "def handler(event, context):\n    raise ValueError('no order')\n")
    s3, bucket = kamome.client("s3"), f"failures-{kamome.account}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.put_function_event_invoke_config(
        FunctionName="f",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}},
    )

    assert client.invoke_async(FunctionName="f", InvokeArgs=b'{"order": 1}')["Status"] == 202
    kamome.advance(0)

    [listed] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    record = json.loads(s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read())
    assert listed["Key"].startswith("aws/lambda/async/f/20")
    assert record["requestPayload"] == {"order": 1}
    assert record["responsePayload"]["errorMessage"] == "no order"


def test_code_is_a_version_of_an_object(client: Any, kamome: Tenant) -> None:
    s3, bucket = kamome.client("s3"), f"code-{kamome.account}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="f.zip", Body=package(ECHO))["VersionId"]
    s3.put_object(Bucket=bucket, Key="f.zip", Body=b"no archive")
    code = {"S3Bucket": bucket, "S3Key": "f.zip", "S3ObjectVersion": first}

    create(client, ECHO, Code=code)

    assert client.invoke(FunctionName="f", Payload=b"7")["Payload"].read() == b"7"


def test_alias_moves_from_version_to_version(client: Any) -> None:
    create(client, "def handler(event, context):\n    return 1\n", Publish=True)
    arn = client.get_function_configuration(FunctionName="f")["FunctionArn"]
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    client.update_function_code(
        FunctionName="f", ZipFile=package("def handler(event, context):\n    return 2\n")
    )
    client.get_waiter("function_updated_v2").wait(FunctionName="f")
    before = client.invoke(FunctionName=f"{arn}:live")

    published = client.publish_version(FunctionName="f")
    client.update_alias(FunctionName="f", Name="live", FunctionVersion=published["Version"])
    after = client.invoke(FunctionName="f", Qualifier="live")

    assert (before["ExecutedVersion"], before["Payload"].read()) == ("1", b"1")
    assert (after["ExecutedVersion"], after["Payload"].read()) == ("2", b"2")
    listed = client.list_aliases(FunctionName="f")["Aliases"]
    assert [one["FunctionVersion"] for one in listed] == ["2"]


def test_reserved_concurrency_and_tags_by_boto3(client: Any) -> None:
    arn = create(client, ECHO)
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    client.tag_resource(Resource=arn, Tags={"team": "orders"})

    with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
        client.invoke(FunctionName="f")
    client.delete_function_concurrency(FunctionName="f")

    assert caught.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert client.invoke(FunctionName="f")["StatusCode"] == 200
    assert client.list_tags(Resource=arn)["Tags"] == {"team": "orders"}
    assert client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 1000


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_node_function_is_invoked(client: Any) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("index.mjs", "export const handler = async (event) => event.a + 1;\n")
    create(
        client,
        "",
        Runtime="nodejs20.x",
        Handler="index.handler",
        Code={"ZipFile": file.getvalue()},
    )

    answer = client.invoke(FunctionName="f", Payload=b'{"a": 1}')

    assert answer["Payload"].read() == b"2"


def test_layer_is_published_attached_and_downloaded(client: Any) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("python/greeting.py", "TEXT = 'hello'\n")
    layer = client.publish_layer_version(
        LayerName="greeting", Content={"ZipFile": file.getvalue()}, Description="d"
    )
    source = "import greeting\ndef handler(event, context):\n    return greeting.TEXT\n"
    create(client, source, Layers=[layer["LayerVersionArn"]])

    answer = client.invoke(FunctionName="f")
    found = client.get_layer_version_by_arn(Arn=layer["LayerVersionArn"])
    with urllib.request.urlopen(found["Content"]["Location"]) as download:
        downloaded = download.read()

    assert answer["Payload"].read() == b'"hello"'
    assert downloaded == file.getvalue()
    assert [one["LayerName"] for one in client.list_layers()["Layers"]] == ["greeting"]


def test_fifo_queue_reaches_the_function_in_the_order_of_each_group(
    client: Any, kamome: Tenant
) -> None:
    create(client, "def handler(e, c):\n    print('did', e['Records'][0]['body'], flush=True)\n")
    sqs = kamome.client("sqs")
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="orders.fifo", Attributes=attributes)["QueueUrl"]
    for number in range(10):
        for group in "ab":
            sqs.send_message(QueueUrl=url, MessageBody=f"{group}{number}", MessageGroupId=group)

    client.create_event_source_mapping(
        FunctionName="f",
        EventSourceArn=f"arn:aws:sqs:eu-west-1:{kamome.account}:orders.fifo",
        BatchSize=1,
    )
    kamome.advance(0)

    assert len(done_by(kamome)) == 20
    for group in "ab":
        mine = [body for body in done_by(kamome) if body[0] == group]
        assert mine == [f"{group}{number}" for number in range(10)]


def done_by(kamome: Tenant) -> list[str]:
    """What the function has said that it did, by its log."""
    address = f"{kamome.endpoint}/_kamome/lambda-logs/{kamome.account}/eu-west-1/f"
    with urllib.request.urlopen(address) as answer:
        lines = json.load(answer)["text"].splitlines()
    return [line.removeprefix("did ") for line in lines if line.startswith("did ")]


def test_mapping_works_a_queue_that_was_deleted_and_made_again(client: Any, kamome: Tenant) -> None:
    sqs = kamome.client("sqs")
    create(client, ECHO)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = f"arn:aws:sqs:eu-west-1:{kamome.account}:q"
    client.create_event_source_mapping(EventSourceArn=arn, FunctionName="f")
    sqs.delete_queue(QueueUrl=url)
    kamome.advance(61)
    sqs.create_queue(QueueName="q")
    kamome.advance(60)

    sqs.send_message(QueueUrl=url, MessageBody="again")
    kamome.advance(0)

    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert set(counts.values()) == {"0"}
