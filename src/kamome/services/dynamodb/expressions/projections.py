"""Projection expressions, and the part of an item that paths lead to.

AWS: DynamoDB Developer Guide, Using projection expressions in DynamoDB.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.services.dynamodb.attribute_values import Item
from kamome.services.dynamodb.expressions.parser import Parser
from kamome.services.dynamodb.expressions.paths import PathNode, PathsClash, tree_of
from kamome.services.dynamodb.expressions.placeholders import Placeholders

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue


def parse_projection(expression: str, placeholders: Placeholders) -> PathNode:
    """The paths of a projection expression, as a tree.

    Raises:
        ValidationException: the expression is not one, or its paths overlap or conflict.

    AWS: DynamoDB Developer Guide, Using projection expressions in DynamoDB.
    """
    parser = Parser("ProjectionExpression", expression, placeholders)
    parser.path()
    while parser.accept(","):
        parser.path()
    parser.expect_end()
    try:
        return tree_of(parser.paths)
    except PathsClash as clash:
        parser.fail(str(clash))


def projected(item: Mapping[str, AttributeValue], tree: PathNode) -> Item:
    """What of the item the paths of the tree lead to; list elements close up in their order.

    AWS: DynamoDB Developer Guide, Using projection expressions in DynamoDB.
    """
    result: Item = {}
    for part, child in tree.children.items():
        name = str(part)
        value = item.get(name)
        found = None if value is None else _part_of(value, child)
        if found is not None:
            result[name] = found
    return result


def _part_of(value: AttributeValue, node: PathNode) -> AttributeValue | None:
    if node.is_end:
        return value
    if isinstance(next(iter(node.children)), str):
        inner = projected(value["M"], node) if "M" in value else {}
        return {"M": inner} if inner else None
    elements = value.get("L", [])
    found = [
        part
        for index, child in sorted(
            (part, child) for part, child in node.children.items() if isinstance(part, int)
        )
        if index < len(elements) and (part := _part_of(elements[index], child)) is not None
    ]
    return {"L": found} if found else None
