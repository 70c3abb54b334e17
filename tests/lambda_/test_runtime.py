"""Real processes on the real Runtime API."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
from msgspec.structs import replace

from kamome.clock import Clock
from kamome.services.lambda_.invocation.payloads import result_of
from kamome.services.lambda_.runtimes.memory import is_over
from kamome.services.lambda_.runtimes.port import Invocation
from kamome.services.lambda_.runtimes.process import ProcessHost

if TYPE_CHECKING:
    from tests.lambda_.conftest import Runtime

REQUEST_ID = "11111111-2222-4333-8444-555555555555"


async def test_function_gets_its_event_and_context(runtime: Runtime) -> None:
    spec = runtime.spec(
        "def handler(event, context):\n"
        "    return [event, context.aws_request_id, context.invoked_function_arn,\n"
        "            context.function_name, context.memory_limit_in_mb,\n"
        "            0 < context.get_remaining_time_in_millis() <= 5000]\n"
    )

    report = await runtime.invoke(spec, {"注文": 1})

    assert report.outcome.kind == "response"
    assert orjson.loads(report.outcome.payload) == [
        {"注文": 1},
        "11111111-2222-4333-8444-555555555555",
        "arn:aws:lambda:eu-west-1:000000000000:function:f",
        "f",
        "128",
        True,
    ]


async def test_instance_is_warm_the_second_time(runtime: Runtime) -> None:
    spec = runtime.spec(
        "import os\ncount = 0\n"
        "def handler(event, context):\n"
        "    global count\n    count += 1\n    return [count, os.getpid()]\n"
    )

    first = await runtime.invoke(spec)
    second = await runtime.invoke(spec)

    assert first.init_duration_ms is not None
    assert second.init_duration_ms is None
    one, two = orjson.loads(first.outcome.payload), orjson.loads(second.outcome.payload)
    assert (one[0], two[0]) == (1, 2)
    assert one[1] == two[1]


async def test_exception_becomes_the_error_document(runtime: Runtime) -> None:
    spec = runtime.spec("def handler(event, context):\n    raise ValueError('no such order')\n")

    report = await runtime.invoke(spec)

    document = orjson.loads(report.outcome.payload)
    assert report.outcome.kind == "error"
    assert document["errorType"] == "ValueError"
    assert document["errorMessage"] == "no such order"
    assert document["requestId"] == "11111111-2222-4333-8444-555555555555"
    assert "app.py" in document["stackTrace"][0]


async def test_instance_survives_an_exception(runtime: Runtime) -> None:
    spec = runtime.spec(
        "import os\ndef handler(event, context):\n"
        "    if event: raise ValueError('x')\n    return os.getpid()\n"
    )
    first = await runtime.invoke(spec)

    await runtime.invoke(spec, 1)

    assert (await runtime.invoke(spec)).outcome.payload == first.outcome.payload


async def test_missing_module_fails_the_init(runtime: Runtime) -> None:
    report = await runtime.invoke(runtime.spec("import no_such_module\n"))

    assert report.outcome.kind == "error"
    assert report.outcome.error_type == "Runtime.ImportModuleError"
    assert b"No module named 'no_such_module'" in report.outcome.payload


async def test_exit_during_init_is_an_exit_error(runtime: Runtime) -> None:
    report = await runtime.invoke(runtime.spec("import os\nos._exit(3)\n"))

    assert report.outcome.kind == "exited"
    assert report.outcome.exit_code == 3


@pytest.mark.parametrize(
    ("statement", "exit_code"),
    [
        pytest.param("import sys; sys.exit(0)", 0, id="sys.exit"),
        pytest.param("import os; os._exit(7)", 7, id="os._exit"),
        pytest.param("import os; os.kill(os.getpid(), 9)", -9, id="killed"),
    ],
)
async def test_end_of_the_process_ends_the_invocation(
    runtime: Runtime, statement: str, exit_code: int
) -> None:
    spec = runtime.spec(f"def handler(event, context):\n    {statement}\n")

    report = await runtime.invoke(spec)

    assert report.outcome.kind == "exited"
    assert report.outcome.exit_code == exit_code
    assert b"Status: error\tError Type: Runtime.ExitError" in report.log_tail


async def test_timeout_kills_the_function_and_all_it_started(
    runtime: Runtime, tmp_path: Path
) -> None:
    spec = runtime.spec(
        "import subprocess, time\n"
        "def handler(event, context):\n"
        "    child = subprocess.Popen(['sleep', '60'])\n"
        "    open(event, 'w').write(str(child.pid))\n"
        "    time.sleep(60)\n",
        timeout_s=1,
    )

    report = await runtime.invoke(spec, str(tmp_path / "child"))

    assert report.outcome.kind == "timed_out"
    assert report.outcome.error_type == "Sandbox.Timedout"
    assert b"Task timed out after 1.00 seconds" in report.log_tail
    assert b"Status: timeout" in report.log_tail
    assert await _is_gone(int((tmp_path / "child").read_text()))


async def test_large_response_is_refused(runtime: Runtime) -> None:
    spec = runtime.spec("def handler(event, context):\n    return 'x' * event\n")

    fits = await runtime.invoke(spec, 6 * 1024 * 1024)
    report = await runtime.invoke(spec, 6 * 1024 * 1024 + 200)

    assert fits.outcome.kind == "response"
    assert report.outcome.kind == "too_large"
    assert report.outcome.error_type == "Function.ResponseSizeTooLarge"


class TestMemory:
    GROWS = "held = b'x' * (300 << 20); import time; time.sleep(60)"

    @pytest.mark.parametrize(
        "source",
        [
            pytest.param(f"def handler(event, context):\n    {GROWS}\n", id="in an invocation"),
            pytest.param(GROWS, id="in the init"),
            pytest.param(
                "import subprocess, sys\n"
                "def handler(event, context):\n"
                f'    subprocess.run([sys.executable, "-c", "{GROWS}"])\n'
                "    import time; time.sleep(60)\n",
                id="in a program that it has started",
            ),
        ],
    )
    async def test_function_that_passes_its_memory_size_is_killed(
        self, runtime: Runtime, source: str
    ) -> None:
        report = await runtime.invoke(runtime.spec(source, timeout_s=30))

        result = result_of(REQUEST_ID, report.outcome, report.log_tail, 30)
        document = orjson.loads(result.payload)
        assert document["errorType"] == "Runtime.ExitError"
        assert document["errorMessage"].endswith("Runtime exited with error: signal: killed")
        assert b"Status: error\tError Type: Runtime.OutOfMemory" in report.log_tail
        assert report.log_tail.endswith(b"signal: killed\nRuntime.ExitError\n")

    async def test_memory_that_is_only_reserved_does_not_count(self, runtime: Runtime) -> None:
        spec = runtime.spec(
            "import mmap\n"
            "def handler(event, context):\n"
            "    return len(mmap.mmap(-1, 900 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))\n"
        )

        report = await runtime.invoke(spec)

        assert report.outcome.payload == str(900 << 20).encode()

    async def test_more_than_can_be_outrun_is_an_error_of_the_function(
        self, runtime: Runtime
    ) -> None:
        spec = runtime.spec("def handler(event, context):\n    return len(bytearray(10**10))\n")

        report = await runtime.invoke(spec)

        assert report.outcome.error_type == "MemoryError"

    async def test_pages_that_a_fork_shares_count_once(self, runtime: Runtime) -> None:
        spec = runtime.spec(
            "import os, signal\n"
            "def handler(event, context):\n"
            "    global held\n"
            "    held = b'x' * (64 << 20)\n"
            "    for _ in range(3):\n"
            "        if not os.fork():\n"
            "            signal.pause()\n"
            "    return os.getpid()\n"
        )

        pid = orjson.loads((await runtime.invoke(spec)).outcome.payload)

        assert is_over(pid, 60 << 20)
        assert not is_over(pid, 120 << 20)


async def test_log_tail_holds_the_lines_of_the_invocation(runtime: Runtime) -> None:
    spec = runtime.spec(
        "import sys, logging\nprint('init line')\n"
        "def handler(event, context):\n"
        "    print('out', event); print('err', file=sys.stderr)\n"
        "    logging.getLogger().warning('warned')\n"
    )
    await runtime.invoke(spec, 1)

    tail = (await runtime.invoke(spec, 2)).log_tail.decode()

    lines = tail.splitlines()
    assert lines[0] == "START RequestId: 11111111-2222-4333-8444-555555555555 Version: $LATEST"
    assert lines[1:3] == ["out 2", "err"]
    assert lines[3].startswith("[WARNING]")
    assert lines[3].endswith("warned")
    assert lines[4] == "END RequestId: 11111111-2222-4333-8444-555555555555"
    assert lines[5].startswith("REPORT RequestId: 11111111-2222-4333-8444-555555555555\tDuration: ")
    assert "init line" not in tail


async def test_lines_of_lambda_begin_at_the_margin(runtime: Runtime) -> None:
    spec = runtime.spec("def handler(event, context):\n    print('half a line', end='')\n")

    lines = (await runtime.invoke(spec)).log_tail.decode().splitlines()

    assert lines[1] == "half a line"
    assert lines[2].startswith("END RequestId: ")


async def test_log_tail_is_the_last_4_kb(runtime: Runtime, tmp_path: Path) -> None:
    spec = runtime.spec("def handler(event, context):\n    print('x' * 100_000)\n")

    report = await runtime.invoke(spec)

    assert len(report.log_tail) == 4096
    assert b"REPORT" in report.log_tail
    log = tmp_path / "logs/000000000000/eu-west-1/f.log"
    assert log.read_bytes().count(b"x") >= 100_000


async def test_environment_is_made_from_nothing(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_SECRET", "leaked")
    spec = runtime.spec(
        "import os\ndef handler(event, context):\n    return dict(os.environ)\n",
        STAGE="test",
        TZ="Asia/Tokyo",
    )

    seen = orjson.loads((await runtime.invoke(spec)).outcome.payload)

    assert "SERVER_SECRET" not in seen
    assert seen["STAGE"] == "test"
    assert seen["TZ"] == "Asia/Tokyo"
    assert seen["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "f"
    assert seen["_HANDLER"] == "app.handler"
    assert seen["_X_AMZN_TRACE_ID"] == "Root=1-68e60000-0123456789abcdef01234567"
    assert seen["LAMBDA_TASK_ROOT"] == str(spec.code_folder)
    assert seen["HOME"] == seen["TMPDIR"]


async def test_trace_cannot_add_headers(runtime: Runtime) -> None:
    spec = runtime.spec(
        "import os\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n"
    )
    evil = replace(_invocation(), trace="Root=1-0-0\r\nLambda-Runtime-Deadline-Ms: 1\r\n\r\n注文")

    report = await runtime.pool.run(spec, lambda: evil)

    assert orjson.loads(report.outcome.payload) == "Root=1-0-0Lambda-Runtime-Deadline-Ms: 1"


async def test_instance_has_its_own_temporary_folder(runtime: Runtime, tmp_path: Path) -> None:
    spec = runtime.spec(
        "import tempfile\ndef handler(event, context):\n    return tempfile.gettempdir()\n"
    )
    folder = orjson.loads((await runtime.invoke(spec)).outcome.payload)
    assert folder.startswith(str(tmp_path / "instances"))

    await runtime.pool.close()

    assert not Path(folder).exists()


async def test_dead_instance_swallows_no_invocation(runtime: Runtime) -> None:
    spec = runtime.spec("import os\ndef handler(event, context):\n    return os.getpid()\n")
    pid = orjson.loads((await runtime.invoke(spec)).outcome.payload)
    os.kill(pid, signal.SIGKILL)

    report = await runtime.invoke(spec)

    assert report.outcome.kind == "response"
    assert orjson.loads(report.outcome.payload) != pid


async def test_invocation_offered_to_an_ended_runtime_is_not_delivered(runtime: Runtime) -> None:
    spec = runtime.spec(
        "import os, threading, time\n"
        "def handler(event, context):\n"
        "    threading.Timer(0.05, os._exit, [5]).start()\n"
        "    return os.getpid()\n"
    )
    started = await runtime.pool.acquire(spec)
    instance = started.instance
    first: Invocation = _invocation()
    pid = orjson.loads((await instance.invoke(first)).outcome.payload)
    assert await _is_gone(pid)
    assert not instance.is_alive

    report = await instance.invoke(first)

    assert report.outcome.kind == "undelivered"
    runtime.pool.release(instance)


async def test_idle_instance_ends_by_the_clock(runtime: Runtime, clock: Clock) -> None:
    spec = runtime.spec("import os\ndef handler(event, context):\n    return os.getpid()\n")
    pid = orjson.loads((await runtime.invoke(spec)).outcome.payload)

    await clock.advance(299_999)
    assert Path(f"/proc/{pid}").exists()
    await clock.advance(1)

    assert await _is_gone(pid)


async def test_leftovers_of_a_killed_server_are_ended(
    runtime: Runtime, make_host: Callable[[], ProcessHost]
) -> None:
    spec = runtime.spec("import os\ndef handler(event, context):\n    return os.getpid()\n")
    pid = orjson.loads((await runtime.invoke(spec)).outcome.payload)

    ended = make_host().remove_leftovers()

    assert ended == 1
    assert await _is_gone(pid)


def _invocation() -> Invocation:
    return Invocation("r-1", b"null", 1 << 41, "arn", "Root=1-0-0")


async def _is_gone(pid: int) -> bool:
    """Whether a process has ended, reaped or not; the kernel says when it does."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(process, ended.set)
    try:
        async with asyncio.timeout(30):
            await ended.wait()
    finally:
        loop.remove_reader(process)
        os.close(process)
    return True
