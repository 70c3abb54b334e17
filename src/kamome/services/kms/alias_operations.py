"""Operations on aliases.

AWS: KMS API Reference, CreateAlias, UpdateAlias, DeleteAlias, ListAliases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.kms import alias_store, keys, paging
from kamome.services.kms.alias_store import Alias
from kamome.services.kms.errors import (
    AlreadyExistsException,
    InvalidAliasNameException,
    LimitExceededException,
    NotFoundException,
    ValidationException,
)
from kamome.services.kms.key_identifiers import ALIAS_PREFIX, RESERVED_PREFIX, AliasReference
from kamome.services.kms.key_specs import family
from kamome.services.kms.limits import ALIASES_PER_KEY_MAX, SHORT_LIST_DEFAULT, SHORT_LIST_MAX

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.kms import shapes
    from kamome.services.kms.slice import Kms
    from kamome.services.kms.store import Key


async def create_alias(kms: Kms, ctx: RequestContext, request: shapes.CreateAliasRequest) -> None:
    """Give a customer's key one more name.

    Raises:
        ValidationException, InvalidAliasNameException: not a name that an alias may have.
        AlreadyExistsException: there is such an alias.
        NotFoundException, AccessDeniedException: no such key of the customer.
        KMSInvalidStateException: it is pending deletion.
        LimitExceededException: it has 50 aliases.

    AWS: KMS API Reference, CreateAlias.
    """
    reference = _reference(ctx, request["AliasName"])
    key = _target(kms, ctx, request["TargetKeyId"])
    if alias_store.find(kms.store.engine, *reference) is not None:
        raise AlreadyExistsException(f"An alias with the name {reference.arn} already exists")
    _check_count(kms, key)
    now_ms = kms.clock.now_ms()
    alias_store.put(kms.store.engine, Alias(*reference, key.name.key_id, now_ms, now_ms))


async def update_alias(kms: Kms, ctx: RequestContext, request: shapes.UpdateAliasRequest) -> None:
    """Let an alias name another key of the same kind and usage.

    Raises:
        ValidationException, InvalidAliasNameException: not a name that an alias may have.
        NotFoundException, AccessDeniedException: no such alias, or no such key of the customer.
        KMSInvalidStateException: the new key is pending deletion.
        LimitExceededException: it has 50 aliases.

    AWS: KMS API Reference, UpdateAlias.
    """
    alias = _find(kms, _reference(ctx, request["AliasName"]))
    key = _target(kms, ctx, request["TargetKeyId"])
    old = kms.store.key(key.name._replace(key_id=alias.key_id))
    assert old is not None
    if (family(old.key_spec), old.key_usage) != (family(key.key_spec), key.key_usage):
        raise ValidationException(
            "The current and new KMS keys must be the same type (both symmetric or both asymmetric"
            " or both HMAC), and they must have the same key usage."
        )
    if alias.key_id != key.name.key_id:
        _check_count(kms, key)
    changed = alias._replace(key_id=key.name.key_id, updated_at_ms=kms.clock.now_ms())
    alias_store.put(kms.store.engine, changed)


async def delete_alias(kms: Kms, ctx: RequestContext, request: shapes.DeleteAliasRequest) -> None:
    """Remove a name of a key; the key stays.

    Raises:
        ValidationException, InvalidAliasNameException: not a name that an alias may have.
        NotFoundException: no such alias.

    AWS: KMS API Reference, DeleteAlias.
    """
    alias_store.remove(kms.store.engine, _find(kms, _reference(ctx, request["AliasName"])))


async def list_aliases(
    kms: Kms, ctx: RequestContext, request: shapes.ListAliasesRequest
) -> dict[str, object]:
    """Aliases of the account in the region, or of one key, in order of their names.

    Raises:
        NotFoundException, InvalidArnException: there is no such key.
        InvalidMarkerException: the marker is none of this list.

    AWS: KMS API Reference, ListAliases.
    """
    limit = paging.size(request, SHORT_LIST_DEFAULT, SHORT_LIST_MAX)
    after = paging.position(request)
    engine = kms.store.engine
    if "KeyId" in request:
        name = keys.find_by_id(kms, ctx, request["KeyId"]).name
        found = alias_store.of_key(engine, name, after, limit + 1)
    else:
        found = alias_store.listed(engine, ctx.account, ctx.region, after, limit + 1)
    return paging.page("Aliases", found, limit, lambda alias: alias.alias_name, _shown)


def _shown(alias: Alias) -> shapes.AliasListEntry:
    return {
        "AliasName": alias.alias_name,
        "AliasArn": alias.arn,
        "TargetKeyId": alias.key_id,
        "CreationDate": alias.created_at_ms / 1000,
        "LastUpdatedDate": alias.updated_at_ms / 1000,
    }


def _reference(ctx: RequestContext, alias_name: str) -> AliasReference:
    if not alias_name.startswith(ALIAS_PREFIX):
        raise ValidationException(
            'Alias must start with the prefix "alias/". Please see'
            " https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
        )
    if alias_name.startswith(RESERVED_PREFIX):
        raise InvalidAliasNameException(
            f"The prefix {RESERVED_PREFIX} is reserved for keys that AWS manages."
        )
    if ":" in alias_name or alias_name == ALIAS_PREFIX:
        raise InvalidAliasNameException(f"{alias_name} is not a valid alias name.")
    return AliasReference(ctx.account, ctx.region, alias_name)


def _find(kms: Kms, reference: AliasReference) -> Alias:
    alias = alias_store.find(kms.store.engine, *reference)
    if alias is None:
        raise NotFoundException(f"Alias {reference.arn} is not found.")
    return alias


def _target(kms: Kms, ctx: RequestContext, key_id: str) -> Key:
    if key_id.startswith(ALIAS_PREFIX):
        raise ValidationException("Aliases must refer to keys. Not aliases")
    key = keys.find_managed_by_customer(kms, ctx, key_id)
    keys.check_not_pending(key)
    return key


def _check_count(kms: Kms, key: Key) -> None:
    if alias_store.count_of_key(kms.store.engine, key.name) >= ALIASES_PER_KEY_MAX:
        raise LimitExceededException(f"{key.arn} has {ALIASES_PER_KEY_MAX} aliases.")
