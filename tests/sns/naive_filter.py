"""A second matcher of filter policies, written from the guide alone: slow and plain.

It asks of each policy and message: for every way to choose one object of each `$or`, do all keys
hold? It shares no code with the matcher it is compared with.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import itertools
import re
from decimal import Decimal
from typing import Any


def passes(policy: dict[str, Any], message: dict[str, Any]) -> bool:
    return any(
        all(_key_holds(conditions, message, path) for path, conditions in flat)
        for flat in _alternatives(policy, ())
    )


def _alternatives(policy: dict[str, Any], path: tuple[str, ...]) -> list[list[Any]]:
    parts = []
    for key, value in policy.items():
        if key == "$or":
            parts.append([flat for one in value for flat in _alternatives(one, path)])
        elif isinstance(value, dict):
            parts.append(_alternatives(value, (*path, key)))
        else:
            parts.append([[((*path, key), value)]])
    return [list(itertools.chain(*choice)) for choice in itertools.product(*parts)]


def _key_holds(conditions: list[Any], message: dict[str, Any], path: tuple[str, ...]) -> bool:
    value: Any = message
    for name in path:
        value = value.get(name, {}) if isinstance(value, dict) else {}
    values = value if isinstance(value, list) else [value]
    scalars = [one for one in values if not isinstance(one, dict)]
    return any(_condition_holds(condition, scalars) for condition in conditions)


def _condition_holds(condition: Any, scalars: list[Any]) -> bool:
    if isinstance(condition, dict) and "exists" in condition:
        return bool(scalars) is condition["exists"]
    return any(_matches(condition, one) for one in scalars)


def _matches(condition: Any, value: Any) -> bool:
    if not isinstance(condition, dict):
        return type(value) is type(condition) and value == condition
    [(kind, operand)] = condition.items()
    if kind == "anything-but":
        if isinstance(operand, dict):
            [(inner, patterns)] = operand.items()
            listed = patterns if isinstance(patterns, list) else [patterns]
            return not any(_matches({inner: pattern}, value) for pattern in listed)
        listed = operand if isinstance(operand, list) else [operand]
        return not any(_matches(one, value) for one in listed)
    if kind == "numeric":
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        pairs = zip(operand[::2], operand[1::2], strict=True)
        return all(_compares(Decimal(value), sign, Decimal(bound)) for sign, bound in pairs)
    return isinstance(value, str) and _text_matches(kind, operand, value)


def _compares(value: Decimal, sign: str, bound: Decimal) -> bool:
    if sign == "=":
        return value == bound
    return (
        (value < bound and "<" in sign)
        or (value > bound and ">" in sign)
        or (value == bound and sign.endswith("="))
    )


def _text_matches(kind: str, operand: str, value: str) -> bool:
    if kind == "prefix":
        return re.match(re.escape(operand), value) is not None
    if kind == "suffix":
        return re.search(re.escape(operand) + r"\Z", value) is not None
    if kind == "equals-ignore-case":
        return operand.casefold() == value.casefold()
    if kind == "wildcard":
        return fnmatch.fnmatchcase(value, operand)
    assert kind == "cidr"
    try:
        address = int(ipaddress.IPv4Address(value))
    except ValueError:
        return False
    base, bits = operand.split("/")
    shift = 32 - int(bits)
    return address >> shift == int(ipaddress.IPv4Address(base)) >> shift
