"""AWS JSON 1.0 and 1.1: the operation in `X-Amz-Target`, the input as a JSON body.

AWS: Smithy 2.0, AWS JSON 1.0 and 1.1 protocols; AWS query compatible trait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

from kamome.errors import SerializationError
from kamome.protocols import errors, json_shapes
from kamome.wire import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.errors import AwsError
    from kamome.protocols.json_shapes import Convert
    from kamome.protocols.model import OperationModel, ServiceModel, Shape
    from kamome.wire import HttpRequest


# Their clients compare the body with a checksum, Go's even where none is sent. AWS SDK for Go v2,
# service/dynamodb, response checksum validation.
_WITH_CHECKSUM = frozenset({"DynamoDB", "DynamoDB Streams"})


class Json:
    """`json`, in the version that the model names."""

    name = "json"

    def __init__(self) -> None:
        self._readers: dict[OperationModel, Convert] = {}
        self._writers: dict[OperationModel, Convert | None] = {}
        self._error_writers: dict[Shape, Convert] = {}

    def decode(self, operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
        """The operation's input from the body; an empty body is an empty input.

        Null members count as absent, unknown members are ignored.

        Raises:
            SerializationError: the body is no JSON object, or a member has another type.
        """
        shape = operation.input
        if shape is None or not request.body:
            return {}
        read = self._readers.get(operation)
        if read is None:
            read = json_shapes.ReaderCompiler().structure(shape)
            self._readers[operation] = read
        try:
            value = json_shapes.parse(request.body, recursive=shape.recursive)
            decoded: dict[str, Any] = read(value)
        except json_shapes.Unreadable as unreadable:
            raise SerializationError(str(unreadable)) from None
        return decoded

    def encode(
        self, operation: OperationModel, result: Mapping[str, Any] | None, request_id: str
    ) -> HttpResponse:
        """The result as a JSON object; an empty body where the operation has no output."""
        if operation not in self._writers:
            self._writers[operation] = (
                json_shapes.WriterCompiler().structure(operation.output)
                if operation.output is not None
                else None
            )
        write = self._writers[operation]
        body = b"" if write is None else json_shapes.dump(write(result or {}))
        return HttpResponse(200, _headers(operation.service, request_id, body), body)

    def encode_error(
        self,
        service: ServiceModel,
        operation: OperationModel | None,
        error: AwsError,
        request_id: str,
    ) -> HttpResponse:
        """`__type`, the sentence and the error's own members.

        Services that once spoke query say the old code in `x-amzn-query-error`, for clients that
        look for it there.
        """
        shape = errors.error_shape(service, error.code)
        document: dict[str, Any] = {"__type": errors.json_type(service, error.code)}
        if error.message or shape is None:
            document[errors.message_member(shape)] = error.message
        document.update(self._members(shape, error.members))
        body = json_shapes.dump(document)
        headers = _headers(service, request_id, body)
        if "awsQueryCompatible" in service.metadata:
            code = errors.query_code(service.query_view, error)
            headers.append(("x-amzn-query-error", f"{code};{error.fault}"))
        return HttpResponse(error.status, headers, body)

    def _members(self, shape: Shape | None, members: Mapping[str, object]) -> dict[str, Any]:
        if not members:
            return {}
        if shape is None:
            return dict(members)
        write = self._error_writers.get(shape)
        if write is None:
            write = self._error_writers[shape] = json_shapes.WriterCompiler().structure(shape)
        written: dict[str, Any] = write(members)
        return written


def _headers(service: ServiceModel, request_id: str, body: bytes) -> list[tuple[str, str]]:
    version = service.metadata.get("jsonVersion", "1.1")
    headers = [
        ("content-type", f"application/x-amz-json-{version}"),
        ("x-amzn-requestid", request_id),
    ]
    if service.metadata.get("serviceId") in _WITH_CHECKSUM:
        headers.append(("x-amz-crc32", str(crc32(body))))
    return headers
