"""Fixtures of SNS's tests: a world each, one signing key for all."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.sns.world import TRACE, World, make_world

from kamome.services.sns.signing import SigningIdentity, make_identity
from kamome.testing.plugin import kamome

__all__ = ["kamome"]


@pytest.fixture(scope="session")
def identity() -> SigningIdentity:
    """One key for all tests: making one takes 0.1 s."""
    return make_identity(1_760_000_000_000, 7)


@pytest.fixture
async def world(identity: SigningIdentity) -> AsyncIterator[World]:
    world = make_world()
    world.sns.store.keep_identity(identity)
    world.sns.journeys.begin(TRACE, source="test", subject="test")
    world.sns.outbox.start()
    yield world
    await world.sns.outbox.stop()
    await world.engine.durable()
    await world.engine.close()
