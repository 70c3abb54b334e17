"""Verify Signature Version 2, which S3 still takes: boto3 presigns S3 URLs with it by default.

Other services refuse it. The signature is the base64 of an HMAC-SHA1 over method, three positional
headers, all `x-amz-…` headers and the resource with those sub-resources that change its meaning.

AWS: S3 API Reference, Signing and authenticating REST requests (AWS signature version 2).
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from urllib.parse import unquote

from kamome.http.canonical import to_bytes
from kamome.http.credential import Credential
from kamome.http.errors import Explanation, s3_mismatch
from kamome.http.signing_time import (
    SKEW_MS_MAX,
    check_expires,
    missing_date,
    signed_at,
    skewed,
)
from kamome.wire import HttpRequest

# AWS: the same page, Constructing the CanonicalizedResource element; sub-resources of operations
# added since are signed by the SDKs in the same way.
_SUB_RESOURCES = frozenset(
    {
        "accelerate",
        "acl",
        "analytics",
        "cors",
        "delete",
        "inventory",
        "lifecycle",
        "location",
        "logging",
        "metrics",
        "notification",
        "object-lock",
        "partNumber",
        "policy",
        "replication",
        "requestPayment",
        "restore",
        "select",
        "select-type",
        "storageClass",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
    }
)


def verify(
    request: HttpRequest, credential: Credential, secret_key: str, *, now_ms: Sequence[int]
) -> str:
    """Check time and signature of a version 2 request to S3; return the signature.

    `now_ms` are the moments that count as now, epoch milliseconds.

    Raises:
        SignatureDoesNotMatch: the signature differs; with `Explanation`.
        AccessDenied: no valid date, or the presigned URL has expired.
        RequestTimeTooSkewed: the time is more than 15 minutes from now.

    AWS: S3 API Reference, Signing and authenticating REST requests, Time stamp requirement, Query
    string request authentication alternative.
    """
    date = _date(request, credential, now_ms)
    provided = to_bytes(credential.signature)
    for path in _paths(request):
        to_sign = _string_to_sign(request, date, path)
        mac = hmac.digest(secret_key.encode(), to_bytes(to_sign), "sha1")
        calculated = base64.b64encode(mac)
        if hmac.compare_digest(calculated, provided):
            return credential.signature
    raise s3_mismatch(
        Explanation(
            credential.access_key, "", to_sign, credential.signature, calculated.decode("ascii")
        )
    )


def _paths(request: HttpRequest) -> Sequence[str]:
    """How the client may have signed the path. Of a bucket, boto3 signs `/bucket/`."""
    is_bucket = request.path.count("/") == 1 and len(request.path) > 1
    return (
        *dict.fromkeys((request.path, request.raw_path)),
        *((f"{request.path}/",) if is_bucket else ()),
    )


def _date(request: HttpRequest, credential: Credential, now_ms: Sequence[int]) -> str:
    """What stands in the place of the date: `Expires`, nothing for `x-amz-date`, or `Date`."""
    if credential.kind == "v2-presigned":
        check_expires(credential, now_ms)
        return str(request.query_value("Expires"))
    moment = signed_at(credential.amz_date)
    if moment is None:
        raise missing_date()
    if all(abs(now - moment[1]) > SKEW_MS_MAX for now in now_ms):
        raise skewed(moment[1], now_ms[0])
    return "" if request.header("x-amz-date") else request.header("date")


def _string_to_sign(request: HttpRequest, date: str, path: str) -> str:
    # A presigned URL may carry headers as parameters; what is sent as a header comes first.
    amz = {name: value for name, value in request.query if name.startswith("x-amz-")}
    for name, _ in request.headers:
        if name.startswith("x-amz-"):
            amz[name] = request.header(name)
    lines = [
        request.method,
        request.header("content-md5") or request.query_value("content-md5") or "",
        request.header("content-type") or request.query_value("content-type") or "",
        date,
        *(f"{name}:{amz[name].strip()}" for name in sorted(amz)),
        path + _sub_resources(request.raw_query),
    ]
    return "\n".join(lines)


def _sub_resources(raw_query: str) -> str:
    signed = []
    for part in raw_query.split("&"):
        name, equals, value = part.partition("=")
        if name in _SUB_RESOURCES:
            signed.append((name, f"{equals}{unquote(value, 'latin-1')}"))
    if not signed:
        return ""
    return "?" + "&".join(name + value for name, value in sorted(signed))
