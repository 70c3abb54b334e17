"""When a mail counts as accepted: its bytes and envelope are committed and synced, then 250.

Before that the mail is examined (a port), bounded in time: who sent it, and what scanners say of
it. With the mail's rows, its journey begins and the owner of the recipients (a port) writes what is
to be done with it: all in one step. A crash before the step means no 250, and the sender tries
again; a crash after it means that the work is found on disk. RFC 5321 §6.1.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from functools import partial
from typing import TypeVar, cast

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.mail.checks import UNCHECKED, Checks
from kamome.mail.envelope import Envelope, Mail, MailLoops
from kamome.mail.header_fields import decode_words, first, header_end, split_fields
from kamome.mail.limits import INLINE_BYTES_MAX, RECEIVED_FIELDS_MAX
from kamome.mail.retention import next_sweep_ms
from kamome.mail.store import MailStore
from kamome.observe.journeys import Journeys
from kamome.storage.blobs import Blob, BlobWriter

logger = logging.getLogger(__name__)

# 25 bytes make the 40 digits of base 32 that SES's mail ids have.
_ID_BYTES = 25
# Mails are kept a week after they came, for a look at them; their effects live elsewhere.
RETENTION_MS = 7 * 24 * 3600 * 1000
_RETENTION_SWEEP_MS = 3600 * 1000
_SWEEP_ROWS = 500
_HEAD_BYTES = 64 * 1024
_PIECE_BYTES = 256 * 1024

T = TypeVar("T")

# The content of a mail from an octet on, in pieces.
ReadContent = Callable[[int], AsyncIterator[bytes]]


async def _unexamined(_envelope: Envelope, _read: ReadContent, _size: int) -> Checks:
    return UNCHECKED


class InboundPorts(msgspec.Struct, frozen=True):
    """What the owner of the recipients does with mails.

    `examine` finds out about a mail that has arrived whole, given its size in octets; it may raise
    `MailRefused`, and takes a minute at most.

    `take` writes, inside the step that accepts a mail, what is to be done with it; it may raise
    `MailRefused`. `read_head` is given the beginning of a mail that was taken, 64 KB at most, in
    the same step. `forget` hears, inside the step, which mails are no longer kept.
    """

    take: Callable[[Mail], None]
    read_head: Callable[[Mail, bytes], None] = lambda _mail, _head: None
    forget: Callable[[list[str]], None] = lambda _mail_ids: None
    examine: Callable[[Envelope, ReadContent, int], Awaitable[Checks]] = _unexamined


class IncomingMail:
    """The content of one mail while it arrives: in memory up to 100 KB, in a file from there on."""

    def __init__(self, inbound: Inbound) -> None:
        self._inbound = inbound
        self._head = bytearray()
        self._writer: BlobWriter | None = None
        self._size = 0
        self._content: bytes | Blob | None = None
        self._under_way: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        """Octets so far."""
        return self._size

    @property
    def head(self) -> bytes:
        """The beginning of the mail, 64 KB of it at most."""
        return bytes(self._head[:_HEAD_BYTES])

    async def write(self, piece: bytes) -> None:
        """Add a piece. Raises OSError when the disk is full."""
        self._size += len(piece)
        if self._writer is None and self._size <= INLINE_BYTES_MAX:
            self._head += piece
            return
        if self._writer is None:
            self._writer = self._inbound.store.blobs.writer()
            piece = bytes(self._head) + piece
            del self._head[_HEAD_BYTES:]
        # A session may be cut off while a thread holds the file: the write is ended all the same,
        # and `discard` waits for it.
        self._under_way = self._inbound.start(self._writer.write(piece))
        await asyncio.shield(self._under_way)

    async def finish(self) -> bytes | Blob:
        """The whole content, durable if it is a file."""
        if self._writer is None:
            self._content = bytes(self._head)
        else:
            self._content = await self._writer.finish()
            self._writer = None
        return self._content

    async def read(self, start: int) -> AsyncIterator[bytes]:
        """What has arrived, from an octet on, in pieces; after `finish`."""
        content = self._content
        assert content is not None
        if isinstance(content, bytes):
            yield content[start:]
            return
        blobs = self._inbound.store.blobs
        file = await blobs.in_thread(partial(os.open, blobs.path(content.id), os.O_RDONLY))
        try:
            while start < content.size:
                piece = await blobs.in_thread(partial(os.pread, file, _PIECE_BYTES, start))
                start += len(piece)
                yield piece
        finally:
            os.close(file)

    async def discard(self) -> None:
        """Forget what has arrived."""
        if self._under_way is not None:
            await asyncio.wait({self._under_way})
        if self._writer is not None:
            await self._writer.abort()
        elif isinstance(self._content, Blob):
            await self._inbound.store.blobs.discard(self._content)


class Inbound:
    """Takes mails in."""

    def __init__(
        self, store: MailStore, journeys: Journeys, clock: Clock, ids: Ids, ports: InboundPorts
    ) -> None:
        self.store = store
        self._journeys = journeys
        self._clock = clock
        self._ids = ids
        self._ports = ports
        self._tasks: set[asyncio.Task[object]] = set()

    def open(self) -> IncomingMail:
        """A mail begins to arrive. It ends with `accept` or `discard`."""
        return IncomingMail(self)

    def discard(self, incoming: IncomingMail) -> None:
        """What arrived is not accepted: forget it, behind the back of a session that is gone."""
        self.start(incoming.discard())

    async def accept(
        self, incoming: IncomingMail, envelope: Envelope, *, checks: Checks | None = None
    ) -> Mail:
        """Keep a mail that has arrived whole; durable on return.

        It is examined first, or taken to be what `checks` says of it. Goes on to the end even where
        the session that waits for it is cut off.

        Raises:
            MailRefused: the owner of the recipients refuses it, or it goes in circles. Nothing is
                kept.
            ServiceUnavailable: the store has no room. Nothing is kept.
            OSError: the disk refused the content. Nothing is kept.
        """
        return await asyncio.shield(self.start(self._accept(incoming, envelope, checks)))

    async def _accept(
        self, incoming: IncomingMail, envelope: Envelope, checks: Checks | None
    ) -> Mail:
        engine = self.store.engine
        is_kept = False
        try:
            if _hops(incoming.head) > RECEIVED_FIELDS_MAX:
                raise MailLoops
            content = await incoming.finish()
            now_ms = self._clock.now_ms()
            if checks is None:
                checks = await self._ports.examine(envelope, incoming.read, incoming.size)
            trace = self._ids.trace(now_ms)
            mail = Mail(self._mail_id(), now_ms, envelope, incoming.size, trace, checks)
            lost = engine.lost_transactions
            with engine.atomic():
                self.store.insert(mail, content)
                self._begin_journey(mail, incoming.head)
                self._ports.take(mail)
                self._ports.read_head(mail, incoming.head)
            await engine.durable(lost)
            is_kept = True
        finally:
            if not is_kept:
                self.discard(incoming)
        return mail

    def _mail_id(self) -> str:
        return base64.b32hexencode(self._ids.bytes(_ID_BYTES)).decode().lower()

    def _begin_journey(self, mail: Mail, head: bytes) -> None:
        subject = decode_words(first(split_fields(head), "Subject") or "").replace("\0", "")
        envelope = mail.envelope
        self._journeys.begin(
            mail.trace, source=f"smtp from {envelope.reverse_path or '<>'}", subject=subject
        )
        self._journeys.step(
            mail.trace,
            service="smtp",
            action="accept",
            resource=mail.mail_id,
            result="250",
            detail=f"{mail.raw_bytes} bytes for {', '.join(envelope.recipients[:5])}"
            f"{_found(mail.checks)}",
        )

    # ------------------------------------------------------------------ retention

    def start_retention(self) -> None:
        """Drop mails past their retention now, and whenever the oldest is."""
        self._sweep()

    def _sweep(self) -> None:
        now_ms = self._clock.now_ms()
        next_ms = now_ms + _RETENTION_SWEEP_MS
        try:
            with self.store.engine.atomic():
                removed = self.store.remove_received_before(now_ms - RETENTION_MS, _SWEEP_ROWS)
                if removed:
                    self._ports.forget(removed)
            if len(removed) == _SWEEP_ROWS:
                # It goes on after the next pass of the loop instead of holding it up.
                next_ms = now_ms
            else:
                next_ms = next_sweep_ms(now_ms, self.store.oldest_ms(), RETENTION_MS)
        finally:
            # Also where the store refuses (a full disk): the next sweep may succeed.
            self._clock.call_at(next_ms, self._sweep)

    # ------------------------------------------------------------------ tasks

    def start(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        """Begin work that goes on to its end whatever becomes of the session that wants it."""
        task = asyncio.get_running_loop().create_task(work)
        kept = cast("asyncio.Task[object]", task)
        self._tasks.add(kept)
        kept.add_done_callback(self._ended)
        return task

    async def settle(self) -> None:
        """Return when nothing is under way any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.debug("receiving a mail failed: %r", error)


def _hops(head: bytes) -> int:
    """How many servers say that they have had the mail. RFC 5321 §6.3."""
    section = head[: header_end(head)].lower()
    return section.count(b"\nreceived:") + section.startswith(b"received:")


def _found(checks: Checks) -> str:
    """The results of the checks in a few words, for the journey."""
    words = []
    if checks.spf is not None:
        words.append(f"spf {checks.spf.result}")
    if checks.signatures is not None:
        words += [f"dkim {each.result}" for each in checks.signatures] or ["dkim none"]
    if checks.dmarc is not None:
        words.append(f"dmarc {checks.dmarc.result}")
    if checks.spam is not None:
        words.append(f"spam {checks.spam.result}")
    if checks.virus is not None:
        words.append(f"virus {checks.virus.result}")
    return "; " + ", ".join(words) if words else ""
