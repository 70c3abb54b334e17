"""Operations that keep, show and forget a bucket's configurations.

They differ in names, in what is shown where nothing was put, and in what is checked; the rest is
one way for all, so they are made from a table. `Put…` replaces the whole configuration; `Get…`
shows it as it was put; all are durable on return.

AWS: S3 API Reference, the Put, Get, Delete and List action of each configuration.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import cast

import msgspec
from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services import Operation
from kamome.services.s3 import errors
from kamome.services.s3.access import access_control
from kamome.services.s3.access.grants import is_owners_alone
from kamome.services.s3.buckets import setting_rules
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.buckets.owners import canonical_user_id
from kamome.services.s3.encryption.kms_fields import default_encryption
from kamome.services.s3.limits import CONFIGURATIONS_PER_BUCKET_MAX, LIST_CONFIGURATIONS_MAX
from kamome.services.s3.listing.continuation import decode_token, encode_token
from kamome.services.s3.replication.replication_orders import destination_bucket
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket

Request = Mapping[str, object]
Answer = Mapping[str, object]
_Call = Callable[[S3, RequestContext, Request], Awaitable[Answer | None]]
# What an account gets that has put nothing. S3 User Guide, Default bucket settings.
_DEFAULT_ENCRYPTION = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": False,
        }
    ]
}
_ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_OWNER_ENFORCED = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


class _Kind(msgspec.Struct, frozen=True):
    """One kind of configuration.

    `member` of the Put request is the document. Get answers with it under that name, or, where
    `is_bare`, with its members. `default` is shown where nothing was put; else `absent` is raised.
    `forgotten` says that a delete is kept in mind, so that the default does not come back.
    `completed` adds what S3 shows of members that were not given.
    """

    name: str
    member: str
    check: Callable[[setting_rules.Document], None]
    absent: Callable[[str], AwsError] | None = None
    default: Mapping[str, object] | None = None
    is_bare: bool = False
    is_deletable: bool = True
    forgotten: bool = False
    delete_name: str = ""
    prepare: Callable[[S3, Bucket, setting_rules.Document], None] | None = None
    completed: Callable[[setting_rules.Document], setting_rules.Document] | None = None


def _check_versioned(_s3: S3, bucket: Bucket, _document: setting_rules.Document) -> None:
    if bucket.versioning != "Enabled":
        raise errors.InvalidRequest(
            "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
        )


def _check_replicas(s3: S3, bucket: Bucket, document: setting_rules.Document) -> None:
    """Versions are needed on both sides. AWS: S3 User Guide, Requirements for replication."""
    _check_versioned(s3, bucket, document)
    for rule in setting_rules.documents_of(document, "Rules"):
        target = destination_bucket(s3, bucket, rule)
        if target is None or target.bucket_id == bucket.bucket_id:
            raise errors.InvalidRequest("Destination bucket must exist.")
        if target.versioning != "Enabled":
            raise errors.InvalidRequest("Destination bucket must have versioning enabled.")


def _check_no_periods(_s3: S3, bucket: Bucket, _document: setting_rules.Document) -> None:
    """AWS: S3 User Guide, Requirements for using Amazon S3 Transfer Acceleration."""
    if "." in bucket.name:
        raise errors.InvalidRequest(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        )


def _keep_default(s3: S3, bucket: Bucket, document: setting_rules.Document) -> None:
    """The row of the bucket tells new objects, which look at it anyway."""
    s3.store.update_bucket(replace(bucket, default_encryption=default_encryption(document)))


def _with_bucket_key(document: setting_rules.Document) -> setting_rules.Document:
    """AWS: S3 API Reference, ServerSideEncryptionRule: not enabled by default, and shown so."""
    rules = setting_rules.documents_of(document, "Rules")
    return {**document, "Rules": [{"BucketKeyEnabled": False, **rule} for rule in rules]}


def _with_all_blocks(document: setting_rules.Document) -> setting_rules.Document:
    """AWS: S3 API Reference, PublicAccessBlockConfiguration: what is not given is false."""
    return {**dict.fromkeys(_ALL_BLOCKED, False), **document}


def _check_log_target(s3: S3, bucket: Bucket, document: setting_rules.Document) -> None:
    enabled = setting_rules.document_of(document, "LoggingEnabled")
    if enabled is None:
        s3.logged_buckets.note(bucket.bucket_id, is_logged=False)
        return
    target = s3.store.bucket(bucket.partition, str(enabled.get("TargetBucket", "")))
    if target is None or target.account != bucket.account:
        raise errors.InvalidTargetBucketForLogging(str(enabled.get("TargetBucket", "")))
    s3.logged_buckets.note(bucket.bucket_id, is_logged=True)


def _check_own_acl(s3: S3, bucket: Bucket, document: setting_rules.Document) -> None:
    """ACLs are not disabled while the bucket's own grants anything to others.

    AWS: S3 User Guide, Prerequisites for disabling ACLs.
    """
    [rule] = setting_rules.documents_of(document, "Rules")
    granted = access_control.bucket_grants(s3, bucket)
    owner_id = canonical_user_id(bucket.account)
    if rule.get("ObjectOwnership") == access_control.OWNER_ENFORCED and not is_owners_alone(
        granted, owner_id
    ):
        raise errors.InvalidBucketAclWithObjectOwnership


_KINDS = (
    _Kind(
        "BucketAbac",
        "AbacStatus",
        setting_rules.check_anything,
        default={"Status": "Disabled"},
        is_deletable=False,
    ),
    _Kind(
        "BucketAccelerateConfiguration",
        "AccelerateConfiguration",
        setting_rules.check_status,
        default={},
        is_bare=True,
        is_deletable=False,
        prepare=_check_no_periods,
    ),
    _Kind(
        "BucketCors",
        "CORSConfiguration",
        setting_rules.check_cors,
        errors.NoSuchCORSConfiguration,
        is_bare=True,
    ),
    _Kind(
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        setting_rules.check_encryption,
        default=_DEFAULT_ENCRYPTION,
        prepare=_keep_default,
        completed=_with_bucket_key,
    ),
    _Kind(
        "BucketLogging",
        "BucketLoggingStatus",
        setting_rules.check_anything,
        default={},
        is_bare=True,
        is_deletable=False,
        prepare=_check_log_target,
    ),
    _Kind(
        "BucketOwnershipControls",
        "OwnershipControls",
        setting_rules.check_ownership,
        errors.OwnershipControlsNotFoundError,
        default=_OWNER_ENFORCED,
        forgotten=True,
        prepare=_check_own_acl,
    ),
    _Kind(
        "BucketReplication",
        "ReplicationConfiguration",
        setting_rules.check_replication,
        errors.ReplicationConfigurationNotFoundError,
        prepare=_check_replicas,
    ),
    _Kind(
        "BucketRequestPayment",
        "RequestPaymentConfiguration",
        setting_rules.check_payer,
        default={"Payer": "BucketOwner"},
        is_bare=True,
        is_deletable=False,
    ),
    _Kind(
        "BucketTagging",
        "Tagging",
        setting_rules.check_tagging,
        errors.NoSuchTagSet,
        is_bare=True,
    ),
    _Kind(
        "BucketWebsite",
        "WebsiteConfiguration",
        setting_rules.check_website,
        errors.NoSuchWebsiteConfiguration,
        is_bare=True,
    ),
    _Kind(
        "PublicAccessBlock",
        "PublicAccessBlockConfiguration",
        setting_rules.check_anything,
        errors.NoSuchPublicAccessBlockConfiguration,
        default=_ALL_BLOCKED,
        forgotten=True,
        completed=_with_all_blocks,
    ),
)
# Configurations of which a bucket has several, each with an id.
_NUMBERED = ("Analytics", "IntelligentTiering", "Inventory", "Metrics")


def _bucket_of(s3: S3, ctx: RequestContext, request: Request) -> Bucket:
    owner = cast("str | None", request.get("ExpectedBucketOwner"))
    return own_bucket(s3, ctx, str(request["Bucket"]), owner)


def _put(kind: _Kind) -> _Call:
    async def put(s3: S3, ctx: RequestContext, request: Request) -> Answer | None:
        bucket = _bucket_of(s3, ctx, request)
        document = request.get(kind.member)
        if not isinstance(document, Mapping):
            raise errors.MalformedXML
        kind.check(document)
        with s3.store.atomic():
            if kind.prepare is not None:
                kind.prepare(s3, bucket, document)
            kept = document if kind.completed is None else kind.completed(document)
            s3.store.settings.put(bucket.bucket_id, kind.name, kept)
        return None

    return put


def _get(kind: _Kind) -> _Call:
    async def get(s3: S3, ctx: RequestContext, request: Request) -> Answer | None:
        bucket = _bucket_of(s3, ctx, request)
        document = s3.store.settings.find(bucket.bucket_id, kind.name)
        is_forgotten = kind.forgotten and document == {}
        shown = kind.default if document is None else document
        if shown is None or is_forgotten:
            assert kind.absent is not None
            raise kind.absent(bucket.name)
        return shown if kind.is_bare else {kind.member: shown}

    return get


def _delete(kind: _Kind) -> _Call:
    async def delete(s3: S3, ctx: RequestContext, request: Request) -> Answer | None:
        bucket = _bucket_of(s3, ctx, request)
        with s3.store.atomic():
            if kind.forgotten:
                s3.store.settings.put(bucket.bucket_id, kind.name, {})
            else:
                s3.store.settings.remove(bucket.bucket_id, kind.name)
            if kind.prepare is _keep_default:
                _keep_default(s3, bucket, {})
        return None

    return delete


def _check_count(s3: S3, bucket: Bucket, member: str, new_id: str) -> None:
    """AWS: S3 API Reference, PutBucketInventoryConfiguration, TooManyConfigurations."""
    if s3.store.settings.find(bucket.bucket_id, member, new_id) is not None:
        return
    found = s3.store.settings.page(bucket.bucket_id, member, "", CONFIGURATIONS_PER_BUCKET_MAX)
    if len(found) == CONFIGURATIONS_PER_BUCKET_MAX:
        raise errors.TooManyConfigurations


def _put_numbered(member: str) -> _Call:
    async def put(s3: S3, ctx: RequestContext, request: Request) -> Answer | None:
        bucket = _bucket_of(s3, ctx, request)
        document = request.get(member)
        if not isinstance(document, Mapping) or document.get("Id") != request["Id"]:
            raise errors.MalformedXML
        _check_count(s3, bucket, member, str(request["Id"]))
        s3.store.settings.put(bucket.bucket_id, member, document, str(request["Id"]))
        return None

    return put


def _get_numbered(member: str) -> _Call:
    async def get(s3: S3, ctx: RequestContext, request: Request) -> Answer | None:
        bucket = _bucket_of(s3, ctx, request)
        document = s3.store.settings.find(bucket.bucket_id, member, str(request["Id"]))
        if document is None:
            raise errors.NoSuchConfiguration
        return {member: document}

    return get


def _delete_numbered(member: str) -> _Call:
    async def delete(s3: S3, ctx: RequestContext, request: Request) -> Answer | None:
        bucket = _bucket_of(s3, ctx, request)
        if not s3.store.settings.remove(bucket.bucket_id, member, str(request["Id"])):
            raise errors.NoSuchConfiguration
        return None

    return delete


def _list_numbered(member: str) -> _Call:
    async def page(s3: S3, ctx: RequestContext, request: Request) -> Answer | None:
        bucket = _bucket_of(s3, ctx, request)
        first, listed = "", f"{bucket.bucket_id}/{member}"
        token = request.get("ContinuationToken")
        if isinstance(token, str):
            first = decode_token(listed, token).decode()
        found = s3.store.settings.page(bucket.bucket_id, member, first, LIST_CONFIGURATIONS_MAX + 1)
        answer: dict[str, object] = {"IsTruncated": len(found) > LIST_CONFIGURATIONS_MAX}
        if token is not None:
            answer["ContinuationToken"] = token
        if len(found) > LIST_CONFIGURATIONS_MAX:
            answer["NextContinuationToken"] = encode_token(listed, found[-1][0].encode())
        if found:
            answer[f"{member}List"] = [each for _, each in found[:LIST_CONFIGURATIONS_MAX]]
        return answer

    return page


def _named(call: _Call, name: str, meaning: str) -> Operation:
    call.__name__ = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    call.__qualname__ = call.__name__
    call.__doc__ = f"{meaning}\n\nAWS: S3 API Reference, {name}.\n"
    return call


def _operations() -> Mapping[str, Operation]:
    made: dict[str, Operation] = {}
    for kind in _KINDS:
        calls = [(f"Put{kind.name}", _put(kind), "Keep"), (f"Get{kind.name}", _get(kind), "Show")]
        if kind.is_deletable:
            calls.append((f"Delete{kind.name}", _delete(kind), "Forget"))
        for name, call, verb in calls:
            made[name] = _named(call, name, f"{verb} the bucket's {kind.member}.")
    for family in _NUMBERED:
        member = f"{family}Configuration"
        for name, call, verb in (
            (f"PutBucket{member}", _put_numbered(member), "Keep one"),
            (f"GetBucket{member}", _get_numbered(member), "Show one"),
            (f"DeleteBucket{member}", _delete_numbered(member), "Forget one"),
            (f"ListBucket{member}s", _list_numbered(member), "List each"),
        ):
            made[name] = _named(call, name, f"{verb} {member} of the bucket.")
    return MappingProxyType(made)


SETTING_OPERATIONS = _operations()
