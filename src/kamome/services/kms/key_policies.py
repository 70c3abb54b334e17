"""Key policies: the default one, and whether a text is one at all. They are not evaluated.

AWS: KMS Developer Guide, Key policies in AWS KMS; Default key policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

import orjson

from kamome.services.kms.errors import LimitExceededException, MalformedPolicyDocumentException
from kamome.services.kms.limits import POLICY_BYTES_MAX

# The only name of a policy. AWS: KMS API Reference, GetKeyPolicy (PolicyName).
POLICY_NAME = "default"
_VERSIONS = ("2012-10-17", "2008-10-17")


def default_policy(account: str) -> str:
    """The policy of a key that was made without one: the account may do all with it.

    AWS: KMS Developer Guide, Default key policy.
    """
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return _text("key-default-1", statement)


def managed_policy(account: str, region: str, service: str) -> str:
    """The policy of a key that AWS manages: the account may use it through the service.

    AWS: KMS Developer Guide, AWS managed keys.
    """
    statement = {
        "Sid": f"Allow access through {service} for all principals in the account",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:DescribeKey",
        ],
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": account,
                "kms:ViaService": f"{service}.{region}.amazonaws.com",
            }
        },
    }
    return _text(f"auto-{service}-1", statement)


def check_policy(text: str, account: str, *, is_lockout_allowed: bool = False) -> str:
    """A policy as it is kept: as it came.

    Unless the caller bypasses that check, somebody of the account must be able to change the policy
    again. Who that is, and under which conditions, is not looked at.

    Raises:
        LimitExceededException: it has more than 32 KB.
        MalformedPolicyDocumentException: it is no JSON object with statements that each have an
            effect and principals, or it locks the account out.

    AWS: KMS API Reference, PutKeyPolicy (Policy, BypassPolicyLockoutSafetyCheck).
    """
    if len(text.encode()) > POLICY_BYTES_MAX:
        raise LimitExceededException("The key policy exceeds the limit of 32768 bytes.")
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise MalformedPolicyDocumentException("The policy is not valid JSON.") from None
    if not isinstance(document, dict) or document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise MalformedPolicyDocumentException("The policy has no valid Version.")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise MalformedPolicyDocumentException("The policy has no Statement.")
    for statement in statements:
        _check_statement(statement)
    if not is_lockout_allowed and not any(_lets_change(each, account) for each in statements):
        raise MalformedPolicyDocumentException(
            "The new key policy will not allow you to update the key policy in the future."
        )
    return text


def _lets_change(statement: Mapping[str, object], account: str) -> bool:
    """Whether a statement lets somebody of an account call PutKeyPolicy."""
    if statement["Effect"] != "Allow":
        return False
    if "NotAction" in statement:
        is_meant = not _names_put(statement["NotAction"])
    else:
        is_meant = _names_put(statement.get("Action"))
    return is_meant and ("NotPrincipal" in statement or _is_of(statement["Principal"], account))


def _names_put(actions: object) -> bool:
    return any(
        fnmatchcase("kms:putkeypolicy", action.lower().replace("[", "[[]"))
        for action in _texts(actions)
    )


def _is_of(principals: object, account: str) -> bool:
    if isinstance(principals, dict):
        principals = principals.get("AWS")
    return any(
        principal in ("*", account) or f"::{account}:" in principal
        for principal in _texts(principals)
    )


def _texts(value: object) -> list[str]:
    """One text or a list of them, as policies have both."""
    several = value if isinstance(value, list) else [value]
    return [text for text in several if isinstance(text, str)]


def _check_statement(statement: object) -> None:
    if not isinstance(statement, dict):
        raise MalformedPolicyDocumentException("A Statement of the policy is no object.")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicyDocumentException("The Effect of a Statement is Allow or Deny.")
    principals = statement.get("Principal", statement.get("NotPrincipal"))
    if not principals or not isinstance(principals, (str, dict)):
        raise MalformedPolicyDocumentException("Each Statement of the policy needs a Principal.")


def _text(policy_id: str, statement: Mapping[str, object]) -> str:
    document = {"Version": "2012-10-17", "Id": policy_id, "Statement": [statement]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
