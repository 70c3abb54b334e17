"""Verify AWS Signature Version 4: is this request what the holder of the secret key signed, now?

    credential = parse(request)                  who says he signed it (credential.py)
    seed = verify(request, credential, secret, …)  or the refusal AWS would give
    payload.py, chunked.py                       check the body that follows against the seed

Every refusal for a signature carries an `Explanation`: the canonical request and string to sign
that the server made.

AWS: IAM User Guide, AWS Signature Version 4 for API requests; S3 API Reference, Authenticating
Requests (AWS Signature Version 4).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from kamome.errors import AwsError
from kamome.http import canonical, sigv2
from kamome.http.credential import (
    ALGORITHM,
    S3_SIGNING_NAMES,
    Credential,
    family_of,
    parse,
)
from kamome.http.errors import (
    FAMILY_ERRORS,
    AccessDenied,
    Explanation,
    Family,
    InvalidArgument,
    InvalidRequest,
    XAmzContentSHA256Mismatch,
    s3_mismatch,
)
from kamome.http.signing_time import check_time
from kamome.wire import HttpRequest

__all__ = ["Credential", "Explanation", "Seed", "family_of", "parse", "signing_key", "verify"]

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
STREAMING_PAYLOADS = frozenset(
    {
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    }
)
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
# One key serves an access key for a day, in one region and service. 1,024 of them are 200 KB.
_SIGNING_KEYS_MAX = 1024
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
# The PHP SDK sends this header on every request and never signs it.
_NEED_NOT_BE_SIGNED = "x-amz-user-agent"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. "
    "Consult the service documentation for details."
)


class Seed(NamedTuple):
    """What the signatures of a chunked body start from, and what is known of the body.

    `content_sha256` is what the request promised: 64 hexadecimal digits, `UNSIGNED-PAYLOAD` or a
    `STREAMING-…` value. Where the body streams, whoever reads it must hold it to this.
    """

    signing_key: bytes
    signature: str
    amz_date: str
    scope: str
    content_sha256: str


def verify(
    request: HttpRequest,
    credential: Credential,
    secret_key: str,
    *,
    body_sha256: str | None = None,
    now_ms: Sequence[int],
) -> Seed:
    """Check time and signature of a request; return what the body's signatures start from.

    `now_ms` are the moments that count as now (epoch milliseconds): the request is in time if it
    is in time for any of them. `body_sha256` is the hexadecimal digest of the body where the
    caller has it; otherwise `request.body` is hashed. A body that is streamed is still to come: it
    is only promised, see `Seed.content_sha256`.

    Raises:
        SignatureDoesNotMatch (S3, query), InvalidSignatureException (JSON, REST): the signature
            differs; for others than S3 also: the time is off, or a header is not signed.
        AuthorizationHeaderMalformed (S3): the scope's date is not the request's.
        AccessDenied (S3): a header is not signed, no date, or a presigned URL has expired.
        RequestTimeTooSkewed (S3): the time is off by more than 15 minutes.
        RequestExpired: a presigned call to another service has expired.
        InvalidRequest, InvalidArgument (S3): `x-amz-content-sha256` is missing or not valid.
        XAmzContentSHA256Mismatch (S3): the body is not the one that was signed.

    AWS: S3 API Reference, Signature Calculations for the Authorization Header: Transferring
    Payload in a Single Chunk; IAM User Guide, Create a signed AWS API request.
    """
    if credential.kind in ("v2", "v2-presigned"):
        signature = sigv2.verify(request, credential, secret_key, now_ms=now_ms)
        promised = request.header("x-amz-content-sha256") or UNSIGNED_PAYLOAD
        return Seed(b"", signature, credential.amz_date, "", promised)
    is_s3 = credential.service in S3_SIGNING_NAMES
    family: Family = "s3" if is_s3 else family_of(request, credential.service)
    amz_date = check_time(credential, family, now_ms)
    _check_signed_headers(request, credential, family)
    if is_s3:
        content_sha256 = _promised_sha256(request, credential)
    else:
        content_sha256 = body_sha256 or _sha256(request.body)
    key = signing_key(secret_key, credential.date, credential.region, credential.service)
    _check_signature(request, credential, family, (key, amz_date, content_sha256))
    if is_s3 and not request.is_streamed and _SHA256.fullmatch(content_sha256):
        check_content_sha256(content_sha256, body_sha256 or _sha256(request.body))
    return Seed(key, credential.signature, amz_date, credential.scope, content_sha256)


@lru_cache(_SIGNING_KEYS_MAX)
def signing_key(secret_key: str, date: str, region: str, service: str) -> bytes:
    """The key of one day, region and service. Remembered by secret, so a new secret counts at once.

    AWS: IAM User Guide, Create a signed AWS API request, Derive a signing key.
    """
    key = hmac.digest(b"AWS4" + secret_key.encode(), canonical.to_bytes(date), "sha256")
    key = hmac.digest(key, canonical.to_bytes(region), "sha256")
    key = hmac.digest(key, canonical.to_bytes(service), "sha256")
    return hmac.digest(key, b"aws4_request", "sha256")


def string_to_sign(amz_date: str, scope: str, canonical_request: bytes) -> str:
    """What the signing key signs. AWS: IAM User Guide, Create a string to sign."""
    return f"{ALGORITHM}\n{amz_date}\n{scope}\n{_sha256(canonical_request)}"


def check_content_sha256(promised: str, computed: str) -> None:
    """Refuse a body that is not the one whose digest `x-amz-content-sha256` promised (S3)."""
    if promised.lower() == computed:
        return
    raise XAmzContentSHA256Mismatch(
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        {"ClientComputedContentSHA256": promised, "S3ComputedContentSHA256": computed},
    )


def _check_signature(
    request: HttpRequest,
    credential: Credential,
    family: Family,
    terms: tuple[bytes, str, str],
) -> None:
    """Compare with each form in which the client may have signed the request's path and query."""
    key, amz_date, content_sha256 = terms
    names = credential.signed_headers
    tail = f"{canonical.headers(request, names)}\n{';'.join(names)}\n{content_sha256}"
    provided = canonical.to_bytes(credential.signature)
    without = "X-Amz-Signature" if credential.kind == "presigned" else ""
    forms = canonical.forms(request, once_encoded=family == "s3", without=without)
    for path, query in forms:
        made = f"{request.method}\n{path}\n{query}\n{tail}"
        to_sign = string_to_sign(amz_date, credential.scope, canonical.to_bytes(made))
        calculated = hmac.digest(key, canonical.to_bytes(to_sign), "sha256").hex()
        if hmac.compare_digest(calculated.encode(), provided):
            return
    raise _mismatch(
        family, Explanation(credential.access_key, made, to_sign, credential.signature, calculated)
    )


def _mismatch(family: Family, explanation: Explanation) -> AwsError:
    if family != "s3":
        return FAMILY_ERRORS[family].signature(_MISMATCH, explanation=explanation)
    return s3_mismatch(explanation)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest() if content else EMPTY_SHA256


# --- what must be signed --------------------------------------------------------------------------


def _check_signed_headers(request: HttpRequest, credential: Credential, family: Family) -> None:
    """`host` and every `x-amz-…` header must be signed, else anyone on the way could change them.

    AWS: IAM User Guide, Create a canonical request, CanonicalHeaders.
    """
    signed = credential.signed_headers
    unsigned = [
        name
        for name, _ in request.headers
        if name.startswith("x-amz-") and name not in signed and name != _NEED_NOT_BE_SIGNED
    ]
    if "host" not in signed and ":authority" not in signed:
        unsigned.insert(0, "host")
    if not unsigned:
        return
    if family == "s3":
        raise AccessDenied(
            "There were headers present in the request which were not signed",
            {"HeadersNotSigned": ", ".join(dict.fromkeys(unsigned))},
        )
    name = "'Host' or ':authority'" if unsigned[0] == "host" else f"'{unsigned[0]}'"
    raise FAMILY_ERRORS[family].signature(
        f"{name} must be a 'SignedHeader' in the AWS Authorization."
    )


def _promised_sha256(request: HttpRequest, credential: Credential) -> str:
    """The payload's line of an S3 canonical request."""
    value = request.header("x-amz-content-sha256")
    if not value and credential.kind == "presigned":
        return request.query_value("X-Amz-Content-Sha256") or UNSIGNED_PAYLOAD
    if not value:
        raise InvalidRequest("Missing required header for this request: x-amz-content-sha256")
    if value == UNSIGNED_PAYLOAD or value in STREAMING_PAYLOADS or _SHA256.fullmatch(value):
        return value
    raise InvalidArgument(
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a "
        "valid sha256 value.",
        {"ArgumentName": "x-amz-content-sha256", "ArgumentValue": value},
    )
