"""The members of SSE-KMS: what a request, or the bucket's default, asks for.

AWS: S3 User Guide, Using server-side encryption with AWS KMS keys (SSE-KMS).
"""

from __future__ import annotations

from collections.abc import Mapping

from kamome.services.s3.errors import InvalidArgument
from kamome.services.s3.store import Bucket

ALGORITHM = "ServerSideEncryption"
KEY_ID = "SSEKMSKeyId"
BUCKET_KEY = "BucketKeyEnabled"
KMS_ALGORITHMS = frozenset(("aws:kms", "aws:kms:dsse"))
CONTEXT = "SSEKMSEncryptionContext"
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
    if KEY_ID in request or CONTEXT in request:
        raise InvalidArgument(_NEEDS_KMS, "x-amz-server-side-encryption", str(algorithm or "null"))


def kms_attributes(bucket: Bucket, request: Mapping[str, object]) -> dict[str, object]:
    """What a request says of encryption with a key of KMS; nothing where it has none.

    A request that names no encryption gets the bucket's default, and the bucket's S3 Bucket Key
    unless it says otherwise. The key is as it was named; empty is the account's own for S3.

    AWS: S3 User Guide, Setting default server-side encryption behavior for Amazon S3 buckets;
    Configuring an S3 Bucket Key at the object level.
    """
    algorithm, key_id = request.get(ALGORITHM), request.get(KEY_ID)
    uses_bucket_key = request.get(BUCKET_KEY)
    if bucket.default_encryption:
        by_default, default_key_id, is_bucket_key = bucket.default_encryption.split(" ")
        if algorithm is None:
            algorithm, key_id = by_default, default_key_id
        if uses_bucket_key is None:
            uses_bucket_key = is_bucket_key == "1"
    if algorithm not in KMS_ALGORITHMS:
        return {}
    found: dict[str, object] = {ALGORITHM: algorithm, KEY_ID: str(key_id or "")}
    if uses_bucket_key in (True, "true"):
        found[BUCKET_KEY] = True
    if CONTEXT in request:
        found[CONTEXT] = request[CONTEXT]
    return found


def default_encryption(configuration: Mapping[str, object]) -> str:
    """A bucket's default as its row keeps it: empty for SSE-S3, else algorithm, key, bucket key."""
    rules = configuration.get("Rules")
    rule = rules[0] if isinstance(rules, list) and rules else {}
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    if default.get("SSEAlgorithm") not in KMS_ALGORITHMS:
        return ""
    uses_bucket_key = 1 if rule.get(BUCKET_KEY) else 0
    return f"{default['SSEAlgorithm']} {default.get('KMSMasterKeyID', '')} {uses_bucket_key}"
