"""Every statement of the SES store uses an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.services.ses import store
from kamome.services.ses.identities import identity_store

if TYPE_CHECKING:
    from tests.ses.conftest import World

STATEMENTS = {
    name: value
    for name, value in {**vars(store), **vars(identity_store)}.items()
    if name.isupper() and isinstance(value, str) and "INSERT" not in value.split("ON CONFLICT")[0]
}


@pytest.mark.parametrize("name", sorted(STATEMENTS))
async def test_statement_scans_no_table(world: World, name: str) -> None:
    statement = STATEMENTS[name]
    rows = world.engine.all(f"EXPLAIN QUERY PLAN {statement}", [None] * statement.count("?"))

    assert rows
    assert not [row for row in rows if str(row[3]).startswith("SCAN")]
