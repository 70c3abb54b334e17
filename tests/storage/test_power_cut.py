"""The power-cut test: what was acknowledged is there, and nothing by halves, after any cut.

Goal: design promise 2, acknowledged means kept. Method: several clients write steps through one
engine whose files are watched (`power_cut.py`). At random changes of a file the disk is copied as
it then is, with the steps acknowledged until then; what a power cut might leave of it is opened,
and must be the model's state after the first m steps, for some m that covers all acknowledged.
The engine then goes on from the remains of the last cut, so that recovered files are cut as well.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import apsw
import pytest
from tests.storage.power_cut import BookSync, Disk, LyingSync, PowerCutVfs

from kamome.storage import engine as engine_module
from kamome.storage.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEEDS = 10
_CLIENTS = 5
_LIVES = 3
_CUTS_PER_LIFE = 8
_DATABASE, _WAL = "kamome.db", "kamome.db-wal"

CREATE = """
CREATE TABLE IF NOT EXISTS step (number INTEGER NOT NULL PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS left_half (id INTEGER NOT NULL PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS right_half (id INTEGER NOT NULL PRIMARY KEY, body BLOB NOT NULL) STRICT;
"""

_names = count()


@dataclass(frozen=True)
class Cut:
    """The disk at one moment, and the last step that had been acknowledged."""

    disk: Disk
    acknowledged: int
    during: str


@dataclass
class Ledger:
    """Every step in the order written: the id it adds, and the id it removes, if any."""

    steps: list[tuple[int, int | None]] = field(default_factory=list)
    acknowledged: int = 0

    def ids_after(self, steps: int) -> set[int]:
        ids: set[int] = set()
        for added, removed in self.steps[:steps]:
            ids.add(added)
            ids.discard(removed if removed is not None else -1)
        return ids


class _Undone(Exception):
    pass


@dataclass
class Life:
    """One run of an engine, from opening to the last cut."""

    folder: Path
    ledger: Ledger
    random: Random
    vfs: PowerCutVfs
    cuts: list[Cut] = field(default_factory=list)
    changes_left: int = 1

    async def run(self, sync: type[BookSync]) -> None:
        engine = Engine(
            self.folder / _DATABASE,
            vfs=self.vfs.vfs_name,
            wal_sync=sync(self.vfs, _WAL, self.random),
        )
        engine.script(CREATE)
        await engine.durable()
        self.vfs.on_change = self._changed
        await asyncio.gather(*(self._client(engine) for _ in range(_CLIENTS)))
        self.vfs.on_change = lambda _file, _what: None
        await engine.close()

    async def _client(self, engine: Engine) -> None:
        while len(self.cuts) < _CUTS_PER_LIFE:
            for _ in range(self.random.randrange(1, 4)):
                self._step(engine)
            written = len(self.ledger.steps)
            await engine.durable()
            self.ledger.acknowledged = max(self.ledger.acknowledged, written)

    def _step(self, engine: Engine) -> None:
        number = len(self.ledger.steps) + 1
        is_removing = number > 1 and self.random.random() < 0.4
        removed = self.random.randrange(1, number) if is_removing else None
        with suppress(_Undone), engine.atomic():
            engine.write("INSERT INTO left_half VALUES (?, ?)", (number, body_of(number)))
            if removed is not None:
                engine.write("DELETE FROM left_half WHERE id = ?", (removed,))
                engine.write("DELETE FROM right_half WHERE id = ?", (removed,))
            engine.write("INSERT INTO right_half VALUES (?, ?)", (number, body_of(number)))
            engine.write("INSERT INTO step VALUES (?)", (number,))
            if self.random.random() < 0.1:
                raise _Undone
            self.ledger.steps.append((number, removed))

    def _changed(self, file: str, what: str) -> None:
        """Called in the loop's thread and in the checkpoint's."""
        self.changes_left -= 1
        is_rare = file == _DATABASE or what != "write"
        if self.changes_left > 0 and not (is_rare and self.random.random() < 0.02):
            return
        self.changes_left = self.random.randrange(10, 400)
        acknowledged = self.ledger.acknowledged  # before the disk: what comes later may be on it
        self.cuts.append(Cut(self.vfs.disk(), acknowledged, _moment(file, what)))


def _moment(file: str, what: str) -> str:
    if file == _DATABASE:
        return "checkpoint"
    return {"header": "restart of the WAL", "sync": "sync by SQLite"}.get(what, "commit")


def body_of(number: int) -> bytes:
    """Bytes that belong to one id: a few, or several pages."""
    random = Random(number)
    return random.randbytes(random.choice((20, 400, 3_000, 12_000)))


@pytest.fixture(autouse=True)
def small_wal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "CHECKPOINT_WAL_BYTES", 100_000)


@dataclass
class Findings:
    """What was wrong, and how many cuts fell into which moments."""

    wrong: list[str] = field(default_factory=list)
    moments: Counter[str] = field(default_factory=Counter)


async def run_lives(
    folder: Path, sync: type[BookSync], *, seeds: int, ignored_sync: str = ""
) -> Findings:
    """Several lives for each seed, each from the remains of the one before."""
    findings = Findings()
    for seed in range(seeds):
        random, ledger = Random(seed), Ledger()
        remains = folder / f"{seed}"
        for life_number in range(_LIVES):
            remains.mkdir(exist_ok=True)
            with watched(ignored_sync) as vfs:
                life = Life(remains, ledger, random, vfs)
                await life.run(sync)
            for number, cut in enumerate(life.cuts):
                remains = folder / f"{seed}.{life_number}.{number}"
                remains.mkdir()
                cut.disk.after_cut(random, remains)
                findings.moments[cut.during] += 1
                if wrong := what_is_wrong(remains / _DATABASE, ledger, cut.acknowledged):
                    where = f"seed {seed}, life {life_number}, cut {number} in a {cut.during}"
                    findings.wrong.append(f"{where}: {wrong}")
            if findings.wrong:
                return findings  # a model that no longer holds says nothing about the next life
            del ledger.steps[steps_in(remains / _DATABASE) :]
            ledger.acknowledged = len(ledger.steps)
    return findings


@contextmanager
def watched(ignored_sync: str) -> Iterator[PowerCutVfs]:
    """A VFS of its own for one life; SQLite knows them by name."""
    vfs = PowerCutVfs(f"power-cut-{next(_names)}")
    vfs.ignored_sync = ignored_sync
    yield vfs
    vfs.unregister()


@contextmanager
def opened(database: Path) -> Iterator[apsw.Connection]:
    """The remains, opened as any program would: the WAL is recovered."""
    connection = apsw.Connection(str(database))
    try:
        yield connection
    finally:
        connection.close()


def steps_in(database: Path) -> int:
    with opened(database) as connection:
        [(steps,)] = connection.execute("SELECT coalesce(max(number), 0) FROM step")
        assert isinstance(steps, int)
        return steps


def what_is_wrong(database: Path, ledger: Ledger, acknowledged: int) -> str:
    """Compare the remains of a cut with the model; empty when all is well."""
    try:
        with opened(database) as connection:
            return _difference(connection, ledger, acknowledged)
    except apsw.Error as error:
        return f"SQLite: {error}"


def _difference(connection: apsw.Connection, ledger: Ledger, acknowledged: int) -> str:
    verdict = connection.execute("PRAGMA integrity_check").fetchall()
    if verdict != [("ok",)]:
        return f"integrity check: {verdict[:3]}"
    numbers = [row[0] for row in connection.execute("SELECT number FROM step ORDER BY number")]
    steps = len(numbers)
    if numbers != list(range(1, steps + 1)):
        return "a step is missing between others"
    if steps < acknowledged:
        return f"step {acknowledged} was acknowledged, and {steps} was the last kept"
    for half in ("left_half", "right_half"):
        rows = connection.execute(f"SELECT id, body FROM {half}").fetchall()
        if {number for number, _ in rows} != ledger.ids_after(steps):
            return f"{half} is not what {steps} steps make"
        if any(body != body_of(int(str(number))) for number, body in rows):
            return f"{half} holds a body that was never written so"
    return ""


async def test_what_was_acknowledged_survives_a_power_cut(tmp_path: Path) -> None:
    findings = await run_lives(tmp_path, BookSync, seeds=_SEEDS)

    assert findings.wrong == []
    assert findings.moments.total() >= _SEEDS * _LIVES * _CUTS_PER_LIFE
    for moment in ("commit", "checkpoint", "restart of the WAL", "sync by SQLite"):
        assert findings.moments[moment], f"no cut fell into a {moment}: {findings.moments}"


async def test_power_cuts_show_that_the_sync_was_left_out(tmp_path: Path) -> None:
    findings = await run_lives(tmp_path, LyingSync, seeds=3)

    assert findings.wrong


@pytest.mark.parametrize("file", [_DATABASE, _WAL])
async def test_power_cuts_show_that_a_checkpoint_did_not_sync(file: str, tmp_path: Path) -> None:
    findings = await run_lives(tmp_path, BookSync, seeds=3, ignored_sync=file)

    assert findings.wrong
