"""Which lifecycle rule does what to a version, and when.

Days are counted from midnight UTC after the version was made (or became noncurrent). Where several
rules apply, deleting for good comes before a transition, and that before a delete marker, which
then comes in a later night.

AWS: S3 User Guide, Lifecycle configuration elements; How Amazon S3 handles conflicts in lifecycle
configurations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from kamome.services.s3.buckets.setting_rules import Document, document_of, documents_of
from kamome.services.s3.limits import TRANSITION_BYTES_MIN

_DAY_MS = 86_400_000
# From warm to cold: transitions only go down. S3 User Guide, Transitioning objects.
WATERFALL = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
)
# What is chosen where several transitions are due, best last: Intelligent-Tiering before all but
# the two archives. S3 User Guide, How Amazon S3 handles conflicts in lifecycle configurations.
_PREFERENCE = (
    "STANDARD_IA",
    "ONEZONE_IA",
    "GLACIER_IR",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
)
# Which small objects are moved where a rule says nothing of sizes: none, or into archives only.
VARIES_BY_STORAGE_CLASS = "varies_by_storage_class"
ALL_STORAGE_CLASSES_128K = "all_storage_classes_128K"
_ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")
_SIZES = frozenset(("ObjectSizeGreaterThan", "ObjectSizeLessThan"))


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
    is_versioned: bool = False


class Action(msgspec.Struct, frozen=True):
    """Delete for good, delete as a client would, or move to a storage class."""

    is_permanent: bool = False
    storage_class: str = ""


class Due(msgspec.Struct, frozen=True):
    """When a rule acts on something, in epoch milliseconds, and the rule's id."""

    at_ms: int
    rule_id: str


def action_of(
    rules: Iterable[Document],
    candidate: Candidate,
    now_ms: int,
    default_minimum: str = ALL_STORAGE_CLASSES_128K,
) -> Action | None:
    """What is to be done with a version now, None where nothing is due.

    `default_minimum` is the configuration's TransitionDefaultMinimumObjectSize.

    AWS: S3 User Guide, How Amazon S3 handles conflicts in lifecycle configurations.
    """
    applying = [rule for rule in rules if _applies(rule, candidate)]
    is_expired = any(_expires(rule, candidate, now_ms) for rule in applying)
    is_permanent = not candidate.is_current or candidate.is_delete_marker
    if is_expired and (is_permanent or not candidate.is_versioned):
        return Action(is_permanent=is_permanent)
    classes = [
        storage_class
        for rule in applying
        for storage_class in _transitions(rule, candidate, now_ms)
        if _is_colder(storage_class, candidate.storage_class)
        and _is_large_enough(rule, storage_class, candidate.size, default_minimum)
    ]
    if classes and not candidate.is_delete_marker:
        return Action(storage_class=max(classes, key=_PREFERENCE.index))
    return Action() if is_expired else None


def expiration_of(rules: Iterable[Document], candidate: Candidate) -> Due | None:
    """When a current version expires, by the rule that comes first.

    AWS: S3 API Reference, GetObject, x-amz-expiration.
    """
    found: list[Due] = []
    for rule in rules:
        action = document_of(rule, "Expiration")
        if action is None or not _applies(rule, candidate):
            continue
        date_s, days = action.get("Date"), action.get("Days")
        if isinstance(date_s, (int, float)):
            found.append(Due(int(date_s * 1000), str(rule.get("ID", ""))))
        elif isinstance(days, int):
            at_ms = _due_ms(candidate.last_modified_ms, days)
            found.append(Due(at_ms, str(rule.get("ID", ""))))
    return min(found, key=_moment, default=None)


def _moment(due: Due) -> int:
    return due.at_ms


def abort_of(rules: Iterable[Document], key: str, initiated_at_ms: int) -> Due | None:
    """When a multipart upload is to be ended, by the rule that comes first.

    AWS: S3 User Guide, Configuring a bucket lifecycle configuration to delete incomplete
    multipart uploads.
    """
    found: list[Due] = []
    for rule in rules:
        action = document_of(rule, "AbortIncompleteMultipartUpload")
        if action is None or rule.get("Status") != "Enabled" or not key.startswith(_prefix(rule)):
            continue
        days = action.get("DaysAfterInitiation")
        if isinstance(days, int):
            found.append(Due(_due_ms(initiated_at_ms, days), str(rule.get("ID", ""))))
    return min(found, key=_moment, default=None)


def _is_large_enough(rule: Document, storage_class: str, size: int, default_minimum: str) -> bool:
    """A rule's own size filter has been looked at; without one, small objects stay."""
    conditions = document_of(rule, "Filter") or {}
    conditions = document_of(conditions, "And") or conditions
    if size >= TRANSITION_BYTES_MIN or not _SIZES.isdisjoint(conditions):
        return True
    return default_minimum == VARIES_BY_STORAGE_CLASS and storage_class in _ARCHIVES


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
        since_ms = candidate.noncurrent_at_ms or candidate.last_modified_ms
        is_due = _is_due(since_ms, action.get("NoncurrentDays"), now_ms)
        return is_due and _is_spare(action, candidate)
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
        if _is_spare(each, candidate)
        and _is_due(candidate.noncurrent_at_ms, each.get("NoncurrentDays"), now_ms)
    ]


def _is_spare(action: Document, candidate: Candidate) -> bool:
    """Whether as many newer noncurrent versions as the action keeps are there."""
    kept = action.get("NewerNoncurrentVersions", 0)
    return not isinstance(kept, int) or candidate.newer_noncurrent >= kept


def _is_due(since_ms: int, days: object, now_ms: int) -> bool:
    """The next midnight after so many days. S3 User Guide, Lifecycle rules based on age."""
    if not isinstance(days, int):
        return False
    return now_ms >= _due_ms(since_ms, days)


def _due_ms(since_ms: int, days: int) -> int:
    return -(-(since_ms + days * _DAY_MS) // _DAY_MS) * _DAY_MS


def _is_colder(storage_class: str, than: str) -> bool:
    if storage_class not in WATERFALL or than not in WATERFALL:
        return False
    return WATERFALL.index(storage_class) > WATERFALL.index(than)
