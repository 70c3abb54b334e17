"""Operations on grants. They are kept and listed; nothing is allowed by them (see DESIGN.md).

AWS: KMS Developer Guide, Grants in AWS KMS; API Reference.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from kamome.arn import parse_arn
from kamome.services.kms import grant_store, keys, paging
from kamome.services.kms.cryptographic_operations import check_dry_run, missing
from kamome.services.kms.errors import (
    InvalidArnException,
    InvalidGrantIdException,
    InvalidGrantTokenException,
    LimitExceededException,
    NotFoundException,
    ValidationException,
)
from kamome.services.kms.grant_store import Grant
from kamome.services.kms.key_specs import (
    ENCAPSULATE_DECAPSULATE,
    ENCRYPT_DECRYPT,
    GENERATE_VERIFY_MAC,
    KEY_AGREEMENT,
    SIGN_VERIFY,
    is_asymmetric,
)
from kamome.services.kms.limits import GRANTS_PER_KEY_MAX, SHORT_LIST_DEFAULT, SHORT_LIST_MAX

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.kms import shapes
    from kamome.services.kms.slice import Kms
    from kamome.services.kms.store import Key

# What may be granted with a key, by its usage. AWS: Grants in AWS KMS, Grant operations.
_BY_USAGE = {
    ENCRYPT_DECRYPT: frozenset({"Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"}),
    SIGN_VERIFY: frozenset({"Sign", "Verify"}),
    GENERATE_VERIFY_MAC: frozenset({"GenerateMac", "VerifyMac"}),
    KEY_AGREEMENT: frozenset({"DeriveSharedSecret"}),
    ENCAPSULATE_DECAPSULATE: frozenset({"Encapsulate", "Decapsulate"}),
}
_FOR_ALL = frozenset({"CreateGrant", "RetireGrant", "DescribeKey"})
_FOR_SYMMETRIC = frozenset(
    {
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
    }
)
_KEPT = (
    "Name",
    "GranteePrincipal",
    "RetiringPrincipal",
    "GranteeServicePrincipal",
    "RetiringServicePrincipal",
    "Operations",
    "Constraints",
)
_TOKEN_BYTES = 96
# Among so many grants of one name the same one is sought, when a request is sent again.
_SAME_NAME_MAX = 100


async def create_grant(
    kms: Kms, ctx: RequestContext, request: shapes.CreateGrantRequest
) -> shapes.CreateGrantResult:
    """Keep a grant. One with the same name and all else the same is the one that there is.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: no such key of the caller.
        DisabledException, KMSInvalidStateException: not in its state.
        ValidationException: an operation is not for the key; no grantee is named, or two; a
            service without SourceArn or retiring principal.
        InvalidArnException: a principal is none of IAM.
        LimitExceededException: the key has 50,000 grants.

    AWS: KMS API Reference, CreateGrant.
    """
    key = keys.find_by_id(kms, ctx, request["KeyId"])
    keys.check_usable(key)
    _check_request(key, request)
    check_dry_run(request)
    engine = kms.store.engine
    document = {name: request[name] for name in _KEPT if name in request}  # type: ignore[literal-required] # members of the request
    document["IssuingAccount"] = f"arn:aws:iam::{ctx.account}:root"
    same = _same_grant(kms, key, document)
    if same is not None:
        return {"GrantToken": same.grant_token, "GrantId": same.grant_id}
    if grant_store.count(engine, key.name) >= GRANTS_PER_KEY_MAX:
        raise LimitExceededException(f"{key.arn} has {GRANTS_PER_KEY_MAX} grants.")
    grant = Grant(
        key=key.name,
        grant_id=kms.ids.hex(64),
        grant_token=base64.b64encode(kms.ids.bytes(_TOKEN_BYTES)).decode(),
        retiring_principal=request.get(
            "RetiringPrincipal", request.get("RetiringServicePrincipal", "")
        ),
        created_at_ms=kms.clock.now_ms(),
        document=document,
    )
    grant_store.add(engine, grant)
    return {"GrantToken": grant.grant_token, "GrantId": grant.grant_id}


async def list_grants(
    kms: Kms, ctx: RequestContext, request: shapes.ListGrantsRequest
) -> dict[str, object]:
    """A key's grants, in order of their ids; those of one id or grantee where that is asked.

    Raises:
        NotFoundException, InvalidArnException: there is no such key.
        InvalidMarkerException: the marker is none of this list.

    AWS: KMS API Reference, ListGrants.
    """
    limit = paging.size(request, SHORT_LIST_DEFAULT, SHORT_LIST_MAX)
    name = keys.find_by_id(kms, ctx, request["KeyId"]).name
    engine, after = kms.store.engine, paging.position(request)
    if "GrantId" in request:
        one = grant_store.find(engine, name, request["GrantId"])
        found = [] if one is None or one.grant_id <= after else [one]
    else:
        found = grant_store.of_key(engine, name, after, limit + 1)
    page = paging.page("Grants", found, limit, lambda grant: grant.grant_id, lambda grant: grant)
    # AWS filters pages, too: a page may have fewer grants than asked for, and more may follow.
    page["Grants"] = [_shown(grant) for grant in found[:limit] if _is_for(grant, request)]
    return page


async def list_retirable_grants(
    kms: Kms, ctx: RequestContext, request: shapes.ListRetirableGrantsRequest
) -> dict[str, object]:
    """The account's grants that name a principal as the one who may retire them.

    Raises:
        ValidationException: no principal is named.
        InvalidMarkerException: the marker is none of this list.

    AWS: KMS API Reference, ListRetirableGrants.
    """
    limit = paging.size(request, SHORT_LIST_DEFAULT, SHORT_LIST_MAX)
    principal = request.get("RetiringPrincipal", request.get("RetiringServicePrincipal", ""))
    if not principal:
        raise missing("retiringPrincipal")
    key_id, _, grant_id = paging.position(request).partition("/")
    found = grant_store.retirable(
        kms.store.engine, ctx.account, ctx.region, principal, (key_id, grant_id), limit + 1
    )
    return paging.page(
        "Grants", found, limit, lambda grant: f"{grant.key.key_id}/{grant.grant_id}", _shown
    )


async def revoke_grant(kms: Kms, ctx: RequestContext, request: shapes.RevokeGrantRequest) -> None:
    """Take a grant back.

    Raises:
        NotFoundException, InvalidArnException: there is no such key, or no such grant of it.

    AWS: KMS API Reference, RevokeGrant.
    """
    grant = _find(kms, ctx, request["KeyId"], request["GrantId"])
    check_dry_run(request)
    grant_store.remove(kms.store.engine, grant)


async def retire_grant(kms: Kms, ctx: RequestContext, request: shapes.RetireGrantRequest) -> None:
    """Give a grant up, named by its token or by key and id.

    Raises:
        InvalidGrantTokenException: no grant has the token.
        NotFoundException, InvalidArnException: there is no such key, or no such grant of it.
        ValidationException: neither a token nor key and id, or both.

    AWS: KMS API Reference, RetireGrant.
    """
    if "GrantToken" in request:
        if "KeyId" in request or "GrantId" in request:
            raise ValidationException("Specify a grant token, or a key and a grant id.")
        grant = grant_store.of_token(kms.store.engine, request["GrantToken"])
        if grant is None or grant.key[:2] != (ctx.account, ctx.region):
            raise InvalidGrantTokenException("The grant token is not valid.")
    elif "KeyId" in request and "GrantId" in request:
        if not request["KeyId"].startswith("arn:"):
            raise ValidationException("RetireGrant needs the ARN of the key.")
        grant = _find(kms, ctx, request["KeyId"], request["GrantId"])
    else:
        raise ValidationException("Specify a grant token, or a key and a grant id.")
    check_dry_run(request)
    grant_store.remove(kms.store.engine, grant)


def _find(kms: Kms, ctx: RequestContext, key_id: str, grant_id: str) -> Grant:
    key = keys.find_by_id(kms, ctx, key_id)
    if not all(letter in "0123456789abcdef" for letter in grant_id):
        raise InvalidGrantIdException(f"{grant_id} is not a grant id.")
    grant = grant_store.find(kms.store.engine, key.name, grant_id)
    if grant is None:
        raise NotFoundException(f"Grant ID {grant_id} not found")
    return grant


def _check_request(key: Key, request: shapes.CreateGrantRequest) -> None:
    _check_principals(request)
    if not request["Operations"]:
        raise ValidationException("Specify at least one operation.")
    allowed = _BY_USAGE[key.key_usage] | _FOR_ALL
    if key.is_symmetric:
        allowed |= _FOR_SYMMETRIC
    if is_asymmetric(key.key_spec):
        allowed |= {"GetPublicKey"}
    for operation in request["Operations"]:
        if operation not in allowed:
            raise ValidationException(f"Grant operation {operation} is not for {key.arn}.")
    constraints = request.get("Constraints", {})
    if not key.is_symmetric and constraints.keys() - {"SourceArn"}:
        raise ValidationException(
            "Constraints on the encryption context are for symmetric encryption keys."
        )


def _check_principals(request: shapes.CreateGrantRequest) -> None:
    """AWS: KMS API Reference, CreateGrant (GranteePrincipal to RetiringServicePrincipal)."""
    if ("GranteePrincipal" in request) == ("GranteeServicePrincipal" in request):
        raise ValidationException("Specify one of GranteePrincipal and GranteeServicePrincipal.")
    if "RetiringPrincipal" in request and "RetiringServicePrincipal" in request:
        raise ValidationException("Specify RetiringPrincipal or RetiringServicePrincipal.")
    if "GranteeServicePrincipal" in request:
        if not request.get("Constraints", {}).get("SourceArn"):
            raise ValidationException("A GranteeServicePrincipal needs a SourceArn constraint.")
        if "RetiringPrincipal" not in request and "RetiringServicePrincipal" not in request:
            raise ValidationException("A GranteeServicePrincipal needs a retiring principal.")
    for principal in (request.get("GranteePrincipal"), request.get("RetiringPrincipal")):
        arn = None if principal is None else parse_arn(principal)
        is_known = arn is not None and arn.service in ("iam", "sts") and arn.account
        if principal is not None and not is_known:
            raise InvalidArnException("ARN does not refer to a valid principal")


def _same_grant(kms: Kms, key: Key, document: dict[str, object]) -> Grant | None:
    """The grant of the same name and content: a retried request makes no second one."""
    name = document.get("Name")
    if not isinstance(name, str):
        return None
    for grant in grant_store.named(kms.store.engine, key.name, name, _SAME_NAME_MAX):
        if grant.document == document:
            return grant
    return None


def _is_for(grant: Grant, request: shapes.ListGrantsRequest) -> bool:
    return all(
        grant.document.get(member) == request[member]
        for member in ("GranteePrincipal", "GranteeServicePrincipal")
        if member in request
    )


def _shown(grant: Grant) -> dict[str, object]:
    return {
        "KeyId": grant.key.arn,
        "GrantId": grant.grant_id,
        "CreationDate": grant.created_at_ms / 1000,
        **grant.document,
    }
