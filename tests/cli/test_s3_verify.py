"""`kamome s3 verify`: finds bodies that are not what was written, and only those."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from click.testing import CliRunner

from kamome.cli.main import main
from kamome.config import Settings
from kamome.testing.server import ServerThread

if TYPE_CHECKING:
    from pathlib import Path


def fill(data: Path) -> None:
    settings = Settings(data=str(data), port=0, smtp_port=0)
    with ServerThread(settings) as server:
        s3 = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{server.app.port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        s3.create_bucket(Bucket="orders")
        s3.put_object(Bucket="orders", Key="small", Body=b"x" * 1000)
        s3.put_object(Bucket="orders", Key="large", Body=b"x" * 700_000)
        upload_id = s3.create_multipart_upload(Bucket="orders", Key="parts")["UploadId"]
        part = s3.upload_part(
            Bucket="orders", Key="parts", UploadId=upload_id, PartNumber=1, Body=b"y" * 300_000
        )
        s3.complete_multipart_upload(
            Bucket="orders",
            Key="parts",
            UploadId=upload_id,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
        )
        s3.close()


def verify(data: Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["s3", "verify", "--data", str(data)])
    return result.exit_code, result.output


def test_whole_bodies_are_counted(tmp_path: Path) -> None:
    fill(tmp_path)

    status, output = verify(tmp_path)

    assert status == 0, output
    assert "3 versions, 1001000 bytes read, 0 damaged." in output


def test_damaged_body_is_named_and_the_others_are_not(tmp_path: Path) -> None:
    fill(tmp_path)
    largest = max((tmp_path / "blobs").rglob("*"), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[400_000] ^= 1
    largest.write_bytes(content)

    status, output = verify(tmp_path)

    assert status == 1
    assert "orders/large (null): block 1" in output
    assert "orders/small" not in output
    assert "1 damaged." in output


def test_folder_without_data_is_refused(tmp_path: Path) -> None:
    status, output = verify(tmp_path)

    assert status == 2
    assert "holds no data of Kamome" in output
