"""A function URL's request as the event of a function, and what the function answers as HTTP.

AWS: Lambda Developer Guide, Invoking Lambda function URLs (Request and response payloads): payload
format version 2.0.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import msgspec
import orjson

from kamome.services.lambda_.function_urls.function_url_rules import AWS_IAM, FunctionUrl
from kamome.wire import HttpRequest

if TYPE_CHECKING:
    from kamome.context import RequestContext

_DEFAULT = "$default"
# Bodies of these are text to a function; everything else, forms included, comes in Base64.
_TEXT_TYPES = re.compile(
    r"(?:text/.*|application/(?:json|xml|javascript|.*\+(?:json|xml)))(?:\s*;.*)?", re.IGNORECASE
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Those below are no answers: whoever reads one waits for what follows it (RFC 9110 §15.2).
_STATUS_MIN, _STATUS_MAX = 200, 599
# Of an answer, what the connection and the service decide and not the function.
_OF_THE_SERVICE = frozenset(
    {"connection", "content-length", "date", "keep-alive", "transfer-encoding", "x-amzn-requestid"}
)


class UrlAnswer(msgspec.Struct, frozen=True):
    """What a function has answered, as HTTP. Header names are lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""


class BadAnswer(Exception):
    """What the function has answered is no HTTP response of format 2.0."""


# ---------------------------------------------------------------------- requests


def url_event(
    url: FunctionUrl, ctx: RequestContext, request: HttpRequest, *, now_ms: int, trace: str
) -> bytes:
    """The event of a request, as JSON.

    Headers that come twice are joined by commas, and so are query parameters. Cookies have a list
    of their own. `rawPath` is as it was sent, percent-encoded.
    """
    domain = request.header("host").partition(":")[0]
    event: dict[str, object] = {
        "version": "2.0",
        "routeKey": _DEFAULT,
        "rawPath": request.raw_path.partition("?")[0],
        "rawQueryString": request.raw_query,
    }
    # Each Cookie header is a list of its own: HTTP/2 lets clients send many (RFC 9113 §8.2.3).
    sent = [value for name, value in request.headers if name == "cookie"]
    cookies = [text for one in sent for cookie in one.split(";") if (text := cookie.strip())]
    if cookies:
        event["cookies"] = cookies
    event["headers"] = _headers(request, ctx, trace)
    if request.query:
        event["queryStringParameters"] = _joined(request.query)
    event["requestContext"] = {
        "accountId": ctx.account if url.settings.auth_type == AWS_IAM else "anonymous",
        "apiId": url.url_id,
        "authentication": None,
        **_authorizer(url, ctx),
        "domainName": domain,
        "domainPrefix": url.url_id,
        "http": {
            "method": request.method,
            "path": request.raw_path.partition("?")[0],
            "protocol": "HTTP/1.1",
            "sourceIp": ctx.source_ip,
            "userAgent": request.header("user-agent"),
        },
        "requestId": ctx.request_id,
        "routeKey": _DEFAULT,
        "stage": _DEFAULT,
        "time": datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": now_ms,
    }
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request)
    else:
        event["isBase64Encoded"] = False
    return orjson.dumps(event)


def _headers(request: HttpRequest, ctx: RequestContext, trace: str) -> dict[str, str]:
    names = {name for name, _ in request.headers} - {"cookie"}
    headers = {name: request.header(name) for name in sorted(names)}
    host, _, port = request.header("host").rpartition(":")
    is_given = bool(host) and port.isdecimal()
    headers.setdefault("x-forwarded-for", ctx.source_ip)
    headers.setdefault("x-forwarded-proto", request.scheme)
    headers.setdefault("x-forwarded-port", port if is_given else "443")
    headers.setdefault("x-amzn-trace-id", trace)
    return headers


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _authorizer(url: FunctionUrl, ctx: RequestContext) -> dict[str, object]:
    if url.settings.auth_type != AWS_IAM:
        return {}
    return {
        "authorizer": {
            "iam": {
                "accessKey": ctx.access_key,
                "accountId": ctx.account,
                "callerId": ctx.account,
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": ctx.principal,
                "userId": ctx.account,
            }
        }
    }


def _body(request: HttpRequest) -> tuple[str, bool]:
    if _TEXT_TYPES.fullmatch(request.header("content-type", "text/plain").strip()):
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass  # it only calls itself text
    return base64.b64encode(request.body).decode("ascii"), True


# ---------------------------------------------------------------------- answers


def url_answer(payload: bytes) -> UrlAnswer:
    """The HTTP response that a function's result stands for.

    An object with `statusCode` says all of it. Anything else is the body of a 200, as JSON.

    Raises:
        BadAnswer: the status is none, a header cannot be sent, or the body is not Base64.
    """
    try:
        result = orjson.loads(payload or b"null")
    except orjson.JSONDecodeError:
        raise BadAnswer("The function's response is not JSON.") from None
    if not isinstance(result, dict) or "statusCode" not in result:
        return UrlAnswer(200, [("content-type", "application/json")], payload or b"null")
    return UrlAnswer(*read_metadata(result), _answer_body(result))


def read_metadata(result: Mapping[str, object]) -> tuple[int, list[tuple[str, str]]]:
    """`statusCode`, `headers` and `cookies` of an answer; streamed ones begin with these, too.

    Raises:
        BadAnswer: the status is none, or a header cannot be sent.
    """
    status = result.get("statusCode", 200)
    if isinstance(status, str) and status.isdecimal():
        status = int(status)
    if not isinstance(status, int) or not _STATUS_MIN <= status <= _STATUS_MAX:
        raise BadAnswer(f"statusCode {status!r} is no HTTP status.")
    headers = list(_answer_headers(result))
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    return status, headers


def _answer_headers(result: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    headers = result.get("headers") or {}
    if not isinstance(headers, dict):
        raise BadAnswer("headers is no object.")
    for name, value in cast("dict[str, object]", headers).items():
        if not _TOKEN.fullmatch(name):
            raise BadAnswer(f"{name!r} is no header name.")
        if name.lower() not in _OF_THE_SERVICE:
            yield name.lower(), _header_value(value)
    cookies = result.get("cookies") or []
    if not isinstance(cookies, list):
        raise BadAnswer("cookies is no list.")
    for cookie in cookies:
        yield "set-cookie", _header_value(cookie)


def _header_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        raise BadAnswer("A header's value is no text.")
    text = str(value)
    if any(letter < " " and letter != "\t" for letter in text):
        raise BadAnswer("A header's value has a control character.")
    return text


def _answer_body(result: Mapping[str, object]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return orjson.dumps(body)
    if not result.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise BadAnswer("The body is not Base64.") from None
