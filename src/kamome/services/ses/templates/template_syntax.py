"""Templates taken apart: the part of Handlebars that SES documents.

`{{name}}`, `{{{name}}}`, `{{a.b}}`, `{{../a}}`, `{{this}}`, `{{@index}}`; the blocks `#if`,
`#unless`, `#each`, `#with` with `else` and `else if`, plain sections `{{#name}}` and `{{^name}}`;
inline partials (`{{#* inline "name"}}`, `{{> name}}`); comments; `~` against white space. A block's
tag that stands alone on its line takes the line with it.

Ours for want of a library that is kept up: pybars3 and chevron have had no release for years. Time
and depth are bounded: the text is walked once, and blocks nest 50 deep.

AWS: SES Developer Guide, Advanced email personalization. Handlebars: Language Guide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

_DEPTH_MAX = 50
_SEGMENT = r"(?:[^\s!\"#%&'()*+,./;<=>@\[\]^`{|}~]+|\[[^\]]*\])"
_PATH = re.compile(rf"(?:\.\./)*(?:@?(?:this|\.|{_SEGMENT})(?:[./]{_SEGMENT})*)|\.\.")
_INLINE = re.compile(r"\*\s*inline\s+(?:\"([^\"]*)\"|'([^']*)')")
_STANDALONE_AFTER = re.compile(r"[ \t]*(?:\r?\n|\Z)")
BLOCKS = frozenset({"if", "unless", "each", "with"})


class TemplateInvalid(ValueError):
    """A text that is no template; the sentence says where."""


class Text(msgspec.Struct, frozen=True):
    """What stands in the template as it is."""

    text: str


class Value(msgspec.Struct, frozen=True):
    """An attribute of the data. `path` as written."""

    path: str


class Block(msgspec.Struct, frozen=True):
    """A body under a condition or for each element, and what stands in its place otherwise.

    `kind` is one of `BLOCKS`, or `section` (a plain `{{#name}}`) or `inverted` (`{{^name}}`).
    """

    kind: str
    path: str
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


class Inline(msgspec.Struct, frozen=True):
    """A partial that the template itself brings."""

    name: str
    body: tuple[Node, ...]


class Use(msgspec.Struct, frozen=True):
    """A place where a partial stands."""

    name: str


Node = Text | Value | Block | Inline | Use


class _Tag(msgspec.Struct):
    """A tag: what stands in it, and where."""

    content: str
    line: int


_Token = str | _Tag


@lru_cache(256)
def parse_template(text: str) -> tuple[Node, ...]:
    """Take a template apart.

    Raises:
        TemplateInvalid: a tag does not end, is not understood, or blocks do not match.

    AWS: SES API Reference, CreateTemplate (InvalidTemplate).
    """
    parser = _Parser(_tokens(text))
    nodes, end = parser.nodes(0)
    if end is not None:
        raise TemplateInvalid(f"line {end.line}: {{{{{end.content}}}}} closes nothing")
    return nodes


class _Parser:
    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def nodes(self, depth: int) -> tuple[tuple[Node, ...], _Tag | None]:
        """Nodes up to the tag that ends them (`else…`, `^`, `/…`), or to the end."""
        if depth > _DEPTH_MAX:
            raise TemplateInvalid(f"blocks are nested deeper than {_DEPTH_MAX}")
        found: list[Node] = []
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if isinstance(token, str):
                found.append(Text(token))
                continue
            content = token.content
            if content.startswith("/") or content == "^" or re.match(r"else\b", content):
                return tuple(found), token
            node = self._node(token, depth)
            if node is not None:
                found.append(node)
        return tuple(found), None

    def _node(self, tag: _Tag, depth: int) -> Node | None:
        content = tag.content
        if content.startswith("!"):
            return None
        if content.startswith("#"):
            return self._block(tag, content[1:].strip(), depth)
        if content.startswith("^"):
            path = _checked_path(tag, content[1:])
            body, otherwise = self._bodies(tag, path, depth)
            return Block("inverted", path, body, otherwise)
        if content.startswith(">"):
            return Use(content[1:].strip().strip("\"'"))
        return Value(_checked_path(tag, content.removeprefix("{").removeprefix("&")))

    def _block(self, tag: _Tag, content: str, depth: int) -> Node:
        inline = _INLINE.fullmatch(content)
        if inline is not None:
            body, _ = self._bodies(tag, "inline", depth)
            return Inline(inline[1] or inline[2] or "", body)
        kind, _, rest = content.partition(" ")
        if kind in BLOCKS and rest.strip():
            path = _checked_path(tag, rest)
            body, otherwise = self._bodies(tag, kind, depth)
            return Block(kind, path, body, otherwise)
        path = _checked_path(tag, content)
        body, otherwise = self._bodies(tag, path, depth)
        return Block("section", path, body, otherwise)

    def _bodies(
        self, tag: _Tag, name: str, depth: int
    ) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
        """The body of a block and of its `else`, up to the tag that closes it."""
        body, end = self.nodes(depth + 1)
        otherwise: tuple[Node, ...] = ()
        if end is not None and not end.content.startswith("/"):
            chained = end.content.removeprefix("else").removeprefix("^").strip()
            if chained:
                return body, self._chained(end, chained, name, depth + 1)
            otherwise, end = self.nodes(depth + 1)
        if end is None or end.content[1:].strip() != name:
            raise TemplateInvalid(f"line {tag.line}: {{{{{tag.content}}}}} is not closed")
        return body, otherwise

    def _chained(self, tag: _Tag, content: str, name: str, depth: int) -> tuple[Node, ...]:
        """`else if x`: a block that is closed by the tag of the outer one."""
        kind, _, rest = content.partition(" ")
        if kind not in BLOCKS:
            raise TemplateInvalid(f"line {tag.line}: {{{{{tag.content}}}}} is not understood")
        path = _checked_path(tag, rest)
        body, otherwise = self._bodies(tag, name, depth)
        return (Block(kind, path, body, otherwise),)


def _checked_path(tag: _Tag, text: str) -> str:
    path = text.strip()
    if not _PATH.fullmatch(path):
        raise TemplateInvalid(f"line {tag.line}: {{{{{tag.content}}}}} is not understood")
    return path


def _tokens(text: str) -> list[_Token]:
    """Texts and tags in order; white space that belongs to tags is gone."""
    found: list[_Token] = []
    at, line, is_trimmed = 0, 1, False
    while True:
        start = text.find("{{", at)
        piece = text[at:] if start < 0 else text[at:start]
        shown = piece.lstrip() if is_trimmed else piece
        if start < 0:
            _add(found, shown)
            return found
        line += piece.count("\n")
        raw, end = _tag_at(text, start, line)
        content = raw.strip()
        if content.startswith("~"):
            shown, content = shown.rstrip(), content[1:].strip()
        is_trimmed = content.endswith("~")
        content = content.removesuffix("~").strip()
        if _takes_its_line(content) and not is_trimmed and _is_alone(text, start, end):
            shown = shown.rstrip(" \t")
            after = _STANDALONE_AFTER.match(text, end)
            assert after is not None
            line += text.count("\n", end, after.end())
            end = after.end()
        _add(found, shown)
        found.append(_Tag(content, line))
        line += raw.count("\n")
        at = end


def _add(tokens: list[_Token], text: str) -> None:
    if text:
        tokens.append(text)


def _tag_at(text: str, start: int, line: int) -> tuple[str, int]:
    """The content of the tag that begins at `start`, and where the text goes on."""
    for opening, closing in (("{{!--", "--}}"), ("{{{", "}}}"), ("{{", "}}")):
        if text.startswith(opening, start):
            end = text.find(closing, start + len(opening))
            if end < 0:
                raise TemplateInvalid(f"line {line}: a tag does not end with {closing}")
            content = text[start + len(opening) : end]
            return ("!" if opening == "{{!--" else "") + content, end + len(closing)
    raise AssertionError(text[start : start + 2])


def _takes_its_line(content: str) -> bool:
    return content[:1] in ("#", "/", "^", "!", ">") or re.match(r"else\b", content) is not None


def _is_alone(text: str, start: int, end: int) -> bool:
    line_start = text.rfind("\n", 0, start) + 1
    return not text[line_start:start].strip(" \t") and (
        _STANDALONE_AFTER.match(text, end) is not None
    )
