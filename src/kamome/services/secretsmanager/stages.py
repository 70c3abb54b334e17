"""ListSecretVersionIds and UpdateSecretVersionStage.

AWS: Secrets Manager API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.secretsmanager.errors import (
    InvalidNextTokenException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from kamome.services.secretsmanager.limits import PAGE_MAX, VERSIONS_MAX
from kamome.services.secretsmanager.paging import after, token_after
from kamome.services.secretsmanager.versions import (
    CURRENT,
    active_secret,
    find_secret,
    move_stage,
)

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.secretsmanager import shapes
    from kamome.services.secretsmanager.slice import Secrets


async def list_secret_version_ids(
    slice_: Secrets, ctx: RequestContext, request: shapes.ListSecretVersionIdsRequest
) -> shapes.ListSecretVersionIdsResult:
    """The versions of a secret, the oldest first; those without labels with `IncludeDeprecated`.

    Raises:
        ResourceNotFoundException: there is no such secret.
        InvalidNextTokenException: the token is none that we gave.

    AWS: Secrets Manager API Reference, ListSecretVersionIds.
    """
    secret = find_secret(slice_, ctx, request["SecretId"])
    stages = slice_.store.stages(secret.name)
    labelled = set(stages.values())
    start = after(request.get("NextToken")) or "0"
    if not (start.isascii() and start.isdigit() and len(start) < 12):
        raise InvalidNextTokenException("The NextToken value is invalid.")
    versions = [
        version
        for version in slice_.store.summaries(secret.name, VERSIONS_MAX)
        if version.number > int(start)
        and (request.get("IncludeDeprecated", False) or version.version_id in labelled)
    ]
    limit = request.get("MaxResults", PAGE_MAX)
    entries: list[shapes.SecretVersionsListEntry] = []
    for version in versions[:limit]:
        entry: shapes.SecretVersionsListEntry = {
            "VersionId": version.version_id,
            "CreatedDate": version.created_at_ms / 1000,
            "KmsKeyIds": [version.key_arn],
        }
        if version.version_id in labelled:
            entry["VersionStages"] = [
                stage for stage, on in stages.items() if on == version.version_id
            ]
        if version.accessed_at_ms is not None:
            entry["LastAccessedDate"] = version.accessed_at_ms / 1000
        entries.append(entry)
    result: shapes.ListSecretVersionIdsResult = {
        "Versions": entries,
        "ARN": secret.arn,
        "Name": secret.name.name,
    }
    if len(versions) > limit:
        result["NextToken"] = token_after(str(versions[limit - 1].number))
    return result


async def update_secret_version_stage(
    slice_: Secrets, ctx: RequestContext, request: shapes.UpdateSecretVersionStageRequest
) -> shapes.UpdateSecretVersionStageResult:
    """Put a staging label on a version, move it, or take it away. Durable on return.

    Who was AWSCURRENT becomes AWSPREVIOUS.

    Raises:
        ResourceNotFoundException: there is no such secret, or no such version.
        InvalidRequestException: the secret is scheduled for deletion.
        InvalidParameterException: the label is on another version than the request says, or
            AWSCURRENT would be on none.
        LimitExceededException: the secret would have over 20 labels.

    AWS: Secrets Manager API Reference, UpdateSecretVersionStage.
    """
    secret = active_secret(slice_, ctx, request["SecretId"])
    stage = request["VersionStage"]
    to, from_ = request.get("MoveToVersionId"), request.get("RemoveFromVersionId")
    for version_id in (to, from_):
        if version_id is not None and slice_.store.version(secret.name, version_id) is None:
            raise ResourceNotFoundException(
                f"Secrets Manager can't find the specified secret value for VersionId: {version_id}"
            )
    _check_move(stage, slice_.store.stages(secret.name).get(stage), to, from_)
    with slice_.store.atomic():
        if to is not None:
            move_stage(slice_, secret, stage, to)
        else:
            slice_.store.remove_stage(secret.name, stage)
        slice_.store.put_secret(secret._replace(changed_at_ms=slice_.clock.now_ms()))
    return {"ARN": secret.arn, "Name": secret.name.name}


def _check_move(stage: str, on: str | None, to: str | None, from_: str | None) -> None:
    """The request must know where the label is."""
    if to is None and from_ is None:
        raise InvalidParameterException(
            "You must specify MoveToVersionId, RemoveFromVersionId, or both."
        )
    if from_ is not None and on != from_:
        raise InvalidParameterException(
            f"The staging label {stage} isn't attached to the version {from_}."
        )
    if to is not None and on not in (None, to) and from_ is None:
        raise InvalidParameterException(
            "The parameter RemoveFromVersionId can't be empty. Staging label"
            f" {stage} is currently attached to version {on}, so you must explicitly reference that"
            " version in RemoveFromVersionId."
        )
    if to is None and stage == CURRENT:
        raise InvalidParameterException(
            f"You can't remove the staging label {CURRENT} from a version: move it to another one."
        )
