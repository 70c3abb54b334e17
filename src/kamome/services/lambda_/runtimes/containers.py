"""Functions whose package is a container image: the command that runs one by podman or docker.

The image brings its own runtime client, which finds the Runtime API by its environment; so the
container shares the machine's network. Variables are handed over by name: their values are in no
argument list. The client itself has the home of who runs the server, where a rootless podman keeps
its images and docker its logins.

AWS: Lambda Developer Guide, Create a Lambda function using a container image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kamome.services.lambda_.runtimes.port import RuntimeSpec

# What of an instance's environment means this machine's folders, not the image's.
_OF_THE_MACHINE = frozenset(
    {
        "HOME",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LD_LIBRARY_PATH",
        "NODE_PATH",
        "PATH",
        "PYTHONPATH",
        "TMPDIR",
        "_HANDLER",
    }
)
# Variables that the clients of podman and docker read, too: a function's own are not handed over by
# name, or they would change where the client looks.
_OF_THE_CLIENT = frozenset(
    {
        "CONTAINERS_CONF",
        "CONTAINER_HOST",
        "DOCKER_CONFIG",
        "DOCKER_HOST",
        "HOME",
        "PATH",
        "TMPDIR",
        "XDG_RUNTIME_DIR",
    }
)
# What the clients of podman and docker look for programs in.
CLIENT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def container_name(instance_id: str) -> str:
    """What the container of an instance is called."""
    return f"kamome-function-{instance_id}"


def container_command(
    runtime: str, spec: RuntimeSpec, name: str, variables: Mapping[str, str]
) -> list[str]:
    """The command of an instance: `docker run …`, pulling the image where it is not there.

    It is run with `client_environment`, which has the values.
    """
    image = spec.image
    assert image is not None
    command = [runtime, "run", "--rm", "--name", name, "--network", "host"]
    command += ["--memory", f"{spec.memory_mb}m"]
    for variable, value in variables.items():
        is_the_client_s = variable in _OF_THE_CLIENT
        command += ["--env", f"{variable}={value}" if is_the_client_s else variable]
    if image.working_directory:
        command += ["--workdir", image.working_directory]
    arguments: Sequence[str] = image.command
    if image.entry_point:
        command += ["--entrypoint", image.entry_point[0]]
        arguments = [*image.entry_point[1:], *arguments]
    return [*command, image.uri, *arguments]


def client_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of the client that runs a container with these variables."""
    given = {name: value for name, value in variables.items() if name not in _OF_THE_CLIENT}
    return {**given, "PATH": CLIENT_PATH}


def removal_command(runtime: str, name: str) -> list[str]:
    """What ends a container whose client has been killed."""
    return [runtime, "rm", "--force", name]


def container_variables(environment: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The variables of the container: the function's `own` ones all, of ours those that hold."""
    return {
        name: value
        for name, value in environment.items()
        if name in own or name not in _OF_THE_MACHINE
    }
