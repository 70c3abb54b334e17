"""When to look again for mails that are too old."""

from __future__ import annotations

import pytest

from kamome.mail.retention import next_sweep_ms

HOUR_MS = 3_600_000
NOW_MS = 1_760_000_000_000


@pytest.mark.parametrize(
    ("oldest_ms", "expected_ms"),
    [
        (None, NOW_MS + 168 * HOUR_MS),
        (NOW_MS, NOW_MS + 168 * HOUR_MS),
        (NOW_MS - 100 * HOUR_MS, NOW_MS + 68 * HOUR_MS),
        (NOW_MS - 168 * HOUR_MS + 1, NOW_MS + HOUR_MS),
        (NOW_MS - 500 * HOUR_MS, NOW_MS + HOUR_MS),
    ],
    ids=["nothing left", "new", "in the middle", "soon", "cannot go yet"],
)
def test_the_next_sweep_is_when_the_oldest_is_too_old(
    oldest_ms: int | None, expected_ms: int
) -> None:
    assert next_sweep_ms(NOW_MS, oldest_ms, 168 * HOUR_MS) == expected_ms
