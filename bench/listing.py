"""Pages of a listing: a bucket of 1,000,000 keys beside one of 1,000.

    python bench/run.py --only listing

The rows are written by the store itself, ten thousand in a step, as a million requests would take
an hour; the pages are asked for by HTTP.
"""

from __future__ import annotations

import asyncio
import http.client
import statistics
import tempfile
import time
from pathlib import Path

import boto3
from servers import kamome

from kamome.app import App
from kamome.config import Settings
from kamome.services.s3.objects.object_rows import StoredObject

_MANY, _FEW = 1_000_000, 1_000
_STEP = 10_000
_ROUNDS = 15


def run_listing() -> dict[str, object]:
    """Time pages at the beginning, in the middle, and below a common prefix; print the ratios."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        asyncio.run(_fill(folder))
        with kamome(data=Path(folder)) as server:
            return _measure(server.port)


async def _fill(folder: str) -> None:
    app = App(Settings(port=0, smtp_port=0, data=folder))
    await app.start()
    for name, count in (("many", _MANY), ("few", _FEW)):
        await asyncio.to_thread(_make, app.port, name)
        store = app.slices.s3.store
        bucket = store.bucket("aws", name)
        assert bucket is not None
        for first in range(0, count, _STEP):
            with store.atomic():
                for number in range(first, min(count, first + _STEP)):
                    store.put_object(bucket.bucket_id, _row(number))
            await app.kernel.engine.durable()
    await app.stop()


def _make(port: int, bucket: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.create_bucket(Bucket=bucket)


def _row(number: int) -> StoredObject:
    key = f"folder-{number % 10}/key-{number:07}".encode()
    etag, checksum = f"{number:032x}", "AAAAAAAAAAA="
    return StoredObject(
        key, f"{number:032x}", 1, etag, 0, "STANDARD", "CRC64NVME", checksum, "", {}
    )


def _measure(port: int) -> dict[str, object]:
    pages = {
        "first page": "list-type=2",
        "page in the middle": "list-type=2&start-after=folder-5/",
        "page of prefixes": "list-type=2&delimiter=/",
    }
    connection = http.client.HTTPConnection("127.0.0.1", port)
    figures: dict[str, object] = {}
    for name, query in pages.items():
        times: dict[str, list[float]] = {"many": [], "few": []}
        for _ in range(_ROUNDS):
            for bucket, own in times.items():
                began = time.perf_counter()
                connection.request("GET", f"/{bucket}?{query}")
                answer = connection.getresponse()
                answer.read()
                own.append((time.perf_counter() - began) * 1000)
                assert answer.status == 200
        many, few = (statistics.median(times[bucket]) for bucket in ("many", "few"))
        # A bucket of 1,000 keys has half a page behind its middle.
        size = 0.5 if "middle" in name else 1.0
        figures[name] = {"many_ms": many, "few_ms": few}
        print(
            f"{name:20} {many:7.1f} ms with {_MANY:,} keys, {few:7.1f} ms with {_FEW:,}"
            f"{' (half a page)' if size < 1 else ''}"
        )
    connection.close()
    return figures
