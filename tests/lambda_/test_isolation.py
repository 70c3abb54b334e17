"""Instances that are frozen between invocations, wrapped, or containers."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
from msgspec.structs import replace
from tests.lambda_.conftest import Runtime

from kamome.services.lambda_.runtimes.pool import InstancePool
from kamome.services.lambda_.runtimes.port import Image

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kamome.clock import Clock
    from kamome.services.lambda_.runtimes.process import ProcessHost


@pytest.fixture
async def make_runtime(
    make_host: Callable[[], ProcessHost], clock: Clock, tmp_path: Path
) -> AsyncIterator[Callable[..., Runtime]]:
    made: list[Runtime] = []

    def make(**settings: object) -> Runtime:
        host = replace(make_host(), **settings)
        pool = InstancePool(host.instance, clock, processes_max=2, idle_ms=300_000)
        made.append(Runtime(host, pool, tmp_path))
        return made[-1]

    yield make
    for runtime in made:
        await runtime.pool.close()


PID = "import os\ndef handler(event, context):\n    return os.getpid()\n"


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
class TestFreezing:
    async def test_process_stands_between_invocations(
        self, make_runtime: Callable[..., Runtime]
    ) -> None:
        runtime = make_runtime(is_freezing=True)
        spec = runtime.spec(PID)

        first = await runtime.invoke(spec)
        pid = int(first.outcome.payload)
        second = await runtime.invoke(spec)

        assert second.outcome.payload == first.outcome.payload
        await runtime.invoke(spec)
        stopped = os.WSTOPPED | os.WNOWAIT
        await asyncio.to_thread(os.waitid, os.P_PID, pid, stopped)  # returns when it has been
        assert state_of(pid) == "T"

    async def test_process_goes_on_without_the_setting(
        self, make_runtime: Callable[..., Runtime]
    ) -> None:
        runtime = make_runtime()

        report = await runtime.invoke(runtime.spec(PID))

        assert state_of(int(report.outcome.payload)) != "T"

    async def test_frozen_process_can_be_ended(self, make_runtime: Callable[..., Runtime]) -> None:
        runtime = make_runtime(is_freezing=True)
        await runtime.invoke(runtime.spec(PID))

        await runtime.pool.close()

        assert runtime.pool.count == 0


class TestWrapper:
    async def test_command_stands_before_the_function_and_knows_its_folders(
        self, make_runtime: Callable[..., Runtime]
    ) -> None:
        runtime = make_runtime(wrapper=("env", "SCRATCH={folder}", "CODE={code}"))
        spec = runtime.spec(
            "import os\n"
            "def handler(event, context):\n"
            "    return [os.environ['SCRATCH'] == os.environ['TMPDIR'], os.environ['CODE']]\n"
        )

        report = await runtime.invoke(spec)

        assert orjson.loads(report.outcome.payload) == [True, str(spec.code_folder)]

    async def test_limits_hold_behind_it(self, make_runtime: Callable[..., Runtime]) -> None:
        runtime = make_runtime(wrapper=("env",))
        spec = runtime.spec(
            "import resource as r\n"
            "def handler(event, context):\n"
            "    of = (r.RLIMIT_DATA, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE, r.RLIMIT_CORE)\n"
            "    return [r.getrlimit(one)[0] for one in of]\n"
        )

        report = await runtime.invoke(spec)

        assert orjson.loads(report.outcome.payload) == [1152 << 20, 512 << 20, 1024, 0]

    async def test_wrapper_that_is_not_there_is_a_failed_init(
        self, make_runtime: Callable[..., Runtime]
    ) -> None:
        runtime = make_runtime(wrapper=("no-such-program",))

        report = await runtime.invoke(runtime.spec(PID))

        assert report.outcome.kind == "exited"


# Stands for podman: `run` finds the runtime client where the image would have it.
FAKE_RUNTIME = """#!/bin/sh
echo "$@" >> {log}
case "$1" in
  run) exec {python} -m awslambdaric app.handler ;;
esac
"""


class TestContainers:
    async def test_image_runs_by_the_container_runtime(
        self, make_runtime: Callable[..., Runtime], tmp_path: Path
    ) -> None:
        program, log = tmp_path / "podman", tmp_path / "calls"
        program.write_text(FAKE_RUNTIME.format(log=log, python=sys.executable))
        program.chmod(0o755)
        runtime = make_runtime(container_runtime=str(program))
        image = Image("example.com/app:1", ("/entry", "x"), ("app.handler",), "/work")
        spec = replace(
            runtime.spec("def handler(event, context):\n    return event\n", SECRET="s3"),
            image=image,
        )

        report = await runtime.invoke(spec, {"a": 1})
        await runtime.pool.close()

        run, removal = log.read_text().splitlines()
        assert report.outcome.payload == b'{"a": 1}'
        assert run.startswith("run --rm --name kamome-function-")
        assert "--env SECRET " in run
        assert "s3" not in run  # its value is in no argument list
        assert "--env PATH" not in run
        assert run.endswith("--workdir /work --entrypoint /entry example.com/app:1 x app.handler")
        assert removal.startswith("rm --force kamome-function-")

    async def test_container_that_a_signal_has_ended_says_so(
        self, make_runtime: Callable[..., Runtime], tmp_path: Path
    ) -> None:
        program = tmp_path / "podman"
        program.write_text("#!/bin/sh\nexit 137\n")
        program.chmod(0o755)
        runtime = make_runtime(container_runtime=str(program))
        spec = replace(runtime.spec(PID), image=Image("example.com/app:1"))

        report = await runtime.invoke(spec)

        assert report.outcome.exit_code == -9
