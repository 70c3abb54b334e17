"""Tag lists (`v=DMARC1; p=none`): the form that DKIM, DMARC, MTA-STS and TLS-RPT records share.

RFC 6376 §3.2; RFC 7489 §6.4; RFC 8461 §3.1; RFC 8460 §3.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class TagListError(ValueError):
    """The text is no tag list; the sentence names the place."""


def parse_tags(text: str) -> dict[str, str]:
    """Tags by lower-case name, values without the white space around them.

    Raises:
        TagListError: a part has no `=`, a bad name, or comes twice.
    """
    tags: dict[str, str] = {}
    parts = text.split(";")
    for number, part in enumerate(parts, 1):
        if not part.strip():
            if number == len(parts):
                break
            raise TagListError(f"part {number} is empty")
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if not equals:
            raise TagListError(f"part {number}, {part.strip()!r}, has no =")
        if not _NAME.fullmatch(name):
            raise TagListError(f"part {number} begins with {name!r}, which is no tag")
        if name in tags:
            raise TagListError(f"the tag {name} comes twice")
        tags[name] = value.strip()
    return tags
