"""S3 with clients that people use besides the SDK for Python. What is not installed is skipped.

s3cmd and rclone are Debian packages of these names; s3fs is on PyPI; the SDK for JavaScript is
found where `node` finds it (`NODE_PATH` may say where): @aws-sdk/client-s3, @aws-sdk/lib-storage.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Tenant

SIZE = 12 * 1024 * 1024 + 5
REGION = {"LocationConstraint": "eu-west-1"}
DEADLINE_S = 60
JAVASCRIPT = """
const { S3Client, PutObjectCommand, GetObjectCommand } = require("@aws-sdk/client-s3");
const { Upload } = require("@aws-sdk/lib-storage");
const { createReadStream, createWriteStream, statSync } = require("node:fs");
const { pipeline } = require("node:stream/promises");
const [endpoint, account, Bucket, source, target] = process.argv.slice(2);
const client = new S3Client({
  endpoint, region: "eu-west-1", forcePathStyle: true,
  credentials: { accessKeyId: account, secretAccessKey: "test" },
});
(async () => {
  const ContentLength = statSync(source).size;
  const Body = createReadStream(source);
  await client.send(new PutObjectCommand({ Bucket, Key: "stream", Body, ContentLength }));
  const parts = { Bucket, Key: "parts", Body: createReadStream(source) };
  await new Upload({ client, params: parts, partSize: 5 * 1024 * 1024, queueSize: 3 }).done();
  for (const Key of ["stream", "parts"]) {
    const answer = await client.send(new GetObjectCommand({ Bucket, Key }));
    await pipeline(answer.Body, createWriteStream(target + Key));
  }
})();
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file that needs several parts."""
    path = tmp_path / "source" / "large.bin"
    path.parent.mkdir()
    path.write_bytes(bytes(range(256)) * (SIZE // 256) + b"x" * (SIZE % 256))
    return path


@pytest.fixture
def bucket(kamome: Tenant) -> str:
    name = f"clients-{kamome.account}"
    kamome.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=REGION)
    return name


def run(*command: str, env: dict[str, str] | None = None) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**own, **(env or {})},
        timeout=DEADLINE_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def installed(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def test_s3cmd_puts_in_parts_lists_copies_syncs_and_removes(
    kamome: Tenant, source: Path, tmp_path: Path
) -> None:
    host = kamome.endpoint.removeprefix("http://")
    bucket = f"s3://cmd-{kamome.account}"
    command = [
        installed("s3cmd"),
        f"--config={tmp_path / 'none'}",
        f"--access_key={kamome.account}",
        "--secret_key=test",
        f"--host={host}",
        f"--host-bucket={host}/%(bucket)",
        "--no-ssl",
        "--no-progress",
        "--multipart-chunk-size-mb=5",
    ]

    run(*command, "mb", bucket)
    run(*command, "put", str(source), f"{bucket}/large")
    run(*command, "cp", f"{bucket}/large", f"{bucket}/copy")
    run(*command, "sync", f"{source.parent}/", f"{bucket}/synced/")
    run(*command, "get", f"{bucket}/copy", str(tmp_path / "back"))
    listed = run(*command, "ls", "-r", bucket)
    run(*command, "del", "-r", "-f", bucket)
    run(*command, "rb", bucket)

    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    keys = [line.split()[-1].rpartition("/")[2] for line in listed.splitlines()]
    assert sorted(keys) == ["copy", "large", "large.bin"]


def test_rclone_syncs_checks_and_copies(
    kamome: Tenant, bucket: str, source: Path, tmp_path: Path
) -> None:
    rclone = installed("rclone")
    settings = {
        "TYPE": "s3",
        "PROVIDER": "Other",  # rclone asks AWS by virtual-hosted names only
        "ENDPOINT": kamome.endpoint,
        "ACCESS_KEY_ID": kamome.account,
        "SECRET_ACCESS_KEY": "test",
        "REGION": "eu-west-1",
        "FORCE_PATH_STYLE": "true",
        "ACL": "bucket-owner-full-control",  # buckets have their ACLs disabled, as AWS's have
        "NO_CHECK_BUCKET": "true",
        "CHUNK_SIZE": "5M",
        "UPLOAD_CUTOFF": "6M",
    }
    env = {f"RCLONE_CONFIG_K_{name}": value for name, value in settings.items()}
    env["RCLONE_CONFIG"] = str(tmp_path / "rclone.conf")
    (source.parent / "a b+ü.txt").write_text("umlaut")
    remote = f"k:{bucket}/tree"

    run(rclone, "sync", str(source.parent), remote, env=env)
    run(rclone, "check", str(source.parent), remote, env=env)
    run(rclone, "copyto", f"{remote}/large.bin", f"{remote}/sub/copy", env=env)
    run(rclone, "copyto", f"{remote}/sub/copy", str(tmp_path / "back"), env=env)

    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    assert run(rclone, "cat", f"{remote}/a b+ü.txt", env=env) == "umlaut"
    assert set(run(rclone, "lsf", "-R", remote, env=env).splitlines()) == {
        "a b+ü.txt",
        "large.bin",
        "sub/",
        "sub/copy",
    }


S3FS = """
import sys
import s3fs

endpoint, account, bucket = sys.argv[1:]
files = s3fs.S3FileSystem(
    key=account,
    secret="test",
    endpoint_url=endpoint,
    client_kwargs={"region_name": "eu-west-1"},
)
with files.open(f"{bucket}/a/large", "wb", block_size=5 * 1024 * 1024) as file:
    for number in range(12):
        file.write(bytes([number]) * 1024 * 1024)
files.copy(f"{bucket}/a/large", f"{bucket}/b/copy")
with files.open(f"{bucket}/b/copy", "rb") as file:
    file.seek(7 * 1024 * 1024 - 1)
    print(file.read(2))
print(files.find(bucket))
files.rm(bucket, recursive=True)
print(files.exists(bucket))
"""


def test_s3fs_writes_in_parts_and_reads_anywhere(kamome: Tenant, bucket: str) -> None:
    # Not in our environment: it holds botocore below the one that we test with.
    python = shutil.which("python-of-clients")
    if python is None:
        pytest.skip("s3fs is not installed (make clients)")

    said = run(python, "-c", S3FS, kamome.endpoint, kamome.account, bucket)

    around, found, is_there = said.splitlines()
    assert around == repr(b"\x06\x07")
    assert found == repr([f"{bucket}/a/large", f"{bucket}/b/copy"])
    assert is_there == "False"


def test_javascript_sdk_streams_both_ways(
    kamome: Tenant, bucket: str, source: Path, tmp_path: Path
) -> None:
    node = installed("node")
    asked = "require.resolve('@aws-sdk/client-s3'); require.resolve('@aws-sdk/lib-storage')"
    if subprocess.run([node, "-e", asked], capture_output=True, check=False).returncode:
        pytest.skip("the AWS SDK for JavaScript is not where node looks for it")
    script, target = tmp_path / "stream.cjs", tmp_path / "back-"
    script.write_text(JAVASCRIPT)
    arguments = (kamome.endpoint, kamome.account, bucket, str(source), str(target))

    run(node, str(script), *arguments)

    for key in ("stream", "parts"):
        assert (tmp_path / f"back-{key}").read_bytes() == source.read_bytes()
