"""Log routing, judged by a Forward receiver of others: npm's `@fluent-org/logger`.

`npm install @fluent-org/logger` into a folder of NODE_PATH runs it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.file_events import until_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ecs.conftest import World

_NODE = shutil.which("node")
# The router: appends each event to a file, and goes when it is told to.
_SCRIPT = """
const { FluentServer } = require('@fluent-org/logger');
const fs = require('fs');
const server = new FluentServer({ listenOptions:
  { host: process.env.FLUENT_HOST, port: Number(process.env.FLUENT_PORT) } });
server.on('entry', (tag, time, record) =>
  fs.appendFileSync(process.argv[1], JSON.stringify([tag, record]) + '\\n'));
server.listen();
process.on('SIGTERM', () => server.close().then(() => process.exit(0)));
"""


def _has_library() -> bool:
    if _NODE is None:
        return False
    look = [_NODE, "-e", "require.resolve('@fluent-org/logger')"]
    return subprocess.run(look, capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(
    not _has_library(), reason="node finds no package @fluent-org/logger (npm install it)"
)


async def test_library_reads_what_a_container_has_said(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    path = [{"name": "NODE_PATH", "value": os.environ.get("NODE_PATH", "")}]
    router: dict[str, object] = {
        "name": "log_router",
        "command": [_NODE, "-e", _SCRIPT, str(out)],
        "environment": path,
        "firelensConfiguration": {"type": "fluentd"},
    }
    talking = "trap 'exit 0' TERM; echo one; echo two >&2; while :; do sleep 0.02; done"
    app: dict[str, object] = {
        "name": "app",
        "command": ["sh", "-c", talking],
        "logConfiguration": {"logDriver": "awsfirelens"},
    }
    await world.define(router, app)
    arn = await world.run_one()
    await until_files(out.parent, lambda: out.exists() and len(out.read_text().splitlines()) == 2)

    next(iter(world.ecs.running.tasks.values())).stop()
    await world.ended(arn)

    events = [json.loads(line) for line in out.read_text().splitlines()]
    assert {tag for tag, _ in events} == {f"app-firelens-{arn.rpartition('/')[2]}"}
    assert {(record["source"], record["log"]) for _, record in events} == {
        ("stdout", "one"),
        ("stderr", "two"),
    }
