"""Corners of the shapes that our services use seldom or never, and samples of AWS's references."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kamome.protocols import protocol
from kamome.protocols.model import OperationModel, ServiceModel, load_model
from kamome.protocols.operation_table import match
from kamome.wire import HttpRequest


def service(protocol_name: str, shapes: dict[str, Any], **http: Any) -> OperationModel:
    """A service with the one operation `Do`; `In` and `Out` are its input and output."""
    scalars = {
        name: {"type": name.lower()} for name in ("String", "Integer", "Timestamp", "Double")
    }
    raw = {
        "metadata": {"apiVersion": "2020-01-01", "protocol": protocol_name, "jsonVersion": "1.1"},
        "operations": {
            "Do": {
                "http": {"method": "POST", "requestUri": "/do", **http},
                "input": {"shape": "In"},
                "output": {"shape": "Out"},
            }
        },
        "shapes": {
            "In": {"type": "structure", "members": {}},
            "Out": {"type": "structure", "members": {}},
            **scalars,
            **shapes,
        },
    }
    return ServiceModel("synthetic", raw).operation("Do")


def members(**references: Any) -> dict[str, Any]:
    return {"type": "structure", "members": references}


def body_of(operation: OperationModel, result: dict[str, Any]) -> str:
    name = operation.service.metadata["protocol"]
    body = protocol(name).encode(operation, result, "request-1").body
    assert isinstance(body, bytes)
    return body.decode()


def decoded(operation: OperationModel, body: bytes = b"", **more: Any) -> dict[str, Any]:
    request = HttpRequest(
        operation.http_method, more.pop("path", "/do"), more.pop("query", ""), [], body, **more
    )
    return protocol(operation.service.metadata["protocol"]).decode(operation, request)


def sqs_query(name: str, form: str) -> dict[str, Any]:
    request = HttpRequest("POST", "/", "", [], form.replace("\n", "").encode())
    return protocol("query").decode(load_model("sqs").operation(name), request)


def test_sqs_form_of_send_message_batch() -> None:
    assert sqs_query(
        "SendMessageBatch",
        "Action=SendMessageBatch&SendMessageBatchRequestEntry.1.Id=a"
        "&SendMessageBatchRequestEntry.1.MessageBody=one+1"
        "&SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageBody=two"
        "&SendMessageBatchRequestEntry.2.DelaySeconds=60"
        "&SendMessageBatchRequestEntry.2.MessageAttribute.1.Name=n"
        "&SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.DataType=Binary"
        "&SendMessageBatchRequestEntry.2.MessageAttribute.1.Value.BinaryValue=AAE%3D",
    ) == {
        "Entries": [
            {"Id": "a", "MessageBody": "one 1"},
            {
                "Id": "b",
                "MessageBody": "two",
                "DelaySeconds": 60,
                "MessageAttributes": {"n": {"DataType": "Binary", "BinaryValue": b"\0\1"}},
            },
        ]
    }


def test_sqs_form_of_create_queue() -> None:
    form = "QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=k&Tag.1.Value=v"

    assert sqs_query("CreateQueue", form) == {
        "QueueName": "q",
        "Attributes": {"DelaySeconds": "5"},
        "tags": {"k": "v"},
    }


@pytest.mark.parametrize("form", ["AttributeName=All", "AttributeName.1=All"])
def test_one_item_of_a_flattened_list_may_come_without_number(form: str) -> None:
    assert sqs_query("GetQueueAttributes", form) == {"AttributeNames": ["All"]}


def test_items_of_a_form_come_in_the_order_of_their_numbers() -> None:
    form = "".join(f"&AttributeName.{number}={number}" for number in (10, 2, 1, 30))

    assert sqs_query("GetQueueAttributes", form) == {"AttributeNames": ["1", "2", "10", "30"]}


def test_empty_list_of_a_form_is_an_empty_list() -> None:
    assert sqs_query("GetQueueAttributes", "AttributeNames=") == {"AttributeNames": []}


def test_sqs_answer_of_receive_message() -> None:
    message = {
        "MessageId": "m",
        "Body": "<a>\r\n",
        "Attributes": {"SenderId": "s"},
        "MessageAttributes": {"n": {"DataType": "String", "StringValue": "v"}},
    }
    operation = load_model("sqs").operation("ReceiveMessage")

    response = protocol("query").encode(operation, {"Messages": [message, message]}, "r")

    one = (
        "<Message><MessageId>m</MessageId><Body>&lt;a&gt;&#xd;\n</Body>"
        "<Attribute><Name>SenderId</Name><Value>s</Value></Attribute>"
        "<MessageAttribute><Name>n</Name><Value><StringValue>v</StringValue>"
        "<DataType>String</DataType></Value></MessageAttribute></Message>"
    )
    assert (
        response.body
        == (
            '<?xml version="1.0"?><ReceiveMessageResponse '
            'xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><ReceiveMessageResult>'
            f"{one}{one}</ReceiveMessageResult><ResponseMetadata><RequestId>r</RequestId>"
            "</ResponseMetadata></ReceiveMessageResponse>"
        ).encode()
    )


def test_operation_without_output_answers_json_with_nothing() -> None:
    response = protocol("json").encode(load_model("sqs").operation("DeleteMessage"), None, "r")

    assert (response.status, response.body) == (200, b"")


def test_nulls_and_unknown_members_of_json_count_as_absent() -> None:
    operation = load_model("sqs").operation("SendMessage")
    body = b'{"QueueUrl":"q","DelaySeconds":null,"Unknown":[{"a":1}]}'

    assert protocol("json").decode(operation, HttpRequest("POST", "/", "", [], body)) == {
        "QueueUrl": "q"
    }


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("1767322445", 1767322445.0),
        ("1767322445.678", 1767322445.678),
        ('"1767322445.678"', 1767322445.678),
        ('"2026-01-02T02:54:05Z"', 1767322445.0),
        ('"2026-01-02T02:54:05.678Z"', 1767322445.678),
        ('"2026-01-02T11:54:05+09:00"', 1767322445.0),
        ('"20260102T025405Z"', 1767322445.0),
        ('"Fri, 02 Jan 2026 02:54:05 GMT"', 1767322445.0),
        ('"2026-01-02"', 1767312000.0),
    ],
)
def test_timestamp_is_read_from_each_format(sent: str, seconds: float) -> None:
    operation = service("json", {"In": members(At={"shape": "Timestamp"})})

    assert decoded(operation, f'{{"At":{sent}}}'.encode())["At"] == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("protocol_name", "format_name", "written"),
    [
        ("json", None, '{"At":1767322445.678}'),
        ("json", "iso8601", '{"At":"2026-01-02T02:54:05.678Z"}'),
        ("json", "rfc822", '{"At":"Fri, 02 Jan 2026 02:54:05 GMT"}'),
        ("query", None, "<At>2026-01-02T02:54:05.678Z</At>"),
        ("rest-xml", None, "<At>2026-01-02T02:54:05.678Z</At>"),
        ("rest-xml", "unixTimestamp", "<At>1767322445.678</At>"),
        ("rest-json", None, '{"At":1767322445.678}'),
    ],
)
def test_timestamp_is_written_in_the_format_of_its_place(
    protocol_name: str, format_name: str | None, written: str
) -> None:
    reference = {"shape": "Timestamp"}
    if format_name is not None:
        reference["timestampFormat"] = format_name
    operation = service(protocol_name, {"Out": members(At=reference)})

    assert written in body_of(operation, {"At": 1767322445.678})


def test_timestamp_in_a_header_is_a_date_of_http() -> None:
    at = {"shape": "Timestamp", "location": "header", "locationName": "X-At"}
    operation = service("rest-json", {"Out": members(At=at)})

    response = protocol("rest-json").encode(operation, {"At": 1767322445.678}, "r")

    assert ("X-At", "Fri, 02 Jan 2026 02:54:05 GMT") in response.headers


RECURSIVE = members(Name={"shape": "String"}, Below={"shape": "Nest"}, All={"shape": "Nests"})


@pytest.mark.parametrize("protocol_name", ["json", "query", "rest-json", "rest-xml"])
def test_shape_that_contains_itself_is_written(protocol_name: str) -> None:
    shapes = {
        "Out": members(Nest={"shape": "Nest"}),
        "Nest": RECURSIVE,
        "Nests": {"type": "list", "member": {"shape": "Nest"}},
    }
    operation = service(protocol_name, shapes)
    deepest = {"Name": "x"}

    text = body_of(operation, {"Nest": {"Below": {"All": [deepest, deepest]}}})

    assert len(re.findall("Name", text)) == (2 if "json" in protocol_name else 4)


def test_json_value_is_json_in_a_string() -> None:
    reference = {"shape": "String", "jsonvalue": True}
    shapes = {"In": members(A=reference), "Out": members(A=reference)}
    operation = service("json", shapes)

    assert decoded(operation, b'{"A":"{\\"b\\":[1]}"}') == {"A": {"b": [1]}}
    assert body_of(operation, {"A": {"b": [1]}}) == '{"A":"{\\"b\\":[1]}"}'


def test_name_on_the_wire_may_differ_from_the_members() -> None:
    reference = {"shape": "String", "locationName": "wire"}
    shapes = {"In": members(A=reference), "Out": members(A=reference)}
    operation = service("json", shapes)

    assert decoded(operation, b'{"wire":"x","A":"y"}') == {"A": "x"}
    assert body_of(operation, {"A": "x"}) == '{"wire":"x"}'


def test_query_string_map_takes_the_parameters_that_no_member_has() -> None:
    shapes = {
        "In": members(
            Id={"shape": "String", "location": "querystring", "locationName": "id"},
            Others={"shape": "Map", "location": "querystring"},
        ),
        "Map": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "Strings"}},
        "Strings": {"type": "list", "member": {"shape": "String"}},
    }

    assert decoded(service("rest-json", shapes), query="id=1&a=2&a=3") == {
        "Id": "1",
        "Others": {"a": ["2", "3"]},
    }


def test_list_in_a_header_keeps_quoted_commas() -> None:
    shapes = {
        "In": members(L={"shape": "Strings", "location": "header", "locationName": "X-L"}),
        "Out": members(L={"shape": "Strings", "location": "header", "locationName": "X-L"}),
        "Strings": {"type": "list", "member": {"shape": "String"}},
    }
    operation = service("rest-json", shapes)
    values = ["a", "b,c", 'd"e']

    header = dict(protocol("rest-json").encode(operation, {"L": values}, "r").headers)["X-L"]
    request = HttpRequest("POST", "/do", "", [("x-l", header)])

    assert protocol("rest-json").decode(operation, request) == {"L": values}


def test_line_end_in_a_header_value_cannot_begin_another_header() -> None:
    shapes = {"Out": members(A={"shape": "String", "location": "header", "locationName": "X-A"})}

    response = protocol("rest-json").encode(service("rest-json", shapes), {"A": "b\r\nX: c"}, "r")

    assert ("X-A", "b  X: c") in response.headers


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1.5])
@pytest.mark.parametrize("protocol_name", ["json", "rest-xml"])
def test_special_floats_have_names(protocol_name: str, value: float) -> None:
    operation = service(protocol_name, {"Out": members(D={"shape": "Double"})})

    text = body_of(operation, {"D": value})

    names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "1.5": "1.5"}
    assert names[str(value)] in text


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "expected"),
    [
        ("GET", "/", "", [], "ListBuckets"),
        ("GET", "/b", "", [], "ListObjects"),
        ("GET", "/b/", "list-type=2", [], "ListObjectsV2"),
        ("PUT", "/b", "notification", [], "PutBucketNotificationConfiguration"),
        ("PUT", "/b", "notification=", [], "PutBucketNotificationConfiguration"),
        ("PUT", "/b/k", "", [], "PutObject"),
        ("PUT", "/b/k", "x-id=PutObject", [], "PutObject"),
        ("PUT", "/b/k", "", [("x-amz-copy-source", "/a/b")], "CopyObject"),
        ("PUT", "/b/k", "partNumber=1&uploadId=u", [], "UploadPart"),
        ("POST", "/b/k", "uploads", [], "CreateMultipartUpload"),
        ("POST", "/b/k", "uploadId=u", [], "CompleteMultipartUpload"),
        ("POST", "/b", "delete", [], "DeleteObjects"),
        ("GET", "/b/k", "tagging", [], "GetObjectTagging"),
        ("HEAD", "/b/k/l", "", [], "HeadObject"),
    ],
)
def test_s3_operation_is_found_by_method_path_and_what_else_it_asks(
    method: str, path: str, query: str, headers: list[tuple[str, str]], expected: str
) -> None:
    found = match(load_model("s3"), HttpRequest(method, path, query, headers))

    assert found == expected


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/2015-03-31/functions", "ListFunctions"),
        ("GET", "/2015-03-31/functions/", "ListFunctions"),
        ("POST", "/2015-03-31/functions/f/invocations", "Invoke"),
        ("GET", "/2015-03-31/event-source-mappings", "ListEventSourceMappings"),
        ("DELETE", "/2015-03-31/functions/arn%3Aaws%3Alambda", "DeleteFunction"),
        ("GET", "/2015-03-31/nothing", None),
        ("PATCH", "/2015-03-31/functions", None),
    ],
)
def test_lambda_operation_is_found_by_path(method: str, path: str, expected: str | None) -> None:
    found = match(load_model("lambda"), HttpRequest(method, path, "", []))

    assert found == expected


@pytest.mark.parametrize(
    ("method", "path", "operation", "decoded"),
    [
        ("GET", "/v2/email/configuration-sets", "ListConfigurationSets", {}),
        (
            "GET",
            "/v2/email/contact-lists/news/contacts",
            "ListContacts",
            {"ContactListName": "news"},
        ),
        ("GET", "/v2/email/identities", "ListEmailIdentities", {}),
        ("GET", "/v2/email/import-jobs", "ListImportJobs", {}),
        ("POST", "/v2/email/list-identities", "ListEmailIdentities", {}),
        ("POST", "/v2/email/contact-lists/n/contacts/list", "ListContacts", None),
    ],
)
def test_ses_lists_are_where_clients_of_any_year_call_them(
    method: str, path: str, operation: str, decoded: dict[str, object] | None
) -> None:
    model = load_model("sesv2")
    request = HttpRequest(method, path, "PageSize=2&NextToken=a%3D", [])

    found = match(model, request)

    assert found == operation
    if decoded is not None:
        asked = protocol("rest-json").decode(model.operation(operation), request)
        assert asked == {**decoded, "PageSize": 2, "NextToken": "a="}


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_dkim_key_of_an_identity_is_put_under_two_paths(version: str) -> None:
    model = load_model("sesv2")
    path = f"/{version}/email/identities/example.com/dkim/signing"
    body = b'{"SigningAttributesOrigin": "AWS_SES"}'
    request = HttpRequest("PUT", path, "", [], body)
    operation = "PutEmailIdentityDkimSigningAttributes"

    assert match(model, request) == operation
    assert protocol("rest-json").decode(model.operation(operation), request) == {
        "EmailIdentity": "example.com",
        "SigningAttributesOrigin": "AWS_SES",
    }
