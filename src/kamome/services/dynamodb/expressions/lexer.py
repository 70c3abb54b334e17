"""Cuts an expression into tokens.

AWS: DynamoDB Developer Guide, Using expressions in DynamoDB (the syntax summaries).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

TokenKind = Literal["name", "#", ":", "number", "operator", "other", "end"]


class Token(NamedTuple):
    """A piece of an expression. `start` and `end` are where it stands in the text."""

    kind: TokenKind
    text: str
    start: int
    end: int


_TOKEN = re.compile(
    r"[ \t\r\n]*(?:"
    r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<attribute_name>\#[A-Za-z0-9_]+)"
    r"|(?P<attribute_value>:[A-Za-z0-9_]+)"
    r"|(?P<number>[0-9]+)"
    r"|(?P<operator><>|<=|>=|[=<>(),.\[\]+-])"
    r"|(?P<other>[^ \t\r\n])"
    r")"
)
_KINDS: dict[str, TokenKind] = {
    "name": "name",
    "attribute_name": "#",
    "attribute_value": ":",
    "number": "number",
    "operator": "operator",
    "other": "other",
}


# Programs send the same few expressions again and again; cutting one takes a third of the time of
# reading it. Only short ones are remembered: all of them together hold some megabytes at most.
_REMEMBERED = 128
_REMEMBERED_LENGTH_MAX = 512


def tokens_of(expression: str) -> tuple[Token, ...]:
    """The tokens of an expression, ended by one of kind `end` (which AWS shows as `<EOF>`).

    Text that no token begins with becomes tokens of kind `other`, for the parser to refuse.

    AWS: DynamoDB Developer Guide, Using expressions in DynamoDB.
    """
    if len(expression) <= _REMEMBERED_LENGTH_MAX:
        return _remembered(expression)
    return _cut(expression)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(expression: str) -> tuple[Token, ...]:
    return _cut(expression)


def _cut(expression: str) -> tuple[Token, ...]:
    found = []
    for match in _TOKEN.finditer(expression):
        group = match.lastgroup
        assert group is not None
        found.append(Token(_KINDS[group], match[group], *match.span(group)))
    found.append(Token("end", "<EOF>", len(expression), len(expression)))
    return tuple(found)
