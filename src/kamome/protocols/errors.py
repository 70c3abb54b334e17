"""Errors of the wire itself, and what the error documents of several protocols share."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, ClassVar

from kamome.errors import AwsError, MalformedRequest, SerializationError

if TYPE_CHECKING:
    from kamome.protocols.model import ServiceModel, Shape

__all__ = [
    "InvalidArgument",
    "InvalidRequestContent",
    "InvalidURI",
    "MalformedInput",
    "MalformedQueryString",
    "MalformedXML",
    "error_shape",
    "host_id",
    "json_type",
    "message_member",
    "query_code",
]


class MalformedXML(SerializationError):
    """The body is no XML, or not the document asked for. AWS: S3, Error responses."""

    code = "MalformedXML"


class MalformedInput(SerializationError):
    """A form's value cannot be read as its member's type. AWS: Common Errors (query services)."""

    code = "MalformedInput"


class InvalidRequestContent(SerializationError):
    """The body cannot be read as JSON, or not as the operation's. AWS: Lambda API Reference."""

    code = "InvalidRequestContentException"


class MalformedQueryString(MalformedRequest):
    """The form or query string has a syntax error. AWS: Common Errors, MalformedQueryString."""

    code = "MalformedQueryString"
    status: ClassVar[int] = 404


class InvalidURI(MalformedRequest):
    """The path cannot be decoded. AWS: S3, Error responses, InvalidURI."""

    code = "InvalidURI"


class InvalidArgument(MalformedRequest):
    """A header or parameter has a value of the wrong type. AWS: S3, Error responses."""

    code = "InvalidArgument"

    @classmethod
    def of_value(cls, name: str, value: str, reason: object) -> InvalidArgument:
        """S3 names the argument and repeats its value."""
        members = {"ArgumentName": name, "ArgumentValue": value}
        return cls(f"Invalid value for {name}: {reason}", members)


# Errors that come from AWS's own framework and not from a service are named so in `__type`.
_FRAMEWORK = "com.amazon.coral.service"
_VALIDATION = "com.amazon.coral.validate"


def error_shape(service: ServiceModel, code: str) -> Shape | None:
    """The model's shape of an error, None where the model does not know the code."""
    if not service.has_shape(code):
        return None
    shape = service.shape(code)
    return shape if shape.type == "structure" and shape.trait("exception") else None


def json_type(service: ServiceModel, code: str) -> str:
    """`__type` of a JSON error body, with the namespace where the service sends one."""
    namespace = service.addition("ERROR_NAMESPACE", "")
    if not namespace:
        return code
    if code == "ValidationException" and error_shape(service, code) is None:
        return f"{_VALIDATION}#{code}"
    if error_shape(service, code) is None and code not in service.addition("UNMODELLED_ERRORS", ()):
        return f"{_FRAMEWORK}#{code}"
    return f"{namespace}#{code}"


def message_member(shape: Shape | None) -> str:
    """What the member with the sentence is called: `message`, or `Message` where modelled so."""
    if shape is not None and "message" not in shape.members and "Message" in shape.members:
        return "Message"
    return "message"


def query_code(service: ServiceModel, error: AwsError) -> str:
    """The code that clients of the query protocol see."""
    if error.query_code is not None:
        return error.query_code
    shape = error_shape(service, error.code)
    modelled: dict[str, str] = (shape.trait("error") if shape is not None else None) or {}
    return modelled.get("code", error.code)


def host_id(request_id: str) -> str:
    """`x-amz-id-2` of an answer: opaque to clients, made of the request id alone."""
    return base64.b64encode(hashlib.sha512(request_id.encode()).digest()).decode("ascii")
