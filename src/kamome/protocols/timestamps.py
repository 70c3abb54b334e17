"""Timestamps of the wire: three formats in, the one that a member asks for out.

Decoded timestamps are epoch seconds as `float`. AWS: Smithy 2.0, `timestampFormat`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r"(?:([Zz])|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,9})?(?:[eE][+-]?\d{1,2})?", re.ASCII)

# The years 0001 and 9999, where calendars of clients end.
EARLIEST = -62_135_596_800.0
LATEST = 253_402_300_799.999

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def parse(text: str) -> float:
    """Epoch seconds of any format that AWS reads: ISO 8601, RFC 822, an epoch number.

    A time without zone is UTC.

    Raises:
        ValueError: the text is none of them, or no time of the years 1 to 9999.
    """
    text = text.strip()
    if len(text) > 64:
        raise ValueError("too long for a timestamp")
    if _NUMBER.fullmatch(text):
        return within_range(float(text))
    found = _ISO.fullmatch(text) or _COMPACT.fullmatch(text)
    if found is not None:
        return within_range(_iso(found.groups()))
    try:
        parsed = parsedate_to_datetime(text)
        return within_range((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise ValueError(f"{text!r} is no timestamp") from error


def _iso(groups: tuple[str | None, ...]) -> float:
    fields = [int(field or 0) for field in groups[:6]]
    moment = datetime(fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], tzinfo=UTC)
    if len(groups) == 6:
        return moment.timestamp()
    fraction = float(f"0.{groups[6]}") if groups[6] else 0.0
    if groups[8]:
        offset = timedelta(hours=int(groups[9] or 0), minutes=int(groups[10] or 0))
        zone = timezone(offset if groups[8] == "+" else -offset)
        moment = moment.replace(tzinfo=zone)
    return moment.timestamp() + fraction


def within_range(seconds: float) -> float:
    """The same seconds. Raises: ValueError when they are no time of the years 1 to 9999."""
    if not EARLIEST <= seconds <= LATEST:
        raise ValueError("timestamp out of range")
    return seconds


def _moment(seconds: float) -> tuple[datetime, int]:
    milliseconds = round(seconds * 1000)
    whole, part = divmod(milliseconds, 1000)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=whole), part


def iso8601(seconds: float) -> str:
    """`2026-01-02T03:04:05.678Z`: always milliseconds and Z, as Go's SDK wants it."""
    moment, part = _moment(seconds)
    return (
        f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
        f"T{moment.hour:02}:{moment.minute:02}:{moment.second:02}.{part:03}Z"
    )


def rfc822(seconds: float) -> str:
    """`Fri, 02 Jan 2026 03:04:05 GMT`; fractions of a second are cut off. RFC 9110 §5.6.7."""
    moment, _ = _moment(seconds // 1)
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]} {moment.year:04}"
        f" {moment.hour:02}:{moment.minute:02}:{moment.second:02} GMT"
    )


def unix(seconds: float) -> float | int:
    """Epoch seconds to the millisecond; a whole number where there is no fraction."""
    rounded = round(seconds, 3)
    return int(rounded) if rounded == int(rounded) else rounded


def formatted(seconds: float, format_name: str) -> str:
    """As text, in the format that the model names (`iso8601`, `rfc822`, `unixTimestamp`)."""
    if format_name == "iso8601":
        return iso8601(seconds)
    return rfc822(seconds) if format_name == "rfc822" else str(unix(seconds))
