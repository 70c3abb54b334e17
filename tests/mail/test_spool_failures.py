"""A step of the spool that fails at its n-th statement leaves everything as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any  # parameters of any method of the engine

import pytest
from tests.mail.spool_world import CONTENT, Scripted, SpoolWorld, running_spool

from kamome.mail.outgoing import OutgoingMail
from kamome.mail.spool_store import Taken
from kamome.mail.transports import Answer

TABLES = (
    "outgoing_mail",
    "outgoing_content",
    "outgoing_recipient",
    "outgoing_lane",
    "outbox",
    "blob",
)


class _DiskError(Exception):
    pass


def _mail(name: str) -> OutgoingMail:
    return OutgoingMail(name, "o", "a@example.com", ("x@a.example", "y@b.example"), 0)


def _taken(world: SpoolWorld) -> Taken:
    taken = world.spool.store.take("a.example", world.clock.now_ms())
    assert taken is not None
    return taken


def _answered(world: SpoolWorld, code: int, transport: str = "direct") -> None:
    taken = world.spool.store.take("b.example", world.clock.now_ms())
    assert taken is not None
    world.spool.record(taken, [Answer("y@b.example", code, "", "words")], transport)


def _released(world: SpoolWorld) -> None:
    _answered(world, 250, "capture")
    world.spool.release("m1", "direct")


def _brought_forward(world: SpoolWorld) -> None:
    _answered(world, 451)
    world.spool.store.bring_forward("b.example", 1)


STEPS: dict[str, Callable[[SpoolWorld], object]] = {
    "put": lambda w: w.spool.put(_mail("new"), CONTENT),
    "take": _taken,
    "record a delivery": lambda w: _answered(w, 250),
    "record a bounce": lambda w: _answered(w, 550),
    "record a delay": lambda w: _answered(w, 451),
    "record a capture": lambda w: _answered(w, 250, "capture"),
    "put back": lambda w: (_taken(w), w.spool.store.put_back(5)),
    "release": _released,
    "bring forward": _brought_forward,
    "remove": lambda w: w.spool.store.remove("m1"),
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
async def test_step_that_fails_at_its_nth_statement_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: Callable[[SpoolWorld], object]
) -> None:
    async with running_spool(tmp_path, Scripted()) as world:
        await world.lanes.stop()
        world.spool.put(_mail("m1"), CONTENT)
        await world.engine.durable()
        before = _rows(world)
        failures = 0

        while _fails_at(world, monkeypatch, step, failures + 1):
            failures += 1
            assert _rows(world) == before, f"after a failure at statement {failures}"

        assert 1 <= failures < 50
        assert _rows(world) != before


def _fails_at(
    world: SpoolWorld,
    monkeypatch: pytest.MonkeyPatch,
    step: Callable[[SpoolWorld], object],
    number: int,
) -> bool:
    left = number

    def failing(genuine: Callable[..., Any]) -> Callable[..., Any]:
        def call(sql: str, params: Sequence[Any] | Iterable[Any] = ()) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise _DiskError
            return genuine(sql, params)

        return call

    with monkeypatch.context() as patched:
        for method in ("write", "write_returning", "write_many"):
            patched.setattr(world.engine, method, failing(getattr(world.engine, method)))
        try:
            with world.engine.atomic():
                step(world)
        except _DiskError:
            return True
    return False


def _rows(world: SpoolWorld) -> dict[str, list[object]]:
    return {table: sorted(world.engine.all(f"SELECT * FROM {table}"), key=repr) for table in TABLES}
