"""SSE-KMS as clients see it: what is asked for is kept and shown.

KMS is not served, so the bytes lie as those of SSE-S3 do; what an application can observe is AWS's:
the members of every answer, a bucket's default, and an ETag that is no MD5.

AWS: S3 User Guide, Using server-side encryption with AWS KMS keys (SSE-KMS); Common response
headers, ETag.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from kamome.services.s3.errors import InvalidArgument
from kamome.services.s3.store import Bucket

ALGORITHM = "ServerSideEncryption"
KEY_ID = "SSEKMSKeyId"
BUCKET_KEY = "BucketKeyEnabled"
KMS_ALGORITHMS = frozenset(("aws:kms", "aws:kms:dsse"))
_CONTEXT = "SSEKMSEncryptionContext"
_NEEDS_KMS = (
    "Server Side Encryption with AWS KMS managed key requires HTTP header"
    " x-amz-server-side-encryption : aws:kms or aws:kms:dsse"
)


def check_kms_members(request: Mapping[str, object]) -> None:
    """Whether a request names a key, or a context, only together with SSE-KMS.

    Raises:
        InvalidArgument: it does not.

    AWS: S3 API Reference, PutObject, x-amz-server-side-encryption-aws-kms-key-id.
    """
    algorithm = request.get(ALGORITHM)
    if algorithm in KMS_ALGORITHMS:
        return
    if KEY_ID in request or _CONTEXT in request:
        raise InvalidArgument(_NEEDS_KMS, "x-amz-server-side-encryption", str(algorithm or "null"))


def kms_attributes(bucket: Bucket, request: Mapping[str, object]) -> dict[str, object]:
    """What is kept of an object's encryption with a key of KMS; nothing where it has none.

    A request that names no encryption gets the bucket's default.

    AWS: S3 User Guide, Setting default server-side encryption behavior for Amazon S3 buckets.
    """
    algorithm, key_id = request.get(ALGORITHM), request.get(KEY_ID)
    uses_bucket_key = request.get(BUCKET_KEY)
    if algorithm is None and bucket.default_encryption:
        algorithm, key_id, is_bucket_key = bucket.default_encryption.split(" ")
        uses_bucket_key = is_bucket_key == "1" if uses_bucket_key is None else uses_bucket_key
    if algorithm not in KMS_ALGORITHMS:
        return {}
    found: dict[str, object] = {ALGORITHM: algorithm, KEY_ID: key_arn(bucket, str(key_id or ""))}
    if uses_bucket_key in (True, "true"):
        found[BUCKET_KEY] = True
    return found


def key_arn(bucket: Bucket, key_id: str) -> str:
    """A key as answers show it; without a name it is the account's own for S3 (`aws/s3`).

    AWS: KMS Developer Guide, Key identifiers (KeyId).
    """
    if key_id.startswith("arn:"):
        return key_id
    start = f"arn:{bucket.partition}:kms:{bucket.region}:{bucket.account}:"
    if key_id.startswith("alias/"):
        return start + key_id
    return f"{start}key/{key_id or _managed_key_id(bucket)}"


def default_encryption(configuration: Mapping[str, object]) -> str:
    """A bucket's default as its row keeps it: empty for SSE-S3, else algorithm, key, bucket key."""
    rules = configuration.get("Rules")
    rule = rules[0] if isinstance(rules, list) and rules else {}
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    if default.get("SSEAlgorithm") not in KMS_ALGORITHMS:
        return ""
    uses_bucket_key = 1 if rule.get(BUCKET_KEY) else 0
    return f"{default['SSEAlgorithm']} {default.get('KMSMasterKeyID', '')} {uses_bucket_key}"


def shown_etag(attributes: Mapping[str, object], body_id: str, etag: str) -> str:
    """The ETag of a new object: with SSE-KMS it is not the MD5 of its bytes.

    AWS: S3 API Reference, Object, ETag.
    """
    if attributes.get(ALGORITHM) not in KMS_ALGORITHMS:
        return etag
    return hashlib.md5(f"{body_id} {etag}".encode(), usedforsecurity=False).hexdigest()


def _managed_key_id(bucket: Bucket) -> str:
    """One for each account and region, the same for ever."""
    named = f"alias/aws/s3 {bucket.partition} {bucket.region} {bucket.account}"
    digits = hashlib.sha256(named.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], f"4{digits[13:16]}", digits[16:20], digits[20:32]))
