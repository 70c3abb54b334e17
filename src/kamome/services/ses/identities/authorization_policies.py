"""Sending authorization policies: who besides its owner may send from an identity.

A policy is IAM's policy language with the identity as the resource. An explicit Deny wins; without
an Allow nobody else may send. Principals, actions (`ses:SendEmail`, `ses:SendRawEmail`,
`ses:SendTemplatedEmail`, `ses:SendBulkTemplatedEmail`, `ses:*`) and the resource are compared, and
these condition keys: `ses:FromAddress`, `ses:FromDisplayName`, `ses:Recipients`,
`ses:FeedbackAddress`, `aws:SourceIp` and `aws:PrincipalArn`. A statement with another key or
operator is refused when the policy is put, so that none is ignored.

AWS: SES Developer Guide, Using sending authorization; IAM User Guide, Policy evaluation logic.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from fnmatch import translate
from functools import lru_cache

import msgspec
import orjson

_VERSIONS = ("2008-10-17", "2012-10-17")
_KEYS = frozenset(
    {
        *("ses:fromaddress", "ses:fromdisplayname", "ses:recipients", "ses:feedbackaddress"),
        *("aws:sourceip", "aws:principalarn"),
    }
)
_STRING_OPERATORS = frozenset(
    {
        *("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike"),
        *("StringNotEqualsIgnoreCase", "StringNotLike"),
    }
)
_OPERATORS = _STRING_OPERATORS | {"IpAddress", "NotIpAddress", "ArnLike", "ArnEquals"}
_SETS = ("ForAllValues:", "ForAnyValue:")
_ACCOUNT = re.compile(r"[0-9]{12}")


class PolicyInvalid(ValueError):
    """A document that is no sending authorization policy; the sentence says why."""


class Attempt(msgspec.Struct, frozen=True):
    """A send to be judged: who, what, from which identity, and the values of condition keys."""

    principal: str  # ARN of the caller
    account: str  # of the caller
    action: str
    resource: str  # ARN of the identity
    values: Mapping[str, Sequence[str]]


def check_policy(document: str, identity_arn: str) -> None:
    """Refuse what could not be judged later.

    Raises:
        PolicyInvalid: it is no JSON, has no statements, or one that is not understood.

    AWS: SES Developer Guide, Sending authorization policy anatomy.
    """
    for statement in _statements(document):
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise PolicyInvalid("A statement's Effect is Allow or Deny.")
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise PolicyInvalid("A statement needs a Principal.")
        for action in _listed(statement.get("Action")):
            if action != "*" and not action.lower().startswith("ses:"):
                raise PolicyInvalid(f"Action {action} is not one of SES.")
        if not _listed(statement.get("Action")):
            raise PolicyInvalid("A statement needs an Action.")
        for resource in _listed(statement.get("Resource", identity_arn)):
            if not _is_like(identity_arn, resource):
                raise PolicyInvalid(f"Resource {resource} is not the identity {identity_arn}.")
        _check_conditions(statement.get("Condition", {}))


def is_allowed(documents: Sequence[str], attempt: Attempt) -> bool:
    """Whether the policies of an identity let somebody else send from it.

    AWS: SES Developer Guide, Sending authorization policy evaluation.
    """
    effects = {
        statement.get("Effect")
        for document in documents
        for statement in _statements(document)
        if _matches(statement, attempt)
    }
    return "Allow" in effects and "Deny" not in effects


def _statements(document: str) -> list[dict[str, object]]:
    try:
        policy = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise PolicyInvalid("The policy is no JSON.") from error
    if not isinstance(policy, dict):
        raise PolicyInvalid("The policy is no JSON object.")
    if policy.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise PolicyInvalid("The policy's Version is 2008-10-17 or 2012-10-17.")
    found = policy.get("Statement")
    statements = [found] if isinstance(found, dict) else found
    if not isinstance(statements, list) or not statements:
        raise PolicyInvalid("The policy has no Statement.")
    if not all(isinstance(statement, dict) for statement in statements):
        raise PolicyInvalid("A Statement is an object.")
    return statements


def _check_conditions(conditions: object) -> None:
    if not isinstance(conditions, dict):
        raise PolicyInvalid("Condition is an object.")
    for operator, keys in conditions.items():
        plain = _operator(str(operator))
        if plain not in _OPERATORS:
            raise PolicyInvalid(f"Condition operator {operator} is not served by Kamome.")
        if not isinstance(keys, dict):
            raise PolicyInvalid("A condition has keys and values.")
        for key, values in keys.items():
            if str(key).lower() not in _KEYS:
                raise PolicyInvalid(f"Condition key {key} is not served by Kamome.")
            if plain.endswith("IpAddress"):
                for value in _listed(values):
                    _network(value)


def _operator(operator: str) -> str:
    for prefix in _SETS:
        operator = operator.removeprefix(prefix)
    return operator.removesuffix("IfExists")


def _matches(statement: Mapping[str, object], attempt: Attempt) -> bool:
    return (
        _is_principal(statement, attempt)
        and any(_is_like(attempt.action.lower(), a.lower()) for a in _listed(statement["Action"]))
        and any(
            _is_like(attempt.resource, resource)
            for resource in _listed(statement.get("Resource", attempt.resource))
        )
        and _are_conditions_met(statement.get("Condition", {}), attempt.values)
    )


def _is_principal(statement: Mapping[str, object], attempt: Attempt) -> bool:
    if "NotPrincipal" in statement:
        return not _names(statement["NotPrincipal"], attempt)
    return _names(statement.get("Principal"), attempt)


def _names(principal: object, attempt: Attempt) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    root = f"arn:aws:iam::{attempt.account}:root"
    accepted = {"*", attempt.account, root, attempt.principal}
    return any(name in accepted for name in _listed(principal.get("AWS")))


def _are_conditions_met(conditions: object, values: Mapping[str, Sequence[str]]) -> bool:
    assert isinstance(conditions, Mapping)
    return all(
        _is_met(str(operator), _listed(wanted), values.get(str(key).lower()))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _is_met(operator: str, wanted: Sequence[str], given: Sequence[str] | None) -> bool:
    if given is None:
        return operator.endswith("IfExists") or "Not" in operator
    plain = _operator(operator)
    is_negated = "Not" in plain
    plain = plain.replace("Not", "", 1)
    matched = [any(_is_equal(plain, value, each) for each in wanted) for value in given]
    if operator.startswith("ForAnyValue:"):
        return any(hit != is_negated for hit in matched)
    return all(hit != is_negated for hit in matched)


def _is_equal(operator: str, value: str, wanted: str) -> bool:
    if operator == "IpAddress":
        return ipaddress.ip_address(value) in _network(wanted)
    if operator == "StringEquals":
        return value == wanted
    if operator == "StringEqualsIgnoreCase":
        return value.lower() == wanted.lower()
    return _is_like(value, wanted)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise PolicyInvalid(f"{text} is no address range.") from error


def _listed(value: object) -> list[str]:
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _is_like(value: str, pattern: str) -> bool:
    """`*` is any characters, `?` is one; nothing else is special."""
    return _pattern(pattern).match(value) is not None


@lru_cache(1_024)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.replace("[", "[[]")))
