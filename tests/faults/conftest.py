"""A server for each test, whose faults and clock are the test's own."""

from __future__ import annotations

from kamome.testing.plugin import kamome

__all__ = ["kamome"]
