"""What a killed server has answered is there when it starts again: keys and what they seal."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.durability.server_process import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

_ROUNDS = 3
_KEYS_PER_ROUND = 20

pytestmark = pytest.mark.slow


def test_keys_that_were_answered_decrypt_after_each_kill(tmp_path: Path) -> None:
    sealed: list[tuple[str, bytes]] = []

    for _ in range(_ROUNDS):
        with ServerProcess(tmp_path / "data") as server:
            kms = server.client("kms")
            for key_id, blob in sealed:
                assert kms.decrypt(CiphertextBlob=blob, KeyId=key_id)["Plaintext"] == b"secret"
            enough = threading.Event()
            worker = threading.Thread(target=_make_keys, args=(server, sealed, enough))
            worker.start()
            assert enough.wait(60)
            server.kill()
            worker.join(60)

    assert len(sealed) >= _ROUNDS * _KEYS_PER_ROUND
    with ServerProcess(tmp_path / "data") as server:
        kms = server.client("kms")
        for key_id, blob in sealed:
            assert kms.decrypt(CiphertextBlob=blob, KeyId=key_id)["Plaintext"] == b"secret"


def _make_keys(
    server: ServerProcess, sealed: list[tuple[str, bytes]], enough: threading.Event
) -> None:
    """Keys, each rotated once, until the server is killed in the middle of one."""
    kms = server.client("kms")
    with suppress(BotoCoreError, ClientError):
        for number in range(10_000):
            key_id = kms.create_key()["KeyMetadata"]["KeyId"]
            blob = kms.encrypt(KeyId=key_id, Plaintext=b"secret")["CiphertextBlob"]
            sealed.append((key_id, blob))
            kms.rotate_key_on_demand(KeyId=key_id)
            if number == _KEYS_PER_ROUND:
                enough.set()
