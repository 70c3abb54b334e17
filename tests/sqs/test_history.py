"""Promises under fire: producers and consumers over HTTP while the server is killed and restarted.

Afterwards no acknowledged message is missing, none deleted with success has come back, FIFO groups
were in order and free of duplicates, receive counts and dead letters add up. The checker is shown
to see what it looks for: in histories with one changed event, and at a server that acknowledges
before it commits.
"""

from __future__ import annotations

import dataclasses
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from tests.durability import server_process
from tests.durability.server_process import ServerProcess
from tests.sqs.history import Deleted, History, Received, Sent, violations
from tests.sqs.load import Load

if TYPE_CHECKING:
    from pathlib import Path

_LIVES = 5
_OPERATIONS_PER_LIFE = 500
_SEEDS = (1,)


def _run(
    folder: Path, seed: int, *, is_fifo: bool, lives: int = _LIVES, each: int = _OPERATIONS_PER_LIFE
) -> History:
    """Lives of a server, each ended by SIGKILL in the middle of the load, and a quiet last one."""
    load = Load(seed, is_fifo=is_fifo, max_receives=3)
    with ServerProcess(folder) as server:
        load.create(server.endpoint)
        assert server.stop() == 0
    for life in range(lives):
        with ServerProcess(folder) as server:
            load.start(server.endpoint, life)
            load.wait_for((life + 1) * each)
            server.kill()
            load.stop()
    assert load.errors == []
    with ServerProcess(folder) as server:
        server.admin("/_kamome/clock", {"advance": "2h"})  # what consumers held comes back
        load.drain(server.endpoint)
        assert server.stop() == 0
    return load.history


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize("is_fifo", [False, True], ids=["standard", "fifo"])
def test_nothing_promised_is_broken_by_kills(tmp_path: Path, seed: int, is_fifo: bool) -> None:
    history = _run(tmp_path, seed, is_fifo=is_fifo)

    assert history.operations > 2_000
    assert violations(history) == [], f"seed {seed}"
    assert any(each.is_dead_letter for each in history.received)


def test_server_that_answers_before_it_commits_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = textwrap.dedent(
        """
        import asyncio, sys
        from kamome.storage.engine import Engine
        async def at_once(self, since_lost=None): pass
        commit = Engine._commit
        def late(self):
            asyncio.get_running_loop().call_later(0.3, commit, self)
        Engine.when_durable = lambda self, kept, since_lost: kept(None)
        Engine.durable, Engine._commit = at_once, late
        from kamome.cli.main import main
        main()
        """
    )
    command = (sys.executable, "-c", fault, "serve", "--port", "0", "--smtp-port", "0")
    monkeypatch.setattr(server_process, "_COMMAND", command)

    history = _run(tmp_path, 1, is_fifo=False, lives=3, each=150)

    assert any(line.startswith("lost:") for line in violations(history))


# ---------------------------------------------------------------------- the checker itself


def _received(body: str, moment: int, **changes: object) -> Received:
    made = Received(body, f"id-{body}", "g", f"{int(body):020}", 1, False, 0, moment, moment + 1)
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type] # fields of Received


def _good() -> History:
    """Two messages of a group, sent, received and deleted one after the other."""
    return History(
        2,
        [Sent("1", "g", 1, 2, True), Sent("2", "g", 3, 4, True)],
        [_received("1", 5), _received("2", 9)],
        [Deleted("1", 7, 8, True), Deleted("2", 11, 12, True)],
    )


def test_good_history_breaks_no_promise() -> None:
    assert violations(_good()) == []


def test_send_without_answer_may_be_lost() -> None:
    history = _good()
    history.sent.append(Sent("3", "g", 13, 14, False))

    assert violations(history) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda h: h.sent.append(Sent("3", "g", 13, 14, True)), "lost: 3"),
        (lambda h: h.received.append(_received("3", 20)), "unknown: 3"),
        (lambda h: h.received.append(_received("1", 20, receives=2)), "returned: 1"),
        (lambda h: h.deleted.pop(0), "order: 2 came while 1"),
        (lambda h: h.received.append(_received("1", 6, message_id="other")), "twice: 1"),
        (lambda h: h.received.append(_received("1", 6)), "received twice as number 1"),
        (lambda h: h.received.append(_received("1", 2, receives=2)), "was number 2 before 1"),
        (lambda h: h.received.append(_received("1", 6, receives=3)), "number 3 from its queue"),
        (
            lambda h: h.received.append(_received("1", 6, receives=2, is_dead_letter=True)),
            "number 2 from the dead-letter queue",
        ),
    ],
    ids=["lost", "unknown", "returned", "order", "twice", "count", "time", "late", "early"],
)
def test_checker_sees_a_planted_fault(fault: object, said: str) -> None:
    history = _good()
    assert callable(fault)
    fault(history)

    assert any(said in line for line in violations(history)), violations(history)
