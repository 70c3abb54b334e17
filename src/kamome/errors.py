"""`AwsError`, the base of every error a caller can be answered with.

A slice declares its errors in `services/<service>/errors.py`, one class per AWS code, named exactly
like the code. Rules and operations raise them; only `protocols/errors.py` turns them into bytes.
An exception that is not an `AwsError` is our mistake: it is logged once and answered as
`InternalFailure`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal


class AwsError(Exception):
    """An answer that refuses: AWS's code, HTTP status, fault and sentence.

    `code` is the code of the service's current protocol. `query_code` is what clients of the
    older query protocol see where the two differ (`x-amzn-query-error`). `members` are the extra
    members of the error document (`BucketName`, `Item`, …), under their AWS names. `headers` are
    headers of the answer that only this refusal has (S3 tells of delete markers by them).
    """

    code: ClassVar[str] = ""
    status: ClassVar[int] = 400
    fault: ClassVar[Literal["Sender", "Receiver"]] = "Sender"
    query_code: ClassVar[str | None] = None

    def __init_subclass__(cls) -> None:
        if "code" not in cls.__dict__:
            cls.code = cls.__name__

    def __init__(self, message: str = "", members: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.members: Mapping[str, object] = members or {}
        self.headers: Sequence[tuple[str, str]] = ()


class InternalFailure(AwsError):
    """Our own mistake, as a caller sees it. AWS: Common Errors, InternalFailure."""

    status = 500
    fault = "Receiver"


class ServiceUnavailable(AwsError):
    """The server cannot keep what it was given just now (full disk). AWS: Common Errors."""

    status = 503
    fault = "Receiver"


class OperationNotServed(AwsError):
    """The service or operation exists at AWS, and Kamome does not serve it.

    AWS has no such error; 501 and this code keep it from being taken for an AWS refusal.
    """

    code = "NotImplemented"
    status = 501


class UnknownOperation(AwsError):
    """The request names no operation that the service's model knows. AWS: Common Errors."""

    code = "UnknownOperationException"
    query_code = "InvalidAction"
    status = 400


class UnknownPath(UnknownOperation):
    """No operation answers this method at this path (services with JSON bodies)."""

    code = "UnknownOperationException"
    status = 404


class MethodNotAllowed(AwsError):
    """No operation answers this method at this path. AWS: S3, Error responses."""

    status = 405


class SerializationError(AwsError):
    """The body cannot be read as the operation's input. AWS: Common Errors, Serialization."""

    code = "SerializationException"
    status = 400


class MalformedRequest(AwsError):
    """The HTTP request itself cannot be understood (header, path, length, truncated body)."""

    code = "BadRequest"
    status = 400

    @classmethod
    def of_value(cls, name: str, value: str, reason: object) -> MalformedRequest:
        """The refusal of a header or parameter whose value cannot be read."""
        del value  # for services that repeat it
        return cls(f"Invalid value for {name}: {reason}")


class RequestEntityTooLarge(AwsError):
    """The body passed the limit while it arrived. RFC 9110 §15.5.14."""

    code = "RequestEntityTooLarge"
    status = 413


class UnknownTransferCoding(AwsError):
    """The body comes in a transfer coding that is not understood. RFC 9112 §6.1."""

    code = "NotImplemented"
    status = 501


class AccessDenied(AwsError):
    """A policy does not allow the call. AWS: Common Errors, AccessDeniedException."""

    code = "AccessDeniedException"
    status = 403
    query_code = "AccessDenied"
