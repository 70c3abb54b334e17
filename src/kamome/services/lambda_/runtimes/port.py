"""What an execution environment is to the rest of Lambda, whatever runs it (process, container).

AWS: Lambda Developer Guide, Understanding the Lambda execution environment lifecycle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from kamome.services.lambda_.runtimes.response_stream import ResponseStream

# What the REPORT line calls an end by SIGKILL for passing the memory size.
OUT_OF_MEMORY = "Runtime.OutOfMemory"

OutcomeKind = Literal[
    "response",  # the runtime posted a response
    "error",  # the runtime posted an error document, for the invocation or for its init
    "too_large",  # the response passed 6 MB
    "exited",  # the process ended while it had the invocation
    "timed_out",  # the function's timeout passed; the process group has been killed
    "undelivered",  # the instance ended before any runtime took the invocation
]


class Image(msgspec.Struct, frozen=True):
    """A container image, and what of its own configuration is replaced."""

    uri: str
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_directory: str = ""


class RuntimeSpec(msgspec.Struct, frozen=True):
    """One revision of a function, as its instances need it. Equal `key`s share instances.

    `layer_folders` are its unpacked layers, the one that was added last first. `initialization` is
    what the function reads in AWS_LAMBDA_INITIALIZATION_TYPE. With an `image` there is neither
    runtime nor handler nor code folder.
    """

    key: str
    account: str
    region: str
    function_name: str
    function_arn: str
    version: str
    runtime: str
    handler: str
    code_folder: Path
    log_group: str
    variables: Mapping[str, str]
    timeout_s: int
    memory_mb: int
    ephemeral_storage_mb: int
    layer_folders: tuple[Path, ...] = ()
    initialization: str = "on-demand"
    image: Image | None = None


class Invocation(msgspec.Struct, frozen=True):
    """One event on its way to a runtime. `deadline_ms` is the machine's own epoch time.

    `stream` takes the response as it is written, where the function writes it so and the caller
    reads it so; None makes it one piece in any case.
    """

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace: str
    client_context: str = ""
    stream: ResponseStream | None = None


class Outcome(msgspec.Struct, frozen=True):
    """How an invocation, or the init before it, ended.

    `payload` is the response or the error document; of a process that has `exited`, why, where that
    says more than its exit code: it could not be started.
    """

    kind: OutcomeKind
    payload: bytes = b""
    error_type: str = ""
    exit_code: int | None = None


class Report(msgspec.Struct, frozen=True):
    """An outcome with what the instance measured. Times are real milliseconds of the process."""

    outcome: Outcome
    duration_ms: float
    init_duration_ms: float | None
    max_memory_mb: int
    log_tail: bytes


class Instance(Protocol):
    """One execution environment: serves one invocation at a time, then waits for the next."""

    @property
    def spec(self) -> RuntimeSpec:
        """What it runs."""

    @property
    def is_alive(self) -> bool:
        """Whether it could take an invocation now, as far as the operating system tells."""

    async def start(self) -> Outcome | None:
        """Start it and wait for the end of its init; the failure of that, or None."""

    async def invoke(self, invocation: Invocation) -> Report:
        """Hand over one invocation and wait for how it ended, at most the function's timeout."""

    def report_failed_init(self, request_id: str, failure: Outcome) -> Report:
        """The report of the invocation for which it was started, when `start` has failed."""

    def kill(self) -> None:
        """End it, whatever it is doing, with everything it has started."""

    async def ended(self) -> None:
        """Return when nothing of it is left."""


InstanceFactory = Callable[[RuntimeSpec], Instance]
