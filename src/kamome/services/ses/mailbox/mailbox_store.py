"""What is done with received mails, in the store, as the mailbox shows it."""

from __future__ import annotations

import msgspec
import orjson

from kamome.services.ses.store import Owner
from kamome.storage.engine import Engine

# Primary key of ses_receipt_step, as a range.
SELECT_STEPS = """
SELECT account, region, rule_set_name, planned, done_at_ms, result FROM ses_receipt_step
WHERE mail_id = ? ORDER BY account, region, number LIMIT ?
"""

# Primary key of ses_sent, as a range: ids that begin like this.
SELECT_SENT_IDS = "SELECT message_id FROM ses_sent WHERE message_id >= ? AND message_id < ? LIMIT ?"

# A rule set has 200 rules of 10 actions.
_STEPS_MAX = 2_000


class ShownStep(msgspec.Struct, frozen=True):
    """One action of a receipt rule on one mail; `done_at_ms` is None while it is not done."""

    owner: Owner
    rule_set: str
    rule: str
    action: str
    recipients: tuple[str, ...]
    done_at_ms: int | None
    result: str


class MailboxStore:
    """Reads only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def steps(self, mail_id: str) -> list[ShownStep]:
        """What is planned with a received mail, for all owners, in order."""
        shown = []
        for row in self._engine.all(SELECT_STEPS, (mail_id, _STEPS_MAX)):
            account, region, rule_set, planned, done_at_ms, result = row
            assert isinstance(planned, bytes)
            assert done_at_ms is None or isinstance(done_at_ms, int)
            plan = orjson.loads(planned)
            shown.append(
                ShownStep(
                    Owner(str(account), str(region)),
                    str(rule_set),
                    plan["rule"],
                    plan["kind"],
                    tuple(plan["recipients"]),
                    done_at_ms,
                    str(result),
                )
            )
        return shown

    def sent_ids(self, beginning: str, limit: int) -> list[str]:
        """Ids of sent mails that begin like this, `limit` at most. No id has a `~`."""
        rows = self._engine.all(SELECT_SENT_IDS, (beginning, f"{beginning}~", limit))
        return [str(row[0]) for row in rows]
