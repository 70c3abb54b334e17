"""Accounts by the first API: quota, and the switch for all sending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.ses.sending.quotas import accounts_of, quota_of
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes


async def get_account_sending_enabled(
    ses: Ses, ctx: RequestContext, _request: shapes.GetAccountSendingEnabledRequest
) -> shapes.GetAccountSendingEnabledResult:
    """Whether mails are sent at all.

    AWS: SES API Reference, GetAccountSendingEnabled.
    """
    return {"Enabled": accounts_of(ses).find(Owner(ctx.account, ctx.region)).is_sending_enabled}


async def get_send_quota(
    ses: Ses, ctx: RequestContext, _request: shapes.GetSendQuotaRequest
) -> shapes.GetSendQuotaResult:
    """How much may be sent, and how much was, in 24 hours.

    AWS: SES API Reference, GetSendQuota.
    """
    owner = Owner(ctx.account, ctx.region)
    quota = quota_of(ses, owner)
    return {
        "Max24HourSend": float(quota.day_max),
        "MaxSendRate": float(quota.rate_max),
        "SentLast24Hours": float(accounts_of(ses).sent_last_24_hours(owner, ses.clock.now_ms())),
    }


async def update_account_sending_enabled(
    ses: Ses, ctx: RequestContext, request: shapes.UpdateAccountSendingEnabledRequest
) -> shapes.UpdateAccountSendingEnabledResult:
    """Switch all sending on or off; off where `Enabled` is left out.

    AWS: SES API Reference, UpdateAccountSendingEnabled.
    """
    owner = Owner(ctx.account, ctx.region)
    account = accounts_of(ses).find(owner)
    is_enabled = request.get("Enabled", False)
    accounts_of(ses).put(owner, replace(account, is_sending_enabled=is_enabled))
    return {}
