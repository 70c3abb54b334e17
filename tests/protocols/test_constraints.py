"""What of a request does not satisfy the model, and AWS's sentence about it."""

from __future__ import annotations

from typing import Any

import pytest

from kamome.protocols.constraints import MAX_VIOLATIONS, violations
from kamome.protocols.model import Violation, constraint_sentence, load_model


def found(model: str, operation: str, request: dict[str, Any]) -> list[Violation]:
    return violations(load_model(model).operation(operation), request)


def test_request_within_its_constraints_has_no_violations() -> None:
    assert found("dynamodb", "GetItem", {"TableName": "table", "Key": {"a": {"S": "b"}}}) == []


def test_too_short_name_is_told_as_dynamodb_tells_it() -> None:
    told = found("dynamodb", "UpdateContributorInsights", {"TableName": ""})

    assert [violation.kind for violation in told] == ["min_length", "required"]
    assert constraint_sentence(told[:1]) == (
        "1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )


def test_missing_members_are_null_and_several_are_counted() -> None:
    told = found("dynamodb", "GetItem", {})

    assert constraint_sentence(told) == (
        "2 validation errors detected: "
        "Value null at 'tableName' failed to satisfy constraint: Member must not be null; "
        "Value null at 'key' failed to satisfy constraint: Member must not be null"
    )


def test_path_of_an_item_in_a_list_counts_from_one() -> None:
    schema = [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "HASHY"}]
    request = {"TableName": "table", "KeySchema": schema, "AttributeDefinitions": []}

    told = found("dynamodb", "CreateTable", request)

    assert told == [
        Violation("keySchema.2.member.keyType", "enum", ("HASH", "RANGE"), "HASHY", "KeyType")
    ]
    assert "Member must satisfy enum value set: [HASH, RANGE]" in constraint_sentence(told)


@pytest.mark.parametrize(
    ("request_", "kind", "constraint"),
    [
        ({"Limit": 0}, "min_value", 1),
        ({"ExclusiveStartTableName": "a" * 256}, "max_length", 255),
        ({"Limit": 101}, "max_value", 100),
        ({"ExclusiveStartTableName": "a/b"}, "pattern", "[a-zA-Z0-9_.-]+"),
    ],
)
def test_each_kind_of_constraint_is_seen(
    request_: dict[str, Any], kind: str, constraint: object
) -> None:
    told = found("dynamodb", "ListTables", request_)

    assert (kind, constraint) in [(violation.kind, violation.constraint) for violation in told]


def test_violations_are_bounded() -> None:
    request = {"Tags": [{}] * 100_000, "ResourceArn": "arn"}

    assert len(found("dynamodb", "TagResource", request)) == MAX_VIOLATIONS


def test_nested_item_is_checked_through_its_own_shape() -> None:
    nested: dict[str, Any] = {"S": "x"}
    for _ in range(30):
        nested = {"M": {"a": nested}}

    assert found("dynamodb", "PutItem", {"TableName": "table", "Item": {"a": nested}}) == []


def test_pattern_is_not_run_over_text_that_is_too_long() -> None:
    request = {
        "FunctionName": "a:" * 200_000,
        "StatementId": "s",
        "Action": "lambda:Invoke",
        "Principal": "p",
    }

    kinds = {violation.kind for violation in found("lambda", "AddPermission", request)}

    assert kinds == {"max_length"}


@pytest.mark.parametrize(
    ("name", "fits"),
    [("order-1", True), ("注文 1", True), ("a\nb", False), ("a*b", False)],
    ids=["ascii", "letters-of-all-scripts", "no-line-feed", "no-other-sign"],
)
def test_pattern_with_classes_of_java_is_checked(name: str, fits: bool) -> None:
    request = {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Tags": {name: "v"}}

    kinds = [violation.kind for violation in found("lambda", "TagResource", request)]

    assert ("pattern" not in kinds) is fits
