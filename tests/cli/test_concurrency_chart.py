"""The chart of `kamome demo concurrency`."""

from __future__ import annotations

from kamome.cli.concurrency import Sample, chart


def test_chart_shows_what_runs_what_is_beyond_and_what_is_dead() -> None:
    lines = chart("Two seconds", [Sample(30, 10, 0), Sample(7, 12, 3)])

    assert lines[2] == "    0 s ██████████                  30 waiting"
    assert lines[3] == "    1 s ██████████░░                 7 waiting ✗✗✗"
