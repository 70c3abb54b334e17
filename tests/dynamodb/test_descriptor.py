"""What the slice tells the pipeline: model violations in its words, and what a request is about."""

from __future__ import annotations

import pytest

from kamome.protocols.model import Violation, load_model
from kamome.services.dynamodb.operations import OPERATIONS, resource_of, violation


def test_violations_are_worded_as_validation_exceptions() -> None:
    error = violation(
        [
            Violation("limit", "min_value", 1, 0, "Limit"),
            Violation("select", "enum", ("COUNT", "ALL_ATTRIBUTES"), "SOME", "Select"),
        ]
    )

    assert error.code == "ValidationException"
    assert error.message == (
        "2 validation errors detected: Value '0' at 'limit' failed to satisfy constraint: Member"
        " must have value greater than or equal to 1; Value 'SOME' at 'select' failed to satisfy"
        " constraint: Member must satisfy enum value set: [COUNT, ALL_ATTRIBUTES]"
    )


@pytest.mark.parametrize(
    ("request_", "resource"),
    [
        ({"TableName": "mails"}, "mails"),
        ({"TableName": "mails", "Key": {"id": {"S": "a"}, "at": {"N": "1"}}}, "mails a/1"),
        ({"TableName": "mails", "Key": {"id": {"S": "x" * 100}}}, "mails"),
        ({"TableName": "mails", "Key": {"id": {}}}, "mails "),
        ({}, ""),
    ],
)
def test_resource_is_the_table_and_a_short_key(request_: dict[str, object], resource: str) -> None:
    assert resource_of(request_) == resource


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_one_of_the_model(name: str) -> None:
    assert load_model("dynamodb").operation(name).name == name
