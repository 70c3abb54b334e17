"""The spool through any history: mails come, servers answer what they like, the process crashes.

Goal: each recipient has exactly one end (delivered, bounced or expired), was told 250 exactly once
where that is the end and never otherwise, and nothing is left waiting. Method: generated histories
on the manual clock; a crash leaves a worker in the middle of its delivery, before any answer, and
new objects go on with the same store.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mail.spool_world import Scripted, SpoolWorld, running_spool
from tests.watched_loop import WatchedLoop, idle

from kamome.mail.outgoing import Outcome

_FINAL = {"delivered", "bounced", "expired"}
_CODES = st.lists(st.sampled_from([250, 250, 451, 421, 550]), min_size=1, max_size=12)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 4)),
        st.tuples(st.just("advance"), st.integers(0, 400)),
        st.tuples(st.just("crash"), st.booleans()),
        st.tuples(st.just("retry"), st.just(0)),
    ),
    min_size=1,
    max_size=14,
)


class Net:
    """What all servers say, and to whom they said yes."""

    def __init__(self, codes: list[int]) -> None:
        self._codes = codes
        self._said = 0
        self.taken: Counter[str] = Counter()
        self.outcomes: list[Outcome] = []

    def say(self, recipient: str, _number: int) -> tuple[int, str, str]:
        self._said += 1
        code = self._codes[self._said % len(self._codes)]
        self.taken[recipient] += code == 250
        return code, "", "words"

    def plug(self, world: SpoolWorld) -> SpoolWorld:
        world.transport.say = self.say
        world.spool.ports.on_outcome = self.outcomes.append
        return world


@settings(max_examples=60)
@given(_STEPS, _CODES)
def test_each_recipient_has_one_end(steps: list[tuple[str, int]], codes: list[int]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=WatchedLoop) as runner,
    ):
        runner.run(_play(Path(folder), steps, codes))


async def _play(folder: Path, steps: list[tuple[str, int]], codes: list[int]) -> None:
    net = Net(codes)
    async with running_spool(folder, Scripted()) as first:
        world = net.plug(first)
        mails: dict[str, int] = {}
        for kind, number in steps:
            world = await _step(net, world, mails, kind, number)
        await world.clock.advance(40 * 3_600_000)

        await _check(net, world, mails)
        await world.lanes.stop()


async def _step(
    net: Net, world: SpoolWorld, mails: dict[str, int], kind: str, number: int
) -> SpoolWorld:
    if kind == "send":
        serial = sum(mails.values())
        world.mails = len(mails)
        recipients = [f"u{serial + each}@d{each % 2}.example" for each in range(number)]
        mails[world.send(*recipients)] = number
    elif kind == "advance":
        await world.clock.advance(number * 60_000)
    elif kind == "retry":
        world.spool.retry_now()
        await world.settle()
    else:
        world = await _crash(net, world, is_under_way=bool(number))
    return world


async def _crash(net: Net, world: SpoolWorld, *, is_under_way: bool) -> SpoolWorld:
    """End everything at once, with deliveries that have begun, and start anew on the same store."""
    if is_under_way:
        world.transport.gate.clear()
        world.spool.retry_now()
        await idle()
    await world.lanes.stop(grace_s=0)
    await world.outbox.stop(grace_s=0)
    again = net.plug(world.restarted())
    again.outbox.start()
    again.lanes.start()
    return again


async def _check(net: Net, world: SpoolWorld, mails: dict[str, int]) -> None:
    ends = Counter(each.recipient for each in net.outcomes if each.kind in _FINAL)
    for mail_id in mails:
        found = world.spool.find(mail_id)
        assert found is not None
        for each in found.recipients:
            assert each.state in _FINAL
            assert ends[each.recipient] == 1
            assert net.taken[each.recipient] == (each.state == "delivered")
    assert sum(ends.values()) == sum(mails.values())
    for table in ("outgoing_lane", "outgoing_content", "outbox"):
        assert world.engine.one(f"SELECT count(*) FROM {table}") == (0,)
