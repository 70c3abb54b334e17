"""Restoring archived objects: how long it takes, until when the copy stays, what headers say.

AWS: S3 User Guide, Restoring an archived object; Understanding archive retrieval options.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate

import msgspec

from kamome.services.s3.errors import FeatureNotServed, InvalidArgument, MalformedXML

# Members of an object's attributes: the header that reads show, and what it follows from.
RESTORE = "Restore"
RESTORATION = "Restoration"
IN_PROGRESS = 'ongoing-request="true"'
STANDARD = "Standard"
_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS
# The longest that AWS calls typical. S3 User Guide, Understanding archive retrieval options.
_DURATIONS_MS: Mapping[str, Mapping[str, int]] = {
    "GLACIER": {"Expedited": 5 * _MINUTE_MS, STANDARD: 5 * _HOUR_MS, "Bulk": 12 * _HOUR_MS},
    "DEEP_ARCHIVE": {STANDARD: 12 * _HOUR_MS, "Bulk": 48 * _HOUR_MS},
}
_SELECT_MEMBERS = ("Type", "SelectParameters", "OutputLocation")


class Restoration(msgspec.Struct, frozen=True):
    """A copy that is being made (`expires_at_ms` 0), or is there until it expires."""

    storage_class: str
    tier: str
    days: int
    ready_at_ms: int
    expires_at_ms: int = 0

    @property
    def header(self) -> str:
        """The `x-amz-restore` header. AWS: S3 API Reference, HeadObject, x-amz-restore."""
        if not self.expires_at_ms:
            return IN_PROGRESS
        expiry = formatdate(self.expires_at_ms / 1000, usegmt=True)
        return f'ongoing-request="false", expiry-date="{expiry}"'


def restoration_of(attributes: Mapping[str, object]) -> Restoration | None:
    """The restoration of an object; None where it has none."""
    kept = attributes.get(RESTORATION)
    return None if kept is None else msgspec.convert(kept, Restoration)


def with_restoration(
    attributes: Mapping[str, object], restoration: Restoration | None
) -> dict[str, object]:
    """The attributes of an object with another restoration, or with none."""
    kept = {k: v for k, v in attributes.items() if k not in (RESTORE, RESTORATION)}
    if restoration is None:
        return kept
    return {
        **kept,
        RESTORE: restoration.header,
        RESTORATION: msgspec.to_builtins(restoration),
    }


def is_restored(attributes: Mapping[str, object]) -> bool:
    """Whether the copy of an archived object is there."""
    return attributes.get(RESTORE, IN_PROGRESS) != IN_PROGRESS


def asked_restoration(request: object, storage_class: str, now_ms: int) -> Restoration:
    """What a RestoreRequest asks for, of an object in that archive.

    Raises:
        MalformedXML: it has no document, or no days.
        InvalidArgument: fewer days than one, or a tier that the archive does not have.
        FeatureNotServed: it asks for a SELECT.

    AWS: S3 API Reference, RestoreObject.
    """
    if not isinstance(request, Mapping):
        raise MalformedXML
    for member in _SELECT_MEMBERS:
        if member in request:
            raise FeatureNotServed(member, "SELECT of archived objects")
    days = request.get("Days")
    if not isinstance(days, int):
        raise MalformedXML
    if days < 1:
        raise InvalidArgument("restoration days should be at least 1", "Days", days)
    parameters = request.get("GlacierJobParameters")
    nested = parameters.get("Tier") if isinstance(parameters, Mapping) else None
    tier = str(nested or request.get("Tier") or STANDARD)
    duration_ms = _DURATIONS_MS[storage_class].get(tier)
    if duration_ms is None:
        raise InvalidArgument(
            "Retrieval option is not supported by this storage class", "Tier", tier
        )
    return Restoration(storage_class, tier, days, now_ms + duration_ms)


def expiry_ms(now_ms: int, days: int) -> int:
    """When a copy goes: that many days from now, at the next midnight UTC.

    AWS: S3 User Guide, Restoring an archived object (how S3 calculates the expiration).
    """
    return (now_ms + days * _DAY_MS) // _DAY_MS * _DAY_MS + _DAY_MS


def shown_status(attributes: Mapping[str, object]) -> dict[str, object]:
    """The RestoreStatus of a listing. AWS: S3 API Reference, RestoreStatus."""
    restoration = restoration_of(attributes)
    if restoration is None or not restoration.expires_at_ms:
        return {"IsRestoreInProgress": restoration is not None}
    return {
        "IsRestoreInProgress": False,
        "RestoreExpiryDate": restoration.expires_at_ms // 1000,
    }
