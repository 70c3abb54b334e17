"""Refusals of authentication and of request bodies, one class per AWS code.

The same refusal has another code and status in each family of services: S3, AWS JSON (DynamoDB,
SQS), AWS query (SNS, SES, STS) and REST JSON (Lambda). Where query clients see another code than
the JSON ones, it is the `query_code` of the class; where only the status differs between AWS JSON
and REST JSON, the REST one is a subclass with `Rest` before its name and the same code.

AWS: Common Errors; DynamoDB Developer Guide, Error handling; S3 API Reference, Error responses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from kamome.errors import AwsError
from kamome.http.canonical import to_bytes

_S3_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method."
)

Family = Literal["s3", "json", "query", "rest"]


class Explanation(msgspec.Struct, frozen=True):
    """Why a signature differs: what the server calculated, to be laid beside the client's.

    `canonical_request` and `string_to_sign` are as the server made them from the request that
    arrived; `signature_calculated` is not shown to callers, who could sign with it.
    """

    access_key: str
    canonical_request: str
    string_to_sign: str
    signature_provided: str
    signature_calculated: str


class SignatureMismatch(AwsError):
    """Base of the refusals that compared two signatures; `explanation` says what was compared."""

    def __init__(
        self,
        message: str = "",
        members: Mapping[str, object] | None = None,
        explanation: Explanation | None = None,
    ) -> None:
        super().__init__(message, members)
        self.explanation = explanation


# --- AWS JSON, AWS query, REST JSON ---------------------------------------------------------------


class InvalidSignatureException(SignatureMismatch):
    """The signature or the time of a call by AWS JSON is not right."""

    status = 400
    query_code = "SignatureDoesNotMatch"


class RestInvalidSignatureException(InvalidSignatureException):
    """The signature or the time of a call by REST JSON is not right."""

    code = "InvalidSignatureException"
    status = 403


class SignatureDoesNotMatch(SignatureMismatch):
    """The signature is not right (S3 and AWS query; there also for the time)."""

    status = 403


class IncompleteSignatureException(AwsError):
    """The signature does not conform to AWS standards (AWS JSON)."""

    status = 400
    query_code = "IncompleteSignature"


class RestIncompleteSignatureException(IncompleteSignatureException):
    """The signature does not conform to AWS standards (REST JSON)."""

    code = "IncompleteSignatureException"
    status = 403


class IncompleteSignature(AwsError):
    """The signature does not conform to AWS standards (AWS query)."""

    status = 400


class MissingAuthenticationTokenException(AwsError):
    """The call is not signed (AWS JSON)."""

    status = 400
    query_code = "MissingAuthenticationToken"


class RestMissingAuthenticationTokenException(MissingAuthenticationTokenException):
    """The call is not signed (REST JSON)."""

    code = "MissingAuthenticationTokenException"
    status = 403


class MissingAuthenticationToken(AwsError):
    """The call is not signed (AWS query)."""

    status = 403


class UnrecognizedClientException(AwsError):
    """The access key or the security token is not known (AWS JSON)."""

    status = 400
    query_code = "InvalidClientTokenId"


class RestUnrecognizedClientException(UnrecognizedClientException):
    """The access key or the security token is not known (REST JSON)."""

    code = "UnrecognizedClientException"
    status = 403


class InvalidClientTokenId(AwsError):
    """The access key or the security token is not known (AWS query)."""

    status = 403


class ExpiredTokenException(AwsError):
    """The security token has expired (AWS JSON)."""

    status = 400
    query_code = "ExpiredToken"


class RestExpiredTokenException(ExpiredTokenException):
    """The security token has expired (REST JSON)."""

    code = "ExpiredTokenException"
    status = 403


class ExpiredToken(AwsError):
    """The security token has expired (AWS query)."""

    status = 403


class RequestExpired(AwsError):
    """A presigned call came after its time. AWS: Common Errors, RequestExpired."""

    status = 400


# --- S3 -------------------------------------------------------------------------------------------


class AccessDenied(AwsError):
    """S3 does not let the request in (unsigned, expired, headers that are not signed)."""

    status = 403


class AuthorizationHeaderMalformed(AwsError):
    """The `Authorization` header of an S3 request is not valid."""

    status = 400


class AuthorizationQueryParametersError(AwsError):
    """The `X-Amz-…` parameters of a presigned S3 request are not valid."""

    status = 400


class S3ExpiredToken(AwsError):
    """The security token has expired (S3)."""

    code = "ExpiredToken"
    status = 400


class InvalidToken(AwsError):
    """The security token is malformed or otherwise invalid (S3)."""

    status = 400


class InvalidAccessKeyId(AwsError):
    """The access key is not known (S3)."""

    status = 403


class InvalidArgument(AwsError):
    """A header or parameter of authentication has a value that S3 does not take."""

    status = 400


class InvalidRequest(AwsError):
    """The request lacks what S3 needs for authentication, or uses a mechanism it does not take."""

    status = 400


class RequestTimeTooSkewed(AwsError):
    """The request's time is more than 15 minutes from the server's (S3)."""

    status = 403


class XAmzContentSHA256Mismatch(AwsError):
    """The body is not the one whose SHA-256 the request announced (S3)."""

    status = 400


class MissingContentLength(AwsError):
    """A chunked upload does not say how long its content is (S3)."""

    status = 411


class IncompleteBody(AwsError):
    """The body ended early, or its chunked encoding is broken (S3)."""

    status = 400


class InvalidChunkSizeError(AwsError):
    """A chunk other than the last is smaller than 8,192 bytes (S3)."""

    status = 403


class MalformedTrailerError(AwsError):
    """The trailing headers are malformed or not those announced in `x-amz-trailer` (S3)."""

    status = 400


# --- the same refusal in each family --------------------------------------------------------------


class FamilyErrors(msgspec.Struct, frozen=True):
    """The classes with which one family of services refuses a caller."""

    signature: type[SignatureMismatch]
    incomplete: type[AwsError]
    missing: type[AwsError]
    unknown: type[AwsError]
    expired_token: type[AwsError]


FAMILY_ERRORS: Mapping[Family, FamilyErrors] = {
    "s3": FamilyErrors(
        SignatureDoesNotMatch,
        AuthorizationHeaderMalformed,
        AccessDenied,
        InvalidAccessKeyId,
        S3ExpiredToken,
    ),
    "json": FamilyErrors(
        InvalidSignatureException,
        IncompleteSignatureException,
        MissingAuthenticationTokenException,
        UnrecognizedClientException,
        ExpiredTokenException,
    ),
    "query": FamilyErrors(
        SignatureDoesNotMatch,
        IncompleteSignature,
        MissingAuthenticationToken,
        InvalidClientTokenId,
        ExpiredToken,
    ),
    "rest": FamilyErrors(
        RestInvalidSignatureException,
        RestIncompleteSignatureException,
        RestMissingAuthenticationTokenException,
        RestUnrecognizedClientException,
        RestExpiredTokenException,
    ),
}


def missing_authentication(family: Family) -> AwsError:
    """An unsigned call where a signed one is needed."""
    if family == "s3":
        return AccessDenied("Access Denied")
    return FAMILY_ERRORS[family].missing("Request is missing Authentication Token")


def wrong_service(family: Family, scoped: str, signing_name: str) -> AwsError:
    """The signature is scoped to another service than the call is for.

    AWS: IAM User Guide, Troubleshoot Signature Version 4, credential scope.
    """
    if family == "s3":
        return AuthorizationHeaderMalformed(
            "The authorization header is malformed; "
            f'incorrect service "{scoped}". This endpoint belongs to "{signing_name}".'
        )
    return FAMILY_ERRORS[family].signature(
        f"Credential should be scoped to correct service: '{signing_name}'. "
    )


def unknown_access_key(family: Family, access_key: str) -> AwsError:
    """The access key belongs to nobody."""
    if family == "s3":
        return InvalidAccessKeyId(
            "The AWS Access Key Id you provided does not exist in our records.",
            {"AWSAccessKeyId": access_key},
        )
    return FAMILY_ERRORS[family].unknown("The security token included in the request is invalid.")


def invalid_token(family: Family, security_token: str) -> AwsError:
    """The security token is not one that was issued for the access key."""
    if family == "s3":
        return InvalidToken(
            "The provided token is malformed or otherwise invalid.", {"Token-0": security_token}
        )
    return FAMILY_ERRORS[family].unknown("The security token included in the request is invalid.")


def expired_token(family: Family, security_token: str) -> AwsError:
    """The security token was issued and its time is over."""
    if family == "s3":
        return S3ExpiredToken("The provided token has expired.", {"Token-0": security_token})
    return FAMILY_ERRORS[family].expired_token(
        "The security token included in the request is expired"
    )


def s3_mismatch(explanation: Explanation) -> SignatureDoesNotMatch:
    """S3's refusal of a signature, with the members that let a client compare.

    AWS: S3 API Reference, Error responses, SignatureDoesNotMatch.
    """
    to_sign, made = explanation.string_to_sign, explanation.canonical_request
    members = {
        "AWSAccessKeyId": explanation.access_key,
        "StringToSign": to_sign,
        "SignatureProvided": explanation.signature_provided,
        "StringToSignBytes": to_bytes(to_sign).hex(" "),
    }
    if made:
        members["CanonicalRequest"] = made
        members["CanonicalRequestBytes"] = to_bytes(made).hex(" ")
    return SignatureDoesNotMatch(_S3_MISMATCH, members, explanation)
