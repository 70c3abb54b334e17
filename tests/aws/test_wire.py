"""What every service has in common, as boto3 sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from kamome.registry import SERVICES

if TYPE_CHECKING:
    from tests.conftest import Tenant

    from kamome.services import Service


def test_operations_that_are_not_served_say_so(kamome: Tenant) -> None:
    """One of each service that has any. Some services are served whole."""
    asked = []
    for service in SERVICES:
        client = kamome.client(service.model, parameter_validation=False)
        if (name := _not_served(service, client)) is not None:
            _check_refusal(client, name)
            asked.append(service.model)

    assert len(asked) >= 5


def _check_refusal(client: Any, name: str) -> None:
    methods = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}

    with pytest.raises(ClientError) as caught:
        getattr(client, methods[name])()

    error = caught.value.response["Error"]
    assert error["Code"] == "NotImplemented"
    # ListDirectoryBuckets of S3 signs as a service of its own.
    assert error["Message"].endswith("is not served by Kamome.")
    assert name in error["Message"] or "s3express" in error["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def _not_served(service: Service, client: Any) -> str | None:
    """An operation that the registry does not have, if possible one without required members."""
    model = client.meta.service_model
    missing = [str(name) for name in model.operation_names if name not in service.operations]
    shapes = {name: model.operation_model(name).input_shape for name in missing}
    easy = [name for name in missing if not (shapes[name] and shapes[name].required_members)]
    if not easy and model.metadata["protocol"].startswith("rest"):
        return None  # its path would need the members
    return next(iter([*easy, *missing]), None)


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        pytest.param("events", "list_rules", {}, id="JSON"),
        pytest.param("iam", "list_users", {}, id="query"),
        pytest.param("ec2", "describe_instances", {}, id="EC2 query"),
        pytest.param("apigateway", "get_rest_apis", {}, id="REST JSON"),
        pytest.param("route53", "list_hosted_zones", {}, id="REST XML"),
        pytest.param("dynamodbstreams", "list_streams", {}, id="JSON that signs as DynamoDB"),
    ],
)
def test_service_that_is_not_served_says_so_in_its_own_protocol(
    kamome: Tenant, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    call = getattr(kamome.client(service), operation)

    with pytest.raises(ClientError) as caught:
        call(**parameters)

    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert "is not served by Kamome." in caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sqs", "list_queues"),
        ("sns", "list_topics"),
        ("s3", "list_buckets"),
        ("ses", "list_identities"),
        ("lambda", "list_functions"),
        ("dynamodb", "list_tables"),
        ("sts", "get_caller_identity"),
    ],
)
def test_every_answer_has_a_request_id_of_its_own(
    kamome: Tenant, service: str, operation: str
) -> None:
    call = getattr(kamome.client(service), operation)

    answers = [call()["ResponseMetadata"] for _ in range(2)]

    first, second = (answer["RequestId"] for answer in answers)
    assert first
    assert first != second
    assert answers[0]["HTTPHeaders"]["x-amzn-requestid"] == first


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("sqs", "get_queue_url", {"QueueName": "nowhere"}),
        ("sns", "get_topic_attributes", {"TopicArn": "arn:aws:sns:eu-west-1:1:nowhere"}),
        ("s3", "get_object", {"Bucket": "nowhere-at-all", "Key": "a"}),
        ("ses", "describe_receipt_rule_set", {"RuleSetName": "nowhere"}),
        ("lambda", "get_function", {"FunctionName": "nowhere"}),
        ("dynamodb", "describe_table", {"TableName": "nowhere"}),
    ],
)
def test_every_refusal_has_a_request_id(
    kamome: Tenant, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    call = getattr(kamome.client(service), operation)

    with pytest.raises(ClientError) as caught:
        call(**parameters)

    metadata = caught.value.response["ResponseMetadata"]
    assert metadata["HTTPHeaders"]["x-amzn-requestid"] == metadata["RequestId"]


def test_s3_has_its_own_request_ids_too(kamome: Tenant) -> None:
    metadata = kamome.client("s3").list_buckets()["ResponseMetadata"]

    assert metadata["HTTPHeaders"]["x-amz-request-id"] == metadata["RequestId"]
    assert metadata["HTTPHeaders"]["x-amz-id-2"]


def test_urls_are_of_the_host_that_the_client_used(kamome: Tenant) -> None:
    address = kamome.endpoint
    name = address.replace("127.0.0.1", "localhost")
    kamome.client("sqs").create_queue(QueueName="orders")

    urls = [
        _client(kamome, endpoint).get_queue_url(QueueName="orders")["QueueUrl"]
        for endpoint in (address, name)
    ]

    assert urls == [f"{host}/{kamome.account}/orders" for host in (address, name)]


def test_accounts_and_regions_do_not_see_each_other(kamome: Tenant) -> None:
    kamome.client("sqs").create_queue(QueueName="orders")

    elsewhere = replace(kamome, region="us-west-2").client("sqs").list_queues()
    other = replace(kamome, account="999999999999").client("sqs").list_queues()

    assert "QueueUrls" not in elsewhere
    assert "QueueUrls" not in other


def _client(kamome: Tenant, endpoint: str) -> Any:
    return boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name=kamome.region,
        aws_access_key_id=kamome.account,
        aws_secret_access_key="test",
    )
