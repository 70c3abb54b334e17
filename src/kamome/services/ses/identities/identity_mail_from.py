"""Custom MAIL FROM domains: the operations of both APIs, in the order of their references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.ses.errors import InvalidParameterValue
from kamome.services.ses.errors_v2 import BadRequestException
from kamome.services.ses.identities import verification
from kamome.services.ses.identities.identities import asked_identities
from kamome.services.ses.identities.identity_dkim import existing
from kamome.services.ses.identities.identity_names import normal_identity
from kamome.services.ses.identities.identity_store import Identity, MailFrom
from kamome.services.ses.receiving.recipients import domain_of, is_within, normal_domain
from kamome.services.ses.receiving.rule_validation import is_domain
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes, shapes_v2

BEHAVIOR_V2 = {"UseDefaultValue": "USE_DEFAULT_VALUE", "RejectMessage": "REJECT_MESSAGE"}
_BEHAVIOR_V1 = {value: name for name, value in BEHAVIOR_V2.items()}


class _DomainInvalid(ValueError):
    """No domain, or not one below the identity's; the sentence says which."""


async def get_identity_mail_from_domain_attributes(
    ses: Ses, ctx: RequestContext, request: shapes.GetIdentityMailFromDomainAttributesRequest
) -> shapes.GetIdentityMailFromDomainAttributesResult:
    """The MAIL FROM domains of identities, by their names as asked.

    Raises:
        InvalidParameterValue: more than 100 are asked for.

    AWS: SES API Reference, GetIdentityMailFromDomainAttributes.
    """
    found: dict[str, shapes.IdentityMailFromDomainAttributes] = {}
    for name, identity in asked_identities(ses, ctx, request["Identities"]).items():
        found[name] = {
            "MailFromDomain": identity.mail_from.domain,
            "MailFromDomainStatus": identity.mail_from.status,
            "BehaviorOnMXFailure": identity.mail_from.behavior,
        }
    return {"MailFromDomainAttributes": found}


async def set_identity_mail_from_domain(
    ses: Ses, ctx: RequestContext, request: shapes.SetIdentityMailFromDomainRequest
) -> shapes.SetIdentityMailFromDomainResult:
    """Use a MAIL FROM domain of one's own; without `MailFromDomain`, Amazon's again.

    Raises:
        InvalidParameterValue: there is no such identity; the domain is not below the identity's.

    AWS: SES API Reference, SetIdentityMailFromDomain.
    """
    owner = Owner(ctx.account, ctx.region)
    identity = ses.identities.find(owner, normal_identity(request["Identity"]))
    if identity is None:
        raise InvalidParameterValue(f"Identity {request['Identity']} does not exist.")
    behavior = request.get("BehaviorOnMXFailure", "UseDefaultValue")
    try:
        _set(ses, owner, identity, request.get("MailFromDomain", ""), behavior)
    except _DomainInvalid as error:
        raise InvalidParameterValue(str(error)) from None
    return {}


async def put_email_identity_mail_from_attributes(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutEmailIdentityMailFromAttributesRequest
) -> shapes_v2.PutEmailIdentityMailFromAttributesResult:
    """Use a MAIL FROM domain of one's own; without `MailFromDomain`, Amazon's again.

    Raises:
        NotFoundException: there is no such identity.
        BadRequestException: the domain is not below the identity's.

    AWS: SES API v2 Reference, PutEmailIdentityMailFromAttributes.
    """
    owner = Owner(ctx.account, ctx.region)
    identity = existing(ses, owner, request["EmailIdentity"])
    behavior = _BEHAVIOR_V1[request.get("BehaviorOnMxFailure", "USE_DEFAULT_VALUE")]
    try:
        _set(ses, owner, identity, request.get("MailFromDomain", ""), behavior)
    except _DomainInvalid as error:
        raise BadRequestException(str(error)) from None
    return {}


def _set(ses: Ses, owner: Owner, identity: Identity, domain: str, behavior: str) -> None:
    name = normal_domain(domain)
    if not name:
        ses.identities.put(owner, replace(identity, mail_from=MailFrom()))
        return
    parent = domain_of(identity.identity) or identity.identity
    if not is_domain(name):
        raise _DomainInvalid(f"Invalid MAIL FROM domain name {domain}.")
    if name == parent or not is_within(name, parent):
        raise _DomainInvalid(
            f"Provided MAIL-FROM domain <{name}> is not subdomain of the domain of the identity "
            f"<{identity.identity}>."
        )
    mail_from = MailFrom(name, verification.first_status(ses), behavior)
    changed = replace(identity, mail_from=mail_from)
    with ses.store.engine.atomic():
        ses.identities.put(owner, changed)
        verification.look_for(ses, owner, changed, verification.MAIL_FROM)
