"""The operations of Secrets Manager that are served, in the API reference's order.

AWS: Secrets Manager API Reference, Actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kamome.protocols.model import Violation, constraint_sentence
from kamome.services import Operation
from kamome.services.secretsmanager.deletion import delete_secret, restore_secret
from kamome.services.secretsmanager.details import (
    create_secret,
    describe_secret,
    get_resource_policy,
    list_secrets,
    tag_resource,
    untag_resource,
    update_secret,
)
from kamome.services.secretsmanager.errors import ValidationException
from kamome.services.secretsmanager.passwords import get_random_password
from kamome.services.secretsmanager.stages import (
    list_secret_version_ids,
    update_secret_version_stage,
)
from kamome.services.secretsmanager.values import (
    batch_get_secret_value,
    get_secret_value,
    put_secret_value,
)

__all__ = ["OPERATIONS", "resource_of", "violation"]


def violation(violations: Sequence[Violation]) -> ValidationException:
    """Members outside the model's constraints.

    AWS: Secrets Manager API Reference, Common Errors.
    """
    return ValidationException(constraint_sentence(list(violations)))


def resource_of(request: Mapping[str, object]) -> str:
    """What a journey shows of a request: the secret's name or ARN.

    AWS: Secrets Manager API Reference, Actions.
    """
    return str(request.get("SecretId") or request.get("Name") or "")


OPERATIONS: Mapping[str, Operation] = {
    "BatchGetSecretValue": batch_get_secret_value,
    "CreateSecret": create_secret,
    "DeleteSecret": delete_secret,
    "DescribeSecret": describe_secret,
    "GetRandomPassword": get_random_password,
    "GetResourcePolicy": get_resource_policy,
    "GetSecretValue": get_secret_value,
    "ListSecretVersionIds": list_secret_version_ids,
    "ListSecrets": list_secrets,
    "PutSecretValue": put_secret_value,
    "RestoreSecret": restore_secret,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateSecret": update_secret,
    "UpdateSecretVersionStage": update_secret_version_stage,
}
