"""An SQS slice on a store in memory, with a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.sqs.world import World, make_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A slice, and a caller of it."""
    made = make_world()
    yield made
    await made.close()
