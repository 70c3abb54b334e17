"""HTTP bindings: members in the path, the query string, headers and the status.

What `rest-json` and `rest-xml` share. AWS: Smithy 2.0, HTTP binding traits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import unquote_to_bytes

from kamome.errors import AwsError, MalformedRequest
from kamome.protocols import errors, operation_table, text
from kamome.wire import BodyStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from kamome.protocols.model import Member, OperationModel, ServiceModel, Shape
    from kamome.wire import HttpRequest

    Bind: TypeAlias = Callable[[HttpRequest, dict[str, Any]], None]
    BindValue: TypeAlias = Callable[[str, dict[str, Any]], None]
    Place: TypeAlias = Callable[[Any, list[tuple[str, str]]], None]

Refusal = TypeVar("Refusal", bound=AwsError)

# A header or parameter that lists more than this is no request of a client of ours.
MAX_LIST = 10_000


def refusal(service: ServiceModel, kind: str, default: type[Refusal]) -> type[Refusal]:
    """The class of error that this service answers for an unreadable body, parameter or path."""
    found: type[Refusal] = getattr(errors, service.addition(kind, ""), default)
    return found


class InputBinding:
    """Reads the members of one operation's input that are outside the body."""

    def __init__(self, operation: OperationModel) -> None:
        former = operation.former_binding
        uris = [operation.http_uri] if former is None else [operation.http_uri, former[1]]
        self._patterns = [operation_table.path_pattern(uri) for uri in uris]
        self._path_error = refusal(operation.service, "PATH_ERROR", MalformedRequest)
        self._error = refusal(operation.service, "PARAMETER_ERROR", MalformedRequest)
        members = list(operation.input.members.values()) if operation.input else []
        self._labels = [
            (member.wire_name, member.name, text.reader(member))
            for member in members
            if member.location == "uri"
        ]
        bound_names = {m.wire_name for m in members if m.location == "querystring"}
        moved: frozenset[str] = operation.service.addition("FORMER_PARAMETERS", frozenset())
        # A request has some ten headers, and PutObject knows forty-five: the request's are gone by.
        self._headers = {
            member.wire_name.lower(): self._header(member)
            for member in members
            if member.location == "header"
        }
        self._header_maps = [self._header_map(m) for m in members if m.location == "headers"]
        self._parameters = [
            self._query_map(m, bound_names) if m.shape.type == "map" else self._parameter(m)
            for m in members
            if m.location == "querystring"
            or (former is not None and not m.location and m.name in moved)
        ]
        self.body_members = [member for member in members if not member.location]

    def decode(self, request: HttpRequest, decoded: dict[str, Any]) -> None:
        """Put the members into `decoded`. Raises: MalformedRequest, or what the service says."""
        if self._labels:
            path = request.path
            found = next(filter(None, (each.fullmatch(path) for each in self._patterns)), None)
            if found is None:
                raise self._path_error("Couldn't parse the specified URI.")
            for wire_name, name, convert in self._labels:
                decoded[name] = self._label(found[wire_name], name, convert)
        headers = self._headers
        for wire_name, value in request.header_values:
            bind_value = headers.get(wire_name)
            if bind_value is not None and value:
                bind_value(value, decoded)
        for bind in self._header_maps:
            bind(request, decoded)
        if request.raw_query:
            for bind in self._parameters:
                bind(request, decoded)

    def _label(self, raw: str, name: str, convert: text.Reader) -> Any:
        try:
            return convert(unquote_to_bytes(raw).decode("utf-8") if "%" in raw else raw)
        except ValueError:
            raise self._path_error("Couldn't parse the specified URI.") from None

    def _converter(self, member: Member, *, header: bool) -> text.Reader:
        convert = text.reader(member, base64_json=header)
        wire_name, error = member.wire_name, self._error

        def checked(value: str) -> Any:
            try:
                return convert(value)
            except ValueError as reason:
                raise error.of_value(wire_name, value, reason) from None

        return checked

    def _header(self, member: Member) -> BindValue:
        name = member.name
        if member.shape.type == "list":
            item = self._converter(member.shape.member, header=True)
            dates = member.shape.member.shape.type == "timestamp"

            def bind_list(value: str, decoded: dict[str, Any]) -> None:
                decoded[name] = [item(one) for one in split_header(value, dates=dates)]

            return bind_list
        if text.is_plain(member):

            def bind_text(value: str, decoded: dict[str, Any]) -> None:
                decoded[name] = value

            return bind_text
        convert = self._converter(member, header=True)

        def bind(value: str, decoded: dict[str, Any]) -> None:
            decoded[name] = convert(value)

        return bind

    @staticmethod
    def _header_map(member: Member) -> Bind:
        prefix, name = member.wire_name.lower(), member.name
        cut = len(prefix)

        def bind(request: HttpRequest, decoded: dict[str, Any]) -> None:
            found: dict[str, str] = {}
            for header in request.header_names:
                if header.startswith(prefix):
                    found[header[cut:]] = request.header(header)
            if found:
                decoded[name] = found

        return bind

    def _parameter(self, member: Member) -> Bind:
        wire_name, name = member.wire_name, member.name
        if member.shape.type == "list":
            item = self._converter(member.shape.member, header=False)

            def bind_list(request: HttpRequest, decoded: dict[str, Any]) -> None:
                found = [item(value) for key, value in request.query[:MAX_LIST] if key == wire_name]
                if found:
                    decoded[name] = found

            return bind_list
        convert = self._converter(member, header=False)
        keeps_empty = member.shape.type == "string"

        def bind(request: HttpRequest, decoded: dict[str, Any]) -> None:
            value = request.query_value(wire_name)
            if value or (keeps_empty and value is not None):
                decoded[name] = convert(value)

        return bind

    @staticmethod
    def _query_map(member: Member, bound_names: set[str]) -> Bind:
        name, lists = member.name, member.shape.value.shape.type == "list"

        def bind(request: HttpRequest, decoded: dict[str, Any]) -> None:
            found: dict[str, Any] = {}
            for key, value in request.query[:MAX_LIST]:
                if key in bound_names:
                    continue
                if lists:
                    found.setdefault(key, []).append(value)
                else:
                    found.setdefault(key, value)
            if found:
                decoded[name] = found

        return bind


def split_header(value: str, *, dates: bool = False) -> list[str]:
    """The items of a list in a header: by commas, quoted ones whole; dates hold one comma each."""
    if dates:
        parts = [part.strip() for part in value.split(",")]
        if all("GMT" in part for part in parts[1::2]) and len(parts) % 2 == 0:
            return [f"{day}, {rest}" for day, rest in zip(parts[::2], parts[1::2], strict=True)]
        return parts
    if '"' not in value:
        return [part.strip() for part in value.split(",")][:MAX_LIST]
    return _split_quoted(value)


def _split_quoted(value: str) -> list[str]:
    items, current, quoted, escaped = [], "", False, False
    for character in value:
        if escaped:
            current, escaped = current + character, False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            items.append(current.strip())
            current = ""
        else:
            current += character
    return [*items, current.strip()][:MAX_LIST]


def streamed_body(request: HttpRequest) -> BodyStream:
    """The request's body as a stream, also where the server has read it whole."""
    if request.stream is not None:
        return request.stream

    async def once() -> AsyncIterator[bytes]:
        if request.body:
            yield request.body

    return BodyStream(once(), len(request.body))


class OutputBinding:
    """Writes the members of one operation's output that are outside the body."""

    def __init__(self, operation: OperationModel) -> None:
        members = list(operation.output.members.values()) if operation.output else []
        self._places = {m.name: place for m in members if (place := _place(m)) is not None}
        self._status = next((m.name for m in members if m.location == "statusCode"), None)
        self._range = next((m.name for m in members if _is_content_range(m)), "")
        self._default_status = operation.http_status
        self.body_members = [member for member in members if not member.location]

    def encode(self, result: Mapping[str, Any], headers: list[tuple[str, str]]) -> int:
        """Append the headers of a result; the status to answer with."""
        places = self._places
        for name, value in result.items() if places else ():
            if value is not None and name in places:
                places[name](value, headers)
        status = result.get(self._status) if self._status is not None else None
        if status is not None:
            return int(status)
        # RFC 9110 §15.3.7: an answer that carries a range says so in its status.
        return 206 if result.get(self._range) is not None else self._default_status


def _is_content_range(member: Member) -> bool:
    return member.location == "header" and member.wire_name.lower() == "content-range"


def _place(member: Member) -> Place | None:
    wire_name = member.wire_name
    if member.location == "headers":
        return lambda value, headers: headers.extend(
            (wire_name + key, header_text(item)) for key, item in value.items()
        )
    if member.location != "header":
        return None
    if member.shape.type == "list":
        item_text = text.writer(member.shape.member, "rfc822", base64_json=True)
        quotes = member.shape.member.shape.type == "string"

        def place_list(value: Any, headers: list[tuple[str, str]]) -> None:
            items = [item_text(item) for item in value]
            if quotes:
                items = [_quoted(item) for item in items]
            headers.append((wire_name, header_text(", ".join(items))))

        return place_list
    if text.is_plain(member):
        return lambda value, headers: headers.append(
            (wire_name, value if value.isprintable() else header_text(value))
        )
    convert = text.writer(member, "rfc822", base64_json=True)
    return lambda value, headers: headers.append((wire_name, header_text(convert(value))))


def _quoted(item: str) -> str:
    if "," not in item and '"' not in item:
        return item
    escaped = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def header_text(value: str) -> str:
    """A value that cannot end its header: line ends and NUL become blanks. RFC 9110 §5.5."""
    if value.isprintable():
        return value
    return value.replace("\r", " ").replace("\n", " ").replace("\0", " ")


def error_headers(shape: Shape | None, members: Mapping[str, object]) -> list[tuple[str, str]]:
    """Headers of an error whose model binds members to headers (`Retry-After`)."""
    headers: list[tuple[str, str]] = []
    for name, member in shape.members.items() if shape is not None else ():
        place = _place(member)
        if place is not None and members.get(name) is not None:
            place(members[name], headers)
    return headers
