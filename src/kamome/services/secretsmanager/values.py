"""GetSecretValue, BatchGetSecretValue, PutSecretValue.

AWS: Secrets Manager API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.errors import AwsError
from kamome.services.secretsmanager.errors import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceNotFoundException,
    not_served,
)
from kamome.services.secretsmanager.filters import matching
from kamome.services.secretsmanager.limits import BATCH_MAX, SECRETS_MAX
from kamome.services.secretsmanager.paging import after, token_after
from kamome.services.secretsmanager.sealing import opened
from kamome.services.secretsmanager.versions import (
    CURRENT,
    STRING,
    active_secret,
    add_version,
    given_value,
)

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.secretsmanager import shapes
    from kamome.services.secretsmanager.slice import Secrets
    from kamome.services.secretsmanager.store import Secret, Version

_DAY_MS = 24 * 3600 * 1000


async def get_secret_value(
    slice_: Secrets, ctx: RequestContext, request: shapes.GetSecretValueRequest
) -> shapes.GetSecretValueResult:
    """The value of a version: of the one with AWSCURRENT, where none is named.

    The day of the access is kept with the secret and the version.

    Raises:
        ResourceNotFoundException: there is no such secret, or no such version.
        InvalidRequestException: it is scheduled for deletion, or id and label do not meet.
        DecryptionFailure: KMS refuses the key.

    AWS: Secrets Manager API Reference, GetSecretValue.
    """
    secret = active_secret(slice_, ctx, request["SecretId"])
    stages = slice_.store.stages(secret.name)
    version = _wanted_version(slice_, secret, stages, request)
    value = opened(slice_, ctx, secret, version)
    _note_access(slice_, secret, version)
    result: shapes.GetSecretValueResult = {
        "ARN": secret.arn,
        "Name": secret.name.name,
        "VersionId": version.version_id,
        "VersionStages": [stage for stage, on in stages.items() if on == version.version_id],
        "CreatedDate": version.created_at_ms / 1000,
    }
    if version.kind == STRING:
        result["SecretString"] = value.decode()
    else:
        result["SecretBinary"] = value
    return result


async def batch_get_secret_value(
    slice_: Secrets, ctx: RequestContext, request: shapes.BatchGetSecretValueRequest
) -> shapes.BatchGetSecretValueResult:
    """The current values of up to 20 secrets, named or filtered; what fails is in `Errors`.

    Raises:
        InvalidParameterException: both a list and filters, or neither.
        InvalidNextTokenException: the token is none that we gave.

    AWS: Secrets Manager API Reference, BatchGetSecretValue.
    """
    named, filters = request.get("SecretIdList"), request.get("Filters")
    if (named is None) == (filters is None):
        raise InvalidParameterException(
            "You must include either SecretIdList or Filters, but not both."
        )
    result: shapes.BatchGetSecretValueResult = {"SecretValues": [], "Errors": []}
    wanted = list(named or ())
    if filters is not None:
        limit = request.get("MaxResults", BATCH_MAX)
        start = after(request.get("NextToken"))
        found = slice_.store.secrets(ctx.account, ctx.region, SECRETS_MAX)
        names = [
            secret.name.name
            for secret in matching(found, filters)
            if secret.gone_at_ms is None and secret.name.name > start
        ]
        wanted = names[:limit]
        if len(names) > limit:
            result["NextToken"] = token_after(wanted[-1])
    for secret_id in wanted:
        try:
            result["SecretValues"].append(
                await get_secret_value(slice_, ctx, {"SecretId": secret_id})
            )
        except AwsError as error:
            result["Errors"].append(
                {"SecretId": secret_id, "ErrorCode": error.code, "Message": error.message}
            )
    return result


async def put_secret_value(
    slice_: Secrets, ctx: RequestContext, request: shapes.PutSecretValueRequest
) -> shapes.PutSecretValueResult:
    """Add a version, and put AWSCURRENT or the labels of the request on it. Durable on return.

    Raises:
        InvalidParameterException: no value, two values, or one that is too long.
        ResourceNotFoundException, InvalidRequestException: as `active_secret`.
        ResourceExistsException, EncryptionFailure, LimitExceededException: as `add_version`.

    AWS: Secrets Manager API Reference, PutSecretValue.
    """
    if request.get("RotationToken"):
        raise not_served("`RotationToken`")
    secret = active_secret(slice_, ctx, request["SecretId"])
    given = given_value(request)
    if given is None:
        raise InvalidParameterException("You must provide either SecretString or SecretBinary.")
    with slice_.store.atomic():
        version_id = add_version(
            slice_,
            ctx,
            secret,
            given,
            token=request.get("ClientRequestToken"),
            stages=request.get("VersionStages") or (CURRENT,),
        )
        slice_.store.put_secret(secret._replace(changed_at_ms=slice_.clock.now_ms()))
    stages = slice_.store.stages(secret.name)
    return {
        "ARN": secret.arn,
        "Name": secret.name.name,
        "VersionId": version_id,
        "VersionStages": [stage for stage, on in stages.items() if on == version_id],
    }


def _wanted_version(
    slice_: Secrets,
    secret: Secret,
    stages: dict[str, str],
    request: shapes.GetSecretValueRequest,
) -> Version:
    version_id, stage = request.get("VersionId"), request.get("VersionStage")
    words = f"VersionId: {version_id}"
    if version_id is None:
        stage = stage or CURRENT
        words = f"staging label: {stage}"
        version_id = stages.get(stage)
    version = None if version_id is None else slice_.store.version(secret.name, version_id)
    if version is None:
        raise ResourceNotFoundException(
            f"Secrets Manager can't find the specified secret value for {words}"
        )
    if stage is not None and stages.get(stage) != version.version_id:
        raise InvalidRequestException(
            "You provided a VersionStage that is not associated to the provided VersionId."
        )
    return version


def _note_access(slice_: Secrets, secret: Secret, version: Version) -> None:
    """Once a day: a read of the same day writes nothing."""
    today_ms = slice_.clock.now_ms() // _DAY_MS * _DAY_MS
    with slice_.store.atomic():
        if secret.accessed_at_ms != today_ms:
            slice_.store.put_secret(secret._replace(accessed_at_ms=today_ms))
        if version.accessed_at_ms != today_ms:
            slice_.store.put_version(version._replace(accessed_at_ms=today_ms))
