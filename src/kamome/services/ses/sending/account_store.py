"""Accounts in the store: what was set for sending, and how much was sent when."""

from __future__ import annotations

import msgspec

from kamome.services.ses.store import Owner
from kamome.storage.engine import Engine

# Both by the primary key of ses_account.
UPSERT_ACCOUNT = """
INSERT INTO ses_account (account, region, facts) VALUES (?, ?, ?)
ON CONFLICT (account, region) DO UPDATE SET facts = excluded.facts
"""
SELECT_ACCOUNT = "SELECT facts FROM ses_account WHERE account = ? AND region = ?"
# All by the primary key of ses_send_count, or a range of it: a row for each minute of a day.
ADD_COUNT = """
INSERT INTO ses_send_count (account, region, minute, recipients) VALUES (?, ?, ?, ?)
ON CONFLICT (account, region, minute) DO UPDATE SET recipients = recipients + excluded.recipients
RETURNING recipients
"""
SUM_COUNTS = """
SELECT coalesce(sum(recipients), 0) FROM ses_send_count
WHERE account = ? AND region = ? AND minute > ?
"""
DELETE_OLD_COUNTS = """
DELETE FROM ses_send_count WHERE account = ? AND region = ? AND minute <= ?
"""
# By the primary key of ses_send_rate. Counts begin anew with each second.
ADD_RATE = """
INSERT INTO ses_send_rate (account, region, second, recipients) VALUES (?, ?, ?, ?)
ON CONFLICT (account, region) DO UPDATE SET
  recipients = excluded.recipients + iif(second = excluded.second, recipients, 0),
  second = excluded.second
RETURNING recipients
"""

_DAY_MINUTES = 24 * 60
_MINUTE_MS = 60_000


class AccountDetails(msgspec.Struct, frozen=True):
    """What was said when production access was asked for. AWS: AccountDetails."""

    mail_type: str
    website_url: str
    contact_language: str = ""
    use_case_description: str = ""
    additional_contacts: tuple[str, ...] = ()


class Account(msgspec.Struct, frozen=True):
    """An account in a region. `is_sandboxed` is None until it is decided for this account.
    `is_warmed_up` and `vdm` are kept and shown only."""

    is_sandboxed: bool | None = None
    is_sending_enabled: bool = True
    details: AccountDetails | None = None
    is_warmed_up: bool = True
    vdm: dict[str, object] | None = None


class AccountStore:
    """All rows of accounts. Reads see what was written before them; writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, owner: Owner) -> Account:
        """An account as it is set; one that has set nothing is as all begin."""
        row = self._engine.one(SELECT_ACCOUNT, (owner.account, owner.region))
        if row is None:
            return Account()
        assert isinstance(row[0], bytes)
        return msgspec.json.decode(row[0], type=Account)

    def put(self, owner: Owner, account: Account) -> None:
        """The account is set so from now on."""
        facts = msgspec.json.encode(account)
        self._engine.write(UPSERT_ACCOUNT, (owner.account, owner.region, facts))

    def sent_last_24_hours(self, owner: Owner, now_ms: int) -> int:
        """Recipients that mails were sent to in the last 24 hours, by whole minutes."""
        since = now_ms // _MINUTE_MS - _DAY_MINUTES
        row = self._engine.one(SUM_COUNTS, (owner.account, owner.region, since))
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]

    def count(self, owner: Owner, now_ms: int, recipients: int) -> None:
        """Count a mail against the day; what is older than that is removed."""
        minute = now_ms // _MINUTE_MS
        key = (owner.account, owner.region)
        [row] = self._engine.write_returning(ADD_COUNT, (*key, minute, recipients))
        if row[0] == recipients:  # the first of its minute
            self._engine.write(DELETE_OLD_COUNTS, (*key, minute - _DAY_MINUTES))

    def count_second(self, owner: Owner, now_ms: int, recipients: int) -> int:
        """Count a mail against this second; returns all that were counted in it."""
        values = (owner.account, owner.region, now_ms // 1000, recipients)
        [row] = self._engine.write_returning(ADD_RATE, values)
        assert isinstance(row[0], int)
        return row[0]
