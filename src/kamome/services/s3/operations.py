"""The operations of S3 that are served, gathered from the modules of AWS's headings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from kamome.errors import AwsError
from kamome.protocols.model import Violation
from kamome.services import Operation
from kamome.services.s3.access.access_control import (
    get_bucket_acl,
    get_object_acl,
    put_bucket_acl,
    put_object_acl,
)
from kamome.services.s3.access.bucket_policies import (
    delete_bucket_lifecycle,
    delete_bucket_policy,
    get_bucket_lifecycle_configuration,
    get_bucket_policy,
    get_bucket_policy_status,
    put_bucket_lifecycle_configuration,
    put_bucket_policy,
)
from kamome.services.s3.bodies.document_digests import check_document
from kamome.services.s3.buckets.bucket_settings import SETTING_OPERATIONS
from kamome.services.s3.buckets.bucket_versioning import (
    get_bucket_versioning,
    put_bucket_versioning,
)
from kamome.services.s3.buckets.buckets import (
    create_bucket,
    delete_bucket,
    get_bucket_location,
    head_bucket,
    list_buckets,
)
from kamome.services.s3.edge.edge import edge_of
from kamome.services.s3.errors import (
    InvalidArgument,
    InvalidEncryptionAlgorithmError,
    InvalidLocationConstraint,
    InvalidRequest,
    InvalidStorageClass,
    MalformedXML,
)
from kamome.services.s3.listing.list_object_versions import list_object_versions
from kamome.services.s3.listing.list_objects import list_objects, list_objects_v2
from kamome.services.s3.listing.list_uploads import list_multipart_uploads, list_parts
from kamome.services.s3.lock.object_locking import (
    get_object_legal_hold,
    get_object_lock_configuration,
    get_object_retention,
    put_object_legal_hold,
    put_object_lock_configuration,
    put_object_retention,
)
from kamome.services.s3.multipart.multipart_uploads import (
    abort_multipart_upload,
    complete_multipart_upload,
    create_multipart_upload,
    upload_part,
)
from kamome.services.s3.notifications.bucket_notifications import (
    get_bucket_notification_configuration,
    put_bucket_notification_configuration,
)
from kamome.services.s3.notifications.notifications import lower_filter_names
from kamome.services.s3.objects.copy_object import (
    copy_object,
    upload_part_copy,
    with_slashes,
)
from kamome.services.s3.objects.delete_objects import delete_object, delete_objects
from kamome.services.s3.objects.object_attributes import get_object_attributes
from kamome.services.s3.objects.object_tagging import (
    delete_object_tagging,
    get_object_tagging,
    put_object_tagging,
)
from kamome.services.s3.objects.objects import get_object, head_object
from kamome.services.s3.objects.presigned_parameters import add_parameters
from kamome.services.s3.objects.put_object import put_object
from kamome.services.s3.objects.restore_object import restore_object

if TYPE_CHECKING:
    from kamome.wire import HttpRequest

_OPERATIONS: Mapping[str, Operation] = {
    "AbortMultipartUpload": abort_multipart_upload,
    "CompleteMultipartUpload": complete_multipart_upload,
    "CopyObject": copy_object,
    "CreateBucket": create_bucket,
    "CreateMultipartUpload": create_multipart_upload,
    "DeleteBucket": delete_bucket,
    "DeleteBucketLifecycle": delete_bucket_lifecycle,
    "DeleteBucketPolicy": delete_bucket_policy,
    "DeleteObject": delete_object,
    "DeleteObjectTagging": delete_object_tagging,
    "DeleteObjects": delete_objects,
    "GetBucketAcl": get_bucket_acl,
    "GetBucketLifecycleConfiguration": get_bucket_lifecycle_configuration,
    "GetBucketLocation": get_bucket_location,
    "GetBucketNotificationConfiguration": get_bucket_notification_configuration,
    "GetBucketPolicy": get_bucket_policy,
    "GetBucketPolicyStatus": get_bucket_policy_status,
    "GetBucketVersioning": get_bucket_versioning,
    "GetObject": get_object,
    "GetObjectAcl": get_object_acl,
    "GetObjectAttributes": get_object_attributes,
    "GetObjectLegalHold": get_object_legal_hold,
    "GetObjectLockConfiguration": get_object_lock_configuration,
    "GetObjectRetention": get_object_retention,
    "GetObjectTagging": get_object_tagging,
    "HeadBucket": head_bucket,
    "HeadObject": head_object,
    "ListBuckets": list_buckets,
    "ListMultipartUploads": list_multipart_uploads,
    "ListObjectVersions": list_object_versions,
    "ListObjects": list_objects,
    "ListObjectsV2": list_objects_v2,
    "ListParts": list_parts,
    "PutBucketAcl": put_bucket_acl,
    "PutBucketLifecycleConfiguration": put_bucket_lifecycle_configuration,
    "PutBucketNotificationConfiguration": put_bucket_notification_configuration,
    "PutBucketPolicy": put_bucket_policy,
    "PutBucketVersioning": put_bucket_versioning,
    "PutObject": put_object,
    "PutObjectAcl": put_object_acl,
    "PutObjectLegalHold": put_object_legal_hold,
    "PutObjectLockConfiguration": put_object_lock_configuration,
    "PutObjectRetention": put_object_retention,
    "PutObjectTagging": put_object_tagging,
    "RestoreObject": restore_object,
    "UploadPart": upload_part,
    "UploadPartCopy": upload_part_copy,
    **SETTING_OPERATIONS,
}
OPERATIONS: Mapping[str, Operation] = MappingProxyType(dict(sorted(_OPERATIONS.items())))

# Sentences of S3 for members whose value the model does not have.
_ENUM_SENTENCES: Mapping[str, tuple[str, str]] = {
    "Events": ("The event is not supported for notifications", "Event"),
    "Name": ("filter rule name must be either prefix or suffix", "FilterRule.Name"),
    "EncodingType": ("Invalid Encoding Method specified in Request", "encoding-type"),
    "CopySource": (
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        "x-amz-copy-source",
    ),
    "MetadataDirective": ("Unknown metadata directive.", "x-amz-metadata-directive"),
    "TaggingDirective": ("Unknown tagging directive.", "x-amz-tagging-directive"),
    "ObjectLockMode": ("Unknown wormMode directive.", "x-amz-object-lock-mode"),
    "ObjectLockLegalHoldStatus": (
        "Legal Hold must be either of 'ON' or 'OFF'",
        "x-amz-object-lock-legal-hold",
    ),
    "ACL": ("Invalid Argument", "x-amz-acl"),
    "ObjectAttributes": ("Invalid attribute name specified.", "x-amz-object-attributes"),
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
    if "." in first.path:
        return MalformedXML()  # inside a document: headers and parameters stand at the top
    return InvalidArgument("Invalid Argument", first.member, value)


edge = edge_of


def complete(request: HttpRequest, decoded: dict[str, object]) -> None:
    """What is done with a request before the model's constraints are checked.

    Raises:
        what `check_document` raises.
    """
    check_document(request, decoded)
    configuration = decoded.get("NotificationConfiguration")
    if isinstance(configuration, dict):
        lower_filter_names(configuration)
    source = decoded.get("CopySource")
    if isinstance(source, str):
        decoded["CopySource"] = with_slashes(source)
    add_parameters(request, decoded)


def resource_of(request: Mapping[str, object]) -> str:
    """What a journey shows: the bucket, or bucket and key."""
    bucket = str(request.get("Bucket", ""))
    return f"{bucket}/{request['Key']}" if "Key" in request else bucket
