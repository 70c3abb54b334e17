"""One SQLite writer on the event loop, with group commit.

An answer waits for the sync that covers it.

Statements run inline (microseconds) and never suspend, so what a handler does between two awaits
is one step. The first write opens a transaction; it is committed on the next pass of the loop, then
the WAL is synced by the kernel while the next transaction fills. `durable()` returns when all that
was written, or could have been read, is on disk.

`synchronous=NORMAL` leaves the sync of a commit to us; SQLite itself still syncs around checkpoints
and WAL restarts. SQLite: Write-Ahead Logging; PRAGMA synchronous.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import apsw
import msgspec

from kamome.errors import ServiceUnavailable
from kamome.storage.wal_sync import WalSync, sync_folder, sync_of

logger = logging.getLogger(__name__)

Value = str | int | float | bytes | None
Row = tuple[Value, ...]
# Hears that what was written is on disk (None), or that it could not be kept.
Kept = Callable[[ServiceUnavailable | None], None]

# The WAL is copied back into the database when it has grown past this; 16 MB is about 4,000 pages.
CHECKPOINT_WAL_BYTES = 16 * 1024 * 1024
# SQLite versions up to 3.51.2 can lose a WAL reset that races with a checkpoint.
SQLITE_VERSION_MIN = (3, 51, 3)
# 16 MB of pages: holds the upper levels of every index at 1,000,000 rows.
_PAGE_CACHE_KIB = 16 * 1024
_STATEMENTS_CACHED = 400
_PAGE_BYTES = 4096


class StorageVersionError(RuntimeError):
    """The SQLite library is one that can lose data."""


class UnreadableDatabase(RuntimeError):
    """The file is no database, or a damaged one."""


def _stop_process(reason: str) -> None:
    """A failed sync leaves unknown what is on disk: stop, and let the next start recover."""
    logger.critical(
        "The disk refused a sync (%s). Stopping so that nothing is answered wrongly.", reason
    )
    os._exit(74)  # EX_IOERR


class _Atomic:
    """`with engine.atomic():` all of the block's statements, or none."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> None:
        self._engine._enter_savepoint()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._engine._leave_savepoint(failed=kind is not None)


class _Savepoint(msgspec.Struct):
    """How things stood where a block began; `changes` once something is written in it."""

    callbacks: int
    changes: int = 0


class Engine:
    """The only writer of one database. `path=None` keeps everything in memory (no durability).

    One in memory can begin as a copy of another, by its `image`.

    Raises:
        UnreadableDatabase: what lies at `path` is none.
        StorageVersionError: this SQLite could lose data.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        image: bytes = b"",
        vfs: str | None = None,
        wal_sync: WalSync | None = None,
        on_fatal: Callable[[str], None] = _stop_process,
    ) -> None:
        _refuse_old_sqlite()
        self._path = path
        self._on_fatal = on_fatal
        self._connection = _opened(path, vfs)
        if image:
            _copy(image, self._connection)
        self._execute = self._connection.execute
        self._wal_fd = -1
        self._wal_sync = wal_sync
        self._checkpointer: apsw.Connection | None = None
        self._vfs = vfs
        self._checkpoint_threads = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._is_open = False  # a transaction holds writes that are not committed
        self._is_syncing = False
        self._is_flushing = False
        self._is_checkpointing = False
        self._is_restart_wanted = False
        self._is_checkpoint_wanted = False
        self._has_failed = False
        self._is_closed = False
        self._wal_pages = 0
        self._checkpoint_delay_bytes = 0
        self._savepoints: list[_Savepoint] = []
        self._taken = 0  # how many of them SQLite knows
        self._lost = 0
        self._waiting_commit: list[Kept] = []
        self._waiting_sync: list[Kept] = []
        self._before_commit: list[Callable[[], None]] = []
        self._after_commit: list[Callable[[], None]] = []
        self._after_sync: list[Callable[[], None]] = []
        self._rollback_callbacks: list[Callable[[], None]] = []
        self.commits = 0
        if path is not None:
            self._connection.set_wal_hook(self._count_wal_pages)

    # ------------------------------------------------------------------ statements

    def one(self, sql: str, params: Sequence[Value] = ()) -> Row | None:
        """First row of a read, or None."""
        try:
            return self._execute(sql, params).fetchone()
        except apsw.Error as error:
            self._refuse_if_lost(error)
            raise

    def all(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """All rows of a read. The caller's statement carries its own LIMIT."""
        try:
            return self._execute(sql, params).fetchall()
        except apsw.Error as error:
            self._refuse_if_lost(error)
            raise

    def write(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run one writing statement; returns how many rows it changed.

        Raises:
            ServiceUnavailable: there is no room on the disk; nothing of this step is kept.
        """
        if not self._is_open:
            self._begin()
        if self._taken != len(self._savepoints):
            self._take_savepoints()
        try:
            self._execute(sql, params)
        except apsw.Error as error:
            self._refuse_if_lost(error)
            raise
        return self._connection.changes()

    def write_returning(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one writing statement with a RETURNING clause; returns its rows."""
        if not self._is_open:
            self._begin()
        if self._taken != len(self._savepoints):
            self._take_savepoints()
        try:
            return self._execute(sql, params).fetchall()
        except apsw.Error as error:
            self._refuse_if_lost(error)
            raise

    def write_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one writing statement for each row of parameters. Use inside `atomic()`."""
        if not self._is_open:
            self._begin()
        if self._taken != len(self._savepoints):
            self._take_savepoints()
        try:
            self._connection.executemany(sql, rows)
        except apsw.Error as error:
            self._refuse_if_lost(error)
            raise

    def write_together(self, *statements: tuple[str, Sequence[Sequence[Value]]]) -> bool:
        """Run statements that belong together, each for its rows: all of them or none.

        False where the first (for its last row) changed nothing: then the others do not run. It is
        a step by itself, without the savepoint of one, which costs as much as the statements (5 us
        for the two of SendMessage): what can fail in a statement is the disk, and where the second
        fails, the whole transaction is lost, as the disk's failures have it. Inside a block of
        `atomic()` the block's savepoint does it.

        Raises:
            ServiceUnavailable: as `write`.
        """
        connection = self._connection
        changes = connection.total_changes()
        is_first = True
        try:
            for sql, rows in statements:
                self.write_many(sql, rows)
                if is_first and not connection.changes():
                    return False
                is_first = False
        except BaseException as error:
            if self._is_open and not self._savepoints and connection.total_changes() != changes:
                self._lose(error)
            raise
        return True

    def script(self, sql: str) -> None:
        """Run the statements of a schema file."""
        if not self._is_open:
            self._begin()
        if self._taken != len(self._savepoints):
            self._take_savepoints()
        try:
            self._execute(sql).fetchall()
        except apsw.Error as error:
            self._refuse_if_lost(error)
            raise

    # ------------------------------------------------------------------ steps and durability

    def atomic(self) -> _Atomic:
        """A block whose statements are all kept or all undone. Never await inside.

        Raises:
            ServiceUnavailable: the whole transaction was lost inside the block, even where the
                block has caught that; nothing of it is kept.
        """
        return _Atomic(self)

    @property
    def lost_transactions(self) -> int:
        """How often a whole transaction was lost; remember it where a request starts."""
        return self._lost

    async def durable(self, since_lost: int | None = None) -> None:
        """Return when all written so far is on disk. Costs nothing where nothing is pending.

        `since_lost` is the `lost_transactions` of when the caller began: if a transaction has been
        lost since, its writes may have been in it.

        Raises:
            ServiceUnavailable: the writes could not be kept.
        """
        if since_lost is not None and since_lost != self._lost:
            raise _no_room()
        if not self._is_open and not self._is_syncing:
            return
        future = asyncio.get_running_loop().create_future()

        def kept(error: ServiceUnavailable | None) -> None:
            if not future.done():
                if error is None:
                    future.set_result(None)
                else:
                    future.set_exception(error)

        self.when_durable(kept, self._lost)
        await future

    def when_durable(self, kept: Kept, since_lost: int) -> None:
        """Call `kept` once all written so far is on disk, perhaps at once; see `durable`.

        It is given None, or the ServiceUnavailable that `durable` would raise, and must not raise.
        """
        if since_lost != self._lost:
            kept(_no_room())
        elif self._is_open:
            self._waiting_commit.append(kept)
        elif self._is_syncing:
            self._waiting_sync.append(kept)
        else:
            kept(None)

    def before_commit(self, callback: Callable[[], None]) -> None:
        """Call back when the present step is over, in time for what follows to share its commit.

        The callback is for work of its own: it begins with whole steps, and may not raise.
        """
        if self._is_open and not self._is_syncing:
            self._before_commit.append(callback)  # the commit is on the loop already
        else:
            asyncio.get_running_loop().call_soon(callback)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back when the present step is durable; not if it is undone or lost."""
        if self._is_open:
            self._after_commit.append(callback)
        else:
            callback()

    def image(self) -> bytes:
        """All that is committed, for another engine to begin with."""
        return self._connection.serialize("main")

    def on_rollback(self, callback: Callable[[], None]) -> None:
        """Call back whenever statements are undone, so that in-memory copies can be dropped."""
        self._rollback_callbacks.append(callback)

    async def close(self) -> None:
        """Wait for what is pending, write the WAL back, close. A second time does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        while self._is_busy:  # noqa: ASYNC110 - once, at the end
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)  # callbacks of the last sync
        if self._wal_sync is not None:
            self._wal_sync.close()
        self._checkpoint_threads.shutdown()
        if self._checkpointer is not None:
            self._checkpointer.close()
        if self._wal_fd >= 0:
            os.close(self._wal_fd)
        self._connection.close()

    @property
    def _is_busy(self) -> bool:
        return (self._is_flushing or self._is_checkpointing) and not self._has_failed

    # ------------------------------------------------------------------ transaction

    def _begin(self) -> None:
        if self._savepoints:
            raise _no_room()  # the transaction of this very block was lost; none may follow in it
        try:
            self._execute("BEGIN IMMEDIATE")
        except (apsw.FullError, apsw.IOError, apsw.BusyError) as error:
            raise _no_room() from error
        self._is_open = True
        if not self._is_flushing:
            self._is_flushing = True
            asyncio.get_running_loop().call_soon(self._commit)

    def _enter_savepoint(self) -> None:
        """Begin a block. SQLite hears of it with the first write: most that fail never write."""
        if not self._is_open:
            self._begin()
        self._savepoints.append(_Savepoint(len(self._after_commit)))

    def _take_savepoints(self) -> None:
        """Tell SQLite of the blocks that have begun, now that something is written in them."""
        changes = self._connection.total_changes()
        for number in range(self._taken, len(self._savepoints)):
            self._savepoints[number].changes = changes
            self._execute(f"SAVEPOINT s{number}")
            self._taken = number + 1

    def _leave_savepoint(self, *, failed: bool) -> None:
        savepoint = self._savepoints.pop()
        number = len(self._savepoints)
        is_taken, self._taken = self._taken > number, min(self._taken, number)
        if not self._is_open:
            # Lost as a whole, and everyone has been told; a block that caught it must not go on.
            if failed:
                return
            raise _no_room()
        if failed:
            del self._after_commit[savepoint.callbacks :]
        if not is_taken:
            return
        try:
            if failed:
                self._execute(f"ROLLBACK TO s{number}")
            self._execute(f"RELEASE s{number}")
        except apsw.Error as error:
            self._refuse_if_lost(error)
            raise
        if failed and self._connection.total_changes() != savepoint.changes:
            self._undone()

    def _commit(self) -> None:
        """Commit what has gathered, then sync it while the next transaction fills."""
        assert not self._savepoints, "a step awaited inside atomic()"
        self._work_before_commit()
        waiting, self._waiting_commit = self._waiting_commit, []
        callbacks, self._after_commit = self._after_commit, []
        if self._is_open:
            self._is_open = False
            try:
                self._execute("COMMIT")
            except apsw.Error as error:
                self._transaction_lost(error, waiting)
                waiting, callbacks = [], []
        if self._is_restart_wanted:
            self._restart_wal()
        self.commits += 1
        self._waiting_sync = waiting
        self._after_sync = callbacks
        if self._path is None:
            self._synced()
            return
        self._is_syncing = True
        try:
            self._start_sync()
        except OSError as error:
            self._sync_done(error)

    def _work_before_commit(self) -> None:
        """What follows from the steps of this transaction; what follows from that comes later."""
        works, self._before_commit = self._before_commit, []
        for work in works:
            work()
        later, self._before_commit = self._before_commit, []
        for work in later:
            asyncio.get_running_loop().call_soon(work)

    def _start_sync(self) -> None:
        if self._wal_sync is None:
            assert self._path is not None
            self._wal_fd = os.open(f"{self._path}-wal", os.O_RDWR)
            sync_folder(self._path.parent)  # its name, too: it is a new file after each clean end
            self._wal_sync = sync_of(self._wal_fd)
        self._wal_sync.start(self._sync_done)

    def _sync_done(self, error: OSError | None) -> None:
        if error is not None:
            self._has_failed = True
            self._on_fatal(str(error))
            return
        self._synced()

    def _synced(self) -> None:
        self._is_syncing = False
        waiting, self._waiting_sync = self._waiting_sync, []
        callbacks, self._after_sync = self._after_sync, []
        loop = asyncio.get_running_loop()
        if self._is_open:
            loop.call_soon(self._commit)
        else:
            self._is_flushing = False
            if self._is_restart_wanted:
                self._restart_wal()
        self._checkpoint_if_grown()
        for kept in waiting:
            kept(None)
        for callback in callbacks:
            loop.call_soon(callback)  # one that fails must not hold up the others, or the store

    # ------------------------------------------------------------------ lost transactions

    def _refuse_if_lost(self, error: apsw.Error) -> None:
        """SQLite undoes the whole transaction on a full disk; say so to all who are in it.

        A failing read does the same. SQLite: C interface, sqlite3_get_autocommit.
        """
        if self._is_open and not self._connection.in_transaction:
            self._lose(error)
        if isinstance(error, (apsw.FullError, apsw.IOError)):
            raise _no_room() from error

    def _lose(self, error: BaseException) -> None:
        """Undo the open transaction; all who have written in it are told."""
        self._is_open = False
        waiting, self._waiting_commit = self._waiting_commit, []
        self._transaction_lost(error, waiting)

    def _transaction_lost(self, error: BaseException, waiting: list[Kept]) -> None:
        logger.error("A transaction was undone: %s. Free some disk space.", error)
        if self._connection.in_transaction:
            with suppress(apsw.Error):  # SQLite has left the transaction, whatever it says
                self._execute("ROLLBACK")
        self._lost += 1
        self._after_commit.clear()
        # Room that the WAL has already got can be used again once it is written back.
        self._is_checkpoint_wanted = True
        for kept in waiting:
            kept(_no_room())
        self._undone()

    def _undone(self) -> None:
        for callback in self._rollback_callbacks:
            callback()

    # ------------------------------------------------------------------ checkpoints

    def _count_wal_pages(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        """SQLite calls this after each commit; it takes the place of its automatic checkpoint."""
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint_if_grown(self) -> None:
        if self._path is None or self._is_checkpointing:
            return
        wal_bytes_max = CHECKPOINT_WAL_BYTES + self._checkpoint_delay_bytes
        if self._wal_pages * _PAGE_BYTES <= wal_bytes_max and not self._is_checkpoint_wanted:
            return
        self._is_checkpoint_wanted = False
        self._is_checkpointing = True
        loop = asyncio.get_running_loop()
        copied = loop.run_in_executor(self._checkpoint_threads, self._checkpoint_in_thread)
        copied.add_done_callback(self._checkpoint_done)

    def _checkpoint_in_thread(self) -> None:
        if self._checkpointer is None:
            self._checkpointer = _connect(self._path, self._vfs)
        self._checkpointer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def _checkpoint_done(self, result: asyncio.Future[None]) -> None:
        error = result.exception()
        if error is not None:
            self._is_checkpointing = False
            self._checkpoint_failed(error)
        elif self._is_open:
            self._is_restart_wanted = True  # between this transaction and the next
        else:
            self._restart_wal()

    def _restart_wal(self) -> None:
        """Copy the few frames written meanwhile, so that the next write starts the WAL anew."""
        self._is_restart_wanted = False
        self._is_checkpointing = False
        try:
            in_wal, copied = self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.Error as error:
            self._checkpoint_failed(error)
            return
        self._checkpoint_delay_bytes = 0
        if copied == in_wal:
            self._wal_pages = 0

    def _checkpoint_failed(self, error: BaseException) -> None:
        """Nothing is lost: the WAL keeps it all. Try again when it has grown as much again."""
        logger.warning("A checkpoint did not finish: %s", error)
        self._checkpoint_delay_bytes = self._wal_pages * _PAGE_BYTES


def _copy(image: bytes, connection: apsw.Connection) -> None:
    """Fill an empty database in memory, page by page: 0.3 ms for the tables of all slices."""
    source = apsw.Connection(":memory:")
    source.deserialize("main", image)
    with connection.backup("main", source, "main") as backup:
        backup.step()
    source.close()


def _opened(path: Path | None, vfs: str | None) -> apsw.Connection:
    try:
        return _connect(path, vfs)
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise UnreadableDatabase(
            f"{path} is no database, or a damaged one ({error}). Put a copy in its place, or give"
            " another --data directory."
        ) from error


def _connect(path: Path | None, vfs: str | None) -> apsw.Connection:
    connection = apsw.Connection(
        ":memory:" if path is None else str(path),
        vfs=vfs,
        statementcachesize=_STATEMENTS_CACHED,
    )
    connection.set_busy_timeout(5_000)
    if path is not None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute(f"PRAGMA cache_size=-{_PAGE_CACHE_KIB}")
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute("PRAGMA foreign_keys=OFF")
    return connection


def _no_room() -> ServiceUnavailable:
    return ServiceUnavailable("The store has no room to keep this. Nothing was done.")


def _refuse_old_sqlite() -> None:
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < SQLITE_VERSION_MIN:
        raise StorageVersionError(
            f"SQLite {apsw.sqlite_lib_version()} can lose data when a WAL is reset; install"
            f" apsw with SQLite {'.'.join(map(str, SQLITE_VERSION_MIN))} or later"
        )
