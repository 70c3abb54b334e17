"""The slice over a store of its own, with images that are folders and processes that are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from tests.watched_loop import until

from kamome import observe, storage
from kamome.clock import Clock, manual_clock
from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.ids import seeded_ids
from kamome.observe.journeys import Journeys, Step
from kamome.services import ecs as ecs_package
from kamome.services.ecs import clusters, services, task_definitions, tasks
from kamome.services.ecs.images import Program
from kamome.services.ecs.names import ClusterName
from kamome.services.ecs.ports import Ports, no_secret
from kamome.services.ecs.slice import Ecs, EcsSettings, make_ecs, prepare, stop
from kamome.services.ecs.task_size import TaskSize
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox

if TYPE_CHECKING:
    from kamome.services.ecs import shapes

TRACE = "Root=1-68e60000-0123456789abcdef01234567"
ACCOUNT, REGION = "000000000000", "eu-west-1"


class NoSuchKey(AwsError):
    status = 404


class ParameterNotFound(AwsError):
    """As Parameter Store says it."""


@dataclass(slots=True)
class World:
    """One run of a server that has only ECS, and a caller."""

    ecs: Ecs
    clock: Clock
    ctx: RequestContext
    folder: Path
    faults: dict[str, str] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(cls, folder: Path, clock: Clock, *, database: Path | None, **more: object) -> World:
        """A run of the server on what is in the folder, with nothing started yet."""
        engine = Engine(database)
        for name, package in (("storage", storage), ("observe", observe), ("ecs", ecs_package)):
            migrate(engine, name, Path(package.__path__[0]))
        image = folder / "image"
        image.mkdir(exist_ok=True)
        faults: dict[str, str] = {}
        objects: dict[str, bytes] = {}

        async def read_object(cluster: ClusterName, bucket: str, key: str) -> bytes:
            if f"{bucket}/{key}" not in objects:
                raise NoSuchKey("The specified key does not exist.")
            return objects[f"{bucket}/{key}"]

        secrets: dict[str, str] = {}

        async def secret(cluster: ClusterName, value_from: str) -> str:
            if value_from in secrets:
                return secrets[value_from]
            if not secrets:
                return await no_secret(cluster, value_from)
            raise ParameterNotFound

        settings: dict[str, object] = {
            "folder": folder / "ecs",
            "endpoint_url": lambda: "http://127.0.0.1:4566",
            "credentials": lambda account: ("key-of-" + account, "secret"),
            "images": {"prog": Program(image, ())},
            "capacity": TaskSize(4_096, 8_192),
            "stop_grace_s": 0.2,
            **more,
        }
        ecs = make_ecs(
            engine,
            Outbox(engine, clock),
            Journeys(engine, clock),
            clock=clock,
            ids=seeded_ids(engine.commits + len(list(folder.iterdir()))),
            settings=EcsSettings(**settings),  # type: ignore[arg-type]  # each of its own type
            ports=Ports(
                lambda cluster, family: faults.pop(family, ""),
                read_object=read_object,
                secret=secret,
            ),
        )
        ctx = RequestContext(
            ACCOUNT, REGION, f"arn:aws:iam::{ACCOUNT}:root", "request-1", "json", trace=TRACE
        )
        return cls(ecs, clock, ctx, folder, faults, objects, secrets)

    def start(self) -> None:
        prepare(self.ecs)
        self.ecs.outbox.start()

    async def end(self) -> None:
        async with asyncio.timeout(20):
            await self.ecs.outbox.stop(1)
            await stop(self.ecs)
            await self.ecs.engine.close()

    async def quiet(self) -> None:
        """Return when nothing is under way at the present moment."""
        async with asyncio.timeout(15):
            await self.clock.advance(0)

    async def advance(self, seconds: float) -> None:
        async with asyncio.timeout(15):
            await self.clock.advance(round(seconds * 1000))

    async def until(self, is_so: Callable[[], object]) -> None:
        """Return when what a real process does has reached the server."""
        await until(is_so)

    async def cluster(self, name: str = "default") -> ClusterName:
        await clusters.create_cluster(self.ecs, self.ctx, {"clusterName": name})
        return ClusterName(ACCOUNT, REGION, name)

    async def define(self, *containers: dict[str, object], **more: object) -> str:
        """Register family `f`; containers get an image, memory and a name where they have none."""
        completed = [{"name": "main", "image": "prog", "memory": 64, **each} for each in containers]
        role = f"arn:aws:iam::{ACCOUNT}:role/r"
        request = {
            "family": "f",
            "containerDefinitions": completed,
            "executionRoleArn": role,
            **more,
        }
        answer = await task_definitions.register_task_definition(
            self.ecs, self.ctx, cast("shapes.RegisterTaskDefinitionRequest", request)
        )
        return answer["taskDefinition"]["taskDefinitionArn"]

    async def shell(self, script: str, **more: object) -> str:
        """Register family `f` with one container that runs a shell script."""
        return await self.define({"command": ["sh", "-c", script], **more})

    async def run(self, **more: object) -> shapes.RunTaskResult:
        request = {"taskDefinition": "f", **more}
        return await tasks.run_task(self.ecs, self.ctx, cast("shapes.RunTaskRequest", request))

    async def run_one(self, **more: object) -> str:
        """Run a task of family `f`: its ARN."""
        answer = await self.run(**more)
        assert answer["failures"] == []
        return answer["tasks"][0]["taskArn"]

    async def task(self, arn: str) -> shapes.Task:
        answer = await tasks.describe_tasks(self.ecs, self.ctx, {"tasks": [arn]})
        (task,) = answer["tasks"]
        return task

    async def ended(self, arn: str) -> shapes.Task:
        """The task when it has ended."""
        await self.quiet()
        task = await self.task(arn)
        assert task["lastStatus"] == "STOPPED"
        return task

    async def serve(self, **more: object) -> shapes.Service:
        request = {"serviceName": "web", "taskDefinition": "f", "desiredCount": 1, **more}
        answer = await services.create_service(
            self.ecs, self.ctx, cast("shapes.CreateServiceRequest", request)
        )
        return answer["service"]

    async def service(self) -> shapes.Service:
        answer = await services.describe_services(self.ecs, self.ctx, {"services": ["web"]})
        (service,) = answer["services"]
        return service

    def log(self, group: str = "local") -> str:
        """Everything that containers have printed."""
        files = sorted((self.ecs.log_folder / group).rglob("*.log"))
        return "".join(path.read_text() for path in files)

    def steps(self) -> list[Step]:
        """The journey's steps of ECS's own."""
        self.ecs.journeys.begin(TRACE, source="test", subject="")
        journey = self.ecs.journeys.find(TRACE)
        assert journey is not None
        return list(journey.steps)


@pytest.fixture
def clock() -> Clock:
    return manual_clock()


@pytest.fixture
async def world(clock: Clock, tmp_path: Path) -> AsyncIterator[World]:
    world = World.begin(tmp_path, clock, database=None)
    world.start()
    await world.cluster()
    yield world
    await world.end()
