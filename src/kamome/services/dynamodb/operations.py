"""The operations of DynamoDB that are served, in the API reference's order.

AWS: DynamoDB API Reference, Operations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kamome.protocols.model import Violation, constraint_sentence
from kamome.services import Operation
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.reads import get_item, query, scan
from kamome.services.dynamodb.tables import (
    create_table,
    delete_table,
    describe_table,
    list_tables,
    resource_of,
)
from kamome.services.dynamodb.writes import delete_item, put_item, update_item

__all__ = ["OPERATIONS", "resource_of", "violation"]


def violation(violations: Sequence[Violation]) -> ValidationException:
    """Members outside the model's constraints, worded as DynamoDB does.

    AWS: DynamoDB Developer Guide, Error handling, ValidationException.
    """
    return ValidationException(constraint_sentence(list(violations)))


OPERATIONS: Mapping[str, Operation] = {
    "CreateTable": create_table,
    "DeleteItem": delete_item,
    "DeleteTable": delete_table,
    "DescribeTable": describe_table,
    "GetItem": get_item,
    "ListTables": list_tables,
    "PutItem": put_item,
    "Query": query,
    "Scan": scan,
    "UpdateItem": update_item,
}
