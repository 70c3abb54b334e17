"""The task metadata endpoint, version 4: what a container can ask about itself and its task.

It is at `ECS_CONTAINER_METADATA_URI_V4`, an address that holds a secret of the container, so no
other program finds it. Credentials are beside it (`AWS_CONTAINER_CREDENTIALS_FULL_URI`).

AWS: ECS Developer Guide, Amazon ECS task metadata endpoint version 4, Task metadata V4 JSON
response.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from kamome.services.ecs.container_specs import CREDENTIALS_PATH, METADATA_PATH, log_stream
from kamome.services.ecs.environment import overridden
from kamome.services.ecs.names import definition_of_arn
from kamome.services.ecs.records import TaskRecord
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from kamome.services.ecs import shapes
    from kamome.services.ecs.slice import Ecs

# Both paths begin with it.
PREFIX = "/_kamome/ecs/"
_CREDENTIALS_MS = 6 * 3600 * 1000
_UNITS_PER_VCPU = 1_024


def answer(ecs: Ecs, request: HttpRequest) -> HttpResponse:
    """Answer a container's question; 404 where there is no such container or document."""
    path = request.raw_path
    if request.method != "GET":
        return _response(405, {"message": "Only GET is answered here."})
    if path.startswith(CREDENTIALS_PATH):
        token, rest = path.removeprefix(CREDENTIALS_PATH), "credentials"
    else:
        token, _, rest = path.removeprefix(METADATA_PATH).partition("/")
    found = ecs.running.by_token.get(token)
    task = None if found is None else ecs.store.find_task(found[0].name)
    if found is None or task is None:
        return _response(404, {"message": "There is no such container."})
    if rest == "credentials":
        return _response(200, _credentials(ecs, task))
    if rest == "":
        return _response(200, _container_document(ecs, task, found[1]))
    if rest in ("task", "taskWithTags"):
        return _response(200, _task_document(ecs, task, is_tagged=rest == "taskWithTags"))
    return _response(404, {"message": f"{rest} is not served by Kamome."})


def _task_document(ecs: Ecs, task: TaskRecord, *, is_tagged: bool) -> dict[str, object]:
    shown = task.shown
    definition = definition_of_arn(task.definition)
    document: dict[str, object] = {
        "Cluster": shown["clusterArn"],
        "TaskARN": shown["taskArn"],
        "Family": definition.family,
        "Revision": str(definition.revision),
        "DesiredStatus": shown["desiredStatus"],
        "KnownStatus": shown["lastStatus"],
        "AvailabilityZone": shown["availabilityZone"],
        "LaunchType": shown["launchType"],
        "Containers": [
            _container_document(ecs, task, container["name"]) for container in shown["containers"]
        ],
    }
    if "cpu" in shown or "memory" in shown:
        document["Limits"] = {
            name: value
            for name, value in (
                ("CPU", int(shown["cpu"]) / _UNITS_PER_VCPU if "cpu" in shown else None),
                ("Memory", int(shown["memory"]) if "memory" in shown else None),
            )
            if value is not None
        }
    for name, moment in (
        ("PullStartedAt", shown.get("pullStartedAt")),
        ("PullStoppedAt", shown.get("pullStoppedAt")),
    ):
        if moment is not None:
            document[name] = _iso(moment)
    if task.service:
        document["ServiceName"] = task.service
    if is_tagged:
        document["TaskTags"] = {tag["key"]: tag.get("value", "") for tag in task.tags}
    return document


def _container_document(ecs: Ecs, task: TaskRecord, name: str) -> dict[str, object]:
    definition_name = definition_of_arn(task.definition)
    definition = ecs.store.find_definition(definition_name)
    assert definition is not None, "revisions are never deleted"
    own = next(each for each in definition.shown["containerDefinitions"] if each["name"] == name)
    shown = next(each for each in task.shown["containers"] if each["name"] == name)
    docker_name = f"ecs-{definition_name.family}-{definition_name.revision}-{name}-{task.name.id}"
    document: dict[str, object] = {
        "DockerId": shown.get("runtimeId", ""),
        "Name": name,
        "DockerName": docker_name,
        "Image": own["image"],
        "ImageID": "",
        "Labels": {
            **own.get("dockerLabels", {}),
            "com.amazonaws.ecs.cluster": task.shown["clusterArn"],
            "com.amazonaws.ecs.container-name": name,
            "com.amazonaws.ecs.task-arn": task.shown["taskArn"],
            "com.amazonaws.ecs.task-definition-family": definition_name.family,
            "com.amazonaws.ecs.task-definition-version": str(definition_name.revision),
        },
        "DesiredStatus": task.shown["desiredStatus"],
        "KnownStatus": shown["lastStatus"],
        "Limits": _limits(overridden(own, task.shown.get("overrides", {}))),
        "CreatedAt": _iso(task.shown["createdAt"]),
        "Type": "NORMAL",
        "ContainerARN": shown["containerArn"],
        "Networks": [
            {
                "NetworkMode": definition.shown.get("networkMode", "bridge"),
                "IPv4Addresses": ["127.0.0.1"],
            }
        ],
    }
    if "startedAt" in task.shown:
        document["StartedAt"] = _iso(task.shown["startedAt"])
    if "healthCheck" in own:
        document["Health"] = {"status": shown.get("healthStatus", "UNKNOWN")}
    if "exitCode" in shown:
        document["ExitCode"] = shown["exitCode"]
    run = ecs.running.tasks.get(task.name)
    if run is not None and own.get("restartPolicy", {"enabled": False})["enabled"]:
        document["RestartCount"] = run.containers[name].restarts
    return document | _log(own, task)


def _limits(container: shapes.ContainerDefinition) -> dict[str, int]:
    limits = {"CPU": container.get("cpu", 0)}
    memory = container.get("memory", container.get("memoryReservation"))
    return limits if memory is None else {**limits, "Memory": memory}


def _log(container: shapes.ContainerDefinition, task: TaskRecord) -> dict[str, object]:
    log = container.get("logConfiguration")
    if log is None:
        return {}
    options = log.get("options", {})
    if log["logDriver"] == "awslogs":
        _, stream = log_stream(container, task.name.id)
        options = {**options, "awslogs-stream": stream}
    return {"LogDriver": log["logDriver"], "LogOptions": options}


def _credentials(ecs: Ecs, task: TaskRecord) -> dict[str, object]:
    access_key, secret = ecs.settings.credentials(task.name.cluster.account)
    return {
        "AccessKeyId": access_key,
        "SecretAccessKey": secret,
        "Token": "",
        "Expiration": _iso((ecs.clock.real_now_ms() + _CREDENTIALS_MS) / 1000),
    }


def _iso(moment_s: float) -> str:
    """`2026-01-31T09:00:00.000Z`."""
    moment = datetime.fromtimestamp(moment_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _response(status: int, document: object) -> HttpResponse:
    headers = [("content-type", "application/json"), ("cache-control", "no-store")]
    return HttpResponse(status, headers, orjson.dumps(document))
