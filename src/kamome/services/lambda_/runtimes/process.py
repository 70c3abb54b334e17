"""One execution environment as a process of this machine.

The function runs with the server's own rights, in its own session and process
group, with an environment made from nothing. That keeps functions out of each other's way; it is
no wall against hostile code. Its timeout is real elapsed time, whatever the clock says: user code
lives in real time.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec

from kamome.clock import Clock
from kamome.services.lambda_.environment import process_environment
from kamome.services.lambda_.limits import (
    DATA_LIMIT_SLACK_MB,
    FILE_DESCRIPTORS_MAX,
    INIT_S_MAX,
)
from kamome.services.lambda_.log_lines import (
    end_line,
    log_stream_name,
    report_line,
    start_line,
    timed_out_line,
)
from kamome.services.lambda_.runtimes.api import RuntimeApi
from kamome.services.lambda_.runtimes.output import FunctionLog, Output
from kamome.services.lambda_.runtimes.port import Invocation, Outcome, Report, RuntimeSpec
from kamome.services.lambda_.runtimes.programs import NoProgram, command_of

_MB = 1024 * 1024
_PID_FILE = "pid"
# The kernel closes a process's connections before it tells of its end; the loop needs one pass to
# see that, and one to tell the connection's protocol.
_PASSES_UNTIL_LOST = 3


class ProcessHost(msgspec.Struct, frozen=True):
    """What all instances on this machine share.

    `folder` holds one folder per living instance, `endpoint_url` gives the server's own address
    (known once it listens), `credentials` the access key and secret of an account.
    """

    clock: Clock
    unique: Callable[[int], str]
    folder: Path
    log_folder: Path
    endpoint_url: Callable[[], str]
    credentials: Callable[[str], tuple[str, str]]

    def instance(self, spec: RuntimeSpec) -> ProcessInstance:
        """A new instance, not yet started."""
        return ProcessInstance(self, spec)

    def remove_leftovers(self) -> int:
        """End what an earlier run of the server left when it was killed; returns how many.

        A process is one of ours if its TMPDIR is the folder that names it; a process id that now
        belongs to another program is left alone.
        """
        ended = 0
        if not self.folder.exists():
            return 0
        for folder in self.folder.iterdir():
            with contextlib.suppress(OSError, ValueError):
                pid = int((folder / _PID_FILE).read_text("ascii"))
                variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                if f"TMPDIR={folder / 'tmp'}".encode() in variables:
                    _kill_group(pid)
                    ended += 1
            shutil.rmtree(folder, ignore_errors=True)
        return ended


class ProcessInstance:
    """See `port.Instance`."""

    def __init__(self, host: ProcessHost, spec: RuntimeSpec) -> None:
        self.spec = spec
        self._host = host
        self._id = host.unique(32)
        self._folder = host.folder / self._id
        self._api = RuntimeApi()
        log_name = f"{spec.account}/{spec.region}/{spec.function_name}.log"
        self._output = Output(FunctionLog(host.log_folder / log_name))
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._init_duration_ms: float | None = None
        self._max_memory_mb = 0
        self._killed_as: Outcome | None = None
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def is_alive(self) -> bool:
        """Asks the operating system, so that a process that has just died is not handed work."""
        process = self._process
        if process is None or process.returncode is not None or self._killed_as is not None:
            return False
        try:
            with open(f"/proc/{process.pid}/stat", "rb") as file:  # noqa: PTH123 - 4 µs less
                return file.read().rpartition(b")")[2].split(maxsplit=1)[0] not in {b"Z", b"X"}
        except FileNotFoundError:
            return not Path("/proc/self").exists()  # no procfs on this system: believe the loop
        except ProcessLookupError:
            return False

    async def start(self) -> Outcome | None:
        """Start the process and wait for its first `/next`.

        An init may take 10 seconds and then goes on at the expense of the function's timeout, as
        if the invocation had begun. Returns how the init failed, or None.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await self._spawn()
        except (OSError, NoProgram) as error:
            self._output.close()
            self._api.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            if isinstance(error, NoProgram):
                return error.outcome
            return Outcome("exited", str(error).encode(), "Runtime.ExitError", 1)
        self._arm(INIT_S_MAX + self.spec.timeout_s)
        failure = await self._api.initialized
        self._disarm()
        self._init_duration_ms = (loop.time() - began) * 1000
        self._output.drain()
        return failure

    async def invoke(self, invocation: Invocation) -> Report:
        """Run one invocation; after the timeout the process group is killed."""
        loop = asyncio.get_running_loop()
        init_duration_ms, self._init_duration_ms = self._init_duration_ms, None
        if init_duration_ms is None:
            self._output.begin()
        self._output.note(start_line(invocation.request_id, self.spec.version))
        began = loop.time()
        answer = self._api.offer(invocation)
        self._arm(self.spec.timeout_s)
        outcome = await answer
        self._disarm()
        duration_ms = (loop.time() - began) * 1000
        self._read_max_memory()
        self._output.drain()
        self._note_end(invocation.request_id, outcome, duration_ms, init_duration_ms)
        return Report(
            outcome, duration_ms, init_duration_ms, self._max_memory_mb, self._output.tail
        )

    def report_failed_init(self, request_id: str, failure: Outcome) -> Report:
        """The report of an invocation that never reached the runtime."""
        self._output.note(start_line(request_id, self.spec.version))
        duration_ms = self._init_duration_ms or 0.0
        self._note_end(request_id, failure, duration_ms, None)
        return Report(failure, duration_ms, None, self._max_memory_mb, self._output.tail)

    def kill(self) -> None:
        """SIGKILL to the process group."""
        self._kill(Outcome("exited", error_type="Runtime.ExitError", exit_code=-signal.SIGKILL))

    async def ended(self) -> None:
        """Return when the process has been reaped and its folder is gone."""
        if self._watcher is not None:
            await asyncio.wait([self._watcher])

    # ------------------------------------------------------------------ the process

    async def _spawn(self) -> None:
        spec, host = self.spec, self._host
        scratch = self._folder / "tmp"
        scratch.mkdir(parents=True)
        command = await asyncio.to_thread(command_of, spec)
        address = await self._api.start()
        self._process = await asyncio.create_subprocess_exec(
            *command,
            cwd=spec.code_folder,
            env=process_environment(
                spec,
                runtime_api=address,
                log_stream=log_stream_name(host.clock.now_ms(), spec.version, self._id),
                folder=scratch,
                endpoint_url=host.endpoint_url(),
                credentials=host.credentials(spec.account),
                program_folder=Path(command[0]).parent,
            ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._output.writer,
            stderr=self._output.writer,
            start_new_session=True,
        )
        self._output.watch()
        self._watcher = asyncio.create_task(self._watch(self._process))
        if self._killed_as is not None:  # meanwhile
            _kill_group(self._process.pid)
        _limit(self._process.pid, spec)
        with contextlib.suppress(OSError):  # needed only to clear up after a killed server
            (self._folder / _PID_FILE).write_text(str(self._process.pid), "ascii")

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Wait for the end of the process, tell who waits for it, and clear up after it."""
        exit_code = await process.wait()
        for _ in range(_PASSES_UNTIL_LOST):
            await asyncio.sleep(0)
        self._output.drain()
        outcome = Outcome("exited", error_type="Runtime.ExitError", exit_code=exit_code)
        self._api.end(self._killed_as or outcome)
        self._api.close()
        _kill_group(process.pid)  # what the function has started and left behind
        self._output.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    def _kill(self, outcome: Outcome) -> None:
        if self._killed_as is not None:
            return
        self._killed_as = outcome
        self._read_max_memory()
        if self._process is not None and self._process.returncode is None:
            _kill_group(self._process.pid)
        self._api.end(outcome)

    def _arm(self, timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        timed_out = Outcome("timed_out", error_type="Sandbox.Timedout")
        self._deadline = loop.call_later(timeout_s, self._kill, timed_out)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _note_end(
        self,
        request_id: str,
        outcome: Outcome,
        duration_ms: float,
        init_duration_ms: float | None,
    ) -> None:
        spec = self.spec
        lines = end_line(request_id) + report_line(
            request_id,
            outcome,
            duration_ms=duration_ms,
            init_duration_ms=init_duration_ms,
            memory_mb=spec.memory_mb,
            max_memory_mb=self._max_memory_mb,
        )
        if outcome.kind == "timed_out":
            lines += timed_out_line(request_id, self._host.clock.now_ms(), spec.timeout_s)
        self._output.note(lines)

    def _read_max_memory(self) -> None:
        """VmHWM, the peak resident size; stays as it was where the process cannot be asked."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(OSError, ValueError, IndexError):
            status = Path(f"/proc/{self._process.pid}/status").read_bytes()
            kib = int(status.split(b"VmHWM:", 1)[1].split(maxsplit=1)[0])
            self._max_memory_mb = max(self._max_memory_mb, -(-kib // 1024))


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _limit(pid: int, spec: RuntimeSpec) -> None:
    """Limits that need no privilege, set from outside while the interpreter is still starting."""
    prlimit = getattr(resource, "prlimit", None)
    if prlimit is None:  # not Linux: the function runs without them
        return
    data = (spec.memory_mb + DATA_LIMIT_SLACK_MB) * _MB
    limits = {
        resource.RLIMIT_DATA: data,
        resource.RLIMIT_FSIZE: spec.ephemeral_storage_mb * _MB,
        resource.RLIMIT_NOFILE: FILE_DESCRIPTORS_MAX,
        resource.RLIMIT_CORE: 0,
    }
    with contextlib.suppress(OSError, ValueError):
        for which, limit in limits.items():
            prlimit(pid, which, (limit, limit))
