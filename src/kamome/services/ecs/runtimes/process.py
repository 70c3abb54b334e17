"""One container as a process: started in its own session, ended with its whole group.

It runs with the server's own rights. That keeps tasks out of each other's way; it is no wall
against hostile code. Its time limits are real elapsed time: user code lives in real time.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kamome.services.ecs.environment import METADATA_VARIABLE
from kamome.services.ecs.limits import ROUTED_LAST_S
from kamome.services.ecs.runtimes.fluent_forward import LineWriter, RoutedLines
from kamome.services.ecs.runtimes.output import ContainerLog, Output
from kamome.services.ecs.runtimes.port import CannotRun, Command, ContainerSpec

_TOKEN_FILE = "token"  # noqa: S105 - the name of a file
_REMOVAL_S_MAX = 10
# Names of ulimits and what Linux calls them; the others need privileges or have no counterpart.
_LIMITS = {
    "core": resource.RLIMIT_CORE,
    "cpu": resource.RLIMIT_CPU,
    "data": resource.RLIMIT_DATA,
    "fsize": resource.RLIMIT_FSIZE,
    "memlock": resource.RLIMIT_MEMLOCK,
    "nofile": resource.RLIMIT_NOFILE,
    "nproc": resource.RLIMIT_NPROC,
    "rss": resource.RLIMIT_RSS,
    "stack": resource.RLIMIT_STACK,
}


class ContainerProcess:
    """The process of one container, from its start to the removal of its folder.

    Its stdout and stderr are one, but where lines are routed: there each line says which it is of.
    """

    def __init__(self, spec: ContainerSpec, command: Command, now_ms: Callable[[], int]) -> None:
        self._spec = spec
        self._command = command
        self._log = ContainerLog(spec.log_file)
        self._lines = RoutedLines(spec.route, now_ms) if spec.route is not None else None
        self._output = Output(self._sink("stdout"))
        self._errors = Output(self._sink("stderr")) if self._lines is not None else self._output
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process.

        Raises:
            CannotRun: the program is not there, or cannot be executed.
        """
        spec, command = self._spec, self._command
        try:
            spec.scratch.mkdir(parents=True, exist_ok=True)
            (spec.folder / _TOKEN_FILE).write_text(spec.token, "ascii")
            self._process = await asyncio.create_subprocess_exec(
                *command.arguments,
                cwd=command.folder,
                env=dict(command.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=self._output.writer,
                stderr=self._errors.writer,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            await self._close_output()
            raise CannotRun(
                f'CannotStartContainerError: exec: "{command.arguments[0]}": {error}'
            ) from error
        for output in {self._output, self._errors}:
            output.watch()
        if not command.removal:  # a container has its limits of the container runtime
            _limit(self._process.pid, spec.ulimits)

    async def wait(self) -> int:
        """The return code of the process; what it has left running is ended with it."""
        assert self._process is not None
        code = await self._process.wait()
        self._kill_group(signal.SIGKILL)
        await self._close_output()
        return code

    async def terminate(self) -> None:
        """Ask it to end: SIGTERM to the process, or to that of the container it stands for.

        A client of a container runtime whose container is not there yet has the signal itself.
        """
        termination = self._command.termination
        if termination:
            code, _ = await run_shortly(termination, self._command.environment)
            if code == 0:
                return
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    async def kill(self) -> None:
        """End it, and what a container runtime runs on its behalf."""
        if self._command.removal:
            await run_shortly(self._command.removal, self._command.environment)
        if self._process is not None and self._process.returncode is None:
            self._kill_group(signal.SIGKILL)

    async def check(self, command: Sequence[str], timeout_s: float) -> bool:
        """Whether a command that runs where the container does ends well, and in time."""
        own = self._command
        arguments = [*own.inside, *command]
        code, _ = await run_shortly(
            arguments, own.environment, seconds=timeout_s, folder=own.folder
        )
        return code == 0

    def _sink(self, source: str) -> ContainerLog | RoutedLog:
        if self._lines is None:
            return self._log
        return RoutedLog(self._log, self._lines.source(source))

    async def _close_output(self) -> None:
        """Take what is left of the output, and wait a little for its way to the router."""
        for output in {self._output, self._errors}:
            output.close()
        if self._lines is not None:
            lost = await self._lines.finish(ROUTED_LAST_S)
            if lost:
                self._log.write(f"{lost} lines were not taken by the log router\n".encode())

    def _kill_group(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


class RoutedLog:
    """A container's log whose text goes to its router as well."""

    def __init__(self, log: ContainerLog, writer: LineWriter) -> None:
        self._log = log
        self._writer = writer

    def write(self, text: bytes) -> None:
        """Add output."""
        self._log.write(text)
        self._writer.write(text)

    def end(self) -> None:
        """Nothing more comes."""
        self._writer.end()


async def run_shortly(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    seconds: float = _REMOVAL_S_MAX,
    folder: Path | None = None,
) -> tuple[int, str]:
    """Run a program to its end, or end it after some seconds: exit code and what it complained."""
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            env=dict(environment),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return 127, str(error)
    try:
        _, complaint = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        return 124, f"not done within {seconds:g} seconds"
    return process.returncode or 0, complaint.decode("utf-8", "replace").strip()


def remove_leftovers(folder: Path) -> int:
    """End the processes that an earlier run of the server has left; returns how many.

    A process is one of ours if the token of a task's folder is in its environment, so children
    that have left their parent are found, too, and a process id that now belongs to another
    program is left alone.
    """
    if not folder.exists():
        return 0
    tokens = set()
    for file in folder.glob(f"*/*/{_TOKEN_FILE}"):
        with contextlib.suppress(OSError, ValueError):
            tokens.add(file.read_text("ascii"))
    ended = 0
    for process in Path("/proc").glob("[0-9]*") if tokens else ():
        with contextlib.suppress(OSError):
            if _token_of((process / "environ").read_bytes()) in tokens:
                os.kill(int(process.name), signal.SIGKILL)
                ended += 1
    for task in folder.iterdir():
        shutil.rmtree(task, ignore_errors=True)
    return ended


def _token_of(environ: bytes) -> str:
    prefix = f"{METADATA_VARIABLE}=".encode()
    for variable in environ.split(b"\0"):
        if variable.startswith(prefix):
            return variable.rpartition(b"/")[2].decode("ascii", "replace")
    return ""


def _limit(pid: int, ulimits: Mapping[str, tuple[int, int]]) -> None:
    """The container's ulimits, set from outside; those above the server's own cannot be."""
    prlimit = getattr(resource, "prlimit", None)
    if prlimit is None:  # not Linux: the container runs without them
        return
    limits = {"core": (0, 0), **ulimits}
    for name, (soft, hard) in limits.items():
        if name in _LIMITS:
            with contextlib.suppress(OSError, ValueError):
                prlimit(pid, _LIMITS[name], (soft, hard))
