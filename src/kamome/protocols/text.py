"""Scalars as text: members of forms, headers, query strings, path labels and XML elements."""

from __future__ import annotations

import base64
import binascii
import re
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from kamome.protocols import timestamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamome.protocols.model import Member

    Reader: TypeAlias = Callable[[str], Any]
    Writer: TypeAlias = Callable[[Any], str]

INTEGERS = {"integer": 31, "long": 63, "short": 15, "byte": 7, "bigInteger": 1023}
_INTEGER = re.compile(r"[+-]?\d{1,310}", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?", re.ASCII)
_SPECIAL_FLOATS = {"NaN", "Infinity", "-Infinity"}


def read_integer(text: str, bits: int) -> int:
    """A whole number that fits. Raises: ValueError."""
    if _INTEGER.fullmatch(text) is None:
        raise ValueError("not a whole number")
    return fitting(int(text), bits)


def fitting(number: int, bits: int) -> int:
    """The same number. Raises: ValueError when it needs more than `bits` and a sign."""
    if not -(1 << bits) <= number < (1 << bits):
        raise ValueError("number out of range")
    return number


def read_boolean(text: str) -> bool:
    """`true` or `false` in any case. Raises: ValueError."""
    lowered = text.lower()
    if lowered not in {"true", "false"}:
        raise ValueError("not a boolean")
    return lowered == "true"


def read_float(text: str) -> float:
    """A number of finite size, or one of the three special names. Raises: ValueError."""
    if text in _SPECIAL_FLOATS:
        return float(text)
    number = float(text) if _FLOAT.fullmatch(text) else inf
    if number in (inf, -inf):
        raise ValueError("not a number")
    return number


def read_blob(text: str) -> bytes:
    """Base64 as bytes. Raises: ValueError (binascii.Error is one)."""
    return binascii.a2b_base64(text.encode("ascii"), strict_mode=True)


def _read_json_value(text: str) -> Any:
    return orjson.loads(text)


def is_plain(member: Member) -> bool:
    """Whether a scalar member is text on both sides, so that there is nothing to convert."""
    return member.shape.type == "string" and not member.trait("jsonvalue")


def reader(member: Member, *, base64_json: bool = False) -> Reader:
    """The function that reads a scalar member from text; it raises ValueError on what it cannot.

    `base64_json`: a `jsonvalue` comes in base64, as headers carry it.
    """
    kind = member.shape.type
    if member.trait("jsonvalue"):
        return (lambda text: orjson.loads(read_blob(text))) if base64_json else _read_json_value
    if kind in INTEGERS:
        bits = INTEGERS[kind]
        return lambda text: read_integer(text.strip(), bits)
    readers: dict[str, Reader] = {
        "string": str,
        "character": str,
        "boolean": lambda text: read_boolean(text.strip()),
        "float": lambda text: read_float(text.strip()),
        "double": lambda text: read_float(text.strip()),
        "blob": lambda text: read_blob(text.strip()),
        "timestamp": timestamps.parse,
    }
    return readers[kind]


def write_boolean(value: Any) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def write_float(value: Any) -> str:
    """A number, or one of the three special names."""
    number = float(value)
    if number != number:
        return "NaN"
    if number in {float("inf"), float("-inf")}:
        return "Infinity" if number > 0 else "-Infinity"
    return repr(number)


def writer(member: Member, default_format: str, *, base64_json: bool = False) -> Writer:
    """The function that writes a scalar member as text.

    `default_format` is the timestamp format of the place where the model names none.
    """
    kind = member.shape.type
    if member.trait("jsonvalue"):
        if base64_json:
            return lambda value: base64.b64encode(orjson.dumps(value)).decode("ascii")
        return lambda value: orjson.dumps(value).decode()
    if kind == "timestamp":
        name = member.trait("timestampFormat") or default_format
        return lambda value: timestamps.formatted(value, name)
    writers: dict[str, Writer] = {
        "boolean": write_boolean,
        "float": write_float,
        "double": write_float,
        "blob": lambda value: base64.b64encode(value).decode("ascii"),
    }
    return writers.get(kind, str)
