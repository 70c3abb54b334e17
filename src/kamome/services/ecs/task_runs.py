"""One task from its start to its end: containers in order, stops, and what is recorded of them.

A task is started by the outbox entry that was written with it. The entry is deleted in the step
that records the first process, so a task whose start was acknowledged is started whatever dies;
if the server is killed between the two, what had begun is ended and begins again.

AWS: ECS Developer Guide, Task lifecycle, Container dependency; ECS API Reference, StopTask.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.services.ecs.container_runs import ContainerRun
from kamome.services.ecs.container_specs import container_spec, external_config
from kamome.services.ecs.errors import ServerException
from kamome.services.ecs.firelens import (
    EXTERNAL_CONFIG,
    Facts,
    config_in_s3,
    is_routed,
    router_config,
    router_of,
    router_secrets,
)
from kamome.services.ecs.health_checks import UNHEALTHY, keep_checking
from kamome.services.ecs.limits import SETTLING_S, SHORT_TASK_S
from kamome.services.ecs.names import ServiceName, TaskName, definition_of_arn
from kamome.services.ecs.records import STOPPED, TaskRecord
from kamome.services.ecs.runtimes.fluent_forward import free_port
from kamome.services.ecs.runtimes.port import CannotRun
from kamome.services.ecs.scheduling import ask_for_look
from kamome.services.ecs.task_ends import record_end
from kamome.services.ecs.task_resources import router_file, with_resources
from kamome.services.ecs.task_starts import task_of
from kamome.services.ecs.task_states import (
    ESSENTIAL_EXITED,
    FAILED_TO_START,
    SCHEDULER_INITIATED,
    TERMINATION_NOTICE,
    as_pending,
    as_pulled,
    as_running,
    as_stopping,
    as_told_to_stop,
    with_container,
    with_health,
)
from kamome.services.ecs.task_stops import tell_to_stop

if TYPE_CHECKING:
    from kamome.clock import Activity, Timer
    from kamome.services.ecs import shapes
    from kamome.services.ecs.slice import Ecs
    from kamome.storage.outbox import Entry

    Change = Callable[[shapes.Task], shapes.Task]

logger = logging.getLogger(__name__)

# How long to wait before the end of a task is written again when the store has refused it.
_RECORD_AGAIN_S = 5.0
_SERVER_STOPS = "The server was stopped."
_OUR_FAILURE = "The server failed to run the task. Its log says why."


async def start_task(ecs: Ecs, entry: Entry) -> None:
    """Handler of `ecs.start_task`: returns when the first process is recorded, or the task ended.

    A task that was told to stop in the meantime ends without having been started.
    """
    task = ecs.store.find_task(task_of(entry.payload))
    if task is None or task.is_stopped:
        ecs.outbox.done(entry)
        return
    if ecs.running.is_stopping:
        raise ServerException("The server is stopping; its next run starts the task.")
    if task.shown["desiredStatus"] == STOPPED:
        with ecs.engine.atomic():
            ecs.outbox.done(entry)
            record_end(ecs, task)
        return
    run = TaskRun(ecs, task, lambda: ecs.outbox.done(entry))
    await run.begin()


async def stop_all(ecs: Ecs, grace_s: float) -> None:
    """End every task, when the server stops. Tasks of services are told at once, others later."""
    runs = list(ecs.running.tasks.values())
    for run in runs:
        if run.is_of_service:
            run.end_with_server()
    if runs:
        await asyncio.wait([run.ended for run in runs], timeout=grace_s)
    left = [run for run in runs if not run.ended.done()]
    for run in left:
        run.end_with_server()
    if left:
        await asyncio.wait([run.ended for run in left], timeout=grace_s)
    left = [run for run in left if not run.ended.done()]
    for run in left:
        await run.kill()
    if left:
        await asyncio.wait([run.ended for run in left], timeout=grace_s)


class Hold:
    """Holds an advancing clock up for a bounded time: while a task starts, is short, or ends."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity
        self._timer: asyncio.TimerHandle | None = None

    def keep(self, seconds: float) -> None:
        """Hold time up from now for so long, however long it was to be."""
        if self._timer is None:
            self._activity.begin()
        else:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.release)

    def release(self) -> None:
        """Time may go on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._activity.end()


class TaskRun:
    """A task that has, or is about to have, processes."""

    def __init__(self, ecs: Ecs, task: TaskRecord, done: Callable[[], None]) -> None:
        self.name: TaskName = task.name
        self.is_of_service = bool(task.service)
        self._service = task.service
        self._ecs = ecs
        self._trace = task.trace
        self._done = done
        self._is_recorded = False
        self._is_running = False
        self._started_at_ms = 0
        self._grace: Timer | None = None
        self._stopping = asyncio.Event()
        self._stop: tuple[str, str] = (FAILED_TO_START, "Task failed to start")
        self._changes: dict[str, shapes.ContainerShape] = {}
        self._hold = Hold(ecs.clock.activity)
        self._hold.keep(SHORT_TASK_S)
        self._router_config = ""
        self._router_secrets: Mapping[str, str] = {}
        self.containers = self._make_containers(task)
        loop = asyncio.get_running_loop()
        self._begun: asyncio.Future[None] = loop.create_future()
        self.ended = loop.create_task(self._run())
        ecs.running.tasks[task.name] = self

    async def begin(self) -> None:
        """Return when the first process is recorded, or the end of the task is."""
        await asyncio.shield(self._begun)

    def stop(self) -> None:
        """End the containers; why is recorded already."""
        self._hold.keep(SHORT_TASK_S)
        self._stopping.set()

    def end_with_server(self) -> None:
        """End the containers because the server stops. One not begun is left to the next run."""
        if not self._is_recorded:
            self.ended.cancel()
            return
        task = self._ecs.store.find_task(self.name)
        if task is not None:
            tell_to_stop(self._ecs, task, TERMINATION_NOTICE, _SERVER_STOPS)
        self.stop()

    async def kill(self) -> None:
        """SIGKILL to all containers."""
        for container in self.containers.values():
            await container.kill()

    def _make_containers(self, task: TaskRecord) -> Mapping[str, ContainerRun]:
        ecs = self._ecs
        definition = ecs.store.find_definition(definition_of_arn(task.definition))
        assert definition is not None, "revisions are never deleted"
        containers, shown = {}, definition.shown["containerDefinitions"]
        router = router_of(shown)
        port = 0 if router is None else free_port()
        if router is not None:
            cluster = task.name.cluster.name
            facts = Facts(
                cluster, task.name.arn, f"{definition.name.family}:{definition.name.revision}"
            )
            external = str(external_config(ecs, task))
            self._router_config = router_config(shown, port, facts, external)
            self._router_secrets = router_secrets(shown)
        for container in shown:
            wanted, spec = container_spec(
                ecs, task, container, definition.shown.get("volumes", []), router_port=port
            )
            follows = router["name"] if router is not None and is_routed(container) else ""
            containers[container["name"]] = ContainerRun(
                wanted, spec, ecs.clock.now_ms, router=follows
            )
            ecs.running.by_token[spec.token] = (self, container["name"])
        return containers

    # ------------------------------------------------------------------ the way of the task

    async def _run(self) -> None:
        try:
            await self._run_to_end()
        finally:
            self._hold.release()
            if self._grace is not None:
                self._grace.cancel()

    async def _run_to_end(self) -> None:
        try:
            self._update(lambda shown: as_pending(shown, self._ecs.now_s))
            await self._pull()
            if not self._stopping.is_set():
                await self._run_containers()
        except Exception:
            # The edge of a task: whatever fails, its processes end and its end is recorded.
            logger.exception("task %s failed", self.name.id)
            self._end_because(FAILED_TO_START, _OUR_FAILURE)
            await self.kill()
        await self._finish()

    async def _pull(self) -> None:
        """Find out how each container is run; the first that cannot be ends the task."""
        for container in self.containers.values():
            try:
                await self._prepare(container)
                container.command = await self._ecs.host.command_for(container.spec)
            except CannotRun as error:
                self._cannot_run(container, error)
                return
        self._update(lambda shown: as_pulled(shown, self._ecs.now_s))

    async def _prepare(self, container: ContainerRun) -> None:
        """Fetch its variables, make its volumes, write its router's configuration.

        Raises:
            CannotRun: something of it cannot be had.
        """
        cluster, is_router = self.name.cluster, container.spec.config is not None
        container.spec = await with_resources(
            self._ecs.ports,
            cluster,
            container.definition,
            container.spec,
            self._router_secrets if is_router else {},
        )
        for mount in container.spec.mounts:
            if mount.is_ours:
                mount.source.mkdir(parents=True, exist_ok=True)
        if container.spec.config is not None:
            path = container.spec.config.source
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._router_config, "utf-8")
            if arn := config_in_s3(container.definition):
                content = await router_file(self._ecs.ports, cluster, arn)
                path.with_name(EXTERNAL_CONFIG).write_bytes(content)

    async def _run_containers(self) -> None:
        works = [
            asyncio.create_task(self._supervise(container))
            for container in self.containers.values()
        ]
        # Comes in any case: each end of an essential container ends the task, and so do failures.
        await self._stopping.wait()
        await self._stop_containers(works)

    async def _supervise(self, container: ContainerRun) -> None:
        try:
            await self._run_container(container)
        except CannotRun as error:
            self._cannot_run(container, error)
        except Exception:
            # The edge of a container: what fails here must not leave the task without an end.
            logger.exception("container %s of task %s failed", container.name, self.name.id)
            self._end_because(FAILED_TO_START, _OUR_FAILURE)
            await container.kill()
        finally:
            container.note_end()
        if container.is_essential:
            self._end_because(ESSENTIAL_EXITED, "Essential container in task exited")
        elif not self._stopping.is_set():
            self._update(lambda shown: shown)

    async def _run_container(self, container: ContainerRun) -> None:
        await container.wait_for(self.containers, self._hold.release)
        if self._stopping.is_set():
            return
        await container.start()
        container.has_started.set()
        self._note_start(container)
        checking = self._begin_checks(container)
        try:
            container.exit_code = await container.run_to_end()
        finally:
            checking.cancel()
        self._changes[container.name] = {
            "lastStatus": STOPPED,
            "exitCode": container.exit_code,
        }

    def _begin_checks(self, container: ContainerRun) -> asyncio.Task[None]:
        disabled: shapes.HealthCheck = {"command": ["NONE"]}
        check, clock = container.definition.get("healthCheck", disabled), self._ecs.clock
        return asyncio.create_task(
            keep_checking(
                check, clock, container.check, lambda status: self._note_health(container, status)
            )
        )

    def _note_health(self, container: ContainerRun, status: str) -> None:
        """A service's task that is not healthy is replaced; others go on, whatever their health."""
        container.note_health(status)
        if any(each.is_waiting for each in self.containers.values()):
            self._hold.keep(SHORT_TASK_S)  # who waited for it goes on in real time
        name = container.name
        self._changes[name] = {**self._changes.get(name, {}), "healthStatus": status}
        checked = {
            each.name
            for each in self.containers.values()
            if each.is_essential and "healthCheck" in each.definition
        }
        self._update(lambda shown: with_health(shown, checked))
        if container.is_essential and self.is_of_service:
            self._judge_health(container)

    def _judge_health(self, container: ContainerRun) -> None:
        """End the task if the container is unhealthy, but not before its grace period ends.

        AWS: ECS API Reference, CreateService (healthCheckGracePeriodSeconds).
        """
        if container.health != UNHEALTHY or self._stopping.is_set():
            return
        grace_ends_ms, clock = self._grace_ends_ms(), self._ecs.clock
        if clock.now_ms() < grace_ends_ms:
            if self._grace is not None:
                self._grace.cancel()
            self._grace = clock.call_at(grace_ends_ms, lambda: self._judge_health(container))
            return
        self._hold.keep(SHORT_TASK_S)
        self._end_because(SCHEDULER_INITIATED, "Task failed container health checks")

    def _grace_ends_ms(self) -> int:
        service = self._ecs.store.find_service(ServiceName(self.name.cluster, self._service))
        grace_s = 0 if service is None else service.shown.get("healthCheckGracePeriodSeconds", 0)
        return (self._started_at_ms or self._ecs.clock.now_ms()) + grace_s * 1000

    def _cannot_run(self, container: ContainerRun, error: CannotRun) -> None:
        self._changes[container.name] = {"lastStatus": STOPPED, "reason": str(error)}
        self._end_because(FAILED_TO_START, str(error))

    def _end_because(self, stop_code: str, reason: str) -> None:
        if not self._stopping.is_set():
            self._stop = (stop_code, reason)
            self._stopping.set()

    async def _stop_containers(self, works: list[asyncio.Task[None]]) -> None:
        """End what still runs, dependents before what they depend on."""
        for container in self.containers.values():
            container.is_stopping = True
        if not all(container.has_ended.is_set() for container in self.containers.values()):
            stop_code, reason = self._stop
            self._update(
                lambda shown: as_stopping(
                    as_told_to_stop(shown, stop_code, reason, self._ecs.now_s)
                )
            )
        for container, work in zip(self.containers.values(), works, strict=True):
            if container.is_waiting:
                work.cancel()
        await asyncio.gather(*map(self._stop_container, self.containers.values()))
        await asyncio.gather(*works, return_exceptions=True)

    async def _stop_container(self, container: ContainerRun) -> None:
        for other in self.containers.values():
            if container.name in other.needs:
                await other.has_ended.wait()
        await container.stop()

    async def _finish(self) -> None:
        """Record the end, however often the store must be asked, and clear up."""
        folder = self._ecs.task_folder / self.name.id
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        while True:
            try:
                with self._ecs.engine.atomic():
                    self._record_end()
                break
            except Exception:
                logger.exception("the end of task %s could not be recorded", self.name.id)
                if self._ecs.running.is_stopping:
                    break  # the next run of the server records it as lost
                await asyncio.sleep(_RECORD_AGAIN_S)
        self._ecs.running.tasks.pop(self.name, None)
        for container in self.containers.values():
            self._ecs.running.by_token.pop(container.spec.token, None)
        if not self._begun.done():
            self._begun.set_result(None)

    # ------------------------------------------------------------------ records

    def _update(self, change: Change) -> TaskRecord | None:
        """Write a change of the task, and what has become of its containers since."""
        task = self._ecs.store.find_task(self.name)
        if task is None:
            return None
        shown = task.shown
        for name, changes in self._changes.items():
            shown = with_container(shown, name, changes)
        self._changes.clear()
        changed = replace(task, is_started=self._is_recorded, shown=change(shown))
        self._ecs.store.put_task(changed)
        return changed

    def _note_start(self, container: ContainerRun) -> None:
        """A container has a process. With the first, the task counts as started."""
        self._changes[container.name] = {
            "lastStatus": "RUNNING",
            "runtimeId": f"{self.name.id}-{container.spec.token[:10]}",
            "networkBindings": [],
        }
        with self._ecs.engine.atomic():
            if not self._is_recorded:
                self._is_recorded = True
                self._done()
            if not self._note_running():
                self._update(lambda shown: shown)
        if not self._begun.done():
            self._begun.set_result(None)

    def _note_running(self) -> bool:
        """The task runs when each of its containers has been started."""
        if self._is_running or self._stopping.is_set():
            return False
        if not all(container.has_started.is_set() for container in self.containers.values()):
            return False
        self._is_running = True
        self._started_at_ms = self._ecs.clock.now_ms()
        if any("healthCheck" in each.definition for each in self.containers.values()):
            self._hold.keep(SETTLING_S)  # it is to go on; its checks come by the clock
        with self._ecs.engine.atomic():
            task = self._update(lambda shown: as_running(shown, self._ecs.now_s))
            self._ecs.journeys.step(
                self._trace,
                service="ecs",
                action="Task started",
                resource=self.name.id,
                detail="" if task is None else task.definition.rpartition("/")[2],
            )
            if self._service:
                ask_for_look(self._ecs, ServiceName(self.name.cluster, self._service))
        if self._service:
            self._hold.keep(SETTLING_S)
        return True

    def _record_end(self) -> None:
        stop_code, reason = self._stop
        task = self._update(
            lambda shown: as_told_to_stop(shown, stop_code, reason, self._ecs.now_s)
        )
        if not self._is_recorded:
            self._is_recorded = True
            self._done()
        if task is not None:
            record_end(self._ecs, task)
