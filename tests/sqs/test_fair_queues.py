"""Fair queues: a noisy tenant of a standard queue does not starve the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.sqs.fair_queues import noisy_tenants

if TYPE_CHECKING:
    from tests.sqs.world import Queue, World


async def _make_noisy(queue: Queue, tenant: str = "noisy", messages: int = 100) -> None:
    """A backlog of one tenant, with 40 of it in flight."""
    for number in range(messages):
        await queue.send(f"{tenant}-{number}", tenant)
    for _ in range(4):
        assert len(await queue.receive(VisibilityTimeout=600)) == 10


async def test_tenants_without_backlog_are_served_in_the_order_of_arrival(world: World) -> None:
    queue = await world.queue()
    for body, tenant in (("1", "a"), ("2", "b"), ("3", ""), ("4", "a")):
        await queue.send(body, tenant)

    assert await queue.bodies() == ["1", "2", "3", "4"]


async def test_messages_of_one_tenant_are_in_flight_side_by_side(world: World) -> None:
    queue = await world.queue()
    for number in range(3):
        await queue.send(str(number), "a")

    assert [await queue.bodies(1) for _ in range(3)] == [["0"], ["1"], ["2"]]


async def test_quiet_tenant_goes_before_the_backlog_of_a_noisy_one(world: World) -> None:
    queue = await world.queue()
    await _make_noisy(queue)
    await queue.send("quiet", "other")
    await queue.send("alone")

    assert await queue.bodies(3) == ["quiet", "alone", "noisy-40"]


async def test_noisy_tenant_is_served_when_nobody_else_waits(world: World) -> None:
    queue = await world.queue()
    await _make_noisy(queue)

    assert await queue.bodies(2) == ["noisy-40", "noisy-41"]


async def test_of_two_noisy_tenants_the_one_with_less_in_flight_goes_first(world: World) -> None:
    queue = await world.queue()
    await _make_noisy(queue, "a", 200)
    await _make_noisy(queue, "b", 35)  # 5 of the first tenant come along
    await world.advance(10)

    assert (await queue.bodies(1))[0].startswith("a")
    await queue.send("b-late", "b")
    assert await queue.bodies(1) == ["b-late"]


async def test_tenant_is_quiet_again_when_its_messages_are_done(world: World) -> None:
    queue = await world.queue()
    for number in range(60):
        await queue.send(str(number), "a")
    taken = [message for _ in range(4) for message in await queue.receive()]
    for message in taken:
        await queue.delete(message)
    await queue.send("later", "b")

    assert await queue.bodies(1) == ["40"]


async def test_group_of_a_message_shows_and_rows_of_drained_tenants_go(world: World) -> None:
    queue = await world.queue()
    await queue.send("x", "a")
    [message] = await queue.receive()

    await queue.delete(message)

    assert message["Attributes"]["MessageGroupId"] == "a"
    assert "SequenceNumber" not in message["Attributes"]
    assert world.engine.one("SELECT count(*) FROM sqs_group") == (0,)


def test_noise_is_a_tenth_of_what_is_in_flight_and_thirty_at_least() -> None:
    assert noisy_tenants({1: 29}, 29) == []
    assert noisy_tenants({1: 30}, 30) == [1]
    assert noisy_tenants({1: 30, 2: 300}, 330) == [2]
    assert noisy_tenants({1: 50, 2: 40, 0: 200}, 290) == [2, 1]
