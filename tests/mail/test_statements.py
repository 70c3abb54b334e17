"""Every statement of the mail store and the spool uses an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.mail import greylist_store, policy_store, spool_store, store

if TYPE_CHECKING:
    from tests.mail.conftest import World

STATEMENTS = {
    f"{module.__name__}.{name}": value
    for module in (store, spool_store, greylist_store, policy_store)
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str) and "INSERT" not in value.split("ON CONFLICT")[0]
}


@pytest.mark.parametrize("name", sorted(STATEMENTS))
async def test_statement_scans_no_table(world: World, name: str) -> None:
    statement = STATEMENTS[name]
    rows = world.engine.all(f"EXPLAIN QUERY PLAN {statement}", [None] * statement.count("?"))

    plan = [str(row[3]) for row in rows]
    assert plan
    assert not [step for step in plan if step.startswith("SCAN") and not _is_ended(step, statement)]
    assert not [step for step in plan if "TEMP B-TREE" in step]


def _is_ended(step: str, statement: str) -> bool:
    """A walk along an index, in its order, that LIMIT ends, reads no more rows than it gives."""
    return "INDEX" in step and statement.rstrip().endswith("LIMIT ?")
