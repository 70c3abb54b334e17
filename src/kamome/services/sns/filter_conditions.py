"""Single conditions of a filter policy: exact values, and the match types that an object names.

A condition sees one value, or whether there is none. Strings match strings, numbers match numbers;
numbers count with five digits after the point.

AWS: SNS Developer Guide, String value matching; Numeric value matching; Key matching.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

import msgspec
import orjson

from kamome.services.sns.limits import FILTER_POLICY_NUMBER_DIGITS, FILTER_POLICY_NUMBER_MAX

ScalarJson = str | int | float | bool | None
# A value of a message: JSON, of any depth.
Field = ScalarJson | list["Field"] | dict[str, "Field"]
_Test = Callable[[ScalarJson], bool]
_SHOWN_CHARACTERS_MAX = 80


class PolicyRefused(Exception):
    """The document is no filter policy; the sentence is what SNS says after its name."""


class Condition(msgspec.Struct, frozen=True):
    """One condition. `test` is asked for each scalar; `exists` is set for that match type alone."""

    text: str
    test: _Test
    exists: bool | None = None

    def holds(self, is_there: bool, value: Field) -> bool:
        """Whether the condition holds for a key's value; an object is nobody's value."""
        values = _leaves(value) if is_there else []
        if self.exists is not None:
            return bool(values) == self.exists
        return any(self.test(one) for one in values)


def condition_of(document: object) -> Condition:
    """The condition that an element of a key's array stands for.

    Raises:
        PolicyRefused: it is none; the sentence is SNS's.

    AWS: SNS Developer Guide, String value matching; Numeric value matching; Key matching.
    """
    if not isinstance(document, dict):
        return Condition(shown(document), _exact(document))
    if len(document) != 1:
        raise PolicyRefused("Only one key allowed in match expression")
    [(name, operand)] = document.items()
    if name == "exists":
        if not isinstance(operand, bool):
            raise PolicyRefused("exists match pattern must be either true or false.")
        return Condition(shown(document), _never, operand)
    return Condition(shown(document), _match_type(str(name), operand))


def shown(value: object) -> str:
    """A value as a reason shows it: JSON, cut off where it is long, left out where it is deep."""
    try:
        text = orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # read with 1,024 levels, written with 254
        return "…"
    return text if len(text) <= _SHOWN_CHARACTERS_MAX else text[:_SHOWN_CHARACTERS_MAX] + "…"


def _leaves(value: Field) -> list[ScalarJson]:
    elements = elements_of(value) if isinstance(value, list) else [value]
    return [element for element in elements if not isinstance(element, (list, dict))]


def elements_of(array: Sequence[Field]) -> list[Field]:
    """What is in an array and the arrays in it, in order; an empty array in it stays one.

    A loop, and not a recursion: publishers choose how deep their arrays are.
    """
    found: list[Field] = []
    waiting = list(reversed(array))
    while waiting:
        element = waiting.pop()
        if isinstance(element, list) and element:
            waiting.extend(reversed(element))
        else:
            found.append(element)
    return found


def _never(_value: ScalarJson) -> bool:
    return False


# ---------------------------------------------------------------------- match types


def _match_type(name: str, operand: object) -> _Test:
    match name:
        case "anything-but":
            return _anything_but(operand)
        case "numeric":
            return _numeric(operand)
        case "cidr":
            return _cidr(operand)
        case "prefix" | "suffix" | "equals-ignore-case" | "wildcard":
            return _of_text(name, operand)
    raise PolicyRefused(f"Unrecognized match type {name}")


def _of_text(name: str, operand: object) -> _Test:
    if not isinstance(operand, str):
        raise PolicyRefused(f"{name} match pattern must be a string")
    if not operand and name in ("prefix", "suffix"):
        raise PolicyRefused(f"Null {name} not allowed")
    match name:
        case "prefix":
            return lambda value: isinstance(value, str) and value.startswith(operand)
        case "suffix":
            return lambda value: isinstance(value, str) and value.endswith(operand)
        case "equals-ignore-case":
            folded = operand.lower()
            return lambda value: isinstance(value, str) and value.lower() == folded
    pieces = _wildcard_pieces(operand)
    return lambda value: isinstance(value, str) and _matches_wildcard(pieces, value)


def _exact(operand: object) -> _Test:
    if operand is None or isinstance(operand, bool):
        return lambda value: value is operand
    if isinstance(operand, str):
        return lambda value: value == operand
    if isinstance(operand, (int, float)):
        wanted = _in_range(operand)
        return lambda value: _rounded(value) == wanted
    raise PolicyRefused("Match value must be String, number, true, false, or null")


def _anything_but(operand: object) -> _Test:
    if isinstance(operand, dict):
        if len(operand) != 1:
            raise PolicyRefused("Only one key allowed in match expression")
        [(name, patterns)] = operand.items()
        if name not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            raise PolicyRefused(f"Unsupported anything-but pattern: {name}")
        listed = patterns if isinstance(patterns, list) else [patterns]
        if not listed:
            raise PolicyRefused("Empty arrays are not allowed")
        refused = [_of_text(str(name), pattern) for pattern in listed]
    else:
        listed = operand if isinstance(operand, list) else [operand]
        if not listed:
            raise PolicyRefused("Empty arrays are not allowed")
        for value in listed:
            if isinstance(value, bool) or not isinstance(value, (str, int, float)):
                raise PolicyRefused("Inside anything-but list, value must be a number or a string")
        refused = [_exact(value) for value in listed]
    return lambda value: not any(test(value) for test in refused)


# ---------------------------------------------------------------------- numbers


def _numeric(operand: object) -> _Test:
    if not isinstance(operand, list):
        raise PolicyRefused("Value of numeric must be an array.")
    if not operand:
        raise PolicyRefused("Invalid member in numeric match: ]")
    if len(operand) > 4:
        raise PolicyRefused("Too many elements in numeric expression")
    first = operand[0]
    if first not in ("=", "<", "<=", ">", ">="):
        raise PolicyRefused(f"Unrecognized numeric range operator: {first}")
    bound = _bound(operand, 0)
    if len(operand) == 2:
        return _comparison(str(first), bound)
    if first not in (">", ">="):
        raise PolicyRefused("Too many elements in numeric expression")
    second = operand[2]
    if second not in ("<", "<="):
        raise PolicyRefused(f"Bad numeric range operator: {second}")
    top = _bound(operand, 2)
    if bound >= top:
        raise PolicyRefused("Bottom must be less than top")
    above, below = _comparison(str(first), bound), _comparison(str(second), top)
    return lambda value: above(value) and below(value)


def _bound(operand: list[object], at: int) -> float:
    number = operand[at + 1] if len(operand) > at + 1 else None
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise PolicyRefused(f"Value of {operand[at]} must be numeric")
    return _in_range(number)


def _comparison(operator: str, bound: float) -> _Test:
    def test(value: ScalarJson) -> bool:
        number = _rounded(value)
        if number is None:
            return False
        match operator:
            case "<":
                return number < bound
            case "<=":
                return number <= bound
            case ">":
                return number > bound
            case ">=":
                return number >= bound
        return number == bound

    return test


def _in_range(number: float) -> float:
    if not -FILTER_POLICY_NUMBER_MAX <= number <= FILTER_POLICY_NUMBER_MAX:
        raise PolicyRefused(
            f"Value must be between {-FILTER_POLICY_NUMBER_MAX} and"
            f" {FILTER_POLICY_NUMBER_MAX}, inclusive"
        )
    return round(float(number), FILTER_POLICY_NUMBER_DIGITS)


def _rounded(value: ScalarJson) -> float | None:
    """A message's number with five digits after the point; None for what is none, or too large."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not -FILTER_POLICY_NUMBER_MAX <= value <= FILTER_POLICY_NUMBER_MAX:
        return None
    return round(float(value), FILTER_POLICY_NUMBER_DIGITS)


# ---------------------------------------------------------------------- addresses and wildcards


def _cidr(operand: object) -> _Test:
    if not isinstance(operand, str):
        raise PolicyRefused("cidr match pattern must be a string")
    try:
        network = ipaddress.ip_network(operand, strict=False)
    except ValueError:
        raise PolicyRefused("Malformed CIDR, one '/' required") from None
    if "/" not in operand:
        raise PolicyRefused("Malformed CIDR, one '/' required")

    def test(value: ScalarJson) -> bool:
        if not isinstance(value, str):
            return False
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return test


def _wildcard_pieces(pattern: str) -> list[str]:
    """The texts between the stars; `\\*` and `\\\\` stand for themselves."""
    pieces, text, at = [], "", 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            if pattern[at + 1 : at + 2] not in ("*", "\\"):
                raise PolicyRefused(f"Invalid escape character at pos {at}")
            text += pattern[at + 1]
            at += 1
        elif character == "*":
            if pattern[at + 1 : at + 2] == "*":
                raise PolicyRefused(f"Consecutive wildcard characters at pos {at}")
            pieces.append(text)
            text = ""
        else:
            text += character
        at += 1
    return [*pieces, text]


def _matches_wildcard(pieces: list[str], value: str) -> bool:
    """Each piece is looked for after the one before: linear in the value for each piece."""
    if len(pieces) == 1:
        return value == pieces[0]
    first, *middle, last = pieces
    if not value.startswith(first) or not value.endswith(last):
        return False
    at, end = len(first), len(value) - len(last)
    if at > end:
        return False
    for piece in middle:
        found = value.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
