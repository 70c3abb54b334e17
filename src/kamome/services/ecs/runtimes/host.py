"""Finds the command that runs a container: by the image mapping, else by a container runtime.

With podman or docker the container shares the machine's network, so that the server's address in
its environment holds there, too. Its variables are handed over by name: their values are in no
argument list. The client itself has the home of who runs the server, where a rootless podman keeps
its images and docker its logins.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from kamome.services.ecs.images import Program, find_program, working_folder
from kamome.services.ecs.limits import COMPLAINT_CHARACTERS_MAX
from kamome.services.ecs.runtimes.port import CannotRun, Command, ContainerSpec
from kamome.services.ecs.runtimes.process import run_shortly

RUNTIMES = ("podman", "docker")
_PULL_S_MAX = 600
# AWS: ECS API Reference, ContainerDefinition, cpu: fewer are passed to Linux as 2.
_CPU_SHARES_MIN = 2
# Variables that mean this machine and its container runtime. A container has them where its
# definition names them; the client reads them, too, so they are not handed over by name.
_OF_THE_MACHINE = frozenset(
    {
        "CONTAINERS_CONF",
        "CONTAINER_HOST",
        "DOCKER_CONFIG",
        "DOCKER_HOST",
        "HOME",
        "HOSTNAME",
        "PATH",
        "TMPDIR",
        "XDG_RUNTIME_DIR",
    }
)
# What the clients of podman and docker read of their user's environment.
_CLIENT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Host:
    """This machine, as far as containers know it.

    `runtime` is the path of podman or docker, empty for none.
    """

    def __init__(self, images: Mapping[str, Program], runtime: str) -> None:
        self._images = images
        self._runtime = runtime

    async def command_for(self, spec: ContainerSpec) -> Command:
        """The command of a container; a container runtime pulls the image if it is not there.

        Raises:
            CannotRun: the image cannot be had, or there is nothing to be executed in it.
        """
        program = find_program(self._images, spec.image)
        if program is not None:
            return _mapped(program, spec)
        if not self._runtime:
            raise CannotRun(
                _cannot_pull(spec.image, "not found: the setting task_images does not name it")
            )
        await self._pull(spec.image)
        return self._contained(spec)

    async def _pull(self, image: str) -> None:
        client = {"PATH": _CLIENT_PATH}
        code, _ = await run_shortly([self._runtime, "image", "inspect", image], client)
        if code == 0:
            return
        code, complaint = await run_shortly(
            [self._runtime, "pull", "--quiet", image], client, seconds=_PULL_S_MAX
        )
        if code:
            raise CannotRun(_cannot_pull(image, complaint or f"{self._runtime} exited with {code}"))

    def _contained(self, spec: ContainerSpec) -> Command:
        name = f"kamome-{spec.token}"
        arguments = [self._runtime, "run", "--rm", "--name", name, "--network", "host"]
        given = {k: v for k, v in spec.environment.items() if k not in _OF_THE_MACHINE}
        for key in given:
            arguments += ["--env", key]
        for key in sorted(_OF_THE_MACHINE & spec.own_variables):
            arguments += ["--env", f"{key}={spec.environment[key]}"]
        if spec.working_directory:
            arguments += ["--workdir", spec.working_directory]
        for mount in (*spec.mounts, *((spec.config,) if spec.config is not None else ())):
            end = ":ro" if mount.is_read_only else ""
            arguments += ["--volume", f"{mount.source}:{mount.target}{end}"]
        if spec.memory_mb:
            arguments += ["--memory", f"{spec.memory_mb}m"]
        if spec.cpu_units:
            arguments += ["--cpu-shares", str(max(spec.cpu_units, _CPU_SHARES_MIN))]
        for limit, (soft, hard) in spec.ulimits.items():
            arguments += ["--ulimit", f"{limit}={soft}:{hard}"]
        command = list(spec.command)
        if spec.entry_point:
            arguments += ["--entrypoint", spec.entry_point[0]]
            command = [*spec.entry_point[1:], *command]
        return Command(
            [*arguments, spec.image, *command],
            spec.folder,
            {**given, "PATH": _CLIENT_PATH},
            removal=[self._runtime, "rm", "--force", name],
            inside=[self._runtime, "exec", name],
            # Not by a signal to the client: that of a rootless podman then drops the last output.
            termination=[self._runtime, "kill", "--signal", "TERM", name],
        )


def find_runtime(wanted: str) -> str:
    """The path of the container runtime that a setting asks for; `auto` takes what is installed."""
    names: Sequence[str] = RUNTIMES if wanted == "auto" else (wanted,) if wanted != "none" else ()
    return next((path for name in names if (path := shutil.which(name))), "")


def _mapped(program: Program, spec: ContainerSpec) -> Command:
    arguments = [*program.prefix, *spec.entry_point, *spec.command]
    if not arguments:
        raise CannotRun(
            "CannotStartContainerError: no command specified: the container has neither command"
            " nor entryPoint, and its image is mapped to a directory"
        )
    _check_mounts(spec)
    folder = working_folder(program, spec.working_directory, spec.scratch)
    found = _executable(arguments[0], folder, spec.environment["PATH"])
    if not found:
        raise CannotRun(
            f'CannotStartContainerError: exec: "{arguments[0]}": executable file not found in $PATH'
        )
    return Command([found, *arguments[1:]], folder, spec.environment)


def _check_mounts(spec: ContainerSpec) -> None:
    """A process sees this machine's files: a volume is for it where it is, or not at all."""
    for mount in spec.mounts:
        if Path(mount.target).resolve() != mount.source.resolve():
            raise CannotRun(
                f"CannotStartContainerError: {mount.source} cannot be mounted at {mount.target} of"
                " a container that runs as a process: use the same path for both, or a container"
                " runtime"
            )


def _executable(name: str, folder: Path, search_path: str) -> str:
    """The file that a name means in the container, empty where there is none."""
    if "/" not in name:
        return shutil.which(name, path=search_path) or ""
    path = folder / name
    return str(path) if path.is_file() and os.access(path, os.X_OK) else ""


def _cannot_pull(image: str, complaint: str) -> str:
    shown = complaint.splitlines()[-1][:COMPLAINT_CHARACTERS_MAX]
    return (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to"
        f" resolve ref {image}: {shown}"
    )
