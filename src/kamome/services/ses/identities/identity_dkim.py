"""How identities sign: the DKIM operations of both APIs, in the order of their references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.ses.errors import InvalidParameterValue
from kamome.services.ses.errors_v2 import BadRequestException, NotFoundException
from kamome.services.ses.identities import verification
from kamome.services.ses.identities.dkim_keys import KeyInvalid, new_tokens, own_key
from kamome.services.ses.identities.identities import asked_identities, known_or_new, restarted
from kamome.services.ses.identities.identity_names import DOMAIN, normal_identity
from kamome.services.ses.identities.identity_store import Dkim, Identity
from kamome.services.ses.receiving.recipients import domain_of
from kamome.services.ses.receiving.rule_validation import checked_domain
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes, shapes_v2

_EASY = "AWS_SES"
_OWN = "EXTERNAL"
# AWS: SES API v2 Reference, DkimAttributes (SigningHostedZone).
HOSTED_ZONE = "dkim.amazonses.com"


async def get_identity_dkim_attributes(
    ses: Ses, ctx: RequestContext, request: shapes.GetIdentityDkimAttributesRequest
) -> shapes.GetIdentityDkimAttributesResult:
    """How identities sign, by their names as asked. An address answers for its domain.

    Raises:
        InvalidParameterValue: more than 100 are asked for.

    AWS: SES API Reference, GetIdentityDkimAttributes.
    """
    owner = Owner(ctx.account, ctx.region)
    found: dict[str, shapes.IdentityDkimAttributes] = {}
    for name, identity in asked_identities(ses, ctx, request["Identities"]).items():
        dkim = dkim_of(ses, owner, identity)
        found[name] = {
            "DkimEnabled": dkim.is_enabled,
            "DkimVerificationStatus": dkim.status,
            "DkimTokens": list(dkim.tokens),
        }
    return {"DkimAttributes": found}


async def set_identity_dkim_enabled(
    ses: Ses, ctx: RequestContext, request: shapes.SetIdentityDkimEnabledRequest
) -> shapes.SetIdentityDkimEnabledResult:
    """Switch signing on or off for an identity.

    Raises:
        InvalidParameterValue: there is no such identity; its domain is not set up for DKIM.

    AWS: SES API Reference, SetIdentityDkimEnabled.
    """
    owner = Owner(ctx.account, ctx.region)
    name, is_enabled = normal_identity(request["Identity"]), request["DkimEnabled"]
    identity = ses.identities.find(owner, name)
    if identity is None:
        raise InvalidParameterValue(f"Identity {request['Identity']} does not exist.")
    if is_enabled and not (dkim_of(ses, owner, identity).tokens or identity.dkim.selector):
        raise InvalidParameterValue(f"Domain of identity {name} is not set up for DKIM signing.")
    _enable(ses, owner, identity, is_enabled=is_enabled)
    return {}


async def verify_domain_dkim(
    ses: Ses, ctx: RequestContext, request: shapes.VerifyDomainDkimRequest
) -> shapes.VerifyDomainDkimResult:
    """Set a domain up for Easy DKIM; returns its three tokens, always the same ones.

    Raises:
        InvalidParameterValue: the name is no domain name.
        LimitExceeded: the account has 10,000 identities in the region.

    AWS: SES API Reference, VerifyDomainDkim.
    """
    owner = Owner(ctx.account, ctx.region)
    domain = checked_domain(request["Domain"])
    with ses.store.engine.atomic():
        identity = known_or_new(ses, owner, domain)
        if not identity.dkim.tokens:
            identity = with_easy_dkim(ses, owner, identity)
            ses.identities.put(owner, identity)
        elif identity.dkim.status == "Failed":
            identity = _looked_for_again(ses, owner, identity)
            ses.identities.put(owner, identity)
    return {"DkimTokens": list(identity.dkim.tokens)}


# ---------------------------------------------------------------------- the second API


async def put_email_identity_dkim_attributes(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutEmailIdentityDkimAttributesRequest
) -> shapes_v2.PutEmailIdentityDkimAttributesResult:
    """Switch signing on or off for an identity.

    Raises:
        NotFoundException: there is no such identity.

    AWS: SES API v2 Reference, PutEmailIdentityDkimAttributes.
    """
    owner = Owner(ctx.account, ctx.region)
    identity = existing(ses, owner, request["EmailIdentity"])
    _enable(ses, owner, identity, is_enabled=request.get("SigningEnabled", False))
    return {}


async def put_email_identity_dkim_signing_attributes(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutEmailIdentityDkimSigningAttributesRequest
) -> shapes_v2.PutEmailIdentityDkimSigningAttributesResult:
    """Change between Easy DKIM and an own key, or the length of the next key.

    A new length takes effect at once: here no key is in use for days after its successor.

    Raises:
        NotFoundException: there is no such identity.
        BadRequestException: it is an address; the key cannot be used; members are missing or do
            not belong to the origin.

    AWS: SES API v2 Reference, PutEmailIdentityDkimSigningAttributes.
    """
    owner = Owner(ctx.account, ctx.region)
    identity = existing(ses, owner, request["EmailIdentity"])
    if identity.type != DOMAIN:
        raise BadRequestException("DKIM signing attributes can be set for domain identities only.")
    origin = request["SigningAttributesOrigin"]
    attributes = request.get("SigningAttributes", {})
    with ses.store.engine.atomic():
        identity = with_signing_attributes(ses, owner, identity, attributes, origin=origin)
        ses.identities.put(owner, identity)
    answer: shapes_v2.PutEmailIdentityDkimSigningAttributesResult = {
        "DkimStatus": STATUS_V2[identity.dkim.status],
        "DkimTokens": list(identity.dkim.tokens) or [identity.dkim.selector],
    }
    if identity.dkim.origin == _EASY:
        answer["SigningHostedZone"] = HOSTED_ZONE
    return answer


STATUS_V2 = {
    "Pending": "PENDING",
    "Success": "SUCCESS",
    "Failed": "FAILED",
    "TemporaryFailure": "TEMPORARY_FAILURE",
    "NotStarted": "NOT_STARTED",
}


def dkim_of(ses: Ses, owner: Owner, identity: Identity) -> Dkim:
    """How an identity signs: a domain by itself, an address by its domain, if that is one.

    AWS: SES API Reference, GetIdentityDkimAttributes.
    """
    if identity.type == DOMAIN:
        return identity.dkim
    domain = ses.identities.find(owner, domain_of(identity.identity))
    if domain is None:
        return replace(identity.dkim, tokens=(), status="NotStarted")
    return replace(domain.dkim, is_enabled=identity.dkim.is_enabled)


def with_easy_dkim(
    ses: Ses, owner: Owner, identity: Identity, key_length: str = "RSA_2048_BIT"
) -> Identity:
    """The identity with its tokens and a new key to come, which is looked for from now on.

    AWS: SES Developer Guide, Easy DKIM.
    """
    ses.identities.delete_key(owner, identity.identity)
    dkim = Dkim(
        is_enabled=identity.dkim.is_enabled,
        status=verification.first_status(ses),
        tokens=identity.dkim.tokens or new_tokens(ses),
        key_length=key_length,
        next_key_length=key_length,
        key_made_at_ms=ses.clock.now_ms(),
    )
    return _looked_for(ses, owner, replace(identity, dkim=dkim))


def with_signing_attributes(
    ses: Ses,
    owner: Owner,
    identity: Identity,
    attributes: shapes_v2.DkimSigningAttributes,
    *,
    origin: str,
) -> Identity:
    """The identity with an own key, or with Easy DKIM of a length.

    Raises:
        BadRequestException: the key cannot be used; members do not belong together.

    AWS: SES API v2 Reference, DkimSigningAttributes.
    """
    selector = attributes.get("DomainSigningSelector", "")
    private_key = attributes.get("DomainSigningPrivateKey", "")
    length = attributes.get("NextSigningKeyLength", "")
    if origin not in (_EASY, _OWN):
        raise BadRequestException("Deterministic Easy DKIM is not served by Kamome.")
    if origin == _EASY:
        if selector or private_key:
            raise BadRequestException("A private key and a selector are for BYODKIM only.")
        if identity.dkim.origin == _EASY and identity.dkim.tokens and not length:
            is_failed = identity.dkim.status == "Failed"
            return _looked_for_again(ses, owner, identity) if is_failed else identity
        return with_easy_dkim(ses, owner, identity, length or "RSA_2048_BIT")
    if length or not (selector and private_key):
        raise BadRequestException(
            "BYODKIM takes DomainSigningSelector and DomainSigningPrivateKey, and no key length."
        )
    try:
        key = own_key(selector, private_key)
    except KeyInvalid as error:
        raise BadRequestException(str(error)) from None
    ses.identities.put_key(owner, identity.identity, key)
    dkim = Dkim(
        is_enabled=identity.dkim.is_enabled,
        origin=_OWN,
        status=verification.first_status(ses),
        selector=selector,
        key_made_at_ms=ses.clock.now_ms(),
    )
    return _looked_for(ses, owner, replace(identity, dkim=dkim))


def existing(ses: Ses, owner: Owner, name: str) -> Identity:
    """The identity of this name.

    Raises:
        NotFoundException: there is none.

    AWS: SES API v2 Reference, GetEmailIdentity.
    """
    identity = ses.identities.find(owner, normal_identity(name))
    if identity is None:
        raise NotFoundException(f"Email identity {name} does not exist.")
    return identity


def _looked_for_again(ses: Ses, owner: Owner, identity: Identity) -> Identity:
    """The same tokens and key, after the time for finding them was over."""
    dkim = replace(identity.dkim, status=verification.first_status(ses))
    return _looked_for(ses, owner, replace(identity, dkim=dkim))


def _looked_for(ses: Ses, owner: Owner, identity: Identity) -> Identity:
    verification.look_for(ses, owner, identity, verification.DKIM)
    return identity if identity.is_verified else restarted(ses, identity)


def _enable(ses: Ses, owner: Owner, identity: Identity, *, is_enabled: bool) -> None:
    dkim = replace(identity.dkim, is_enabled=is_enabled)
    ses.identities.put(owner, replace(identity, dkim=dkim))
