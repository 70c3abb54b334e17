"""The x-amz-tagging header of PutObject.

AWS: S3 User Guide, Categorizing your objects using tags.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

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
    """An object may have ten tags at most."""

    def __init__(self) -> None:
        super().__init__("Object tags cannot be greater than 10")


def parse_tagging(header: str) -> dict[str, str]:
    """The tags of a header such as `project=x&stage=test`, in order.

    Raises:
        InvalidArgument: it is not in query form, or names a tag twice.
        BadRequest: more than 10 tags.
        InvalidTag: a key or value is too long, has other characters, or begins with `aws:`.

    AWS: S3 API Reference, PutObject, x-amz-tagging.
    """
    tags: dict[str, str] = {}
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
    if len(tags) > TAGS_PER_OBJECT_MAX:
        raise BadRequest
    for key, value in tags.items():
        _check_tag(key, value)
    return tags


def _check_tag(key: str, value: str) -> None:
    if len(key) > TAG_KEY_CHARACTERS_MAX or _TAG_TEXT.fullmatch(key) is None:
        raise InvalidTag("The TagKey you have provided is invalid", {"TagKey": key})
    if len(value) > TAG_VALUE_CHARACTERS_MAX or _TAG_TEXT.fullmatch(value) is None:
        raise InvalidTag(
            "The TagValue you have provided is invalid", {"TagKey": key, "TagValue": value}
        )
    if key.lower().startswith("aws:"):
        raise InvalidTag("System tags cannot be added/updated by requester", {"TagKey": key})
