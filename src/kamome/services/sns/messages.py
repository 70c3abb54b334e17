"""What may be published: message, subject, structure and attributes, before any topic is asked.

AWS: SNS API Reference, Publish; SNS Developer Guide, Amazon SNS message attributes.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.services.sns.envelope import Attribute
from kamome.services.sns.errors import InvalidParameter, ParameterValueInvalid, invalid
from kamome.services.sns.limits import (
    ATTRIBUTE_NAME_CHARACTERS_MAX,
    ATTRIBUTE_TYPE_BYTES_MAX,
    DEDUPLICATION_ID_CHARACTERS_MAX,
    MESSAGE_GROUP_ID_CHARACTERS_MAX,
    SUBJECT_CHARACTERS_MAX,
)
from kamome.services.sns.platforms import PLATFORMS

if TYPE_CHECKING:
    from kamome.services.sns import shapes

# Protocols and platforms whose own text a JSON message structure may hold.
_PROTOCOLS = (
    "sqs",
    "lambda",
    "http",
    "https",
    "email",
    "email-json",
    "sms",
    "firehose",
    "application",
    *PLATFORMS,
)
_ATTRIBUTE_NAME = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]+(?<!\.)")
_RESERVED_PREFIXES = ("aws.", "amazon.")
# AWS: SNS Developer Guide, Reserved message attributes for mobile push and text messages.
_RESERVED_ATTRIBUTES = ("AWS.SNS.", "AWS.MM.")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_GROUP_ID = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]+")


def check_subject(subject: str) -> None:
    """A subject is 1 to 100 characters of text without line breaks or control characters.

    Raises:
        InvalidParameter: it is not.

    AWS: SNS API Reference, Publish (Subject).
    """
    if not subject or len(subject) > SUBJECT_CHARACTERS_MAX:
        raise invalid("Subject")
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in subject):
        raise invalid("Subject")


def texts(message: str, structure: str | None) -> dict[str, str]:
    """The message as the texts to deliver: `default`, and those of single protocols if given.

    With structure `json` the message is an object with a string `default`; other members are the
    texts of protocols. Members that are not strings, or not protocols, are ignored.

    Raises:
        InvalidParameter: the message is empty, or not what its structure says.

    AWS: SNS API Reference, Publish (Message, MessageStructure).
    """
    if not message:
        raise invalid("Empty message")
    if structure is None:
        return {"default": message}
    if structure != "json":
        raise invalid("MessageStructure")
    try:
        document = json.loads(
            message, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant
        )
        chosen = _texts_of(document)
    except (ValueError, RecursionError):
        raise InvalidParameter(
            "Invalid parameter: Message Structure - JSON message body failed to parse"
        ) from None
    if "default" not in chosen:
        raise InvalidParameter(
            "Invalid parameter: Message Structure - No default entry in JSON message body"
        )
    return chosen


def attributes(given: Mapping[str, shapes.MessageAttributeValue]) -> dict[str, Attribute]:
    """Message attributes as envelopes carry them.

    Raises:
        ParameterValueInvalid: a name, type or value is not one that SNS takes.

    AWS: SNS Developer Guide, Amazon SNS message attributes (items and validation).
    """
    return {name: _attribute(name, attribute) for name, attribute in given.items()}


def size_bytes(message: str, given: Mapping[str, shapes.MessageAttributeValue]) -> int:
    """What counts against the maximum size: message, and names, types and values of attributes.

    AWS: SNS API Reference, Publish (Message).
    """
    total = len(message.encode())
    for name, attribute in given.items():
        value = attribute.get("BinaryValue")
        size = len(attribute.get("StringValue", "").encode()) if value is None else len(value)
        total += len(name.encode()) + len(attribute["DataType"].encode()) + size
    return total


def check_message_group_id(group_id: str) -> None:
    """A group id is up to 128 letters, digits and ASCII punctuation marks.

    Raises:
        InvalidParameter: it is not.

    AWS: SNS API Reference, Publish (MessageGroupId).
    """
    if len(group_id) > MESSAGE_GROUP_ID_CHARACTERS_MAX or not _GROUP_ID.fullmatch(group_id):
        raise invalid("MessageGroupId")


def check_deduplication_id(deduplication_id: str) -> None:
    """A deduplication id is up to 128 letters, digits and ASCII punctuation marks.

    Raises:
        InvalidParameter: it is not.

    AWS: SNS API Reference, Publish (MessageDeduplicationId).
    """
    is_short = len(deduplication_id) <= DEDUPLICATION_ID_CHARACTERS_MAX
    if not is_short or not _GROUP_ID.fullmatch(deduplication_id):
        raise invalid(
            "MessageDeduplicationId",
            f"it has 1 to {DEDUPLICATION_ID_CHARACTERS_MAX} letters, digits and punctuation marks",
        )


def _texts_of(document: object) -> dict[str, str]:
    chosen: dict[str, str] = {}
    if isinstance(document, dict):
        for name in ("default", *_PROTOCOLS):
            text = document.get(name)
            if isinstance(text, str):
                text.encode()  # a lone surrogate is a ValueError: it is no text to deliver
                chosen[name] = text
    return chosen


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate keys")
    return members


def _attribute(name: str, given: shapes.MessageAttributeValue) -> Attribute:
    _check_name(name)
    data_type = given["DataType"]
    _check_type(name, data_type)
    text, binary = given.get("StringValue"), given.get("BinaryValue")
    if not text and not binary:
        raise ParameterValueInvalid(
            f"The message attribute '{name}' must contain non-empty message attribute value for"
            f" message attribute type '{data_type}'."
        )
    if data_type.split(".")[0] == "Binary":
        if not binary or text:
            raise _wrong_field(name, data_type, "Binary")
        return {"Type": data_type, "Value": base64.b64encode(binary).decode()}
    if not text or binary:
        raise _wrong_field(name, data_type, "String")
    if data_type.split(".")[0] == "Number" and not _NUMBER.fullmatch(text):
        raise ParameterValueInvalid(f"Could not cast message attribute '{name}' value to number.")
    return {"Type": data_type, "Value": text}


def _check_name(name: str) -> None:
    if not name:
        raise ParameterValueInvalid("The request must contain non-empty message attribute names.")
    if len(name) > ATTRIBUTE_NAME_CHARACTERS_MAX:
        raise ParameterValueInvalid(
            "Length of message attribute name must be less than"
            f" {ATTRIBUTE_NAME_CHARACTERS_MAX + 1} characters."
        )
    is_reserved = name.lower().startswith(_RESERVED_PREFIXES)
    is_known = name.startswith(_RESERVED_ATTRIBUTES)
    if not _ATTRIBUTE_NAME.fullmatch(name) or (is_reserved and not is_known):
        raise ParameterValueInvalid(
            f"The message attribute name '{name}' is invalid: it may hold A-Z, a-z, 0-9,"
            " underscore, hyphen and period, must not begin or end with a period or have two in a"
            " row, and must not begin with AWS. or Amazon."
        )


def _check_type(name: str, data_type: str) -> None:
    if not data_type:
        raise ParameterValueInvalid(
            f"The message attribute '{name}' must contain non-empty message attribute type."
        )
    if len(data_type.encode()) > ATTRIBUTE_TYPE_BYTES_MAX:
        raise ParameterValueInvalid(
            f"Length of message attribute type must be less than"
            f" {ATTRIBUTE_TYPE_BYTES_MAX + 1} bytes."
        )
    if data_type.split(".")[0] not in ("String", "Number", "Binary"):
        raise ParameterValueInvalid(
            f"The message attribute '{name}' has an invalid message attribute type, the set of"
            " supported type prefixes is Binary, Number, and String."
        )


def _wrong_field(name: str, data_type: str, field: str) -> ParameterValueInvalid:
    return ParameterValueInvalid(
        f"The message attribute '{name}' with type '{data_type}' must use field '{field}'."
    )
