"""How a request that is not signed rightly is refused: AWS's code, status and sentence by service.

AWS: S3 API Reference, Error responses; Common Errors; DynamoDB Developer Guide, Error handling.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from kamome.errors import AwsError
from kamome.http import sigv4
from kamome.http.errors import (
    Family,
    expired_token,
    invalid_token,
    missing_authentication,
    unknown_access_key,
)
from kamome.wire import HttpRequest

SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW_MS = 1_369_353_600_000
MINUTE_MS = 60_000
OBJECT = "http://localhost:4566/bucket/key"
CREDENTIAL = "Credential=AKID/20130524/us-east-1/s3/aws4_request"
SIGNATURE = "0" * 64
TARGET = {"x-amz-target": "DynamoDB_20120810.ListTables"}
FORM = {"content-type": "application/x-www-form-urlencoded"}

Sign = Callable[..., HttpRequest]


async def nothing() -> AsyncIterator[bytes]:
    """A body that was never sent."""
    for piece in list[bytes]():
        yield piece


def refusal(request: HttpRequest, now_ms: int = NOW_MS, secret: str = SECRET_KEY) -> AwsError:
    with pytest.raises(AwsError) as caught:
        credential = sigv4.parse(request)
        assert credential is not None
        sigv4.verify(request, credential, secret, now_ms=[now_ms])
    return caught.value


def without(request: HttpRequest, name: str) -> HttpRequest:
    kept = [(key, value) for key, value in request.headers if key != name]
    return HttpRequest(request.method, request.raw_path, request.raw_query, kept, request.body)


def added(request: HttpRequest, name: str, value: str) -> HttpRequest:
    headers = [*without(request, name).headers, (name, value)]
    return HttpRequest(request.method, request.raw_path, request.raw_query, headers, request.body)


def test_request_without_credential_is_anonymous(as_sent: Sign) -> None:
    assert sigv4.parse(as_sent("GET", f"{OBJECT}?Action=x", {})) is None


@pytest.mark.parametrize(
    ("headers", "service", "code", "query_code", "status"),
    [
        pytest.param({}, "s3", "SignatureDoesNotMatch", None, 403, id="s3"),
        pytest.param(
            TARGET,
            "dynamodb",
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            400,
            id="aws-json",
        ),
        pytest.param(FORM, "sns", "SignatureDoesNotMatch", None, 403, id="aws-query"),
        pytest.param(
            {}, "lambda", "InvalidSignatureException", "SignatureDoesNotMatch", 403, id="rest-json"
        ),
    ],
)
def test_wrong_signature_has_the_code_of_the_services_family(
    sign: Sign,
    headers: Mapping[str, str],
    service: str,
    code: str,
    query_code: str | None,
    status: int,
) -> None:
    auth = "S3SigV4Auth" if service == "s3" else "SigV4Auth"
    request = sign("POST", "http://localhost:4566/", headers, b"{}", service=service, auth=auth)

    error = refusal(request, secret="another")

    assert (error.code, error.query_code, error.status) == (code, query_code, status)
    assert error.message.startswith("The request signature we calculated does not match")


def test_s3_shows_what_it_calculated_in_the_members_of_its_error_document(sign: Sign) -> None:
    error = refusal(sign("GET", OBJECT), secret="another")

    assert list(error.members) == [
        "AWSAccessKeyId",
        "StringToSign",
        "SignatureProvided",
        "StringToSignBytes",
        "CanonicalRequest",
        "CanonicalRequestBytes",
    ]
    assert str(error.members["StringToSignBytes"]).startswith("41 57 53 34 2d")


@pytest.mark.parametrize(
    ("authorization", "code", "sentence"),
    [
        pytest.param(
            "AWS4-HMAC-SHA256 Credential=AKID/20130524/s3, SignedHeaders=host, "
            f"Signature={SIGNATURE}",
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; the Credential is mal-formed; expecting "
            '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
            id="credential-with-too-few-parts",
        ),
        pytest.param(
            "AWS4-HMAC-SHA256 Credential=/20130524/us-east-1/s3/aws4_request, SignedHeaders=host, "
            f"Signature={SIGNATURE}",
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; a non-empty Access Key (AKID) must be provided "
            "in the credential.",
            id="empty-access-key",
        ),
        pytest.param(
            "AWS4-HMAC-SHA256 Credential=AKID/2013-5-24/us-east-1/s3/aws4_request, "
            f"SignedHeaders=host, Signature={SIGNATURE}",
            "AuthorizationHeaderMalformed",
            'The authorization header is malformed; incorrect date format "2013-5-24". This date '
            'in the credential must be in the format "yyyyMMdd".',
            id="scope-date-in-another-format",
        ),
        pytest.param(
            f"AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host",
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; the authorization header requires three "
            "components: Credential, SignedHeaders, and Signature.",
            id="no-signature",
        ),
        pytest.param(
            f"AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host;host, Signature={SIGNATURE}",
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; SignedHeaders must name each signed header "
            "once.",
            id="header-signed-twice",
        ),
        pytest.param(
            f"AWS4-HMAC-SHA512 {CREDENTIAL}, SignedHeaders=host, Signature={SIGNATURE}",
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. "
            "Please use AWS4-HMAC-SHA256.",
            id="another-algorithm",
        ),
        pytest.param(
            "Bearer token", "InvalidArgument", "Unsupported Authorization Type", id="bearer"
        ),
        pytest.param(
            "AWS :",
            "InvalidArgument",
            "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
            id="version-2-without-access-key",
        ),
    ],
)
def test_s3_refuses_a_malformed_authorization_header(
    as_sent: Sign, authorization: str, code: str, sentence: str
) -> None:
    request = as_sent("GET", OBJECT, {"authorization": authorization})

    error = refusal(request)

    assert (error.code, error.message, error.status) == (code, sentence, 400)


@pytest.mark.parametrize(
    ("authorization", "sentence"),
    [
        pytest.param(
            "AWS4-HMAC-SHA256 nonsense",
            "'nonsense' not a valid key=value pair (missing equal-sign) in Authorization header: "
            "'AWS4-HMAC-SHA256 nonsense'.",
            id="part-without-equal-sign",
        ),
        pytest.param(
            "AWS4-HMAC-SHA256 SignedHeaders=host",
            "Authorization header requires 'Credential' parameter. Authorization header requires "
            "'Signature' parameter. Authorization=AWS4-HMAC-SHA256",
            id="parameters-missing",
        ),
        pytest.param(
            f"AWS4-HMAC-SHA256 Credential=AKID/sqs, SignedHeaders=host, Signature={SIGNATURE}",
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term, got 'AKID/sqs'",
            id="credential-with-too-few-parts",
        ),
        pytest.param(
            "AWS4-HMAC-SHA256 Credential=AKID/20130524/us-east-1/sqs/aws3, SignedHeaders=host, "
            f"Signature={SIGNATURE}",
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3'.",
            id="another-terminator",
        ),
    ],
)
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param(TARGET, "IncompleteSignatureException", id="aws-json"),
        pytest.param(FORM, "IncompleteSignature", id="aws-query"),
    ],
)
def test_other_services_refuse_a_malformed_authorization_header(
    as_sent: Sign, headers: Mapping[str, str], code: str, authorization: str, sentence: str
) -> None:
    request = as_sent("POST", "http://localhost:4566/", {"authorization": authorization, **headers})

    error = refusal(request)

    assert (error.code, error.message, error.status) == (code, sentence, 400)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(
            ("X-Amz-Expires=60", "X-Amz-Expires=604801"),
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
            "must be less than 604800 seconds",
            id="longer-than-a-week",
        ),
        pytest.param(
            ("X-Amz-Expires=60", "X-Amz-Expires=-1"),
            "X-Amz-Expires must be non-negative",
            id="negative",
        ),
        pytest.param(
            ("X-Amz-Expires=60", "X-Amz-Expires=soon"),
            "X-Amz-Expires should be a number",
            id="not-a-number",
        ),
        pytest.param(
            ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=MD5"),
            'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"',
            id="another-algorithm",
        ),
        pytest.param(
            ("X-Amz-Date=20130524T000000Z", "X-Amz-Date=2013-05-24"),
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
            id="date-in-another-format",
        ),
        pytest.param(
            ("X-Amz-Date=20130524T000000Z", "X-Amz-Date=20130525T000000Z"),
            'Invalid credential date "20130524". This date is not the same as X-Amz-Date: '
            '"20130525".',
            id="scope-of-another-day",
        ),
        pytest.param(
            ("%2Faws4_request", ""),
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
            '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
            id="credential-with-too-few-parts",
        ),
        pytest.param(
            ("X-Amz-SignedHeaders=host", ""),
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
            "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
            id="parameter-missing",
        ),
    ],
)
def test_s3_refuses_malformed_presigned_parameters(
    sign: Sign, as_sent: Sign, change: tuple[str, str], sentence: str
) -> None:
    signed = sign("GET", OBJECT, auth="S3SigV4QueryAuth", expires=60)
    changed = signed.raw_query.replace(*change)
    assert changed != signed.raw_query

    with pytest.raises(AwsError) as refused:
        sigv4.parse(as_sent("GET", f"{OBJECT}?{changed}", {}), "s3")

    assert refused.value.code == "AuthorizationQueryParametersError"
    assert (refused.value.message, refused.value.status) == (sentence, 400)


def test_two_mechanisms_at_once_are_refused(sign: Sign, as_sent: Sign) -> None:
    presigned = sign("GET", OBJECT, auth="S3SigV4QueryAuth", expires=60)
    header = sign("GET", OBJECT).header("authorization")

    error = refusal(as_sent("GET", f"{OBJECT}?{presigned.raw_query}", {"authorization": header}))

    assert (error.code, error.status) == ("InvalidArgument", 400)
    assert error.message.startswith("Only one auth mechanism allowed")


class TestTime:
    """Fifteen minutes either way; presigned requests as long as they say."""

    @pytest.mark.parametrize("off_ms", [-15 * MINUTE_MS, 0, 15 * MINUTE_MS])
    def test_request_within_15_minutes_is_taken(self, sign: Sign, off_ms: int) -> None:
        request = sign("GET", OBJECT)
        credential = sigv4.parse(request)
        assert credential is not None

        sigv4.verify(request, credential, SECRET_KEY, now_ms=[NOW_MS + off_ms])

    def test_request_in_time_for_one_of_two_moments_is_taken(self, sign: Sign) -> None:
        request = sign("GET", OBJECT)
        credential = sigv4.parse(request)
        assert credential is not None

        later = NOW_MS + 23 * 24 * 60 * MINUTE_MS
        sigv4.verify(request, credential, SECRET_KEY, now_ms=[later, NOW_MS])

    @pytest.mark.parametrize("off_ms", [-15 * MINUTE_MS - 1, 15 * MINUTE_MS + 1])
    def test_s3_request_off_by_more_is_too_skewed(self, sign: Sign, off_ms: int) -> None:
        error = refusal(sign("GET", OBJECT), NOW_MS + off_ms)

        assert (error.code, error.status) == ("RequestTimeTooSkewed", 403)
        assert error.members["RequestTime"] == "20130524T000000Z"
        assert error.members["MaxAllowedSkewMilliseconds"] == "900000"

    def test_signature_of_other_services_expires(self, sign: Sign) -> None:
        request = sign("POST", "http://localhost:4566/", FORM, service="sns", auth="SigV4Auth")

        error = refusal(request, NOW_MS + 16 * MINUTE_MS)

        assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
        assert error.message == (
            "Signature expired: 20130524T000000Z is now earlier than 20130524T000100Z "
            "(20130524T001600Z - 15 min.)"
        )

    def test_signature_of_other_services_may_not_be_current_yet(self, sign: Sign) -> None:
        request = sign("POST", "http://localhost:4566/", TARGET, service="sqs", auth="SigV4Auth")

        error = refusal(request, NOW_MS - 16 * MINUTE_MS)

        assert (error.code, error.status) == ("InvalidSignatureException", 400)
        assert error.message == (
            "Signature not yet current: 20130524T000000Z is still later than 20130523T235900Z "
            "(20130523T234400Z + 15 min.)"
        )

    def test_presigned_url_expires(self, sign: Sign) -> None:
        request = sign("GET", OBJECT, auth="S3SigV4QueryAuth", expires=60)

        error = refusal(request, NOW_MS + 60_001)

        assert (error.code, error.message, error.status) == (
            "AccessDenied",
            "Request has expired",
            403,
        )
        assert error.members == {
            "X-Amz-Expires": "60",
            "Expires": "2013-05-24T00:01:00Z",
            "ServerTime": "2013-05-24T00:01:00Z",
        }

    def test_presigned_version_2_url_expires(self, sign: Sign) -> None:
        request = sign("GET", OBJECT, auth="HmacV1QueryAuth", expires=60)

        error = refusal(request, NOW_MS + 60_001)

        assert (error.code, error.message) == ("AccessDenied", "Request has expired")

    def test_date_header_serves_where_x_amz_date_is_missing(self, as_sent: Sign) -> None:
        request = as_sent(
            "POST",
            "http://localhost:4566/",
            {
                "date": "Fri, 24 May 2013 09:00:00 +0900",
                "authorization": "AWS4-HMAC-SHA256 Credential=A/20130524/us-east-1/sqs/aws4_request"
                f", SignedHeaders=date;host, Signature={SIGNATURE}",
            },
        )

        error = refusal(request)

        assert error.message.startswith("The request signature we calculated does not match")

    def test_request_without_a_time_is_refused(self, sign: Sign) -> None:
        error = refusal(without(sign("GET", OBJECT), "x-amz-date"))

        assert (error.code, error.status) == ("AccessDenied", 403)
        assert error.message == "AWS authentication requires a valid Date or x-amz-date header"


class TestSignedHeaders:
    """`host` and all `x-amz-…` headers must be signed."""

    def test_s3_names_the_headers_that_are_not_signed(self, sign: Sign) -> None:
        error = refusal(added(sign("PUT", OBJECT), "x-amz-acl", "public-read"))

        assert (error.code, error.status) == ("AccessDenied", 403)
        assert error.message == "There were headers present in the request which were not signed"
        assert error.members == {"HeadersNotSigned": "x-amz-acl"}

    def test_operation_cannot_be_exchanged_where_the_target_is_not_signed(self, sign: Sign) -> None:
        request = sign("POST", "http://localhost:4566/", service="sqs", auth="SigV4Auth")

        error = refusal(added(request, "x-amz-target", "AmazonSQS.DeleteQueue"))

        assert error.message == "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."

    def test_user_agent_of_the_php_sdk_need_not_be_signed(self, sign: Sign) -> None:
        request = added(sign("GET", OBJECT), "x-amz-user-agent", "aws-sdk-php/3")
        credential = sigv4.parse(request)
        assert credential is not None

        sigv4.verify(request, credential, SECRET_KEY, now_ms=[NOW_MS])

    def test_host_must_be_signed(self, as_sent: Sign) -> None:
        request = as_sent(
            "GET",
            OBJECT,
            {
                "x-amz-date": "20130524T000000Z",
                "authorization": f"AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=x-amz-date, "
                f"Signature={SIGNATURE}",
            },
        )

        assert refusal(request).members == {"HeadersNotSigned": "host"}


class TestContentSha256:
    """`x-amz-content-sha256` of S3."""

    def test_body_other_than_the_signed_one_is_refused(self, sign: Sign) -> None:
        request = sign("PUT", OBJECT, {}, b"signed")
        request.body = b"sent"

        error = refusal(request)

        assert (error.code, error.status) == ("XAmzContentSHA256Mismatch", 400)
        assert list(error.members) == ["ClientComputedContentSHA256", "S3ComputedContentSHA256"]

    def test_body_that_streams_is_only_promised(self, sign: Sign) -> None:
        request = sign("PUT", OBJECT, {}, b"content")
        request.body, request.is_streamed = b"", True
        credential = sigv4.parse(request)
        assert credential is not None

        seed = sigv4.verify(request, credential, SECRET_KEY, now_ms=[NOW_MS])

        assert seed.content_sha256 == hashlib.sha256(b"content").hexdigest()

    def test_missing_header_is_refused(self, sign: Sign) -> None:
        error = refusal(without(sign("PUT", OBJECT), "x-amz-content-sha256"))

        assert (error.code, error.status) == ("InvalidRequest", 400)
        assert error.message == "Missing required header for this request: x-amz-content-sha256"

    def test_value_that_is_no_digest_is_refused(self, sign: Sign) -> None:
        error = refusal(added(sign("PUT", OBJECT), "x-amz-content-sha256", "nothing"))

        assert (error.code, error.status) == ("InvalidArgument", 400)
        assert error.members["ArgumentValue"] == "nothing"


@pytest.mark.parametrize(
    ("family", "codes"),
    [
        (
            "s3",
            ["AccessDenied 403", "InvalidAccessKeyId 403", "InvalidToken 400", "ExpiredToken 400"],
        ),
        (
            "json",
            [
                "MissingAuthenticationTokenException 400",
                "UnrecognizedClientException 400",
                "UnrecognizedClientException 400",
                "ExpiredTokenException 400",
            ],
        ),
        (
            "query",
            [
                "MissingAuthenticationToken 403",
                "InvalidClientTokenId 403",
                "InvalidClientTokenId 403",
                "ExpiredToken 403",
            ],
        ),
        (
            "rest",
            [
                "MissingAuthenticationTokenException 403",
                "UnrecognizedClientException 403",
                "UnrecognizedClientException 403",
                "ExpiredTokenException 403",
            ],
        ),
    ],
)
def test_unknown_caller_is_refused_in_the_words_of_the_family(
    family: Family, codes: list[str]
) -> None:
    errors = [
        missing_authentication(family),
        unknown_access_key(family, "AKID"),
        invalid_token(family, "token"),
        expired_token(family, "token"),
    ]

    assert [f"{error.code} {error.status}" for error in errors] == codes
