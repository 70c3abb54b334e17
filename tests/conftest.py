"""Fixtures for all tests: a server in this process, and an AWS account of it for each test."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, settings
from tests.watched_loop import WatchedLoop

from kamome.config import Settings
from kamome.testing.server import ServerThread

if TYPE_CHECKING:
    from pathlib import Path

# How long examples take to make tells of the machine, and of what else runs on it; speed is the
# benchmarks' business.
settings.register_profile("kamome", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kamome")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], AbstractEventLoop]]:
    """Tests that wait for something are told by the loop, and need not look again and again."""
    return {"watched": WatchedLoop}


_accounts = count(111_111_111_111)


@dataclass(frozen=True)
class Tenant:
    """One account of a running server."""

    server: ServerThread
    account: str
    region: str = "eu-west-1"

    @property
    def endpoint(self) -> str:
        return self.server.endpoint

    @property
    def smtp_port(self) -> int:
        return self.server.smtp_port

    def client(self, service: str, **config: object) -> Any:  # boto3's clients are made at run time
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.account,
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def advance(self, seconds: float) -> None:
        self.server.advance(seconds)


class _SharedServer:
    """The server that tests share: its start is paid once, and again after a test moved its clock.

    Verifiers, caches and tokens that we did not write look at the machine's clock; a test must not
    find a server that lives a week ahead of it, depending on what ran before.
    """

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder
        self._running: ServerThread | None = None

    @property
    def running(self) -> ServerThread:
        if self._running is None:
            settings = Settings(port=0, smtp_port=0, data=str(self._folder()))
            self._running = ServerThread(settings).__enter__()
        return self._running

    def close_if_ahead(self) -> None:
        if self._running is not None and self._running.app.clock.offset_ms > 0:
            self.close()

    def close(self) -> None:
        if self._running is not None:
            self._running.__exit__()
            self._running = None


@pytest.fixture(scope="session")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_SharedServer]:
    shared = _SharedServer(lambda: tmp_path_factory.mktemp("data"))
    yield shared
    shared.close()


@pytest.fixture
def server(_shared: _SharedServer) -> Iterator[ServerThread]:
    """A server that keeps its data, as the real one does, in a temporary folder."""
    yield _shared.running
    _shared.close_if_ahead()


@pytest.fixture
def kamome(server: ServerThread) -> Tenant:
    """A fresh account of the shared server."""
    return Tenant(server, str(next(_accounts)))
