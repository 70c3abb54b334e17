"""ExpressionAttributeNames and ExpressionAttributeValues: valid, defined, and all of them used.

AWS: DynamoDB Developer Guide, Expression attribute names; Expression attribute values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.services.dynamodb.attribute_values import check_value
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.limits import (
    ATTRIBUTE_NAME_BYTES_MAX,
    EXPRESSION_ATTRIBUTES_BYTES_MAX,
    PLACEHOLDER_BYTES_MAX,
)

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue

_NAME_KEY = re.compile(r"#[A-Za-z0-9_]+")
_VALUE_KEY = re.compile(r":[A-Za-z0-9_]+")


class Placeholders:
    """What `#name` and `:value` stand for in the expressions of one request."""

    def __init__(
        self,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, AttributeValue] | None = None,
    ) -> None:
        """Validate the two maps as they stand (None: the request does not have it).

        Raises:
            ValidationException: an empty map, an invalid key, an invalid name or value.
        """
        self._names = names or {}
        self._values = values or {}
        self._unused_names = dict.fromkeys(self._names)
        self._unused_values = dict.fromkeys(self._values)
        if names is not None:
            _check_names(names)
        if values is not None:
            _check_values(values)

    def name(self, placeholder: str) -> str | None:
        """The attribute name that `#placeholder` stands for, None if not defined.

        AWS: DynamoDB Developer Guide, Expression attribute names.
        """
        self._unused_names.pop(placeholder, None)
        return self._names.get(placeholder)

    def value(self, placeholder: str) -> AttributeValue | None:
        """The value that `:placeholder` stands for, None if not defined.

        AWS: DynamoDB Developer Guide, Expression attribute values.
        """
        self._unused_values.pop(placeholder, None)
        return self._values.get(placeholder)

    def check_all_used(self) -> None:
        """Every name and value given has been used by an expression.

        Raises:
            ValidationException: some have not.

        AWS: DynamoDB Developer Guide, Error handling, ValidationException.
        """
        for what, unused in (("Names", self._unused_names), ("Values", self._unused_values)):
            if unused:
                raise ValidationException(
                    f"Value provided in ExpressionAttribute{what} unused in expressions: keys:"
                    f" {{{', '.join(unused)}}}"
                )


def _check_names(names: Mapping[str, str]) -> None:
    if not names:
        raise ValidationException("ExpressionAttributeNames must not be empty")
    for key, name in names.items():
        if not _NAME_KEY.fullmatch(key):
            raise ValidationException(
                f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{key}"'
            )
        _check_key_length("Names", key)
        if not name or len(name.encode()) > ATTRIBUTE_NAME_BYTES_MAX:
            raise ValidationException(
                "ExpressionAttributeNames contains invalid value: The attribute name must have"
                f" from 1 to {ATTRIBUTE_NAME_BYTES_MAX} bytes; key: {key}"
            )


def _check_values(values: Mapping[str, AttributeValue]) -> None:
    if not values:
        raise ValidationException("ExpressionAttributeValues must not be empty")
    size = 0
    for key, value in values.items():
        if not _VALUE_KEY.fullmatch(key):
            raise ValidationException(
                f'ExpressionAttributeValues contains invalid key: Syntax error; key: "{key}"'
            )
        _check_key_length("Values", key)
        try:
            size += len(key) + check_value(value)
        except ValidationException as error:
            raise ValidationException(
                f"ExpressionAttributeValues contains invalid value: {error.message} for key {key}"
            ) from None
    if size > EXPRESSION_ATTRIBUTES_BYTES_MAX:
        raise ValidationException(
            "ExpressionAttributeValues has exceeded the maximum allowed size of"
            f" {EXPRESSION_ATTRIBUTES_BYTES_MAX} bytes"
        )


def _check_key_length(what: str, key: str) -> None:
    if len(key) > PLACEHOLDER_BYTES_MAX:
        raise ValidationException(
            f"ExpressionAttribute{what} contains invalid key: The expression attribute map"
            " contains a key that is too long"
        )
