"""The account's suppression list by the SES API v2, in the order of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.context import RequestContext
from kamome.services.ses.errors_v2 import BadRequestException, NotFoundException
from kamome.services.ses.feedback.suppression import normal_address, store_of
from kamome.services.ses.feedback.suppression_store import AccountSuppression, Suppressed, Wanted
from kamome.services.ses.limits import ADDRESS_CHARACTERS_MAX, LIST_MAX
from kamome.services.ses.pages import after_token, next_token
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.services.ses import shapes_v2


async def delete_suppressed_destination(
    ses: Ses, ctx: RequestContext, request: shapes_v2.DeleteSuppressedDestinationRequest
) -> shapes_v2.DeleteSuppressedDestinationResult:
    """Take an address off the list.

    Raises:
        NotFoundException: it is not on it.
        BadRequestException: it is no address.

    AWS: SES API v2 Reference, DeleteSuppressedDestination.
    """
    _refuse_tenants(request)
    address = _checked(request["EmailAddress"])
    if not store_of(ses).delete(Owner(ctx.account, ctx.region), address):
        raise _not_listed(address)
    return {}


async def get_suppressed_destination(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetSuppressedDestinationRequest
) -> shapes_v2.GetSuppressedDestinationResult:
    """Why and since when an address is on the list; the mail and feedback that put it there.

    Raises:
        NotFoundException: it is not on it.
        BadRequestException: it is no address.

    AWS: SES API v2 Reference, GetSuppressedDestination.
    """
    _refuse_tenants(request)
    address = _checked(request["EmailAddress"])
    entry = store_of(ses).find(Owner(ctx.account, ctx.region), address)
    if entry is None:
        raise _not_listed(address)
    shown: shapes_v2.SuppressedDestination = {
        "EmailAddress": entry.address,
        "Reason": entry.reason,
        "LastUpdateTime": entry.updated_at_ms / 1000,
    }
    if entry.message_id:
        shown["Attributes"] = {"MessageId": entry.message_id, "FeedbackId": entry.feedback_id}
    return {"SuppressedDestination": shown}


async def list_suppressed_destinations(
    ses: Ses, ctx: RequestContext, request: shapes_v2.ListSuppressedDestinationsRequest
) -> shapes_v2.ListSuppressedDestinationsResult:
    """The list by address, 1,000 at a time or `PageSize`, of the reasons and days asked for.

    Raises:
        BadRequestException: `PageSize` is not 1 to 1,000.
        InvalidNextTokenException: the token is not ours.

    AWS: SES API v2 Reference, ListSuppressedDestinations.
    """
    _refuse_tenants(request)
    limit = request.get("PageSize", LIST_MAX)
    if not 1 <= limit <= LIST_MAX:
        raise BadRequestException(f"PageSize must be between 1 and {LIST_MAX}.")
    wanted = Wanted(reasons=tuple(sorted(set(request.get("Reasons") or Wanted().reasons))))
    if "StartDate" in request:
        wanted = msgspec.structs.replace(wanted, since_ms=int(request["StartDate"] * 1000))
    if "EndDate" in request:
        wanted = msgspec.structs.replace(wanted, until_ms=int(request["EndDate"] * 1000))
    after = after_token(request.get("NextToken", ""))
    found = store_of(ses).page(Owner(ctx.account, ctx.region), wanted, after, limit + 1)
    shown: shapes_v2.ListSuppressedDestinationsResult = {
        "SuppressedDestinationSummaries": [
            {
                "EmailAddress": entry.address,
                "Reason": entry.reason,
                "LastUpdateTime": entry.updated_at_ms / 1000,
            }
            for entry in found[:limit]
        ]
    }
    if len(found) > limit:
        shown["NextToken"] = next_token(found[limit - 1].address)
    return shown


async def put_account_suppression_attributes(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutAccountSuppressionAttributesRequest
) -> shapes_v2.PutAccountSuppressionAttributesResult:
    """Say for which reasons addresses come on the list; none: nothing is suppressed.

    `ValidationAttributes` are recorded: addresses are not judged before they are written to.

    AWS: SES API v2 Reference, PutAccountSuppressionAttributes.
    """
    reasons = tuple(dict.fromkeys(request.get("SuppressedReasons", ())))
    validation = request.get("ValidationAttributes")
    attributes = AccountSuppression(reasons, None if validation is None else {**validation})
    store_of(ses).put_attributes(Owner(ctx.account, ctx.region), attributes)
    return {}


async def put_suppressed_destination(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutSuppressedDestinationRequest
) -> shapes_v2.PutSuppressedDestinationResult:
    """Put an address on the list, or change its reason.

    Raises:
        BadRequestException: it is no address.

    AWS: SES API v2 Reference, PutSuppressedDestination.
    """
    _refuse_tenants(request)
    entry = Suppressed(_checked(request["EmailAddress"]), request["Reason"], ses.clock.now_ms())
    store_of(ses).put(Owner(ctx.account, ctx.region), entry)
    return {}


def _checked(address: str) -> str:
    from kamome.mail.commands import is_mailbox

    normal = normal_address(address)
    if len(normal) > ADDRESS_CHARACTERS_MAX or not is_mailbox(normal, is_smtputf8=True):
        raise BadRequestException(f"<{address}> is not a valid email address.")
    return normal


def _refuse_tenants(request: Mapping[str, object]) -> None:
    if request.get("TenantName"):
        raise BadRequestException("Tenants are not served by Kamome.")


def _not_listed(address: str) -> NotFoundException:
    return NotFoundException(f"Email address {address} does not exist on your suppression list.")
