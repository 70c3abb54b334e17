"""Filter policies: which messages a subscription takes, and why it does not take one.

A policy is a JSON object. Each key names a message attribute, or a member of the message body; its
array lists conditions, of which one must hold. All keys must hold; `$or` holds where one of its
objects does. A value that is an array (an attribute of type String.Array, an array in the body) is
taken as its elements: a condition holds if it holds for one of them.

AWS: SNS Developer Guide, Amazon SNS message filtering; Filter policy constraints.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache

import msgspec
import orjson

from kamome.services.sns.envelope import Attribute
from kamome.services.sns.errors import InvalidParameter
from kamome.services.sns.filter_conditions import (
    Condition,
    Field,
    PolicyRefused,
    condition_of,
    elements_of,
    shown,
)
from kamome.services.sns.limits import (
    FILTER_POLICY_BYTES_MAX,
    FILTER_POLICY_COMBINATIONS_MAX,
    FILTER_POLICY_KEYS_MAX,
)

MESSAGE_ATTRIBUTES = "MessageAttributes"
MESSAGE_BODY = "MessageBody"
# Policies read lately; each was accepted, so reading it again gives the same.
_POLICIES_KEPT = 256
# Deeper policies than this are refused as too complex, before they exhaust the stack.
_NESTING_MAX = 64
# Words of conditions: an object with such a key is a condition, so `$or` over it is no operator.
_RESERVED = frozenset(
    {
        "exists",
        "prefix",
        "suffix",
        "equals-ignore-case",
        "anything-but",
        "numeric",
        "cidr",
        "wildcard",
    }
)


class Rule(msgspec.Struct, frozen=True):
    """One object of a policy: conditions by key, nested objects by key, alternatives."""

    conditions: Mapping[str, tuple[Condition, ...]]
    nested: Mapping[str, Rule]
    alternatives: tuple[tuple[Rule, ...], ...]


@lru_cache(_POLICIES_KEPT)
def filter_policy(text: str, scope: str, prefix: str = "") -> Rule:
    """The rule that a policy's text stands for. `prefix` begins the sentence of a refusal.

    Raises:
        InvalidParameter: the text is not a policy, or is too complex.

    AWS: SNS Developer Guide, Filter policy constraints.
    """
    try:
        return _read(text, scope)
    except PolicyRefused as error:
        raise InvalidParameter(f"Invalid parameter: {prefix}FilterPolicy: {error}") from None


def why_not(rule: Rule, body_or_attributes: Field) -> str | None:
    """None where a message passes; otherwise the first clause that fails, and on what.

    Takes what `attribute_fields` or `body_fields` made of the message.

    AWS: SNS Developer Guide, Amazon SNS message filtering.
    """
    return _why_not(rule, body_or_attributes, "")


def attribute_fields(attributes: Mapping[str, Attribute]) -> dict[str, Field] | None:
    """Message attributes as policies see them; binary ones are not seen at all.

    None where a String.Array is not a JSON array of strings, numbers, true, false and null.

    AWS: SNS Developer Guide, Filter policy constraints (attribute-based filtering).
    """
    fields: dict[str, Field] = {}
    for name, attribute in attributes.items():
        kind, value = attribute["Type"], attribute["Value"]
        if kind == "String.Array":
            array = _array(value)
            if array is None:
                return None
            fields[name] = array
        elif kind.split(".")[0] == "Number":
            fields[name] = _number(value)
        elif kind.split(".")[0] == "String":
            fields[name] = value
    return fields


def body_fields(message: str) -> Mapping[str, Field] | None:
    """The message body as payload-based policies see it, or None where it is no JSON object.

    AWS: SNS Developer Guide, Amazon SNS payload-based message filtering.
    """
    try:
        document = orjson.loads(message)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


# ---------------------------------------------------------------------- matching


def _why_not(rule: Rule, value: Field, path: str) -> str | None:
    if isinstance(value, list):
        # All keys of an object must hold for the same element of an array.
        reasons = [_why_not(rule, element, path) for element in elements_of(value) or [{}]]
        return None if None in reasons else reasons[0]
    members = value if isinstance(value, dict) else {}
    for key, conditions in rule.conditions.items():
        if not any(condition.holds(key in members, members.get(key)) for condition in conditions):
            clauses = ",".join(condition.text for condition in conditions)
            found = shown(members[key]) if key in members else "nothing"
            return f'"{path}{key}": [{clauses}] found {found}'
    for key, inner in rule.nested.items():
        reason = _why_not(inner, members.get(key), f"{path}{key}.")
        if reason is not None:
            return reason
    for alternatives in rule.alternatives:
        reasons = [_why_not(alternative, members, path) for alternative in alternatives]
        if None not in reasons:
            return "$or: " + "; ".join(str(reason) for reason in reasons)
    return None


def _array(value: str) -> list[Field] | None:
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, list) or any(isinstance(one, (list, dict)) for one in document):
        return None
    return document


def _number(value: str) -> Field:
    number = float(value)
    return number if math.isfinite(number) else value


# ---------------------------------------------------------------------- reading


def _read(text: str, scope: str) -> Rule:
    if len(text.encode()) > FILTER_POLICY_BYTES_MAX:
        raise PolicyRefused("Filter policy is too large")
    document = _parsed(text)
    if scope == MESSAGE_ATTRIBUTES and _is_nested(document, depth=1):
        raise PolicyRefused(
            "Filter policy scope MessageAttributes does not support nested filter policy"
        )
    rule = _rule(document, depth=1)
    _check_complexity(document, scope)
    return rule


def _parsed(text: str) -> dict[str, object]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise PolicyRefused("failed to parse JSON.") from None
    if not isinstance(document, dict):
        raise PolicyRefused("Filter is not an object")
    return document


def _is_nested(document: Mapping[str, object], depth: int) -> bool:
    """Whether an object stands where an array should; not asked below the depth of a policy."""
    for key, value in document.items():
        if depth <= _NESTING_MAX and _is_or(key, value):
            assert isinstance(value, list)
            if any(_is_nested(alternative, depth + 1) for alternative in value):
                return True
        elif isinstance(value, dict):
            return True
    return False


def _rule(document: Mapping[str, object], depth: int) -> Rule:
    if depth > _NESTING_MAX:
        raise PolicyRefused("Filter policy is too complex")
    conditions: dict[str, tuple[Condition, ...]] = {}
    nested: dict[str, Rule] = {}
    alternatives: list[tuple[Rule, ...]] = []
    for key, value in document.items():
        if _is_or(key, value):
            assert isinstance(value, list)
            alternatives.append(tuple(_rule(one, depth + 1) for one in value))
        elif isinstance(value, dict):
            if not value:
                raise PolicyRefused("Empty objects are not allowed")
            nested[key] = _rule(value, depth + 1)
        elif isinstance(value, list):
            if not value:
                raise PolicyRefused("Empty arrays are not allowed")
            conditions[key] = tuple(condition_of(one) for one in value)
        else:
            raise PolicyRefused(f'"{key}" must be an object or an array')
    return Rule(conditions, nested, tuple(alternatives))


def _is_or(key: str, value: object) -> bool:
    """`$or` is the operator only over two objects or more, none of which is a condition."""
    return (
        key == "$or"
        and isinstance(value, list)
        and len(value) > 1
        and all(isinstance(one, dict) and one and not _RESERVED & one.keys() for one in value)
    )


def _check_complexity(document: Mapping[str, object], scope: str) -> None:
    keys = set(_keys(document, ""))
    if len(keys) > FILTER_POLICY_KEYS_MAX:
        raise PolicyRefused(f"Filter policy can not have more than {FILTER_POLICY_KEYS_MAX} keys")
    if _combinations(document, 1, is_body=scope == MESSAGE_BODY) > FILTER_POLICY_COMBINATIONS_MAX:
        raise PolicyRefused("Filter policy is too complex")


def _keys(document: Mapping[str, object], path: str) -> Iterator[str]:
    """The leaf keys with their paths; alternatives share those they have in common."""
    for key, value in document.items():
        if _is_or(key, value):
            assert isinstance(value, list)
            for alternative in value:
                yield from _keys(alternative, path)
        elif isinstance(value, dict):
            yield from _keys(value, f"{path}{key}.")
        else:
            yield path + key


def _combinations(document: Mapping[str, object], depth: int, *, is_body: bool) -> int:
    """Values of each key multiplied, in the body also by its depth; alternatives are added."""
    total = 1
    for key, value in document.items():
        if _is_or(key, value):
            assert isinstance(value, list)
            total *= sum(_combinations(one, depth, is_body=is_body) for one in value)
        elif isinstance(value, dict):
            total *= _combinations(value, depth + 1, is_body=is_body)
        elif isinstance(value, list):
            total *= len(value) * (depth if is_body else 1)
    return total
