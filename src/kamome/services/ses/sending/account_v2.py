"""Accounts by the SES API v2: details, sending, and production access.

A review that AWS's people make is granted at once here: asking for production access is the call
that leaves the sandbox.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.ses.errors_v2 import BadRequestException
from kamome.services.ses.feedback import suppression
from kamome.services.ses.sending.account_store import AccountDetails
from kamome.services.ses.sending.quotas import accounts_of, is_sandboxed, quota_of
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2

_URL = re.compile(r"https?://[!-~]{1,991}")
_CONTACTS_MAX = 4
_DESCRIPTION_CHARACTERS_MAX = 5_000


async def get_account(
    ses: Ses, ctx: RequestContext, _request: shapes_v2.GetAccountRequest
) -> shapes_v2.GetAccountResult:
    """Whether and how much the account may send, and what it has set.

    AWS: SES API v2 Reference, GetAccount.
    """
    owner = Owner(ctx.account, ctx.region)
    account, quota = accounts_of(ses).find(owner), quota_of(ses, owner)
    sent = accounts_of(ses).sent_last_24_hours(owner, ses.clock.now_ms())
    answer: shapes_v2.GetAccountResult = {
        "DedicatedIpAutoWarmupEnabled": account.is_warmed_up,
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": not is_sandboxed(ses, owner),
        "SendQuota": {
            "Max24HourSend": float(quota.day_max),
            "MaxSendRate": float(quota.rate_max),
            "SentLast24Hours": float(sent),
        },
        "SendingEnabled": account.is_sending_enabled,
        "SuppressionAttributes": {
            "SuppressedReasons": list(suppression.store_of(ses).attributes(owner).reasons)
        },
    }
    if account.vdm is not None:
        answer["VdmAttributes"] = cast("shapes_v2.VdmAttributes", account.vdm)
    if account.details is not None:
        answer["Details"] = _shown(account.details)
    return answer


async def put_account_dedicated_ip_warmup_attributes(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutAccountDedicatedIpWarmupAttributesRequest
) -> shapes_v2.PutAccountDedicatedIpWarmupAttributesResult:
    """Recorded: there are no dedicated addresses to warm up.

    AWS: SES API v2 Reference, PutAccountDedicatedIpWarmupAttributes.
    """
    owner = Owner(ctx.account, ctx.region)
    is_enabled = request.get("AutoWarmupEnabled", False)
    changed = replace(accounts_of(ses).find(owner), is_warmed_up=is_enabled)
    accounts_of(ses).put(owner, changed)
    return {}


async def put_account_vdm_attributes(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutAccountVdmAttributesRequest
) -> shapes_v2.PutAccountVdmAttributesResult:
    """Recorded: what the Virtual Deliverability Manager would do.

    AWS: SES API v2 Reference, PutAccountVdmAttributes.
    """
    owner = Owner(ctx.account, ctx.region)
    vdm: dict[str, object] = {**request["VdmAttributes"]}
    accounts_of(ses).put(owner, replace(accounts_of(ses).find(owner), vdm=vdm))
    return {}


async def put_account_details(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutAccountDetailsRequest
) -> shapes_v2.PutAccountDetailsResult:
    """Say what is sent and why. `ProductionAccessEnabled` leaves the sandbox, at once.

    Raises:
        BadRequestException: the URL is none, or there are more than four further contacts.

    AWS: SES API v2 Reference, PutAccountDetails.
    """
    owner = Owner(ctx.account, ctx.region)
    contacts = tuple(request.get("AdditionalContactEmailAddresses", ()))
    description = request.get("UseCaseDescription", "")
    if not _URL.fullmatch(request["WebsiteURL"]):
        raise BadRequestException("WebsiteURL must be a URL of http or https.")
    if len(contacts) > _CONTACTS_MAX:
        raise BadRequestException(f"At most {_CONTACTS_MAX} additional contacts.")
    if len(description) > _DESCRIPTION_CHARACTERS_MAX:
        raise BadRequestException(
            f"UseCaseDescription has at most {_DESCRIPTION_CHARACTERS_MAX} characters."
        )
    details = AccountDetails(
        mail_type=request["MailType"],
        website_url=request["WebsiteURL"],
        contact_language=request.get("ContactLanguage", ""),
        use_case_description=description,
        additional_contacts=contacts,
    )
    account = replace(accounts_of(ses).find(owner), details=details)
    if request.get("ProductionAccessEnabled"):
        account = replace(account, is_sandboxed=False)
    accounts_of(ses).put(owner, account)
    return {}


async def put_account_sending_attributes(
    ses: Ses, ctx: RequestContext, request: shapes_v2.PutAccountSendingAttributesRequest
) -> shapes_v2.PutAccountSendingAttributesResult:
    """Switch all sending on or off; off where `SendingEnabled` is left out.

    AWS: SES API v2 Reference, PutAccountSendingAttributes.
    """
    owner = Owner(ctx.account, ctx.region)
    account = accounts_of(ses).find(owner)
    is_enabled = request.get("SendingEnabled", False)
    accounts_of(ses).put(owner, replace(account, is_sending_enabled=is_enabled))
    return {}


def _shown(details: AccountDetails) -> shapes_v2.AccountDetails:
    shown: shapes_v2.AccountDetails = {
        "MailType": details.mail_type,
        "WebsiteURL": details.website_url,
        "ReviewDetails": {"Status": "GRANTED"},
    }
    if details.contact_language:
        shown["ContactLanguage"] = details.contact_language
    if details.use_case_description:
        shown["UseCaseDescription"] = details.use_case_description
    if details.additional_contacts:
        shown["AdditionalContactEmailAddresses"] = list(details.additional_contacts)
    return shown
