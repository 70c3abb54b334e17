"""DeleteSecret with its recovery window, and RestoreSecret.

AWS: Secrets Manager API Reference; User Guide, Delete an AWS Secrets Manager secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.secretsmanager.errors import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceNotFoundException,
)
from kamome.services.secretsmanager.limits import RECOVERY_DAYS_MAX, RECOVERY_DAYS_MIN
from kamome.services.secretsmanager.names import SecretName, candidates
from kamome.services.secretsmanager.versions import find_secret

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.secretsmanager import shapes
    from kamome.services.secretsmanager.slice import Secrets
    from kamome.storage.outbox import Entry

# The outbox entry that ends a recovery window.
DELETE = "secretsmanager.delete"
_DAY_MS = 24 * 3600 * 1000


async def delete_secret(
    slice_: Secrets, ctx: RequestContext, request: shapes.DeleteSecretRequest
) -> shapes.DeleteSecretResult:
    """Schedule a secret's deletion for the end of its recovery window, 30 days by default.

    With `ForceDeleteWithoutRecovery` it is gone at once; a secret that is not there is no error
    then. Durable on return.

    Raises:
        ResourceNotFoundException: there is no such secret.
        InvalidRequestException: it is scheduled for deletion already.
        InvalidParameterException: the window is not 7 to 30 days, or there is one and force.

    AWS: Secrets Manager API Reference, DeleteSecret.
    """
    is_forced = request.get("ForceDeleteWithoutRecovery", False)
    days = _recovery_days(request, is_forced=is_forced)
    now_ms = slice_.clock.now_ms()
    try:
        secret = find_secret(slice_, ctx, request["SecretId"])
    except ResourceNotFoundException:
        if not is_forced:
            raise
        name = candidates(ctx, request["SecretId"])[0].name
        return {"ARN": name.arn("000000"), "Name": name.name, "DeletionDate": now_ms / 1000}
    gone_at_ms = now_ms if is_forced else now_ms + days * _DAY_MS
    if is_forced:
        slice_.store.delete_secret(secret.name)
    elif secret.gone_at_ms is not None:
        raise InvalidRequestException(
            "You can't perform this operation on the secret because it was already scheduled for"
            " deletion."
        )
    else:
        with slice_.store.atomic():
            slice_.store.put_secret(
                secret._replace(changed_at_ms=now_ms, deleted_at_ms=now_ms, gone_at_ms=gone_at_ms)
            )
            payload = {**secret.name._asdict(), "suffix": secret.suffix}
            slice_.outbox.put(DELETE, payload, at_ms=gone_at_ms, trace=ctx.trace)
    return {"ARN": secret.arn, "Name": secret.name.name, "DeletionDate": gone_at_ms / 1000}


async def restore_secret(
    slice_: Secrets, ctx: RequestContext, request: shapes.RestoreSecretRequest
) -> shapes.RestoreSecretResult:
    """Cancel a scheduled deletion. A secret that is not to be deleted stays as it is.

    Durable on return.

    Raises:
        ResourceNotFoundException: there is no such secret (any more).

    AWS: Secrets Manager API Reference, RestoreSecret.
    """
    secret = find_secret(slice_, ctx, request["SecretId"])
    if secret.gone_at_ms is not None:
        now_ms = slice_.clock.now_ms()
        slice_.store.put_secret(
            secret._replace(changed_at_ms=now_ms, deleted_at_ms=None, gone_at_ms=None)
        )
    return {"ARN": secret.arn, "Name": secret.name.name}


def end_recovery(slice_: Secrets, entry: Entry) -> None:
    """Delete a secret whose recovery window is over; it may have been restored since.

    Runs in the step in which its outbox entry is finished.

    AWS: Secrets Manager API Reference, DeleteSecret, RecoveryWindowInDays.
    """
    payload = entry.payload
    name = SecretName(str(payload["account"]), str(payload["region"]), str(payload["name"]))
    secret = slice_.store.secret(name)
    if secret is None or secret.suffix != payload["suffix"]:
        return
    if secret.gone_at_ms is not None and secret.gone_at_ms <= slice_.clock.now_ms():
        slice_.store.delete_secret(secret.name)


def _recovery_days(request: shapes.DeleteSecretRequest, *, is_forced: bool) -> int:
    days = request.get("RecoveryWindowInDays")
    if is_forced and days is not None:
        raise InvalidParameterException(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
        )
    if days is None:
        return RECOVERY_DAYS_MAX
    if not RECOVERY_DAYS_MIN <= days <= RECOVERY_DAYS_MAX:
        raise InvalidParameterException(
            f"RecoveryWindowInDays value must be between {RECOVERY_DAYS_MIN} and"
            f" {RECOVERY_DAYS_MAX} days (inclusive)."
        )
    return days
