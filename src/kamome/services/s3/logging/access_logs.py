"""Server access logging: a line for each request, gathered and delivered by the clock.

A line is written with the answer's own sync, so none is lost; AWS delivers as best it can. Five
minutes after the first line a log object is put into the target bucket, and the lines go with it.

AWS: S3 User Guide, Logging requests with server access logging.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from kamome.context import RequestContext
from kamome.protocols.errors import host_id
from kamome.services.s3.buckets.owners import canonical_user_id
from kamome.services.s3.later_work import LOG_KIND
from kamome.services.s3.logging.log_records import (
    LoggedRequest,
    error_code,
    line_of,
    log_key,
    operation_name,
)
from kamome.services.s3.objects.put_object import put_object_internal
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket
from kamome.storage.outbox import Entry
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from kamome.services import Exchange

_PARTITION = "aws"
_PRINCIPAL = "logging.s3.amazonaws.com"
_DELIVERY_MS = 300_000
# A log object holds at most this many lines: some 5 MB.
_LINES_MAX = 10_000
_UNIQUE_DIGITS = 16
_REQUEST_ID_DIGITS = 16
_WEBSITE_MARK = ".s3-website"


def log_request(s3: S3, exchange: Exchange, response: HttpResponse, began_ms: int) -> None:
    """Write the line of an answered request, if its bucket is logged.

    AWS: S3 User Guide, Amazon S3 server access log format.
    """
    if not s3.logged_buckets.are_any(s3.store.settings):
        return
    name, _, key = exchange.path.removeprefix("/").partition("/")
    bucket = s3.store.bucket(_PARTITION, name)
    if bucket is None or not s3.logged_buckets.has(bucket.bucket_id):
        return
    if _target_of(s3, bucket) is None:
        return
    line = line_of(_logged(s3, exchange, response, bucket, (unquote(key), began_ms)))
    with s3.store.atomic():
        if s3.store.logs.is_empty(bucket.bucket_id):
            payload = {"bucket": bucket.name, "bucket_id": bucket.bucket_id}
            s3.outbox.put(LOG_KIND, payload, at_ms=s3.clock.now_ms() + _DELIVERY_MS)
        s3.store.logs.add(bucket.bucket_id, line)


async def deliver_log(s3: S3, entry: Entry) -> None:
    """Outbox handler of `s3.log`: the lines that have gathered become an object.

    Raises:
        AwsError: the target bucket is gone or refuses; it is tried again.

    AWS: S3 User Guide, Logging requests with server access logging.
    """
    told = {name: str(value) for name, value in entry.payload.items()}
    bucket = s3.store.bucket(_PARTITION, told["bucket"])
    enabled = _target_of(s3, bucket) if bucket is not None else None
    if bucket is None or bucket.bucket_id != told["bucket_id"] or enabled is None:
        with s3.store.atomic():
            s3.store.logs.remove_all(told["bucket_id"])
            s3.outbox.done(entry)
        return
    lines = s3.store.logs.first(bucket.bucket_id, _LINES_MAX)
    body = "".join(f"{line}\n" for _, line in lines).encode()
    now_ms = s3.clock.now_ms()
    unique = s3.ids.hex(_UNIQUE_DIGITS).upper()
    key = log_key(enabled, (bucket.account, bucket.region, bucket.name), now_ms, unique)

    def record() -> None:
        s3.store.logs.remove(bucket.bucket_id, lines[-1][0] if lines else 0)
        s3.outbox.done(entry)
        if not s3.store.logs.is_empty(bucket.bucket_id):
            s3.outbox.put(LOG_KIND, entry.payload)

    ctx = RequestContext(
        account=bucket.account,
        region=bucket.region,
        principal=_PRINCIPAL,
        request_id=s3.ids.hex(_REQUEST_ID_DIGITS).upper(),
    )
    target = str(enabled["TargetBucket"])
    await put_object_internal(s3, ctx, target, key, body, content_length=len(body), record=record)


def give_up_log(s3: S3, entry: Entry, _error: Exception) -> None:
    """The target bucket has refused for hours: the lines are forgotten, as AWS's would be.

    AWS: S3 User Guide, Logging requests with server access logging, Best-effort delivery.
    """
    s3.store.logs.remove_all(str(entry.payload["bucket_id"]))


def _target_of(s3: S3, bucket: Bucket) -> Mapping[str, object] | None:
    status = s3.store.settings.find(bucket.bucket_id, "BucketLogging") or {}
    enabled = status.get("LoggingEnabled")
    return cast("Mapping[str, object]", enabled) if isinstance(enabled, Mapping) else None


def _logged(
    s3: S3, exchange: Exchange, response: HttpResponse, bucket: Bucket, about: tuple[str, int]
) -> LoggedRequest:
    key, began_ms = about
    request, headers = exchange.request, dict(response.headers)
    parameters = dict(request.query)
    operation = operation_name(request.method, parameters, has_key=bool(key))
    if _WEBSITE_MARK in request.header("host"):
        operation = f"WEBSITE.{request.method}.OBJECT"
    signature_version, authentication = _signature(request, parameters)
    account = exchange.account
    query = f"?{request.raw_query}" if request.raw_query else ""
    return LoggedRequest(
        canonical_user_id(bucket.account),
        bucket.name,
        began_ms,
        request.client_ip,
        canonical_user_id(account) if account else "",
        exchange.request_id,
        operation,
        key,
        f"{request.method} {request.raw_path}{query} HTTP/1.1",
        response.status,
        error_code(response.body) if response.status >= 400 else "",
        _bytes_sent(request, response, headers),
        _object_size(request, headers) if key else None,
        max(0, s3.clock.now_ms() - began_ms),
        request.header("referer"),
        request.header("user-agent"),
        headers.get("x-amz-version-id", parameters.get("versionId", "")),
        host_id(exchange.request_id),
        signature_version,
        authentication,
        request.header("host"),
        bucket.region,
    )


def _signature(request: HttpRequest, parameters: Mapping[str, str]) -> tuple[str, str]:
    """Version of the signature, and where it stood."""
    authorization = request.header("authorization")
    if authorization:
        return ("SigV4" if authorization.startswith("AWS4-") else "SigV2"), "AuthHeader"
    if "X-Amz-Signature" in parameters:
        return "SigV4", "QueryString"
    return ("SigV2", "QueryString") if "Signature" in parameters else ("", "")


def _bytes_sent(request: HttpRequest, response: HttpResponse, headers: Mapping[str, str]) -> int:
    if request.method == "HEAD":
        return 0
    if isinstance(response.body, bytes):
        return len(response.body)
    return _number(headers.get("content-length", headers.get("Content-Length", ""))) or 0


def _object_size(request: HttpRequest, headers: Mapping[str, str]) -> int | None:
    """Of what was read, or written."""
    if request.method in ("GET", "HEAD"):
        total = headers.get("content-range", headers.get("Content-Range", "")).rpartition("/")[2]
        return _number(total or headers.get("content-length", headers.get("Content-Length", "")))
    length = request.header("x-amz-decoded-content-length") or request.header("content-length")
    return _number(length) if request.method == "PUT" else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
