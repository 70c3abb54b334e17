"""Durations as people write them: `23d`, `1h30m`, `500ms`."""

from __future__ import annotations

import re

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
# 15 digits of days are more than any clock can show; more digits only cost time.
_CHARACTERS_MAX = 64


def duration_ms(text: str) -> int | None:
    """Milliseconds of `23d`, `1h30m`, `500ms`; None where the text is not a duration."""
    given = text.replace(" ", "")
    parts = _DURATION.findall(given)
    if not parts or len(given) > _CHARACTERS_MAX:
        return None
    if "".join(number + unit for number, unit in parts) != given:
        return None
    return round(sum(float(number) * _UNIT_MS[unit] for number, unit in parts))
