"""The kill test of S3: after a kill each key has its old or its new body, whole, or none.

Five clients change a key each, over and over: by overwriting it (one with a key of KMS, which is
made with the first object), by completing a multipart upload, by copying, by deleting. The server
is killed at random moments. What was answered must hold after the restart; of what was on its way,
either all or nothing has happened.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from tests.durability.server_process import ServerProcess, rounds
from tests.file_events import wait_for_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_ROUNDS = rounds(6)
_BUCKET = "kill"
_KEYS = ("overwrite", "sealed", "source", "copy", "delete", "multipart")
_BODY_BYTES = 200_000  # lies in a file of its own
_PART_BYTES = 5 * 1024**2


@dataclass
class Key:
    """What a key was answered to have, and what has been tried since. None: no object."""

    answered: bytes | None = None
    tries: list[bytes | None] = field(default_factory=list)

    def change(self, body: bytes | None, call: Callable[[], object]) -> None:
        self.tries.append(body)
        call()
        self.answered, self.tries = body, []

    def allowed(self) -> list[bytes | None]:
        return [self.answered, *self.tries]


class Clients:
    """One function per way of changing a key; each makes the change once."""

    def __init__(self, server: ServerProcess, keys: dict[str, Key]) -> None:
        self.s3 = server.client("s3")
        self.keys = keys

    def overwrite(self, random: Random) -> None:
        self._put("overwrite", random.randbytes(_BODY_BYTES))

    def sealed(self, random: Random) -> None:
        body = random.randbytes(_BODY_BYTES)
        encryption = {"ServerSideEncryption": "aws:kms", "BucketKeyEnabled": True}
        self.keys["sealed"].change(
            body,
            lambda: self.s3.put_object(Bucket=_BUCKET, Key="sealed", Body=body, **encryption),
        )

    def copy(self, random: Random) -> None:
        body = random.randbytes(_BODY_BYTES)
        self._put("source", body)
        source = {"Bucket": _BUCKET, "Key": "source"}
        self.keys["copy"].change(
            body, lambda: self.s3.copy_object(Bucket=_BUCKET, Key="copy", CopySource=source)
        )

    def delete(self, random: Random) -> None:
        self._put("delete", random.randbytes(_BODY_BYTES))
        self.keys["delete"].change(
            None, lambda: self.s3.delete_object(Bucket=_BUCKET, Key="delete")
        )

    def multipart(self, random: Random) -> None:
        bodies = [random.randbytes(64) * (_PART_BYTES // 64), random.randbytes(1000)]
        where = {"Bucket": _BUCKET, "Key": "multipart"}
        where["UploadId"] = self.s3.create_multipart_upload(**where)["UploadId"]
        named = []
        for number, body in enumerate(bodies, start=1):
            part = self.s3.upload_part(**where, PartNumber=number, Body=body)
            named.append({"PartNumber": number, "ETag": part["ETag"]})
        self.keys["multipart"].change(
            b"".join(bodies),
            lambda: self.s3.complete_multipart_upload(**where, MultipartUpload={"Parts": named}),
        )

    def run(self, call: Callable[[Random], None], random: Random) -> None:
        try:
            for _ in range(200):
                call(random)
        except (ClientError, BotoCoreError, OSError):
            return  # killed

    def _put(self, name: str, body: bytes) -> None:
        self.keys[name].change(
            body, lambda: self.s3.put_object(Bucket=_BUCKET, Key=name, Body=body)
        )


def test_after_a_kill_each_key_has_its_old_or_its_new_body(tmp_path: Path) -> None:
    random = Random(6)
    keys = {name: Key() for name in _KEYS}
    with ServerProcess(tmp_path) as server:
        server.client("s3").create_bucket(Bucket=_BUCKET)
        clients = Clients(server, keys)
        for begin in (clients.overwrite, clients.sealed, clients.copy, clients.multipart):
            begin(random)

    for round_number in range(_ROUNDS):
        with ServerProcess(tmp_path) as server:
            _check(server.client("s3"), keys)
            _work_until_killed(server, keys, random, delay_s=0.3 + 0.2 * round_number)

    with ServerProcess(tmp_path) as server:
        s3 = server.client("s3")
        _check(s3, keys)
        assert all(key.answered is not None for name, key in keys.items() if name != "delete")
        _check_nothing_is_left_over(s3, tmp_path)


def _work_until_killed(
    server: ServerProcess, keys: dict[str, Key], random: Random, *, delay_s: float
) -> None:
    threads = []
    for name in ("overwrite", "sealed", "copy", "delete", "multipart"):
        clients = Clients(server, keys)
        own = Random(random.random())
        thread = threading.Thread(target=clients.run, args=(getattr(clients, name), own))
        thread.start()
        threads.append(thread)
    threads[0].join(delay_s)
    server.kill()
    for thread in threads:
        thread.join()


def _check(s3: Any, keys: dict[str, Key]) -> None:
    for name, key in keys.items():
        try:
            got = s3.get_object(Bucket=_BUCKET, Key=name)
            found = got["Body"].read()
        except ClientError as error:
            assert error.response["Error"]["Code"] == "NoSuchKey"
            found = None
        assert found in key.allowed(), f"{name} is neither old nor new"
        if found is not None and name not in ("multipart", "sealed"):
            assert got["ETag"].strip('"') == hashlib.md5(found).hexdigest()
        key.answered, key.tries = found, []


def _check_nothing_is_left_over(s3: Any, data: Path) -> None:
    """With all objects and uploads gone, no body is left in any file."""
    for upload in s3.list_multipart_uploads(Bucket=_BUCKET).get("Uploads", ()):
        s3.abort_multipart_upload(Bucket=_BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
    for each in s3.list_objects_v2(Bucket=_BUCKET).get("Contents", ()):
        s3.delete_object(Bucket=_BUCKET, Key=each["Key"])
    s3.delete_bucket(Bucket=_BUCKET)
    # Files go after their rows, and what kills have left behind while the server is working.
    for folder in (data / "blobs").iterdir():
        wait_for_files(folder, partial(_is_empty, folder))


def _is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())
