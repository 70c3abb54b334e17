"""Works the spool: who is sent to now, how many at once, and what happens when the store refuses.

Mail waits in lanes, one for each domain, so that a domain whose servers are slow holds up nobody
else. A worker takes the deliveries of one lane that are due, one after the other; there are at most
`WORKERS_MAX`, and as many for one lane as the transport allows. A delivery is taken in a step of
its own (its recipients are "sending" then, durable before a byte leaves), so none is taken twice by
one server; the data directory is held by one server at a time. What a crash leaves "sending" waits
again at the next start.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from kamome.clock import Clock, Timer
from kamome.errors import ServiceUnavailable
from kamome.mail.outgoing import LineEnds, MailUnfit
from kamome.mail.spool import Spool
from kamome.mail.spool_store import OutgoingContentGone, Taken
from kamome.mail.transports import CAPTURE, Answer, Delivery, Transport, same_for_all
from kamome.storage.blobs import BlobDamaged

logger = logging.getLogger(__name__)

# Sockets that may be open at once, roughly; one more costs about 100 KB.
WORKERS_MAX = 64
# A mail is held in memory while it is sent: this many above `_LARGE_BYTES` at once, 40 MB each.
_LARGE_AT_ONCE = 4
_LARGE_BYTES = 1024 * 1024
# Where the store refuses (full disk), the spool rests this long before it is asked again.
_REST_MS = 5_000


class Lanes:
    """The workers of one spool. `transports` begins with the server's own way out."""

    def __init__(self, spool: Spool, clock: Clock, transports: Sequence[Transport]) -> None:
        self._spool = spool
        self._store = spool.store
        self._engine = spool.store.engine
        self._clock = clock
        self._transports: Mapping[str, Transport] = {each.name: each for each in transports}
        self._own = transports[0]
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._workers: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: Timer | None = None
        self._is_running = False
        self._is_scheduled = False
        spool.wake = self._schedule
        spool.transports = tuple(self._transports)

    def start(self) -> None:
        """Send what is due, including what an earlier run left."""
        with self._engine.atomic():
            count = self._store.put_back(self._clock.now_ms())
        if count:
            logger.info("sending to %d recipients was interrupted, and is tried again", count)
        self._is_running = True
        self._schedule()

    async def stop(self, grace_s: float = 10.0) -> None:
        """Begin nothing more; give what is under way this long to end. The rest waits on disk."""
        self._is_running = False
        if self._timer is not None:
            self._timer.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for transport in self._transports.values():
            await transport.close()

    # ------------------------------------------------------------------ scheduling

    def _schedule(self) -> None:
        """Look at the lanes on the next pass of the loop: after the step that is being written."""
        if self._is_scheduled or not self._is_running:
            return
        self._is_scheduled = True
        self._clock.activity.begin()
        asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._is_scheduled = False
        try:
            if self._is_running:
                self._begin_workers()
        except Exception:
            # The store cannot be read: the lanes stay as they are.
            logger.exception("the spool could not be looked at")
            self._arm(self._clock.now_ms() + _REST_MS)
        finally:
            self._clock.activity.end()

    def _begin_workers(self) -> None:
        free = WORKERS_MAX - len(self._tasks)
        if free <= 0:
            return  # the end of a worker schedules
        now_ms = self._clock.now_ms()
        for domain, due_ms in self._store.lanes(free + len(self._workers) + 1):
            if due_ms > now_ms:
                self._arm(due_ms)
                return
            if free > 0 and self._workers[domain] < self._own.per_domain:
                free -= 1
                self._begin(domain)

    def _arm(self, due_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_at(due_ms, self._schedule)

    def _begin(self, domain: str) -> None:
        self._workers[domain] += 1
        self._clock.activity.begin()
        task = asyncio.get_running_loop().create_task(self._work(domain))
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._ended(ended, domain))

    def _ended(self, task: asyncio.Task[None], domain: str) -> None:
        self._tasks.discard(task)
        self._workers[domain] -= 1
        if self._workers[domain] <= 0:
            del self._workers[domain]
        self._schedule()
        self._clock.activity.end()
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a worker of the spool failed", exc_info=error)

    # ------------------------------------------------------------------ one lane

    async def _work(self, domain: str) -> None:
        while self._is_running:
            try:
                lost = self._engine.lost_transactions
                with self._engine.atomic():
                    taken = self._store.take(domain, self._clock.now_ms())
                if taken is None:
                    return
                self._schedule()  # more may be due: another worker takes it meanwhile
                transport = self._transports.get(taken.transport, self._own)
                if transport.is_outside:
                    await self._engine.durable(lost)
            except ServiceUnavailable:
                logger.warning("the spool rests: the store has no room")
                await self._rest()
                continue
            answers = await self._try(taken, transport)
            await self._keep(taken, answers, transport.name)

    async def _rest(self) -> None:
        """Wait on the clock, which must not wait for this worker meanwhile."""
        self._clock.activity.end()
        try:
            await self._clock.sleep_until(self._clock.now_ms() + _REST_MS)
        finally:
            self._clock.activity.begin()

    async def _try(self, taken: Taken, transport: Transport) -> list[Answer]:
        """One attempt, outside any step."""
        recipients = tuple(each.recipient for each in taken.recipients)
        delivery = Delivery(taken.mail, taken.domain, recipients)
        try:
            if not transport.is_outside:
                return await transport.deliver(delivery, b"")
            if taken.content_bytes <= _LARGE_BYTES:
                return await transport.deliver(delivery, await self._content(taken))
            async with self._large:
                return await transport.deliver(delivery, await self._content(taken))
        except MailUnfit as unfit:
            return same_for_all(delivery, 554, "5.6.0", str(unfit))
        except (OutgoingContentGone, BlobDamaged):
            logger.exception("the content of %s is lost", taken.mail.mail_id)
            return same_for_all(delivery, 554, "5.3.0", "the content of the mail is lost")
        except Exception:
            logger.exception("sending %s failed", taken.mail.mail_id)
            return same_for_all(delivery, 451, "4.3.0", "local error in processing")

    async def _content(self, taken: Taken) -> bytes:
        """The whole content. What lies in a file has not been looked at before."""
        pieces, line_ends = [], LineEnds()
        async for piece in self._store.read(taken.mail.mail_id):
            line_ends.feed(piece)
            pieces.append(piece)
        line_ends.check()
        return b"".join(pieces)

    async def _keep(self, taken: Taken, answers: list[Answer], transport: str) -> None:
        """Record the answers. A mail that a remote has taken must not be sent again, so where the
        store refuses, this waits until it takes them.
        """
        while True:
            try:
                lost = self._engine.lost_transactions
                with self._engine.atomic():
                    self._spool.record(taken, answers, transport)
                if transport != CAPTURE:
                    await self._engine.durable(lost)
                return
            except ServiceUnavailable:
                logger.warning("what became of %s cannot be kept yet", taken.mail.mail_id)
                await self._rest()
