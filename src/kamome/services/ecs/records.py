"""What the store keeps: rows as values, with AWS's own shapes inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.services.ecs.names import ClusterName, DefinitionName, ServiceName, TaskName

if TYPE_CHECKING:
    from kamome.services.ecs import shapes

ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"
DRAINING = "DRAINING"
RUNNING = "RUNNING"
STOPPED = "STOPPED"


class ClusterRecord(msgspec.Struct, frozen=True):
    """A cluster; `shown` is without counts and tags."""

    name: ClusterName
    status: str
    shown: shapes.Cluster
    tags: list[shapes.Tag]


class DefinitionRecord(msgspec.Struct, frozen=True):
    """A revision of a task definition."""

    name: DefinitionName
    status: str
    shown: shapes.TaskDefinition
    tags: list[shapes.Tag]


class TaskRecord(msgspec.Struct, frozen=True):
    """A task; `shown` is without tags. `trace` is the journey that it belongs to, or empty.

    `is_started`: it has a process, or had one; before that an outbox entry is to start it.
    """

    name: TaskName
    service: str
    cpu_units: int
    memory_mb: int
    is_started: bool
    trace: str
    shown: shapes.Task
    tags: list[shapes.Tag]

    @property
    def definition(self) -> str:
        """The ARN of its task definition."""
        return self.shown["taskDefinitionArn"]

    @property
    def is_stopped(self) -> bool:
        """Whether it has ended."""
        return self.shown["lastStatus"] == STOPPED


class ServiceRecord(msgspec.Struct, frozen=True):
    """A service; `shown` is without counts, events and tags.

    `failures` counts its tasks that have ended early in a row, `retry_at_ms` is when the next may
    be started.
    """

    name: ServiceName
    status: str
    failures: int
    retry_at_ms: int
    shown: shapes.Service
    events: list[shapes.ServiceEvent]
    tags: list[shapes.Tag]
