"""Which service and operation a request means: target header, credential scope, host, path, form.

AWS names the operation in `X-Amz-Target` (JSON), in the parameter `Action` (query), or by method
and path (REST). The service follows from the target's prefix, the credential scope, the host, or,
for unsigned calls, the API version and the path. What nothing else claims is S3's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from urllib.parse import unquote_plus

from kamome.errors import (
    AwsError,
    MethodNotAllowed,
    OperationNotServed,
    UnknownOperation,
    UnknownPath,
)
from kamome.http.credential import Credential
from kamome.protocols import WireProtocol, protocol
from kamome.protocols.model import OperationModel, ServiceModel, load_model
from kamome.protocols.operation_table import match
from kamome.services import Complete, Operation, Served
from kamome.wire import HttpRequest

_ACTION = re.compile(r"(?:^|&)Action=([^&]*)")
_VERSION = re.compile(r"(?:^|&)Version=([^&]*)")
_FORM = "application/x-www-form-urlencoded"
# Domains below which a name is a service's, a bucket's, or both (`bucket.s3.eu-west-1.…`).
_DOMAIN = re.compile(r"\.(?:amazonaws\.com(?:\.cn)?|localhost|localhost\.localstack\.cloud)$")
# `bucket.s3`, `bucket.s3.eu-west-1`, `bucket.s3-eu-west-1`, `bucket.s3.dualstack.eu-west-1`.
_BUCKET_HOST = re.compile(r"(.+)\.s3(?:[.-][a-z0-9-]+){0,3}")
_OBJECT_STORE = "s3"
# Hosts whose bucket is remembered, and their length with a port (RFC 1035 §2.3.4).
_HOSTS_MAX = 1024
_HOST_LENGTH_MAX = 253 + 6


class Call:
    """What a request turned out to mean, and what follows from that: found out once, then kept."""

    def __init__(self, served: Served, protocol: str, operation: str) -> None:
        self.served = served
        self.protocol = protocol
        self.operation = operation

    @cached_property
    def model(self) -> ServiceModel:
        """The service's model, as this protocol sees it."""
        model = load_model(self.served.service.model)
        return model.query_view if self.protocol == "query" else model

    @cached_property
    def operation_model(self) -> OperationModel:
        """The operation in the model. Raises: KeyError where it has none of that name."""
        return self.model.operation(self.operation)

    @cached_property
    def wire(self) -> WireProtocol:
        """The protocol's two directions."""
        return protocol(self.protocol)

    @cached_property
    def invoke(self) -> Operation:
        """The slice's function."""
        return self.served.service.operations[self.operation]

    @cached_property
    def complete(self) -> Complete | None:
        """Adds to the decoded input what the request says elsewhere; None: nothing ever does."""
        return self.served.service.complete

    @cached_property
    def streams(self) -> bool:
        """Whether the body is handed on as it arrives."""
        return (
            self.served.service.streams
            and self.protocol.startswith("rest")
            and self.operation_model.streaming_input is not None
        )


class Routes:
    """The served services by everything that can name them."""

    def __init__(self, services: Sequence[Served]) -> None:
        self._by_target = {s.service.target_prefix: s for s in services if s.service.target_prefix}
        # Where two APIs sign with one name, the first is meant, unless the path is the other's.
        self._by_signing = {s.service.signing_name: s for s in reversed(services)}
        self._by_shared_signing = _later_apis(services)
        self._by_version = {s.service.api_version: s for s in services if s.service.api_version}
        self._by_host = {label: s for s in services for label in _host_labels(s)}
        self._by_path = [(prefix, s) for s in services for prefix in s.service.path_prefixes]
        self._services = services
        # Calls that were made before: one for each operation and protocol.
        self._calls: dict[tuple[str, str, str], Call] = {}
        self._by_whole_target: dict[str, Call] = {}
        self._by_mark = [(s.service.host_mark, s) for s in services if s.service.host_mark]

    @cached_property
    def _by_action(self) -> Mapping[str, Served]:
        """Made when it is first asked: it imports the operations of all query services."""
        return _unambiguous_actions(self._services)

    def marked(self, request: HttpRequest) -> Served | None:
        """The service whose own hosts tell all (function URLs), whoever has signed what for whom.

        It is asked before anything else is read: what is sent there is the user's own, and an
        `Authorization` header no signature.
        """
        host = request.header("host")
        for mark, served in self._by_mark:
            if mark in host:
                return served
        return None

    def service_of(self, request: HttpRequest, credential: Credential | None) -> Served | None:
        """The service, as far as the head of the request tells it; None: the form will tell.

        Raises:
            OperationNotServed: the request is for a service that is not served.
            UnknownOperation: the target header names no service.
        """
        target = request.header("x-amz-target")
        if target:
            return self._by_target_prefix(target, credential)
        if credential is not None and credential.service:
            return self._by_signing_name(credential.service, request)
        return self._unsigned(request)

    def _by_target_prefix(self, target: str, credential: Credential | None) -> Served:
        prefix = target.rpartition(".")[0]
        served = self._by_target.get(prefix)
        if served is not None:
            return served
        if not prefix and credential is not None and credential.service in self._by_signing:
            raise UnknownOperation(f"{target} names no operation of {credential.service}.")
        raise OperationNotServed(f"The service of {target} is not served by Kamome.")

    def _by_signing_name(self, name: str, request: HttpRequest) -> Served:
        for prefix, later in self._by_shared_signing.get(name, ()):
            if request.raw_path.startswith(prefix):
                return later
        served = self._by_signing.get(name)
        if served is None:
            raise OperationNotServed(f"The service {name} is not served by Kamome.")
        return served

    def _unsigned(self, request: HttpRequest) -> Served | None:
        for prefix, served in self._by_path:
            if request.raw_path.startswith(prefix):
                return served
        if (request.method == "POST" and _is_form(request)) or _ACTION.search(request.raw_query):
            return None
        return self._by_host_name(request) or self._by_signing.get(_OBJECT_STORE)

    def _by_host_name(self, request: HttpRequest) -> Served | None:
        """`sqs.eu-west-1.amazonaws.com`, `sns.localhost`, `eu-west-1.queue.amazonaws.com`."""
        labels = _below_domain(request.header("host")).split(".")
        return next((self._by_host[label] for label in labels[-2:] if label in self._by_host), None)

    def call_of_whole(self, served: Served, request: HttpRequest, body: bytes) -> Call:
        """The operation of a request whose body is here and no longer than any service takes.

        Raises:
            CallRefused: as `call_of`.
        """
        call = self._by_whole_target.get(request.header("x-amz-target"))
        if call is None or call.served is not served:
            if "query" in served.service.protocols:
                request.body = body
            call = self.call_of(served, request)
        if not call.streams:
            request.body = body
        return call

    def call_of(self, served: Served | None, request: HttpRequest) -> Call:
        """The operation that the request names. Query calls need the body to be read before.

        Raises:
            UnknownOperation: the service has no such operation.
            OperationNotServed: it has, and Kamome does not serve it.
        """
        target = request.header("x-amz-target")
        if target and served is not None:
            call = self._checked(served, "json", target.rpartition(".")[2])
            if target == f"{served.service.target_prefix}.{call.operation}":
                self._by_whole_target[target] = call
            return call
        if served is None or "query" in served.service.protocols:
            return self._query_call(served, request)
        return self.rest_call(served, request)

    def _query_call(self, served: Served | None, request: HttpRequest) -> Call:
        form = request.body.decode("latin-1") if _is_form(request) else ""
        action = _ACTION.search(form) or _ACTION.search(request.raw_query)
        if served is None:
            version = _VERSION.search(form) or _VERSION.search(request.raw_query)
            served = self._by_version.get(version[1]) if version else None
        name = unquote_plus(action[1]) if action else ""
        if not name and served is not None and _is_rest_of_a_query_service(served, request):
            raise OperationNotServed(
                f"{served.service.signing_name} {request.method} {request.raw_path} "
                "is not served by Kamome."
            )
        if served is None:
            # A link that SNS hands out (`?Action=Unsubscribe&…`) has neither version nor signature.
            served = self._by_action.get(name)
        if served is None:
            raise OperationNotServed("The request names no service that is served by Kamome.")
        return self._checked(served, "query", name)

    def rest_call(self, served: Served, request: HttpRequest) -> Call:
        """The operation that method and path name."""
        service = served.service
        if service.name == _OBJECT_STORE:
            request.path = bucket_path(request)
        protocol_name = service.protocols[0]
        if not protocol_name.startswith("rest"):
            refusal = UnknownOperation("The request names no operation.")
            raise CallRefused(Call(served, protocol_name, ""), refusal)
        operation = match(load_model(service.model), request)
        if operation is None:
            call = Call(served, protocol_name, "")
            raise CallRefused(call, _nothing_there(call))
        return self._checked(served, protocol_name, operation)

    def _checked(self, served: Served, protocol_name: str, operation: str) -> Call:
        """The call of an operation that is served."""
        service = served.service
        key = (service.name, protocol_name, operation)
        known = self._calls.get(key)
        if known is not None:
            return known
        call = Call(served, protocol_name, operation)
        if operation in service.operations:
            self._calls[key] = call
            return call
        if operation in load_model(service.model).operation_names:
            raise CallRefused(
                call, OperationNotServed(f"{service.name} {operation} is not served by Kamome.")
            )
        named = operation or "(none)"
        raise CallRefused(
            call, UnknownOperation(f"The action {named} is not valid for this endpoint.")
        )


class CallRefused(Exception):
    """The operation is known as far as its protocol, but will not run."""

    def __init__(self, call: Call, error: AwsError) -> None:
        super().__init__(error.message)
        self.call = call
        self.error = error


def _nothing_there(call: Call) -> AwsError:
    """The refusal of a method and path that no operation of the service has."""
    if call.protocol == "rest-xml":
        return MethodNotAllowed("The specified method is not allowed against this resource.")
    return UnknownPath("No operation answers this method at this path.")


def _unambiguous_actions(services: Sequence[Served]) -> dict[str, Served]:
    """Query operations whose name no other service has: they tell the service by themselves."""
    found: dict[str, Served] = {}
    seen: set[str] = set()
    for served in services:
        if "query" in served.service.protocols:
            for name in served.service.operations:
                if name in seen:
                    found.pop(name, None)
                else:
                    found[name] = served
                seen.add(name)
    return found


def _later_apis(services: Sequence[Served]) -> dict[str, list[tuple[str, Served]]]:
    """Services that sign with the name of one before them, by name: told apart by their paths.

    AWS: SES API v2 Reference, Welcome (the endpoint and signing name are those of the first API).
    """
    found: dict[str, list[tuple[str, Served]]] = {}
    seen: set[str] = set()
    for served in services:
        name = served.service.signing_name
        if name in seen:
            prefixes = served.service.path_prefixes
            found.setdefault(name, []).extend((prefix, served) for prefix in prefixes)
        seen.add(name)
    return found


def _is_form(request: HttpRequest) -> bool:
    return request.header("content-type").lower().startswith(_FORM)


def _is_rest_of_a_query_service(served: Served, request: HttpRequest) -> bool:
    """Whether the call is for a later API that signs with the same name (SES v2)."""
    return served.service.protocols == ("query",) and request.raw_path != "/"


def _host_labels(served: Served) -> tuple[str, ...]:
    return (served.service.signing_name, *served.service.host_labels)


def _below_domain(host: str) -> str:
    """What stands before `amazonaws.com` or `localhost` in a host; empty for other hosts."""
    host = host.lower().partition(":")[0]
    domain = _DOMAIN.search(host)
    return host[: domain.start()] if domain is not None else ""


def bucket_path(request: HttpRequest) -> str:
    """The path with the bucket in front, whatever the addressing style.

    Clients that put the bucket in front of an endpoint of their own send `bucket.localhost`.

    AWS: S3 User Guide, Virtual hosting of buckets.
    """
    host = request.header("host")
    known = _bucket_of if len(host) <= _HOST_LENGTH_MAX else _bucket_of.__wrapped__
    return known(host) + request.raw_path


@lru_cache(_HOSTS_MAX)
def _bucket_of(host: str) -> str:
    """The bucket that a host names, behind a slash; empty where it names none."""
    name = _below_domain(host)
    found = _BUCKET_HOST.fullmatch(name)
    if found is not None:
        return f"/{found[1]}"
    is_service = not name or name == _OBJECT_STORE or name.startswith(("s3.", "s3-"))
    return "" if is_service else f"/{name}"
