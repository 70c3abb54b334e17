"""The operations of S3 that are served, gathered from the modules of AWS's headings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from kamome.errors import AwsError
from kamome.protocols.model import Violation
from kamome.services import Operation
from kamome.services.s3.bucket_notifications import (
    get_bucket_notification_configuration,
    put_bucket_notification_configuration,
)
from kamome.services.s3.buckets import (
    create_bucket,
    delete_bucket,
    get_bucket_location,
    head_bucket,
    list_buckets,
)
from kamome.services.s3.delete_objects import delete_object, delete_objects
from kamome.services.s3.errors import (
    InvalidArgument,
    InvalidEncryptionAlgorithmError,
    InvalidLocationConstraint,
    InvalidRequest,
    InvalidStorageClass,
    MalformedXML,
)
from kamome.services.s3.list_objects import list_objects_v2
from kamome.services.s3.objects import get_object, head_object
from kamome.services.s3.put_object import put_object

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "CreateBucket": create_bucket,
        "DeleteBucket": delete_bucket,
        "DeleteObject": delete_object,
        "DeleteObjects": delete_objects,
        "GetBucketLocation": get_bucket_location,
        "GetBucketNotificationConfiguration": get_bucket_notification_configuration,
        "GetObject": get_object,
        "HeadBucket": head_bucket,
        "HeadObject": head_object,
        "ListBuckets": list_buckets,
        "ListObjectsV2": list_objects_v2,
        "PutBucketNotificationConfiguration": put_bucket_notification_configuration,
        "PutObject": put_object,
    }
)

# Sentences of S3 for members whose value the model does not have.
_ENUM_SENTENCES: Mapping[str, tuple[str, str]] = {
    "Events": ("The event is not supported for notifications", "Event"),
    "Name": ("filter rule name must be either prefix or suffix", "FilterRule.Name"),
    "EncodingType": ("Invalid Encoding Method specified in Request", "encoding-type"),
}


def violation(found: Sequence[Violation]) -> AwsError:
    """S3's words for a request outside the model: it names the first fault only.

    AWS: S3 API Reference, Error responses, InvalidArgument and MalformedXML.
    """
    first = found[0]
    if first.kind == "required":
        return MalformedXML()
    value = str(first.value)
    if first.member == "LocationConstraint":
        return InvalidLocationConstraint(value)
    if first.member == "StorageClass":
        return InvalidStorageClass(value)
    if first.member == "ServerSideEncryption":
        return InvalidEncryptionAlgorithmError(value)
    if first.member == "ChecksumAlgorithm":
        return InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    if first.member == "MaxBuckets":
        return InvalidArgument(
            "Argument max-buckets must be an integer between 1 and 10000", "max-buckets", value
        )
    if first.member in _ENUM_SENTENCES:
        sentence, argument = _ENUM_SENTENCES[first.member]
        return InvalidArgument(sentence, argument, value)
    return InvalidArgument("Invalid Argument", first.member, value)


def resource_of(request: Mapping[str, object]) -> str:
    """What a journey shows: the bucket, or bucket and key."""
    bucket = str(request.get("Bucket", ""))
    return f"{bucket}/{request['Key']}" if "Key" in request else bucket
