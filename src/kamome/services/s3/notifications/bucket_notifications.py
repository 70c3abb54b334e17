"""Operations on a bucket's notification configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.buckets.regions import bucket_arn
from kamome.services.s3.errors import DestinationsNotValid
from kamome.services.s3.notifications.events import test_event_document
from kamome.services.s3.notifications.notifications import (
    EVENT_BRIDGE,
    Destination,
    checked_destinations,
    configuration_of,
)
from kamome.services.s3.notifications.object_events import hand_over
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket

if TYPE_CHECKING:
    from kamome.services.s3 import shapes

_ABSENT = {
    "Queue": "The destination queue does not exist",
    "Topic": "The destination topic does not exist",
    "CloudFunction": "The destination Lambda function does not exist",
}


async def get_bucket_notification_configuration(
    s3: S3, ctx: RequestContext, request: shapes.GetBucketNotificationConfigurationRequest
) -> shapes.NotificationConfiguration:
    """The bucket's configuration as it was put, with the ids that were made; empty without one.

    Raises:
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, GetBucketNotificationConfiguration.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    return configuration_of(s3.store.destinations(bucket.bucket_id))


async def put_bucket_notification_configuration(
    s3: S3, ctx: RequestContext, request: shapes.PutBucketNotificationConfigurationRequest
) -> None:
    """Replace the bucket's configuration; an empty one ends all notifications.

    Each queue and topic gets an `s3:TestEvent` in the same step: if one does not take it, nothing
    is changed. Functions are not invoked. Takes effect at once (AWS: within about five minutes).

    Raises:
        InvalidArgument, MalformedXML: see `checked_destinations`.
        DestinationsNotValid: a queue, topic or function does not exist or refuses the test; not
            with `SkipDestinationValidation`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, PutBucketNotificationConfiguration.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    destinations = checked_destinations(
        request["NotificationConfiguration"], bucket.region, s3.ids.uuid
    )
    named = [each for each in destinations if each.element != EVENT_BRIDGE]
    is_validated = not request.get("SkipDestinationValidation", False)
    if is_validated:
        _check_existing(s3, named)
    with s3.store.atomic():
        s3.store.replace_destinations(bucket.bucket_id, destinations)
        if is_validated:
            _send_test_events(s3, ctx, bucket, named)


def _check_existing(s3: S3, destinations: Sequence[Destination]) -> None:
    exists: dict[str, Callable[[str], bool]] = {
        "Queue": s3.ports.queue_exists,
        "Topic": s3.ports.topic_exists,
        "CloudFunction": s3.ports.function_exists,
    }
    absent = {
        destination.arn: _ABSENT[destination.element]
        for destination in destinations
        if not exists[destination.element](destination.arn)
    }
    if absent:
        raise DestinationsNotValid(absent)


def _send_test_events(
    s3: S3, ctx: RequestContext, bucket: Bucket, destinations: Sequence[Destination]
) -> None:
    document = test_event_document(bucket.name, s3.clock.now_ms(), ctx).decode()
    as_s3 = ctx.as_service("s3.amazonaws.com", source_arn=bucket_arn(bucket.name, bucket.partition))
    tested = {each.arn for each in destinations if each.element != "CloudFunction"}
    for arn in sorted(tested):
        try:
            hand_over(s3, as_s3, arn, document)
        except AwsError as error:
            raise DestinationsNotValid({arn: error.message}) from error
