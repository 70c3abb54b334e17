"""Which bucket a request means, and whether the caller may touch it."""

from __future__ import annotations

from kamome.context import RequestContext
from kamome.services.s3.buckets.bucket_names import has_bucket_form
from kamome.services.s3.buckets.owners import check_account_id
from kamome.services.s3.buckets.regions import bucket_arn, partition_of
from kamome.services.s3.errors import AccessDenied, InvalidBucketName, NoSuchBucket
from kamome.services.s3.ports import owner_may_all
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket

POLICY_KIND = "BucketPolicy"


def own_bucket(
    s3: S3,
    ctx: RequestContext,
    name: str,
    expected_owner: str | None = None,
    *,
    action: str = "",
    key: str | None = None,
) -> Bucket:
    """The bucket of that name, which must be the caller's own.

    Where an `action` of IAM is named, the caller must be allowed it on the bucket, or on the `key`.

    Every region of the partition finds it: SDKs follow S3's redirects to the bucket's region, and
    here all regions are one server.

    Raises:
        InvalidBucketName: no bucket can have that name.
        NoSuchBucket: none has it.
        InvalidBucketOwnerAWSAccountID: the expected owner is not an account id.
        AccessDenied: another account owns it, or not the expected one. Grants to other accounts
            need bucket policies, which are not served.

    AWS: S3 User Guide, Verifying bucket ownership with bucket owner condition.
    """
    bucket = s3.store.bucket(partition_of(ctx.region), name)
    if bucket is None:
        if not has_bucket_form(name):
            raise InvalidBucketName(name)
        raise NoSuchBucket(name)
    if expected_owner is not None:
        check_account_id(expected_owner)
    if bucket.account != ctx.account or expected_owner not in (None, bucket.account):
        raise AccessDenied
    if action and s3.ports.authorize is not owner_may_all:
        arn = bucket_arn(name, bucket.partition)
        resource = arn if key is None else f"{arn}/{key}"
        s3.ports.authorize(ctx, action, resource, lambda: policy_of(s3, bucket))
    return bucket


def policy_of(s3: S3, bucket: Bucket) -> str:
    """The bucket's policy, as JSON; empty without one."""
    document = s3.store.settings.find(bucket.bucket_id, POLICY_KIND)
    return str(document["Policy"]) if document is not None else ""
