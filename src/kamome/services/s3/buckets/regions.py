"""Where a bucket lies: partitions and location constraints.

AWS: S3 API Reference, CreateBucket; AWS General Reference, Amazon S3 endpoints and quotas.
"""

from __future__ import annotations

from urllib.parse import quote

from kamome.services.s3.errors import (
    IllegalLocationConstraintException,
    InvalidLocationConstraint,
)

# The region that has no location constraint of its own, for historical reasons.
CLASSIC_REGION = "us-east-1"
# The old name of eu-west-1.
_EU = "EU"
# The old name of the classic region, which s3cmd still signs for. It is no LocationConstraint.
_US = "US"

# Domains below which a host may name a bucket.
_BUCKET_DOMAINS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".localhost",
    ".localhost.localstack.cloud",
)

_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc"))


def partition_of(region: str) -> str:
    """The partition of a region; bucket names are unique within one."""
    for prefix, partition in _PARTITIONS:
        if region.startswith(prefix):
            return partition
    return "aws"


def request_region(signed: str) -> str:
    """The region that a request was sent to, by the one that it is signed for."""
    return CLASSIC_REGION if signed == _US else signed


def bucket_region(asked_region: str, constraint: str | None) -> str:
    """The region of a bucket created with this LocationConstraint by a request to that region.

    us-east-1 serves the global endpoint, which creates buckets anywhere; other regions only in
    themselves.

    Raises:
        InvalidLocationConstraint: `us-east-1` is not a constraint.
        IllegalLocationConstraintException: another region's constraint, or none, was sent to a
            region other than us-east-1.

    AWS: S3 API Reference, CreateBucket, LocationConstraint.
    """
    if not constraint:
        if asked_region == CLASSIC_REGION:
            return CLASSIC_REGION
        raise IllegalLocationConstraintException("unspecified")
    region = "eu-west-1" if constraint == _EU else constraint
    if asked_region != CLASSIC_REGION and region != asked_region:
        raise IllegalLocationConstraintException(constraint)
    if region == CLASSIC_REGION:
        raise InvalidLocationConstraint(constraint)
    return region


def location_constraint(region: str) -> str | None:
    """What GetBucketLocation answers for a bucket in `region`: nothing for us-east-1."""
    return None if region == CLASSIC_REGION else region


def bucket_location(name: str, region: str) -> str:
    """The Location header of CreateBucket's answer: a path in us-east-1, elsewhere a URL."""
    return f"/{name}" if region == CLASSIC_REGION else f"http://{name}.s3.amazonaws.com/"


def object_location(base_url: str, bucket: str, key: str) -> str:
    """The URL of an object, as the client reaches this server: a host may name the bucket.

    AWS: S3 User Guide, Virtual hosting of buckets.
    """
    path = quote(key, safe="/~")
    host = base_url.partition("://")[2].partition(":")[0].lower()
    if host.startswith(f"{bucket}.") and host[len(bucket) :].endswith(_BUCKET_DOMAINS):
        return f"{base_url}/{path}"
    return f"{base_url}/{bucket}/{path}"


def default_bus_arn(account: str, region: str) -> str:
    """The event bus that a bucket's events go to: its owner's default bus in its Region.

    AWS: S3 User Guide, Using EventBridge.
    """
    return f"arn:{partition_of(region)}:events:{region}:{account}:event-bus/default"


def bucket_arn(name: str, partition: str) -> str:
    """A bucket's ARN has neither region nor account."""
    return f"arn:{partition}:s3:::{name}"
