"""Durations and moments as people write them."""

from __future__ import annotations

import pytest

from kamome.observe.times import duration_ms, iso, moment_ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("35s", 35_000),
        ("1h30m", 5_400_000),
        ("23d", 1_987_200_000),
        ("250ms", 250),
        ("1.5h", 5_400_000),
        ("1h 30m", 5_400_000),
        ("0s", 0),
        ("", None),
        ("35", None),
        ("s", None),
        ("1h later", None),
        ("-1h", None),
        ("١s", None),
        ("9" * 40 + "d", None),
        ("1s" * 100, None),
    ],
)
def test_duration(text: str, ms: int | None) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:01Z", 1_000),
        ("1970-01-01T00:00:01.5", 1_500),
        ("1970-01-01T09:00:01+09:00", 1_000),
        ("1970-01-02", 86_400_000),
        ("noon", None),
        ("", None),
    ],
)
def test_moment(text: str, ms: int | None) -> None:
    assert moment_ms(text) == ms


def test_moment_is_shown_in_utc_with_milliseconds() -> None:
    assert iso(1_500) == "1970-01-01T00:00:01.500Z"
