"""Every statement of the stores finds its rows by an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.services.lambda_ import store
from kamome.services.lambda_.concurrency import concurrency_store, provisioned_store
from kamome.services.lambda_.function_urls import function_url_store
from kamome.services.lambda_.functions import record_store
from kamome.services.lambda_.invocation import event_invoke_config_store
from kamome.services.lambda_.layers import layer_store
from kamome.services.lambda_.versions import version_store

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

STORES = (
    concurrency_store,
    event_invoke_config_store,
    function_url_store,
    layer_store,
    provisioned_store,
    record_store,
    store,
    version_store,
)
STATEMENTS = {
    name: str(text)
    for module in STORES
    for name, text in vars(module).items()
    if name.isupper() and not name.startswith("_") and " " in str(text).strip()
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_statement_scans_no_table(world: World, name: str) -> None:
    statement = STATEMENTS[name]

    plan = world.lambda_.engine.all(
        f"EXPLAIN QUERY PLAN {statement}", [None] * statement.count("?")
    )

    assert not [step for *_, step in plan if str(step).startswith("SCAN")]
