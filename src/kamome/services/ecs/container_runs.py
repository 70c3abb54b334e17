"""One container of a running task: what it waits for, its process, its restarts, its end.

AWS: ECS API Reference, ContainerDefinition (dependsOn, startTimeout, stopTimeout, restartPolicy).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from kamome.services.ecs.health_checks import HEALTHY, UNKNOWN
from kamome.services.ecs.limits import RESTART_PERIOD_S_DEFAULT, STOP_TIMEOUT_S_DEFAULT
from kamome.services.ecs.runtimes.port import CannotRun, Command, ContainerSpec
from kamome.services.ecs.runtimes.process import ContainerProcess
from kamome.services.ecs.task_states import exit_code_of

if TYPE_CHECKING:
    from kamome.services.ecs import shapes


class DependencyFailed(CannotRun):
    """What the container waits for has not come, and will not."""


class ContainerRun:
    """A container from its wait for others to its end. Times are real: user code lives in it."""

    def __init__(
        self,
        definition: shapes.ContainerDefinition,
        spec: ContainerSpec,
        now_ms: Callable[[], int],
        router: str = "",
    ) -> None:
        self.definition = definition
        self._router = router
        self.spec = spec
        self.command: Command | None = None
        self.restarts = 0
        self.has_started = asyncio.Event()
        self.has_ended = asyncio.Event()
        self.exit_code: int | None = None
        self.is_stopping = False
        self.is_waiting = False
        self.health = UNKNOWN
        self.health_is_known = asyncio.Event()
        self._now_ms = now_ms
        self._process: ContainerProcess | None = None

    @property
    def name(self) -> str:
        """Its name in the task definition."""
        return self.definition["name"]

    @property
    def is_essential(self) -> bool:
        """Whether the task ends when it does."""
        return self.definition.get("essential", True)

    @property
    def needs(self) -> frozenset[str]:
        """Names of the containers that it depends on."""
        return frozenset(each["containerName"] for each in self.dependencies)

    @property
    def dependencies(self) -> Sequence[shapes.ContainerDependency]:
        """Those of its definition; and a container whose lines are routed follows its router."""
        own = self.definition.get("dependsOn", [])
        if not self._router or self._router in {each["containerName"] for each in own}:
            return own
        return [*own, {"containerName": self._router, "condition": "START"}]

    async def wait_for(
        self, others: Mapping[str, ContainerRun], by_clock: Callable[[], None]
    ) -> None:
        """Return when all that it depends on is as far as it asks for.

        `by_clock` is called where that takes as long as the clock says, and not real time.

        Raises:
            DependencyFailed: one has ended otherwise, or has not come within its startTimeout.
        """
        self.is_waiting = True
        for dependency in self.dependencies:
            other, condition = others[dependency["containerName"]], dependency["condition"]
            event = {"START": other.has_started, "HEALTHY": other.health_is_known}.get(
                condition, other.has_ended
            )
            if condition == "HEALTHY":
                by_clock()
            timeout_s = other.definition.get("startTimeout") or None
            try:
                await asyncio.wait_for(event.wait(), timeout_s)
            except TimeoutError:
                raise DependencyFailed(
                    f"DependencyTimeoutError: container '{other.name}' did not reach {condition}"
                    f" within its startTimeout of {timeout_s} seconds"
                ) from None
            if condition == "HEALTHY" and other.health != HEALTHY:
                raise DependencyFailed(
                    f"DependencyError: container '{self.name}' waits for the health of"
                    f" '{other.name}', which is {other.health}"
                )
            if condition == "SUCCESS" and other.exit_code != 0:
                raise DependencyFailed(
                    f"DependencyError: container '{self.name}' waits for the success of"
                    f" '{other.name}', which ended with exit code {other.exit_code}"
                )
        self.is_waiting = False

    async def start(self) -> None:
        """Start its process, once more after an earlier one.

        Raises:
            CannotRun: it cannot be started.
        """
        assert self.command is not None
        self._process = ContainerProcess(self.spec, self.command, self._now_ms)
        await self._process.start()
        if self.is_stopping:
            await self._process.terminate()

    async def run_to_end(self) -> int:
        """Wait for the end of the container, restarting it as its policy says: the exit code.

        Raises:
            CannotRun: a restart has failed.
        """
        loop = asyncio.get_running_loop()
        while True:
            assert self._process is not None
            began_s = loop.time()
            code = exit_code_of(await self._process.wait())
            if not self._is_restarted(code, loop.time() - began_s):
                return code
            self.restarts += 1
            await self.start()

    async def check(self, command: list[str], timeout_s: float) -> bool:
        """Whether a health check's command ends well."""
        return self._process is not None and await self._process.check(command, timeout_s)

    def note_health(self, status: str) -> None:
        """A health check has changed the status."""
        self.health = status
        self.health_is_known.set()

    def note_end(self) -> None:
        """It has ended, or will never start: who waits for it is told."""
        self.has_ended.set()
        self.health_is_known.set()

    async def stop(self) -> None:
        """SIGTERM, and after its stopTimeout SIGKILL; returns when it has ended."""
        self.is_stopping = True
        process = self._process
        if process is None or self.has_ended.is_set():
            return
        await process.terminate()
        timeout_s = self.definition.get("stopTimeout") or STOP_TIMEOUT_S_DEFAULT
        try:
            await asyncio.wait_for(self.has_ended.wait(), timeout_s)
        except TimeoutError:
            await self.kill()
            await self.has_ended.wait()

    async def kill(self) -> None:
        """SIGKILL, at once."""
        self.is_stopping = True
        if self._process is not None and not self.has_ended.is_set():
            await self._process.kill()

    def _is_restarted(self, exit_code: int, ran_s: float) -> bool:
        policy = self.definition.get("restartPolicy")
        if self.is_stopping or policy is None or not policy["enabled"]:
            return False
        if exit_code in policy.get("ignoredExitCodes", ()):
            return False
        return ran_s >= policy.get("restartAttemptPeriod", RESTART_PERIOD_S_DEFAULT)
