"""Event patterns: which events a pattern lets through.

A pattern is a JSON object in the form of the events it matches. Each leaf is an array of conditions
of which one must hold; all keys must hold; `$or` holds where one of its objects does. A value that
is an array is taken as its elements: all keys of a nested pattern must hold for the same one.

AWS: EventBridge User Guide, Creating Amazon EventBridge event patterns; Comparison operators for
use in event patterns. Lambda's FilterCriteria speak the same language.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import msgspec
import orjson

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
_Test = Callable[[Json], bool]

# AWS: EventBridge User Guide, Comparison operators: numbers from -5.0e9 to 5.0e9.
_NUMBER_MAX = 5_000_000_000
# Deeper patterns are refused before they exhaust the stack; 4,096 characters could nest 800.
_NESTING_MAX = 64
_PATTERNS_KEPT = 256
_OPERATORS = frozenset(
    {
        "anything-but",
        "cidr",
        "equals-ignore-case",
        "exists",
        "numeric",
        "prefix",
        "suffix",
        "wildcard",
    }
)


class PatternRefused(Exception):
    """The text is no event pattern; the sentence says why."""


class Condition(msgspec.Struct, frozen=True):
    """One element of a leaf. `exists` is set for that operator alone."""

    test: _Test
    exists: bool | None = None


class Pattern(msgspec.Struct, frozen=True):
    """One object of a pattern: leaves by key, nested objects by key, alternatives."""

    leaves: Mapping[str, tuple[Condition, ...]]
    nested: Mapping[str, Pattern]
    alternatives: tuple[tuple[Pattern, ...], ...]


@lru_cache(_PATTERNS_KEPT)
def event_pattern(text: str) -> Pattern:
    """The pattern that a text stands for.

    Raises:
        PatternRefused: it is no JSON object, is empty, or an operator is unknown or misused.

    AWS: EventBridge User Guide, Creating Amazon EventBridge event patterns.
    """
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise PatternRefused(f"Invalid JSON: {error.msg}") from None
    if not isinstance(document, dict):
        raise PatternRefused("Filter is not an object")
    return _pattern(document, 1)


def matches(pattern: Pattern, event: Json) -> bool:
    """Whether the pattern lets the event through.

    AWS: EventBridge User Guide, Creating Amazon EventBridge event patterns.
    """
    if isinstance(event, list):
        return any(matches(pattern, element) for element in _elements(event))
    members = event if isinstance(event, dict) else {}
    return (
        all(_holds(conditions, members, key) for key, conditions in pattern.leaves.items())
        and all(_inside(inner, members.get(key)) for key, inner in pattern.nested.items())
        and all(
            any(matches(alternative, members) for alternative in alternatives)
            for alternatives in pattern.alternatives
        )
    )


def _inside(pattern: Pattern, value: Json) -> bool:
    """An absent object, or a value that is none, is an object without members."""
    return matches(pattern, value if isinstance(value, (dict, list)) else {})


def _holds(conditions: Sequence[Condition], members: Mapping[str, Json], key: str) -> bool:
    leaves = _leaves(members[key]) if key in members else []
    is_there = bool(leaves)
    for condition in conditions:
        if condition.exists is not None:
            if is_there == condition.exists:
                return True
        elif any(condition.test(leaf) for leaf in leaves):
            return True
    return False


def _leaves(value: Json) -> list[Json]:
    if isinstance(value, list):
        return [element for element in _elements(value) if not isinstance(element, dict)]
    return [] if isinstance(value, dict) else [value]


def _elements(value: Sequence[Json]) -> list[Json]:
    """What is in an array and the arrays in it, in order.

    A loop, and not a recursion: senders of messages choose how deep their arrays are.
    """
    found: list[Json] = []
    waiting = list(reversed(value))
    while waiting:
        element = waiting.pop()
        if isinstance(element, list):
            waiting.extend(reversed(element))
        else:
            found.append(element)
    return found


# ---------------------------------------------------------------------- reading


def _pattern(document: Mapping[str, Json], depth: int) -> Pattern:
    if depth > _NESTING_MAX:
        raise PatternRefused("Pattern is nested too deeply")
    if not document:
        raise PatternRefused("Empty objects are not allowed")
    leaves: dict[str, tuple[Condition, ...]] = {}
    nested: dict[str, Pattern] = {}
    alternatives: list[tuple[Pattern, ...]] = []
    for key, value in document.items():
        if key == "$or" and _is_alternatives(value):
            assert isinstance(value, list)
            alternatives.append(
                tuple(_pattern(one, depth + 1) for one in value if isinstance(one, dict))
            )
        elif isinstance(value, dict):
            nested[key] = _pattern(value, depth + 1)
        elif isinstance(value, list):
            if not value:
                raise PatternRefused("Empty arrays are not allowed")
            leaves[key] = tuple(_condition(one) for one in value)
        else:
            raise PatternRefused(f'"{key}" must be an object or an array')
    return Pattern(leaves, nested, tuple(alternatives))


def _is_alternatives(value: Json) -> bool:
    """`$or` is an operator over two or more objects that are no conditions themselves."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(one, dict) and not _OPERATORS & one.keys() for one in value)
    )


def _condition(element: Json) -> Condition:
    if isinstance(element, list):
        raise PatternRefused("Match value must be String, number, true, false, or null")
    if not isinstance(element, dict):
        return Condition(_equal(element))
    if len(element) != 1:
        raise PatternRefused("Only one key allowed in match expression")
    [(name, operand)] = element.items()
    if name == "exists":
        if not isinstance(operand, bool):
            raise PatternRefused("exists match pattern must be either true or false.")
        return Condition(lambda _: True, operand)
    read = _READERS.get(name)
    if read is None:
        raise PatternRefused(f"Unrecognized match type {name}")
    return Condition(read(operand))


def _equal(wanted: Json) -> _Test:
    """Numbers are equal by value, whatever their notation; true is not 1."""
    if isinstance(wanted, bool) or wanted is None:
        return lambda value: value is wanted
    return lambda value: not isinstance(value, bool) and value == wanted


def _text(name: str, operand: Json) -> str:
    if not isinstance(operand, str):
        raise PatternRefused(f"{name} match pattern must be a string")
    return operand


def _ended(name: str, test: Callable[[str, str], bool]) -> Callable[[Json], _Test]:
    """Reads `prefix` or `suffix`, whose operand may be `{"equals-ignore-case": …}`."""

    def read(operand: Json) -> _Test:
        if isinstance(operand, dict):
            if list(operand) != ["equals-ignore-case"]:
                raise PatternRefused(f"Unsupported {name} pattern")
            folded = _text(name, operand["equals-ignore-case"]).casefold()
            return lambda value: isinstance(value, str) and test(value.casefold(), folded)
        wanted = _text(name, operand)
        return lambda value: isinstance(value, str) and test(value, wanted)

    return read


def _equals_ignore_case(operand: Json) -> _Test:
    folded = _text("equals-ignore-case", operand).casefold()
    return lambda value: isinstance(value, str) and value.casefold() == folded


def _anything_but(operand: Json) -> _Test:
    if isinstance(operand, dict):
        if len(operand) != 1:
            raise PatternRefused("Only one key allowed in match expression")
        [(name, inner)] = operand.items()
        if name not in {"prefix", "suffix", "equals-ignore-case", "wildcard"}:
            raise PatternRefused(f"Unsupported anything-but pattern: {name}")
        read = _READERS[name]
        refused = [read(one) for one in _listed(inner)]
    else:
        listed = _listed(operand)
        if any(isinstance(one, bool) or not isinstance(one, (str, int, float)) for one in listed):
            raise PatternRefused("Inside anything-but list, value must be a number or a string")
        refused = [_equal(one) for one in listed]
    return lambda value: not any(test(value) for test in refused)


def _listed(operand: Json) -> list[Json]:
    if not isinstance(operand, list):
        return [operand]
    if not operand:
        raise PatternRefused("Empty arrays are not allowed")
    return operand


# ---------------------------------------------------------------------- numbers and addresses


def _numeric(operand: Json) -> _Test:
    if not isinstance(operand, list) or len(operand) not in {2, 4}:
        raise PatternRefused("Value of numeric must be an array of one or two comparisons.")
    tests = [_compared(operand[at], operand[at + 1]) for at in range(0, len(operand), 2)]
    if len(operand) == 4:
        low, high = operand[1], operand[3]
        if operand[0] not in {">", ">="} or operand[2] not in {"<", "<="}:
            raise PatternRefused("Bad numeric range operator")
        assert isinstance(low, (int, float))
        assert isinstance(high, (int, float))
        if low >= high:
            raise PatternRefused("Bottom must be less than top")
    return lambda value: all(test(value) for test in tests)


def _compared(operator: Json, bound: Json) -> _Test:
    compare = _COMPARISONS.get(operator) if isinstance(operator, str) else None
    if compare is None:
        raise PatternRefused(f"Unrecognized numeric range operator: {operator}")
    if isinstance(bound, bool) or not isinstance(bound, (int, float)):
        raise PatternRefused(f"Value of {operator} must be numeric")
    if abs(bound) > _NUMBER_MAX:
        raise PatternRefused(f"Value must be between -{_NUMBER_MAX} and {_NUMBER_MAX}, inclusive")

    def test(value: Json) -> bool:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and compare(value, bound)  # type: ignore[arg-type]  # just seen to be a number

    return test


_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def _cidr(operand: Json) -> _Test:
    text = _text("cidr", operand)
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise PatternRefused("Malformed CIDR") from None

    def test(value: Json) -> bool:
        if not isinstance(value, str):
            return False
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return test


# ---------------------------------------------------------------------- wildcards


def _wildcard(operand: Json) -> _Test:
    pieces = _pieces(_text("wildcard", operand))
    return lambda value: isinstance(value, str) and _is_like(value, pieces)


def _pieces(pattern: str) -> list[str]:
    r"""The texts between the stars; `\*` and `\\` stand for themselves."""
    pieces, at = [""], 0
    while at < len(pattern):
        if pattern[at] == "\\":
            if pattern[at + 1 : at + 2] not in {"*", "\\"}:
                raise PatternRefused(f"Invalid escape character at pos {at}")
            pieces[-1] += pattern[at + 1]
            at += 2
            continue
        if pattern[at] == "*":
            if pattern[at + 1 : at + 2] == "*":
                raise PatternRefused(f"Consecutive wildcard characters at pos {at}")
            pieces.append("")
        else:
            pieces[-1] += pattern[at]
        at += 1
    return pieces


def _is_like(value: str, pieces: Sequence[str]) -> bool:
    """The first piece begins, the last ends, the others follow each other: linear in the value."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return value == first
    if len(value) < len(first) + len(last):
        return False
    if not (value.startswith(first) and value.endswith(last)):
        return False
    at, end = len(first), len(value) - len(last)
    for piece in pieces[1:-1]:
        found = value.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


_READERS: Mapping[str, Callable[[Json], _Test]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "numeric": _numeric,
    "prefix": _ended("prefix", str.startswith),
    "suffix": _ended("suffix", str.endswith),
    "wildcard": _wildcard,
}
