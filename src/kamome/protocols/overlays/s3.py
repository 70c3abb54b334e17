"""S3: the root elements of its answers, its namespace, and its bare error document.

The model names members of the answers, but not the elements around them.

AWS: S3 API Reference (Response Syntax of each action; Error responses).
"""

from __future__ import annotations

XML_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

# `<Error>` is the root, without `<ErrorResponse>` around it; ids are in it and in two headers.
BARE_ERRORS = True
S3_REQUEST_IDS = True

# RestoreObject answers 202, or 200 where the object is restored already: the model has no place for
# that. S3 API Reference, RestoreObject, Responses.
CORRECTIONS = {
    "RestoreObjectOutput": {
        "members": {"StatusCode": {"shape": "PartsCount", "location": "statusCode"}}
    }
}

BODY_ERROR = "MalformedXML"
PARAMETER_ERROR = "InvalidArgument"
PATH_ERROR = "InvalidURI"

# `<LocationConstraint>eu-west-1</LocationConstraint>` is that whole answer.
VALUE_ROOTS = {"GetBucketLocation": "LocationConstraint"}

RESULT_ROOTS = {
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "CreateSession": "CreateSessionResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycle": "LifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLocation": "LocationConstraint",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotification": "NotificationConfiguration",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBucketAnalyticsConfigurations": "ListBucketAnalyticsConfigurationResult",
    "ListBucketIntelligentTieringConfigurations": (
        "ListBucketIntelligentTieringConfigurationsOutput"
    ),
    "ListBucketInventoryConfigurations": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurations": "ListMetricsConfigurationsResult",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListDirectoryBuckets": "ListAllMyDirectoryBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
}
