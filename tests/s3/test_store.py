"""Statements of S3: each uses an index, and the model's words are S3's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kamome.errors import AwsError
from kamome.protocols.model import Violation
from kamome.services.s3 import errors, store
from kamome.services.s3.objects.put_object import put_object
from kamome.services.s3.operations import OPERATIONS, resource_of, violation

if TYPE_CHECKING:
    from tests.s3.conftest import World

    from kamome.storage.engine import Row

STATEMENTS = {
    name: sql
    for name, sql in vars(store).items()
    if name.isupper() and isinstance(sql, str) and re.match(r"\s*(SELECT|UPDATE|DELETE)", sql)
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_statement_uses_an_index_and_sorts_nothing(world: World, name: str) -> None:
    sql = STATEMENTS[name]

    plan = world.engine.all(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?"))

    details = " | ".join(str(row[3]) for row in plan)
    assert "SEARCH" in details
    assert "SCAN" not in details
    assert "TEMP B-TREE" not in details


async def test_million_keys_under_one_prefix_cost_one_seek(world: World) -> None:
    await world.bucket()
    await world.put("zebra")
    bucket = world.s3.store.bucket("aws", "orders")
    assert bucket is not None
    with world.engine.atomic():
        world.engine.write(
            """
            WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
            INSERT INTO s3_object SELECT ?, CAST(printf('logs/%07d', i) AS BLOB), '', 0, '', 0,
              'STANDARD', 'CRC64NVME', '', '', x'7b7d', 'null', 0, 'FULL_OBJECT', 0 FROM n
            """,
            (bucket.bucket_id,),
        )
    read = CountedRows(world)

    page = await world.call("ListObjectsV2", Bucket="orders", Delimiter="/")

    assert page["CommonPrefixes"] == [{"Prefix": "logs/"}]
    assert [row["Key"] for row in page["Contents"]] == ["zebra"]
    assert read.rows < 10


class CountedRows:
    """Counts the rows that the store reads for listings."""

    def __init__(self, world: World) -> None:
        self.rows = 0
        all_rows = world.engine.all

        def counted(sql: str, params: object = ()) -> list[Row]:
            rows = all_rows(sql, params)  # type: ignore[arg-type]  # passed on as it came
            self.rows += len(rows)
            return rows

        world.engine.all = counted  # type: ignore[method-assign]  # the store's only way to read


@pytest.mark.parametrize(
    ("member", "kind", "error"),
    [
        ("QueueArn", "required", errors.MalformedXML),
        ("LocationConstraint", "enum", errors.InvalidLocationConstraint),
        ("StorageClass", "enum", errors.InvalidStorageClass),
        ("ServerSideEncryption", "enum", errors.InvalidEncryptionAlgorithmError),
        ("ChecksumAlgorithm", "enum", errors.InvalidRequest),
        ("MaxBuckets", "max_value", errors.InvalidArgument),
        ("Events", "enum", errors.InvalidArgument),
        ("ACL", "enum", errors.InvalidArgument),
    ],
)
def test_value_outside_the_model_gets_the_error_of_s3(
    member: str, kind: str, error: type[AwsError]
) -> None:
    found = Violation(member, kind, (), "x", member)  # type: ignore[arg-type]  # a row of a table

    assert isinstance(violation([found]), error)


def test_journeys_show_bucket_and_key() -> None:
    assert resource_of({"Bucket": "orders", "Key": "a/b"}) == "orders/a/b"
    assert resource_of({"Bucket": "orders"}) == "orders"
    assert resource_of({}) == ""


def test_table_names_operations_as_aws_does() -> None:
    assert OPERATIONS["PutObject"] is put_object
    assert list(OPERATIONS) == sorted(OPERATIONS)
