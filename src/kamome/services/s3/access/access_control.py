"""Access control lists of buckets and objects, where their bucket has not disabled them.

Lists are kept, checked and shown. What they grant to others counts for pages of websites; other
callers are judged by `ports.authorize`.

AWS: S3 User Guide, Controlling ownership of objects and disabling ACLs for your bucket; Blocking
public access to your Amazon S3 storage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.s3.access import grants
from kamome.services.s3.access.acl_errors import (
    InvalidBucketAclWithBlockPublicAccessError,
    MissingSecurityHeader,
    UnexpectedContent,
)
from kamome.services.s3.access.grants import Grant
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.buckets.owners import canonical_user_id
from kamome.services.s3.errors import (
    AccessControlListNotSupported,
    AccessDenied,
    InvalidBucketAclWithObjectOwnership,
)
from kamome.services.s3.notifications.events import OBJECT_ACL_PUT
from kamome.services.s3.notifications.object_events import record_event
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.objects.object_tagging import tagged_version
from kamome.services.s3.objects.versions import readable_version, update_version
from kamome.services.s3.replication.replication_orders import order_change
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket

Request = Mapping[str, object]
# Member of an object's attributes; no operation shows it.
GRANTS = "AccessControlGrants"
ACL_KIND = "BucketAcl"
OWNERSHIP_KIND = "BucketOwnershipControls"
_BLOCK_KIND = "PublicAccessBlock"
OWNER_ENFORCED = "BucketOwnerEnforced"
_WITH_OWNERSHIP = "bucket-owner-full-control"


async def get_bucket_acl(s3: S3, ctx: RequestContext, request: Request) -> Mapping[str, object]:
    """The bucket's grants; full control of its owner where nothing was put, or ACLs are disabled.

    AWS: S3 API Reference, GetBucketAcl.
    """
    bucket = _bucket_of(s3, ctx, request, "s3:GetBucketAcl")
    return _shown(bucket, bucket_grants(s3, bucket))


async def get_object_acl(s3: S3, ctx: RequestContext, request: Request) -> Mapping[str, object]:
    """The grants of an object or version.

    Raises:
        NoSuchKey, NoSuchVersion, MethodNotAllowed: see `readable_version`.

    AWS: S3 API Reference, GetObjectAcl.
    """
    bucket = _bucket_of(s3, ctx, request, "s3:GetObjectAcl")
    version_id = cast("str | None", request.get("VersionId"))
    stored = readable_version(s3, bucket, str(request["Key"]), version_id)
    return _shown(bucket, grants_of_object(s3, bucket, stored))


async def put_bucket_acl(s3: S3, ctx: RequestContext, request: Request) -> None:
    """Replace the bucket's grants.

    Raises:
        AccessControlListNotSupported: ACLs are disabled, and it says more than holds anyway.
        AccessDenied: it is public, and the bucket blocks public ACLs.
        MissingSecurityHeader, UnexpectedContent, MalformedACLError, InvalidArgument: see `_given`.

    AWS: S3 API Reference, PutBucketAcl.
    """
    bucket = _bucket_of(s3, ctx, request, "s3:PutBucketAcl")
    given = _given(s3, bucket, request)
    s3.store.settings.put(bucket.bucket_id, ACL_KIND, {"Grants": given})


async def put_object_acl(s3: S3, ctx: RequestContext, request: Request) -> None:
    """Replace the grants of an object or version, and tell it as an event.

    Raises:
        NoSuchKey, NoSuchVersion, MethodNotAllowed: see `tagged_version`.
        and as PutBucketAcl.

    AWS: S3 API Reference, PutObjectAcl; S3 User Guide, Event types (s3:ObjectAcl:Put).
    """
    bucket = _bucket_of(s3, ctx, request, "s3:PutObjectAcl")
    version_id = cast("str | None", request.get("VersionId"))
    version = tagged_version(s3, bucket, str(request["Key"]), version_id)
    given = _given(s3, bucket, request)
    if grants_of_object(s3, bucket, version.object) == given:
        return  # an event is sent only where the list changes
    stored = replace(version.object, attributes={**version.object.attributes, GRANTS: given})
    with s3.store.atomic():
        update_version(s3, bucket, replace(version, object=stored))
        order_change(s3, ctx, bucket, stored)
        record_event(
            s3,
            ctx,
            bucket,
            name=OBJECT_ACL_PUT,
            key=stored.key.decode(),
            etag=stored.etag,
            version_id=stored.version_id if bucket.versioning else None,
        )


def attributes_of_new(s3: S3, bucket: Bucket, request: Request) -> dict[str, object]:
    """What the headers of a write say of the new object's ACL, as its attributes keep it.

    Raises:
        AccessControlListNotSupported: ACLs are disabled on the bucket.
        AccessDenied: it is public, and the bucket blocks public ACLs.
        InvalidRequest, InvalidArgument: see `requested_grants`.

    AWS: S3 API Reference, PutObject, x-amz-acl and x-amz-grant-*.
    """
    if ownership(s3, bucket) == OWNER_ENFORCED:
        if request.get("ACL", _WITH_OWNERSHIP) != _WITH_OWNERSHIP or (
            not grants.HEADERS.keys().isdisjoint(request)
        ):
            raise AccessControlListNotSupported
        return {}
    given = grants.requested_grants(request, canonical_user_id(bucket.account)) or []
    _check_public(s3, bucket, given)
    return {GRANTS: given}


def new_bucket_grants(request: Request, account: str) -> list[Grant] | None:
    """The grants that CreateBucket asks for; None where it asks for none.

    Raises:
        InvalidBucketAclWithObjectOwnership: the new bucket's ACLs are disabled.
        InvalidBucketAclWithBlockPublicAccessError: they are public, which new buckets block.
        InvalidRequest, InvalidArgument: see `requested_grants`.

    AWS: S3 API Reference, CreateBucket.
    """
    owner_id = canonical_user_id(account)
    given = grants.requested_grants(request, owner_id)
    is_enforced = request.get("ObjectOwnership", OWNER_ENFORCED) == OWNER_ENFORCED
    if given is None or grants.is_owners_alone(given, owner_id):
        return given
    if is_enforced:
        raise InvalidBucketAclWithObjectOwnership
    if grants.is_public(given):
        raise InvalidBucketAclWithBlockPublicAccessError
    return given


def ownership(s3: S3, bucket: Bucket) -> str:
    """Who owns new objects: `BucketOwnerEnforced` disables ACLs, and is the default.

    AWS: S3 User Guide, Controlling ownership of objects and disabling ACLs for your bucket.
    """
    document = s3.store.settings.find(bucket.bucket_id, OWNERSHIP_KIND)
    if document is None:
        return OWNER_ENFORCED
    rules = cast("list[Mapping[str, object]]", document.get("Rules") or [{}])
    return str(rules[0].get("ObjectOwnership", "ObjectWriter"))


def bucket_grants(s3: S3, bucket: Bucket) -> list[Grant]:
    """The grants of a bucket."""
    document = s3.store.settings.find(bucket.bucket_id, ACL_KIND)
    if document is None or ownership(s3, bucket) == OWNER_ENFORCED:
        return [grants.owners_grant(canonical_user_id(bucket.account))]
    return cast("list[Grant]", document["Grants"])


def grants_of_object(s3: S3, bucket: Bucket, stored: StoredObject) -> list[Grant]:
    """The grants of an object; those that are kept come back when ACLs are enabled again."""
    kept = stored.attributes.get(GRANTS)
    if not kept or ownership(s3, bucket) == OWNER_ENFORCED:
        return [grants.owners_grant(canonical_user_id(bucket.account))]
    return cast("list[Grant]", kept)


def is_readable_by_acl(s3: S3, bucket: Bucket, stored: StoredObject) -> bool:
    """Whether an object's ACL lets everybody read it.

    AWS: S3 User Guide, Blocking public access, IgnorePublicAcls.
    """
    if not stored.attributes.get(GRANTS) or blocks_public(s3, bucket, "IgnorePublicAcls"):
        return False
    return grants.grants_read_to_all(grants_of_object(s3, bucket, stored))


def _given(s3: S3, bucket: Bucket, request: Request) -> list[Grant]:
    """The grants of a PutBucketAcl or PutObjectAcl.

    Raises:
        MissingSecurityHeader: it brings none; UnexpectedContent: it brings both kinds.
        MalformedACLError, InvalidArgument, AccessDenied: see `document_grants`.
    """
    owner_id = canonical_user_id(bucket.account)
    given = grants.requested_grants(request, owner_id)
    policy = request.get("AccessControlPolicy")
    if isinstance(policy, Mapping):
        if given is not None:
            raise UnexpectedContent
        given = grants.document_grants(policy, owner_id)
    if given is None:
        raise MissingSecurityHeader
    if ownership(s3, bucket) == OWNER_ENFORCED and not grants.is_owners_alone(given, owner_id):
        raise AccessControlListNotSupported
    _check_public(s3, bucket, given)
    return given


def _check_public(s3: S3, bucket: Bucket, given: Sequence[Grant]) -> None:
    if grants.is_public(given) and blocks_public(s3, bucket, "BlockPublicAcls"):
        raise AccessDenied


def blocks_public(s3: S3, bucket: Bucket, setting: str) -> bool:
    """Whether public access is blocked in that way: it is, unless the bucket says otherwise.

    AWS: S3 User Guide, Blocking public access to your Amazon S3 storage.
    """
    document = s3.store.settings.find(bucket.bucket_id, _BLOCK_KIND)
    return document is None or bool(document.get(setting))


def _bucket_of(s3: S3, ctx: RequestContext, request: Request, action: str) -> Bucket:
    owner = cast("str | None", request.get("ExpectedBucketOwner"))
    key = cast("str | None", request.get("Key"))
    return own_bucket(s3, ctx, str(request["Bucket"]), owner, action=action, key=key)


def _shown(bucket: Bucket, listed: Sequence[Grant]) -> Mapping[str, object]:
    return {"Owner": {"ID": canonical_user_id(bucket.account)}, "Grants": list(listed)}
