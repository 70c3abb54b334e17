"""Message attributes: validation, size, and AWS's MD5 over them.

AWS: SQS Developer Guide, Amazon SQS message metadata; Calculating the MD5 message digest for
message attributes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from kamome.services.sqs import limits
from kamome.services.sqs.errors import InvalidParameterValue

if TYPE_CHECKING:
    from kamome.services.sqs.shapes import MessageAttributeValue

_NAME = re.compile(r"[A-Za-z0-9_\-.]+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_RESERVED_PREFIXES = ("aws.", "amazon.")
# Transport types of AWS's byte layout.
_STRING, _BINARY = b"\x01", b"\x02"


@cache
def _forbidden_characters() -> re.Pattern[str]:
    # Compiled when it is first needed: these ranges take 5 ms, a good part of the start.
    return re.compile("[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def has_forbidden_character(text: str) -> bool:
    """Whether the text holds a character that XML 1.0 forbids.

    AWS: SQS API Reference, SendMessage, MessageBody.
    """
    return _forbidden_characters().search(text) is not None


def check_message_attributes(attributes: Mapping[str, MessageAttributeValue]) -> None:
    """At most ten; names, types and values well-formed.

    Raises:
        InvalidParameterValue: with AWS's sentence for the first that is not.
    """
    if len(attributes) > limits.MESSAGE_ATTRIBUTES_MAX:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum"
            f" [{limits.MESSAGE_ATTRIBUTES_MAX}]."
        )
    for name, value in attributes.items():
        _check_name(name)
        _check_value(name, value)


def _check_name(name: str) -> None:
    if not name:
        raise InvalidParameterValue("The request must contain non-empty message attribute name.")
    if len(name) > limits.ATTRIBUTE_NAME_CHARACTERS_MAX:
        raise InvalidParameterValue(
            f"Message attribute name must be shorter than {limits.ATTRIBUTE_NAME_CHARACTERS_MAX}"
            " characters."
        )
    lowered = name.lower()
    if lowered.startswith(_RESERVED_PREFIXES):
        raise InvalidParameterValue(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'."
            " These strings are reserved for internal use."
        )
    if not _NAME.fullmatch(name) or name.startswith(".") or name.endswith(".") or ".." in name:
        raise InvalidParameterValue(
            f"Invalid message attribute name '{name}'. A message attribute name can contain"
            " A-Z, a-z, 0-9, underscore(_), hyphen(-), and period (.), and must not start or end"
            " with a period, or have periods in succession."
        )


def _check_value(name: str, value: MessageAttributeValue) -> None:
    data_type = value.get("DataType", "")
    if not data_type:
        raise InvalidParameterValue(f"The message attribute '{name}' must contain non-empty type.")
    if len(data_type) > limits.ATTRIBUTE_TYPE_CHARACTERS_MAX:
        raise InvalidParameterValue(
            f"The type of message attribute '{name}' must be at most"
            f" {limits.ATTRIBUTE_TYPE_CHARACTERS_MAX} characters."
        )
    logical = data_type.split(".", 1)[0]
    if logical not in ("String", "Number", "Binary"):
        raise InvalidParameterValue(
            f"The message attribute '{name}' has an invalid message attribute type, the set of"
            " supported type prefixes is Binary, Number, and String."
        )
    if "StringListValues" in value or "BinaryListValues" in value:
        raise InvalidParameterValue(
            "Message attribute list values in SendMessage operation are not supported."
        )
    wanted = "BinaryValue" if logical == "Binary" else "StringValue"
    other = "StringValue" if logical == "Binary" else "BinaryValue"
    if other in value or not value.get(wanted):
        raise InvalidParameterValue(
            f"The message attribute '{name}' with type '{logical}' must use field"
            f" '{'Binary' if logical == 'Binary' else 'String'}'."
            if other in value
            else f"The message attribute '{name}' must contain non-empty message attribute value"
            f" for message attribute type '{data_type}'."
        )
    if logical != "Binary":
        _check_text(name, value["StringValue"], is_number=logical == "Number")


def _check_text(name: str, text: str, *, is_number: bool) -> None:
    if has_forbidden_character(text):
        raise InvalidParameterValue(
            f"Invalid binary character was found in the message attribute '{name}' value, the set"
            " of allowed characters is #x9 | #xA | #xD | [#x20 to #xD7FF] | [#xE000 to #xFFFD] |"
            " [#x10000 to #x10FFFF]"
        )
    if is_number and (not _NUMBER.fullmatch(text) or len(text) > 256):
        raise InvalidParameterValue(
            f"Can't cast the value of message (user) attribute '{name}' to a number."
        )


def size_of_attributes(attributes: Mapping[str, MessageAttributeValue]) -> int:
    """Bytes that names, types and values count towards the message's size."""
    total = 0
    for name, value in attributes.items():
        content = value.get("BinaryValue")
        if content is None:
            content = value.get("StringValue", "").encode()
        total += len(name.encode()) + len(value["DataType"].encode()) + len(content)
    return total


def md5_of_attributes(attributes: Mapping[str, MessageAttributeValue]) -> str:
    """MD5 in hexadecimal over the attributes sorted by name, each part preceded by its length.

    AWS: SQS Developer Guide, Calculating the MD5 message digest for message attributes.
    """
    digest = hashlib.md5()
    for name in sorted(attributes):
        value = attributes[name]
        digest.update(_with_length(name.encode()))
        digest.update(_with_length(value["DataType"].encode()))
        if value["DataType"].startswith("Binary"):
            digest.update(_BINARY + _with_length(value["BinaryValue"]))
        else:
            digest.update(_STRING + _with_length(value["StringValue"].encode()))
    return digest.hexdigest()


def _with_length(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def selected_attributes(
    attributes: Mapping[str, MessageAttributeValue], wanted: list[str]
) -> dict[str, MessageAttributeValue]:
    """Those that a receive asks for: names, `prefix.*`, `All` or `.*`.

    AWS: SQS API Reference, ReceiveMessage, MessageAttributeNames.
    """
    if "All" in wanted or ".*" in wanted:
        return dict(attributes)
    prefixes = tuple(name.removesuffix(".*") for name in wanted if name.endswith(".*"))
    return {
        name: value
        for name, value in attributes.items()
        if name in wanted or (prefixes and name.startswith(prefixes))
    }
