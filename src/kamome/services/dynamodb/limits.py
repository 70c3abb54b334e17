"""Limits of DynamoDB. Sizes are bytes, 1 KB is 1024 of them.

AWS: DynamoDB Developer Guide, Quotas in Amazon DynamoDB ("Quotas") and Constraints in Amazon
DynamoDB ("Constraints").
"""

from __future__ import annotations

# Constraints, Items: item size.
ITEM_BYTES_MAX = 400 * 1024
# Constraints, Partition keys and sort keys: partition key length.
HASH_KEY_BYTES_MAX = 2048
# Constraints, Partition keys and sort keys: sort key length.
RANGE_KEY_BYTES_MAX = 1024
# Constraints, Naming rules: attribute names.
ATTRIBUTE_NAME_BYTES_MAX = 65_535
# Constraints, Items: nested attribute depth.
NESTING_DEPTH_MAX = 32
# Constraints, Data types: number.
NUMBER_DIGITS_MAX = 38
NUMBER_MAGNITUDE_MAX = 125
NUMBER_MAGNITUDE_MIN = -130
# Constraints, Expression parameters: lengths.
EXPRESSION_BYTES_MAX = 4096
PLACEHOLDER_BYTES_MAX = 255
# Constraints, Expression parameters: all substitution variables of one expression.
EXPRESSION_ATTRIBUTES_BYTES_MAX = 2 * 1024 * 1024
# Constraints, Expression parameters: operators, functions and operands.
EXPRESSION_OPERATORS_MAX = 300
IN_OPERANDS_MAX = 100
# Ours: parentheses, NOT and nested functions may stand in each other this often; the parser is
# recursive with three frames a level, and Python allows 1,000 frames.
EXPRESSION_NESTING_MAX = 100
# API Reference, Query and Scan: "can retrieve a maximum of 1 MB of data".
PAGE_BYTES_MAX = 1024 * 1024
# Constraints, Naming rules: table names.
TABLE_NAME_LENGTH_MIN = 3
TABLE_NAME_LENGTH_MAX = 255
# Quotas, Tables: tables per account and region.
TABLES_MAX = 2500
# API Reference, ListTables: Limit, and its default.
LIST_TABLES_MAX = 100
# Constraints, Tags: tags per resource (API Reference, Tag).
TAGS_MAX = 50
# Developer Guide, Provisioned capacity mode: capacity units.
READ_UNIT_BYTES = 4096
WRITE_UNIT_BYTES = 1024
