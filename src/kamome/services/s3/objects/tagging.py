"""The x-amz-tagging header of PutObject.

AWS: S3 User Guide, Categorizing your objects using tags.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_plus, urlencode

from kamome.errors import AwsError
from kamome.services.s3.errors import InvalidArgument, InvalidTag
from kamome.services.s3.limits import (
    TAG_KEY_CHARACTERS_MAX,
    TAG_VALUE_CHARACTERS_MAX,
    TAGS_PER_OBJECT_MAX,
)

# Letters, digits and spaces of any script, and + - = . _ : / @
_TAG_TEXT = re.compile(r"[\w\s+\-=.:/@]*")


class BadRequest(AwsError):
    """An object may have ten tags at most, a bucket fifty."""

    def __init__(self, tags_max: int) -> None:
        kind = "Object" if tags_max == TAGS_PER_OBJECT_MAX else "Bucket"
        super().__init__(f"{kind} tags cannot be greater than {tags_max}")


def parse_tagging(header: str) -> dict[str, str]:
    """The tags of a header such as `project=x&stage=test`, in order.

    Raises:
        InvalidArgument: it is not in query form, or names a tag twice.
        BadRequest: more than 10 tags.
        InvalidTag: a key or value is too long, has other characters, or begins with `aws:`.

    AWS: S3 API Reference, PutObject, x-amz-tagging.
    """
    tags: dict[str, str] = {}
    if not header:
        return tags
    for part in header.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        key = unquote_plus(name)
        if key in tags or not key:
            raise InvalidArgument(
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query"
                " parameters without tag name duplicates.",
                "x-amz-tagging",
                header,
            )
        tags[key] = unquote_plus(value)
    _check_tags(tags, TAGS_PER_OBJECT_MAX)
    return tags


def tags_of(
    pairs: Sequence[Mapping[str, object]], tags_max: int = TAGS_PER_OBJECT_MAX
) -> dict[str, str]:
    """The tags of a `TagSet`, in order.

    Raises:
        InvalidTag: one is named twice, too long, has other characters, or begins with `aws:`.
        BadRequest: there are too many.

    AWS: S3 API Reference, PutObjectTagging, PutBucketTagging.
    """
    tags: dict[str, str] = {}
    for pair in pairs:
        key = str(pair.get("Key", ""))
        if not key:
            raise InvalidTag("The TagKey you have provided is invalid", {"TagKey": key})
        if key in tags:
            raise InvalidTag("Cannot provide multiple Tags with the same key", {"TagKey": key})
        tags[key] = str(pair.get("Value", ""))
    _check_tags(tags, tags_max)
    return tags


def header_of(tags: Mapping[str, str]) -> str:
    """Tags in the form of the header, as they are stored."""
    return urlencode(tags)


def _check_tags(tags: Mapping[str, str], tags_max: int) -> None:
    if len(tags) > tags_max:
        raise BadRequest(tags_max)
    for key, value in tags.items():
        _check_tag(key, value)


def _check_tag(key: str, value: str) -> None:
    if len(key) > TAG_KEY_CHARACTERS_MAX or _TAG_TEXT.fullmatch(key) is None:
        raise InvalidTag("The TagKey you have provided is invalid", {"TagKey": key})
    if len(value) > TAG_VALUE_CHARACTERS_MAX or _TAG_TEXT.fullmatch(value) is None:
        raise InvalidTag(
            "The TagValue you have provided is invalid", {"TagKey": key, "TagValue": value}
        )
    if key.lower().startswith("aws:"):
        raise InvalidTag("System tags cannot be added/updated by requester", {"TagKey": key})
