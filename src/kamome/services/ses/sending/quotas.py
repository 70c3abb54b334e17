"""How much an account may send: a quota for 24 hours and a rate for one second.

In the sandbox these are 200 and 1, as at AWS. Outside of it there is no daily quota (-1, AWS's word
for unlimited), and the rate is far above what one server sends: AWS's production quotas are given
to each account by a person, and there is none here. Recipients are counted, not mails; those of the
mailbox simulator count against the rate only.

AWS: SES Developer Guide, Managing your Amazon SES sending limits; SES API v2 Reference, SendQuota.
"""

from __future__ import annotations

import msgspec

from kamome.services.ses.limits import (
    SANDBOX_24_HOUR_SEND_MAX,
    SANDBOX_SEND_RATE_MAX,
    SEND_RATE_MAX,
)
from kamome.services.ses.sending.account_store import AccountStore
from kamome.services.ses.sending.refusals import QUOTA_EXCEEDED, THROTTLED, SendRefused
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

UNLIMITED = -1


class Quota(msgspec.Struct, frozen=True):
    """What an account may send; `day_max` is -1 where there is no limit."""

    day_max: int
    rate_max: int


def accounts_of(ses: Ses) -> AccountStore:
    """The rows of accounts."""
    return AccountStore(ses.store.engine)


def is_sandboxed(ses: Ses, owner: Owner) -> bool:
    """Is the account in the sandbox? The server's setting says where accounts begin.

    AWS: SES Developer Guide, Request production access.
    """
    chosen = accounts_of(ses).find(owner).is_sandboxed
    return ses.settings.is_sandboxed if chosen is None else chosen


def quota_of(ses: Ses, owner: Owner) -> Quota:
    """What the account may send.

    AWS: SES API Reference, GetSendQuota.
    """
    if is_sandboxed(ses, owner):
        return Quota(SANDBOX_24_HOUR_SEND_MAX, SANDBOX_SEND_RATE_MAX)
    return Quota(UNLIMITED, SEND_RATE_MAX)


def take(ses: Ses, owner: Owner, *, recipients: int, simulated: int) -> None:
    """Count a mail, inside the step that accepts it. `recipients` includes those simulated.

    A mail is refused when its second is full before it; it may pass the rate by its own recipients,
    for a mail with 50 of them could otherwise never leave the sandbox.

    Raises:
        SendRefused: too many in this second, or in 24 hours.

    AWS: SES Developer Guide, Errors related to the sending quotas.
    """
    store, now_ms, quota = accounts_of(ses), ses.clock.now_ms(), quota_of(ses, owner)
    if store.count_second(owner, now_ms, recipients) - recipients >= quota.rate_max:
        raise SendRefused(THROTTLED, "Maximum sending rate exceeded.")
    counted = recipients - simulated
    if not counted:
        return
    if (
        quota.day_max != UNLIMITED
        and store.sent_last_24_hours(owner, now_ms) + counted > quota.day_max
    ):
        raise SendRefused(QUOTA_EXCEEDED, "Daily message quota exceeded.")
    store.count(owner, now_ms, counted)
