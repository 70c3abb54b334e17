"""Shapes as JSON values, both ways: what `json` and `rest-json` share.

A closure per shape, compiled on first use. AWS's words for a value of the wrong type are those of
its framework: `NUMBER_VALUE cannot be converted to String`.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from kamome.protocols import text, timestamps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kamome.protocols.model import Member, Shape

    Convert: TypeAlias = Callable[[Any], Any]

# DynamoDB's deepest item takes two levels of JSON per level of nesting, 32 of them; decoding and
# the rules behind it recurse, and Python's stack holds about a thousand frames.
MAX_DEPTH = 128


class Unreadable(ValueError):
    """A body that is not what the operation takes; the protocol words and raises AWS's error."""


def parse(body: bytes, *, recursive: bool) -> Any:
    """The JSON value of a body, not nested deeper than `MAX_DEPTH` (checked for recursive shapes).

    Raises:
        Unreadable: the body is no JSON, or too deep.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"Unexpected token received from parser ({error})") from None
    if recursive and body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if item.__class__ is dict:
                below.extend(item.values())
            elif item.__class__ is list:
                below.extend(item)
        if not below:
            return
        level = below
    raise Unreadable(f"nested more than {MAX_DEPTH} levels deep")


_TOKENS = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE"}


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    if value is None:
        return "NULL_VALUE"
    return _TOKENS.get(value.__class__, "")


def _mismatch(value: Any, target: str) -> Unreadable:
    if isinstance(value, dict):
        return Unreadable("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return Unreadable("Start of list found where not expected")
    return Unreadable(f"{_token(value)} cannot be converted to {target}")


def _late(done: Mapping[str, Convert | None], name: str) -> Convert:
    """A shape that contains itself, as its own parts see it while it is being compiled."""

    def convert(value: Any) -> Any:
        found = done[name]
        return value if found is None else found(value)

    return convert


class ReaderCompiler:
    """Compiles readers: JSON value to decoded value. Readers raise `Unreadable`."""

    def __init__(self) -> None:
        self._done: dict[str, Convert] = {}

    def reader(self, member: Member) -> Convert:
        """The reader of a member's value."""
        shape = member.shape
        if member.trait("jsonvalue") or shape.trait("document"):
            return _read_json_value if member.trait("jsonvalue") else lambda value: value
        done, name = self._done, shape.name
        if name not in done:
            done[name] = _late(done, name)
            done[name] = self._make(shape)
        return done[name]

    def structure(self, shape: Shape, only: list[Member] | None = None) -> Convert:
        """The reader of a structure, or of those of its members that are in the body."""
        chosen = list(shape.members.values()) if only is None else only
        members = {member.wire_name: (member.name, self.reader(member)) for member in chosen}

        def read(value: Any) -> dict[str, Any]:
            if value.__class__ is not dict:
                raise _mismatch(value, shape.name)
            found = {}
            for wire_name, item in value.items():
                if item is not None and wire_name in members:
                    name, read_item = members[wire_name]
                    found[name] = read_item(item)
            return found

        return read

    def _make(self, shape: Shape) -> Convert:
        if shape.type == "structure":
            return self.structure(shape)
        if shape.type == "list":
            return self._list(shape)
        if shape.type == "map":
            return self._map(shape)
        return _scalar_reader(shape)

    def _list(self, shape: Shape) -> Convert:
        read_item = self.reader(shape.member)

        def read(value: Any) -> list[Any]:
            if value.__class__ is not list:
                if isinstance(value, dict):
                    raise _mismatch(value, "List")
                raise Unreadable("Expected list or null")
            return [read_item(item) for item in value]

        return read

    def _map(self, shape: Shape) -> Convert:
        read_item = self.reader(shape.value)

        def read(value: Any) -> dict[str, Any]:
            if value.__class__ is not dict:
                raise _mismatch(value, "Map")
            return {key: read_item(item) for key, item in value.items() if item is not None}

        return read


def _read_json_value(value: Any) -> Any:
    try:
        return orjson.loads(_read_string(value))
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"not a JSON value ({error})") from None


def _read_string(value: Any) -> str:
    if value.__class__ is not str:
        raise _mismatch(value, "String")
    text_value: str = value
    return text_value


def _read_boolean(value: Any) -> bool:
    if value is True or value is False:
        truth: bool = value
        return truth
    raise _mismatch(value, "Boolean")


def _read_blob(value: Any) -> bytes:
    try:
        return text.read_blob(_read_string(value))
    except Unreadable:
        raise
    except ValueError:
        raise Unreadable("STRING_VALUE is not valid base64") from None


def _read_float(value: Any) -> float:
    if value.__class__ is float or value.__class__ is int:
        return float(value)
    if value.__class__ is str and value in {"NaN", "Infinity", "-Infinity"}:
        return float(value)
    raise _mismatch(value, "Double")


def _read_timestamp(value: Any) -> float:
    try:
        if value.__class__ is str:
            return timestamps.parse(value)
        return timestamps.within_range(_read_float(value))
    except Unreadable:
        raise _mismatch(value, "Timestamp") from None
    except ValueError as error:
        raise Unreadable(str(error)) from None


def _integer_reader(shape: Shape) -> Convert:
    bits = text.INTEGERS[shape.type]
    target = "Integer" if bits == 31 else "Long"

    def read(value: Any) -> int:
        if value.__class__ is float and value.is_integer() and abs(value) < 1 << 63:
            value = int(value)
        if value.__class__ is not int:
            raise _mismatch(value, target)
        try:
            return text.fitting(value, bits)
        except ValueError:
            raise Unreadable(f"NUMBER_VALUE is out of range for {target}") from None

    return read


def _scalar_reader(shape: Shape) -> Convert:
    if shape.type in text.INTEGERS:
        return _integer_reader(shape)
    readers: dict[str, Convert] = {
        "string": _read_string,
        "character": _read_string,
        "boolean": _read_boolean,
        "blob": _read_blob,
        "float": _read_float,
        "double": _read_float,
        "timestamp": _read_timestamp,
    }
    return readers[shape.type]


class WriterCompiler:
    """Compiles writers: result value to a value that orjson writes. None: write it as it is."""

    def __init__(self) -> None:
        self._done: dict[str, Convert | None] = {}

    def writer(self, member: Member) -> Convert | None:
        """The writer of a member's value."""
        shape = member.shape
        if member.trait("jsonvalue"):
            return lambda value: orjson.dumps(value).decode()
        if shape.trait("document"):
            return None
        if shape.type == "timestamp":
            return _timestamp_writer(member.trait("timestampFormat") or "unixTimestamp")
        return self._shape(shape)

    def _shape(self, shape: Shape) -> Convert | None:
        done, name = self._done, shape.name
        if name not in done:
            if shape.type == "structure":  # only a structure can contain itself
                done[name] = _late(done, name)
                done[name] = self.structure(shape)
            else:
                done[name] = self._make(shape)
        return done[name]

    def structure(self, shape: Shape, only: list[Member] | None = None) -> Convert:
        """The writer of a structure, or of those of its members that are in the body."""
        chosen = list(shape.members.values()) if only is None else only
        members = [(member.name, member.wire_name, self.writer(member)) for member in chosen]

        def write(value: Any) -> dict[str, Any]:
            made = {}
            for name, wire_name, write_item in members:
                item = value.get(name)
                if item is not None:
                    made[wire_name] = item if write_item is None else write_item(item)
            return made

        return write

    def _make(self, shape: Shape) -> Convert | None:
        if shape.type == "list":
            item_writer = self.writer(shape.member)
            if item_writer is None:
                return None
            return lambda value: [item_writer(item) for item in value]
        if shape.type == "map":
            value_writer = self.writer(shape.value)
            if value_writer is None:
                return None
            return lambda value: {key: value_writer(item) for key, item in value.items()}
        if shape.type == "blob":
            return lambda value: base64.b64encode(value).decode("ascii")
        if shape.type in {"float", "double"}:
            return _write_float
        return None


def _write_float(value: Any) -> Any:
    finite = value - value == 0
    return value if finite else text.write_float(value)


def _timestamp_writer(format_name: str) -> Convert:
    if format_name == "unixTimestamp":
        return timestamps.unix
    return lambda value: timestamps.formatted(value, format_name)


def dump(value: Any) -> bytes:
    """A value as JSON text."""
    return orjson.dumps(value)
