"""Error documents, as botocore's parsers read them and as other clients look at the bytes."""

from __future__ import annotations

from typing import Any

import botocore.awsrequest
import botocore.model
import botocore.parsers
import orjson
import pytest

from kamome.errors import AwsError, OperationNotServed, SerializationError
from kamome.protocols import protocol
from kamome.protocols.model import load_model
from kamome.wire import HttpResponse


class ConditionalCheckFailedException(AwsError):
    pass


class QueueDoesNotExist(AwsError):
    query_code = "AWS.SimpleQueueService.NonExistentQueue"


class InvalidParameterException(AwsError):
    pass


class RuleSetDoesNotExistException(AwsError):
    pass


class NoSuchKey(AwsError):
    status = 404


class NotModified(AwsError):
    code = "304"
    status = 304


class ResourceNotFoundException(AwsError):
    status = 404


class TooManyRequestsException(AwsError):
    status = 429


class ValidationException(AwsError):
    pass


class ServiceException(AwsError):
    status = 500
    fault = "Receiver"


def answered(model: str, protocol_name: str, error: AwsError, name: str = "") -> HttpResponse:
    service = load_model(model)
    operation = service.operation(name) if name else None
    return protocol(protocol_name).encode_error(service, operation, error, "request-1")


def parsed(model: str, protocol_name: str, response: HttpResponse, name: str) -> dict[str, Any]:
    service = load_model(model)
    view = service.query_view if protocol_name == "query" else service
    client = botocore.model.ServiceModel(dict(view._raw), model)
    answer = {
        "status_code": response.status,
        "headers": botocore.awsrequest.HeadersDict(dict(response.headers)),
        "body": response.body,
        "context": {},
    }
    parser = botocore.parsers.create_parser(protocol_name)
    found: dict[str, Any] = parser.parse(answer, client.operation_model(name).output_shape)
    shape = client.shape_for_error_code(found["Error"]["Code"])
    if shape is not None:
        found.update(parser.parse(answer, shape))
    return found


@pytest.mark.parametrize(
    ("model", "protocol_name", "operation", "error", "code"),
    [
        (
            "dynamodb",
            "json",
            "PutItem",
            ConditionalCheckFailedException("The conditional request failed"),
            "ConditionalCheckFailedException",
        ),
        ("dynamodb", "json", "PutItem", ValidationException("no"), "ValidationException"),
        (
            "sqs",
            "json",
            "SendMessage",
            QueueDoesNotExist("The specified queue does not exist."),
            "AWS.SimpleQueueService.NonExistentQueue",
        ),
        (
            "sqs",
            "query",
            "SendMessage",
            QueueDoesNotExist("The specified queue does not exist."),
            "AWS.SimpleQueueService.NonExistentQueue",
        ),
        ("sns", "query", "CreateTopic", InvalidParameterException("a < b & c"), "InvalidParameter"),
        (
            "ses",
            "query",
            "DescribeReceiptRuleSet",
            RuleSetDoesNotExistException("no", {"Name": "rules"}),
            "RuleSetDoesNotExist",
        ),
        (
            "lambda",
            "rest-json",
            "GetFunction",
            ResourceNotFoundException("Function not found: f"),
            "ResourceNotFoundException",
        ),
        ("s3", "rest-xml", "GetObject", NoSuchKey("The key is not there.", {"Key": "a&b"}), ""),
        ("s3", "rest-xml", "GetObject", OperationNotServed("not served"), "NotImplemented"),
        ("sns", "query", "CreateTopic", OperationNotServed("not served"), "NotImplemented"),
        ("sqs", "json", "CreateQueue", OperationNotServed("not served"), "NotImplemented"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_botocore_reads_code_sentence_and_request_id(
    model: str, protocol_name: str, operation: str, error: AwsError, code: str
) -> None:
    response = answered(model, protocol_name, error, operation)

    found = parsed(model, protocol_name, response, operation)

    assert response.status == error.status
    assert found["Error"]["Code"] == (code or error.code)
    assert found["Error"]["Message"] == error.message
    assert found["ResponseMetadata"]["RequestId"] == "request-1"


def test_members_of_a_dynamodb_error_are_written_as_the_model_shapes_them() -> None:
    error = ConditionalCheckFailedException("failed", {"Item": {"a": {"B": b"\0\1"}}})

    found = parsed("dynamodb", "json", answered("dynamodb", "json", error), "PutItem")

    assert found["Item"] == {"a": {"B": b"\0\1"}}


def test_members_of_a_query_error_stand_beside_its_code() -> None:
    error = RuleSetDoesNotExistException("no", {"Name": "rules <1>"})

    response = answered("ses", "query", error)

    assert parsed("ses", "query", response, "DescribeReceiptRuleSet")["Name"] == "rules <1>"
    assert isinstance(response.body, bytes)
    assert b"<Type>Sender</Type>" in response.body


@pytest.mark.parametrize(
    ("model", "error", "expected"),
    [
        ("sqs", QueueDoesNotExist("x"), "com.amazonaws.sqs#QueueDoesNotExist"),
        (
            "dynamodb",
            ConditionalCheckFailedException("x"),
            "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        ),
        (
            "dynamodb",
            SerializationError("x"),
            "com.amazon.coral.service#SerializationException",
        ),
        (
            "dynamodb",
            ValidationException("x"),
            "com.amazon.coral.validate#ValidationException",
        ),
    ],
)
def test_type_of_a_json_error_has_its_namespace(model: str, error: AwsError, expected: str) -> None:
    response = answered(model, "json", error)

    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body)["__type"] == expected


def test_sqs_tells_clients_of_the_query_protocol_their_code() -> None:
    headers = dict(answered("sqs", "json", QueueDoesNotExist("x")).headers)

    assert headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"


def test_lambda_error_has_type_header_and_type_member() -> None:
    response = answered("lambda", "rest-json", ServiceException("broken"))

    assert dict(response.headers)["x-amzn-errortype"] == "ServiceException"
    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body) == {"Type": "Service", "Message": "broken"}


def test_lambda_throttle_has_its_header_outside_the_body() -> None:
    members = {"retryAfterSeconds": "1", "Reason": "ConcurrentInvocationLimitExceeded"}
    response = answered("lambda", "rest-json", TooManyRequestsException("Rate exceeded", members))

    assert dict(response.headers)["Retry-After"] == "1"
    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body) == {
        "Type": "User",
        "message": "Rate exceeded",
        "Reason": "ConcurrentInvocationLimitExceeded",
    }


def test_s3_error_holds_its_members_between_sentence_and_ids() -> None:
    response = answered("s3", "rest-xml", NoSuchKey("gone", {"Key": "a\r&"}), "GetObject")
    headers = dict(response.headers)

    assert headers["x-amz-request-id"] == headers["x-amzn-requestid"] == "request-1"
    assert isinstance(response.body, bytes)
    assert response.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code>'
        "<Message>gone</Message><Key>a&#xd;&amp;</Key><RequestId>request-1</RequestId>"
        f"<HostId>{headers['x-amz-id-2']}</HostId></Error>"
    )


@pytest.mark.parametrize(
    ("operation", "error"), [("HeadObject", NoSuchKey("gone")), ("GetObject", NotModified("same"))]
)
def test_answers_to_head_and_304_have_no_body(operation: str, error: AwsError) -> None:
    response = answered("s3", "rest-xml", error, operation)

    assert (response.status, response.body) == (error.status, b"")
