"""What reaches S3 and is no call of an operation of its model: browsers, websites, request logs.

`edge_of` is asked for every request; the common ones cost it a few comparisons.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kamome.errors import AwsError
from kamome.services import Edge, Exchange
from kamome.services.s3.edge import cors
from kamome.services.s3.edge.edge_errors import AccessForbidden, BadRequest, MethodNotAllowed
from kamome.services.s3.edge.post_object import answer_form
from kamome.services.s3.edge.website import HOST_MARK, answer_page
from kamome.services.s3.errors import NoSuchBucket, PreconditionFailed
from kamome.services.s3.logging.access_logs import log_request
from kamome.services.s3.slice import S3
from kamome.wire import HttpRequest, HttpResponse

_METHODS = frozenset(("GET", "HEAD", "PUT", "POST", "DELETE"))
_FORM = "multipart/form-data"
_PARTITION = "aws"
_CORS_KIND = "BucketCors"
_NOT_ENABLED = "CORS is not enabled for this bucket."
_NOT_ALLOWED = (
    "This CORS request is not allowed. This is usually because the evalution of Origin, request"
    " method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted"
    " by the resource's CORS spec."
)


def edge_of(s3: S3, request: HttpRequest) -> Edge | None:
    """Who answers this request; None where its operation does, and nothing is to be added.

    AWS: S3 User Guide, Using cross-origin resource sharing (CORS); Website endpoints; Logging
    requests with server access logging. S3 API Reference, POST Object.
    """
    method = request.method
    if method == "OPTIONS":
        return partial(_preflight, s3)
    inner: Edge | None = None
    if HOST_MARK in request.header("host"):
        inner = partial(answer_page, s3)
    elif method == "POST" and request.header("content-type").lower().startswith(_FORM):
        inner = partial(answer_form, s3)
    elif method not in _METHODS or (method == "POST" and not request.raw_query):
        inner = _not_allowed
    if request.has_header("origin") or s3.logged_buckets.are_any(s3.store.settings):
        return partial(_surrounded, s3, inner or _operation)
    return inner


async def _not_allowed(exchange: Exchange) -> HttpResponse:
    """What no operation has: a method of its own, or a POST without a subresource and a form.

    Raises:
        MethodNotAllowed: it is sent to an object, or with a method that S3 does not have.
        PreconditionFailed: it is a POST to a bucket, which takes forms only.

    AWS: S3 API Reference, Error responses, MethodNotAllowed; POST Object.
    """
    method = exchange.request.method
    name, _, key = exchange.path.removeprefix("/").partition("/")
    if method == "POST" and name and not key:
        raise PreconditionFailed("Bucket POST must be of the enclosure-type multipart/form-data")
    resource_type = "OBJECT" if key else "BUCKET" if name else "SERVICE"
    raise MethodNotAllowed(method, resource_type)


async def _operation(exchange: Exchange) -> HttpResponse:
    return await exchange.go_on()


async def _surrounded(s3: S3, inner: Edge, exchange: Exchange) -> HttpResponse:
    """The answer with what its bucket says to browsers, and its line in the request log."""
    began_ms = s3.clock.now_ms()
    try:
        response = await inner(exchange)
    except AwsError as error:
        response = exchange.refusal(error)
    _add_cors(s3, exchange, response)
    log_request(s3, exchange, response, began_ms)
    return response


async def _preflight(s3: S3, exchange: Exchange) -> HttpResponse:
    """May a page of that origin send such a request?

    Raises:
        BadRequest: the request does not say of what origin and method it is.
        NoSuchBucket: there is no such bucket.
        AccessForbidden: the bucket's configuration does not allow it.

    AWS: S3 API Reference, OPTIONS object.
    """
    request = exchange.request
    origin, method = request.header("origin"), request.header("access-control-request-method")
    if not origin:
        raise BadRequest("Insufficient information. Origin request header needed.")
    if method not in cors.METHODS:
        raise BadRequest(f"Invalid Access-Control-Request-Method: {method or 'null'}")
    name, _, key = exchange.path.removeprefix("/").partition("/")
    resource_type = "OBJECT" if key else "BUCKET"
    rules = _rules(s3, name)
    if rules is None:
        raise AccessForbidden(_NOT_ENABLED, method, resource_type)
    headers = cors.requested_headers(request.header("access-control-request-headers"))
    rule = cors.matching_rule(rules, origin, method, headers)
    if rule is None:
        raise AccessForbidden(_NOT_ALLOWED, method, resource_type)
    answer = cors.answer_headers(rule, origin, headers)
    return HttpResponse(200, [("x-amz-request-id", exchange.request_id), *answer], b"")


def _add_cors(s3: S3, exchange: Exchange, response: HttpResponse) -> None:
    origin = exchange.request.header("origin")
    if not origin:
        return
    try:
        rules = _rules(s3, exchange.path.removeprefix("/").partition("/")[0])
    except NoSuchBucket:
        return
    rule = cors.matching_rule(rules or (), origin, exchange.request.method, ())
    if rule is not None:
        response.headers += cors.answer_headers(rule, origin)


def _rules(s3: S3, bucket_name: str) -> Sequence[cors.Rule] | None:
    """The CORS rules of a bucket, whoever asks: a preflight is never signed."""
    bucket = s3.store.bucket(_PARTITION, bucket_name)
    if bucket is None:
        raise NoSuchBucket(bucket_name)
    configuration = s3.store.settings.find(bucket.bucket_id, _CORS_KIND)
    rules = configuration.get("CORSRules") if configuration is not None else None
    return rules if isinstance(rules, list) else None
