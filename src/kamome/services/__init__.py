"""What a slice tells the pipeline of itself, and the type of its operations.

The pipeline, the routes and the protocols know services only through these descriptors; `app.py`
pairs each with its slice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import cache, cached_property
from importlib import import_module
from typing import Protocol, cast

import msgspec

from kamome.errors import AwsError
from kamome.protocols.model import Violation
from kamome.wire import HttpRequest, HttpResponse

# Called as `operation(slice, context, request)`. The parameters differ by slice and operation, so
# the table cannot name them; each function itself is fully typed.
Operation = Callable[..., Awaitable[Mapping[str, object] | None]]
Complete = Callable[[HttpRequest, dict[str, object]], None]


# Most calls are small; a slice that takes more says so.
_BODY_BYTES_MAX = 8 * 1024 * 1024


class Run(msgspec.Struct, frozen=True):
    """An operation that the edge of a slice has run: its name, for faults and journeys.

    `owner` is account and Region of what is called, where the caller may be somebody else.
    """

    name: str
    operation: Operation
    request: Mapping[str, object]
    owner: tuple[str, str] | None = None


class Signer(Protocol):
    """Whose secret signed."""

    @property
    def access_key(self) -> str:
        """The key's public half."""


class Exchange(Protocol):
    """A request that a slice answers itself, or looks at on its way in and out.

    Browsers and web servers speak with S3 in forms that no operation of its model has.
    """

    request: HttpRequest
    request_id: str

    @property
    def is_enforcing(self) -> bool:
        """Whether signatures are enforced."""

    @property
    def path(self) -> str:
        """The path with the bucket in front, whatever the addressing style; percent-encoded."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Not to be read where the exchange goes on."""

    async def go_on(self) -> HttpResponse:
        """Answer by the operation that the request names, as if there were no edge."""

    @property
    def account(self) -> str:
        """The account of who signed the request; empty where nobody did."""

    def signer(self) -> Signer | None:
        """Who signed the request; None where nobody did.

        Raises:
            AwsError: signatures are enforced, and this one is not right.
        """

    def form_signer(self, fields: Mapping[str, str]) -> Signer | None:
        """Who signed the policy of an S3 form, by its fields; None where nobody did.

        Raises:
            AwsError: signatures are enforced, and this one is missing or not right.
        """

    async def invoke(self, run: Run, signer: Signer | None) -> Mapping[str, object]:
        """Run an operation for a signer, or for anybody; durable on return.

        Raises:
            AwsError: the operation refuses, or a rule has ordered it.
        """

    def answer(self, operation: str, result: Mapping[str, object]) -> HttpResponse:
        """What an operation gave, as its answer."""

    def refusal(self, error: AwsError) -> HttpResponse:
        """An error as the service words it."""


# A slice answers a request in place of its operation. Raises an AwsError to refuse.
Edge = Callable[[Exchange], Awaitable[HttpResponse]]


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
    `streams` says that streaming payloads are handed on as they arrive (S3). `runs_at_once` says
    that its operations need no task before they first wait (no `asyncio.timeout`): a request that
    came whole then costs none. `has_edge` says that `operations.py` has a function `edge`, which is
    asked before a request is decoded. Hosts that contain `host_mark` are the service's, and what is
    sent to them no call of an operation. `is_seldom` says that many never call it: its operations
    take no memory before.
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
    runs_at_once: bool = False
    has_edge: bool = False
    host_mark: str = ""
    is_seldom: bool = False
    body_bytes_max: int = _BODY_BYTES_MAX

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The operations that are served, by AWS's names."""
        return _loaded(self.module).OPERATIONS

    @property
    def actions(self) -> tuple[str, ...]:
        """What rules can name: the operations, and what is called at the slice's edge alone."""
        module = _loaded(self.module)
        return (*module.OPERATIONS, *getattr(module, "EDGE_ACTIONS", ()))

    def violation(self, violations: Sequence[Violation]) -> AwsError:
        """The refusal of an input that does not fit the model, in this service's words."""
        return _loaded(self.module).violation(violations)

    def resource_of(self, request: Mapping[str, object]) -> str:
        """What a request is about, for journeys and faults."""
        return _loaded(self.module).resource_of(request)

    @property
    def complete(self) -> Complete | None:
        """Adds to the decoded input what the request says elsewhere (a queue's own URL)."""
        return getattr(_loaded(self.module), "complete", None)

    def edge(self, slice_: object, request: HttpRequest) -> Edge | None:
        """Who answers a request that is no plain call of an operation; None: it is one."""
        edge: Edge | None = _loaded(self.module).edge(slice_, request)  # type: ignore[attr-defined] # only with `has_edge`
        return edge


class Served:
    """A service with the slice that its operations work on, made when the first call needs it."""

    def __init__(self, service: Service, make: Callable[[], object]) -> None:
        self.service = service
        self._make = make

    @cached_property
    def slice(self) -> object:
        """The slice."""
        return self._make()
