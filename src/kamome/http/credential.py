"""Who signed a request: the credential in its `Authorization` header or its query parameters.

`parse` only reads; whether the signature is right is `sigv4.verify`'s question. It runs for every
request, also where signatures are not enforced (account and region come from it), so the common
header form is kept quick: everything before the signature is the same for all requests that one
client sends in a day, and is read once.

AWS: IAM User Guide, AWS Signature Version 4 for API requests; S3 API Reference, Authenticating
Requests: Using the Authorization Header, Using Query Parameters.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple, NoReturn

from kamome.errors import AwsError
from kamome.http.errors import (
    FAMILY_ERRORS,
    AccessDenied,
    AuthorizationQueryParametersError,
    Family,
    InvalidArgument,
    InvalidRequest,
)
from kamome.wire import HttpRequest

Kind = Literal["header", "presigned", "v2", "v2-presigned"]

ALGORITHM = "AWS4-HMAC-SHA256"
# Services that sign the path as S3 does, and refuse as S3 does.
# AWS: IAM User Guide, Create a signed AWS API request (note on Amazon S3); S3 User Guide, Object
# Lambda, Outposts and S3 Express endpoints.
S3_SIGNING_NAMES = frozenset({"s3", "s3-object-lambda", "s3-outposts", "s3express"})
# AWS: S3 API Reference, Authenticating Requests: Using Query Parameters, X-Amz-Expires.
EXPIRES_S_MAX = 604_800
# AWS takes 16 KB of headers; a name takes two characters, and each name is signed once.
SIGNED_HEADERS_MAX = 256
# Scopes remembered: one client on one day has one per service and set of headers. A remembered
# prefix is at most 1 KB, so that all take at most 4 MB.
_SCOPES_MAX = 2048
_SCOPE_CHARACTERS_MAX = 1024

# AWS: IAM API Reference, AccessKey: 16 to 128 characters. Regions and services are shorter.
_NAME_CHARACTERS_MAX = 128
_SIGNATURE_MARK = "Signature="
_SIGNATURE_DIGITS = 64
_REGION = re.compile(r"[A-Za-z0-9-]+")
_DATE = re.compile(r"\d{8}")
_AMZ_DATE = re.compile(r"\d{8}T\d{6}Z")
_EXPIRES = re.compile(r"-?\d{1,18}")
_FORM = "application/x-www-form-urlencoded"
_CREDENTIAL_FORM = '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"'
_QUERY_PARAMETERS = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
)


class Credential(NamedTuple):
    """What a request says of its signer. `date`, `region`, `service` are the credential scope.

    `amz_date` is the time of signing as sent (`x-amz-date`, else `Date`), empty where neither was.
    `expires` is `X-Amz-Expires` in seconds for presigned requests, the moment in epoch seconds for
    presigned version 2 ones, 0 otherwise. Version 2 has no scope: `date` and `region` are empty.
    """

    kind: Kind
    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    amz_date: str
    security_token: str
    expires: int = 0

    @property
    def scope(self) -> str:
        """The credential scope as it is signed: date/region/service/aws4_request."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


class _Scope(NamedTuple):
    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]


class _Malformed(Exception):
    """A part of the header does not read; the arguments are the S3 and the common sentence."""


def parse(request: HttpRequest, family: Family | None = None) -> Credential | None:
    """The credential of a request, None where it carries none (it is anonymous).

    `family` is how the service refuses, where the caller knows it; otherwise it is inferred from
    the request (`family_of`).

    Raises:
        AuthorizationHeaderMalformed, AuthorizationQueryParametersError, InvalidArgument,
            InvalidRequest: S3, by where and how the credential is malformed.
        IncompleteSignature (query), IncompleteSignatureException (JSON, REST): the others.

    AWS: S3 API Reference, Authenticating Requests; IAM User Guide, Elements of an AWS API request
    signature.
    """
    authorization = request.header("authorization")
    raw_query = request.raw_query
    if not authorization:
        if raw_query and ("X-Amz-" in raw_query or "Signature=" in raw_query):
            return _from_query(request, family)
        return None
    if raw_query and "X-Amz-Algorithm=" in raw_query:
        _refuse_two_mechanisms(request, authorization, family)
    try:
        scope = _scope_of(authorization[:-_SIGNATURE_DIGITS])
        signature = authorization[-_SIGNATURE_DIGITS:]
    except _Malformed:
        return _from_uncommon_header(request, authorization, family)
    return Credential(
        "header",
        *scope,
        signature,
        request.header("x-amz-date") or request.header("date"),
        request.header("x-amz-security-token"),
    )


def scope_of_credential(credential: str) -> tuple[str, str, str, str] | None:
    """Access key, date, region and service of `X-Amz-Credential`; None where it does not read."""
    try:
        return _credential_parts(credential)
    except _Malformed:
        return None


def family_of(request: HttpRequest, service: str = "") -> Family:
    """How the service that a request is for words its refusals.

    `service` is the signing name where it is known. AWS JSON calls name their operation in
    `X-Amz-Target`, query calls in the parameter `Action`.
    """
    if service in S3_SIGNING_NAMES:
        return "s3"
    if request.has_header("x-amz-target"):
        return "json"
    if request.header("content-type").startswith(_FORM) or "Action=" in request.raw_query:
        return "query"
    return "rest" if service else "s3"


@lru_cache(_SCOPES_MAX)
def _remembered_scope(prefix: str) -> _Scope:
    if not prefix.endswith(_SIGNATURE_MARK):
        raise _Malformed
    return _scope(_parameters(prefix))


def _scope_of(prefix: str) -> _Scope:
    if len(prefix) > _SCOPE_CHARACTERS_MAX:
        raise _Malformed
    return _remembered_scope(prefix)


def _from_uncommon_header(
    request: HttpRequest, authorization: str, family: Family | None
) -> Credential:
    """A header that does not end in a signature of 64 digits: another order, or malformed."""
    if authorization.startswith("AWS ") and not request.has_header("x-amz-target"):
        return _from_v2_header(request, authorization, family)
    try:
        parameters = _parameters(authorization)
        scope = _scope(parameters)
    except _Malformed as problem:
        known = family or family_of(request, _service_hint(authorization))
        s3_sentence, sentence = problem.args
        if known == "s3" and authorization.partition(" ")[0] != ALGORITHM:
            _refuse_scheme(authorization, s3_sentence)
        raise FAMILY_ERRORS[known].incomplete(
            f"The authorization header is malformed; {s3_sentence}" if known == "s3" else sentence
        ) from None
    return Credential(
        "header",
        *scope,
        parameters["Signature"],
        request.header("x-amz-date") or request.header("date"),
        request.header("x-amz-security-token"),
    )


def _refuse_scheme(authorization: str, sentence: str) -> NoReturn:
    if authorization.startswith("AWS4-"):
        raise InvalidRequest(sentence)
    raise InvalidArgument(
        "Unsupported Authorization Type",
        {"ArgumentName": "Authorization", "ArgumentValue": authorization},
    )


def _refuse_two_mechanisms(request: HttpRequest, authorization: str, family: Family | None) -> None:
    """S3 takes a signature in the header or in the query, and not both."""
    if (family or family_of(request, _service_hint(authorization))) == "s3":
        raise InvalidArgument(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
            "query string parameter or the Authorization header should be specified",
            {"ArgumentName": "Authorization", "ArgumentValue": authorization},
        )


def _service_hint(authorization: str) -> str:
    """The service in a credential that may be malformed elsewhere."""
    start = authorization.find("Credential=")
    if start < 0:
        return ""
    parts = authorization[start:].partition(",")[0].split("/")
    return parts[-2] if len(parts) >= 5 else ""


def _parameters(authorization: str) -> dict[str, str]:
    """`Credential`, `SignedHeaders`, `Signature` of the header, in any order."""
    scheme, _, rest = authorization.partition(" ")
    if scheme != ALGORITHM:
        is_pair = "=" in rest or scheme.startswith("AWS4-")
        raise _Malformed(
            "The authorization mechanism you have provided is not supported. "
            f"Please use {ALGORITHM}.",
            f"Unsupported AWS 'algorithm': '{scheme}'."
            if is_pair
            else _no_pair(rest, authorization),
        )
    found: dict[str, str] = {}
    for part in rest.split(","):
        name, equals, value = part.strip(" \t").partition("=")
        if not equals:
            raise _Malformed(
                f'The authorization component "{part.strip()}" is malformed.',
                _no_pair(part.strip(), authorization),
            )
        found[name] = value
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if name not in found]
    if missing:
        sentences = [f"Authorization header requires '{name}' parameter." for name in missing]
        raise _Malformed(
            "the authorization header requires three components: Credential, SignedHeaders, and "
            "Signature.",
            f"{' '.join(sentences)} Authorization={scheme}",
        )
    return found


def _no_pair(part: str, authorization: str) -> str:
    return (
        f"'{part}' not a valid key=value pair (missing equal-sign) in Authorization header: "
        f"'{authorization}'."
    )


def _scope(parameters: dict[str, str]) -> _Scope:
    access_key, date, region, service = _credential_parts(parameters["Credential"])
    return _Scope(access_key, date, region, service, _signed(parameters["SignedHeaders"]))


def _credential_parts(credential: str) -> tuple[str, str, str, str]:
    """Access key (it may hold slashes), date, region, service of a `Credential` value."""
    parts = credential.rsplit("/", 4)
    malformed = f"the Credential is mal-formed; expecting {_CREDENTIAL_FORM}."
    if len(parts) != 5:
        raise _Malformed(
            malformed,
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            f"keyid/date/region/service/term, got '{credential}'",
        )
    access_key, date, region, service, terminator = parts
    if terminator != "aws4_request":
        raise _Malformed(
            malformed,
            "Credential should be scoped with a valid terminator: 'aws4_request', not "
            f"'{terminator}'.",
        )
    if not access_key:
        raise _Malformed(
            "a non-empty Access Key (AKID) must be provided in the credential.",
            "Credential must have a non-empty access key ID.",
        )
    if not _DATE.fullmatch(date) or not date.isascii():
        raise _Malformed(
            f'incorrect date format "{date}". This date in the credential must be in the format '
            '"yyyyMMdd".',
            f"Date in Credential scope must be in the format YYYYMMDD, got '{date}'.",
        )
    if max(len(access_key), len(region), len(service)) > _NAME_CHARACTERS_MAX:
        raise _Malformed(malformed, "Credential has an element that is too long.")
    # It becomes part of ARNs, URLs and header values.
    if not _REGION.fullmatch(region):
        raise _Malformed(
            malformed, f"Credential should be scoped to a valid region, not '{region}'."
        )
    if not service:
        raise _Malformed(malformed, "Credential should be scoped to a service.")
    return access_key, date, region, service


def _signed(names: str) -> tuple[str, ...]:
    signed = tuple(names.lower().split(";"))
    if len(signed) > SIGNED_HEADERS_MAX or len(set(signed)) != len(signed):
        sentence = "SignedHeaders must name each signed header once."
        raise _Malformed(sentence, sentence)
    return signed


# --- presigned requests ---------------------------------------------------------------------------


def _from_query(request: HttpRequest, family: Family | None) -> Credential | None:
    found: dict[str, str] = {}
    for name, value in request.query:
        found.setdefault(name, value)
    if "X-Amz-Algorithm" not in found and "X-Amz-Credential" not in found:
        return _from_v2_query(found)
    credential = found.get("X-Amz-Credential", "")
    hint = credential.split("/")[-2] if credential.count("/") >= 4 else ""
    known = family or family_of(request, hint)
    try:
        scope = _query_scope(found, with_expires=known == "s3")
    except _Malformed as problem:
        raise _query_error(known, problem) from None
    amz_date = found["X-Amz-Date"]
    if known == "s3" and not amz_date.startswith(scope.date):
        raise AuthorizationQueryParametersError(
            f'Invalid credential date "{scope.date}". This date is not the same as X-Amz-Date: '
            f'"{amz_date[:8]}".'
        )
    return Credential(
        "presigned",
        *scope,
        found["X-Amz-Signature"],
        amz_date,
        found.get("X-Amz-Security-Token", ""),
        int(found.get("X-Amz-Expires", "900")),
    )


def _query_scope(found: dict[str, str], *, with_expires: bool) -> _Scope:
    """Check the parameters in the order in which S3 does. `X-Amz-Expires` is S3's alone."""
    required = (*_QUERY_PARAMETERS, "X-Amz-Expires") if with_expires else _QUERY_PARAMETERS
    missing = [name for name in required if not found.get(name)]
    if missing:
        raise _Malformed(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, "
            "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
            "X-Amz-Expires parameters.",
            " ".join(f"AWS query-string parameters must include '{name}'." for name in missing),
        )
    if found["X-Amz-Algorithm"] != ALGORITHM:
        raise _Malformed(
            f'X-Amz-Algorithm only supports "{ALGORITHM}"',
            f"Unsupported AWS 'algorithm': '{found['X-Amz-Algorithm']}'.",
        )
    if not _AMZ_DATE.fullmatch(found["X-Amz-Date"]) or not found["X-Amz-Date"].isascii():
        raise _Malformed(
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
            f"Date must be in ISO-8601 'basic format'. Got '{found['X-Amz-Date']}'. "
            "See http://en.wikipedia.org/wiki/ISO_8601.",
        )
    _check_expires(found.get("X-Amz-Expires", "900"))
    try:
        access_key, date, region, service = _credential_parts(found["X-Amz-Credential"])
    except _Malformed as problem:
        sentence = f"Error parsing the X-Amz-Credential parameter; {problem.args[0]}"
        raise _Malformed(sentence, problem.args[1]) from None
    return _Scope(access_key, date, region, service, _signed(found["X-Amz-SignedHeaders"]))


def _check_expires(expires: str) -> None:
    if not expires.isascii() or not _EXPIRES.fullmatch(expires):
        sentence = "X-Amz-Expires should be a number"
    elif int(expires) < 0:
        sentence = "X-Amz-Expires must be non-negative"
    elif int(expires) > EXPIRES_S_MAX:
        sentence = (
            "X-Amz-Expires must be less than a week (in seconds); that is, the given "
            f"X-Amz-Expires must be less than {EXPIRES_S_MAX} seconds"
        )
    elif int(expires) == 0:
        sentence = "X-Amz-Expires must be at least 1 second"
    else:
        return
    raise _Malformed(sentence, sentence)


def _query_error(family: Family, problem: _Malformed) -> AwsError:
    s3_sentence, sentence = problem.args
    if family == "s3":
        return AuthorizationQueryParametersError(s3_sentence)
    return FAMILY_ERRORS[family].incomplete(sentence)


# --- version 2 (S3 only) --------------------------------------------------------------------------


def _from_v2_header(request: HttpRequest, authorization: str, family: Family | None) -> Credential:
    """`AWS AccessKey:Signature`.

    AWS: S3 API Reference, Signing and authenticating REST requests (Signature Version 2).
    """
    access_key, colon, signature = authorization[4:].strip().rpartition(":")
    known = family or family_of(request)
    if known != "s3":
        raise FAMILY_ERRORS[known].incomplete(_no_pair(authorization[4:], authorization))
    if not colon or not access_key or not signature:
        raise InvalidArgument(
            "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
            {"ArgumentName": "Authorization", "ArgumentValue": authorization},
        )
    return Credential(
        "v2",
        access_key,
        "",
        "",
        "s3",
        (),
        signature,
        request.header("x-amz-date") or request.header("date"),
        request.header("x-amz-security-token"),
    )


def _from_v2_query(found: dict[str, str]) -> Credential | None:
    """`AWSAccessKeyId`, `Expires`, `Signature`: what boto3 presigns S3 URLs with by default."""
    if "AWSAccessKeyId" not in found or "Signature" not in found or "Action" in found:
        return None
    expires = found.get("Expires", "")
    if not expires.isascii() or not expires.isdigit() or len(expires) > 18:
        raise AccessDenied(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
            "parameters"
            if not expires
            else f"Invalid date (should be seconds since epoch): {expires}"
        )
    return Credential(
        "v2-presigned",
        found["AWSAccessKeyId"],
        "",
        "",
        "s3",
        (),
        found["Signature"],
        "",
        found.get("x-amz-security-token", ""),
        int(expires),
    )
