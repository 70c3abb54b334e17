"""Object lock: retention and legal hold of object versions.

The three members lie among an object's attributes, under the names that GetObject shows them by.

AWS: S3 User Guide, Locking objects with Object Lock.
"""

from __future__ import annotations

from collections.abc import Mapping

from kamome.services.s3.errors import AccessDenied, InvalidArgument, InvalidRequest, MalformedXML
from kamome.services.s3.limits import RETENTION_DAYS_MAX, RETENTION_YEARS_MAX
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket
from kamome.services.s3.unserved import check_retention_members

LOCK_KIND = "ObjectLock"
GOVERNANCE = "GOVERNANCE"
COMPLIANCE = "COMPLIANCE"
MODE = "ObjectLockMode"
RETAIN_UNTIL = "ObjectLockRetainUntilDate"
LEGAL_HOLD = "ObjectLockLegalHoldStatus"
_MEMBERS = frozenset((MODE, RETAIN_UNTIL, LEGAL_HOLD))
_ON = "ON"
_DAY_S = 86_400
_PROTECTED = "Access Denied because object protected by object lock."
_DAYS_PER_YEAR = 365


def lock_members(s3: S3, bucket: Bucket, request: Mapping[str, object]) -> dict[str, object]:
    """What locks a new object: the request's members, else the bucket's default retention.

    Raises:
        InvalidRequest: the bucket does not lock objects.
        InvalidArgument: mode without date or the reverse, a date that is over, an unknown mode.

    AWS: S3 API Reference, PutObject, x-amz-object-lock-*.
    """
    if not bucket.is_locking:
        if not _MEMBERS.isdisjoint(request):
            raise InvalidRequest("Bucket is missing Object Lock Configuration")
        return {}
    given = {name: request[name] for name in (MODE, RETAIN_UNTIL, LEGAL_HOLD) if name in request}
    _check_given(given, s3.clock.now_ms() / 1000)
    if MODE not in given:
        given.update(_default_retention(s3, bucket))
    return given


def _check_given(given: Mapping[str, object], now_s: float) -> None:
    if (MODE in given) != (RETAIN_UNTIL in given):
        raise InvalidArgument(
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
            "x-amz-object-lock-mode",
            given.get(MODE, ""),
        )
    if given.get(MODE, GOVERNANCE) not in (GOVERNANCE, COMPLIANCE):
        raise InvalidArgument("Unknown wormMode directive.", "x-amz-object-lock-mode", given[MODE])
    if given.get(LEGAL_HOLD, _ON) not in (_ON, "OFF"):
        raise InvalidArgument(
            "Legal Hold must be either of 'ON' or 'OFF'",
            "x-amz-object-lock-legal-hold",
            given[LEGAL_HOLD],
        )
    until = given.get(RETAIN_UNTIL)
    if isinstance(until, (int, float)) and until <= now_s:
        raise InvalidArgument(
            "The retain until date must be in the future!",
            "x-amz-object-lock-retain-until-date",
            until,
        )


def _default_retention(s3: S3, bucket: Bucket) -> dict[str, object]:
    document = s3.store.settings.find(bucket.bucket_id, LOCK_KIND) or {}
    rule = document.get("Rule")
    retention = rule.get("DefaultRetention") if isinstance(rule, Mapping) else None
    if not isinstance(retention, Mapping):
        return {}
    days = int(retention.get("Days", 0)) + _DAYS_PER_YEAR * int(retention.get("Years", 0))
    now_s = s3.clock.now_ms() // 1000
    return {MODE: retention["Mode"], RETAIN_UNTIL: now_s + days * _DAY_S}


def check_configuration(configuration: Mapping[str, object]) -> None:
    """Whether an object lock configuration is one.

    Raises:
        MalformedXML: `ObjectLockEnabled` is missing, a rule without mode, with neither or both of
            days and years.
        InvalidArgument: a period that is not positive or too long.
        FeatureNotServed: event holds.

    AWS: S3 API Reference, PutObjectLockConfiguration.
    """
    if configuration.get("ObjectLockEnabled") != "Enabled":
        raise MalformedXML
    if "Rule" not in configuration:
        return
    rule = configuration["Rule"]
    retention = rule.get("DefaultRetention") if isinstance(rule, Mapping) else None
    if not isinstance(retention, Mapping):
        raise MalformedXML
    check_retention_members(retention)
    if retention.get("Mode") not in (GOVERNANCE, COMPLIANCE):
        raise MalformedXML
    if ("Days" in retention) == ("Years" in retention):
        raise MalformedXML
    for name, most in (("Days", RETENTION_DAYS_MAX), ("Years", RETENTION_YEARS_MAX)):
        period = retention.get(name, 1)
        if not period >= 1:
            raise InvalidArgument(
                "Default retention period must be a positive integer value.", name, period
            )
        if period > most:
            raise InvalidArgument("Default retention period too large", name, period)


def check_deletable(
    attributes: Mapping[str, object], now_s: float, *, bypasses_governance: bool
) -> None:
    """Whether a version may be deleted for good.

    Raises:
        AccessDenied: a legal hold is on it, or its retention is not over (governance may be
            bypassed by who says so; every caller here has that right).

    AWS: S3 User Guide, Locking objects with Object Lock, Retention modes.
    """
    if attributes.get(LEGAL_HOLD) == _ON:
        raise AccessDenied(_PROTECTED)
    until = attributes.get(RETAIN_UNTIL)
    if not isinstance(until, (int, float)) or until <= now_s:
        return
    if attributes.get(MODE) == COMPLIANCE or not bypasses_governance:
        raise AccessDenied(_PROTECTED)


def kept_lock(
    present: Mapping[str, object], wanted: Mapping[str, object], now_s: float
) -> dict[str, object]:
    """What stays of a replica's lock that would protect it less if it followed the original's.

    That is a legal hold of its own, and a retention in compliance mode that ends later.

    AWS: S3 User Guide, Locking objects with Object Lock, Retention modes.
    """
    kept: dict[str, object] = {}
    if LEGAL_HOLD in present and LEGAL_HOLD not in wanted:
        kept[LEGAL_HOLD] = present[LEGAL_HOLD]
    until, then = present.get(RETAIN_UNTIL), wanted.get(RETAIN_UNTIL)
    if present.get(MODE) != COMPLIANCE or not isinstance(until, (int, float)) or until <= now_s:
        return kept
    is_stricter = wanted.get(MODE) == COMPLIANCE and isinstance(then, (int, float)) and then > until
    if not is_stricter:
        kept |= {MODE: COMPLIANCE, RETAIN_UNTIL: until}
    return kept


def check_retention(
    attributes: Mapping[str, object],
    mode: str | None,
    until_s: float | None,
    now_s: float,
    *,
    bypasses_governance: bool,
) -> None:
    """Whether a version's retention may be changed to this; both None removes it.

    Extending is always allowed; shortening, removing or weakening only in governance mode with
    the bypass.

    Raises:
        MalformedXML: one of mode and date without the other.
        InvalidArgument: the date is over.
        AccessDenied: the present retention does not allow it.

    AWS: S3 API Reference, PutObjectRetention; S3 User Guide, Retention modes.
    """
    if (mode is None) != (until_s is None) or mode not in (None, GOVERNANCE, COMPLIANCE):
        raise MalformedXML
    if until_s is not None and until_s <= now_s:
        raise InvalidArgument(
            "The retain until date must be in the future!", "RetainUntilDate", until_s
        )
    present = attributes.get(RETAIN_UNTIL)
    if not isinstance(present, (int, float)) or present <= now_s:
        return
    is_extended = until_s is not None and until_s >= present
    is_same_or_stricter = mode in (attributes.get(MODE), COMPLIANCE)
    if is_extended and is_same_or_stricter:
        return
    if attributes.get(MODE) == COMPLIANCE or not bypasses_governance:
        raise AccessDenied(_PROTECTED)
