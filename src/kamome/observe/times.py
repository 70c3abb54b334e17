"""Durations and moments as people write them: `23d`, `1h30m`, `500ms`; ISO 8601."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_CHARACTERS_MAX = 64
# 30,000 years: what is longer is a slip of the pen.
_DURATION_MS_MAX = 1e15


def duration_ms(text: str) -> int | None:
    """Milliseconds of `23d`, `1h30m`, `500ms`; None where the text is not a duration."""
    given = text.replace(" ", "")
    parts = _DURATION.findall(given[:_CHARACTERS_MAX])
    if not parts or "".join(number + unit for number, unit in parts) != given:
        return None
    total = sum(float(number) * _UNIT_MS[unit] for number, unit in parts)
    return round(total) if total < _DURATION_MS_MAX else None


def moment_ms(text: str) -> int | None:
    """Epoch milliseconds of an ISO 8601 moment (UTC where it names no zone); None: it is none."""
    try:
        moment = datetime.fromisoformat(text[:_CHARACTERS_MAX])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def iso(at_ms: int) -> str:
    """A moment in ISO 8601, UTC, with milliseconds."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
