"""What a slice tells the pipeline of itself, and the type of its operations.

The pipeline, the routes and the protocols know services only through these descriptors; `app.py`
pairs each with its slice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Protocol, cast

import msgspec

from kamome.errors import AwsError
from kamome.protocols.model import Violation
from kamome.wire import HttpRequest

# Called as `operation(slice, context, request)`. The parameters differ by slice and operation, so
# the table cannot name them; each function itself is fully typed.
Operation = Callable[..., Awaitable[Mapping[str, object] | None]]


# Most calls are small; a slice that takes more says so.
_BODY_BYTES_MAX = 8 * 1024 * 1024


class OperationsModule(Protocol):
    """A slice's `operations.py`."""

    OPERATIONS: Mapping[str, Operation]

    def violation(self, violations: Sequence[Violation], /) -> AwsError:
        """Words constraint violations the way this service does."""

    def resource_of(self, request: Mapping[str, object], /) -> str:
        """Names what a request is about, for journeys."""


@cache
def _loaded(module: str) -> OperationsModule:
    return cast("OperationsModule", import_module(module))


class Service(msgspec.Struct, frozen=True):
    """One served AWS service.

    `model` is the folder of the service model; `protocols` are the wire protocols it answers, the
    model's own first. `module` is the slice's `operations.py`: it is imported when the first call
    comes, or behind the start (`app.py`), for the operations of all slices take a good part of the
    time that a server needs to be ready. `target_prefix` and `api_version` tell its JSON and query
    calls apart from others'; `path_prefixes` its unsigned REST calls.
    `host_labels` are what its hosts are called besides the signing name (`email` for SES).
    `unsigned_operations` may be called without a signature also where signatures are enforced.
    `streams` says that streaming payloads are handed on as they arrive (S3).
    """

    name: str
    model: str
    protocols: tuple[str, ...]
    module: str
    signing_name: str = ""
    target_prefix: str = ""
    api_version: str = ""
    path_prefixes: tuple[str, ...] = ()
    host_labels: tuple[str, ...] = ()
    unsigned_operations: frozenset[str] = frozenset()
    streams: bool = False
    body_bytes_max: int = _BODY_BYTES_MAX

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The operations that are served, by AWS's names."""
        return _loaded(self.module).OPERATIONS

    def violation(self, violations: Sequence[Violation]) -> AwsError:
        """The refusal of an input that does not fit the model, in this service's words."""
        return _loaded(self.module).violation(violations)

    def resource_of(self, request: Mapping[str, object]) -> str:
        """What a request is about, for journeys and faults."""
        return _loaded(self.module).resource_of(request)

    def complete(self, request: HttpRequest, decoded: dict[str, object]) -> None:
        """Add to the decoded input what the request says elsewhere (a queue's own URL)."""
        complete = getattr(_loaded(self.module), "complete", None)
        if complete is not None:
            complete(request, decoded)


class Served(msgspec.Struct, frozen=True):
    """A service with the slice that its operations work on."""

    service: Service
    slice: object
