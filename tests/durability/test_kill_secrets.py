"""The kill test of secrets: what was answered can be decrypted after a restart.

Each round begins on an empty disk, so that the keys which KMS makes at their first use are among
what is written while the server is killed.
"""

from __future__ import annotations

import os
import threading
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPException
from random import Random
from typing import TYPE_CHECKING

import pytest
from tests.durability.server_process import ServerProcess, rounds
from tests.durability.test_kill_api import Connection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_ROUNDS = rounds(6)
_CALLS_MAX = 400


@dataclass
class Ledger:
    """Versions that were answered, with their values; and how many calls are wanted first."""

    wanted: int
    parameters: dict[int, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    enough: threading.Event = field(default_factory=threading.Event)

    def answered(self) -> None:
        if len(self.parameters) + len(self.secrets) >= self.wanted:
            self.enough.set()


def put_parameters(connection: Connection, random: Random, ledger: Ledger) -> None:
    value = random.randbytes(8).hex()
    body = {"Name": "p", "Value": value, "Type": "SecureString", "Overwrite": True}
    answer = connection.json("ssm", "AmazonSSM.PutParameter", body)
    ledger.parameters[answer["Version"]] = value


def put_secrets(connection: Connection, random: Random, ledger: Ledger) -> None:
    value = random.randbytes(8).hex()
    body = {"SecretId": "s", "SecretString": value}
    answer = connection.json("secretsmanager", "secretsmanager.PutSecretValue", body)
    ledger.secrets[answer["VersionId"]] = value


def run_until_killed(
    endpoint: str,
    call: Callable[[Connection, Random, Ledger], None],
    random: Random,
    ledger: Ledger,
) -> None:
    with closing(Connection(endpoint)) as connection:
        try:
            for _ in range(_CALLS_MAX):
                call(connection, random, ledger)
                ledger.answered()
        except (OSError, HTTPException):
            return  # killed


@pytest.fixture
def seed() -> int:
    """Another one each time; set KILL_SEED to have that of a failure again."""
    return int(os.environ.get("KILL_SEED") or Random().randrange(1_000_000))


@pytest.mark.parametrize("number", range(_ROUNDS))
def test_what_was_answered_can_be_decrypted_after_a_restart(
    tmp_path: Path, seed: int, number: int
) -> None:
    random = Random(seed + number)
    ledger = Ledger(wanted=random.choice((1, 2, 50)))
    with ServerProcess(tmp_path) as server:
        server.client("secretsmanager").create_secret(Name="s")
        threads = [
            threading.Thread(
                target=run_until_killed,
                args=(server.endpoint, call, Random(random.random()), ledger),
            )
            for call in (put_parameters, put_secrets)
        ]
        for thread in threads:
            thread.start()
        assert ledger.enough.wait(20)
        server.kill()
        for thread in threads:
            thread.join()

    with ServerProcess(tmp_path) as server:
        problems = [*wrong_parameters(server, ledger), *wrong_secrets(server, ledger)]

    assert problems == [], f"KILL_SEED={seed}"


def wrong_parameters(server: ServerProcess, ledger: Ledger) -> list[str]:
    if not ledger.parameters:
        return []
    newest = max(ledger.parameters)
    pages = server.client("ssm").get_paginator("get_parameter_history")
    found = {
        each["Version"]: each["Value"]
        for page in pages.paginate(Name="p", WithDecryption=True)
        for each in page["Parameters"]
    }
    # The latest 100 versions are kept; one more may have been written without an answer.
    return [
        f"version {version} of the parameter is not what was put"
        for version, value in ledger.parameters.items()
        if version > newest - 99 and found.get(version) != value
    ]


def wrong_secrets(server: ServerProcess, ledger: Ledger) -> list[str]:
    secrets = server.client("secretsmanager")
    return [
        f"version {version_id} of the secret is not what was put"
        for version_id, value in ledger.secrets.items()
        if secrets.get_secret_value(SecretId="s", VersionId=version_id)["SecretString"] != value
    ]
