"""Parameters that belong to features not served here, refused by name and never ignored.

Some features need no refusal of ours: on a bucket that does not have them, S3 itself answers with
an error, and so do we (object lock, MFA delete, SSE-C on read).
"""

from __future__ import annotations

from collections.abc import Mapping

from kamome.services.s3.encryption.kms_fields import KMS_ALGORITHMS, check_kms_members
from kamome.services.s3.errors import (
    FeatureNotServed,
    InvalidArgument,
    InvalidEncryptionAlgorithmError,
)

AES256 = "AES256"

_FSX = "file systems behind access points"
_DIRECTORY = "directory buckets"
# Member of the request: header on the wire, feature.
_PUT_OBJECT: Mapping[str, tuple[str, str]] = {
    "WriteOffsetBytes": ("x-amz-write-offset-bytes", _DIRECTORY),
}
_DELETE_OBJECT: Mapping[str, tuple[str, str]] = {
    "IfMatchLastModifiedTime": ("x-amz-if-match-last-modified-time", _DIRECTORY),
    "IfMatchSize": ("x-amz-if-match-size", _DIRECTORY),
    "MFA": ("x-amz-mfa", "MFA delete"),
}
_HOLDS = "event holds of Object Lock"
_EVENT_HOLD: Mapping[str, tuple[str, str]] = {
    "ObjectLockEventHold": ("x-amz-object-lock-event-hold", _HOLDS),
    "ObjectLockEventHoldDurationDays": ("x-amz-object-lock-event-hold-duration-days", _HOLDS),
    "ObjectLockEventHoldDurationYears": ("x-amz-object-lock-event-hold-duration-years", _HOLDS),
}
_RETENTION: Mapping[str, tuple[str, str]] = {
    name: (name, _HOLDS) for name in ("EventHold", "EventHoldDuration", "DefaultEventHold")
}


def check_put_object(request: Mapping[str, object]) -> None:
    """PutObject's parameters of features that the bucket does not have.

    Raises:
        FeatureNotServed: appending, encryption by FSx, event holds.
        InvalidEncryptionAlgorithmError, InvalidArgument: the encryption, see `check_kms_members`.

    AWS: S3 API Reference, PutObject.
    """
    _refuse_named(request, _PUT_OBJECT)
    encryption = request.get("ServerSideEncryption", AES256)
    if encryption == "aws:fsx":
        raise FeatureNotServed("x-amz-server-side-encryption", f"{encryption}: {_FSX}")
    if encryption != AES256 and encryption not in KMS_ALGORITHMS:
        raise InvalidEncryptionAlgorithmError(str(encryption))
    if "ServerSideEncryption" in request and "SSECustomerAlgorithm" in request:
        raise InvalidArgument(
            "Server Side Encryption with Customer provided key is incompatible with the encryption"
            " method specified",
            "x-amz-server-side-encryption",
            encryption,
        )
    check_kms_members(request)
    _refuse_named(request, _EVENT_HOLD)


def check_delete_object(request: Mapping[str, object], *, is_locking: bool) -> None:
    """DeleteObject's parameters of features that the bucket does not have.

    Raises:
        FeatureNotServed: MFA delete; conditions that only directory buckets know.
        InvalidArgument: object lock is not enabled on the bucket.

    AWS: S3 API Reference, DeleteObject.
    """
    _refuse_named(request, _DELETE_OBJECT)
    if request.get("BypassGovernanceRetention") and not is_locking:
        raise InvalidArgument(
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
            "x-amz-bypass-governance-retention",
            "true",
        )


def check_retention_members(retention: Mapping[str, object]) -> None:
    """Members of a retention, or of a bucket's default one, that are not served.

    Raises:
        FeatureNotServed: event holds.

    AWS: S3 API Reference, ObjectLockRetention, DefaultRetention.
    """
    _refuse_named(retention, _RETENTION)


def check_create_bucket(request: Mapping[str, object]) -> None:
    """CreateBucket's parameters beyond name and location.

    Raises:
        FeatureNotServed: account-regional names, directory buckets.

    AWS: S3 API Reference, CreateBucket.
    """
    if request.get("BucketNamespace", "global") != "global":
        raise FeatureNotServed("x-amz-bucket-namespace", "account regional namespaces")
    configuration = request.get("CreateBucketConfiguration")
    if isinstance(configuration, Mapping):
        for element, feature in (
            ("Location", _DIRECTORY),
            ("Bucket", _DIRECTORY),
        ):
            if configuration.get(element):
                raise FeatureNotServed(element, feature)


def _refuse_named(request: Mapping[str, object], features: Mapping[str, tuple[str, str]]) -> None:
    if features.keys().isdisjoint(request):
        return
    for member, (header, feature) in features.items():
        if member in request:
            raise FeatureNotServed(header, feature)
