"""Permissions: statements that AddPermission and RemovePermission edit in a queue's policy.

AWS: SQS API Reference, AddPermission, RemovePermission; SQS Developer Guide, Policy quotas.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import orjson

from kamome.services.sqs import limits
from kamome.services.sqs.errors import InvalidParameterValue, MissingParameter, OverLimit

_LABEL = re.compile(rf"[A-Za-z0-9_-]{{1,{limits.LABEL_CHARACTERS_MAX}}}")
_ACCOUNT = re.compile(r"\d{12}")
# AWS: SQS Developer Guide, Amazon SQS API permissions: what can be allowed to others.
_ACTIONS = frozenset(
    {
        "*",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "PurgeQueue",
        "ReceiveMessage",
        "SendMessage",
    }
)

Policy = dict[str, object]


def policy_with_permission(
    policy: str, queue_arn: str, label: str, accounts: Sequence[str], actions: Sequence[str]
) -> str:
    """The policy with one more statement, which allows these actions to these accounts.

    Raises:
        MissingParameter: there are no accounts or no actions.
        InvalidParameterValue: label, account or action is not one, or the label is taken.
        OverLimit: more than 7 actions, 20 statements, 50 principals or 8,192 bytes.
    """
    _check_permission(label, accounts, actions)
    document = _parsed(policy, queue_arn)
    statements = _statements(document)
    if any(statement.get("Sid") == label for statement in statements):
        raise InvalidParameterValue(
            f"Value {label} for parameter Label is invalid. Reason: Already exists."
        )
    if len(statements) >= limits.POLICY_STATEMENTS_MAX:
        raise OverLimit(
            f"{len(statements) + 1} statements were found, maximum allowed is"
            f" {limits.POLICY_STATEMENTS_MAX}."
        )
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_all([f"arn:aws:iam::{each}:root" for each in accounts])},
        "Action": _one_or_all([f"SQS:{action}" for action in actions]),
        "Resource": queue_arn,
    }
    made = orjson.dumps({**document, "Statement": [*statements, statement]})
    if len(made) > limits.POLICY_BYTES_MAX:
        raise OverLimit(f"The policy would be longer than {limits.POLICY_BYTES_MAX} bytes.")
    return made.decode()


def policy_without_permission(policy: str, queue_arn: str, label: str) -> str:
    """The policy without the statements of a label; empty when none is left.

    Raises:
        InvalidParameterValue: there is no such label.
    """
    document = _parsed(policy, queue_arn)
    statements = _statements(document)
    left = [statement for statement in statements if statement.get("Sid") != label]
    if len(left) == len(statements):
        raise InvalidParameterValue(
            f"Value {label} for parameter Label is invalid. Reason: can't find label on existing"
            " policy."
        )
    return orjson.dumps({**document, "Statement": left}).decode() if left else ""


def _check_permission(label: str, accounts: Sequence[str], actions: Sequence[str]) -> None:
    if not _LABEL.fullmatch(label):
        raise InvalidParameterValue(
            f"Value {label} for parameter Label is invalid. Reason: Can only include alphanumeric"
            f" characters, hyphens, or underscores. 1 to {limits.LABEL_CHARACTERS_MAX} in length."
        )
    if not accounts:
        raise MissingParameter("The request must contain the parameter PrincipalId.")
    if not actions:
        raise MissingParameter("The request must contain the parameter Actions.")
    if len(actions) > limits.PERMISSION_ACTIONS_MAX:
        raise OverLimit(
            f"{len(actions)} Actions were found, maximum allowed is"
            f" {limits.PERMISSION_ACTIONS_MAX}."
        )
    if len(accounts) > limits.POLICY_PRINCIPALS_MAX:
        raise OverLimit(
            f"{len(accounts)} principals were found, maximum allowed is"
            f" {limits.POLICY_PRINCIPALS_MAX}."
        )
    for action in actions:
        if action not in _ACTIONS:
            raise InvalidParameterValue(
                f"Value SQS:{action} for parameter ActionName is invalid. Reason: Please refer to"
                " the appropriate WSDL for a list of valid actions."
            )
    for account in accounts:
        if not _ACCOUNT.fullmatch(account):
            raise InvalidParameterValue(
                f"Value [{account}] for parameter PrincipalId is invalid. Reason: Unable to verify."
            )


def _parsed(policy: str, queue_arn: str) -> Policy:
    if policy == "":
        return {"Version": "2012-10-17", "Id": f"{queue_arn}/SQSDefaultPolicy", "Statement": []}
    document = orjson.loads(policy)
    assert isinstance(document, dict)
    return document


def _statements(document: Policy) -> list[dict[str, object]]:
    """A policy may hold one statement without a list around it."""
    found = document.get("Statement", [])
    statements = found if isinstance(found, list) else [found]
    return [statement for statement in statements if isinstance(statement, dict)]


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
