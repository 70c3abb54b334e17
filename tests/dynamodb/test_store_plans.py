"""Every statement of the store finds its rows by an index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kamome.services.dynamodb.store import Store

if TYPE_CHECKING:
    from tests.dynamodb.conftest import World

STATEMENTS = {
    name: text
    for name, text in vars(Store).items()
    if name.isupper() and isinstance(text, str) and not text.strip().startswith("INSERT")
}


@pytest.mark.parametrize("name", sorted(STATEMENTS))
async def test_statement_is_planned_without_a_full_scan_or_a_sort(world: World, name: str) -> None:
    statement = STATEMENTS[name]
    count = len(re.findall(r"\?", statement))

    rows = world.engine.all(f"EXPLAIN QUERY PLAN {statement}", [None] * count)
    steps = [str(row[3]) for row in rows]

    assert all(not step.startswith("SCAN") and "TEMP B-TREE" not in step for step in steps), steps


async def test_scan_begins_at_its_key_and_not_at_the_first_item(world: World) -> None:
    rows = world.engine.all(f"EXPLAIN QUERY PLAN {Store.SELECT_AFTER}", [None] * 5)

    assert "partition_key" in str(rows[0][3])
