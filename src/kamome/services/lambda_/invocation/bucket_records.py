"""Records of failed asynchronous invocations that go to an S3 bucket.

The record is an outbox entry, written in the step that ends the event and deleted in the step that
makes the object visible: it is there once, whatever dies in between.

AWS: Lambda Developer Guide, Capturing records of Lambda asynchronous invocations (Amazon S3).
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.lambda_.functions.function_names import parse_function_arn
from kamome.storage.outbox import default_retry

if TYPE_CHECKING:
    from kamome.services.lambda_.slice import Lambda
    from kamome.storage.outbox import Entry

logger = logging.getLogger(__name__)

# The outbox kind of records on their way into a bucket.
LAMBDA_BUCKET_RECORD = "lambda.bucket_record"


class _Record(msgspec.Struct, frozen=True):
    """The payload of an outbox entry: the object, and in whose name it is put."""

    account: str
    region: str
    principal: str
    request_id: str
    function_arn: str
    bucket: str
    key: str
    body: str


def record_key(function_name: str, now_ms: int, unique: str) -> str:
    """`aws/lambda/async/NAME/2026/01/31/2026-01-31T09.00.00-<UUID>`."""
    moment = datetime.fromtimestamp(now_ms / 1000, UTC)
    return f"aws/lambda/async/{function_name}/{moment:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{unique}"


def put_bucket_record(lambda_: Lambda, ctx: RequestContext, bucket: str, body: str) -> None:
    """Let a record become an object of a bucket, as part of the caller's step.

    AWS: Lambda Developer Guide, Capturing records of Lambda asynchronous invocations.
    """
    named = parse_function_arn(ctx.source_arn)
    assert named is not None, "the record of an invocation comes from a function"
    key = record_key(named.name, lambda_.clock.now_ms(), lambda_.ids.uuid())
    record = _Record(
        ctx.account,
        ctx.region,
        ctx.principal,
        ctx.request_id,
        ctx.source_arn,
        bucket,
        key,
        body,
    )
    lambda_.outbox.put(LAMBDA_BUCKET_RECORD, msgspec.structs.asdict(record), trace=ctx.trace)


async def deliver_bucket_record(lambda_: Lambda, entry: Entry) -> None:
    """Put one record: the handler of outbox kind `lambda.bucket_record`.

    AWS: Lambda Developer Guide, Capturing records of Lambda asynchronous invocations.
    """
    record = msgspec.convert(dict(entry.payload), _Record)
    ctx = RequestContext(
        record.account, record.region, record.principal, record.request_id, trace=entry.trace
    ).as_service(record.principal, source_arn=record.function_arn)
    body = record.body.encode()

    def finish() -> None:
        lambda_.outbox.done(entry)
        _step(lambda_, entry, record, "ok", record.key)

    await lambda_.ports.put_object(
        ctx, record.bucket, record.key, body, content_length=len(body), record=finish
    )


def retry_bucket_record(entry: Entry, error: Exception) -> int | None:
    """A bucket that is gone stays gone: only what may pass is tried again.

    AWS: Lambda Developer Guide, Capturing records of Lambda asynchronous invocations.
    """
    if isinstance(error, AwsError) and error.status < 500:
        return None
    return default_retry(entry, error)


def give_up_bucket_record(lambda_: Lambda, entry: Entry, error: Exception) -> None:
    """A record that no bucket takes is told of in the journey and in the log.

    AWS: Lambda Developer Guide, Capturing records of Lambda asynchronous invocations.
    """
    record = msgspec.convert(dict(entry.payload), _Record)
    words = error.message if isinstance(error, AwsError) else str(error)
    logger.warning("The record of an invocation could not be put into %s: %s", record.bucket, words)
    _step(lambda_, entry, record, "failed", words)


def _step(lambda_: Lambda, entry: Entry, record: _Record, result: str, detail: str) -> None:
    lambda_.journeys.step(
        entry.trace,
        service="lambda",
        action="DeliverRecord",
        resource=f"arn:aws:s3:::{record.bucket}",
        result=result,
        detail=detail,
    )
