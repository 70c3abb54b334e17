"""Constraints of the service models (lengths, ranges, patterns, enums, required), checked.

A checker is compiled per operation on first use: a closure per constrained shape. Parts of the
input with no constraint at or below them cost nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from kamome.protocols.model import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kamome.protocols.model import OperationModel, Shape

    Check: TypeAlias = Callable[[Any, str, str, list[Violation]], None]

# More would make an error sentence of megabytes; AWS stops far below.
MAX_VIOLATIONS = 100

_compiled: dict[OperationModel, Check | None] = {}


def violations(operation: OperationModel, decoded: Mapping[str, Any]) -> list[Violation]:
    """What of a decoded request does not satisfy the model, in the model's order.

    Paths are written as AWS's sentences write them: members with a small first letter, list items
    as `.1.member`, map values as `.key.member`. At most `MAX_VIOLATIONS` are told.

    AWS: Smithy 2.0, Constraint traits; the service models.
    """
    if operation not in _compiled:
        compiler = _Compiler()
        _compiled[operation] = compiler.check(operation.input) if operation.input else None
    check = _compiled[operation]
    found: list[Violation] = []
    if check is not None:
        check(decoded, "", "", found)
    return found[:MAX_VIOLATIONS] if found else found


class _Compiler:
    """Compiles the shapes of one operation; a shape that contains itself is entered late."""

    def __init__(self) -> None:
        self._done: dict[str, Check] = {}
        self._begun: set[str] = set()

    def check(self, shape: Shape) -> Check | None:
        """The check of a shape, None when nothing in it is constrained."""
        if not any(_constrained(below) for below in shape.reachable):
            return None
        if shape.name in self._done:
            return self._done[shape.name]
        if shape.name in self._begun:
            return self._late(shape.name)
        self._begun.add(shape.name)
        made = self._done[shape.name] = self._make(shape)
        return made

    def _late(self, name: str) -> Check:
        done = self._done

        def check(value: Any, path: str, member: str, found: list[Violation]) -> None:
            done[name](value, path, member, found)

        return check

    def _make(self, shape: Shape) -> Check:
        if shape.type == "structure":
            return self._structure(shape)
        if shape.type == "list":
            return self._list(shape)
        if shape.type == "map":
            return self._map(shape)
        if shape.type in {"string", "blob"}:
            return _text(shape)
        return _number(shape)

    def _structure(self, shape: Shape) -> Check:
        checks = [
            (name, name[0].lower() + name[1:], self.check(member.shape), name in shape.required)
            for name, member in shape.members.items()
        ]
        checks = [entry for entry in checks if entry[2] is not None or entry[3]]

        def check(value: Any, path: str, member: str, found: list[Violation]) -> None:
            prefix = f"{path}." if path else ""
            for name, spelled, below, required in checks:
                item = value.get(name)
                if item is None:
                    if required:
                        found.append(Violation(prefix + spelled, "required", None, None, name))
                elif below is not None:
                    below(item, prefix + spelled, name, found)

        return check

    def _list(self, shape: Shape) -> Check:
        item_check = self.check(shape.member.shape)
        count = _length_check(shape)

        def check(value: Any, path: str, member: str, found: list[Violation]) -> None:
            if count is not None:
                count(value, path, member, found)
            if item_check is None:
                return
            before = len(found)
            for number, item in enumerate(value, 1):
                item_check(item, path, member, found)
                if len(found) > before:  # nearly never, so the place is spelled only now
                    del found[before:]
                    item_check(item, f"{path}.{number}.member", member, found)
                    before = len(found)
                    if before > MAX_VIOLATIONS:
                        return

        return check

    def _map(self, shape: Shape) -> Check:
        key_check = self.check(shape.key.shape)
        value_check = self.check(shape.value.shape)
        count = _length_check(shape)

        def check(value: Any, path: str, member: str, found: list[Violation]) -> None:
            if count is not None:
                count(value, path, member, found)
            for key, item in value.items():
                if key_check is not None:
                    key_check(key, path, member, found)
                if value_check is not None:
                    value_check(item, f"{path}.{key}.member", member, found)
                if len(found) > MAX_VIOLATIONS:
                    return

        return check


def _constrained(shape: Shape) -> bool:
    return bool(
        shape.required
        or shape.enum
        or shape.pattern is not None
        or shape.min is not None
        or shape.max is not None
    )


def _length_check(shape: Shape) -> Check | None:
    low = int(shape.min) if shape.min is not None else 0
    high = int(shape.max) if shape.max is not None else None
    if not low and high is None:
        return None

    def check(value: Any, path: str, member: str, found: list[Violation]) -> None:
        size = len(value)
        if size < low:
            found.append(Violation(path, "min_length", low, value, member))
        elif high is not None and size > high:
            found.append(Violation(path, "max_length", high, value, member))

    return check


def _text(shape: Shape) -> Check:
    length = _length_check(shape)
    matches = _pattern(shape.pattern)
    pattern, enum, enum_set = shape.pattern, shape.enum, frozenset(shape.enum)
    longest = shape.max

    def check(value: Any, path: str, member: str, found: list[Violation]) -> None:
        if length is not None:
            length(value, path, member, found)
        # A pattern is not run over text that is too long anyway: models hold patterns that
        # backtrack, and the caller chooses the text.
        fits = longest is None or len(value) <= longest
        if matches is not None and fits and matches(value) is None:
            found.append(Violation(path, "pattern", pattern, value, member))
        if enum and value not in enum_set:
            found.append(Violation(path, "enum", enum, value, member))

    return check


# Java's Unicode classes, as members of a Python class; `\w` also holds the underscore, which each
# of the models' classes that name letters holds too.
_JAVA_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": " \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000",
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{Alpha}": "a-zA-Z",
}


def _pattern(pattern: str | None) -> Callable[[str], object] | None:
    """The match function of a model's pattern; None for none, or one that Python cannot read.

    Patterns are Java's: `\\w` and `\\d` are ASCII, letters of all scripts are `\\p{L}`.
    """
    if pattern is None:
        return None
    spelled = pattern
    for java, python in _JAVA_CLASSES.items():
        spelled = spelled.replace(java, python)
    flags = re.UNICODE if r"\p{L}" in pattern else re.ASCII
    try:
        return re.compile(spelled, flags).fullmatch
    except re.error:
        return None


def _number(shape: Shape) -> Check:
    low, high = shape.min, shape.max

    def check(value: Any, path: str, member: str, found: list[Violation]) -> None:
        if low is not None and value < low:
            found.append(Violation(path, "min_value", low, value, member))
        elif high is not None and value > high:
            found.append(Violation(path, "max_value", high, value, member))

    return check
