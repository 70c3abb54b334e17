"""What happens to an object is told to the bucket's destinations: written with the cause,
delivered from the outbox.

AWS: S3 User Guide, Amazon S3 Event Notifications (delivered at least once).
"""

from __future__ import annotations

from kamome.arn import parse_arn
from kamome.context import RequestContext
from kamome.services.s3.buckets.regions import bucket_arn, default_bus_arn, partition_of
from kamome.services.s3.notifications.events import ObjectEvent, bus_event, event_document
from kamome.services.s3.notifications.notifications import EVENT_BRIDGE, EVENT_BUS
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket
from kamome.storage.outbox import Entry

EVENT_KIND = "s3.event"
# S3 gives its notifications by SNS this subject.
EMAIL_SUBJECT = "Amazon S3 Notification"
_PRINCIPAL = "s3.amazonaws.com"
_REQUEST_ID_DIGITS = 16


def record_event(
    s3: S3,
    ctx: RequestContext,
    bucket: Bucket,
    *,
    name: str,
    key: str,
    size: int | None = None,
    etag: str | None = None,
    version_id: str | None = None,
    archive: str = "",
    restore_expires_at_ms: int = 0,
) -> None:
    """Write an outbox entry for each destination that the event matches; part of its step.

    `archive` and `restore_expires_at_ms` are told by events of restored objects.
    """
    if not bucket.has_destinations:
        return
    matching = [
        destination
        for destination in s3.store.destinations(bucket.bucket_id)
        if destination.matches(name, key)
    ]
    if not matching:
        return
    now_ms = s3.clock.now_ms()
    # Time in the upper digits, so that a bucket made anew under an old name goes on above it.
    sequence = s3.store.next_sequence(bucket.bucket_id, now_ms << 16)
    event = ObjectEvent(
        name,
        now_ms,
        bucket.name,
        bucket.account,
        bucket.region,
        key,
        size,
        etag,
        sequence,
        version_id,
        archive,
        restore_expires_at_ms,
    )
    for destination in matching:
        if destination.element == EVENT_BRIDGE:
            document = bus_event(event, ctx, s3.ids.uuid())
            if document is None:
                continue
        else:
            document = event_document(event, ctx, destination.id)
        payload = {
            "account": bucket.account,
            "region": bucket.region,
            "bucket": bucket.name,
            "key": key,
            "event": name,
            "destination": destination.arn,
            "document": document.decode(),
        }
        s3.outbox.put(EVENT_KIND, payload, trace=ctx.trace)


def deliver_event(s3: S3, entry: Entry) -> None:
    """Outbox handler of `s3.event`: hand the document to its queue, topic or function.

    Runs in the step that deletes the entry, so within this server each is delivered exactly once;
    AWS promises at least once. A destination that refuses is tried again as the outbox does.
    """
    told = {name: str(value) for name, value in entry.payload.items()}
    ctx = RequestContext(
        account=told["account"],
        region=told["region"],
        principal=_PRINCIPAL,
        request_id=s3.ids.hex(_REQUEST_ID_DIGITS).upper(),
        trace=entry.trace,
        source_arn=bucket_arn(told["bucket"], partition_of(told["region"])),
    )
    destination = told["destination"]
    if destination == EVENT_BUS:
        destination = default_bus_arn(told["account"], told["region"])
        s3.ports.put_event(destination, told["document"])
    else:
        hand_over(s3, ctx, destination, told["document"])
    s3.journeys.step(
        entry.trace,
        service="s3",
        action=told["event"],
        resource=f"{told['bucket']}/{told['key']}",
        detail=f"to {destination}",
    )


def hand_over(s3: S3, ctx: RequestContext, destination_arn: str, document: str) -> None:
    """Give a document to the queue, topic or function of that ARN; part of the caller's step.

    Raises:
        AwsError: the destination is gone, or refuses.
    """
    arn = parse_arn(destination_arn)
    assert arn is not None, "destinations are checked when a configuration is put"
    if arn.service == "sqs":
        s3.ports.send_to_queue(ctx, destination_arn, document)
    elif arn.service == "sns":
        s3.ports.publish(ctx, destination_arn, document, subject=EMAIL_SUBJECT)
    else:
        s3.ports.invoke_event(ctx, destination_arn, document.encode())
