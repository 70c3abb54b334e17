"""Operations on bucket policies and lifecycle configurations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import orjson

from kamome.context import RequestContext
from kamome.services.s3.access.access_control import blocks_public
from kamome.services.s3.buckets.bucket_access import POLICY_KIND, own_bucket
from kamome.services.s3.buckets.regions import bucket_arn
from kamome.services.s3.buckets.setting_rules import check_policy
from kamome.services.s3.errors import (
    AccessDenied,
    MalformedXML,
    NoSuchBucketPolicy,
    NoSuchLifecycleConfiguration,
)
from kamome.services.s3.lifecycle.lifecycle import schedule
from kamome.services.s3.lifecycle.lifecycle_configurations import check_lifecycle
from kamome.services.s3.lifecycle.lifecycle_rules import ALL_STORAGE_CLASSES_128K
from kamome.services.s3.slice import S3
from kamome.services.s3.store import LIFECYCLE_KIND, Bucket

_RULE_ID_DIGITS = 32
_MINIMUM = "TransitionDefaultMinimumObjectSize"

Request = Mapping[str, object]


async def delete_bucket_lifecycle(s3: S3, ctx: RequestContext, request: Request) -> None:
    """Forget the bucket's lifecycle configuration: nothing expires any more.

    AWS: S3 API Reference, DeleteBucketLifecycle.
    """
    bucket = _bucket_of(s3, ctx, request)
    with s3.store.atomic():
        s3.store.put_lifecycle(bucket, None)


async def delete_bucket_policy(s3: S3, ctx: RequestContext, request: Request) -> None:
    """Forget the bucket's policy.

    AWS: S3 API Reference, DeleteBucketPolicy.
    """
    bucket = _bucket_of(s3, ctx, request)
    s3.store.settings.remove(bucket.bucket_id, POLICY_KIND)


async def get_bucket_lifecycle_configuration(
    s3: S3, ctx: RequestContext, request: Request
) -> Mapping[str, object]:
    """The bucket's rules as they were put, with the ids that were made.

    Raises:
        NoSuchLifecycleConfiguration: there are none.

    AWS: S3 API Reference, GetBucketLifecycleConfiguration.
    """
    bucket = _bucket_of(s3, ctx, request)
    document = s3.store.settings.find(bucket.bucket_id, LIFECYCLE_KIND)
    if document is None:
        raise NoSuchLifecycleConfiguration(bucket.name)
    return document


async def get_bucket_policy(s3: S3, ctx: RequestContext, request: Request) -> Mapping[str, object]:
    """The bucket's policy, as it was put.

    Raises:
        NoSuchBucketPolicy: there is none.

    AWS: S3 API Reference, GetBucketPolicy.
    """
    bucket = _bucket_of(s3, ctx, request)
    document = s3.store.settings.find(bucket.bucket_id, POLICY_KIND)
    if document is None:
        raise NoSuchBucketPolicy(bucket.name)
    return {"Policy": document["Policy"]}


async def get_bucket_policy_status(
    s3: S3, ctx: RequestContext, request: Request
) -> Mapping[str, object]:
    """Whether the bucket's policy lets everybody in, by a statement without conditions.

    Raises:
        NoSuchBucketPolicy: there is none.

    AWS: S3 API Reference, GetBucketPolicyStatus; S3 User Guide, The meaning of "public".
    """
    found = await get_bucket_policy(s3, ctx, request)
    return {"PolicyStatus": {"IsPublic": _is_public(str(found["Policy"]))}}


async def put_bucket_lifecycle_configuration(
    s3: S3, ctx: RequestContext, request: Request
) -> Mapping[str, object]:
    """Replace the bucket's rules; they are worked at the next midnight UTC by the clock.

    Objects below 128 KB are moved by no rule, or, with `varies_by_storage_class`, into archives
    only, where the rule has no size filter of its own.

    Raises:
        MalformedXML, InvalidRequest, InvalidArgument: see `check_lifecycle`.

    AWS: S3 API Reference, PutBucketLifecycleConfiguration.
    """
    bucket = _bucket_of(s3, ctx, request)
    configuration = request.get("LifecycleConfiguration")
    if not isinstance(configuration, Mapping):
        raise MalformedXML
    check_lifecycle(configuration)
    rules = [{"ID": s3.ids.hex(_RULE_ID_DIGITS), **rule} for rule in configuration["Rules"]]
    minimum = {_MINIMUM: request.get(_MINIMUM, ALL_STORAGE_CLASSES_128K)}
    with s3.store.atomic():
        s3.store.put_lifecycle(bucket, {"Rules": rules, **minimum})
        schedule(s3, bucket)
    return minimum


async def put_bucket_policy(s3: S3, ctx: RequestContext, request: Request) -> None:
    """Keep the bucket's policy. It is not evaluated yet: only the owner is let in.

    Raises:
        MalformedPolicy, PolicyTooLarge: see `check_policy`.
        AccessDenied: it lets everybody in, and the bucket blocks public policies, as new ones do.

    AWS: S3 API Reference, PutBucketPolicy; S3 User Guide, Blocking public access.
    """
    bucket = _bucket_of(s3, ctx, request)
    policy = str(request["Policy"])
    check_policy(policy, bucket_arn(bucket.name, bucket.partition))
    if _is_public(policy) and blocks_public(s3, bucket, "BlockPublicPolicy"):
        raise AccessDenied
    s3.store.settings.put(bucket.bucket_id, POLICY_KIND, {"Policy": policy})


def _is_public(policy: str) -> bool:
    """Whether a policy lets everybody do something, by a statement without conditions."""
    statements = orjson.loads(policy)["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    return any(
        each.get("Effect") == "Allow"
        and each.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        and not each.get("Condition")
        for each in listed
    )


def _bucket_of(s3: S3, ctx: RequestContext, request: Request) -> Bucket:
    owner = cast("str | None", request.get("ExpectedBucketOwner"))
    return own_bucket(s3, ctx, str(request["Bucket"]), owner)
