"""Statements of the hot path follow the index that is meant: a wrong one is right, and slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.services.sqs import deduplication_store, group_store, store

if TYPE_CHECKING:
    from tests.sqs.world import World


@pytest.mark.parametrize(
    ("statement", "path"),
    [
        (store.SELECT_VISIBLE, "sqs_message_visible (messages_id=? AND visible_at_ms<?)"),
        (store.SELECT_NEXT_VISIBLE, "sqs_message_visible (messages_id=? AND visible_at_ms>?)"),
        (store.COUNT_HIDDEN, "sqs_message_visible (messages_id=? AND visible_at_ms>?)"),
        (store.COUNT_HIDDEN_GROUPED, "sqs_message_grouped (messages_id=? AND visible_at_ms>?)"),
        (store.CLAIM, "PRIMARY KEY (messages_id=? AND id=?)"),
        (store.DELETE_MESSAGE, "PRIMARY KEY (messages_id=? AND id=?)"),
        (store.SELECT_OLDEST, "PRIMARY KEY (messages_id=? AND id>?)"),
        (group_store.SELECT_FIFO_FRONT, "sqs_message_fifo (group_no=?)"),
        (group_store.SELECT_TENANT_FRONT, "sqs_message_tenant (group_no=? AND visible_at_ms<?)"),
        (group_store.SELECT_TENANT_NEXT, "sqs_message_tenant (group_no=?)"),
        (
            group_store.SELECT_AVAILABLE,
            "sqs_group_available (messages_id=? AND available_at_ms<?)",
        ),
        (
            group_store.SELECT_NEXT_AVAILABLE,
            "sqs_group_available (messages_id=? AND available_at_ms>?)",
        ),
        (group_store.SELECT_GROUP, "sqs_group_name (messages_id=? AND group_id=?)"),
        (
            deduplication_store.SELECT_REMEMBERED,
            "PRIMARY KEY (queue_id=? AND scope=? AND deduplication_id=?)",
        ),
        (deduplication_store.SWEEP, "sqs_deduplication_expiry (expires_at_ms<?)"),
    ],
    ids=lambda value: value.strip().partition("\n")[0][:40],
)
async def test_statement_follows_its_index_without_sorting(
    world: World, statement: str, path: str
) -> None:
    parameters = (1,) * statement.count("?")

    plan = [str(row[3]) for row in world.engine.all(f"EXPLAIN QUERY PLAN {statement}", parameters)]

    assert any(path in step for step in plan), plan
    assert not any("FOR ORDER BY" in step for step in plan), plan
