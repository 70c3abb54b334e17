"""Operations on a bucket's versioning state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.errors import (
    FeatureNotServed,
    IllegalVersioningConfigurationException,
    InvalidBucketState,
    MalformedXML,
)
from kamome.services.s3.objects.versions import ENABLED, SUSPENDED
from kamome.services.s3.replication.replication_orders import CONFIGURATION_KIND
from kamome.services.s3.slice import S3

if TYPE_CHECKING:
    from kamome.services.s3 import shapes


async def get_bucket_versioning(
    s3: S3, ctx: RequestContext, request: shapes.GetBucketVersioningRequest
) -> shapes.GetBucketVersioningResult:
    """`Enabled`, `Suspended`, or nothing where versioning was never enabled.

    Raises:
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, GetBucketVersioning.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    return {"Status": bucket.versioning} if bucket.versioning else {}


async def put_bucket_versioning(
    s3: S3, ctx: RequestContext, request: shapes.PutBucketVersioningRequest
) -> None:
    """Enable or suspend versioning; it holds for the very next request.

    Raises:
        IllegalVersioningConfigurationException: the status is missing.
        MalformedXML: it is another.
        FeatureNotServed: MFA delete.
        InvalidBucketState: a bucket that locks objects, or whose objects are replicated, cannot be
            suspended.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, PutBucketVersioning; S3 User Guide, Additional considerations for
    replication, Bucket versioning state and replication.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    configuration = request["VersioningConfiguration"]
    status = configuration.get("Status")
    if status is None:
        raise IllegalVersioningConfigurationException
    if status not in (ENABLED, SUSPENDED):
        raise MalformedXML
    if configuration.get("MFADelete", "Disabled") != "Disabled" or request.get("MFA"):
        raise FeatureNotServed("MfaDelete", "MFA delete")
    if bucket.is_locking and status == SUSPENDED:
        raise InvalidBucketState(
            "An Object Lock configuration is present on this bucket, so the versioning state"
            " cannot be changed."
        )
    if status == SUSPENDED and s3.store.settings.find(bucket.bucket_id, CONFIGURATION_KIND):
        raise InvalidBucketState(
            "A replication configuration is present on this bucket, so the versioning state cannot"
            " be changed."
        )
    s3.store.update_bucket(replace(bucket, versioning=status))
