"""All SQL of ECS. Each method is one step of the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

import orjson

from kamome.services.ecs.names import ClusterName, DefinitionName, ServiceName, TaskName
from kamome.services.ecs.records import (
    ClusterRecord,
    DefinitionRecord,
    ServiceRecord,
    TaskRecord,
)
from kamome.services.ecs.task_size import TaskSize
from kamome.storage.engine import Engine, Row, Value

if TYPE_CHECKING:
    from kamome.services.ecs import shapes

_CLUSTER = "account, region, name, status, shown, tags"
_DEFINITION = "account, region, family, revision, status, shown, tags"
_TASK = (
    "account, region, cluster, id, service, cpu_units, memory_mb, is_started, trace, shown, tags"
)
_SERVICE = "account, region, cluster, name, status, failures, retry_at_ms, shown, events, tags"

# All of clusters by primary key.
UPSERT_CLUSTER = f"""
INSERT INTO ecs_cluster ({_CLUSTER}) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, name) DO UPDATE SET status = excluded.status,
  shown = excluded.shown, tags = excluded.tags
"""
SELECT_CLUSTER = f"SELECT {_CLUSTER} FROM ecs_cluster WHERE account = ? AND region = ? AND name = ?"
SELECT_CLUSTERS = f"""
SELECT {_CLUSTER} FROM ecs_cluster
WHERE account = ? AND region = ? AND name > ? AND status = 'ACTIVE' ORDER BY name LIMIT ?
"""
# Index ecs_task_service: the live tasks of one cluster.
COUNT_LIVE_TASKS = """
SELECT last_status, launch_type, count(*) FROM ecs_task
WHERE account = ? AND region = ? AND cluster = ? AND is_live = 1 GROUP BY last_status, launch_type
"""
# Index ecs_service_live.
COUNT_SERVICES = """
SELECT launch_type, count(*) FROM ecs_service
WHERE account = ? AND region = ? AND cluster = ? AND status <> 'INACTIVE' GROUP BY launch_type
"""
DELETE_INACTIVE_CLUSTER = """
DELETE FROM ecs_cluster WHERE account = ? AND region = ? AND name = ? AND status = 'INACTIVE'
"""

# Primary key of ecs_task_definition decides between two that register the same revision.
INSERT_DEFINITION = f"""
INSERT INTO ecs_task_definition ({_DEFINITION}) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
UPDATE_DEFINITION = """
UPDATE ecs_task_definition SET status = ?, shown = ?
WHERE account = ? AND region = ? AND family = ? AND revision = ?
"""
SELECT_LAST_REVISION = """
SELECT max(revision) FROM ecs_task_definition WHERE account = ? AND region = ? AND family = ?
"""
SELECT_DEFINITION = f"""
SELECT {_DEFINITION} FROM ecs_task_definition
WHERE account = ? AND region = ? AND family = ? AND revision = ?
"""
# Index ecs_task_definition_status.
SELECT_LATEST_DEFINITION = f"""
SELECT {_DEFINITION} FROM ecs_task_definition
WHERE account = ? AND region = ? AND status = 'ACTIVE' AND family = ?
ORDER BY revision DESC LIMIT 1
"""
SELECT_REVISIONS = """
SELECT family, revision FROM ecs_task_definition
WHERE account = ? AND region = ? AND status = ? AND (family, revision) > (?, ?)
ORDER BY family, revision LIMIT ?
"""
SELECT_REVISIONS_BACK = """
SELECT family, revision FROM ecs_task_definition
WHERE account = ? AND region = ? AND status = ? AND (family, revision) < (?, ?)
ORDER BY family DESC, revision DESC LIMIT ?
"""
SELECT_REVISIONS_OF_FAMILY = """
SELECT family, revision FROM ecs_task_definition
WHERE account = ? AND region = ? AND status = ? AND family = ? AND revision > ?
ORDER BY revision LIMIT ?
"""
SELECT_REVISIONS_OF_FAMILY_BACK = """
SELECT family, revision FROM ecs_task_definition
WHERE account = ? AND region = ? AND status = ? AND family = ? AND revision < ?
ORDER BY revision DESC LIMIT ?
"""
# By primary key, in its order; a family is passed over by its revisions. The three differ in
# whether a family must have an active revision, must have none, or may have any.
SELECT_FAMILIES = """
SELECT family FROM ecs_task_definition
WHERE account = ? AND region = ? AND family > ? AND substr(family, 1, ?) = ?
GROUP BY family
HAVING CASE ? WHEN 'ACTIVE' THEN max(status = 'ACTIVE') = 1
              WHEN 'INACTIVE' THEN max(status = 'ACTIVE') = 0 ELSE 1 END
ORDER BY family LIMIT ?
"""

# Primary key of ecs_task; a task is written whole at each of its few steps.
UPSERT_TASK = f"""
INSERT INTO ecs_task ({_TASK}, last_status, desired_status, family, started_by, launch_type,
  is_live) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, cluster, id) DO UPDATE SET shown = excluded.shown,
  is_started = excluded.is_started, last_status = excluded.last_status,
  desired_status = excluded.desired_status, is_live = excluded.is_live
"""
SELECT_TASK = f"""
SELECT {_TASK} FROM ecs_task WHERE account = ? AND region = ? AND cluster = ? AND id = ?
"""
DELETE_TASK = """
DELETE FROM ecs_task WHERE account = ? AND region = ? AND cluster = ? AND id = ?
"""
# Index ecs_task_desired, in its order; the other filters look at the rows it finds.
SELECT_TASK_IDS = """
SELECT id FROM ecs_task
WHERE account = ? AND region = ? AND cluster = ? AND desired_status = ? AND id > ?
  AND (? = '' OR family = ?) AND (? = '' OR started_by = ?) AND (? = '' OR service = ?)
  AND (? = '' OR launch_type = ?)
ORDER BY id LIMIT ?
"""
# Index ecs_task_live.
SELECT_TAKEN = """
SELECT coalesce(sum(cpu_units), 0), coalesce(sum(memory_mb), 0) FROM ecs_task WHERE is_live = 1
"""
SELECT_LEFT_TASKS = f"""
SELECT {_TASK} FROM ecs_task WHERE is_live = 1 AND is_started = 1
"""
# Index ecs_task_service.
SELECT_TASKS_OF_SERVICE = f"""
SELECT {_TASK} FROM ecs_task
WHERE account = ? AND region = ? AND cluster = ? AND is_live = 1 AND service = ? ORDER BY id
"""

# By primary key.
INSERT_CLIENT_CALL = """
INSERT INTO ecs_client_token (account, region, cluster, token, request_sha256, task_ids)
VALUES (?, ?, ?, ?, ?, ?)
"""
SELECT_CLIENT_CALL = """
SELECT request_sha256, task_ids FROM ecs_client_token
WHERE account = ? AND region = ? AND cluster = ? AND token = ?
"""
DELETE_CLIENT_CALL = """
DELETE FROM ecs_client_token WHERE account = ? AND region = ? AND cluster = ? AND token = ?
"""

# All by the primary key of ecs_expiry, in its order.
INSERT_EXPIRY = """
INSERT INTO ecs_expiry (at_ms, what, account, region, cluster, name) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
SELECT_NEXT_EXPIRY = "SELECT at_ms FROM ecs_expiry ORDER BY at_ms LIMIT 1"
TAKE_EXPIRED = """
DELETE FROM ecs_expiry WHERE (at_ms, what, account, region, cluster, name) IN (
  SELECT at_ms, what, account, region, cluster, name FROM ecs_expiry
  WHERE at_ms <= ? ORDER BY at_ms LIMIT ?)
RETURNING what, account, region, cluster, name
"""

# Primary key of ecs_service.
UPSERT_SERVICE = f"""
INSERT INTO ecs_service ({_SERVICE}, launch_type) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, cluster, name) DO UPDATE SET status = excluded.status,
  failures = excluded.failures, retry_at_ms = excluded.retry_at_ms, shown = excluded.shown,
  events = excluded.events, tags = excluded.tags, launch_type = excluded.launch_type
"""
SELECT_SERVICE = f"""
SELECT {_SERVICE} FROM ecs_service WHERE account = ? AND region = ? AND cluster = ? AND name = ?
"""
DELETE_INACTIVE_SERVICE = """
DELETE FROM ecs_service
WHERE account = ? AND region = ? AND cluster = ? AND name = ? AND status = 'INACTIVE'
"""
# Index ecs_service_status, in its order.
SELECT_SERVICE_NAMES = """
SELECT name FROM ecs_service
WHERE account = ? AND region = ? AND cluster = ? AND status = 'ACTIVE' AND name > ?
  AND (? = '' OR launch_type = ?)
ORDER BY name LIMIT ?
"""
# Index ecs_service_live, in its order.
SELECT_LIVE_SERVICES = """
SELECT account, region, cluster, name FROM ecs_service
WHERE (account, region, cluster, name) > (?, ?, ?, ?) AND status <> 'INACTIVE'
ORDER BY account, region, cluster, name LIMIT ?
"""

# All by primary key.
SELECT_CLUSTER_TAGS = "SELECT tags FROM ecs_cluster WHERE account = ? AND region = ? AND name = ?"
SELECT_DEFINITION_TAGS = """
SELECT tags FROM ecs_task_definition
WHERE account = ? AND region = ? AND family = ? AND revision = ?
"""
SELECT_TASK_TAGS = """
SELECT tags FROM ecs_task WHERE account = ? AND region = ? AND cluster = ? AND id = ?
"""
SELECT_SERVICE_TAGS = """
SELECT tags FROM ecs_service WHERE account = ? AND region = ? AND cluster = ? AND name = ?
"""
UPDATE_CLUSTER_TAGS = """
UPDATE ecs_cluster SET tags = ? WHERE account = ? AND region = ? AND name = ?
"""
UPDATE_DEFINITION_TAGS = """
UPDATE ecs_task_definition SET tags = ?
WHERE account = ? AND region = ? AND family = ? AND revision = ?
"""
UPDATE_TASK_TAGS = """
UPDATE ecs_task SET tags = ? WHERE account = ? AND region = ? AND cluster = ? AND id = ?
"""
UPDATE_SERVICE_TAGS = """
UPDATE ecs_service SET tags = ? WHERE account = ? AND region = ? AND cluster = ? AND name = ?
"""
_SELECT_TAGS = {
    "cluster": SELECT_CLUSTER_TAGS,
    "task-definition": SELECT_DEFINITION_TAGS,
    "task": SELECT_TASK_TAGS,
    "service": SELECT_SERVICE_TAGS,
}
_UPDATE_TAGS = {
    "cluster": UPDATE_CLUSTER_TAGS,
    "task-definition": UPDATE_DEFINITION_TAGS,
    "task": UPDATE_TASK_TAGS,
    "service": UPDATE_SERVICE_TAGS,
}
# Sorts after every family and every revision.
_LAST = ("\U0010ffff", 2**62)


class TaskFilter(NamedTuple):
    """What ListTasks asks for; an empty text matches all."""

    desired_status: str
    family: str = ""
    started_by: str = ""
    service: str = ""
    launch_type: str = ""


class Store:
    """Clusters, task definitions, tasks and services of all accounts and Regions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # ------------------------------------------------------------------ clusters

    def put_cluster(self, cluster: ClusterRecord) -> None:
        """Keep a cluster, new or changed."""
        shown, tags = _text(cluster.shown), _text(cluster.tags)
        self._engine.write(UPSERT_CLUSTER, (*cluster.name, cluster.status, shown, tags))

    def find_cluster(self, name: ClusterName) -> ClusterRecord | None:
        """The cluster, active or not."""
        row = self._engine.one(SELECT_CLUSTER, name)
        return None if row is None else _cluster(row)

    def clusters(self, account: str, region: str, after: str, limit: int) -> list[ClusterRecord]:
        """A page of the active clusters, by name."""
        rows = self._engine.all(SELECT_CLUSTERS, (account, region, after, limit))
        return [_cluster(row) for row in rows]

    def count_live_tasks(self, name: ClusterName) -> dict[tuple[str, str], int]:
        """How many tasks of each lastStatus and launch type have not ended."""
        rows = self._engine.all(COUNT_LIVE_TASKS, name)
        return {(str(status), str(kind)): cast("int", count) for status, kind, count in rows}

    def count_services(self, name: ClusterName) -> dict[str, int]:
        """How many services of each launch type are active or draining."""
        rows = self._engine.all(COUNT_SERVICES, name)
        return {str(kind): cast("int", count) for kind, count in rows}

    def forget_cluster(self, name: ClusterName) -> None:
        """Forget a deleted cluster, if it has not been made again."""
        self._engine.write(DELETE_INACTIVE_CLUSTER, name)

    # ------------------------------------------------------------------ task definitions

    def next_revision(self, account: str, region: str, family: str) -> int:
        """The number after all that the family has had."""
        row = self._engine.one(SELECT_LAST_REVISION, (account, region, family))
        return 1 if row is None or row[0] is None else cast("int", row[0]) + 1

    def insert_definition(self, definition: DefinitionRecord) -> None:
        """Keep a new revision."""
        shown, tags = _text(definition.shown), _text(definition.tags)
        values = (*definition.name, definition.status, shown, tags)
        self._engine.write(INSERT_DEFINITION, values)

    def update_definition(self, definition: DefinitionRecord) -> None:
        """Keep what has changed of a revision."""
        values = (definition.status, _text(definition.shown), *definition.name)
        self._engine.write(UPDATE_DEFINITION, values)

    def find_definition(self, name: DefinitionName) -> DefinitionRecord | None:
        """The revision, or for revision 0 the latest active one."""
        if name.revision:
            row = self._engine.one(SELECT_DEFINITION, name)
        else:
            row = self._engine.one(SELECT_LATEST_DEFINITION, name[:3])
        return None if row is None else _definition(row)

    def revisions(
        self,
        owner: tuple[str, str],
        status: str,
        family: str,
        after: tuple[str, int] | None,
        limit: int,
        *,
        is_backward: bool,
    ) -> list[tuple[str, int]]:
        """A page of revisions, of one family or (empty) of all, by family and number."""
        start = after or (_LAST if is_backward else ("", 0))
        if family:
            sql = SELECT_REVISIONS_OF_FAMILY_BACK if is_backward else SELECT_REVISIONS_OF_FAMILY
            rows = self._engine.all(sql, (*owner, status, family, start[1], limit))
        else:
            sql = SELECT_REVISIONS_BACK if is_backward else SELECT_REVISIONS
            rows = self._engine.all(sql, (*owner, status, *start, limit))
        return [(str(name), cast("int", revision)) for name, revision in rows]

    def families(
        self, owner: tuple[str, str], status: str, prefix: str, after: str, limit: int
    ) -> list[str]:
        """A page of families whose name begins with a prefix, by name."""
        values = (*owner, after, len(prefix), prefix, status, limit)
        return [str(row[0]) for row in self._engine.all(SELECT_FAMILIES, values)]

    # ------------------------------------------------------------------ tasks

    def put_task(self, task: TaskRecord) -> None:
        """Keep a task, new or changed. Its tags are changed by `set_tags` alone."""
        shown = task.shown
        self._engine.write(
            UPSERT_TASK,
            (
                *task.name.cluster,
                task.name.id,
                task.service,
                task.cpu_units,
                task.memory_mb,
                int(task.is_started),
                task.trace,
                _text(shown),
                _text(task.tags),
                shown["lastStatus"],
                shown["desiredStatus"],
                shown["taskDefinitionArn"].partition("/")[2].partition(":")[0],
                shown.get("startedBy", ""),
                shown.get("launchType", ""),
                int(not task.is_stopped),
            ),
        )

    def find_task(self, name: TaskName) -> TaskRecord | None:
        """The task, if it has not been forgotten."""
        row = self._engine.one(SELECT_TASK, (*name.cluster, name.id))
        return None if row is None else _task(row)

    def forget_task(self, name: TaskName) -> None:
        """Forget a task."""
        self._engine.write(DELETE_TASK, (*name.cluster, name.id))

    def task_ids(
        self, cluster: ClusterName, wanted: TaskFilter, after: str, limit: int
    ) -> list[str]:
        """A page of ids of tasks, by id."""
        texts = (wanted.family, wanted.started_by, wanted.service, wanted.launch_type)
        filters = [text for each in texts for text in (each, each)]
        values: list[Value] = [*cluster, wanted.desired_status, after, *filters, limit]
        return [str(row[0]) for row in self._engine.all(SELECT_TASK_IDS, values)]

    def taken(self) -> TaskSize:
        """What all tasks that have not ended take of this machine."""
        row = self._engine.one(SELECT_TAKEN)
        assert row is not None
        return TaskSize(cast("int", row[0]), cast("int", row[1]))

    def left_tasks(self) -> list[TaskRecord]:
        """Tasks of an earlier run of the server that had a process; bounded by the machine."""
        return [_task(row) for row in self._engine.all(SELECT_LEFT_TASKS)]

    def tasks_of_service(self, name: ServiceName) -> list[TaskRecord]:
        """The tasks of a service that have not ended; bounded by its desired count."""
        rows = self._engine.all(SELECT_TASKS_OF_SERVICE, (*name.cluster, name.name))
        return [_task(row) for row in rows]

    # ------------------------------------------------------------------ client tokens

    def keep_token(
        self, cluster: ClusterName, token: str, request_sha256: str, task_ids: Sequence[str]
    ) -> None:
        """Remember what RunTask answered to a client token."""
        values = (*cluster, token, request_sha256, _text(list(task_ids)))
        self._engine.write(INSERT_CLIENT_CALL, values)

    def find_token(self, cluster: ClusterName, token: str) -> tuple[str, list[str]] | None:
        """The hash of the request that had the token, and the ids of its tasks."""
        row = self._engine.one(SELECT_CLIENT_CALL, (*cluster, token))
        return None if row is None else (str(row[0]), cast("list[str]", _json(row[1])))

    def forget_token(self, cluster: ClusterName, token: str) -> None:
        """The token may be used anew."""
        self._engine.write(DELETE_CLIENT_CALL, (*cluster, token))

    # ------------------------------------------------------------------ what is over

    def note_expiry(self, at_ms: int, what: str, cluster: ClusterName, name: str) -> None:
        """Note when something is to be forgotten."""
        self._engine.write(INSERT_EXPIRY, (at_ms, what, *cluster, name))

    def next_expiry(self) -> int | None:
        """When the next thing is to be forgotten."""
        row = self._engine.one(SELECT_NEXT_EXPIRY)
        return None if row is None else cast("int", row[0])

    def expired(self, now_ms: int, limit: int) -> list[tuple[str, ClusterName, str]]:
        """Take what is to be forgotten by now: its kind, its cluster and its name in it."""
        return [
            (str(what), ClusterName(str(account), str(region), str(cluster)), str(name))
            for what, account, region, cluster, name in self._engine.write_returning(
                TAKE_EXPIRED, (now_ms, limit)
            )
        ]

    # ------------------------------------------------------------------ services

    def put_service(self, service: ServiceRecord) -> None:
        """Keep a service, new or changed."""
        values = (
            *service.name.cluster,
            service.name.name,
            service.status,
            service.failures,
            service.retry_at_ms,
            _text(service.shown),
            _text(service.events),
            _text(service.tags),
            service.shown.get("launchType", ""),
        )
        self._engine.write(UPSERT_SERVICE, values)

    def find_service(self, name: ServiceName) -> ServiceRecord | None:
        """The service, whatever its status."""
        row = self._engine.one(SELECT_SERVICE, (*name.cluster, name.name))
        return None if row is None else _service(row)

    def service_names(
        self, cluster: ClusterName, launch_type: str, after: str, limit: int
    ) -> list[str]:
        """A page of the active services, by name."""
        values = (*cluster, after, launch_type, launch_type, limit)
        return [str(row[0]) for row in self._engine.all(SELECT_SERVICE_NAMES, values)]

    def live_services(self, after: ServiceName | None, limit: int) -> list[ServiceName]:
        """A page of the services of all accounts that are not inactive."""
        start = ("", "", "", "") if after is None else (*after.cluster, after.name)
        rows = self._engine.all(SELECT_LIVE_SERVICES, (*start, limit))
        return [
            ServiceName(ClusterName(str(account), str(region), str(cluster)), str(name))
            for account, region, cluster, name in rows
        ]

    def forget_service(self, name: ServiceName) -> None:
        """Forget a deleted service, if it has not been made again."""
        self._engine.write(DELETE_INACTIVE_SERVICE, (*name.cluster, name.name))

    # ------------------------------------------------------------------ tags

    def find_tags(self, kind: str, key: Sequence[Value]) -> list[shapes.Tag] | None:
        """Tags of what has this kind and primary key, None where there is no such thing."""
        row = self._engine.one(_SELECT_TAGS[kind], key)
        return None if row is None else cast("list[shapes.Tag]", _json(row[0]))

    def set_tags(self, kind: str, key: Sequence[Value], tags: Sequence[shapes.Tag]) -> None:
        """Replace the tags."""
        self._engine.write(_UPDATE_TAGS[kind], (_text(list(tags)), *key))


def _cluster(row: Row) -> ClusterRecord:
    account, region, name, status, shown, tags = row
    return ClusterRecord(
        ClusterName(str(account), str(region), str(name)),
        str(status),
        cast("shapes.Cluster", _json(shown)),
        cast("list[shapes.Tag]", _json(tags)),
    )


def _definition(row: Row) -> DefinitionRecord:
    account, region, family, revision, status, shown, tags = row
    return DefinitionRecord(
        DefinitionName(str(account), str(region), str(family), cast("int", revision)),
        str(status),
        cast("shapes.TaskDefinition", _json(shown)),
        cast("list[shapes.Tag]", _json(tags)),
    )


def _task(row: Row) -> TaskRecord:
    account, region, cluster, task_id, service, cpu, memory, is_started, trace, shown, tags = row
    return TaskRecord(
        TaskName(ClusterName(str(account), str(region), str(cluster)), str(task_id)),
        service=str(service),
        cpu_units=cast("int", cpu),
        memory_mb=cast("int", memory),
        is_started=bool(is_started),
        trace=str(trace),
        shown=cast("shapes.Task", _json(shown)),
        tags=cast("list[shapes.Tag]", _json(tags)),
    )


def _service(row: Row) -> ServiceRecord:
    account, region, cluster, name, status, failures, retry_at_ms, shown, events, tags = row
    return ServiceRecord(
        ServiceName(ClusterName(str(account), str(region), str(cluster)), str(name)),
        status=str(status),
        failures=cast("int", failures),
        retry_at_ms=cast("int", retry_at_ms),
        shown=cast("shapes.Service", _json(shown)),
        events=cast("list[shapes.ServiceEvent]", _json(events)),
        tags=cast("list[shapes.Tag]", _json(tags)),
    )


def _text(value: object) -> str:
    return orjson.dumps(value).decode()


def _json(text: Value) -> object:
    assert isinstance(text, str)
    return orjson.loads(text)
