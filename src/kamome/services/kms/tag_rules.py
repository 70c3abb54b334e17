"""Whether tags are ones that a key may have.

AWS: KMS API Reference, TagResource; Tag.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kamome.services.kms.errors import TagException
from kamome.services.kms.limits import TAGS_MAX

if TYPE_CHECKING:
    from kamome.services.kms.shapes import Tag

_RESERVED_PREFIX = "aws:"
# AWS: KMS Developer Guide, Tags in AWS KMS: letters, digits, spaces and these.
_TEXT = re.compile(r"[\w\s+\-=.:/@]*")


def checked(tags: Sequence[Tag]) -> list[tuple[str, str]]:
    """Tags as pairs.

    Raises:
        TagException: a key comes twice or begins with `aws:`, a character is not one for tags, or
            there are more than 50.

    AWS: KMS API Reference, TagResource.
    """
    pairs = [(tag["TagKey"], tag["TagValue"]) for tag in tags]
    if len({key for key, _ in pairs}) < len(pairs):
        raise TagException("Duplicate tag keys found. Each tag key must be unique.")
    for key, value in pairs:
        if not _TEXT.fullmatch(key) or not _TEXT.fullmatch(value):
            raise TagException(f"The tag {key} has characters that no tag may have.")
        if key.lower().startswith(_RESERVED_PREFIX):
            raise TagException("Tag keys that begin with aws: are reserved for AWS.")
    check_count(len(pairs))
    return pairs


def check_count(count: int) -> None:
    """Whether a key may have so many tags.

    Raises:
        TagException: more than 50.

    AWS: KMS API Reference, TagResource.
    """
    if count > TAGS_MAX:
        raise TagException(f"A key can have at most {TAGS_MAX} tags.")
