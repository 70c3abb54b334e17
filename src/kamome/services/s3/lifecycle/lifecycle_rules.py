"""Which lifecycle rule does what to a version, and when.

Days are counted from midnight UTC after the version was made (or became noncurrent). Where several
rules apply, deleting for good comes before a delete marker, and that before a transition.

AWS: S3 User Guide, Lifecycle configuration elements; Examples of how S3 Lifecycle rules are
resolved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from kamome.services.s3.buckets.setting_rules import Document, document_of, documents_of

_DAY_MS = 86_400_000
# From warm to cold: transitions only go down. S3 User Guide, Transitioning objects.
_WATERFALL = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
)


class Candidate(msgspec.Struct, frozen=True):
    """A version as rules see it."""

    key: str
    size: int
    tags: Mapping[str, str]
    last_modified_ms: int
    noncurrent_at_ms: int
    storage_class: str
    is_current: bool
    is_delete_marker: bool
    is_alone: bool
    newer_noncurrent: int


class Action(msgspec.Struct, frozen=True):
    """Delete for good, delete as a client would, or move to a storage class."""

    is_permanent: bool = False
    storage_class: str = ""


def action_of(rules: Iterable[Document], candidate: Candidate, now_ms: int) -> Action | None:
    """What is to be done with a version now, None where nothing is due.

    AWS: S3 User Guide, Examples of how S3 Lifecycle rules are resolved.
    """
    applying = [rule for rule in rules if _applies(rule, candidate)]
    if any(_expires(rule, candidate, now_ms) for rule in applying):
        is_permanent = not candidate.is_current or candidate.is_delete_marker
        return Action(is_permanent=is_permanent)
    classes = [
        storage_class
        for rule in applying
        for storage_class in _transitions(rule, candidate, now_ms)
        if _is_colder(storage_class, candidate.storage_class)
    ]
    if classes and not candidate.is_delete_marker:
        return Action(storage_class=max(classes, key=_WATERFALL.index))
    return None


def aborts(rules: Iterable[Document], key: str, initiated_at_ms: int, now_ms: int) -> bool:
    """Whether a multipart upload is to be ended.

    AWS: S3 User Guide, Configuring a bucket lifecycle configuration to delete incomplete
    multipart uploads.
    """
    for rule in rules:
        action = document_of(rule, "AbortIncompleteMultipartUpload")
        if action is None or rule.get("Status") != "Enabled":
            continue
        if key.startswith(_prefix(rule)) and _is_due(
            initiated_at_ms, action.get("DaysAfterInitiation"), now_ms
        ):
            return True
    return False


def _applies(rule: Document, candidate: Candidate) -> bool:
    if rule.get("Status") != "Enabled" or not candidate.key.startswith(_prefix(rule)):
        return False
    conditions = document_of(rule, "Filter") or {}
    conditions = document_of(conditions, "And") or conditions
    tags = [*documents_of(conditions, "Tags")]
    single = document_of(conditions, "Tag")
    if single is not None:
        tags.append(single)
    above, below = conditions.get("ObjectSizeGreaterThan"), conditions.get("ObjectSizeLessThan")
    if candidate.is_delete_marker:
        return not tags and above is None and below is None
    return (
        all(candidate.tags.get(str(tag["Key"])) == tag["Value"] for tag in tags)
        and (not isinstance(above, int) or candidate.size > above)
        and (not isinstance(below, int) or candidate.size < below)
    )


def _prefix(rule: Document) -> str:
    conditions = document_of(rule, "Filter")
    if conditions is None:
        return str(rule.get("Prefix", ""))
    both = document_of(conditions, "And") or conditions
    return str(both.get("Prefix", ""))


def _expires(rule: Document, candidate: Candidate, now_ms: int) -> bool:
    if not candidate.is_current:
        action = document_of(rule, "NoncurrentVersionExpiration")
        if action is None:
            return False
        kept = action.get("NewerNoncurrentVersions", 0)
        is_spare = not isinstance(kept, int) or candidate.newer_noncurrent >= kept
        since_ms = candidate.noncurrent_at_ms or candidate.last_modified_ms
        return is_spare and _is_due(since_ms, action.get("NoncurrentDays"), now_ms)
    action = document_of(rule, "Expiration")
    if action is None:
        return False
    if candidate.is_delete_marker:
        is_wanted = action.get("ExpiredObjectDeleteMarker") is True
        is_old = _is_due(candidate.last_modified_ms, action.get("Days"), now_ms)
        return candidate.is_alone and (is_wanted or is_old)
    date_s = action.get("Date")
    if isinstance(date_s, (int, float)):
        return now_ms >= date_s * 1000
    return _is_due(candidate.last_modified_ms, action.get("Days"), now_ms)


def _transitions(rule: Document, candidate: Candidate, now_ms: int) -> list[str]:
    if candidate.is_current:
        found = []
        for each in documents_of(rule, "Transitions"):
            date_s = each.get("Date")
            is_over = isinstance(date_s, (int, float)) and now_ms >= date_s * 1000
            if is_over or _is_due(candidate.last_modified_ms, each.get("Days"), now_ms):
                found.append(str(each["StorageClass"]))
        return found
    return [
        str(each["StorageClass"])
        for each in documents_of(rule, "NoncurrentVersionTransitions")
        if _is_due(candidate.noncurrent_at_ms, each.get("NoncurrentDays"), now_ms)
    ]


def _is_due(since_ms: int, days: object, now_ms: int) -> bool:
    """The next midnight after so many days. S3 User Guide, Lifecycle rules based on age."""
    if not isinstance(days, int):
        return False
    due_ms = -(-(since_ms + days * _DAY_MS) // _DAY_MS) * _DAY_MS
    return now_ms >= due_ms


def _is_colder(storage_class: str, than: str) -> bool:
    if storage_class not in _WATERFALL or than not in _WATERFALL:
        return False
    return _WATERFALL.index(storage_class) > _WATERFALL.index(than)
