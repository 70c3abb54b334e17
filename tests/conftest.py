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


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerThread]:
    """A server that keeps its data, as the real one does, in a temporary folder."""
    folder: Path = tmp_path_factory.mktemp("data")
    with ServerThread(Settings(port=0, smtp_port=0, data=str(folder))) as running:
        yield running


@pytest.fixture
def kamome(server: ServerThread) -> Tenant:
    """A fresh account of the session's server."""
    return Tenant(server, str(next(_accounts)))
