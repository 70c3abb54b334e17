"""Errors of S3, with the extra members that each code's document has.

Most are not in the service model, which names a few only; the list of error codes has them all.

AWS: S3 API Reference, Error responses, List of error codes.
"""

from __future__ import annotations

from email.utils import formatdate

from kamome.errors import AwsError


class AccessDenied(AwsError):
    """The caller may not touch this bucket, or it is not whose the caller expected."""

    status = 403

    def __init__(self, sentence: str = "Access Denied") -> None:
        super().__init__(sentence)


class AccessControlListNotSupported(AwsError):
    """ACLs are disabled on the bucket (Object Ownership BucketOwnerEnforced)."""

    def __init__(self) -> None:
        super().__init__("The bucket does not allow ACLs")


class BadDigest(AwsError):
    """The body is not the one whose digest the client sent."""


class BucketAlreadyExists(AwsError):
    """Another account has a bucket of this name."""

    status = 409

    def __init__(self, bucket: str) -> None:
        super().__init__(
            "The requested bucket name is not available. The bucket namespace is shared by all"
            " users of the system. Please select a different name and try again.",
            {"BucketName": bucket},
        )


class BucketAlreadyOwnedByYou(AwsError):
    """The caller has a bucket of this name already."""

    status = 409

    def __init__(self, bucket: str) -> None:
        super().__init__(
            "Your previous request to create the named bucket succeeded and you already own it.",
            {"BucketName": bucket},
        )


class BucketNotEmpty(AwsError):
    """The bucket still has objects."""

    status = 409

    def __init__(self, bucket: str) -> None:
        super().__init__("The bucket you tried to delete is not empty", {"BucketName": bucket})


class EntityTooLarge(AwsError):
    """The body is longer than one PUT may be."""

    def __init__(self, proposed: int, allowed: int) -> None:
        super().__init__(
            "Your proposed upload exceeds the maximum allowed size",
            {"ProposedSize": proposed, "MaxSizeAllowed": allowed},
        )


class EntityTooSmall(AwsError):
    """A part other than the last is smaller than 5 MiB."""

    def __init__(self, proposed: int, allowed: int, part_number: int, etag: str) -> None:
        super().__init__(
            "Your proposed upload is smaller than the minimum allowed size",
            {
                "ProposedSize": proposed,
                "MinSizeAllowed": allowed,
                "PartNumber": part_number,
                "ETag": etag,
            },
        )


class FeatureNotServed(AwsError):
    """The request asks for a feature of S3 that Kamome does not serve; its name is in the message.

    S3 answers 501 `NotImplemented` for headers that "imply functionality that is not implemented".
    """

    code = "NotImplemented"
    status = 501
    fault = "Receiver"

    def __init__(self, header: str, feature: str) -> None:
        super().__init__(
            f"A header or element you provided implies functionality that is not implemented:"
            f" {header} ({feature})",
            {"Header": header},
        )


class IllegalLocationConstraintException(AwsError):
    """The constraint is not the region that the request was sent to."""

    def __init__(self, constraint: str) -> None:
        super().__init__(
            f"The {constraint} location constraint is incompatible for the region specific endpoint"
            " this request was sent to."
        )


class IllegalVersioningConfigurationException(AwsError):
    """The versioning configuration has no status."""

    def __init__(self) -> None:
        super().__init__("The Versioning element must be specified")


class IncompleteBody(AwsError):
    """Fewer or more bytes arrived than Content-Length says."""

    def __init__(self) -> None:
        super().__init__(
            "You did not provide the number of bytes specified by the Content-Length HTTP header"
        )


class InternalError(AwsError):
    """A stored body is missing or damaged."""

    status = 500
    fault = "Receiver"

    def __init__(self) -> None:
        super().__init__("We encountered an internal error. Please try again.")


class InvalidArgument(AwsError):
    """A parameter has a value that S3 does not take."""

    def __init__(self, message: str, name: str, value: object) -> None:
        super().__init__(message, {"ArgumentName": name, "ArgumentValue": value})


class InvalidBucketAclWithObjectOwnership(AwsError):
    """A bucket whose ACLs are disabled cannot be created with one."""

    def __init__(self) -> None:
        super().__init__(
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        )


class InvalidBucketName(AwsError):
    """The name breaks the naming rules."""

    def __init__(self, bucket: str) -> None:
        super().__init__("The specified bucket is not valid.", {"BucketName": bucket})


class InvalidBucketOwnerAWSAccountID(AwsError):
    """`x-amz-expected-bucket-owner` is not an account id."""

    def __init__(self) -> None:
        super().__init__(
            "The value of the expected bucket owner parameter must be an AWS account ID"
        )


class InvalidBucketState(AwsError):
    """The bucket's state does not allow the request."""

    status = 409


class InvalidDigest(AwsError):
    """Content-MD5 is not the base64 of 16 bytes."""

    def __init__(self, value: str) -> None:
        super().__init__("The Content-MD5 you specified was invalid.", {"Content-MD5": value})


class InvalidEncryptionAlgorithmError(AwsError):
    """`x-amz-server-side-encryption` names no algorithm of S3."""

    def __init__(self, value: str) -> None:
        super().__init__(
            "The Encryption request you specified is not valid. Supported value: AES256.",
            {"ArgumentName": "x-amz-server-side-encryption", "ArgumentValue": value},
        )


class InvalidLocationConstraint(AwsError):
    """The constraint is no region that S3 takes here (us-east-1 is not one)."""

    def __init__(self, constraint: str) -> None:
        super().__init__(
            "The specified location-constraint is not valid", {"LocationConstraint": constraint}
        )


class InvalidObjectState(AwsError):
    """The object lies in an archive and must be restored first."""

    status = 403

    def __init__(
        self,
        storage_class: str,
        sentence: str = "The operation is not valid for the object's storage class",
    ) -> None:
        super().__init__(sentence, {"StorageClass": storage_class})


class InvalidPart(AwsError):
    """A part that is to become part of the object is not there, or is another."""

    def __init__(self, upload_id: str, part_number: int, etag: str) -> None:
        super().__init__(
            "One or more of the specified parts could not be found.  The part may not have been"
            " uploaded, or the specified entity tag may not match the part's entity tag.",
            {"UploadId": upload_id, "PartNumber": part_number, "ETag": etag.strip('"')},
        )


class InvalidPartOrder(AwsError):
    """The parts are not named in the order of their numbers."""

    def __init__(self, upload_id: str) -> None:
        super().__init__(
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
            {"UploadId": upload_id},
        )


class InvalidPartNumber(AwsError):
    """The object has no such part."""

    status = 416

    def __init__(self, requested: int, actual: int) -> None:
        super().__init__(
            "The requested partnumber is not satisfiable",
            {"ActualPartCount": actual, "PartNumberRequested": requested},
        )


class InvalidRange(AwsError):
    """The range begins after the object's last byte."""

    status = 416

    def __init__(self, requested: str, size: int) -> None:
        super().__init__(
            "The requested range is not satisfiable",
            {"RangeRequested": requested, "ActualObjectSize": size},
        )


class InvalidRedirectLocation(AwsError):
    """The website redirect is neither a path nor an HTTP URL."""


class InvalidRequest(AwsError):
    """The request contradicts itself, or has a value of the wrong form."""


class InvalidStorageClass(AwsError):
    """General purpose buckets have no such storage class."""

    def __init__(self, value: str) -> None:
        super().__init__(
            "The storage class you specified is not valid", {"StorageClassRequested": value}
        )


class InvalidTag(AwsError):
    """A tag is too long, or uses characters that tags may not have."""


class InvalidURI(AwsError):
    """The key is not UTF-8."""

    def __init__(self) -> None:
        super().__init__("Couldn't parse the specified URI.")


class KeyTooLongError(AwsError):
    """The key has more than 1,024 bytes."""

    def __init__(self, size: int, allowed: int) -> None:
        super().__init__("Your key is too long", {"Size": size, "MaxSizeAllowed": allowed})


class MalformedTrailerError(AwsError):
    """A trailer came that `x-amz-trailer` did not announce, or an announced one did not come."""

    def __init__(self) -> None:
        super().__init__(
            "The request contained trailing data that was not well-formed or did not conform to our"
            " published schema."
        )


class MalformedXML(AwsError):
    """The document does not follow the schema."""

    def __init__(self) -> None:
        super().__init__(
            "The XML you provided was not well-formed or did not validate against our published"
            " schema"
        )


class MetadataTooLarge(AwsError):
    """User-defined metadata has more than 2 KB."""

    def __init__(self, size: int, allowed: int) -> None:
        super().__init__(
            "Your metadata headers exceed the maximum allowed metadata size",
            {"Size": size, "MaxSizeAllowed": allowed},
        )


class MethodNotAllowed(AwsError):
    """The version is a delete marker, which can only be deleted."""

    status = 405

    def __init__(self, version_id: str, last_modified_s: int) -> None:
        super().__init__(
            "The specified method is not allowed against this resource.",
            {"Method": "GET", "ResourceType": "DeleteMarker"},
        )
        self.headers = (
            ("x-amz-delete-marker", "true"),
            ("x-amz-version-id", version_id),
            ("allow", "DELETE"),
            ("last-modified", formatdate(last_modified_s, usegmt=True)),
        )


class MissingContentLength(AwsError):
    """The length of the body was not announced."""

    status = 411

    def __init__(self) -> None:
        super().__init__("You must provide the Content-Length HTTP header.")


class NoSuchBucket(AwsError):
    """There is no such bucket."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__("The specified bucket does not exist", {"BucketName": bucket})


class NoSuchKey(AwsError):
    """There is no such object."""

    status = 404

    def __init__(self, key: str, delete_marker: str | None = None) -> None:
        super().__init__("The specified key does not exist.", {"Key": key})
        if delete_marker is not None:
            self.headers = (("x-amz-delete-marker", "true"), ("x-amz-version-id", delete_marker))


class NoSuchObjectLockConfiguration(AwsError):
    """The object has no retention or legal hold."""

    status = 404

    def __init__(self) -> None:
        super().__init__("The specified object does not have a ObjectLock configuration")


class ObjectLockConfigurationNotFoundError(AwsError):
    """The bucket does not lock objects."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__(
            "Object Lock configuration does not exist for this bucket", {"BucketName": bucket}
        )


class NoSuchUpload(AwsError):
    """There is no such multipart upload: it never was, was aborted, or is completed."""

    status = 404

    def __init__(self, upload_id: str) -> None:
        super().__init__(
            "The specified upload does not exist. The upload ID may be invalid, or the upload may"
            " have been aborted or completed.",
            {"UploadId": upload_id},
        )


class NoSuchVersion(AwsError):
    """The object has no such version."""

    status = 404

    def __init__(self, key: str, version_id: str) -> None:
        super().__init__(
            "The specified version does not exist.", {"Key": key, "VersionId": version_id}
        )


class NotModified(AwsError):
    """The client's copy is current. Has no body; `ETag` and `LastModified` become headers.

    RFC 9110 §15.4.5.
    """

    status = 304

    def __init__(self, etag: str, last_modified_s: int) -> None:
        super().__init__("Not Modified", {"ETag": etag, "LastModified": last_modified_s})


class PreconditionFailed(AwsError):
    """The condition of the named header does not hold."""

    status = 412

    def __init__(self, condition: str) -> None:
        super().__init__(
            "At least one of the pre-conditions you specified did not hold",
            {"Condition": condition},
        )


class RestoreAlreadyInProgress(AwsError):
    """The copy of an archived object is being made already."""

    status = 409

    def __init__(self) -> None:
        super().__init__("Object restore is already in progress")


class TooManyBuckets(AwsError):
    """The account has as many buckets as it may."""

    def __init__(self) -> None:
        super().__init__("You have attempted to create more buckets than allowed")


class TooManyConfigurations(AwsError):
    """The bucket has as many configurations of the kind as it may."""

    def __init__(self) -> None:
        super().__init__(
            "You are attempting to create a new configuration but have already reached the"
            " 1,000-configuration limit."
        )


class DestinationsNotValid(AwsError):
    """Event notifications cannot reach these destinations.

    The document numbers its members: `ArgumentName1`, `ArgumentValue1`, `ArgumentName2`, …
    """

    code = "InvalidArgument"

    def __init__(self, reasons: dict[str, str]) -> None:
        members: dict[str, object] = {}
        for number, (arn, reason) in enumerate(reasons.items(), start=1):
            members[f"ArgumentName{number}"] = f"{arn}, null"
            members[f"ArgumentValue{number}"] = reason
        super().__init__("Unable to validate the following destination configurations", members)


class NoSuchCORSConfiguration(AwsError):
    """The bucket has no CORS configuration."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__("The CORS configuration does not exist", {"BucketName": bucket})


class NoSuchConfiguration(AwsError):
    """There is no configuration of that id."""

    status = 404

    def __init__(self) -> None:
        super().__init__("The specified configuration does not exist.")


class NoSuchLifecycleConfiguration(AwsError):
    """The bucket has no lifecycle rules."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__("The lifecycle configuration does not exist", {"BucketName": bucket})


class NoSuchPublicAccessBlockConfiguration(AwsError):
    """The bucket's public access block was deleted."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__(
            "The public access block configuration was not found", {"BucketName": bucket}
        )


class NoSuchTagSet(AwsError):
    """The bucket has no tags."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__("The TagSet does not exist", {"BucketName": bucket})


class NoSuchWebsiteConfiguration(AwsError):
    """The bucket is no website."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__(
            "The specified bucket does not have a website configuration", {"BucketName": bucket}
        )


class OwnershipControlsNotFoundError(AwsError):
    """The bucket's ownership controls were deleted."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__("The bucket ownership controls were not found", {"BucketName": bucket})


class ReplicationConfigurationNotFoundError(AwsError):
    """The bucket is not replicated."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__("The replication configuration was not found", {"BucketName": bucket})


class PolicyTooLarge(AwsError):
    """The policy has more than 20 KB."""

    status = 400

    def __init__(self) -> None:
        super().__init__(
            "Policies must not exceed the maximum allowed document size of 20480 bytes."
        )


class MalformedPolicy(AwsError):
    """The document is no bucket policy."""


class NoSuchBucketPolicy(AwsError):
    """The bucket has no policy."""

    status = 404

    def __init__(self, bucket: str) -> None:
        super().__init__("The bucket policy does not exist", {"BucketName": bucket})


class InvalidTargetBucketForLogging(AwsError):
    """Logs cannot go to that bucket."""

    def __init__(self, bucket: str) -> None:
        super().__init__("The target bucket for logging does not exist", {"TargetBucket": bucket})
