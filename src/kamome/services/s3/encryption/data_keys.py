"""Data keys of SSE-KMS: what KMS makes for a new object, and opens again for its readers.

Kept beside the object are KMS's ciphertext of the key and the encryption context it is bound to.
The key itself is in memory only: for one request, or, with an S3 Bucket Key, for a minute. Objects
of a bucket share one then, so that KMS is not asked for each.

AWS: S3 User Guide, Using server-side encryption with AWS KMS keys (SSE-KMS); Reducing the cost of
SSE-KMS with Amazon S3 Bucket Keys.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import msgspec
import orjson
from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.s3.buckets.regions import bucket_arn
from kamome.services.s3.encryption.encryption import CustomerKey
from kamome.services.s3.encryption.kms_errors import KMS_ERRORS, KmsNotFoundException
from kamome.services.s3.encryption.kms_fields import BUCKET_KEY, CONTEXT, KEY_ID, kms_attributes
from kamome.services.s3.errors import AccessDenied, InvalidArgument
from kamome.services.s3.store import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamome.services.s3.ports import DataKey
    from kamome.services.s3.slice import S3

# Members of an object's attributes; no operation shows them.
CIPHERTEXT = "SSEKMSDataKey"
BOUND_CONTEXT = "SSEKMSBoundContext"
KEPT = (KEY_ID, BUCKET_KEY, CONTEXT, CIPHERTEXT, BOUND_CONTEXT)
ENCRYPTION_KIND = "BucketEncryption"
_CUSTOMER_KEYS = "SSE-C"
_MANAGED_ALIAS = "alias/aws/s3"
_ARN_CONTEXT = "aws:s3:arn"
_CONTEXT_BYTES_MAX = 4_096
# How long an S3 Bucket Key is used before KMS is asked again; AWS says "time-limited" only.
BUCKET_KEY_MS = 60_000
_BUCKET_KEYS_MAX = 1_000


class BucketKeys:
    """S3 Bucket Keys that are in use: by bucket and KMS key for writers, by ciphertext for readers.

    At most 1,000, the oldest of which goes first. Forgotten with each rollback: what KMS has made
    may have been undone.
    """

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, object]] = {}

    def find(self, name: str, now_ms: int) -> object | None:
        """What was kept under that name less than a minute ago."""
        kept = self._found.get(name)
        if kept is None:
            return None
        if not 0 <= now_ms - kept[0] < BUCKET_KEY_MS:
            del self._found[name]
            return None
        return kept[1]

    def keep(self, name: str, now_ms: int, value: object) -> None:
        """Keep a key for a minute."""
        if len(self._found) >= _BUCKET_KEYS_MAX:
            del self._found[next(iter(self._found))]
        self._found[name] = (now_ms, value)

    def clear(self) -> None:
        """Forget all."""
        self._found.clear()


class ObjectKey(msgspec.Struct, frozen=True):
    """What is kept of an object's encryption, and the key of its bodies (None: they are plain)."""

    attributes: Mapping[str, object]
    key: bytes | None


PLAIN = ObjectKey({}, None)


def key_of_new(
    s3: S3,
    ctx: RequestContext,
    bucket: Bucket,
    request: Mapping[str, object],
    customer_key: CustomerKey | None,
) -> ObjectKey:
    """The key that a new object is encrypted with: the customer's, one of KMS's, or none.

    Raises:
        AwsError: KMS refuses (see `kms_errors`): the key is missing, disabled, pending deletion.
        AccessDenied: the caller may not use the key, or the bucket blocks customers' keys.
        InvalidArgument: the encryption context is no JSON object of strings.

    AWS: S3 User Guide, Specifying server-side encryption with AWS KMS (SSE-KMS).
    """
    if customer_key is not None:
        if _blocks_customer_keys(s3, bucket):
            raise AccessDenied
        return ObjectKey(customer_key.members(), customer_key.key)
    fields = kms_attributes(bucket, request)
    if not fields:
        return PLAIN
    arn = bucket_arn(bucket.name, bucket.partition)
    if not fields.get(BUCKET_KEY):
        arn = f"{arn}/{request['Key']}"
    context = {_ARN_CONTEXT: arn, **_given_context(fields.get(CONTEXT))}
    made = _generated(s3, ctx, bucket, fields, context)
    kept: dict[str, object] = {
        **fields,
        KEY_ID: made.key_arn,
        CIPHERTEXT: base64.b64encode(made.ciphertext).decode(),
        BOUND_CONTEXT: context,
    }
    return ObjectKey(kept, made.plaintext)


def key_of_stored(
    s3: S3, attributes: Mapping[str, object], customer_key: CustomerKey | None
) -> bytes | None:
    """The key of the bodies of an object, or of an upload's parts; None where they are plain.

    A customer's key has been compared before (`check_key`).

    Raises:
        AwsError: KMS refuses (see `kms_errors`): the key is gone, disabled, pending deletion.

    AWS: S3 User Guide, Using server-side encryption with AWS KMS keys (SSE-KMS).
    """
    if customer_key is not None:
        return customer_key.key
    ciphertext = attributes.get(CIPHERTEXT)
    if not isinstance(ciphertext, str):
        return None
    is_shared = bool(attributes.get(BUCKET_KEY))
    now_ms = s3.clock.now_ms()
    kept = s3.bucket_keys.find(ciphertext, now_ms) if is_shared else None
    if isinstance(kept, bytes):
        return kept
    context = cast("Mapping[str, str]", attributes[BOUND_CONTEXT])
    with _told_as_s3s(str(attributes[KEY_ID])):
        key = s3.ports.decrypt_data_key(base64.b64decode(ciphertext), context)
    if is_shared:
        s3.bucket_keys.keep(ciphertext, now_ms, key)
    return key


def _blocks_customer_keys(s3: S3, bucket: Bucket) -> bool:
    """Whether new objects may not bring keys of their own.

    AWS: S3 API Reference, BlockedEncryptionTypes.
    """
    document = s3.store.settings.find(bucket.bucket_id, ENCRYPTION_KIND) or {}
    rules = cast("list[Mapping[str, Mapping[str, object]]]", document.get("Rules") or [])
    blocked = [rule.get("BlockedEncryptionTypes", {}).get("EncryptionType") for rule in rules]
    return any(_CUSTOMER_KEYS in cast("list[str]", each or ()) for each in blocked)


def _generated(
    s3: S3,
    ctx: RequestContext,
    bucket: Bucket,
    fields: Mapping[str, object],
    context: Mapping[str, str],
) -> DataKey:
    key_id = str(fields[KEY_ID]) or _MANAGED_ALIAS
    caller = ctx if ctx.region == bucket.region else replace(ctx, region=bucket.region)
    if not fields.get(BUCKET_KEY):
        with _told_as_s3s():
            return s3.ports.generate_data_key(caller, key_id, context)
    name = f"{bucket.bucket_id} {key_id} {sorted(context.items())}"
    now_ms = s3.clock.now_ms()
    kept = s3.bucket_keys.find(name, now_ms)
    if kept is None:
        with _told_as_s3s():
            kept = s3.ports.generate_data_key(caller, key_id, context)
        s3.bucket_keys.keep(name, now_ms, kept)
    return cast("DataKey", kept)


def _given_context(header: object) -> dict[str, str]:
    """The client's own encryption context: base64 of a JSON object of strings.

    AWS: S3 API Reference, PutObject, x-amz-server-side-encryption-context.
    """
    if header is None:
        return {}
    text = str(header)
    try:
        document = orjson.loads(base64.b64decode(text.encode(), validate=True))
    except (binascii.Error, UnicodeEncodeError, orjson.JSONDecodeError):
        document = None
    is_strings = isinstance(document, dict) and all(isinstance(v, str) for v in document.values())
    if not is_strings or len(text) > _CONTEXT_BYTES_MAX:
        raise InvalidArgument(
            "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string"
            " holding JSON which represents a string-string map",
            "x-amz-server-side-encryption-context",
            text,
        )
    return cast("dict[str, str]", document)


@contextmanager
def _told_as_s3s(opened_by: str = "") -> Iterator[None]:
    """What KMS refuses, as S3 tells it: its code behind `KMS.`, or AccessDenied.

    Of a key that is gone, by which a data key was to be opened, KMS says no more than that.
    """
    try:
        yield
    except AwsError as error:
        if error.code in KMS_ERRORS:
            raise KMS_ERRORS[error.code](error.message) from error
        if error.code == "AccessDeniedException" and opened_by:
            raise KmsNotFoundException(f"Key '{opened_by}' does not exist") from error
        if error.code == "AccessDeniedException":
            raise AccessDenied from error
        raise
