"""The operations of Systems Manager that are served: those of Parameter Store.

AWS: Systems Manager API Reference, Actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kamome.protocols.model import Violation, constraint_sentence
from kamome.services import Operation
from kamome.services.ssm.delete_parameters import delete_parameter, delete_parameters
from kamome.services.ssm.describe_parameters import describe_parameters
from kamome.services.ssm.errors import ValidationException
from kamome.services.ssm.get_parameters import (
    get_parameter,
    get_parameter_history,
    get_parameters,
    get_parameters_by_path,
)
from kamome.services.ssm.labels import label_parameter_version, unlabel_parameter_version
from kamome.services.ssm.put_parameter import put_parameter
from kamome.services.ssm.tags import (
    add_tags_to_resource,
    list_tags_for_resource,
    remove_tags_from_resource,
)

__all__ = ["OPERATIONS", "resource_of", "violation"]


def violation(violations: Sequence[Violation]) -> ValidationException:
    """Members outside the model's constraints.

    AWS: Systems Manager API Reference, Common Errors.
    """
    return ValidationException(constraint_sentence(list(violations)))


def resource_of(request: Mapping[str, object]) -> str:
    """What a journey shows of a request: the parameter's name or path.

    AWS: Systems Manager API Reference, Actions.
    """
    for member in ("Name", "Path", "ResourceId"):
        if member in request:
            return str(request[member])
    names = request.get("Names")
    return ", ".join(map(str, names)) if isinstance(names, list) else ""


OPERATIONS: Mapping[str, Operation] = {
    "AddTagsToResource": add_tags_to_resource,
    "DeleteParameter": delete_parameter,
    "DeleteParameters": delete_parameters,
    "DescribeParameters": describe_parameters,
    "GetParameter": get_parameter,
    "GetParameterHistory": get_parameter_history,
    "GetParameters": get_parameters,
    "GetParametersByPath": get_parameters_by_path,
    "LabelParameterVersion": label_parameter_version,
    "ListTagsForResource": list_tags_for_resource,
    "PutParameter": put_parameter,
    "RemoveTagsFromResource": remove_tags_from_resource,
    "UnlabelParameterVersion": unlabel_parameter_version,
}
