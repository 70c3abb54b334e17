"""New versions of secrets, and where their staging labels go.

AWS: Secrets Manager User Guide, What's in a Secrets Manager secret? (Version); API Reference,
PutSecretValue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.secretsmanager.errors import (
    InvalidParameterException,
    InvalidRequestException,
    LimitExceededException,
    ResourceExistsException,
    ResourceNotFoundException,
)
from kamome.services.secretsmanager.limits import (
    STAGES_MAX,
    VALUE_BYTES_MAX,
    VERSION_KEPT_MS,
    VERSIONS_KEPT,
    VERSIONS_MAX,
)
from kamome.services.secretsmanager.names import NOT_FOUND, candidates
from kamome.services.secretsmanager.sealing import opened, sealed
from kamome.services.secretsmanager.store import Secret, Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamome.context import RequestContext
    from kamome.services.secretsmanager import shapes
    from kamome.services.secretsmanager.slice import Secrets

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"
STRING, BINARY = "SecretString", "SecretBinary"

Given = tuple[str, bytes]


def find_secret(slice_: Secrets, ctx: RequestContext, secret_id: str) -> Secret:
    """The secret that a SecretId means, in whatever state.

    Raises:
        ResourceNotFoundException: there is none.
        AccessDeniedException: it is another account's.

    AWS: Secrets Manager API Reference, DescribeSecret, SecretId.
    """
    for wanted in candidates(ctx, secret_id):
        secret = slice_.store.secret(wanted.name)
        if secret is not None and wanted.suffix in ("", secret.suffix):
            return secret
    raise ResourceNotFoundException(NOT_FOUND)


def active_secret(slice_: Secrets, ctx: RequestContext, secret_id: str) -> Secret:
    """The secret that a SecretId means, which is not to be deleted.

    Raises:
        InvalidRequestException: it is scheduled for deletion.
        AwsError: as `find_secret`.

    AWS: Secrets Manager API Reference, GetSecretValue, Errors.
    """
    secret = find_secret(slice_, ctx, secret_id)
    if secret.gone_at_ms is not None:
        raise InvalidRequestException(
            "You can't perform this operation on the secret because it was marked for deletion."
        )
    return secret


def given_value(
    request: (
        shapes.CreateSecretRequest | shapes.PutSecretValueRequest | shapes.UpdateSecretRequest
    ),
) -> Given | None:
    """The value of a request and its kind, None where it has none.

    Raises:
        InvalidParameterException: it has two, or one that is too long.

    AWS: Secrets Manager API Reference, PutSecretValue.
    """
    text, data = request.get("SecretString"), request.get("SecretBinary")
    if text is not None and data is not None:
        raise InvalidParameterException(
            "You can't specify both a binary secret value and a string secret value in the same"
            " secret."
        )
    value = text.encode() if text is not None else data
    if value is None:
        return None
    if len(value) > VALUE_BYTES_MAX:
        raise InvalidParameterException(f"The secret value is longer than {VALUE_BYTES_MAX} bytes.")
    return (BINARY if text is None else STRING), value


def add_version(
    slice_: Secrets,
    ctx: RequestContext,
    secret: Secret,
    given: Given,
    *,
    token: str | None,
    stages: Sequence[str] = (CURRENT,),
) -> str:
    """Keep a value as a version, and put the labels on it: the version's id. One step.

    The same token with the same value changes nothing.

    Raises:
        ResourceExistsException: the token is that of a version with another value.
        EncryptionFailure: as `sealed`.
        LimitExceededException: too many versions of the last 24 hours, or too many labels.

    AWS: Secrets Manager API Reference, PutSecretValue, ClientRequestToken, VersionStages.
    """
    version_id = token or slice_.ids.uuid()
    present = slice_.store.version(secret.name, version_id)
    if present is not None:
        if (present.kind, opened(slice_, ctx, secret, present)) == given:
            return version_id
        raise ResourceExistsException(
            f"You can't use ClientRequestToken {version_id} because that value is already in use"
            f" for a version of secret {secret.arn}."
        )
    now_ms = slice_.clock.now_ms()
    kind, value = given
    with slice_.store.atomic():
        key_arn, kept = sealed(slice_, ctx, secret, version_id, value)
        number = slice_.store.last_number(secret.name) + 1
        slice_.store.put_version(
            Version(secret.name, version_id, number, kind, key_arn, now_ms, None, kept)
        )
        # The first version is the current one, whatever it is called besides.
        labels = list(stages) if number > 1 else [*stages, CURRENT]
        for stage in dict.fromkeys(labels):
            move_stage(slice_, secret, stage, version_id)
        _make_room(slice_, secret, now_ms)
    return version_id


def move_stage(slice_: Secrets, secret: Secret, stage: str, version_id: str) -> None:
    """Put a label on a version; who was AWSCURRENT becomes AWSPREVIOUS.

    Raises:
        LimitExceededException: the secret would have over 20 labels.

    AWS: Secrets Manager API Reference, UpdateSecretVersionStage.
    """
    stages = slice_.store.stages(secret.name)
    before = stages.get(stage)
    if before == version_id:
        return
    slice_.store.put_stage(secret.name, stage, version_id)
    if stage == CURRENT and before is not None:
        slice_.store.put_stage(secret.name, PREVIOUS, before)
    if stage not in stages and len(stages) >= STAGES_MAX:
        raise LimitExceededException(f"A secret has {STAGES_MAX} staging labels at most.")


def seal_again(slice_: Secrets, ctx: RequestContext, secret: Secret) -> None:
    """Encrypt the labelled versions by the secret's new key.

    Raises:
        EncryptionFailure, DecryptionFailure: KMS refuses one of the keys.

    AWS: Secrets Manager API Reference, UpdateSecret, KmsKeyId.
    """
    stages = slice_.store.stages(secret.name)
    for version_id in {stages[stage] for stage in (CURRENT, PENDING, PREVIOUS) if stage in stages}:
        version = slice_.store.version(secret.name, version_id)
        if version is not None:
            value = opened(slice_, ctx, secret, version)
            key_arn, kept = sealed(slice_, ctx, secret, version_id, value)
            slice_.store.put_version(version._replace(key_arn=key_arn, value=kept))


def _make_room(slice_: Secrets, secret: Secret, now_ms: int) -> None:
    """Old versions without a label go; those of the last 24 hours stay."""
    versions = slice_.store.summaries(secret.name, VERSIONS_MAX + 1)
    labelled = set(slice_.store.stages(secret.name).values())
    spare = len(versions) - VERSIONS_KEPT
    for version in versions:
        is_old = version.created_at_ms + VERSION_KEPT_MS <= now_ms
        if spare <= 0 or not is_old:
            break
        if version.version_id not in labelled:
            slice_.store.forget_version(secret.name, version.version_id)
            spare -= 1
    if spare > VERSIONS_MAX - VERSIONS_KEPT:
        raise LimitExceededException(
            f"A secret has {VERSIONS_MAX} versions of the last 24 hours at most."
        )
