"""What a value must be by the parameter's data type.

AWS: Systems Manager User Guide, Parameter data types in Parameter Store.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

import orjson

from kamome.services.ssm.errors import ValidationException, not_served

TEXT = "text"
IMAGE = "aws:ec2:image"
_INTEGRATION = "aws:ssm:integration"


def _is_float(value: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", value, re.ASCII) is not None


def _is_json(value: str) -> bool:
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return False
    return True


def _is_address(kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address], value: str) -> bool:
    try:
        kind(value)
    except ValueError:
        return False
    return True


_FORMS: Mapping[str, Callable[[str], object]] = {
    TEXT: lambda value: True,
    IMAGE: re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})").fullmatch,
    "aws:account:id": re.compile(r"[0-9]{12}").fullmatch,
    "boolean": re.compile(r"true|false").fullmatch,
    "integer": re.compile(r"[+-]?[0-9]+").fullmatch,
    "float": _is_float,
    "ipv4-address": lambda value: _is_address(ipaddress.IPv4Address, value),
    "ipv6-address": lambda value: _is_address(ipaddress.IPv6Address, value),
    "json": _is_json,
}
_OF_AWS = (_INTEGRATION, "aws:region", "binary", "hostname", "email", "url", "jsonc")


def check_value(data_type: str, type_: str, value: str) -> None:
    """The value is what its data type says; of a StringList, each item.

    An image is checked in its form only, and at once: there is no EC2 that would know it.

    Raises:
        ValidationException: it is not, or there is no such data type.
        OperationNotServed: a data type whose rules are not kept here.

    AWS: User Guide, Parameter data types in Parameter Store.
    """
    if data_type in _OF_AWS:
        raise not_served(f"The data type {data_type} of a parameter")
    if data_type not in _FORMS:
        raise ValidationException(
            f"The following data type is not supported: {data_type} (Data type names are all"
            " lowercase.)"
        )
    if data_type == IMAGE and type_ != "String":
        raise ValidationException(f"The data type {IMAGE} is only for parameters of type String.")
    items = value.split(",") if type_ == "StringList" else [value]
    if not all(_FORMS[data_type](item) for item in items):
        raise ValidationException(f"The parameter value is not of the data type {data_type}.")


def check_change(before: str, after: str) -> None:
    """A parameter becomes no image, and an image nothing else.

    Raises:
        ValidationException: it would.

    AWS: User Guide, Parameter data types in Parameter Store.
    """
    if before != after and IMAGE in (before, after):
        raise ValidationException(
            f"The data type of a parameter can't be changed from {before} to {after}."
        )
