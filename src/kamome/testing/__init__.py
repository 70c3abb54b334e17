"""Kamome for tests: a server inside the test process, as fresh for each test as a new account.

`kamome_server` is a context manager and a decorator, `KamomeTestCase` a mixin for unittest; for
pytest there is the fixture `kamome` (`testing/plugin.py`). Whatever is imported here is imported
when it is asked for, because pytest loads plugins of every installed package at each start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamome.testing.handle import Kamome
    from kamome.testing.sandbox import KamomeTestCase, kamome_server

__all__ = ["Kamome", "KamomeTestCase", "kamome_server"]


def __getattr__(name: str) -> object:
    if name == "Kamome":
        from kamome.testing import handle

        return handle.Kamome
    if name in ("KamomeTestCase", "kamome_server"):
        from kamome.testing import sandbox

        return getattr(sandbox, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
