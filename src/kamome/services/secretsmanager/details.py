"""CreateSecret, DescribeSecret, ListSecrets, UpdateSecret, and tags: all but the values.

AWS: Secrets Manager API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from kamome.services.secretsmanager.errors import (
    InvalidNextTokenException,
    InvalidParameterException,
    InvalidRequestException,
    LimitExceededException,
    ResourceExistsException,
    not_served,
)
from kamome.services.secretsmanager.filters import matching
from kamome.services.secretsmanager.limits import PAGE_MAX, SECRETS_MAX, TAGS_MAX
from kamome.services.secretsmanager.names import SUFFIX_CHARACTERS, SecretName, new_name
from kamome.services.secretsmanager.paging import after, token_after
from kamome.services.secretsmanager.passwords import characters_of
from kamome.services.secretsmanager.sealing import DEFAULT_KEY
from kamome.services.secretsmanager.store import Secret
from kamome.services.secretsmanager.versions import (
    active_secret,
    add_version,
    find_secret,
    given_value,
    seal_again,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kamome.context import RequestContext
    from kamome.services.secretsmanager import shapes
    from kamome.services.secretsmanager.slice import Secrets

_ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
# Members of CreateSecret that are refused, not ignored.
_NOT_SERVED = ("AddReplicaRegions", "Type", "CrossAccountPrimaryARN")


async def create_secret(
    slice_: Secrets, ctx: RequestContext, request: shapes.CreateSecretRequest
) -> shapes.CreateSecretResult:
    """Keep a new secret, with a first version where it has a value. Durable on return.

    The same call with the same token again gives the same answer.

    Raises:
        ValidationException: it cannot be a name.
        ResourceExistsException: there is a secret of that name.
        InvalidRequestException: there is one that is scheduled for deletion.
        InvalidParameterException: two values, or one that is too long; a tag that cannot be.
        EncryptionFailure: KMS refuses the key.
        LimitExceededException: the account has as many as it may have.
        OperationNotServed: replicas, or secrets of others.

    AWS: Secrets Manager API Reference, CreateSecret.
    """
    for member in _NOT_SERVED:
        if request.get(member):
            raise not_served(f"`{member}`")
    name = new_name(ctx, request["Name"])
    given = given_value(request)
    present = slice_.store.secret(name)
    if present is not None:
        return _created_before(slice_, ctx, present, request)
    if slice_.store.secret_count(ctx.account, ctx.region) >= SECRETS_MAX:
        raise LimitExceededException(f"The account has {SECRETS_MAX} secrets, which is the quota.")
    secret = _new_secret(slice_, name, request)
    result: shapes.CreateSecretResult = {"ARN": secret.arn, "Name": name.name}
    with slice_.store.atomic():
        slice_.store.put_secret(secret)
        if given is not None:
            token = request.get("ClientRequestToken")
            result["VersionId"] = add_version(slice_, ctx, secret, given, token=token)
    return result


async def describe_secret(
    slice_: Secrets, ctx: RequestContext, request: shapes.DescribeSecretRequest
) -> shapes.DescribeSecretResult:
    """A secret without its values; also one that is scheduled for deletion.

    Raises:
        ResourceNotFoundException, AccessDeniedException: as `find_secret`.

    AWS: Secrets Manager API Reference, DescribeSecret.
    """
    secret = find_secret(slice_, ctx, request["SecretId"])
    shown = cast("shapes.DescribeSecretResult", _described(secret))
    stages = _version_stages(slice_, secret)
    if stages:
        shown["VersionIdsToStages"] = stages
    return shown


async def get_resource_policy(
    slice_: Secrets, ctx: RequestContext, request: shapes.GetResourcePolicyRequest
) -> shapes.GetResourcePolicyResult:
    """The policy of a secret: none has one, since PutResourcePolicy is not served.

    Raises:
        ResourceNotFoundException, InvalidRequestException: as `active_secret`.

    AWS: Secrets Manager API Reference, GetResourcePolicy.
    """
    secret = active_secret(slice_, ctx, request["SecretId"])
    return {"ARN": secret.arn, "Name": secret.name.name}


async def list_secrets(
    slice_: Secrets, ctx: RequestContext, request: shapes.ListSecretsRequest
) -> shapes.ListSecretsResult:
    """The account's secrets, 100 a page, by the date of their creation where nothing else is said.

    Those that are scheduled for deletion are left out, but for `IncludePlannedDeletion`.

    Raises:
        InvalidNextTokenException: the token is none that we gave.

    AWS: Secrets Manager API Reference, ListSecrets.
    """
    found = matching(
        slice_.store.secrets(ctx.account, ctx.region, SECRETS_MAX), request.get("Filters", ())
    )
    if not request.get("IncludePlannedDeletion", False):
        found = [secret for secret in found if secret.gone_at_ms is None]
    sort_by = request.get("SortBy", "created-date")
    is_descending = request.get("SortOrder") == "desc"
    found.sort(key=lambda secret: _sort_key(secret, sort_by), reverse=is_descending)
    last = _last_key(request.get("NextToken"))
    if last is not None:
        # Not so many further on: what was deleted between two pages would hide as many others.
        found = [
            secret
            for secret in found
            if (
                _sort_key(secret, sort_by) < last
                if is_descending
                else _sort_key(secret, sort_by) > last
            )
        ]
    limit = request.get("MaxResults", PAGE_MAX)
    entries: list[shapes.SecretListEntry] = []
    for secret in found[:limit]:
        entry = cast("shapes.SecretListEntry", _described(secret))
        entry["SecretVersionsToStages"] = _version_stages(slice_, secret)
        entries.append(entry)
    result: shapes.ListSecretsResult = {"SecretList": entries}
    if len(found) > limit:
        moment, name = _sort_key(found[limit - 1], sort_by)
        result["NextToken"] = token_after(f"{moment} {name}")
    return result


async def update_secret(
    slice_: Secrets, ctx: RequestContext, request: shapes.UpdateSecretRequest
) -> shapes.UpdateSecretResult:
    """Change description or key, and with a value add a version as AWSCURRENT. Durable on return.

    A new key encrypts the versions with AWSCURRENT, AWSPENDING and AWSPREVIOUS again.

    Raises:
        ResourceNotFoundException, InvalidRequestException: as `active_secret`.
        InvalidParameterException, ResourceExistsException, EncryptionFailure,
            LimitExceededException: as `given_value` and `add_version`.

    AWS: Secrets Manager API Reference, UpdateSecret.
    """
    if request.get("Type"):
        raise not_served("`Type`")
    secret = active_secret(slice_, ctx, request["SecretId"])
    given = given_value(request)
    key_id = request.get("KmsKeyId", secret.kms_key_id)
    changed = secret._replace(
        description=request.get("Description", secret.description),
        kms_key_id=_kept_key(key_id),
        changed_at_ms=slice_.clock.now_ms(),
    )
    result: shapes.UpdateSecretResult = {"ARN": secret.arn, "Name": secret.name.name}
    with slice_.store.atomic():
        slice_.store.put_secret(changed)
        if changed.kms_key_id != secret.kms_key_id:
            seal_again(slice_, ctx, changed)
        if given is not None:
            token = request.get("ClientRequestToken")
            result["VersionId"] = add_version(slice_, ctx, changed, given, token=token)
    return result


async def tag_resource(
    slice_: Secrets, ctx: RequestContext, request: shapes.TagResourceRequest
) -> None:
    """Put tags on a secret; those of the same key are replaced. Durable on return.

    Raises:
        ResourceNotFoundException, InvalidRequestException: as `active_secret`.
        InvalidParameterException: a tag that cannot be, or over 50.

    AWS: Secrets Manager API Reference, TagResource.
    """
    secret = active_secret(slice_, ctx, request["SecretId"])
    tags = _checked_tags(secret.tags, request["Tags"])
    slice_.store.put_secret(secret._replace(tags=tags, changed_at_ms=slice_.clock.now_ms()))


async def untag_resource(
    slice_: Secrets, ctx: RequestContext, request: shapes.UntagResourceRequest
) -> None:
    """Take tags from a secret; keys that it does not have are passed over. Durable on return.

    Raises:
        ResourceNotFoundException, InvalidRequestException: as `active_secret`.

    AWS: Secrets Manager API Reference, UntagResource.
    """
    secret = active_secret(slice_, ctx, request["SecretId"])
    gone = set(request["TagKeys"])
    tags = {key: value for key, value in secret.tags.items() if key not in gone}
    slice_.store.put_secret(secret._replace(tags=tags, changed_at_ms=slice_.clock.now_ms()))


# ---------------------------------------------------------------------- CreateSecret


def _new_secret(slice_: Secrets, name: SecretName, request: shapes.CreateSecretRequest) -> Secret:
    now_ms = slice_.clock.now_ms()
    return Secret(
        name,
        suffix=characters_of(slice_.ids, _ALPHANUMERIC, SUFFIX_CHARACTERS),
        description=request.get("Description", ""),
        kms_key_id=_kept_key(request.get("KmsKeyId", "")),
        tags=_checked_tags({}, request.get("Tags", ())),
        created_at_ms=now_ms,
        changed_at_ms=now_ms,
        accessed_at_ms=None,
        deleted_at_ms=None,
        gone_at_ms=None,
    )


def _created_before(
    slice_: Secrets,
    ctx: RequestContext,
    present: Secret,
    request: shapes.CreateSecretRequest,
) -> shapes.CreateSecretResult:
    if present.gone_at_ms is not None:
        raise InvalidRequestException(
            "You can't create this secret because a secret with this name is already scheduled for"
            " deletion."
        )
    token, given = request.get("ClientRequestToken"), given_value(request)
    is_known = token is not None and slice_.store.version(present.name, token) is not None
    if token is None or given is None or not is_known:
        raise ResourceExistsException(
            f"The operation failed because the secret {present.name.name} already exists."
        )
    version_id = add_version(slice_, ctx, present, given, token=token)
    return {"ARN": present.arn, "Name": present.name.name, "VersionId": version_id}


def _kept_key(key_id: str) -> str:
    return "" if key_id == DEFAULT_KEY else key_id


def _checked_tags(present: Mapping[str, str], new: Iterable[shapes.Tag]) -> dict[str, str]:
    tags = dict(present)
    for tag in new:
        key = tag.get("Key", "")
        if not key or key.lower().startswith("aws:"):
            raise InvalidParameterException(f"The tag key {key!r} is not one that may be.")
        tags[key] = tag.get("Value", "")
    if len(tags) > TAGS_MAX:
        raise InvalidParameterException(f"A secret has {TAGS_MAX} tags at most.")
    return tags


# ---------------------------------------------------------------------- how secrets are shown


def _described(secret: Secret) -> dict[str, object]:
    shown: dict[str, object] = {
        "ARN": secret.arn,
        "Name": secret.name.name,
        "LastChangedDate": secret.changed_at_ms / 1000,
        "CreatedDate": secret.created_at_ms / 1000,
    }
    if secret.description:
        shown["Description"] = secret.description
    if secret.kms_key_id:
        shown["KmsKeyId"] = secret.kms_key_id
    if secret.tags:
        shown["Tags"] = [{"Key": key, "Value": value} for key, value in secret.tags.items()]
    if secret.accessed_at_ms is not None:
        shown["LastAccessedDate"] = secret.accessed_at_ms / 1000
    if secret.deleted_at_ms is not None:
        shown["DeletedDate"] = secret.deleted_at_ms / 1000
    return shown


def _version_stages(slice_: Secrets, secret: Secret) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for stage, version_id in slice_.store.stages(secret.name).items():
        found.setdefault(version_id, []).append(stage)
    return found


def _sort_key(secret: Secret, sort_by: str) -> tuple[int, str]:
    moment = {
        "created-date": secret.created_at_ms,
        "last-changed-date": secret.changed_at_ms,
        "last-accessed-date": secret.accessed_at_ms or 0,
    }.get(sort_by, 0)
    return moment, secret.name.name


def _last_key(token: str | None) -> tuple[int, str] | None:
    """The sort key of the last secret of the page before, None for the first page."""
    text = after(token)
    if not text:
        return None
    moment, space, name = text.partition(" ")
    if not (space and moment.isascii() and moment.isdigit() and len(moment) < 19):
        raise InvalidNextTokenException("The NextToken value is invalid.")
    return int(moment), name
