"""Operations on object lock: a bucket's configuration, retention and legal hold of versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.errors import (
    InvalidBucketState,
    InvalidRequest,
    MalformedXML,
    NoSuchObjectLockConfiguration,
    ObjectLockConfigurationNotFoundError,
)
from kamome.services.s3.lock.object_lock import (
    LEGAL_HOLD,
    LOCK_KIND,
    MODE,
    RETAIN_UNTIL,
    check_configuration,
    check_retention,
)
from kamome.services.s3.objects.object_tagging import tagged_version
from kamome.services.s3.objects.version_store import StoredVersion
from kamome.services.s3.objects.versions import ENABLED, update_version
from kamome.services.s3.replication.replication_orders import order_change
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket
from kamome.services.s3.unserved import check_retention_members

if TYPE_CHECKING:
    from kamome.services.s3 import shapes


async def get_object_legal_hold(
    s3: S3, ctx: RequestContext, request: shapes.GetObjectLegalHoldRequest
) -> shapes.GetObjectLegalHoldResult:
    """Whether a legal hold is on an object or version.

    Raises:
        NoSuchObjectLockConfiguration: none was ever put.
        InvalidRequest: the bucket does not lock objects.
        NoSuchKey, NoSuchVersion, NoSuchBucket, AccessDenied: as GetObject.

    AWS: S3 API Reference, GetObjectLegalHold.
    """
    _, version = _locked(s3, ctx, request)
    if LEGAL_HOLD not in version.object.attributes:
        raise NoSuchObjectLockConfiguration
    return {"LegalHold": {"Status": str(version.object.attributes[LEGAL_HOLD])}}


async def get_object_lock_configuration(
    s3: S3, ctx: RequestContext, request: shapes.GetObjectLockConfigurationRequest
) -> shapes.GetObjectLockConfigurationResult:
    """Whether the bucket locks objects, and its default retention.

    Raises:
        ObjectLockConfigurationNotFoundError: it does not.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, GetObjectLockConfiguration.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    if not bucket.is_locking:
        raise ObjectLockConfigurationNotFoundError(bucket.name)
    document = s3.store.settings.find(bucket.bucket_id, LOCK_KIND)
    shown = document or {"ObjectLockEnabled": ENABLED}
    return {"ObjectLockConfiguration": cast("shapes.ObjectLockConfiguration", shown)}


async def get_object_retention(
    s3: S3, ctx: RequestContext, request: shapes.GetObjectRetentionRequest
) -> shapes.GetObjectRetentionResult:
    """Mode and end of the retention of an object or version.

    Raises:
        NoSuchObjectLockConfiguration: it has none.
        InvalidRequest: the bucket does not lock objects.
        NoSuchKey, NoSuchVersion, NoSuchBucket, AccessDenied: as GetObject.

    AWS: S3 API Reference, GetObjectRetention.
    """
    _, version = _locked(s3, ctx, request)
    attributes = version.object.attributes
    if MODE not in attributes:
        raise NoSuchObjectLockConfiguration
    until_s = cast("float", attributes[RETAIN_UNTIL])
    return {"Retention": {"Mode": str(attributes[MODE]), "RetainUntilDate": until_s}}


async def put_object_legal_hold(
    s3: S3, ctx: RequestContext, request: shapes.PutObjectLegalHoldRequest
) -> None:
    """Put a legal hold on an object or version, or take it off.

    Raises:
        MalformedXML: the status is neither ON nor OFF.
        InvalidRequest: the bucket does not lock objects.
        NoSuchKey, NoSuchVersion, NoSuchBucket, AccessDenied: as GetObject.

    AWS: S3 API Reference, PutObjectLegalHold.
    """
    bucket, version = _locked(s3, ctx, request)
    status = request.get("LegalHold", {}).get("Status")
    if status not in ("ON", "OFF"):
        raise MalformedXML
    _update(s3, ctx, bucket, version, {LEGAL_HOLD: status})


async def put_object_lock_configuration(
    s3: S3, ctx: RequestContext, request: shapes.PutObjectLockConfigurationRequest
) -> None:
    """Make a bucket lock objects, with or without a default retention for new ones.

    Raises:
        MalformedXML, InvalidArgument: see `check_configuration`.
        InvalidBucketState: the bucket has no versions enabled.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, PutObjectLockConfiguration.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    configuration = request.get("ObjectLockConfiguration")
    if configuration is None:
        raise MalformedXML
    document = cast("Mapping[str, object]", configuration)
    check_configuration(document)
    if bucket.versioning != ENABLED:
        raise InvalidBucketState(
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        )
    with s3.store.atomic():
        s3.store.update_bucket(replace(bucket, is_locking=True))
        s3.store.settings.put(bucket.bucket_id, LOCK_KIND, document)


async def put_object_retention(
    s3: S3, ctx: RequestContext, request: shapes.PutObjectRetentionRequest
) -> None:
    """Set, extend or, where the mode allows it, shorten or remove the retention of a version.

    Raises:
        MalformedXML, InvalidArgument, AccessDenied: see `check_retention`.
        FeatureNotServed: event holds.
        InvalidRequest: the bucket does not lock objects.
        NoSuchKey, NoSuchVersion, NoSuchBucket, AccessDenied: as GetObject.

    AWS: S3 API Reference, PutObjectRetention.
    """
    bucket, version = _locked(s3, ctx, request)
    retention = request.get("Retention", {})
    check_retention_members(cast("Mapping[str, object]", retention))
    mode, until_s = retention.get("Mode"), retention.get("RetainUntilDate")
    check_retention(
        version.object.attributes,
        mode,
        until_s,
        s3.clock.now_ms() / 1000,
        bypasses_governance=request.get("BypassGovernanceRetention", False),
    )
    _update(s3, ctx, bucket, version, {MODE: mode, RETAIN_UNTIL: until_s})


def _locked(
    s3: S3, ctx: RequestContext, request: Mapping[str, object]
) -> tuple[Bucket, StoredVersion]:
    """The version that a request is about, in a bucket that locks objects."""
    owner = cast("str | None", request.get("ExpectedBucketOwner"))
    bucket = own_bucket(s3, ctx, str(request["Bucket"]), owner)
    if not bucket.is_locking:
        raise InvalidRequest("Bucket is missing Object Lock Configuration")
    version_id = cast("str | None", request.get("VersionId"))
    return bucket, tagged_version(s3, bucket, str(request["Key"]), version_id)


def _update(
    s3: S3,
    ctx: RequestContext,
    bucket: Bucket,
    version: StoredVersion,
    changes: Mapping[str, object],
) -> None:
    attributes = {**version.object.attributes, **changes}
    kept = {name: value for name, value in attributes.items() if value is not None}
    stored = replace(version.object, attributes=kept)
    with s3.store.atomic():
        update_version(s3, bucket, replace(version, object=stored))
        order_change(s3, ctx, bucket, stored)
