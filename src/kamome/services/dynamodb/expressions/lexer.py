"""Cuts an expression into tokens.

AWS: DynamoDB Developer Guide, Using expressions in DynamoDB (the syntax summaries).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["name", "#", ":", "number", "operator", "other", "end"]


@dataclass(frozen=True, slots=True)
class Token:
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


def tokens_of(expression: str) -> list[Token]:
    """The tokens of an expression, ended by one of kind `end` (which AWS shows as `<EOF>`).

    Text that no token begins with becomes tokens of kind `other`, for the parser to refuse.

    AWS: DynamoDB Developer Guide, Using expressions in DynamoDB.
    """
    found = [
        Token(_KINDS[match.lastgroup or "other"], match[match.lastgroup or 0], *_span(match))
        for match in _TOKEN.finditer(expression)
    ]
    found.append(Token("end", "<EOF>", len(expression), len(expression)))
    return found


def _span(match: re.Match[str]) -> tuple[int, int]:
    return match.span(match.lastgroup or 0)
