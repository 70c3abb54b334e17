"""These tests use the plugin as its users do: its fixture, not that of our own suite."""

from __future__ import annotations

from kamome.testing.plugin import kamome

__all__ = ["kamome"]
