"""A bucket as a website: its host answers browsers with pages, not with XML.

Anybody may read a website. Where signatures are enforced, the bucket's policy must say so, as AWS
asks; without enforcement every bucket with a website configuration is shown.

AWS: S3 User Guide, Hosting a static website using Amazon S3; Website endpoints.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.protocols.errors import host_id
from kamome.services import Exchange, Run
from kamome.services.s3.access.access_control import is_readable_by_acl
from kamome.services.s3.access.public_access import is_readable_by_all
from kamome.services.s3.buckets.bucket_access import policy_of
from kamome.services.s3.buckets.regions import bucket_arn
from kamome.services.s3.edge.edge_errors import MethodNotAllowed
from kamome.services.s3.edge.website_rules import (
    Configuration,
    Redirect,
    document_key,
    error_key,
    folder_location,
    index_suffix,
    location_of,
    redirect_all,
    rule_redirect,
)
from kamome.services.s3.errors import (
    AccessDenied,
    NoSuchBucket,
    NoSuchKey,
    NoSuchWebsiteConfiguration,
    NotModified,
)
from kamome.services.s3.objects.objects import get_object
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket
from kamome.wire import HttpResponse

if TYPE_CHECKING:
    from kamome.services.s3 import shapes

HOST_MARK = ".s3-website"
_WEBSITE_KIND = "BucketWebsite"
_PARTITION = "aws"
_REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    412: "Precondition Failed",
    416: "Requested Range Not Satisfiable",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_TEXTS = {"if-match": "IfMatch", "if-none-match": "IfNoneMatch", "range": "Range"}
_DATES = {"if-modified-since": "IfModifiedSince", "if-unmodified-since": "IfUnmodifiedSince"}


class _Page(msgspec.Struct, frozen=True):
    """What is asked of a website."""

    bucket: Bucket
    configuration: Configuration
    key: str


async def answer_page(s3: S3, exchange: Exchange) -> HttpResponse:
    """The page that a path of a website shows, where it leads, or why there is none.

    AWS: S3 User Guide, Website endpoints.
    """
    name, _, path = exchange.path.removeprefix("/").partition("/")
    key = unquote(path, errors="surrogateescape")
    try:
        return await _answer(s3, exchange, _page(s3, exchange, name, key))
    except NotModified as error:
        return exchange.refusal(error)
    except AwsError as error:
        return _error_page(exchange, error, key)


def _page(s3: S3, exchange: Exchange, name: str, key: str) -> _Page:
    bucket = s3.store.bucket(_PARTITION, name)
    if bucket is None:
        raise NoSuchBucket(name)
    configuration = s3.store.settings.find(bucket.bucket_id, _WEBSITE_KIND)
    if configuration is None:
        raise NoSuchWebsiteConfiguration(name)
    if exchange.request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed(exchange.request.method, "OBJECT")
    return _Page(bucket, configuration, key)


async def _answer(s3: S3, exchange: Exchange, page: _Page) -> HttpResponse:
    configuration, base_url = page.configuration, exchange.request.base_url
    redirect = redirect_all(configuration, page.key, base_url) or rule_redirect(
        configuration, page.key, base_url
    )
    if redirect is not None:
        return _redirected(redirect)
    try:
        return await _object(s3, exchange, page, document_key(configuration, page.key))
    except NotModified:
        raise
    except AwsError as error:
        if isinstance(error, NoSuchKey) and _has_index(s3, page):
            return _redirected(Redirect(302, folder_location(page.key)))
        redirect = rule_redirect(configuration, page.key, base_url, error.status)
        if redirect is not None:
            return _redirected(redirect)
        return await _error_document(s3, exchange, page, error)


def _has_index(s3: S3, page: _Page) -> bool:
    """Whether the path is that of a folder with an index document, without its slash."""
    if not page.key or page.key.endswith("/"):
        return False
    index = f"{page.key}/{index_suffix(page.configuration)}"
    return s3.store.object(page.bucket.bucket_id, index.encode(errors="replace")) is not None


async def _object(
    s3: S3, exchange: Exchange, page: _Page, key: str, *, with_conditions: bool = True
) -> HttpResponse:
    result = dict(await _read(s3, exchange, page.bucket, key, with_conditions=with_conditions))
    redirect = result.pop("WebsiteRedirectLocation", None)
    body = result["Body"]
    if redirect is None and exchange.request.method == "GET":
        return exchange.answer("GetObject", result)
    if isinstance(body, AsyncGenerator):
        await body.aclose()
    if redirect is not None:
        return _redirected(Redirect(301, location_of(str(redirect))))
    del result["Body"]
    return exchange.answer("HeadObject", result)


async def _read(
    s3: S3, exchange: Exchange, bucket: Bucket, key: str, *, with_conditions: bool
) -> Mapping[str, object]:
    """GetObject on behalf of anybody."""
    arn = f"{bucket_arn(bucket.name, bucket.partition)}/{key}"
    if exchange.is_enforcing and not is_readable_by_all(policy_of(s3, bucket), arn):
        stored = s3.store.object(bucket.bucket_id, key.encode())
        if stored is None or not is_readable_by_acl(s3, bucket, stored):
            raise AccessDenied
    request: dict[str, object] = {"Bucket": bucket.name, "Key": key}
    if with_conditions:
        request |= _conditions(exchange)

    async def run(s3: S3, ctx: RequestContext, _: object) -> Mapping[str, object]:
        as_owner = replace(ctx, account=bucket.account, region=bucket.region)
        answer = await get_object(s3, as_owner, cast("shapes.GetObjectRequest", request))
        return cast("Mapping[str, object]", answer)

    return await exchange.invoke(Run("GetObject", run, request), None)


def _conditions(exchange: Exchange) -> dict[str, object]:
    found: dict[str, object] = {}
    for header, member in _TEXTS.items():
        if exchange.request.has_header(header):
            found[member] = exchange.request.header(header)
    for header, member in _DATES.items():
        if exchange.request.has_header(header):
            try:
                found[member] = parsedate_to_datetime(exchange.request.header(header)).timestamp()
            except (ValueError, OverflowError):
                continue  # RFC 9110 §13.1.3: a date that is none is passed over
    return found


async def _error_document(s3: S3, exchange: Exchange, page: _Page, error: AwsError) -> HttpResponse:
    """The bucket's own page for errors, with the status of the error.

    AWS: S3 User Guide, Configuring a custom error document.
    """
    key = error_key(page.configuration)
    if not key:
        raise error
    try:
        response = await _object(s3, exchange, page, key, with_conditions=False)
    except AwsError as missing:
        return _error_page(exchange, error, page.key, (key, missing))
    if response.status == 200:
        response.status = error.status
        response.headers += [("x-amz-error-code", error.code)]
        response.headers += [("x-amz-error-message", error.message)]
    return response


def _redirected(redirect: Redirect) -> HttpResponse:
    return HttpResponse(redirect.status, [("location", redirect.location)], b"")


def _error_page(
    exchange: Exchange, error: AwsError, key: str, custom: tuple[str, AwsError] | None = None
) -> HttpResponse:
    """The page that S3 makes itself."""
    from html import escape

    title = f"{error.status} {_REASONS.get(error.status, error.code)}"
    told = {"Code": error.code, "Message": error.message, **error.members}
    told |= {"RequestId": exchange.request_id, "HostId": host_id(exchange.request_id)}
    parts = [_TITLE.format(title=escape(title)), _listed(told)]
    if custom is not None:
        document, missing = custom
        parts.append(
            "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n"
        )
        parts.append(_listed({"Code": missing.code, "Message": missing.message, "Key": document}))
    parts.append("<hr/>\n</body>\n</html>\n")
    page = "".join(parts).encode(errors="replace")
    headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("x-amz-error-code", error.code),
        ("x-amz-error-message", error.message),
        ("x-amz-request-id", exchange.request_id),
        ("content-length", str(len(page))),
    ]
    body = b"" if exchange.request.method == "HEAD" else page
    return HttpResponse(error.status, headers, body)


_TITLE = "<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"


def _listed(told: Mapping[str, object]) -> str:
    from html import escape

    lines = [f"<li>{escape(name)}: {escape(str(value))}</li>\n" for name, value in told.items()]
    return f"<ul>\n{''.join(lines)}</ul>\n"
