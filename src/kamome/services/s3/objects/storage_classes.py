"""Storage classes. All bytes lie on the same disk; what differs is what clients see.

AWS: S3 User Guide, Understanding and managing Amazon S3 storage classes.
"""

from __future__ import annotations

from collections.abc import Mapping

from kamome.services.s3.errors import InvalidObjectState, InvalidStorageClass
from kamome.services.s3.objects.restore_rules import is_restored

STANDARD = "STANDARD"
_SERVED = frozenset(
    (
        STANDARD,
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER_IR",
        "GLACIER",
        "DEEP_ARCHIVE",
    )
)
_ARCHIVES = frozenset(("GLACIER", "DEEP_ARCHIVE"))


def checked_storage_class(requested: str | None) -> str:
    """The class a new object gets; STANDARD where none was asked for.

    Raises:
        InvalidStorageClass: general purpose buckets do not have it (OUTPOSTS, SNOW, …).

    AWS: S3 API Reference, PutObject, x-amz-storage-class.
    """
    if requested is None:
        return STANDARD
    if requested not in _SERVED:
        raise InvalidStorageClass(requested)
    return requested


def is_archived(storage_class: str) -> bool:
    """Whether objects of this class must be restored before they can be read."""
    return storage_class in _ARCHIVES


def check_readable(storage_class: str, attributes: Mapping[str, object]) -> None:
    """Whether GetObject can give the body.

    Raises:
        InvalidObjectState: the class is an archive, and the object has not been restored.

    AWS: S3 API Reference, GetObject, InvalidObjectState.
    """
    if is_archived(storage_class) and not is_restored(attributes):
        raise InvalidObjectState(storage_class)
