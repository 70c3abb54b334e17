"""Which operation of a REST service a request means: by method, path, parameters and headers.

The table holds all operations of the model, also those that we do not serve, so that an answer can
name them.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.protocols.model import OperationModel, ServiceModel
    from kamome.wire import HttpRequest

_LABEL = re.compile(r"\{(\w+)(\+?)\}")

_tables: dict[ServiceModel, dict[str, list[_Template]]] = {}


class Binding(msgspec.Struct, frozen=True):
    """What an operation asks of a request besides method and path."""

    name: str
    literals: tuple[tuple[str, str], ...]
    parameters: frozenset[str]
    headers: frozenset[str]
    deprecated: bool


class _Template(msgspec.Struct, frozen=True):
    """One path pattern and the operations that share it, the most particular first."""

    pattern: re.Pattern[str]
    bindings: list[Binding]
    plain: list[Binding]  # those that a request without a query string can mean


def match(service: ServiceModel, request: HttpRequest) -> str | None:
    """The operation's name, None where the model has none.

    Among operations with one path, those whose literal parameters (`?notification`,
    `?list-type=2`) are there come first, then those whose required parameters and headers are
    there; what is required but could be missing by mistake decides only between several.

    AWS: Smithy 2.0, HTTP binding traits (http, httpQuery); S3 API Reference.
    """
    table = _tables.get(service)
    if table is None:
        table = _tables[service] = _build(service)
    for template in table.get(request.method, ()):
        if template.pattern.fullmatch(request.path) is not None:
            binding = _choose(template, request)
            if binding is not None:
                return binding.name
    return None


def _choose(template: _Template, request: HttpRequest) -> Binding | None:
    if not request.raw_query:
        fitting = template.plain
        query: dict[str, str] = {}
    else:
        query = dict(reversed(request.query))  # the first of several counts
        fitting = [b for b in template.bindings if _has_literals(query, b)]
    names = request.header_names
    for binding in fitting:
        if binding.parameters <= query.keys() and binding.headers <= names:
            return binding
    # None has all it requires: the one that requires least will say what is missing.
    return fitting[-1] if fitting else None


def _has_literals(query: Mapping[str, str], binding: Binding) -> bool:
    for name, value in binding.literals:
        if name not in query or (value and query[name] != value):
            return False
    return True


def _build(service: ServiceModel) -> dict[str, list[_Template]]:
    grouped: dict[tuple[str, str], list[Binding]] = {}
    for name in service.operation_names:
        operation = service.operation(name)
        ways = [(operation.http_method, operation.http_uri), operation.former_binding]
        for method, uri in filter(None, ways):
            grouped.setdefault((method, _shared(uri)), []).append(_binding(operation, uri))
    table: dict[str, list[_Template]] = {}
    for (method, shared), bindings in sorted(grouped.items(), key=_path_order):
        bindings.sort(key=_particularity)
        plain = [binding for binding in bindings if not binding.literals]
        template = _Template(path_pattern(shared), bindings, plain)
        table.setdefault(method, []).append(template)
    return table


def _shared(uri: str) -> str:
    """The path with labels numbered: operations that name a label otherwise share it."""
    count = itertools.count()
    path = uri.partition("?")[0]
    return _LABEL.sub(lambda found: f"{{l{next(count)}{found[2]}}}", path)


def _path_order(entry: tuple[tuple[str, str], object]) -> list[tuple[int, str]]:
    """Literal segments before labels, labels before greedy ones, longer paths first."""
    path = _LABEL.sub(lambda found: "{+}" if found[2] else "{}", entry[0][1])
    kinds = {"{}": 1, "{+}": 2}
    segments = path.strip("/").split("/")
    order = [(kinds.get(segment, 0), segment) for segment in segments]
    return [*order, (3, "")]


def _particularity(binding: Binding) -> tuple[int, int, bool]:
    required = len(binding.parameters) + len(binding.headers)
    return (-len(binding.literals), -required, binding.deprecated)


def _binding(operation: OperationModel, uri: str) -> Binding:
    literals = [
        (name, value)
        for name, _, value in (
            part.partition("=") for part in uri.partition("?")[2].split("&") if part
        )
    ]
    required = [
        member
        for member in (operation.input.members.values() if operation.input else ())
        if operation.input is not None and member.name in operation.input.required
    ]
    return Binding(
        operation.name,
        tuple(literals),
        frozenset(m.wire_name for m in required if m.location == "querystring"),
        frozenset(m.wire_name.lower() for m in required if m.location == "header"),
        operation.deprecated,
    )


def path_pattern(http_uri: str) -> re.Pattern[str]:
    """The expression of an operation's path; its groups are the labels.

    A slash at the end is as good as none, but for a greedy label, to which it belongs.
    """
    path = http_uri.partition("?")[0]
    pieces = []
    end = 0
    for found in _LABEL.finditer(path):
        pieces.append(re.escape(path[end : found.start()]))
        pieces.append(f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})")
        end = found.end()
    pieces.append(re.escape(path[end:].rstrip("/")))
    greedy = path.endswith("+}")
    return re.compile("".join(pieces) + ("" if greedy else "/?"), re.DOTALL)
