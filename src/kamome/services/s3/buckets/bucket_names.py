"""Rules for the names of general purpose buckets.

AWS: S3 User Guide, General purpose bucket naming rules.
"""

from __future__ import annotations

import re

from kamome.services.s3.errors import InvalidBucketName
from kamome.services.s3.limits import BUCKET_NAME_CHARACTERS_MAX, BUCKET_NAME_CHARACTERS_MIN

_FORM = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z0-9]")
_IP_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def has_bucket_form(name: str) -> bool:
    """Whether the text could be a bucket's name: length, characters, no address, no `..`."""
    return (
        BUCKET_NAME_CHARACTERS_MIN <= len(name) <= BUCKET_NAME_CHARACTERS_MAX
        and _FORM.fullmatch(name) is not None
        and ".." not in name
        and _IP_ADDRESS.fullmatch(name) is None
    )


def check_new_name(name: str) -> None:
    """A name that a bucket may be created with.

    Raises:
        InvalidBucketName: the form is wrong, or the beginning or end is reserved.

    AWS: S3 User Guide, General purpose bucket naming rules.
    """
    is_reserved = name.startswith(_RESERVED_PREFIXES) or name.endswith(_RESERVED_SUFFIXES)
    if is_reserved or not has_bucket_form(name):
        raise InvalidBucketName(name)
