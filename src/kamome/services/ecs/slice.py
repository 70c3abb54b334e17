"""What the operations of ECS need: the slice, its settings, and how it starts and stops."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.observe.journeys import Journeys
from kamome.services.ecs.images import Program
from kamome.services.ecs.limits import STARTS_AT_ONCE
from kamome.services.ecs.names import TaskName
from kamome.services.ecs.ports import Ports
from kamome.services.ecs.retention import Retention
from kamome.services.ecs.runtimes.host import Host
from kamome.services.ecs.runtimes.output import remove_old_logs
from kamome.services.ecs.runtimes.process import remove_leftovers
from kamome.services.ecs.scheduling import RECONCILE, look_after, reconcile_entry
from kamome.services.ecs.store import Store
from kamome.services.ecs.task_ends import end_lost_tasks
from kamome.services.ecs.task_runs import TaskRun, start_task, stop_all
from kamome.services.ecs.task_size import TaskSize
from kamome.services.ecs.task_starts import START_TASK
from kamome.storage.engine import Engine
from kamome.storage.outbox import Entry, Outbox

logger = logging.getLogger(__name__)

# What the settings task_cpu and task_memory are when nothing else is said.
DEFAULT_CAPACITY = TaskSize(16_384, 32_768)


class EcsSettings(msgspec.Struct, frozen=True):
    """Where tasks live and how much of the machine they may take together.

    `folder` is ECS's own: `tasks/` (one folder per living container) and `logs/`. `endpoint_url`
    is called when a container starts: the server's own address. `credentials` gives the access key
    and secret that the containers of an account sign with. `images` is the setting `task_images`,
    `runtime` the path of podman or docker. `stop_grace_s` is how long `stop` lets tasks end.
    """

    folder: Path
    endpoint_url: Callable[[], str]
    credentials: Callable[[str], tuple[str, str]]
    images: Mapping[str, Program] = msgspec.field(default_factory=dict)
    capacity: TaskSize = DEFAULT_CAPACITY
    runtime: str = ""
    stop_grace_s: float = 5.0


class Running(msgspec.Struct):
    """What runs now. `by_token` finds a container by the token in its environment."""

    tasks: dict[TaskName, TaskRun] = msgspec.field(default_factory=dict)
    by_token: dict[str, tuple[TaskRun, str]] = msgspec.field(default_factory=dict)
    is_stopping: bool = False


class Ecs(msgspec.Struct, frozen=True):
    """The slice. Make it with `make_ecs`."""

    engine: Engine
    store: Store
    outbox: Outbox
    journeys: Journeys
    clock: Clock
    ids: Ids
    settings: EcsSettings
    ports: Ports
    retention: Retention
    host: Host
    running: Running

    @property
    def now_s(self) -> float:
        """The clock's time as AWS's timestamps have it."""
        return self.clock.now_ms() / 1000

    @property
    def task_folder(self) -> Path:
        """Where containers have their own folders."""
        return self.settings.folder / "tasks"

    @property
    def log_folder(self) -> Path:
        """Where their output goes."""
        return self.settings.folder / "logs"


def make_ecs(
    engine: Engine,
    outbox: Outbox,
    journeys: Journeys,
    *,
    clock: Clock,
    ids: Ids,
    settings: EcsSettings,
    ports: Ports,
) -> Ecs:
    """The slice, with nothing started yet; its outbox kinds are registered."""
    store = Store(engine)
    ecs = Ecs(
        engine=engine,
        store=store,
        outbox=outbox,
        journeys=journeys,
        clock=clock,
        ids=ids,
        settings=settings,
        ports=ports,
        retention=Retention(engine, store, clock),
        host=Host(settings.images, settings.runtime),
        running=Running(),
    )

    async def start(entry: Entry) -> None:
        await start_task(ecs, entry)

    outbox.register(START_TASK, start, concurrency=STARTS_AT_ONCE)
    outbox.register(RECONCILE, lambda entry: reconcile_entry(ecs, entry))
    return ecs


def prepare(ecs: Ecs) -> None:
    """Clear up after an earlier run; before the outbox starts.

    Processes that a killed server has left are ended; their tasks are recorded as stopped, for
    the reason that there was; services are looked after again.
    """
    ended = remove_leftovers(ecs.task_folder)
    if ended:
        logger.info("Ended %d task processes that an earlier run had left.", ended)
    remove_old_logs(ecs.log_folder)
    end_lost_tasks(ecs)
    look_after(ecs)
    ecs.retention.start()


async def stop(ecs: Ecs) -> None:
    """End all tasks: those that were run to do one thing have the grace to finish first.

    They may call the server while they finish, so it must still answer.
    """
    ecs.running.is_stopping = True
    await stop_all(ecs, ecs.settings.stop_grace_s)
