"""AWS query: the operation in `Action`, the input as a form, the answer as XML.

Names of members on the wire are those of `ServiceModel.query_view`, so a service whose model has
moved to JSON answers its older clients too.

AWS: Smithy 2.0, AWS query protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote_to_bytes

from kamome.protocols import errors, text, xml_shapes
from kamome.wire import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kamome.errors import AwsError
    from kamome.protocols.model import Member, OperationModel, ServiceModel, Shape
    from kamome.wire import HttpRequest

    Read: TypeAlias = Callable[["Node"], Any]

MAX_PARAMETERS = 20_000
MAX_SEGMENTS = 64
# The deepest input of a query service (a receipt rule of SES) takes eight for a parameter, and its
# list items share most of theirs; each takes about 300 bytes.
MAX_NODES = 100_000


class Node:
    """A parameter and those whose names continue its own after a dot."""

    __slots__ = ("below", "value")

    def __init__(self) -> None:
        self.value: str | None = None
        self.below: dict[str, Node] = {}

    def items(self) -> list[Node]:
        """The numbered nodes below, in the order of their numbers."""
        numbered = [
            (int(name), node)
            for name, node in self.below.items()
            if name.isascii() and name.isdigit() and len(name) < 9
        ]
        return [node for _, node in sorted(numbered, key=lambda entry: entry[0])]


def parameters(request: HttpRequest) -> list[tuple[str, str]]:
    """The parameters of the query string and of the body's form, in order.

    Raises:
        MalformedQueryString: a name or value is not UTF-8, or there are too many.
    """
    pairs = []
    for source in (request.raw_query, _form(request.body)):
        parts = source.split("&", MAX_PARAMETERS) if source else []
        if len(parts) > MAX_PARAMETERS:
            raise errors.MalformedQueryString("The query string has too many parameters")
        for part in parts:
            name, _, value = part.partition("=")
            if name:
                pairs.append((_unquoted(name), _unquoted(value)))
    return pairs


def _form(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise errors.MalformedQueryString("The form is not UTF-8") from None


def _unquoted(value: str) -> str:
    if "+" in value:
        value = value.replace("+", " ")
    if "%" not in value:
        return value
    try:
        return unquote_to_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise errors.MalformedQueryString("The query string is not UTF-8") from None


def _tree(pairs: list[tuple[str, str]]) -> Node:
    root, nodes = Node(), 0
    for name, value in pairs:
        node = root
        for segment in name.split(".", MAX_SEGMENTS)[:MAX_SEGMENTS]:
            found = node.below.get(segment)
            if found is None:
                found = node.below[segment] = Node()
                nodes += 1
            node = found
        node.value = value
        if nodes > MAX_NODES:
            raise errors.MalformedQueryString("The query string has too many parameters")
    return root


def _late(done: Mapping[tuple[str, bool], Read], key: tuple[str, bool]) -> Read:
    """A shape that contains itself, as its own parts see it while it is being compiled."""

    def read(node: Node) -> Any:
        return done[key](node)

    return read


class _ReaderCompiler:
    """Compiles readers: node to decoded value."""

    def __init__(self) -> None:
        self._done: dict[tuple[str, bool], Read] = {}

    def reader(self, member: Member) -> Read:
        shape = member.shape
        if not shape.parts() and shape.type != "structure":
            return _scalar_reader(member)
        key = (shape.name, member.flattened)
        if key not in self._done:
            done = self._done
            done[key] = _late(done, key)
            done[key] = self._make(shape, flattened=member.flattened)
        return self._done[key]

    def _make(self, shape: Shape, *, flattened: bool) -> Read:
        if shape.type == "structure":
            return self.structure(shape)
        if shape.type == "list":
            return self._list(shape, flattened=flattened)
        return self._map(shape, flattened=flattened)

    def structure(self, shape: Shape) -> Read:
        """The reader of a structure; members without a parameter are absent."""
        members = [
            (member.name, _names(member), self.reader(member)) for member in shape.members.values()
        ]

        def read(node: Node) -> dict[str, Any]:
            found = {}
            below = node.below
            for name, wire_names, read_member in members:
                for wire_name in wire_names:
                    if wire_name in below:
                        found[name] = read_member(below[wire_name])
                        break
            return found

        return read

    def _list(self, shape: Shape, *, flattened: bool) -> Read:
        item = self.reader(shape.member)
        wrapper = shape.member.wire_name
        scalar = not shape.member.shape.parts()

        def read(node: Node) -> list[Any]:
            if not flattened:
                node = node.below.get(wrapper, _NOTHING)
            nodes = node.items()
            if not nodes and flattened and (node.value if scalar else node.below):
                nodes = [node]  # `AttributeName=All`: one item may come without its number
            return [item(one) for one in nodes]

        return read

    def _map(self, shape: Shape, *, flattened: bool) -> Read:
        key_name, value_name = shape.key.wire_name, shape.value.wire_name
        read_key, read_value = self.reader(shape.key), self.reader(shape.value)

        def read(node: Node) -> dict[str, Any]:
            if not flattened:
                node = node.below.get("entry", _NOTHING)
            nodes = node.items()
            if not nodes and flattened and node.below:
                nodes = [node]
            found = {}
            for entry in nodes:
                if key_name not in entry.below:
                    raise errors.MalformedInput(f"A map entry lacks its {key_name}")
                key = read_key(entry.below[key_name])
                found[key] = read_value(entry.below.get(value_name, _NOTHING))
            return found

        return read


_NOTHING = Node()


def _names(member: Member) -> list[str]:
    """Names of a member's parameter: a flattened list goes by the name of its items."""
    shape = member.shape
    if member.flattened and shape.type == "list" and shape.member.renamed:
        return [shape.member.wire_name, member.wire_name]
    return [member.wire_name]


def _scalar_reader(member: Member) -> Read:
    convert = text.reader(member)
    kind, name = member.shape.type, member.name

    def read(node: Node) -> Any:
        if node.value is None and kind != "string":
            raise errors.MalformedInput(f"{name} has no value")
        try:
            return convert(node.value or "")
        except ValueError:
            raise errors.MalformedInput(
                f"The value of {name} cannot be converted to {kind.capitalize()}"
            ) from None

    return read


class Query:
    """`query`."""

    name = "query"

    def __init__(self) -> None:
        self._readers: dict[OperationModel, Read] = {}
        self._writers: dict[OperationModel, xml_shapes.Write | None] = {}

    def decode(self, operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
        """The operation's input from the query string and the form.

        Raises:
            MalformedQueryString: the form cannot be read.
            MalformedInput: a value is not of its member's type.
        """
        pairs = parameters(request)
        if operation.input is None:
            return {}
        read = self._readers.get(operation)
        if read is None:
            view = operation.service.query_view.operation(operation.name).input
            assert view is not None
            read = self._readers[operation] = _ReaderCompiler().structure(view)
        decoded: dict[str, Any] = read(_tree(pairs))
        return decoded

    def encode(
        self, operation: OperationModel, result: Mapping[str, Any] | None, request_id: str
    ) -> HttpResponse:
        """`<XResponse><XResult>…</XResult><ResponseMetadata>…`, as the API references show it."""
        service, name = operation.service.query_view, operation.name
        if operation not in self._writers:
            view = service.operation(name).output
            self._writers[operation] = (
                xml_shapes.WriterCompiler().members(list(view.members.values()))
                if view is not None
                else None
            )
        write = self._writers[operation]
        out = [f'<?xml version="1.0"?><{name}Response{_namespace(service)}>']
        if write is not None:
            wrapper = operation.result_wrapper or f"{name}Result"
            out.append(f"<{wrapper}>")
            write(result or {}, out)
            out.append(f"</{wrapper}>")
        out.append(
            f"<ResponseMetadata><RequestId>{xml_shapes.escape(request_id)}</RequestId>"
            f"</ResponseMetadata></{name}Response>"
        )
        return HttpResponse(200, _headers(request_id), xml_shapes.encoded(out))

    def encode_error(
        self,
        service: ServiceModel,
        operation: OperationModel | None,
        error: AwsError,
        request_id: str,
    ) -> HttpResponse:
        """`<ErrorResponse><Error>…`: type, code, sentence, and the error's own members."""
        view = service.query_view
        code = errors.query_code(view, error)
        document = error_document(view, error, code, request_id)
        return HttpResponse(error.status, _headers(request_id), document)


def error_document(service: ServiceModel, error: AwsError, code: str, request_id: str) -> bytes:
    """The error document of query services, which REST services with wrapped errors share."""
    escape = xml_shapes.escape
    out = [
        (
            f'<?xml version="1.0"?><ErrorResponse{_namespace(service)}><Error><Type>{error.fault}'
            f"</Type><Code>{escape(code)}</Code><Message>{escape(error.message)}</Message>"
        )
    ]
    write_members(service, error, out)
    out.append(f"</Error><RequestId>{escape(request_id)}</RequestId></ErrorResponse>")
    return xml_shapes.encoded_error(out)


def write_members(service: ServiceModel, error: AwsError, out: list[str]) -> None:
    """The extra members of an error, as the model shapes them where it knows them."""
    shape = errors.error_shape(service, error.code)
    compiler = xml_shapes.WriterCompiler()
    for name, value in error.members.items():
        if shape is not None and name in shape.members:
            compiler.element(shape.members[name])(value, out)
        else:
            out.append(f"<{name}>{xml_shapes.escape(str(value))}</{name}>")


def _namespace(service: ServiceModel) -> str:
    namespace = service.metadata.get("xmlNamespace")
    return f' xmlns="{xml_shapes.escape(namespace)}"' if namespace else ""


def _headers(request_id: str) -> list[tuple[str, str]]:
    return [("content-type", "text/xml"), ("x-amzn-requestid", request_id)]
