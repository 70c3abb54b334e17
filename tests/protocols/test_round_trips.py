"""botocore as the other side: what its clients write we read, what we write they read.

For each of our services every operation of its model is taken through: parameters made from the
model at random (hypothesis chooses the seed) are serialized by botocore and decoded by us; results
are encoded by us and parsed by botocore.
"""

from __future__ import annotations

import copy
import random
import string
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import botocore.awsrequest
import botocore.model
import botocore.parsers
import botocore.serialize
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kamome.protocols import protocol
from kamome.protocols.model import (
    Member,
    OperationModel,
    ServiceModel,
    Shape,
    load_model,
)
from kamome.protocols.operation_table import match
from kamome.wire import BodyStream, HttpRequest

TEXT = string.ascii_letters + string.digits + " .-_~+&<>='\"%/?#:;,\n\téß漢字🐦"
HEADER_TEXT = string.ascii_letters + string.digits + "-_.=+/;:"
SPEAKS = [
    pytest.param("sqs", "json", id="sqs-json"),
    pytest.param("sqs", "query", id="sqs-query"),
    pytest.param("sns", "query", id="sns"),
    pytest.param("ses", "query", id="ses"),
    pytest.param("sts", "query", id="sts"),
    pytest.param("dynamodb", "json", id="dynamodb"),
    pytest.param("lambda", "rest-json", id="lambda"),
    pytest.param("s3", "rest-xml", id="s3"),
]

# A smaller seed is no simpler case, so there is nothing to shrink.
SEEDS = settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])


class Making:
    """Makes values for shapes. `inward` for requests, whose text XML parsers must not change."""

    def __init__(self, seed: int, protocol_name: str) -> None:
        self.random = random.Random(seed)
        self.keeps_empty = protocol_name == "json"

    def text(self, alphabet: str = TEXT, low: int = 0) -> str:
        return "".join(self.random.choices(alphabet, k=self.random.randint(low, 12)))

    def structure(self, shape: Shape, depth: int = 0) -> dict[str, Any]:
        members = [m for m in shape.members.values() if usable(m) and (depth < 4 or scalar(m))]
        always = {
            m.name for m in members if m.location in {"uri", "statusCode"} or m.trait("hostLabel")
        }
        chosen = [m for m in members if m.name in always or self.random.random() < 0.5]
        if depth and not chosen and members:
            chosen = [self.random.choice(members)]
        return {member.name: self.member(member, depth) for member in chosen}

    def member(self, member: Member, depth: int) -> Any:
        if member.location == "headers":
            keys = {self.text(string.ascii_lowercase, 1) for _ in range(2)}
            return {key: self.text(HEADER_TEXT, 1) for key in keys}
        if member.location == "header":
            return self.in_header(member)
        if member.location == "statusCode":
            return self.random.choice([200, 202, 206])
        low = 1 if member.location in {"uri", "querystring"} else 0
        return self.value(member, depth, low)

    def in_header(self, member: Member) -> Any:
        if member.shape.type == "list":
            return [self.text(HEADER_TEXT, 1) for _ in range(2)]
        if member.trait("hostLabel"):
            return self.text(string.ascii_letters, 1)
        if member.shape.type == "string":
            return self.text(HEADER_TEXT, 1)
        return self.value(member, 0, 1)

    def value(self, member: Member, depth: int, low: int = 0) -> Any:
        shape = member.shape
        if shape.type == "structure":
            return self.structure(shape, depth + 1)
        if shape.type in {"list", "map"}:
            count = self.random.randint(0 if self.keeps_empty else 1, 2)
            if shape.type == "list":
                return [self.value(shape.member, depth + 1, low) for _ in range(count)]
            return {self.text(low=1): self.value(shape.value, depth + 1, low) for _ in range(count)}
        return self.scalar(shape, low)

    def scalar(self, shape: Shape, low: int) -> Any:
        makers: dict[str, Callable[[], Any]] = {
            "string": lambda: self.text(low=low),
            "integer": lambda: self.random.randint(-(2**31), 2**31 - 1),
            "long": lambda: self.random.randint(-(2**63), 2**63 - 1),
            "boolean": lambda: self.random.random() < 0.5,
            "double": lambda: self.random.uniform(-1e6, 1e6),
            "float": lambda: self.random.uniform(-1e6, 1e6),
            "blob": lambda: self.random.randbytes(self.random.randint(1, 9)),
            "timestamp": lambda: float(self.random.randint(0, 4_000_000_000)),
        }
        return makers[shape.type]()


def usable(member: Member) -> bool:
    shape = member.shape
    return not shape.trait("eventstream") and not shape.trait("document")


def scalar(member: Member) -> bool:
    return member.shape.type not in {"structure", "list", "map"}


def as_client_sees(shape: Shape, value: Any) -> Any:
    """The same value with datetimes where our side has epoch seconds."""
    if shape.type == "structure":
        return {name: as_client_sees(shape.members[name].shape, v) for name, v in value.items()}
    if shape.type == "list":
        return [as_client_sees(shape.member.shape, item) for item in value]
    if shape.type == "map":
        return {key: as_client_sees(shape.value.shape, item) for key, item in value.items()}
    return datetime.fromtimestamp(value, UTC) if shape.type == "timestamp" else value


def client_model(service: ServiceModel, protocol_name: str) -> botocore.model.ServiceModel:
    view = service.query_view if protocol_name == "query" else service
    raw = copy.deepcopy(dict(view._raw))
    if protocol_name == "query":
        for name, operation in raw["operations"].items():
            if "output" in operation:
                operation["output"].setdefault("resultWrapper", f"{name}Result")
    return botocore.model.ServiceModel(raw, service.name)


def sent(protocol_name: str, operation: Any, params: dict[str, Any]) -> HttpRequest:
    serializer = botocore.serialize.create_serializer(protocol_name, include_validation=False)
    prepared = serializer.serialize_to_request(params, operation)
    prepared["context"] = {}
    botocore.awsrequest.prepare_request_dict(prepared, "http://localhost:4566")
    request = botocore.awsrequest.create_request_object(prepared).prepare()
    # A host label stands before the host: `http://label.localhost:4566/path`.
    path, _, raw_query = request.url.partition("localhost:4566")[2].partition("?")
    body = request.body or b""
    headers = [
        (name.lower(), value.decode() if isinstance(value, bytes) else str(value))
        for name, value in request.headers.items()
    ]
    return HttpRequest(
        prepared["method"],
        path,
        raw_query,
        headers,
        body=body.encode() if isinstance(body, str) else bytes(body),
    )


def parsed(protocol_name: str, operation: Any, response: Any) -> dict[str, Any]:
    parser = botocore.parsers.create_parser(protocol_name)
    headers = botocore.awsrequest.HeadersDict(dict(response.headers))
    shape = operation.output_shape
    payload = shape.serialization.get("payload") if shape is not None else None
    raw = payload is not None and shape.members[payload].type_name == "blob"
    answer = {
        "status_code": response.status,
        "headers": headers,
        "body": bytearray(response.body) if raw else response.body,  # bytes would become text
        "context": {},
    }
    found: dict[str, Any] = parser.parse(answer, shape)
    assert found.pop("ResponseMetadata")["RequestId"] == "request-1"
    return found


def read_now(body: BodyStream) -> bytes:
    """The whole of a stream that never waits."""
    coroutine = body.read()
    try:
        coroutine.send(None)
    except StopIteration as done:
        content: bytes = done.value
        return content
    raise AssertionError("the stream waited")


def check_request(service: ServiceModel, name: str, client: Any, making: Making) -> None:
    operation = service.operation(name)
    params = making.structure(operation.input) if operation.input else {}
    seen = as_client_sees(operation.input, params) if operation.input else {}
    protocol_name = client.metadata["protocol"]

    request = sent(protocol_name, client.operation_model(name), seen)
    decoded = protocol(protocol_name).decode(operation, request)

    streamed = operation.streaming_input
    if streamed is not None:
        decoded[streamed] = read_now(decoded[streamed])
        params.setdefault(streamed, b"")
    assert without_additions(decoded, params) == params_on_the_wire(operation, params), name


def params_on_the_wire(operation: OperationModel, params: dict[str, Any]) -> dict[str, Any]:
    """Without an empty text that is the whole body: no server can tell it from none."""
    payload = operation.input.payload if operation.input is not None else None
    return {name: value for name, value in params.items() if name != payload or value != ""}


def without_additions(decoded: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Decoded without what botocore adds: the body's length, and `{}` for an absent payload."""
    return {
        name: value
        for name, value in decoded.items()
        if name in params or (name != "ContentLength" and value != {})
    }


def check_result(service: ServiceModel, name: str, client: Any, making: Making) -> None:
    operation = service.operation(name)
    result = making.structure(operation.output) if operation.output else {}
    fill_payload(operation, result)

    protocol_name = client.metadata["protocol"]
    response = protocol(protocol_name).encode(operation, result, "request-1")

    seen = parsed(protocol_name, client.operation_model(name), response)
    expected = as_client_sees(operation.output, result) if operation.output else {}
    assert without_defaults(seen, expected) == expected, name


def without_defaults(seen: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Parsed without an empty header map, which botocore adds, and the type of a bare body."""
    return {
        name: value
        for name, value in seen.items()
        if name in expected or (value not in (None, {}) and name != "ContentType")
    }


def current_operations(service: ServiceModel) -> list[str]:
    """All but deprecated operations (members that share one name) and event streams."""
    return [
        name
        for name in service.operation_names
        if not service.operation(name).deprecated
        and not any(shape.trait("eventstream") for shape in parts_of(service.operation(name)))
    ]


def parts_of(operation: OperationModel) -> list[Shape]:
    return [m.shape for m in operation.output.members.values()] if operation.output else []


def fill_payload(operation: OperationModel, result: dict[str, Any]) -> None:
    """Bodies are always there on the wire, if only empty."""
    if operation.output is not None and operation.output.payload is not None:
        member = operation.output.members[operation.output.payload]
        empty: dict[str, Any] = {"blob": b"", "string": "", "structure": {}}
        if usable(member) and not (member.shape.type == "structure" and result.get(member.name)):
            result.setdefault(member.name, empty[member.shape.type])


@pytest.mark.parametrize(("model", "protocol_name"), SPEAKS)
@given(seed=st.integers(0, 2**32))
@SEEDS
def test_requests_of_botocore_decode_to_their_parameters(
    model: str, protocol_name: str, seed: int
) -> None:
    service = load_model(model)
    client = client_model(service, protocol_name)
    making = Making(seed, protocol_name)

    for name in current_operations(service):
        check_request(service, name, client, making)


@pytest.mark.parametrize(("model", "protocol_name"), SPEAKS)
@given(seed=st.integers(0, 2**32))
@SEEDS
def test_results_are_parsed_by_botocore_as_they_were_given(
    model: str, protocol_name: str, seed: int
) -> None:
    service = load_model(model)
    client = client_model(service, protocol_name)
    making = Making(seed, protocol_name)

    for name in current_operations(service):
        if name not in service.addition("VALUE_ROOTS", {}):
            check_result(service, name, client, making)


@pytest.mark.parametrize("model", ["s3", "lambda"])
@given(seed=st.integers(0, 2**32))
@SEEDS
def test_requests_of_botocore_name_their_operation(model: str, seed: int) -> None:
    service = load_model(model)
    client = client_model(service, service.metadata["protocol"])
    making = Making(seed, "rest")
    same = {"ListDirectoryBuckets": "ListBuckets"}  # the model itself cannot tell them apart

    for name in service.operation_names:
        operation = service.operation(name)
        assert operation.input is not None
        params = making.structure(operation.input)
        for required in operation.input.required:
            params.setdefault(required, making.member(operation.input.members[required], 0))
        seen = as_client_sees(operation.input, params)
        request = sent(client.metadata["protocol"], client.operation_model(name), seen)
        found = match(service, request)

        expected = same.get(name, current_name(service, name))
        assert found == expected, name


def current_name(service: ServiceModel, name: str) -> str:
    """Deprecated operations of S3 share method and path with those that replaced them."""
    replaced = {
        "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
        "GetBucketNotification": "GetBucketNotificationConfiguration",
        "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
        "PutBucketNotification": "PutBucketNotificationConfiguration",
    }
    return replaced.get(name, name) if service.name == "s3" else name
