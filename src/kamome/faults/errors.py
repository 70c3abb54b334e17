"""What calls end with when a rule strikes. The codes are the rule's; not in the service models."""

from __future__ import annotations

from typing import Literal

from kamome.errors import AwsError
from kamome.faults.rules import OTHER_THROTTLE, THROTTLES, Effect

# Codes for a rule that gives a status alone. AWS: Common Errors.
_CODES = {
    400: "BadRequest",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "RequestTimeout",
    429: "ThrottlingException",
    500: "InternalFailure",
    502: "InternalFailure",
    503: "ServiceUnavailable",
    504: "ServiceUnavailable",
}
# What common codes mean where a rule gives no status. AWS: Common Errors; S3, Error responses.
_STATUSES = {
    "InternalFailure": 500,
    "InternalError": 500,
    "InternalServerError": 500,
    "ServiceException": 500,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "SlowDown": 503,
    "RequestLimitExceeded": 503,
    "TooManyRequestsException": 429,
    "Throttled": 429,
    "AccessDenied": 403,
    "AccessDeniedException": 403,
}


class OrderedFault(AwsError):
    """An error that a rule has ordered. Code, status and fault are the instance's own."""

    code = "OrderedFault"

    def __init__(
        self, code: str, status: int, message: str, fault: Literal["Sender", "Receiver"]
    ) -> None:
        super().__init__(message)
        # Instances differ in what is fixed for other classes of errors.
        self.__dict__.update(code=code, status=status, fault=fault, query_code=code)


class ConnectionLost(AwsError):
    """The connection broke before an answer. A client is hung up on; a service tries again."""

    status = 503
    fault = "Receiver"


def error_of(effect: Effect, service: str) -> AwsError:
    """The error that a call to `service` ends with."""
    if effect.name == "drop":
        return ConnectionLost("The connection was lost, as ordered.")
    if effect.name == "outage":
        return OrderedFault(
            "ServiceUnavailable", 503, "The service is out of order, as ordered.", "Receiver"
        )
    if effect.name == "throttle":
        throttle = THROTTLES.get(service, OTHER_THROTTLE)
        return OrderedFault(throttle.code, throttle.status, throttle.message, throttle.fault)
    status = effect.status or _STATUSES.get(effect.code, 400)
    code = effect.code or _CODES.get(status, "BadRequest" if status < 500 else "InternalFailure")
    message = effect.message or "This error was ordered."
    return OrderedFault(code, status, message, "Sender" if status < 500 else "Receiver")
