"""Operations on identities, in the order of the API reference.

In this mode of development a domain is verified at once, for no DNS is asked: its status is
`Success` from the start. The token is given out and kept as at AWS, so a script that publishes it
works.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.errors import InvalidParameterValue, LimitExceeded
from kamome.services.ses.limits import (
    IDENTITIES_MAX,
    IDENTITIES_PER_REQUEST_MAX,
    LIST_IDENTITIES_MAX,
)
from kamome.services.ses.recipients import normal_domain
from kamome.services.ses.rule_validation import checked_domain
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Identity, Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes


_TOKEN_BYTES = 32


async def delete_identity(
    ses: Ses, ctx: RequestContext, request: shapes.DeleteIdentityRequest
) -> shapes.DeleteIdentityResult:
    """Remove an identity; mail for it is refused from now on. One that is not there is no error.

    AWS: SES API Reference, DeleteIdentity.
    """
    owner = Owner(ctx.account, ctx.region)
    ses.store.delete_identity(owner, normal_domain(request["Identity"]))
    return {}


async def get_identity_verification_attributes(
    ses: Ses, ctx: RequestContext, request: shapes.GetIdentityVerificationAttributesRequest
) -> shapes.GetIdentityVerificationAttributesResult:
    """Status and token of identities, by their names as asked; unknown ones are left out.

    Raises:
        InvalidParameterValue: more than 100 are asked for.

    AWS: SES API Reference, GetIdentityVerificationAttributes.
    """
    asked = request["Identities"]
    if len(asked) > IDENTITIES_PER_REQUEST_MAX:
        raise InvalidParameterValue(
            f"At most {IDENTITIES_PER_REQUEST_MAX} identities can be asked for at a time."
        )
    owner = Owner(ctx.account, ctx.region)
    attributes: dict[str, shapes.IdentityVerificationAttributes] = {}
    for name in asked:
        identity = ses.store.identity(owner, normal_domain(name))
        if identity is not None:
            attributes[name] = {
                "VerificationStatus": identity.status,
                "VerificationToken": identity.token,
            }
    return {"VerificationAttributes": attributes}


async def list_identities(
    ses: Ses, ctx: RequestContext, request: shapes.ListIdentitiesRequest
) -> shapes.ListIdentitiesResult:
    """The account's identities by name, 1,000 at a time or `MaxItems`.

    `EmailAddress` lists none: only domains can be verified here yet.

    Raises:
        InvalidParameterValue: `MaxItems` is not 1 to 1,000, or the token is not ours.

    AWS: SES API Reference, ListIdentities.
    """
    limit = request.get("MaxItems", LIST_IDENTITIES_MAX)
    if not 1 <= limit <= LIST_IDENTITIES_MAX:
        raise InvalidParameterValue(f"MaxItems must be between 1 and {LIST_IDENTITIES_MAX}.")
    after = _place_of(request.get("NextToken", ""))
    if request.get("IdentityType") == "EmailAddress":
        return {"Identities": []}
    found = ses.store.identities(Owner(ctx.account, ctx.region), after, limit + 1)
    names = [identity.identity for identity in found[:limit]]
    if len(found) <= limit:
        return {"Identities": names}
    return {"Identities": names, "NextToken": base64.urlsafe_b64encode(names[-1].encode()).decode()}


async def verify_domain_identity(
    ses: Ses, ctx: RequestContext, request: shapes.VerifyDomainIdentityRequest
) -> shapes.VerifyDomainIdentityResult:
    """Make a domain an identity, verified at once; returns the token of its TXT record.

    A domain that is one already keeps its token.

    Raises:
        InvalidParameterValue: the name is no domain name.
        LimitExceeded: the account has 10,000 identities in the region.

    AWS: SES API Reference, VerifyDomainIdentity.
    """
    owner = Owner(ctx.account, ctx.region)
    domain = checked_domain(request["Domain"])
    known = ses.store.identity(owner, domain)
    if known is not None:
        return {"VerificationToken": known.token}
    if ses.store.identity_count(owner) >= IDENTITIES_MAX:
        raise LimitExceeded(f"Maximum number of identities ({IDENTITIES_MAX}) reached.")
    token = base64.b64encode(ses.ids.bytes(_TOKEN_BYTES)).decode()
    ses.store.add_identity(owner, Identity(domain, "Domain", "Success", token))
    return {"VerificationToken": token}


def _place_of(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidParameterValue("Invalid NextToken.") from error
