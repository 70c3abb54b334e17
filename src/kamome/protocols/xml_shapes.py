"""Shapes as XML, both ways: elements in for `rest-xml`, elements out for it and for `query`.

The parser refuses document types (and with them entities), and bounds how deep and how many
elements are. Writers are closures that append text to a list.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias
from xml.parsers import expat

from kamome.protocols import text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kamome.protocols.model import Member, Shape

    Write: TypeAlias = Callable[[Any, list[str]], None]
    Read: TypeAlias = Callable[["Element"], Any]

MAX_DEPTH = 64
# CompleteMultipartUpload names 10,000 parts with ten members each; an element takes 250 bytes.
MAX_ELEMENTS = 120_000

# What XML 1.0 §2.2 forbids, and the carriage return, which a parser would turn into a line feed
# (§2.11). AWS sends them as character references.
_SPECIAL = re.compile('[&<>"\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]')
_FORBIDDEN_REFERENCE = re.compile(r"&#x(?:[0-8bcef]|1[0-9a-f]|d[89a-f][0-9a-f]{2}|fff[ef]);")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


class Unreadable(ValueError):
    """A body that is not the document the operation takes."""


def escape(value: str) -> str:
    """Text for an element or an attribute in double quotes."""
    if _SPECIAL.search(value) is None:
        return value
    return _SPECIAL.sub(lambda m: _NAMED.get(m[0]) or f"&#x{ord(m[0]):x};", value)


def escape_attribute(value: str) -> str:
    """The same for an attribute, where a parser turns tabs and line feeds into blanks (§3.3.3)."""
    return escape(value).replace("\t", "&#x9;").replace("\n", "&#xa;")


class Element:
    """One element: its local name, attributes as written, its text, and the elements in it."""

    __slots__ = ("attributes", "children", "name", "parts")

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        self.parts: list[str] = []

    @property
    def text(self) -> str:
        """The characters directly in the element."""
        return "".join(self.parts)


def parse(body: bytes) -> Element:
    """The root element of a document without document type, at most `MAX_DEPTH` levels deep.

    Raises:
        Unreadable: not well-formed, too deep, of too many elements, or with a document type.
    """
    root = Element("", {})
    open_elements = [root]
    left = MAX_ELEMENTS

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Unreadable(f"more than {MAX_ELEMENTS} elements")
        if len(open_elements) > MAX_DEPTH:
            raise Unreadable(f"nested more than {MAX_DEPTH} levels deep")
        element = Element(name.rpartition(":")[2], attributes)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def characters(data: str) -> None:
        open_elements[-1].parts.append(data)

    def doctype(*_: object) -> None:
        raise Unreadable("a document type is not allowed")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: open_elements.pop()
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body, True)
    except Unreadable:
        raise
    except (expat.ExpatError, ValueError, LookupError) as error:  # unknown encodings: the last two
        raise Unreadable(str(error)) from None
    return root.children[0]


def _late_read(done: Mapping[tuple[str, bool], Read], key: tuple[str, bool]) -> Read:
    """A shape that contains itself, as its own parts see it while it is being compiled."""

    def read(element: Element) -> Any:
        return done[key](element)

    return read


def _late_write(done: Mapping[str, Write], name: str) -> Write:
    """A shape that contains itself, as its own parts see it while it is being compiled."""

    def write(value: Any, out: list[str]) -> None:
        done[name](value, out)

    return write


class ReaderCompiler:
    """Compiles readers: element to decoded value. Readers raise `Unreadable`."""

    def __init__(self) -> None:
        self._done: dict[tuple[str, bool], Read] = {}

    def reader(self, member: Member) -> Read:
        """The reader of one element that holds a member (for a flattened list: of one item)."""
        shape = member.shape
        if not shape.parts() and shape.type != "structure":
            return _scalar_reader(member)
        key = (shape.name, member.flattened)
        if key not in self._done:
            done = self._done
            done[key] = _late_read(done, key)
            done[key] = self._make(shape, flattened=member.flattened)
        return self._done[key]

    def _make(self, shape: Shape, *, flattened: bool) -> Read:
        if shape.type == "structure":
            return self.structure(shape, list(shape.members.values()))
        if shape.type == "map":
            entry = self._entry(shape)
            if flattened:
                return entry
            return lambda element: dict(entry(child) for child in element.children)
        item = self.reader(shape.member)
        if flattened:
            return item
        return lambda element: [item(child) for child in element.children]

    def _entry(self, shape: Shape) -> Read:
        key_name, value_name = shape.key.wire_name, shape.value.wire_name
        read_key, read_value = self.reader(shape.key), self.reader(shape.value)

        def read(element: Element) -> tuple[Any, Any]:
            found = {child.name: child for child in element.children}
            if key_name not in found or value_name not in found:
                raise Unreadable(f"<{element.name}> lacks <{key_name}> or <{value_name}>")
            return read_key(found[key_name]), read_value(found[value_name])

        return read

    def structure(self, shape: Shape, chosen: list[Member]) -> Read:
        """The reader of an element that holds those members of a structure."""
        attributes = {m.wire_name: m for m in chosen if m.trait("xmlAttribute")}
        text_readers = {name: text.reader(member) for name, member in attributes.items()}
        members = {}
        for member in chosen:
            if member.wire_name not in attributes:
                for name in _element_names(member):
                    members[name] = (member.name, _gathered(member), self.reader(member))

        def read(element: Element) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for name, value in element.attributes.items():
                if name in attributes:
                    found[attributes[name].name] = _converted(text_readers[name], value, name)
            for child in element.children:
                if child.name in members:
                    name, gathered, read_child = members[child.name]
                    value = read_child(child)
                    if gathered == "list":
                        found.setdefault(name, []).append(value)
                    elif gathered == "map":
                        found.setdefault(name, {})[value[0]] = value[1]
                    else:
                        found[name] = value
            return found

        return read


def _gathered(member: Member) -> str:
    """`list` or `map` where each element is one item of a flattened one."""
    return member.shape.type if member.flattened else ""


def _element_names(member: Member) -> list[str]:
    """Names under which an element of this member may come."""
    if member.flattened and member.shape.type == "list" and member.shape.member.renamed:
        return [member.wire_name, member.shape.member.wire_name]
    return [member.wire_name]


def _converted(read: text.Reader, value: str, name: str) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise Unreadable(f"<{name}>: {error}") from None


def _scalar_reader(member: Member) -> Read:
    convert = text.reader(member)

    def read(element: Element) -> Any:
        if element.children:
            raise Unreadable(f"<{element.name}> holds elements")
        return _converted(convert, element.text, element.name)

    return read


class WriterCompiler:
    """Compiles writers: a member's value to its element or elements."""

    def __init__(self) -> None:
        self._done: dict[str, Write] = {}

    def element(self, member: Member, name: str | None = None) -> Write:
        """The writer of a member as an element of that name (its own where None)."""
        shape = member.shape
        if member.flattened and shape.type == "list":
            wire_name = shape.member.wire_name if shape.member.renamed else member.wire_name
            item = self.element(shape.member, name or wire_name)
            return _each(item)
        tag = name or member.wire_name
        if member.flattened and shape.type == "map":
            return self._entries(shape, tag)
        opening = _opening(member, tag)
        if shape.type == "structure":
            return self._structure(member, tag)
        if shape.type in {"list", "map"}:
            content = self._content(shape)
            return lambda value, out: _wrapped(opening, content, value, out, tag)
        convert = text.writer(member, "iso8601")
        closing = f"</{tag}>"
        return lambda value, out: out.append(f"{opening}>{escape(convert(value))}{closing}")

    def _structure(self, member: Member, tag: str) -> Write:
        attributes = [
            (part.name, part.wire_name, text.writer(part, "iso8601"))
            for part in member.shape.members.values()
            if part.trait("xmlAttribute")
        ]
        opening, content = _opening(member, tag), self._content(member.shape)
        if not attributes:
            return lambda value, out: _wrapped(opening, content, value, out, tag)

        def write(value: Any, out: list[str]) -> None:
            head = opening
            for name, wire_name, convert in attributes:
                if value.get(name) is not None:
                    head += f' {wire_name}="{escape_attribute(convert(value[name]))}"'
            _wrapped(head, content, value, out, tag)

        return write

    def _content(self, shape: Shape) -> Write:
        done, name = self._done, shape.name
        if name not in done:
            done[name] = _late_write(done, name)
            done[name] = self._make_content(shape)
        return done[name]

    def _make_content(self, shape: Shape) -> Write:
        if shape.type == "structure":
            return self.members(list(shape.members.values()))
        if shape.type == "map":
            return self._entries(shape, "entry")
        return _each(self.element(shape.member))

    def members(self, chosen: list[Member]) -> Write:
        """The writer of those members of a structure, in the model's order."""
        writers = [
            (member.name, self.element(member))
            for member in chosen
            if not member.trait("xmlAttribute")
        ]

        def write(value: Any, out: list[str]) -> None:
            for name, write_member in writers:
                item = value.get(name)
                if item is not None:
                    write_member(item, out)

        return write

    def _entries(self, shape: Shape, tag: str) -> Write:
        write_key, write_value = self.element(shape.key), self.element(shape.value)

        def write(value: Any, out: list[str]) -> None:
            for key, item in value.items():
                out.append(f"<{tag}>")
                write_key(key, out)
                write_value(item, out)
                out.append(f"</{tag}>")

        return write


def _each(item: Write) -> Write:
    def write(value: Any, out: list[str]) -> None:
        for one in value:
            item(one, out)

    return write


def _wrapped(opening: str, content: Write, value: Any, out: list[str], tag: str) -> None:
    out.append(f"{opening}>")
    content(value, out)
    out.append(f"</{tag}>")


def _opening(member: Member, tag: str) -> str:
    """`<tag` with the member's namespace."""
    namespace = member.trait("xmlNamespace")
    if not namespace:
        return f"<{tag}"
    uri = namespace if isinstance(namespace, str) else namespace["uri"]
    prefix = "" if isinstance(namespace, str) else namespace.get("prefix", "")
    return f'<{tag} xmlns{":" + prefix if prefix else ""}="{escape(uri)}"'


def encoded(parts: list[str]) -> bytes:
    """The text as UTF-8."""
    return "".join(parts).encode("utf-8")


def encoded_error(parts: list[str]) -> bytes:
    """An error document: what it quotes of a request may hold what no XML parser takes.

    A result keeps such characters as references, as AWS sends them: there they are data.
    """
    return _FORBIDDEN_REFERENCE.sub("\ufffd", "".join(parts)).encode("utf-8")
