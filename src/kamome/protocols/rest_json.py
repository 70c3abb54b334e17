"""AWS REST-JSON: members in path, query string and headers, the others as a JSON body.

AWS: Smithy 2.0, AWS restJson1 protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamome.errors import SerializationError
from kamome.protocols import errors, json_shapes, rest
from kamome.wire import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.errors import AwsError
    from kamome.protocols.json_shapes import Convert
    from kamome.protocols.model import OperationModel, ServiceModel
    from kamome.wire import HttpRequest


class _Decoder:
    """Reads the input of one operation."""

    def __init__(self, operation: OperationModel) -> None:
        self._binding = rest.InputBinding(operation)
        self._error = rest.refusal(operation.service, "BODY_ERROR", SerializationError)
        self._words = operation.service.addition("BODY_ERROR_WORDS", "")
        self._streams = operation.streaming_input
        shape = operation.input
        self._recursive = shape is not None and shape.recursive
        self._payload = shape.members[shape.payload] if shape and shape.payload else None
        self._read: Convert | None = None
        compiler = json_shapes.ReaderCompiler()
        if self._payload is not None:
            if self._payload.shape.type not in {"blob", "string"}:
                self._read = compiler.reader(self._payload)
        elif shape is not None and self._binding.body_members:
            self._read = compiler.structure(shape, self._binding.body_members)

    def decode(self, request: HttpRequest) -> dict[str, Any]:
        decoded: dict[str, Any] = {}
        self._binding.decode(request, decoded)
        if self._streams is not None:
            decoded[self._streams] = rest.streamed_body(request)
        elif request.body:
            self._decode_body(request.body, decoded)
        return decoded

    def _decode_body(self, body: bytes, decoded: dict[str, Any]) -> None:
        try:
            if self._read is not None:
                value = self._read(json_shapes.parse(body, recursive=self._recursive))
                if self._payload is None:
                    decoded.update(value)
                else:
                    decoded[self._payload.name] = value
            elif self._payload is not None:
                is_text = self._payload.shape.type == "string"
                decoded[self._payload.name] = body.decode("utf-8") if is_text else body
        except json_shapes.Unreadable as unreadable:
            raise self._error(f"{self._words}{unreadable}") from None
        except UnicodeDecodeError:
            raise self._error(f"{self._words}Invalid UTF-8") from None


class _Encoder:
    """Writes the output of one operation."""

    def __init__(self, operation: OperationModel) -> None:
        self._binding = rest.OutputBinding(operation)
        shape = operation.output
        self._payload = shape.members[shape.payload] if shape and shape.payload else None
        self._write: Convert | None = None
        compiler = json_shapes.WriterCompiler()
        if self._payload is not None:
            if self._payload.shape.type not in {"blob", "string"}:
                self._write = compiler.writer(self._payload)
        elif shape is not None and self._binding.body_members:
            self._write = compiler.structure(shape, self._binding.body_members)

    def encode(self, result: Mapping[str, Any], request_id: str) -> HttpResponse:
        headers = [("x-amzn-requestid", request_id)]
        status = self._binding.encode(result, headers)
        content_type, body = self._body(result)
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("content-type", content_type))
        return HttpResponse(status, headers, body)

    def _body(self, result: Mapping[str, Any]) -> tuple[str, Any]:
        if self._payload is None:
            return "application/json", b"" if self._write is None else json_shapes.dump(
                self._write(result)
            )
        value = result.get(self._payload.name)
        kind = self._payload.shape.type
        if kind == "blob":
            return "application/octet-stream", b"" if value is None else value
        if kind == "string":
            return "text/plain", (value or "").encode("utf-8")
        if value is None:
            return "application/json", b"{}"
        return "application/json", json_shapes.dump(self._write(value) if self._write else value)


class RestJson:
    """`rest-json`."""

    name = "rest-json"

    def __init__(self) -> None:
        self._decoders: dict[OperationModel, _Decoder] = {}
        self._encoders: dict[OperationModel, _Encoder] = {}

    def decode(self, operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
        """The operation's input from path, query string, headers and body.

        Raises:
            MalformedRequest: a path label, parameter or header is not of its member's type.
            SerializationError: the body is no JSON object, or a member has another type.
        """
        decoder = self._decoders.get(operation)
        if decoder is None:
            decoder = self._decoders[operation] = _Decoder(operation)
        return decoder.decode(request)

    def encode(
        self, operation: OperationModel, result: Mapping[str, Any] | None, request_id: str
    ) -> HttpResponse:
        """The result; a body only where members or a payload belong into it."""
        encoder = self._encoders.get(operation)
        if encoder is None:
            encoder = self._encoders[operation] = _Encoder(operation)
        return encoder.encode(result or {}, request_id)

    def encode_error(
        self,
        service: ServiceModel,
        operation: OperationModel | None,
        error: AwsError,
        request_id: str,
    ) -> HttpResponse:
        """The code in `x-amzn-errortype`, the sentence and the error's own members in the body.

        Where the model gives an error a `Type`, it says `User` or `Service` by the error's fault.
        """
        shape = errors.error_shape(service, error.code)
        headers = [
            ("content-type", "application/json"),
            ("x-amzn-requestid", request_id),
            ("x-amzn-errortype", error.code),
            *rest.error_headers(shape, error.members),
        ]
        document: dict[str, Any] = {}
        if shape is None:
            document = {"message": error.message, **error.members}
        else:
            body_members = [member for member in shape.members.values() if not member.location]
            members = {errors.message_member(shape): error.message, **error.members}
            if "Type" in shape.members:
                members.setdefault("Type", "User" if error.fault == "Sender" else "Service")
            document = json_shapes.WriterCompiler().structure(shape, body_members)(members)
            if errors.message_member(shape) not in shape.members:
                document["message"] = error.message
        return HttpResponse(error.status, headers, json_shapes.dump(document))
