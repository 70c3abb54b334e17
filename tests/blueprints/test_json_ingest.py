"""The json-ingest blueprint: its function with and without a queue, and its deployment."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kamome.cli.json_ingest import load_modules_of

if TYPE_CHECKING:
    from tests.conftest import Tenant

BLUEPRINT = Path(__file__).resolve().parents[2] / "blueprints" / "json-ingest"
DEPLOY, APP = load_modules_of(BLUEPRINT)
GOOD = b'{"id": "A-1", "customer": "ne-001", "lines": [{"quantity": 2, "price_yen": 300}]}'


@dataclass
class FakeStore:
    """The bucket and the table."""

    files: dict[str, bytes]
    recorded: list[dict[str, Any]] = field(default_factory=list)

    def read(self, bucket: str, key: str) -> bytes:
        assert bucket == "files"
        return self.files[key]

    def is_known_customer(self, customer: str) -> bool:
        return customer == "ne-001"

    def record(self, order: dict[str, Any]) -> None:
        self.recorded.append(order)


def message(number: int, *keys: str) -> dict[str, str]:
    records = [{"s3": {"bucket": {"name": "files"}, "object": {"key": key}}} for key in keys]
    return {"messageId": f"m{number}", "body": json.dumps({"Records": records})}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> FakeStore:
    stranger = GOOD.replace(b"ne-001", b"ne-999")
    made = FakeStore({"a b.json": GOOD, "poison.json": b"{", "stranger.json": stranger})
    monkeypatch.setattr(APP, "Store", lambda: made)
    return made


BATCH = {
    "Records": [
        message(1, "poison.json"),
        message(2, "a+b.json"),
        message(3, "stranger.json"),
        {"messageId": "m4", "body": json.dumps({"Event": "s3:TestEvent"})},
    ]
}


def test_failures_are_reported_one_by_one(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORT_FAILURES", "1")

    answer = APP.handler(BATCH, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m3"}]}
    assert store.recorded == [{"id": "A-1", "customer": "ne-001", "lines": 1, "total_yen": 600}]


def test_one_failure_fails_the_batch_where_none_is_reported(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REPORT_FAILURES", raising=False)

    with pytest.raises(RuntimeError, match="2 of 4"):
        APP.handler(BATCH, None)

    assert len(store.recorded) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"id": 1}', GOOD.replace(b"300", b'"x"'), b"\xff"],
    ids=["empty", "list", "no lines", "price", "bytes"],
)
def test_file_that_is_no_order_is_told_so(content: bytes) -> None:
    with pytest.raises(APP.BadFile):
        APP.read_order(content)


def test_files_are_tried_without_any_queue() -> None:
    files = sorted(str(path) for path in (BLUEPRINT / "files").glob("*.json"))

    ended = subprocess.run(
        [sys.executable, str(BLUEPRINT / "functions" / "ingest" / "app.py"), *files],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stdout.count('"total_yen"') == 9
    assert "poison.json: no order" in ended.stdout


@dataclass(frozen=True)
class TenantSession:
    """What the script needs of a `boto3.Session`, for one account of the test server."""

    tenant: Tenant

    @property
    def region_name(self) -> str:
        return self.tenant.region

    def client(self, service: str) -> Any:  # boto3's clients are made at run time
        return self.tenant.client(service)


def test_deploying_twice_gives_the_same_system(kamome: Tenant) -> None:
    session = TenantSession(kamome)

    first = DEPLOY.deploy(session, DEPLOY.Config(reports_failures=False))
    second = DEPLOY.deploy(session, DEPLOY.Config())

    assert first == second
    (mapping,) = kamome.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 9}
    assert len(kamome.client("sqs").list_queues()["QueueUrls"]) == 2
