"""Tags: their rules. The operations on them are in `topic_policies.py`, with the topics.

AWS: SNS API Reference, Tag, TagResource.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kamome.services.sns.errors import InvalidParameter, TagLimitExceeded, invalid
from kamome.services.sns.limits import (
    TAG_KEY_CHARACTERS_MAX,
    TAG_VALUE_CHARACTERS_MAX,
    TAGS_MAX,
)

if TYPE_CHECKING:
    from kamome.services.sns import shapes


def checked_tags(
    given: Sequence[shapes.Tag], existing: Mapping[str, str] | None = None
) -> dict[str, str]:
    """A topic's tags after some were given; `existing` ones of the same key are replaced.

    Raises:
        InvalidParameter: a key comes twice, or a key or value is not valid.
        TagLimitExceeded: there are more than 50 then.

    AWS: SNS API Reference, TagResource.
    """
    tags = {tag["Key"]: tag["Value"] for tag in given}
    if len(tags) != len(given):
        raise InvalidParameter("Invalid parameter: Duplicated keys are not allowed.")
    tags = {**(existing or {}), **tags}
    if len(tags) > TAGS_MAX:
        raise TagLimitExceeded("Could not complete request: tag quota of per resource exceeded")
    for name, value in tags.items():
        if not 1 <= len(name) <= TAG_KEY_CHARACTERS_MAX:
            raise invalid("Tags", f"a key has 1 to {TAG_KEY_CHARACTERS_MAX} characters")
        if name.lower().startswith("aws:"):
            raise invalid("Tags", "keys that begin with aws: are reserved")
        if len(value) > TAG_VALUE_CHARACTERS_MAX:
            raise invalid("Tags", f"a value has up to {TAG_VALUE_CHARACTERS_MAX} characters")
    return tags
