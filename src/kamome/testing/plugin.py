"""The pytest plugin: the fixture `kamome`, a server for each test.

Loaded by pytest wherever Kamome is installed, so that this module imports nothing at first.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamome.testing.handle import Kamome

_MARKER = "kamome"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Let pytest import Kamome's modules as they are.

    It rewrites the assertions of every package that has a plugin: of the whole server here, module
    by module as the server's thread imports them. That takes time, and CPython 3.11 cannot build
    syntax trees in two threads at once (`SystemError: AST constructor recursion depth mismatch`).
    """
    for finder in sys.meta_path:
        marked = getattr(finder, "_must_rewrite", None)  # pytest has no public way to unmark
        if isinstance(marked, set):
            marked.discard("kamome")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "kamome(**settings): settings of the server that the fixture kamome gives to the test,"
        ' such as region="eu-west-1".',
    )


def pytest_unconfigure() -> None:
    """End the threads that were kept for the next test."""
    host = sys.modules.get("kamome.testing.host")
    if host is not None:
        host.HOSTS.close()


@pytest.fixture
def kamome(request: pytest.FixtureRequest) -> Iterator[Kamome]:
    """A server in this process, empty, with the environment leading to it.

    Give it settings with `@pytest.mark.kamome(region="eu-west-1")`.
    """
    from kamome.testing.sandbox import kamome_server

    settings: dict[str, object] = {}
    for marker in reversed(list(request.node.iter_markers(_MARKER))):
        settings |= marker.kwargs
    with kamome_server(**settings) as running:
        yield running
