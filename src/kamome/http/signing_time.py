"""When a request was signed, and whether that is now. Knows both signature versions' dates.

AWS: S3 API Reference, RequestTimeTooSkewed; IAM User Guide, Troubleshoot Signature Version 4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from kamome.errors import AwsError
from kamome.http.credential import ALGORITHM, Credential
from kamome.http.errors import (
    FAMILY_ERRORS,
    AccessDenied,
    AuthorizationHeaderMalformed,
    Family,
    RequestExpired,
    RequestTimeTooSkewed,
)

# 15 minutes either way.
SKEW_MS_MAX = 900_000
_DATES_MAX = 256
# The longest HTTP date in use, RFC 850's, has 33 characters.
_DATE_CHARACTERS_MAX = 64
_AMZ_DATE = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_AMZ_DATE_FORMAT = "%Y%m%dT%H%M%SZ"


def signed_at(sent: str) -> tuple[str, int] | None:
    """A time of signing as it is signed (`YYYYMMDD'T'HHMMSS'Z'`) and in epoch milliseconds.

    `sent` is that form, or an HTTP date (RFC 9110 §5.6.7) where only `Date` was sent. None where
    it is neither.
    """
    return _signed_at(sent) if len(sent) <= _DATE_CHARACTERS_MAX else None


@lru_cache(_DATES_MAX)
def _signed_at(sent: str) -> tuple[str, int] | None:
    try:
        if _AMZ_DATE.fullmatch(sent):
            moment = datetime.strptime(sent, _AMZ_DATE_FORMAT).replace(tzinfo=UTC)
        else:
            moment = parsedate_to_datetime(sent)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            moment = moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.strftime(_AMZ_DATE_FORMAT), int(moment.timestamp() * 1000)


def check_time(credential: Credential, family: Family, now_ms: Sequence[int]) -> str:
    """The time of signing as it is signed (`YYYYMMDD'T'HHMMSS'Z'`).

    Raises:
        RequestTimeTooSkewed (S3), SignatureDoesNotMatch, InvalidSignatureException (others): more
            than 15 minutes from every moment of `now_ms`.
        AccessDenied (S3), RequestExpired (others): a presigned request after its time.
        AuthorizationHeaderMalformed (S3): the scope is of another day.
    """
    moment = signed_at(credential.amz_date)
    if moment is None:
        raise _date_error(credential, family)
    amz_date, at_ms = moment
    if not amz_date.startswith(credential.date):
        raise _scope_date_error(credential, family, amz_date)
    after_ms = SKEW_MS_MAX
    if credential.kind == "presigned":
        after_ms = credential.expires * 1000
    for now in now_ms:
        if -SKEW_MS_MAX <= now - at_ms <= after_ms:
            return amz_date
    assert now_ms, "at least one moment counts as now"
    if credential.kind == "presigned":
        raise _presigned_time_error(credential, family, at_ms, now_ms[0])
    raise _time_error(family, at_ms, now_ms[0])


def check_lifetime(credential: Credential, family: Family, now_ms: Sequence[int]) -> None:
    """Whether a presigned request is still in its time, where its signature is not looked at.

    Raises:
        AccessDenied (S3), RequestExpired (others): it has expired at every moment of `now_ms`.

    AWS: S3 User Guide, Sharing objects with presigned URLs (when they expire).
    """
    if credential.kind == "v2-presigned":
        check_expires(credential, now_ms)
        return
    moment = signed_at(credential.amz_date)
    if credential.kind != "presigned" or moment is None:
        return
    if all(now - moment[1] > credential.expires * 1000 for now in now_ms):
        raise _presigned_time_error(credential, family, moment[1], now_ms[0])


def check_expires(credential: Credential, now_ms: Sequence[int]) -> None:
    """Whether the moment of a URL presigned with version 2 has not come.

    Raises:
        AccessDenied: it has, at every moment of `now_ms`.

    AWS: S3 API Reference, Signing and authenticating REST requests (version 2), Query string.
    """
    if all(now > credential.expires * 1000 for now in now_ms):
        # The moment itself may lie outside what a date can say, so it is shown as sent.
        raise AccessDenied(
            "Request has expired",
            {"Expires": str(credential.expires), "ServerTime": extended(now_ms[0])},
        )


def missing_date() -> AwsError:
    """S3's answer to a request without a time that reads."""
    return AccessDenied("AWS authentication requires a valid Date or x-amz-date header")


def skewed(at_ms: int, now_ms: int) -> AwsError:
    """S3's answer to a request whose time is too far from the server's."""
    return RequestTimeTooSkewed(
        "The difference between the request time and the current time is too large.",
        {
            "RequestTime": _basic(at_ms),
            "ServerTime": extended(now_ms),
            "MaxAllowedSkewMilliseconds": str(SKEW_MS_MAX),
        },
    )


def _date_error(credential: Credential, family: Family) -> AwsError:
    if family == "s3":
        return missing_date()
    incomplete = FAMILY_ERRORS[family].incomplete
    if not credential.amz_date:
        return incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
            f"Authorization={ALGORITHM}"
        )
    return incomplete(
        f"Date must be in ISO-8601 'basic format'. Got '{credential.amz_date}'. "
        "See http://en.wikipedia.org/wiki/ISO_8601."
    )


def _scope_date_error(credential: Credential, family: Family, amz_date: str) -> AwsError:
    if family == "s3":
        return AuthorizationHeaderMalformed(
            "The authorization header is malformed; "
            f'Invalid credential date "{credential.date}". '
            f'This date is not the same as X-Amz-Date: "{amz_date[:8]}".'
        )
    return FAMILY_ERRORS[family].signature(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
        f"HTTP: '{credential.date}' != '{amz_date[:8]}', from '{amz_date}'."
    )


def _time_error(family: Family, at_ms: int, now_ms: int) -> AwsError:
    if family == "s3":
        return skewed(at_ms, now_ms)
    if at_ms < now_ms:
        sentence = (
            f"Signature expired: {_basic(at_ms)} is now earlier than "
            f"{_basic(now_ms - SKEW_MS_MAX)} ({_basic(now_ms)} - 15 min.)"
        )
    else:
        sentence = (
            f"Signature not yet current: {_basic(at_ms)} is still later than "
            f"{_basic(now_ms + SKEW_MS_MAX)} ({_basic(now_ms)} + 15 min.)"
        )
    return FAMILY_ERRORS[family].signature(sentence)


def _presigned_time_error(
    credential: Credential, family: Family, at_ms: int, now_ms: int
) -> AwsError:
    if at_ms > now_ms and family == "s3":
        return AccessDenied("Request is not yet valid", {"ServerTime": extended(now_ms)})
    if at_ms > now_ms:
        return _time_error(family, at_ms, now_ms)
    if family != "s3":
        return RequestExpired("Request has expired.")
    return AccessDenied(
        "Request has expired",
        {
            "X-Amz-Expires": str(credential.expires),
            "Expires": extended(at_ms + credential.expires * 1000),
            "ServerTime": extended(now_ms),
        },
    )


def _basic(moment_ms: int) -> str:
    return _moment(moment_ms).strftime(_AMZ_DATE_FORMAT)


def extended(moment_ms: int) -> str:
    """A moment as S3's error documents show it: ISO 8601 extended, seconds, UTC."""
    return _moment(moment_ms).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(moment_ms: int) -> datetime:
    return datetime.fromtimestamp(moment_ms / 1000, UTC)
