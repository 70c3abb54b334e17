"""Every statement of the SES stores uses an index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kamome.services.ses import store
from kamome.services.ses.configuration_sets import configuration_set_store, dedicated_ip_store
from kamome.services.ses.contacts import contact_store, import_store
from kamome.services.ses.exports import export_store
from kamome.services.ses.feedback import (
    event_store,
    link_key_store,
    metric_store,
    suppression_store,
)
from kamome.services.ses.identities import identity_store
from kamome.services.ses.mailbox import mailbox_store
from kamome.services.ses.sending import account_store, sent_store
from kamome.services.ses.templates import template_store

if TYPE_CHECKING:
    from types import ModuleType

    from tests.ses.conftest import World

STORES = (
    *(store, configuration_set_store, dedicated_ip_store, contact_store, import_store),
    *(event_store, link_key_store, metric_store, suppression_store, identity_store),
    *(export_store, mailbox_store, account_store, sent_store, template_store),
)


def statements(module: ModuleType) -> list[tuple[str, str]]:
    """Constants with SQL that looks for rows: inserts of values need none."""
    return [
        (f"{module.__name__.rpartition('.')[2]}.{name}", value)
        for name, value in vars(module).items()
        if name.isupper()
        and isinstance(value, str)
        and re.match(r"\s*(?:SELECT|UPDATE|DELETE|INSERT[^(]*\([^)]*\)\s*SELECT)", value)
    ]


STATEMENTS = dict(each for module in STORES for each in statements(module))


@pytest.mark.parametrize("name", sorted(STATEMENTS))
async def test_statement_scans_no_table(world: World, name: str) -> None:
    statement = STATEMENTS[name]
    numbers = [int(number) for number in re.findall(r"\?(\d+)", statement)]
    values = max(numbers) if numbers else statement.count("?")
    rows = world.engine.all(f"EXPLAIN QUERY PLAN {statement}", [None] * values)

    plan = [str(row[3]) for row in rows]
    assert plan
    assert not [step for step in plan if step.startswith("SCAN") and "CONSTANT" not in step]
