"""Identities by the first API, in the order of its reference.

What is asked of both APIs is done by the functions without an underscore that take names.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.ses.addresses import AddressInvalid, check_address
from kamome.services.ses.configuration_sets.configuration_sets import store_of as feedback_of
from kamome.services.ses.errors import InvalidParameterValue, LimitExceeded
from kamome.services.ses.identities import verification
from kamome.services.ses.identities.identity_names import (
    DOMAIN,
    EMAIL_ADDRESS,
    normal_identity,
    type_of,
)
from kamome.services.ses.identities.identity_store import Identity
from kamome.services.ses.identities.verification_mail import send_verification_mail
from kamome.services.ses.limits import (
    IDENTITIES_MAX,
    IDENTITIES_PER_REQUEST_MAX,
    LIST_IDENTITIES_MAX,
)
from kamome.services.ses.pages import after_token_v1, next_token
from kamome.services.ses.receiving.rule_validation import checked_domain
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.tags import forget_tags

if TYPE_CHECKING:
    from kamome.services.ses import shapes

_TOKEN_BYTES = 32


async def delete_identity(
    ses: Ses, ctx: RequestContext, request: shapes.DeleteIdentityRequest
) -> shapes.DeleteIdentityResult:
    """Remove an identity; mail for it is refused from now on. One that is not there is no error.

    AWS: SES API Reference, DeleteIdentity.
    """
    forget_identity(ses, ctx, normal_identity(request["Identity"]))
    return {}


async def delete_verified_email_address(
    ses: Ses, ctx: RequestContext, request: shapes.DeleteVerifiedEmailAddressRequest
) -> shapes.DeleteVerifiedEmailAddressResult:
    """Deprecated name of DeleteIdentity, for addresses.

    AWS: SES API Reference, DeleteVerifiedEmailAddress.
    """
    forget_identity(ses, ctx, normal_identity(request["EmailAddress"]))
    return {}


async def get_identity_verification_attributes(
    ses: Ses, ctx: RequestContext, request: shapes.GetIdentityVerificationAttributesRequest
) -> shapes.GetIdentityVerificationAttributesResult:
    """Status and token of identities, by their names as asked; unknown ones are left out.

    Raises:
        InvalidParameterValue: more than 100 are asked for.

    AWS: SES API Reference, GetIdentityVerificationAttributes.
    """
    attributes: dict[str, shapes.IdentityVerificationAttributes] = {}
    for name, identity in asked_identities(ses, ctx, request["Identities"]).items():
        attributes[name] = {"VerificationStatus": identity.status}
        if identity.type == DOMAIN:
            attributes[name]["VerificationToken"] = identity.token
    return {"VerificationAttributes": attributes}


async def list_identities(
    ses: Ses, ctx: RequestContext, request: shapes.ListIdentitiesRequest
) -> shapes.ListIdentitiesResult:
    """The account's identities by name, 1,000 at a time or `MaxItems`, of one type or both.

    Raises:
        InvalidParameterValue: `MaxItems` is not 1 to 1,000, or the token is not ours.

    AWS: SES API Reference, ListIdentities.
    """
    limit = request.get("MaxItems", LIST_IDENTITIES_MAX)
    if not 1 <= limit <= LIST_IDENTITIES_MAX:
        raise InvalidParameterValue(f"MaxItems must be between 1 and {LIST_IDENTITIES_MAX}.")
    after = after_token_v1(request.get("NextToken", ""))
    owner = Owner(ctx.account, ctx.region)
    found = ses.identities.page(owner, after, limit + 1, kind=request.get("IdentityType", ""))
    names = [identity.identity for identity in found[:limit]]
    if len(found) <= limit:
        return {"Identities": names}
    return {"Identities": names, "NextToken": next_token(names[-1])}


async def list_verified_email_addresses(
    ses: Ses, ctx: RequestContext, _request: shapes.ListVerifiedEmailAddressesRequest
) -> shapes.ListVerifiedEmailAddressesResult:
    """Deprecated: the addresses that are verified, 10,000 at most.

    AWS: SES API Reference, ListVerifiedEmailAddresses.
    """
    owner = Owner(ctx.account, ctx.region)
    found = ses.identities.page(owner, "", IDENTITIES_MAX, kind=EMAIL_ADDRESS)
    return {"VerifiedEmailAddresses": [each.identity for each in found if each.is_verified]}


async def verify_domain_identity(
    ses: Ses, ctx: RequestContext, request: shapes.VerifyDomainIdentityRequest
) -> shapes.VerifyDomainIdentityResult:
    """Make a domain an identity; returns the token of its TXT record, always the same one.

    Raises:
        InvalidParameterValue: the name is no domain name.
        LimitExceeded: the account has 10,000 identities in the region.

    AWS: SES API Reference, VerifyDomainIdentity.
    """
    owner = Owner(ctx.account, ctx.region)
    domain = checked_domain(request["Domain"])
    with ses.store.engine.atomic():
        identity = known_or_new(ses, owner, domain)
        # One that is pending without a token waits for its DKIM keys only.
        is_new = not identity.token
        if is_new:
            identity = replaced_token(ses, identity)
        if identity.status not in ("Success", "Pending"):
            identity = restarted(ses, identity)
            verification.look_for(ses, owner, identity, verification.DOMAIN)
        elif is_new and identity.status == "Pending":
            verification.look_for(ses, owner, identity, verification.DOMAIN)
        ses.identities.put(owner, identity)
    return {"VerificationToken": identity.token}


async def verify_email_address(
    ses: Ses, ctx: RequestContext, request: shapes.VerifyEmailAddressRequest
) -> shapes.VerifyEmailAddressResult:
    """Deprecated name of VerifyEmailIdentity.

    AWS: SES API Reference, VerifyEmailAddress.
    """
    await begin_address(ses, ctx, request["EmailAddress"])
    return {}


async def verify_email_identity(
    ses: Ses, ctx: RequestContext, request: shapes.VerifyEmailIdentityRequest
) -> shapes.VerifyEmailIdentityResult:
    """Make an address an identity, and send it the mail with the link that verifies it.

    Where identities are verified at once, no mail is sent.

    Raises:
        InvalidParameterValue: it is no address.
        LimitExceeded: the account has 10,000 identities in the region.

    AWS: SES API Reference, VerifyEmailIdentity.
    """
    await begin_address(ses, ctx, request["EmailAddress"])
    return {}


async def begin_address(ses: Ses, ctx: RequestContext, address: str) -> Identity:
    """Add an address and send its verification mail, unless it is verified already.

    Raises:
        InvalidParameterValue: it is no address.
        LimitExceeded: the account has 10,000 identities in the region.

    AWS: SES API Reference, VerifyEmailIdentity.
    """
    owner = Owner(ctx.account, ctx.region)
    name = checked_address(address)
    with ses.store.engine.atomic():
        identity = known_or_new(ses, owner, name)
        if identity.is_verified:
            return identity
        identity = restarted(ses, identity)
        ses.identities.put(owner, identity)
        if not identity.is_verified:
            send_verification_mail(ses, ctx, name)
    return identity


def checked_address(address: str) -> str:
    """An address in the form in which it is kept as an identity.

    Raises:
        InvalidParameterValue: it is none.

    AWS: SES API Reference, VerifyEmailIdentity.
    """
    try:
        check_address(address.strip())
    except AddressInvalid as error:
        raise InvalidParameterValue(f"Invalid email address<{address}>. ({error})") from None
    return normal_identity(address)


def asked_identities(ses: Ses, ctx: RequestContext, names: list[str]) -> dict[str, Identity]:
    """The identities that are asked for, by the names they are asked by; others are left out.

    Raises:
        InvalidParameterValue: more than 100 are asked for.

    AWS: SES API Reference, GetIdentityVerificationAttributes.
    """
    if len(names) > IDENTITIES_PER_REQUEST_MAX:
        raise InvalidParameterValue(
            f"At most {IDENTITIES_PER_REQUEST_MAX} identities can be asked for at a time."
        )
    owner = Owner(ctx.account, ctx.region)
    found = {name: ses.identities.find(owner, normal_identity(name)) for name in names}
    return {name: identity for name, identity in found.items() if identity is not None}


def known_or_new(ses: Ses, owner: Owner, name: str) -> Identity:
    """The identity of this name, or a new one that is not kept yet.

    Raises:
        LimitExceeded: the account has 10,000 identities in the region.

    AWS: SES Developer Guide, Service quotas (verified identities).
    """
    known = ses.identities.find(owner, name)
    if known is not None:
        return known
    if ses.identities.count(owner) >= IDENTITIES_MAX:
        raise LimitExceeded(f"Maximum number of identities ({IDENTITIES_MAX}) reached.")
    return Identity(name, type_of(name), "NotStarted", created_at_ms=ses.clock.now_ms())


def restarted(ses: Ses, identity: Identity) -> Identity:
    """The identity with its verification begun anew; at once finished in development.

    AWS: SES API Reference, VerifyDomainIdentity.
    """
    if ses.settings.are_identities_verified_at_once:
        return verification.verified(identity, ses.clock.now_ms())
    return _with(identity, status="Pending", error="")


def replaced_token(ses: Ses, identity: Identity) -> Identity:
    """The identity with a token for its TXT record.

    AWS: SES API Reference, VerifyDomainIdentity.
    """
    return _with(identity, token=base64.b64encode(ses.ids.bytes(_TOKEN_BYTES)).decode())


def forget_identity(ses: Ses, ctx: RequestContext, name: str) -> None:
    """Remove an identity with all that belongs to it.

    AWS: SES API Reference, DeleteIdentity.
    """
    with ses.store.engine.atomic():
        ses.identities.delete(Owner(ctx.account, ctx.region), name)
        forget_tags(ses, ctx.arn("ses", f"identity/{name}"))
        feedback_of(ses).delete_feedback(Owner(ctx.account, ctx.region), name)


def _with(identity: Identity, **changes: str) -> Identity:
    changed: Identity = replace(identity, **changes)
    return changed
