"""The table of fault rules: they survive a restart, as the outage they may stand for would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from kamome.faults.rules import Rule
from kamome.storage.engine import Engine

# Counts are written at most this often: an advancing clock can make 100,000 strikes in a second.
_SAVE_EVERY_S = 1.0

# scan: all of them are wanted, in the order of the primary key; there are RULES_MAX at most.
SELECT_RULES = "SELECT rule, matched, struck FROM fault_rule ORDER BY number LIMIT ?"
# Primary key.
SELECT_LAST_NUMBER = "SELECT max(number) FROM fault_rule"
INSERT_RULE = "INSERT INTO fault_rule (number, id, rule, matched, struck) VALUES (?, ?, ?, ?, ?)"
# Both by index fault_rule_id.
UPDATE_COUNTS = "UPDATE fault_rule SET matched = ?, struck = ? WHERE id = ?"
DELETE_RULE = "DELETE FROM fault_rule WHERE id = ?"


class FaultStore:
    """Rules and their counts in SQLite."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def all_rules(self, limit: int = 1_000_000) -> list[tuple[Rule, int, int]]:
        """Rules in the order they were added, how often each has matched and struck."""
        found = []
        for packed, matched, struck in self.engine.all(SELECT_RULES, (limit,)):
            assert isinstance(packed, bytes)
            assert isinstance(matched, int)
            assert isinstance(struck, int)
            found.append((msgspec.json.decode(packed, type=Rule), matched, struck))
        return found

    def insert(self, rule: Rule) -> None:
        """Add a rule behind the others, in the caller's step."""
        row = self.engine.one(SELECT_LAST_NUMBER)
        last = row[0] if row is not None and isinstance(row[0], int) else 0
        self.engine.write(INSERT_RULE, (last + 1, rule.id, msgspec.json.encode(rule), 0, 0))

    def update(self, rule_id: str, matched: int, struck: int) -> None:
        """Keep what a rule has counted."""
        self.engine.write(UPDATE_COUNTS, (matched, struck, rule_id))

    def delete(self, rule_id: str) -> None:
        """Remove a rule."""
        self.engine.write(DELETE_RULE, (rule_id,))

    def soon(self, save: Callable[[], None]) -> None:
        """Call back in a second of the machine's time, outside the step being written."""
        asyncio.get_running_loop().call_later(_SAVE_EVERY_S, save)
