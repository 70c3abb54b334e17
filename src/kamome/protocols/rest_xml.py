"""AWS REST-XML: members in path, query string and headers, the others as an XML body.

AWS: Smithy 2.0, AWS restXml protocol; S3 API Reference, Error responses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamome.protocols import errors, query, rest, xml_shapes
from kamome.wire import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.errors import AwsError
    from kamome.protocols.model import OperationModel, ServiceModel
    from kamome.wire import HttpRequest

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_UNREADABLE = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)


class _Decoder:
    """Reads the input of one operation."""

    def __init__(self, operation: OperationModel) -> None:
        self._binding = rest.InputBinding(operation)
        self._error = rest.refusal(operation.service, "BODY_ERROR", errors.MalformedXML)
        self._streams = operation.streaming_input
        shape = operation.input
        self._payload = shape.members[shape.payload] if shape and shape.payload else None
        self._root: str | None = operation.input_reference.get("locationName")
        self._read: xml_shapes.Read | None = None
        compiler = xml_shapes.ReaderCompiler()
        if self._payload is not None:
            if self._payload.shape.type not in {"blob", "string"}:
                self._root = self._payload.wire_name
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
                self._decode_document(self._read, xml_shapes.parse(body), decoded)
            elif self._payload is not None:
                is_text = self._payload.shape.type == "string"
                decoded[self._payload.name] = body.decode("utf-8") if is_text else body
        except (xml_shapes.Unreadable, UnicodeDecodeError):
            raise self._error(_UNREADABLE) from None

    def _decode_document(
        self, read: xml_shapes.Read, root: xml_shapes.Element, decoded: dict[str, Any]
    ) -> None:
        if self._root is not None and root.name != self._root:
            raise xml_shapes.Unreadable(f"<{root.name}> is not <{self._root}>")
        value = read(root)
        if self._payload is None:
            decoded.update(value)
        else:
            decoded[self._payload.name] = value


class _Encoder:
    """Writes the output of one operation."""

    def __init__(self, operation: OperationModel) -> None:
        self._binding = rest.OutputBinding(operation)
        service = operation.service
        self._headers = _request_id_headers(service)
        shape = operation.output
        self._payload = shape.members[shape.payload] if shape and shape.payload else None
        self._write: xml_shapes.Write | None = None
        self._root = ""
        compiler = xml_shapes.WriterCompiler()
        roots: Mapping[str, str] = service.addition("RESULT_ROOTS", {})
        if self._payload is not None:
            if self._payload.shape.type == "structure":
                members = list(self._payload.shape.members.values())
                self._write = compiler.members(members)
                self._root = roots.get(operation.name, self._payload.wire_name)
        elif shape is not None and self._binding.body_members:
            self._write = compiler.members(self._binding.body_members)
            self._root = roots.get(operation.name, f"{operation.name}Result")
        namespace = service.addition("XML_NAMESPACE", service.metadata.get("xmlNamespace", ""))
        self._opening = f'<{self._root} xmlns="{namespace}">' if namespace else f"<{self._root}>"
        # The one member whose text is the whole document, without an element of its own.
        self._value: str | None = service.addition("VALUE_ROOTS", {}).get(operation.name)

    def encode(self, result: Mapping[str, Any], request_id: str) -> HttpResponse:
        headers = self._headers(request_id)
        status = self._binding.encode(result, headers)
        content_type, body = self._body(result)
        if content_type and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("content-type", content_type))
        return HttpResponse(status, headers, body)

    def _body(self, result: Mapping[str, Any]) -> tuple[str, Any]:
        value: Any = result if self._payload is None else result.get(self._payload.name)
        if self._write is not None:
            if value is None:
                return "", b""
            out = [_DECLARATION, self._opening]
            if self._value is not None:
                out.append(xml_shapes.escape(value.get(self._value, "")))
            else:
                self._write(value, out)
            out.append(f"</{self._root}>")
            return "application/xml", xml_shapes.encoded(out)
        if self._payload is None or value is None:
            return "", b""
        if self._payload.shape.type == "string":
            return "text/plain", value.encode("utf-8")
        return "binary/octet-stream", value


class RestXml:
    """`rest-xml`."""

    name = "rest-xml"

    def __init__(self) -> None:
        self._decoders: dict[OperationModel, _Decoder] = {}
        self._encoders: dict[OperationModel, _Encoder] = {}

    def decode(self, operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
        """The operation's input from path, query string, headers and body.

        A streamed body (`Body` of PutObject) is a `BodyStream`, always there.

        Raises:
            MalformedRequest: a path label, parameter or header is not of its member's type
                (S3: InvalidURI, InvalidArgument).
            MalformedXML: the body is not the operation's document.
        """
        decoder = self._decoders.get(operation)
        if decoder is None:
            decoder = self._decoders[operation] = _Decoder(operation)
        return decoder.decode(request)

    def encode(
        self, operation: OperationModel, result: Mapping[str, Any] | None, request_id: str
    ) -> HttpResponse:
        """The result; a streamed body goes on as the iterator that it is."""
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
        """S3's bare `<Error>` with the extra members of its code, or the wrapped one of others.

        An answer to HEAD, and 304, has no body.
        """
        headers = _request_id_headers(service)(request_id)
        headers.extend(rest.error_headers(errors.error_shape(service, error.code), error.members))
        headers.extend(error.headers)
        if error.status == 304:
            # RFC 9110 §15.4.5: headers of the answer that is spared (ETag), where they are known.
            shape = operation.output if operation is not None else None
            headers.extend(rest.error_headers(shape, error.members))
            return HttpResponse(error.status, headers, b"")
        if operation is not None and operation.http_method == "HEAD":
            return HttpResponse(error.status, headers, b"")
        headers.append(("content-type", "application/xml"))
        code = errors.query_code(service, error)
        if not service.addition("BARE_ERRORS", False):
            document = query.error_document(service, error, code, request_id)
            return HttpResponse(error.status, headers, document)
        escape = xml_shapes.escape
        out = [
            (
                f"{_DECLARATION}<Error><Code>{escape(code)}</Code>"
                f"<Message>{escape(error.message)}</Message>"
            )
        ]
        query.write_members(service, error, out)
        out.append(
            f"<RequestId>{escape(request_id)}</RequestId>"
            f"<HostId>{errors.host_id(request_id)}</HostId></Error>"
        )
        return HttpResponse(error.status, headers, xml_shapes.encoded_error(out))


def _request_id_headers(service: ServiceModel) -> Any:
    if service.addition("S3_REQUEST_IDS", False):
        return lambda request_id: [
            ("x-amz-request-id", request_id),
            ("x-amz-id-2", errors.host_id(request_id)),
            ("x-amzn-requestid", request_id),
        ]
    return lambda request_id: [("x-amzn-requestid", request_id)]
