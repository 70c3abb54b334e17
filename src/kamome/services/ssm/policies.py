"""Parameter policies: what an advanced parameter is to undergo as time passes.

A policy is `{"Type": ..., "Version": "1.0", "Attributes": {...}}`. Expiration has `Timestamp`;
ExpirationNotification has `Before` and `Unit`, NoChangeNotification `After` and `Unit`.

AWS: Systems Manager User Guide, Assigning parameter policies in Parameter Store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import orjson

from kamome.services.ssm.errors import (
    IncompatiblePolicyException,
    InvalidPolicyAttributeException,
    InvalidPolicyTypeException,
    PoliciesLimitExceededException,
)
from kamome.services.ssm.limits import POLICIES_MAX

_EXPIRATION = "Expiration"
# Each type with the attributes that it has.
_ATTRIBUTES = {
    _EXPIRATION: ("Timestamp",),
    "ExpirationNotification": ("Before", "Unit"),
    "NoChangeNotification": ("After", "Unit"),
}
_UNITS = ("Days", "Hours")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES = ", ".join(_ATTRIBUTES)

Policy = Mapping[str, object]


def policies_of(text: str) -> list[Policy]:
    """The policies that a request sets. An empty array or one of `{}` sets none.

    Raises:
        InvalidPolicyAttributeException: it is no JSON array of policies, or an attribute is wrong.
        InvalidPolicyTypeException: there is no such type.
        PoliciesLimitExceededException: more than ten.
        IncompatiblePolicyException: two Expirations, or a notification of one that is missing.

    AWS: Systems Manager API Reference, PutParameter, Policies.
    """
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise InvalidPolicyAttributeException("The policies are not a JSON array of policies.")
    policies = [cast("Policy", each) for each in found if each]
    if len(policies) > POLICIES_MAX:
        raise PoliciesLimitExceededException(
            f"A parameter has {POLICIES_MAX} policies at most; there are {len(policies)}."
        )
    for policy in policies:
        _check(policy)
    types = [policy["Type"] for policy in policies]
    if types.count(_EXPIRATION) > 1:
        raise IncompatiblePolicyException("A parameter has one Expiration policy at most.")
    if "ExpirationNotification" in types and _EXPIRATION not in types:
        raise IncompatiblePolicyException(
            "An ExpirationNotification policy needs an Expiration policy."
        )
    return policies


def expires_at_ms(policies: Sequence[Policy]) -> int | None:
    """The moment at which an Expiration policy deletes the parameter, None without one.

    AWS: User Guide, Assigning parameter policies (Expiration).
    """
    for policy in policies:
        if policy["Type"] == _EXPIRATION:
            return _moment_ms(cast("Mapping[str, str]", policy["Attributes"])["Timestamp"])
    return None


def _check(policy: Policy) -> None:
    type_ = policy.get("Type")
    if not isinstance(type_, str) or type_ not in _ATTRIBUTES:
        raise InvalidPolicyTypeException(
            f"The policy type {type_!r} is not supported. The types are {_TYPES}."
        )
    if policy.get("Version") != "1.0":
        raise InvalidPolicyAttributeException(f"The Version of the policy {type_} is not 1.0.")
    attributes = policy.get("Attributes")
    wanted = _ATTRIBUTES[type_]
    if not isinstance(attributes, dict) or set(attributes) != set(wanted):
        raise InvalidPolicyAttributeException(
            f"The attributes of the policy {type_} are {' and '.join(wanted)}."
        )
    if not all(isinstance(value, str) for value in attributes.values()):
        raise InvalidPolicyAttributeException(f"The attributes of the policy {type_} are texts.")
    _check_values(type_, cast("dict[str, str]", attributes))


def _check_values(type_: str, attributes: Mapping[str, str]) -> None:
    if type_ == _EXPIRATION:
        _moment_ms(attributes["Timestamp"])
        return
    number = attributes[_ATTRIBUTES[type_][0]]
    if not (number.isascii() and number.isdigit() and 0 < len(number) < 6):
        raise InvalidPolicyAttributeException(
            f"The {_ATTRIBUTES[type_][0]} of the policy {type_} is not a number: {number}"
        )
    if attributes["Unit"] not in _UNITS:
        raise InvalidPolicyAttributeException(
            f"The Unit of the policy {type_} is {' or '.join(_UNITS)}: {attributes['Unit']}"
        )


def _moment_ms(text: str) -> int:
    """ISO_INSTANT (`2026-12-02T21:34:33.000Z`) or ISO_OFFSET_DATE_TIME, in milliseconds."""
    try:
        moment = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidPolicyAttributeException(
            f"The Timestamp of the policy Expiration is no moment with a time zone: {text}"
        )
    return round((moment - _EPOCH).total_seconds() * 1000)
