"""Conditional requests: which answer If-Match and its kin lead to.

ETags are compared without their quotes; times in whole seconds, as the headers carry them.

AWS: S3 User Guide, Add preconditions to S3 operations with conditional requests; RFC 9110 §13.
"""

from __future__ import annotations

import msgspec

from kamome.services.s3.errors import (
    FeatureNotServed,
    NoSuchKey,
    NotModified,
    PreconditionFailed,
)
from kamome.services.s3.objects.object_rows import StoredObject

_ANY = "*"


class ReadConditions(msgspec.Struct, frozen=True):
    """The four headers of GetObject and HeadObject; times are epoch seconds."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: float | None = None
    if_unmodified_since: float | None = None


def check_read(conditions: ReadConditions, etag: str, last_modified_s: int) -> None:
    """Whether the object may be given to a conditional GET or HEAD.

    If-Match decides before If-Unmodified-Since, and If-None-Match before If-Modified-Since: where
    both of a pair are sent, the date is not looked at.

    Raises:
        PreconditionFailed: If-Match or If-Unmodified-Since does not hold.
        NotModified: If-None-Match or If-Modified-Since does not hold.

    AWS: S3 API Reference, GetObject, If-Match to If-Unmodified-Since. RFC 9110 §13.2.2.
    """
    if conditions.if_match is not None:
        if not _lists(conditions.if_match, etag):
            raise PreconditionFailed("If-Match")
    elif conditions.if_unmodified_since is not None and _is_modified(
        last_modified_s, conditions.if_unmodified_since
    ):
        raise PreconditionFailed("If-Unmodified-Since")
    if conditions.if_none_match is not None:
        if _lists(conditions.if_none_match, etag):
            raise NotModified(f'"{etag}"', last_modified_s)
    elif conditions.if_modified_since is not None and not _is_modified(
        last_modified_s, conditions.if_modified_since
    ):
        raise NotModified(f'"{etag}"', last_modified_s)


def check_copy_source(conditions: ReadConditions, etag: str, last_modified_s: int) -> None:
    """Whether an object may be copied; as for reads, but every "no" is a failed condition.

    Raises:
        PreconditionFailed: a condition does not hold.

    AWS: S3 API Reference, CopyObject, x-amz-copy-source-if-*.
    """
    try:
        check_read(conditions, etag, last_modified_s)
    except NotModified:
        name = "Modified-Since" if conditions.if_none_match is None else "None-Match"
        raise PreconditionFailed(f"x-amz-copy-source-If-{name}") from None


class WriteConditions(msgspec.Struct, frozen=True):
    """The two headers of a conditional write."""

    if_match: str | None = None
    if_none_match: str | None = None


def check_served(conditions: WriteConditions) -> None:
    """Conditional writes take `If-None-Match: *` or `If-Match` with an ETag, not both.

    Raises:
        FeatureNotServed: S3 itself answers NotImplemented for other forms.

    AWS: S3 User Guide, How to prevent object overwrites with conditional writes.
    """
    if conditions.if_none_match is not None and conditions.if_none_match != _ANY:
        raise FeatureNotServed("If-None-Match", "with an ETag on a write; only * is")
    if conditions.if_match == _ANY:
        raise FeatureNotServed("If-Match", "with * on a write; only an ETag is")
    if conditions.if_match is not None and conditions.if_none_match is not None:
        raise FeatureNotServed("If-None-Match", "together with If-Match")


def check_write(conditions: WriteConditions, key: str, etag: str | None) -> None:
    """Whether a conditional write may replace what is there (`etag` None: nothing).

    Raises:
        PreconditionFailed: there is an object and If-None-Match was `*`, or its ETag is another.
        NoSuchKey: If-Match names an ETag, and there is no object.

    AWS: S3 User Guide, How to prevent object overwrites with conditional writes.
    """
    if conditions.if_none_match is not None and etag is not None:
        raise PreconditionFailed("If-None-Match")
    if conditions.if_match is not None:
        _check_match(conditions.if_match, key, etag)


class DeleteConditions(msgspec.Struct, frozen=True):
    """What a delete may ask of the object: ETag, time in epoch seconds, size."""

    if_match: str | None = None
    last_modified_s: float | None = None
    size: int | None = None


def check_delete(conditions: DeleteConditions, key: str, present: StoredObject | None) -> None:
    """Whether a conditional delete may go on; `*` asks only that there is an object.

    Raises:
        PreconditionFailed: the ETag, time or size is another.
        NoSuchKey: there is no object.

    AWS: S3 User Guide, How to perform conditional deletes; S3 API Reference, ObjectIdentifier.
    """
    if conditions == _UNCONDITIONAL:
        return
    if conditions.if_match is not None:
        _check_match(conditions.if_match, key, present.etag if present is not None else None)
    if present is None:
        raise NoSuchKey(key)
    if conditions.last_modified_s not in (None, present.last_modified_s):
        raise PreconditionFailed("If-Match-Last-Modified-Time")
    if conditions.size not in (None, present.size):
        raise PreconditionFailed("If-Match-Size")


_UNCONDITIONAL = DeleteConditions()


def _check_match(if_match: str, key: str, etag: str | None) -> None:
    if etag is None:
        raise NoSuchKey(key)
    if not _lists(if_match, etag):
        raise PreconditionFailed("If-Match")


def _lists(header: str, etag: str) -> bool:
    """Whether a list of ETags holds this one; weak ones compare equal, quotes may be missing."""
    for part in header.split(","):
        text = part.strip().removeprefix("W/").strip('"')
        if text in (etag, _ANY):
            return True
    return False


def _is_modified(last_modified_s: int, since_s: float) -> bool:
    return last_modified_s > int(since_s)
