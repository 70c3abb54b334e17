"""The operations of Amazon ECS that are served, and how the pipeline words and shows them.

The functions are in `clusters.py`, `task_definitions.py`, `tasks.py`, `services.py` and `tags.py`,
by the headings of the API reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kamome.protocols.model import Violation, constraint_sentence
from kamome.services.ecs.clusters import (
    create_cluster,
    delete_cluster,
    describe_clusters,
    list_clusters,
)
from kamome.services.ecs.errors import ClientException, InvalidParameterException
from kamome.services.ecs.services import (
    create_service,
    delete_service,
    describe_services,
    list_services,
    update_service,
)
from kamome.services.ecs.tags import list_tags_for_resource, tag_resource, untag_resource
from kamome.services.ecs.task_definitions import (
    deregister_task_definition,
    describe_task_definition,
    list_task_definition_families,
    list_task_definitions,
    register_task_definition,
)
from kamome.services.ecs.tasks import describe_tasks, list_tasks, run_task, stop_task

if TYPE_CHECKING:
    from kamome.errors import AwsError
    from kamome.services import Operation

OPERATIONS: Mapping[str, Operation] = {
    "CreateCluster": create_cluster,
    "CreateService": create_service,
    "DeleteCluster": delete_cluster,
    "DeleteService": delete_service,
    "DeregisterTaskDefinition": deregister_task_definition,
    "DescribeClusters": describe_clusters,
    "DescribeServices": describe_services,
    "DescribeTaskDefinition": describe_task_definition,
    "DescribeTasks": describe_tasks,
    "ListClusters": list_clusters,
    "ListServices": list_services,
    "ListTagsForResource": list_tags_for_resource,
    "ListTaskDefinitionFamilies": list_task_definition_families,
    "ListTaskDefinitions": list_task_definitions,
    "ListTasks": list_tasks,
    "RegisterTaskDefinition": register_task_definition,
    "RunTask": run_task,
    "StopTask": stop_task,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateService": update_service,
}

_REQUIRED = {
    "family": "Family should not be null or empty.",
    "containerDefinitions": "Container list cannot be empty.",
}


def violation(violations: Sequence[Violation]) -> AwsError:
    """Model constraints that a request does not satisfy, as ECS words them.

    AWS: ECS API Reference, InvalidParameterException, ClientException.
    """
    first = violations[0]
    if first.kind == "required" and first.path in _REQUIRED:
        return ClientException(_REQUIRED[first.path])
    return InvalidParameterException(constraint_sentence(violations))


def resource_of(request: Mapping[str, object]) -> str:
    """What a journey shows of a request: the definition or service, else the task or cluster."""
    for member in ("taskDefinition", "serviceName", "service", "task", "family", "cluster"):
        value = request.get(member)
        if isinstance(value, str):
            return value.rpartition("/")[2]
    return str(request.get("resourceArn", request.get("clusterName", "")))
