"""Every statement of the store finds its rows by an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.services.lambda_ import store

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

STATEMENTS = {
    name: text
    for name, text in vars(store).items()
    if name.isupper() and not name.startswith("_") and isinstance(text, str)
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_statement_scans_no_table(world: World, name: str) -> None:
    statement = STATEMENTS[name]

    plan = world.lambda_.engine.all(
        f"EXPLAIN QUERY PLAN {statement}", [None] * statement.count("?")
    )

    assert not [step for *_, step in plan if str(step).startswith("SCAN")]
