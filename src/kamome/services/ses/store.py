"""SES in the store: identities, receipt rule sets, and what is done with received mails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import orjson

from kamome.services.ses.receiving.receiving import AddedHeader, PlannedAction
from kamome.storage.engine import Engine, Row

if TYPE_CHECKING:
    from kamome.services.ses.shapes import ReceiptFilter, ReceiptRule


SCHEMA_FOLDER = Path(__file__).parent

# All by the primary key of ses_receipt_rule_set, or a range of it.
INSERT_RULE_SET = """
INSERT INTO ses_receipt_rule_set (account, region, name, created_at_ms) VALUES (?, ?, ?, ?)
"""
SELECT_RULE_SET = """
SELECT name, created_at_ms FROM ses_receipt_rule_set
WHERE account = ? AND region = ? AND name = ?
"""
SELECT_RULE_SETS = """
SELECT name, created_at_ms FROM ses_receipt_rule_set
WHERE account = ? AND region = ? ORDER BY name LIMIT ?
"""
DELETE_RULE_SET = "DELETE FROM ses_receipt_rule_set WHERE account = ? AND region = ? AND name = ?"
# All by the primary key of ses_active_receipt_rule_set.
UPSERT_ACTIVE = """
INSERT INTO ses_active_receipt_rule_set (account, region, name) VALUES (?, ?, ?)
ON CONFLICT (account, region) DO UPDATE SET name = excluded.name
"""
SELECT_ACTIVE = "SELECT name FROM ses_active_receipt_rule_set WHERE account = ? AND region = ?"
DELETE_ACTIVE = "DELETE FROM ses_active_receipt_rule_set WHERE account = ? AND region = ?"
# Index ses_receipt_rule_position.
SELECT_RULES = """
SELECT rule FROM ses_receipt_rule WHERE account = ? AND region = ? AND rule_set_name = ?
ORDER BY position LIMIT ?
"""
# All by the primary key of ses_receipt_rule, or a range of it.
SELECT_RULE = """
SELECT rule FROM ses_receipt_rule
WHERE account = ? AND region = ? AND rule_set_name = ? AND name = ?
"""
UPSERT_RULE = """
INSERT INTO ses_receipt_rule (account, region, rule_set_name, name, position, rule)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, rule_set_name, name)
DO UPDATE SET position = excluded.position, rule = excluded.rule
"""
DELETE_RULES = "DELETE FROM ses_receipt_rule WHERE account = ? AND region = ? AND rule_set_name = ?"

# All by the primary key of ses_receipt_filter, or a range of it.
INSERT_FILTER = """
INSERT INTO ses_receipt_filter (account, region, name, policy, cidr) VALUES (?, ?, ?, ?, ?)
"""
SELECT_FILTERS = """
SELECT name, policy, cidr FROM ses_receipt_filter
WHERE account = ? AND region = ? ORDER BY name LIMIT ?
"""
DELETE_FILTER = "DELETE FROM ses_receipt_filter WHERE account = ? AND region = ? AND name = ?"

# All by the primary key of ses_receipt_step, or a range of it.
INSERT_STEP = """
INSERT INTO ses_receipt_step
  (mail_id, account, region, number, rule_set_name, planned, done_at_ms, result)
VALUES (?, ?, ?, ?, ?, ?, NULL, '')
"""
SELECT_STEPS_LEFT = """
SELECT number, rule_set_name, planned FROM ses_receipt_step
WHERE mail_id = ? AND account = ? AND region = ? AND done_at_ms IS NULL ORDER BY number
"""
FINISH_STEP = """
UPDATE ses_receipt_step SET done_at_ms = ?, result = ?
WHERE mail_id = ? AND account = ? AND region = ? AND number = ? AND done_at_ms IS NULL
"""
SELECT_ANY_STEP = """
SELECT number FROM ses_receipt_step WHERE mail_id = ? AND account = ? AND region = ? LIMIT 1
"""
SELECT_STOPPED = """
SELECT number, planned FROM ses_receipt_step
WHERE mail_id = ? AND account = ? AND region = ? AND result = 'STOP_RULE' ORDER BY number
"""
DELETE_STEPS = "DELETE FROM ses_receipt_step WHERE mail_id = ?"

# All by the primary key of ses_tag, or a range of it.
UPSERT_TAG = """
INSERT INTO ses_tag (arn, key, value) VALUES (?, ?, ?)
ON CONFLICT (arn, key) DO UPDATE SET value = excluded.value
"""
SELECT_TAGS = "SELECT key, value FROM ses_tag WHERE arn = ? ORDER BY key LIMIT ?"
DELETE_TAG = "DELETE FROM ses_tag WHERE arn = ? AND key = ?"
DELETE_TAGS = "DELETE FROM ses_tag WHERE arn = ?"

# Accounts and regions whose rules are kept in memory: each mail asks for them.
_KNOWN_MAX = 1_000
# Above every quota: rows of one account's rule sets, rules of one set.
_ROWS_MAX = 1_000


class Owner(msgspec.Struct, frozen=True):
    """An account in a region."""

    account: str
    region: str


class Step(msgspec.Struct, frozen=True):
    """One planned action that has not been done yet."""

    mail_id: str
    owner: Owner
    number: int
    rule_set_name: str
    planned: PlannedAction


class SesStore:
    """All rows of SES. Reads see what was written before them; writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._active: dict[Owner, tuple[str, tuple[ReceiptRule, ...]]] = {}
        self._filters: dict[Owner, tuple[ReceiptFilter, ...]] = {}
        engine.on_rollback(self._forget_known)

    def _forget_known(self) -> None:
        self._active.clear()
        self._filters.clear()

    # ------------------------------------------------------------------ tags

    def tags(self, arn: str) -> list[tuple[str, str]]:
        """Keys and values of a resource's tags, by key."""
        rows = self.engine.all(SELECT_TAGS, (arn, _ROWS_MAX))
        return [(str(key), str(value)) for key, value in rows]

    def put_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags, or change their values."""
        rows = [(arn, key, value) for key, value in tags.items()]
        with self.engine.atomic():
            self.engine.write_many(UPSERT_TAG, rows)

    def remove_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags by key."""
        with self.engine.atomic():
            self.engine.write_many(DELETE_TAG, [(arn, key) for key in keys])

    def remove_all_tags(self, arn: str) -> None:
        """Remove all tags of a resource."""
        self.engine.write(DELETE_TAGS, (arn,))

    # ------------------------------------------------------------------ rule sets

    def add_rule_set(self, owner: Owner, name: str, created_at_ms: int) -> None:
        """Keep a new, empty rule set."""
        self.engine.write(INSERT_RULE_SET, (owner.account, owner.region, name, created_at_ms))

    def rule_set_created_at_ms(self, owner: Owner, name: str) -> int | None:
        """When the rule set was made; None where there is none."""
        row = self.engine.one(SELECT_RULE_SET, (owner.account, owner.region, name))
        if row is None:
            return None
        assert isinstance(row[1], int)
        return row[1]

    def rule_sets(self, owner: Owner) -> list[tuple[str, int]]:
        """Name and time of making of all rule sets, by name."""
        rows = self.engine.all(SELECT_RULE_SETS, (owner.account, owner.region, _ROWS_MAX))
        found = []
        for name, created_at_ms in rows:
            assert isinstance(created_at_ms, int)
            found.append((str(name), created_at_ms))
        return found

    def delete_rule_set(self, owner: Owner, name: str) -> None:
        """Forget a rule set and its rules."""
        self._active.pop(owner, None)
        with self.engine.atomic():
            self.engine.write(DELETE_RULES, (owner.account, owner.region, name))
            self.engine.write(DELETE_RULE_SET, (owner.account, owner.region, name))

    def activate(self, owner: Owner, name: str | None) -> None:
        """Make a rule set the active one; None makes none active."""
        self._active.pop(owner, None)
        if name is None:
            self.engine.write(DELETE_ACTIVE, (owner.account, owner.region))
        else:
            self.engine.write(UPSERT_ACTIVE, (owner.account, owner.region, name))

    def active_rule_set(self, owner: Owner) -> str | None:
        """Name of the active rule set."""
        row = self.engine.one(SELECT_ACTIVE, (owner.account, owner.region))
        return None if row is None else str(row[0])

    def active_rules(self, owner: Owner) -> tuple[str, tuple[ReceiptRule, ...]]:
        """Name and rules of the active rule set, from memory where they have not changed.

        Empty where none is active. They are shared: for reading only.
        """
        found = self._active.get(owner)
        if found is None:
            name = self.active_rule_set(owner)
            found = ("", ()) if name is None else (name, tuple(self.rules(owner, name)))
            if len(self._active) >= _KNOWN_MAX:
                self._active.clear()
            self._active[owner] = found
        return found

    # ------------------------------------------------------------------ rules

    def rules(self, owner: Owner, rule_set_name: str) -> list[ReceiptRule]:
        """The rules of a set in order."""
        key = (owner.account, owner.region, rule_set_name, _ROWS_MAX)
        return [_rule(row) for row in self.engine.all(SELECT_RULES, key)]

    def rule(self, owner: Owner, rule_set_name: str, name: str) -> ReceiptRule | None:
        """One rule by its name."""
        row = self.engine.one(SELECT_RULE, (owner.account, owner.region, rule_set_name, name))
        return None if row is None else _rule(row)

    def replace_rules(self, owner: Owner, rule_set_name: str, rules: Iterable[ReceiptRule]) -> None:
        """The set's rules are these from now on, in this order. At most 200 rows."""
        self._active.pop(owner, None)
        with self.engine.atomic():
            self.engine.write(DELETE_RULES, (owner.account, owner.region, rule_set_name))
            self.engine.write_many(
                UPSERT_RULE,
                [
                    (
                        owner.account,
                        owner.region,
                        rule_set_name,
                        rule["Name"],
                        position,
                        orjson.dumps(rule),
                    )
                    for position, rule in enumerate(rules)
                ],
            )

    # ------------------------------------------------------------------ filters

    def add_receipt_filter(self, owner: Owner, name: str, policy: str, cidr: str) -> None:
        """Keep a new IP address filter."""
        self._filters.pop(owner, None)
        self.engine.write(INSERT_FILTER, (owner.account, owner.region, name, policy, cidr))

    def receipt_filters(self, owner: Owner) -> tuple[ReceiptFilter, ...]:
        """The IP address filters, by name, from memory where they have not changed."""
        found = self._filters.get(owner)
        if found is None:
            rows = self.engine.all(SELECT_FILTERS, (owner.account, owner.region, _ROWS_MAX))
            if len(self._filters) >= _KNOWN_MAX:
                self._filters.clear()
            found = self._filters[owner] = tuple(_filter(row) for row in rows)
        return found

    def delete_receipt_filter(self, owner: Owner, name: str) -> None:
        """Forget a filter; nothing happens where there is none."""
        self._filters.pop(owner, None)
        self.engine.write(DELETE_FILTER, (owner.account, owner.region, name))

    # ------------------------------------------------------------------ received mails

    def add_steps(
        self, mail_id: str, owner: Owner, rule_set_name: str, planned: Sequence[PlannedAction]
    ) -> None:
        """Fix what is to be done with a mail, in the step that accepts it."""
        self.engine.write_many(
            INSERT_STEP,
            [
                (mail_id, owner.account, owner.region, number, rule_set_name, _dump(action))
                for number, action in enumerate(planned)
            ],
        )

    def steps_left(self, mail_id: str, owner: Owner) -> list[Step]:
        """The planned actions that have not been done yet, in order."""
        rows = self.engine.all(SELECT_STEPS_LEFT, (mail_id, owner.account, owner.region))
        return [_step(mail_id, owner, row) for row in rows]

    def finish_step(self, step: Step, now_ms: int, result: str) -> bool:
        """The action has been done; part of the step of its effect. False: it was done before."""
        key = (step.mail_id, step.owner.account, step.owner.region, step.number)
        return self.engine.write(FINISH_STEP, (now_ms, result, *key)) == 1

    def has_steps(self, mail_id: str, owner: Owner) -> bool:
        """Whether a mail was received for this account and region."""
        key = (mail_id, owner.account, owner.region)
        return self.engine.one(SELECT_ANY_STEP, key) is not None

    def stopped_rules(self, mail_id: str, owner: Owner) -> list[tuple[str, int]]:
        """The rules that a function has stopped for a mail, and the number of the action it was."""
        found = []
        rows = self.engine.all(SELECT_STOPPED, (mail_id, owner.account, owner.region))
        for number, planned in rows:
            assert isinstance(number, int)
            assert isinstance(planned, bytes)
            found.append((str(orjson.loads(planned)["rule"]), number))
        return found

    def forget_mails(self, mail_ids: Iterable[str]) -> None:
        """These mails are no longer kept."""
        self.engine.write_many(DELETE_STEPS, [(mail_id,) for mail_id in mail_ids])


def _rule(row: Row) -> ReceiptRule:
    assert isinstance(row[0], bytes)
    rule: ReceiptRule = orjson.loads(row[0])
    return rule


def _filter(row: Row) -> ReceiptFilter:
    name, policy, cidr = (str(each) for each in row)
    return {"Name": name, "IpFilter": {"Policy": policy, "Cidr": cidr}}


def _dump(planned: PlannedAction) -> bytes:
    return orjson.dumps(
        {
            "rule": planned.rule_name,
            "kind": planned.kind,
            "action": planned.action,
            "recipients": planned.recipients,
            "scan": planned.is_scan_enabled,
            "headers": [tuple(header) for header in planned.added_headers],
        }
    )


def _step(mail_id: str, owner: Owner, row: Row) -> Step:
    number, rule_set_name, dumped = row
    assert isinstance(number, int)
    assert isinstance(dumped, bytes)
    plan = orjson.loads(dumped)
    planned = PlannedAction(
        plan["rule"],
        plan["kind"],
        plan["action"],
        tuple(plan["recipients"]),
        plan["scan"],
        tuple(AddedHeader(*header) for header in plan["headers"]),
    )
    return Step(mail_id, owner, number, str(rule_set_name), planned)
