"""Templates filled with data.

An attribute that a template shows and the data lack is a rendering failure, as SES documents;
conditions and loops take a missing attribute as empty. Values are put in as they are, in the HTML
part, too: SES escapes nothing there and tells senders to do it themselves.

AWS: SES Developer Guide, Using templates to send personalized email; Advanced email
personalization.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import orjson

from kamome.services.ses.templates.template_syntax import (
    Block,
    Inline,
    Node,
    TemplateInvalid,
    Text,
    Use,
    Value,
    parse_template,
)

# Ours: what a template may grow to, and how deep partials may use each other.
_RENDERED_CHARACTERS_MAX = 10 * 1024 * 1024
_STEPS_MAX = 100_000
_PARTIALS_DEPTH_MAX = 20
_SEGMENT = re.compile(r"\[([^\]]*)\]|([^./\[\]]+)")
_MISSING = object()


class AttributeMissing(ValueError):
    """The data lack an attribute that the template shows."""

    def __init__(self, path: str) -> None:
        super().__init__(f"Attribute '{path}' is not present in the rendering data.")
        self.path = path


class DataInvalid(ValueError):
    """The data are no JSON object."""


def read_data(text: str) -> dict[str, object]:
    """The data of a template.

    Raises:
        DataInvalid: the text is no JSON object.

    AWS: SES API Reference, SendTemplatedEmail (TemplateData).
    """
    try:
        data = orjson.loads(text or "{}")
    except orjson.JSONDecodeError as error:
        raise DataInvalid("Template rendering data is invalid") from error
    if not isinstance(data, dict):
        raise DataInvalid("Template rendering data is invalid")
    return data


def render(template: str, data: Mapping[str, object]) -> str:
    """A template with the data in it.

    Raises:
        TemplateInvalid: it is none, uses a partial that it does not bring, or grows without end.
        AttributeMissing: the data lack what it shows.

    AWS: SES Developer Guide, Advanced email personalization.
    """
    rendering = _Rendering(data)
    rendering.show(parse_template(template))
    return "".join(rendering.pieces)


class _Rendering:
    def __init__(self, data: Mapping[str, object]) -> None:
        self.pieces: list[str] = []
        self._size = 0
        self._steps = 0
        self._contexts: list[object] = [data]
        self._loops: list[Mapping[str, object]] = []
        self._partials: dict[str, Sequence[Node]] = {}
        self._depth = 0

    def show(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            if isinstance(node, Inline):
                self._partials[node.name] = node.body
        for node in nodes:
            self._steps += 1
            if self._steps > _STEPS_MAX:
                raise TemplateInvalid("rendering takes too many steps")
            if isinstance(node, Text):
                self._put(node.text)
            elif isinstance(node, Value):
                self._put(_text(self._shown(node.path)))
            elif isinstance(node, Use):
                self._use(node)
            elif isinstance(node, Block):
                self._block(node)

    def _put(self, text: str) -> None:
        self._size += len(text)
        if self._size > _RENDERED_CHARACTERS_MAX:
            raise TemplateInvalid("the rendered template is too long")
        self.pieces.append(text)

    def _shown(self, path: str) -> object:
        value = self._value(path)
        if value is _MISSING:
            raise AttributeMissing(path)
        return value

    def _use(self, node: Use) -> None:
        body = self._partials.get(node.name)
        if body is None:
            raise TemplateInvalid(f"there is no partial {node.name}")
        if self._depth >= _PARTIALS_DEPTH_MAX:
            raise TemplateInvalid("partials use each other without end")
        self._depth += 1
        self.show(body)
        self._depth -= 1

    def _block(self, block: Block) -> None:
        value = self._value(block.path)
        if block.kind == "each":
            self._each(block, value)
        elif block.kind in ("unless", "inverted"):
            self.show(block.otherwise if _is_true(value) else block.body)
        elif not _is_true(value):
            self.show(block.otherwise)
        elif block.kind == "if":
            self.show(block.body)
        elif block.kind == "section" and isinstance(value, list):
            self._each(block, value)
        elif block.kind == "section" and value is True:
            self.show(block.body)
        else:
            with self._within(value):
                self.show(block.body)

    def _each(self, block: Block, value: object) -> None:
        items: list[tuple[object, object]] = []
        if isinstance(value, list):
            items = list(enumerate(value))
        elif isinstance(value, dict):
            items = list(value.items())
        if not items:
            self.show(block.otherwise)
        for index, (key, item) in enumerate(items):
            is_last = index == len(items) - 1
            loop = {"key": key, "index": index, "first": index == 0, "last": is_last}
            self._loops.append(loop)
            with self._within(item):
                self.show(block.body)
            self._loops.pop()

    @contextmanager
    def _within(self, context: object) -> Iterator[None]:
        self._contexts.append(context)
        yield
        self._contexts.pop()

    def _value(self, path: str) -> object:
        """What a path leads to; a plain name is looked for outwards, as in Handlebars for Java."""
        depth, rest = len(self._contexts) - 1, path
        while rest.startswith(".."):
            depth, rest = depth - 1, rest[2:].removeprefix("/")
        if depth < 0:
            return _MISSING
        if rest.startswith("@"):
            return self._loops[-1].get(rest[1:], _MISSING) if self._loops else _MISSING
        if rest in ("", ".", "this"):
            return self._contexts[depth]
        is_own = rest.startswith(("this.", "this/", "./"))
        rest = rest.removeprefix("this").lstrip("./") if is_own else rest
        names = [found[1] or found[2] for found in _SEGMENT.finditer(rest)]
        while True:
            value = _below(self._contexts[depth], names)
            if value is not _MISSING or is_own or path.startswith("..") or depth == 0:
                return value
            depth -= 1


def _below(value: object, names: Sequence[str]) -> object:
    for name in names:
        if isinstance(value, dict):
            value = value.get(name, _MISSING)
        elif isinstance(value, list) and name == "length":
            value = len(value)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return _MISSING
    return value


def _is_true(value: object) -> bool:
    """Handlebars takes false, null, 0, "" and empty lists as false. An empty object is true."""
    if isinstance(value, dict):
        return True
    return value is not _MISSING and bool(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list):
        return f"[{', '.join(_text(each) for each in value)}]"
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
