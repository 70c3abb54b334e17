"""The clock: what is due happens in order, each at its own moment, and none is forgotten."""

from __future__ import annotations

import asyncio

import pytest

from kamome import clock as clock_module
from kamome.clock import Clock, manual_clock

START_MS = 1_760_000_000_000


class Diary:
    """Callbacks that write down their name and the seconds since the beginning."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lines: list[tuple[str, float]] = []

    def write(self, name: str) -> None:
        self.lines.append((name, (self.clock.now_ms() - START_MS) / 1000))

    def at(self, seconds: float, name: str) -> clock_module.Timer:
        return self.clock.call_at(START_MS + round(seconds * 1000), lambda: self.write(name))


@pytest.fixture
def clock() -> Clock:
    return manual_clock(START_MS)


@pytest.fixture
def diary(clock: Clock) -> Diary:
    return Diary(clock)


async def passes() -> None:
    """Let the loop go round, and its own timers come that are due."""
    for _ in range(5):
        await asyncio.sleep(0)


class MachineTime:
    """The machine's time, as a test tells it."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def __call__(self) -> int:
        return self.now_ms


class TestAdvancing:
    async def test_what_is_due_happens_in_order_at_its_own_moment(
        self, clock: Clock, diary: Diary
    ) -> None:
        for seconds in (30, 10, 20):
            diary.at(seconds, f"at {seconds}")

        fired = await clock.advance(25_000)

        assert diary.lines == [("at 10", 10), ("at 20", 20)]
        assert fired == 2
        assert clock.now_ms() == START_MS + 25_000

    async def test_timers_of_one_moment_come_in_the_order_made(
        self, clock: Clock, diary: Diary
    ) -> None:
        for name in "abcd":
            diary.at(5, name)

        await clock.advance(5_000)

        assert [name for name, _ in diary.lines] == list("abcd")

    async def test_a_timer_may_make_timers_that_are_due_on_the_way(
        self, clock: Clock, diary: Diary
    ) -> None:
        def begin() -> None:
            diary.write("first")
            diary.at(12, "second")
            diary.at(99, "later")

        clock.call_at(START_MS + 10_000, begin)
        diary.at(15, "third")
        await clock.advance(20_000)

        assert diary.lines == [("first", 10), ("second", 12), ("third", 15)]

    async def test_a_moment_that_has_passed_comes_at_once(self, clock: Clock, diary: Diary) -> None:
        diary.at(-5, "late")

        await clock.advance(0)

        assert diary.lines == [("late", 0)]

    async def test_a_cancelled_timer_does_not_come(self, clock: Clock, diary: Diary) -> None:
        diary.at(5, "cancelled").cancel()
        diary.at(6, "kept")

        assert await clock.advance(10_000) == 1
        assert diary.lines == [("kept", 6)]

    async def test_the_work_of_one_moment_ends_before_the_next(
        self, clock: Clock, diary: Diary
    ) -> None:
        tasks = []

        async def slow() -> None:
            with clock.activity.busy():
                for _ in range(20):
                    await asyncio.sleep(0)
                diary.write("work has ended")

        clock.call_at(START_MS + 1_000, lambda: tasks.append(asyncio.create_task(slow())))
        diary.at(2, "next")
        await clock.advance(5_000)

        assert diary.lines == [("work has ended", 1), ("next", 2)]

    async def test_work_of_threads_is_waited_for(self, clock: Clock, diary: Diary) -> None:
        loop = asyncio.get_running_loop()

        async def through_a_thread() -> None:
            with clock.activity.busy():
                await loop.run_in_executor(None, lambda: None)
                diary.write("thread has ended")

        task = asyncio.create_task(through_a_thread())
        diary.at(2, "next")
        await asyncio.sleep(0)
        await clock.advance(5_000)
        await task

        assert diary.lines == [("thread has ended", 0), ("next", 2)]

    async def test_sleepers_wake_at_their_moment(self, clock: Clock, diary: Diary) -> None:
        async def sleeper(seconds: int) -> None:
            await clock.sleep_until(START_MS + seconds * 1000)
            diary.write(f"sleeper {seconds}")

        sleepers = [asyncio.create_task(sleeper(seconds)) for seconds in (3, 1, 2)]
        await asyncio.sleep(0)
        await clock.advance(10_000)
        await asyncio.gather(*sleepers)

        assert diary.lines == [("sleeper 1", 1), ("sleeper 2", 2), ("sleeper 3", 3)]

    async def test_one_that_fails_stops_neither_the_clock_nor_the_others(
        self, clock: Clock, diary: Diary, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail() -> None:
            raise OSError(28, "No space left on device")

        clock.call_at(START_MS + 1_000, fail)
        diary.at(2, "next")
        await clock.advance(5_000)

        assert diary.lines == [("next", 2)]
        assert "No space left" in caplog.text

    async def test_timers_that_make_themselves_anew_for_ever_are_bounded(
        self, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(clock_module, "TIMERS_PER_ADVANCE_MAX", 1_000)

        def again() -> None:
            clock.call_at(clock.now_ms(), again)

        again()

        assert await clock.advance(1_000) == 1_000

    async def test_time_is_not_moved_back(self, clock: Clock) -> None:
        with pytest.raises(ValueError, match="cannot be moved back"):
            await clock.advance(-1)

    async def test_there_is_one_advance_at_a_time(self, clock: Clock) -> None:
        first = asyncio.create_task(clock.advance(1_000))
        await asyncio.sleep(0)

        assert clock.is_advancing
        with pytest.raises(ValueError, match="being advanced already"):
            await clock.advance(1)
        await first
        assert not clock.is_advancing


class TestRunning:
    """A clock that follows the machine's time."""

    @pytest.fixture
    def machine(self) -> MachineTime:
        return MachineTime()

    @pytest.fixture
    def running(self, machine: MachineTime) -> Clock:
        return Clock(machine)

    async def test_follows_the_machine_with_its_offset(
        self, running: Clock, machine: MachineTime
    ) -> None:
        await running.advance(60_000)
        machine.now_ms += 5_000

        assert running.now_ms() == START_MS + 65_000
        assert running.offset_ms == 60_000
        assert running.real_now_ms() == START_MS + 5_000

    async def test_a_timer_that_is_due_comes_by_itself(self, running: Clock) -> None:
        diary = Diary(running)

        diary.at(0, "now")
        await passes()

        assert diary.lines == [("now", 0)]

    async def test_a_timer_that_fails_leaves_the_next_one_armed(
        self, running: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        diary = Diary(running)

        def fail() -> None:
            raise OSError

        running.call_at(START_MS, fail)
        diary.at(0, "next")
        await passes()

        assert [name for name, _ in diary.lines] == ["next"]

    async def test_a_timer_that_makes_itself_anew_lets_the_loop_go_round(
        self, running: Clock
    ) -> None:
        times = 0

        def again() -> None:
            nonlocal times
            times += 1
            if times < 100_000:
                running.call_at(running.now_ms(), again)

        again()
        await passes()

        assert times < 100_000

    async def test_stands_still_while_frozen_and_runs_on_from_there(
        self, running: Clock, machine: MachineTime
    ) -> None:
        running.freeze()
        machine.now_ms += 3_600_000
        assert running.is_frozen
        assert running.now_ms() == START_MS

        running.resume()
        machine.now_ms += 1_000
        assert running.now_ms() == START_MS + 1_000

    async def test_nothing_comes_by_itself_while_frozen(self, running: Clock) -> None:
        diary = Diary(running)
        running.freeze()

        diary.at(0, "due")
        await passes()
        assert diary.lines == []

        running.resume()
        await passes()
        assert diary.lines == [("due", 0)]

    async def test_starts_with_the_offset_of_an_earlier_run(self, running: Clock) -> None:
        running.restore_offset(86_400_000)

        assert running.now_ms() == START_MS + 86_400_000


async def test_timers_that_were_cancelled_do_not_gather(clock: Clock, diary: Diary) -> None:
    diary.at(2, "kept")
    for number in range(100_000):
        diary.at(1_000_000 + number, "cancelled").cancel()
    diary.at(1, "kept, too")

    assert len(clock._heap) < 5_000
    await clock.advance(2_000_000_000)

    assert diary.lines == [("kept, too", 1), ("kept", 2)]
