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
import select
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from kamome.clock import Clock, machine_ms
from kamome.services.lambda_.functions.environment import process_environment
from kamome.services.lambda_.limits import (
    DATA_LIMIT_SLACK_MB,
    FILE_DESCRIPTORS_MAX,
    INIT_S_MAX,
)
from kamome.services.lambda_.monitoring.log_lines import (
    EXIT_ERROR,
    end_line,
    exit_line,
    log_stream_name,
    report_line,
    start_line,
    timed_out_line,
)
from kamome.services.lambda_.runtimes.api import RuntimeApi
from kamome.services.lambda_.runtimes.containers import (
    CLIENT_PATH,
    client_environment,
    container_command,
    container_name,
    container_variables,
    removal_command,
)
from kamome.services.lambda_.runtimes.memory import MemoryWatch, Watched
from kamome.services.lambda_.runtimes.output import FunctionLogs, Output
from kamome.services.lambda_.runtimes.port import (
    OUT_OF_MEMORY,
    Invocation,
    Outcome,
    Report,
    RuntimeSpec,
)
from kamome.services.lambda_.runtimes.programs import NoProgram, cannot_exec, command_of

_MB = 1024 * 1024
_PID_FILE = "pid"
_REMOVAL_S_MAX = 10
_STATUS_BYTES_MAX = 4_096
# The kernel closes a process's connections before it tells of its end; the loop needs one pass to
# see that, and one to tell the connection's protocol.
_PASSES_UNTIL_LOST = 3
# A program that a signal has ended is told of as 128 and the signal's number.
_SIGNALLED = 128


class ProcessHost(msgspec.Struct, frozen=True):
    """What all instances on this machine share.

    `folder` holds one folder per living instance, `endpoint_url` gives the server's own address
    (known once it listens), `credentials` the access key and secret of an account. `is_freezing`
    stops processes between invocations (SIGSTOP), as AWS does. `wrapper` is a command that stands
    before each function's own, to isolate it; `{code}` and `{folder}` in it are the function's code
    and the instance's own folder. `container_runtime` is the path of podman or docker for functions
    that are images, empty for none.
    """

    clock: Clock
    unique: Callable[[int], str]
    folder: Path
    log_folder: Path
    endpoint_url: Callable[[], str]
    credentials: Callable[[str], tuple[str, str]]
    is_freezing: bool = False
    wrapper: tuple[str, ...] = ()
    container_runtime: str = ""
    logs: FunctionLogs = msgspec.field(default_factory=FunctionLogs)
    memory: MemoryWatch = msgspec.field(default_factory=MemoryWatch)

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
        self._api = RuntimeApi(self._freeze)
        log_name = f"{spec.account}/{spec.region}/{spec.function_name}.log"
        self._output = Output(host.logs.of(host.log_folder / log_name))
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._init_duration_ms: float | None = None
        self._max_memory_mb = 0
        self._killed_as: Outcome | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._watched: Watched | None = None
        self._is_frozen = False
        # Kept open, since both are asked in every invocation.
        self._end = self._status = -1
        self._end_poll: select.poll | None = None
        self._removal: list[str] = []

    @property
    def is_alive(self) -> bool:
        """Asks the operating system, so that a process that has just died is not handed work.

        A descriptor of the process is readable from its death on: to poll it takes a tenth of
        reading its state from procfs.
        """
        process = self._process
        if process is None or process.returncode is not None or self._killed_as is not None:
            return False
        # Without a descriptor (not Linux): believe the loop.
        return self._end_poll is None or not self._end_poll.poll(0)

    async def start(self) -> Outcome | None:
        """Start the process and wait for its first `/next`.

        An init may take 10 seconds and then goes on at the expense of the function's timeout, as
        if the invocation had begun. Returns how the init failed, or None.
        """
        began = machine_ms()
        try:
            await self._spawn()
        except (OSError, NoProgram) as error:
            self._output.close()
            self._api.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            if isinstance(error, NoProgram):
                return error.outcome
            return Outcome("exited", str(error).encode(), EXIT_ERROR)
        self._arm(INIT_S_MAX + self.spec.timeout_s)
        failure = await self._api.initialized
        self._disarm()
        self._init_duration_ms = machine_ms() - began
        self._output.drain()
        return failure

    async def invoke(self, invocation: Invocation) -> Report:
        """Run one invocation; after the timeout the process group is killed."""
        init_duration_ms, self._init_duration_ms = self._init_duration_ms, None
        if init_duration_ms is None:
            self._output.begin()
        self._output.note(start_line(invocation.request_id, self.spec.version))
        self._thaw()
        began = machine_ms()
        answer = self._api.offer(invocation)
        self._arm(self.spec.timeout_s)
        outcome = await answer
        self._disarm()
        duration_ms = machine_ms() - began
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
        self._kill(Outcome("exited", error_type=EXIT_ERROR, exit_code=-signal.SIGKILL))

    async def ended(self) -> None:
        """Return when the process has been reaped and its folder is gone."""
        if self._watcher is not None:
            await asyncio.wait([self._watcher])

    # ------------------------------------------------------------------ the process

    async def _spawn(self) -> None:
        spec, host = self.spec, self._host
        scratch = self._folder / "tmp"
        scratch.mkdir(parents=True)
        address = await self._api.start()
        command, environment = await self._command(scratch, address)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=spec.code_folder,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=self._output.writer,
                stderr=self._output.writer,
                start_new_session=True,
            )
        except OSError as error:
            raise cannot_exec(_as_at_aws(command[0], spec), error) from error
        with contextlib.suppress(OSError, AttributeError):
            self._end = os.pidfd_open(self._process.pid)
            self._end_poll = select.poll()
            self._end_poll.register(self._end, select.POLLIN)
            self._status = os.open(f"/proc/{self._process.pid}/status", os.O_RDONLY)
        self._output.watch()
        self._watcher = asyncio.create_task(self._watch(self._process))
        if self._killed_as is not None:  # meanwhile
            _kill_group(self._process.pid)
        if spec.image is None:  # a container has its memory limit of the container runtime
            pid, bytes_max = self._process.pid, spec.memory_mb * _MB
            self._watched = Watched(pid, bytes_max, self._pass_memory)
            if not host.wrapper:
                _limit(pid, spec)
        with contextlib.suppress(OSError):  # needed only to clear up after a killed server
            (self._folder / _PID_FILE).write_text(str(self._process.pid), "ascii")

    async def _command(self, scratch: Path, address: str) -> tuple[list[str], dict[str, str]]:
        """The command of the instance and its environment.

        Raises:
            NoProgram: nothing here can run the function.
        """
        spec, host = self.spec, self._host
        program: list[str] = []
        if spec.image is None:
            program = await asyncio.to_thread(command_of, spec)
        environment = process_environment(
            spec,
            runtime_api=address,
            log_stream=log_stream_name(host.clock.now_ms(), spec.version, self._id),
            folder=scratch,
            endpoint_url=host.endpoint_url(),
            credentials=host.credentials(spec.account),
            program_folder=Path(program[0]).parent if program else scratch,
        )
        if spec.image is not None:
            given = container_variables(environment, spec.variables)
            name = container_name(self._id)
            self._removal = removal_command(host.container_runtime, name)
            command = container_command(host.container_runtime, spec, name, given)
            return command, client_environment(given)
        if host.wrapper:
            places = {"{code}": str(spec.code_folder), "{folder}": str(scratch)}
            wrapper = [_filled(part, places) for part in host.wrapper]
            return [*_with_limits(spec), *wrapper, *program], environment
        return program, environment

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Wait for the end of the process, tell who waits for it, and clear up after it."""
        exit_code = await process.wait()
        for _ in range(_PASSES_UNTIL_LOST):
            await asyncio.sleep(0)
        self._output.drain()
        if self.spec.image is not None and exit_code > _SIGNALLED:
            exit_code = _SIGNALLED - exit_code  # as the client of a container runtime tells it
        outcome = Outcome("exited", error_type=EXIT_ERROR, exit_code=exit_code)
        self._api.end(self._killed_as or outcome)
        self._api.close()
        _kill_group(process.pid)  # what the function has started and left behind
        self._close_facts()
        await self._remove_container()
        self._output.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    def _close_facts(self) -> None:
        if self._watched is not None:
            self._host.memory.end(self._watched)
        self._end_poll = None
        for file in (self._end, self._status):
            if file >= 0:
                os.close(file)
        self._end = self._status = -1

    async def _remove_container(self) -> None:
        """A killed client of a container runtime leaves the container running."""
        if not self._removal or self._killed_as is None:
            return
        with contextlib.suppress(OSError, TimeoutError):
            removal = await asyncio.create_subprocess_exec(
                *self._removal,
                env={"PATH": CLIENT_PATH},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            async with asyncio.timeout(_REMOVAL_S_MAX):
                await removal.wait()

    def _freeze(self) -> None:
        """The runtime waits for an invocation: stop it, with all that it has started."""
        if self._host.is_freezing and self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGSTOP)
                self._is_frozen = True

    def _thaw(self) -> None:
        if self._is_frozen and self._process is not None:
            self._is_frozen = False
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGCONT)

    def _kill(self, outcome: Outcome) -> None:
        if self._killed_as is not None:
            return
        self._killed_as = outcome
        self._read_max_memory()
        if self._process is not None and self._process.returncode is None:
            _kill_group(self._process.pid)
        self._api.end(outcome)

    def _pass_memory(self) -> None:
        self._kill(Outcome("exited", error_type=OUT_OF_MEMORY, exit_code=-signal.SIGKILL))

    def _arm(self, timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        if self._watched is not None:
            self._host.memory.begin(self._watched)
        timed_out = Outcome("timed_out", error_type="Sandbox.Timedout")
        self._deadline = loop.call_later(timeout_s, self._kill, timed_out)

    def _disarm(self) -> None:
        if self._watched is not None:
            self._host.memory.end(self._watched)
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
        elif outcome.kind == "exited":
            lines += exit_line(request_id, outcome)
        self._output.note(lines)

    def _read_max_memory(self) -> None:
        """VmHWM, the peak resident size; stays as it was where the process cannot be asked."""
        if self._status < 0:
            return
        with contextlib.suppress(OSError, ValueError, IndexError):
            status = os.pread(self._status, _STATUS_BYTES_MAX, 0)
            kib = int(status.split(b"VmHWM:", 1)[1].split(maxsplit=1)[0])
            self._max_memory_mb = max(self._max_memory_mb, -(-kib // 1024))


def _as_at_aws(program: str, spec: RuntimeSpec) -> str:
    """The path of a bootstrap in /var/task or /opt, where AWS has it."""
    for folder, place in (
        (spec.code_folder, "/var/task"),
        *((one, "/opt") for one in spec.layer_folders),
    ):
        if Path(program).is_relative_to(folder):
            return f"{place}/{Path(program).relative_to(folder)}"
    return program


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _filled(part: str, places: Mapping[str, str]) -> str:
    for place, path in places.items():
        part = part.replace(place, path)
    return part


def _limits_of(spec: RuntimeSpec) -> dict[int, int]:
    return {
        resource.RLIMIT_DATA: (spec.memory_mb + DATA_LIMIT_SLACK_MB) * _MB,
        resource.RLIMIT_FSIZE: spec.ephemeral_storage_mb * _MB,
        resource.RLIMIT_NOFILE: FILE_DESCRIPTORS_MAX,
        resource.RLIMIT_CORE: 0,
    }


def _limit(pid: int, spec: RuntimeSpec) -> None:
    """Limits that need no privilege, set from outside while the interpreter is still starting."""
    prlimit = getattr(resource, "prlimit", None)
    if prlimit is None:  # not Linux: the function runs without them
        return
    with contextlib.suppress(OSError, ValueError):
        for which, limit in _limits_of(spec).items():
            prlimit(pid, which, (limit, limit))


def _with_limits(spec: RuntimeSpec) -> list[str]:
    """A shell that sets the limits before the wrapper starts the function, which inherits them.

    From outside they would come too late for a wrapper that has forked by then. `ulimit` counts the
    data segment in KiB and files in blocks of 512 bytes.
    """
    limits = _limits_of(spec)
    data, size = limits[resource.RLIMIT_DATA] // 1024, limits[resource.RLIMIT_FSIZE] // 512
    script = (
        f"ulimit -d {data}; ulimit -f {size}; ulimit -n {limits[resource.RLIMIT_NOFILE]};"
        ' ulimit -c 0; exec "$0" "$@"'
    )
    return ["/bin/sh", "-c", script]
