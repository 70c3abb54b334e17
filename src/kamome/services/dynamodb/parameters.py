"""Which parameters of a request may stand together, and the expressions among them.

AWS: DynamoDB Developer Guide, Legacy conditional parameters; Expression attribute names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.expressions.placeholders import Placeholders

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue

# In the order in which AWS names them.
_EXPRESSIONS = (
    "UpdateExpression",
    "ProjectionExpression",
    "FilterExpression",
    "ConditionExpression",
    "KeyConditionExpression",
)
_LEGACY = (
    "AttributeUpdates",
    "AttributesToGet",
    "QueryFilter",
    "ScanFilter",
    "Expected",
    "KeyConditions",
    "ConditionalOperator",
)


def refuse_mixture(request: Mapping[str, object]) -> None:
    """Legacy parameters and expressions do not stand in one request.

    Raises:
        ValidationException: they do.

    AWS: DynamoDB Developer Guide, Legacy conditional parameters.
    """
    expressions = [name for name in _EXPRESSIONS if name in request]
    legacy = [name for name in _LEGACY if name in request]
    if expressions and legacy:
        raise ValidationException(
            "Can not use both expression and non-expression parameters in the same request:"
            f" Non-expression parameters: {{{', '.join(legacy)}}}"
            f" Expression parameters: {{{', '.join(expressions)}}}"
        )


def placeholders_of(
    request: Mapping[str, object],
    names: Mapping[str, str] | None,
    values: Mapping[str, AttributeValue] | None,
    with_values: tuple[str, ...] = (),
) -> Placeholders:
    """The request's ExpressionAttributeNames and ExpressionAttributeValues, validated.

    `with_values` are the expressions of this operation that can hold values.

    Raises:
        ValidationException: there is no expression for them, or one of them is invalid.

    AWS: DynamoDB Developer Guide, Expression attribute names; Expression attribute values.
    """
    if names is not None and not any(name in request for name in _EXPRESSIONS):
        raise ValidationException(
            "ExpressionAttributeNames can only be specified when using expressions"
        )
    if values is not None and not any(name in request for name in with_values):
        are = "is" if len(with_values) == 1 else "are"
        raise ValidationException(
            "ExpressionAttributeValues can only be specified when using expressions:"
            f" {' and '.join(with_values)} {are} null"
        )
    return Placeholders(names, values)
