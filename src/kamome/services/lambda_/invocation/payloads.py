"""What goes into an invocation, and what its end looks like to the caller.

AWS: Lambda API Reference, Invoke; Lambda Developer Guide, Lambda quotas.
"""

from __future__ import annotations

import base64
import binascii
import json

import msgspec
import orjson

from kamome.services.lambda_.errors import (
    InvalidRequestContentException,
    RequestEntityTooLargeException,
)
from kamome.services.lambda_.limits import (
    CLIENT_CONTEXT_BYTES_MAX,
    EVENT_PAYLOAD_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
    RESPONSE_BYTES_MAX,
)
from kamome.services.lambda_.monitoring.log_lines import (
    ended_type,
    ended_words,
    timed_out_words,
)
from kamome.services.lambda_.runtimes.port import Outcome

EVENT = "Event"
UNHANDLED = "Unhandled"


class Result(msgspec.Struct, frozen=True):
    """How an invocation ended. `function_error` is empty, or `Unhandled`.

    AWS's other value, `Handled`, belonged to Node.js's first runtimes; the Runtime API has no way
    to say it.
    """

    request_id: str
    payload: bytes
    function_error: str
    error_type: str
    log_tail: bytes
    executed_version: str = "$LATEST"


def check_size(
    payload: bytes, invocation_type: str, event_bytes_max: int = EVENT_PAYLOAD_BYTES_MAX
) -> None:
    """Refuse a payload over 6 MB, or over 1 MB for an asynchronous invocation.

    Raises:
        RequestEntityTooLargeException: it is.
    """
    limit = event_bytes_max if invocation_type == EVENT else PAYLOAD_BYTES_MAX
    if len(payload) > limit:
        raise RequestEntityTooLargeException(
            f"{len(payload)} byte payload is too large for the {invocation_type} invocation type"
            f" (limit {limit} bytes)"
        )


def event_of(payload: bytes) -> bytes:
    """The event a function gets: the payload, or `{}` where none was sent.

    Raises:
        InvalidRequestContentException: the payload is not JSON.
    """
    if not payload:
        return b"{}"
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestContentException(
            "Could not parse request body into json: Could not parse payload into json:"
            f" {error.msg} at [Source: (byte[]); line: {error.lineno}, column: {error.colno}]"
        ) from None
    return payload


def client_context_of(encoded: str) -> str:
    """The client context as JSON in ASCII, for the runtime's header; empty where none was sent.

    Raises:
        InvalidRequestContentException: it is over 3,583 bytes, or no JSON object in base64.
    """
    if not encoded:
        return ""
    refused = InvalidRequestContentException(
        "Client context must be a valid Base64-encoded JSON object."
    )
    if len(encoded) > CLIENT_CONTEXT_BYTES_MAX:
        raise refused
    try:
        document = orjson.loads(base64.b64decode(encoded, validate=True))
    except (binascii.Error, orjson.JSONDecodeError):
        raise refused from None
    if not isinstance(document, dict):
        raise refused
    return json.dumps(document)


def result_of(request_id: str, outcome: Outcome, log_tail: bytes, timeout_s: int) -> Result:
    """The caller's view of an outcome: the response, or AWS's error document."""
    if outcome.kind == "response":
        return Result(request_id, outcome.payload, "", "", log_tail)
    if outcome.kind == "error":
        return Result(request_id, outcome.payload, UNHANDLED, outcome.error_type, log_tail)
    if outcome.kind == "too_large":
        words = (
            "Response payload size exceeded maximum allowed payload size"
            f" ({RESPONSE_BYTES_MAX} bytes)."
        )
    elif outcome.kind == "timed_out":
        words = f"RequestId: {request_id} Error: {timed_out_words(timeout_s)}"
    else:
        words = f"RequestId: {request_id} Error: {ended_words(outcome)}"
    error_type = ended_type(outcome)
    document = orjson.dumps({"errorType": error_type, "errorMessage": words})
    return Result(request_id, document, UNHANDLED, error_type, log_tail)
