"""GetObjectAttributes: what an object is made of, without its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from kamome.context import RequestContext
from kamome.services.s3.bodies.checksums import checksum_member
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.encryption.encryption import check_key, customer_key
from kamome.services.s3.errors import InvalidArgument
from kamome.services.s3.limits import LIST_PARTS_MAX
from kamome.services.s3.multipart.parts import COMPOSITE
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.objects.versions import readable_version, shown_version_id
from kamome.services.s3.slice import S3

if TYPE_CHECKING:
    from kamome.services.s3 import shapes

_KNOWN = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


async def get_object_attributes(
    s3: S3, ctx: RequestContext, request: shapes.GetObjectAttributesRequest
) -> shapes.GetObjectAttributesResult:
    """The attributes that are asked for: ETag, checksum, parts, storage class, size.

    The single parts are shown of objects with a composite checksum; of others, their number.

    Raises:
        InvalidArgument: an attribute that S3 does not have.
        NoSuchKey, NoSuchVersion, MethodNotAllowed: see `readable_version`.
        InvalidRequest, AccessDenied: the customer's key, see `check_key`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, GetObjectAttributes.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    asked = request["ObjectAttributes"]
    for name in asked:
        if name not in _KNOWN:
            raise InvalidArgument(
                "Invalid attribute name specified.", "x-amz-object-attributes", name
            )
    stored = readable_version(s3, bucket, request["Key"], request.get("VersionId"))
    check_key(stored.attributes, customer_key(request))
    attributes = {
        "ETag": stored.etag,
        "Checksum": {
            checksum_member(stored.checksum_algorithm): stored.checksum,
            "ChecksumType": stored.checksum_type,
        },
        "ObjectParts": _parts(s3, stored, request) if stored.part_count else None,
        "StorageClass": stored.storage_class,
        "ObjectSize": stored.size,
    }
    answer: dict[str, object] = {
        "LastModified": stored.last_modified_s,
        **shown_version_id(bucket, stored),
        **{name: attributes[name] for name in asked if attributes[name] is not None},
    }
    return cast("shapes.GetObjectAttributesResult", answer)


def _parts(s3: S3, stored: StoredObject, request: Mapping[str, object]) -> dict[str, object]:
    shown: dict[str, object] = {"TotalPartsCount": stored.part_count}
    if stored.checksum_type != COMPOSITE:
        return shown
    limit = min(cast("int", request.get("MaxParts", LIST_PARTS_MAX)), LIST_PARTS_MAX)
    after = cast("int", request.get("PartNumberMarker", 0))
    if limit < 0 or after < 0:
        raise InvalidArgument("Invalid Argument", "x-amz-max-parts", limit)
    parts = s3.store.body_parts(stored.body_id, after, limit + 1)
    listed = parts[:limit]
    member = checksum_member(stored.checksum_algorithm)
    return {
        **shown,
        "PartNumberMarker": after,
        "NextPartNumberMarker": listed[-1].part_number if listed else 0,
        "MaxParts": limit,
        "IsTruncated": len(parts) > limit,
        "Parts": [
            {"PartNumber": part.part_number, "Size": part.size, member: part.checksum}
            for part in listed
        ],
    }
