"""Document paths: finding what they lead to, and refusing paths that get in each other's way.

AWS: DynamoDB Developer Guide, Referring to item attributes when using expressions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from kamome.services.dynamodb.expressions.syntax import Path, path_shown

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue


class PathsClash(Exception):
    """Two paths of one expression overlap or conflict; the text is AWS's sentence."""


def find(item: Mapping[str, AttributeValue], path: Path) -> AttributeValue | None:
    """The value that a path leads to, None where the item has nothing there.

    AWS: DynamoDB Developer Guide, Referring to item attributes when using expressions.
    """
    value = item.get(str(path[0]))
    for part in path[1:]:
        if value is None:
            return None
        if isinstance(part, str):
            value = value["M"].get(part) if "M" in value else None
        else:
            elements = value.get("L", ())
            value = elements[part] if part < len(elements) else None
    return value


class PathNode(msgspec.Struct):
    """One part of the paths of an expression: what lies below it, or that a path ends here."""

    path: Path
    children: dict[str | int, PathNode] = msgspec.field(default_factory=dict)
    is_end: bool = False

    def first_path(self) -> Path:
        """A whole path that goes through this node."""
        node = self
        while not node.is_end:
            node = next(iter(node.children.values()))
        return node.path


def tree_of(paths: Iterable[Path]) -> PathNode:
    """The paths as one tree, its root the item itself.

    Raises:
        PathsClash: one path leads into another or is the same (overlap), or two take the same
            attribute for a map and for a list (conflict).

    AWS: DynamoDB Developer Guide, Using update expressions.
    """
    root = PathNode(())
    for path in paths:
        _grow(root, path)
    return root


def _grow(root: PathNode, path: Path) -> None:
    node = root
    for depth, part in enumerate(path):
        if node.is_end:
            raise _clash("overlap", node.path, path)
        if node.children and isinstance(part, int) != isinstance(next(iter(node.children)), int):
            raise _clash("conflict", node.first_path(), path)
        node = node.children.setdefault(part, PathNode(path[: depth + 1]))
    if node.is_end or node.children:
        raise _clash("overlap", node.first_path(), path)
    node.is_end = True


def _clash(how: str, one: Path, two: Path) -> PathsClash:
    return PathsClash(
        f"Two document paths {how} with each other; must remove or rewrite one of these paths;"
        f" path one: {path_shown(one)}, path two: {path_shown(two)}"
    )
