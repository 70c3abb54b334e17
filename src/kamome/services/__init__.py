"""What a slice tells the pipeline of itself, and the type of its operations.

The pipeline, the routes and the protocols know services only through these descriptors; `app.py`
pairs each with its slice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from kamome.errors import AwsError
from kamome.protocols.model import Violation
from kamome.wire import HttpRequest

# Called as `operation(slice, context, request)`. The parameters differ by slice and operation, so
# the table cannot name them; each function itself is fully typed.
Operation = Callable[..., Awaitable[Mapping[str, object] | None]]


# Most calls are small; a slice that takes more says so.
_BODY_BYTES_MAX = 8 * 1024 * 1024


def _as_decoded(_request: HttpRequest, _decoded: dict[str, object]) -> None:
    """Most services need nothing of a request beyond its decoded input."""


class Service(msgspec.Struct, frozen=True):
    """One served AWS service.

    `model` is the folder of the service model; `protocols` are the wire protocols it answers, the
    model's own first. `violation` words constraint violations the way this service does.
    `resource_of` names what a request is about, for journeys. `target_prefix` and `api_version`
    tell its JSON and query calls apart from others'; `path_prefixes` its unsigned REST calls.
    `host_labels` are what its hosts are called besides the signing name (`email` for SES).
    `unsigned_operations` may be called without a signature also where signatures are enforced.
    `streams` says that streaming payloads are handed on as they arrive (S3).
    `complete` adds to the decoded input what the request says elsewhere (a queue's own URL).
    """

    name: str
    model: str
    protocols: tuple[str, ...]
    operations: Mapping[str, Operation]
    violation: Callable[[Sequence[Violation]], AwsError]
    resource_of: Callable[[Mapping[str, object]], str]
    signing_name: str = ""
    target_prefix: str = ""
    api_version: str = ""
    path_prefixes: tuple[str, ...] = ()
    host_labels: tuple[str, ...] = ()
    unsigned_operations: frozenset[str] = frozenset()
    streams: bool = False
    body_bytes_max: int = _BODY_BYTES_MAX
    complete: Callable[[HttpRequest, dict[str, object]], None] = _as_decoded


class Served(msgspec.Struct, frozen=True):
    """A service with the slice that its operations work on."""

    service: Service
    slice: object
