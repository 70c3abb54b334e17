"""Identities by the SES API v2, in the order of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.pages import after_token, next_token
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2

# AWS: SES API v2 Reference, ListEmailIdentities, PageSize.
_PAGE_MAX = 1_000


async def list_email_identities(
    ses: Ses, ctx: RequestContext, request: shapes_v2.ListEmailIdentitiesRequest
) -> shapes_v2.ListEmailIdentitiesResult:
    """The account's identities by name, 1,000 at a time or `PageSize`.

    Raises:
        BadRequestException: `PageSize` is not 0 to 1,000.
        InvalidNextTokenException: the token is not ours.

    AWS: SES API v2 Reference, ListEmailIdentities.
    """
    limit = request.get("PageSize") or _PAGE_MAX
    after = after_token(request.get("NextToken", ""))
    found = ses.store.identities(Owner(ctx.account, ctx.region), after, limit + 1)
    shown: list[shapes_v2.IdentityInfo] = [
        {
            "IdentityType": "DOMAIN",
            "IdentityName": identity.identity,
            "SendingEnabled": identity.status == "Success",
            "VerificationStatus": "SUCCESS",
        }
        for identity in found[:limit]
    ]
    if len(found) <= limit:
        return {"EmailIdentities": shown}
    return {"EmailIdentities": shown, "NextToken": next_token(found[limit - 1].identity)}
