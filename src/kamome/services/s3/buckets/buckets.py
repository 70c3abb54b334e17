"""Operations on buckets, in the order of the API reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.s3.access.access_control import ACL_KIND, OWNERSHIP_KIND, new_bucket_grants
from kamome.services.s3.bodies.scrub import begin_scrub
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.buckets.bucket_names import check_new_name
from kamome.services.s3.buckets.owners import canonical_user_id
from kamome.services.s3.buckets.regions import (
    CLASSIC_REGION,
    bucket_location,
    bucket_region,
    location_constraint,
    partition_of,
    request_region,
)
from kamome.services.s3.errors import (
    BucketAlreadyExists,
    BucketAlreadyOwnedByYou,
    BucketNotEmpty,
    InvalidArgument,
    TooManyBuckets,
)
from kamome.services.s3.limits import (
    BUCKETS_PER_ACCOUNT_MAX,
    LIST_BUCKETS_MAX,
    LIST_UPLOADS_MAX,
    TAGS_PER_BUCKET_MAX,
)
from kamome.services.s3.listing.continuation import decode_token, encode_token
from kamome.services.s3.objects.tagging import tags_of
from kamome.services.s3.objects.versions import ENABLED, drop_upload
from kamome.services.s3.slice import S3
from kamome.services.s3.store import ABOVE_ALL_KEYS, Bucket
from kamome.services.s3.unserved import check_create_bucket

if TYPE_CHECKING:
    from kamome.services.s3 import shapes

# Digits of a bucket's id, which is ours and never shown.
_BUCKET_ID_DIGITS = 16
TAGGING_KIND = "BucketTagging"
# Above every bucket name: names hold only characters up to "z".
_ABOVE_ALL_NAMES = "{"


async def create_bucket(
    s3: S3, ctx: RequestContext, request: shapes.CreateBucketRequest
) -> shapes.CreateBucketResult:
    """Create a bucket in the region of its LocationConstraint, owned by the caller's account.

    In us-east-1 creating one's own bucket again succeeds and changes nothing. A bucket that locks
    objects keeps versions from the start.

    Raises:
        InvalidBucketName: the name breaks the naming rules.
        InvalidLocationConstraint, IllegalLocationConstraintException: see `bucket_region`.
        BucketAlreadyOwnedByYou: the caller has it, and one of both regions is not us-east-1.
        BucketAlreadyExists: another account has it.
        TooManyBuckets: the account has 10,000.
        InvalidTag, BadRequest: the tags, see `tags_of`.
        FeatureNotServed: see `check_create_bucket`.
        InvalidBucketAclWithObjectOwnership and others: the ACL, see `new_bucket_grants`.

    AWS: S3 API Reference, CreateBucket.
    """
    name = request["Bucket"]
    check_new_name(name)
    constraint = request.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    asked_region = request_region(ctx.region)
    region = bucket_region(asked_region, constraint)
    check_create_bucket(request)
    granted = new_bucket_grants(request, ctx.account)
    pairs: list[Mapping[str, object]] = [
        *request.get("CreateBucketConfiguration", {}).get("Tags", ())
    ]
    tags = tags_of(pairs, TAGS_PER_BUCKET_MAX)
    partition = partition_of(region)
    present = s3.store.bucket(partition, name)
    if present is not None:
        _check_recreated(present, ctx.account, (region, asked_region))
        return {"Location": bucket_location(name, region)}
    if s3.store.count_buckets(partition, ctx.account) >= BUCKETS_PER_ACCOUNT_MAX:
        raise TooManyBuckets
    bucket_id = s3.ids.hex(_BUCKET_ID_DIGITS)
    is_locking = request.get("ObjectLockEnabledForBucket", False)
    bucket = Bucket(
        partition,
        name,
        bucket_id,
        ctx.account,
        region,
        s3.clock.now_ms(),
        ENABLED if is_locking else "",
        is_locking,
    )
    with s3.store.atomic():
        s3.store.add_bucket(bucket)
        begin_scrub(s3)
        if granted is not None:
            s3.store.settings.put(bucket_id, ACL_KIND, {"Grants": granted})
        if "ObjectOwnership" in request:
            rules = [{"ObjectOwnership": request["ObjectOwnership"]}]
            s3.store.settings.put(bucket_id, OWNERSHIP_KIND, {"Rules": rules})
        if tags:
            tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
            s3.store.settings.put(bucket_id, TAGGING_KIND, {"TagSet": tag_set})
    return {"Location": bucket_location(name, region)}


def _check_recreated(present: Bucket, account: str, regions: tuple[str, str]) -> None:
    """`regions` are that of the new bucket, and the one that was asked."""
    if present.account != account:
        raise BucketAlreadyExists(present.name)
    if {present.region, *regions} != {CLASSIC_REGION}:
        raise BucketAlreadyOwnedByYou(present.name)


async def delete_bucket(s3: S3, ctx: RequestContext, request: shapes.DeleteBucketRequest) -> None:
    """Delete an empty bucket; its name is free at once (AWS may take longer).

    Multipart uploads under way do not hold it up; they end with it.

    Raises:
        BucketNotEmpty: there are objects in it.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, DeleteBucket.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    if not s3.store.is_empty(bucket.bucket_id):
        raise BucketNotEmpty(bucket.name)
    with s3.store.atomic():
        while uploads := s3.store.uploads.listed(
            bucket.bucket_id, (b"", ""), ABOVE_ALL_KEYS, LIST_UPLOADS_MAX
        ):
            for upload in uploads:
                drop_upload(s3, bucket, upload)
        s3.store.remove_bucket(bucket)


async def get_bucket_location(
    s3: S3, ctx: RequestContext, request: shapes.GetBucketLocationRequest
) -> shapes.GetBucketLocationResult:
    """The bucket's LocationConstraint; none for us-east-1.

    Raises:
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, GetBucketLocation.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    constraint = location_constraint(bucket.region)
    return {} if constraint is None else {"LocationConstraint": constraint}


async def head_bucket(
    s3: S3, ctx: RequestContext, request: shapes.HeadBucketRequest
) -> shapes.HeadBucketResult:
    """Whether the bucket exists and is the caller's, and in which region it lies.

    Raises:
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`. Answered without a body.

    AWS: S3 API Reference, HeadBucket.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    return {"BucketRegion": bucket.region, "AccessPointAlias": False}


async def list_buckets(
    s3: S3, ctx: RequestContext, request: shapes.ListBucketsRequest
) -> shapes.ListBucketsResult:
    """The caller's buckets in the order of their names, `MaxBuckets` (1 to 10,000) at a time.

    Raises:
        InvalidArgument: the continuation token is not one of ours; `BucketRegion` is another
            region than the request's.

    AWS: S3 API Reference, ListBuckets.
    """
    region = request.get("BucketRegion")
    if region is not None and region != ctx.region:
        raise InvalidArgument(
            "The bucket-region parameter must be the Region that the request is sent to",
            "bucket-region",
            region,
        )
    prefix = request.get("Prefix", "")
    limit = request.get("MaxBuckets", LIST_BUCKETS_MAX)
    first = prefix
    if "ContinuationToken" in request:
        first = decode_token(ctx.account, request["ContinuationToken"]).decode()
    names = (first, prefix + _ABOVE_ALL_NAMES)
    found = s3.store.buckets(partition_of(ctx.region), ctx.account, names, region, limit + 1)
    answer: shapes.ListBucketsResult = {
        "Buckets": [_described(bucket) for bucket in found[:limit]],
        "Owner": {"ID": canonical_user_id(ctx.account)},
    }
    if "Prefix" in request:
        answer["Prefix"] = prefix
    if len(found) > limit:
        answer["ContinuationToken"] = encode_token(ctx.account, found[limit].name.encode())
    return answer


def _described(bucket: Bucket) -> shapes.Bucket:
    return {
        "Name": bucket.name,
        "CreationDate": bucket.created_at_ms // 1000,
        "BucketRegion": bucket.region,
    }
