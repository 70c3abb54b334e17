"""Data protection policies: checked and kept. Messages are not audited, masked or refused by them.

AWS: SNS Developer Guide, Message data protection; Understanding data protection policies.
"""

from __future__ import annotations

import orjson

from kamome.services.sns.errors import InvalidParameter, invalid
from kamome.services.sns.limits import DATA_PROTECTION_POLICY_CHARACTERS_MAX

_VERSION = "2021-06-01"
_MEMBERS = frozenset({"Name", "Description", "Version", "Statement", "Configuration"})
_STATEMENT_MEMBERS = frozenset(
    {"Sid", "DataDirection", "Principal", "NoPrincipal", "DataIdentifier", "Operation"}
)
_OPERATIONS = frozenset({"Audit", "Deidentify", "Deny"})


def checked_policy(text: str) -> str:
    """A data protection policy as it is kept, compact.

    Raises:
        InvalidParameter: it is not one.

    AWS: SNS Developer Guide, Understanding data protection policies (JSON properties).
    """
    if len(text) > DATA_PROTECTION_POLICY_CHARACTERS_MAX:
        raise _refused(f"is longer than {DATA_PROTECTION_POLICY_CHARACTERS_MAX} characters")
    try:
        policy = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _refused("failed to parse JSON.") from None
    if not isinstance(policy, dict) or not policy.keys() <= _MEMBERS:
        raise _refused("is no object of Name, Description, Version and Statement")
    if not isinstance(policy.get("Name"), str) or not policy["Name"]:
        raise _refused("Name is required")
    if policy.get("Version") != _VERSION:
        raise _refused(f"Version must be {_VERSION}")
    statements = policy.get("Statement")
    if not isinstance(statements, list) or not statements:
        raise _refused("Statement must have one element or more")
    for statement in statements:
        _check_statement(statement)
    return orjson.dumps(policy).decode()


def _check_statement(statement: object) -> None:
    if not isinstance(statement, dict) or not statement.keys() <= _STATEMENT_MEMBERS:
        raise _refused("Statement has an unknown member")
    if statement.get("DataDirection") not in ("Inbound", "Outbound"):
        raise _refused("DataDirection must be Inbound or Outbound")
    for name in ("Principal", "NoPrincipal", "DataIdentifier"):
        listed = statement.get(name, ["*"])
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise _refused(f"{name} must be a list of strings")
    identifiers = statement.get("DataIdentifier", [])
    if not identifiers or not all(one.startswith("arn:") for one in identifiers if one):
        raise _refused("DataIdentifier must be a list of data identifier ARNs")
    operation = statement.get("Operation")
    if not isinstance(operation, dict) or len(operation) != 1:
        raise _refused("Operation must be one of Audit, Deidentify and Deny")
    [(name, settings)] = operation.items()
    if name not in _OPERATIONS or not isinstance(settings, dict):
        raise _refused("Operation must be one of Audit, Deidentify and Deny")


def _refused(reason: str) -> InvalidParameter:
    return invalid("DataProtectionPolicy", reason)
