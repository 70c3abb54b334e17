"""Large bodies on their way into a file: encrypted, hashed and written while they arrive.

Three things go side by side: the loop takes the next bytes from the socket, one thread takes MD5,
which no machine has an instruction for, and one does all else. MD5 is what a PUT waits for.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterable, Callable, Sequence
from typing import TypeAlias

import msgspec

from kamome.errors import ServiceUnavailable
from kamome.services.s3.bodies.checksums import Digest, crc32c, new_digest
from kamome.services.s3.encryption.encryption import cipher_at
from kamome.services.s3.errors import IncompleteBody
from kamome.services.s3.limits import BLOCK_BYTES, PIECE_BYTES
from kamome.storage.blobs import Blob, Blobs, BlobWriter
from kamome.wire import BodyStream

_CRC_BYTES = 4
# Pieces that wait for a thread, besides the one that it has.
_WAITING_MAX = 1
# Smaller chunks are copied together: an object for each byte that comes alone would take hundreds.
_SMALL_BYTES = 4096

# What has arrived of a body, a few blocks of it, in chunks of any size.
_Piece: TypeAlias = Sequence[memoryview | bytearray]


class Sealing(msgspec.Struct, frozen=True):
    """How a body is encrypted on its way in: with whose key, from which counter block on."""

    key: bytes
    nonce: bytes


class Digests:
    """All digests of one body, taken some blocks at a time, and its encryption."""

    def __init__(self, algorithm: str, sealing: Sealing | None, second: str) -> None:
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.stored_md5 = self.md5 if sealing is None else hashlib.md5(usedforsecurity=False)
        self.checksum: Digest = new_digest(algorithm)
        self.second: Digest | None = new_digest(second) if second else None
        self.promised: Digest | None = None  # a SHA-256, where the request's head has told it
        self.crcs = bytearray()
        self.nonce = sealing.nonce if sealing is not None else b""
        self._cipher = cipher_at(sealing.key, sealing.nonce, 0) if sealing is not None else None

    def take_md5(self, chunk: bytes | bytearray | memoryview) -> None:
        """The next bytes, for the MD5 that clients see."""
        self.md5.update(chunk)

    def seal(self, block: bytes) -> bytes:
        """The next bytes, for all other digests; returns them as they are stored.

        They are whole blocks, but for the last. Nothing is one block, too.
        """
        self.checksum.update(block)
        if self.second is not None:
            self.second.update(block)
        if self.promised is not None:
            self.promised.update(block)
        sealed = block
        if self._cipher is not None:
            sealed = self._cipher.update(block)
            self.stored_md5.update(sealed)
        view = memoryview(sealed)
        for at in range(0, len(sealed) or 1, BLOCK_BYTES):
            self.crcs += crc32c(view[at : at + BLOCK_BYTES]).to_bytes(_CRC_BYTES, "big")
        return sealed


async def written(
    blobs: Blobs, chunks: AsyncIterable[bytes], length: int | None, digests: Digests
) -> Blob:
    """Put a body into a file that is durable on return, and its digests into `digests`.

    Raises:
        IncompleteBody: it has not `length` bytes.
        ServiceUnavailable: there is no room on the disk.
        and whatever the stream raises; nothing is left behind then.
    """
    pump = _Pump(blobs, digests)
    check_sha256 = None
    if isinstance(chunks, BodyStream):
        check_sha256, chunks = chunks.check_sha256, chunks.unchecked()
        digests.promised = hashlib.sha256() if check_sha256 is not None else None
    try:
        await _pumped(pump, chunks, length)
        blob = await pump.finish()
        if check_sha256 is not None:
            assert digests.promised is not None
            check_sha256(digests.promised.digest().hex())
        return blob
    except OSError as error:
        await pump.abort()
        raise ServiceUnavailable("The store has no room for this body.") from error
    except BaseException:
        await pump.abort()
        raise


async def _pumped(pump: _Pump, chunks: AsyncIterable[bytes], length: int | None) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if length is not None and size > length:
            raise IncompleteBody
        await pump.add(chunk)
    if length is not None and size != length:
        raise IncompleteBody


class _Pump:
    """Gathers what arrives into pieces of some blocks, and gives them to the threads."""

    def __init__(self, blobs: Blobs, digests: Digests) -> None:
        self._blobs = blobs
        self._digests = digests
        self._writer: BlobWriter = blobs.writer()
        self._md5 = _Strand(blobs, self._take_md5)
        self._all_else = _Strand(blobs, self._write)
        self._arrived: list[memoryview | bytearray] = []
        self._size = 0
        self._finishing: asyncio.Task[Blob] | None = None

    async def add(self, chunk: bytes) -> None:
        """Take the next bytes; waits while the threads have enough."""
        view = memoryview(chunk)
        while self._size + len(view) >= PIECE_BYTES:
            room = PIECE_BYTES - self._size
            self._gather(view[:room])
            await self._give()
            view = view[room:]
        if view:
            self._gather(view)

    def _gather(self, view: memoryview) -> None:
        self._size += len(view)
        if len(view) >= _SMALL_BYTES:
            self._arrived.append(view)
        elif self._arrived and isinstance(self._arrived[-1], bytearray):
            self._arrived[-1] += view
        else:
            self._arrived.append(bytearray(view))

    async def finish(self) -> Blob:
        """Write what is left; the blob is durable on return."""
        if self._size:
            await self._give()
        await self._all_else.end()
        # A cancelled caller must not cancel the thread's work: the file is in its hands.
        self._finishing = asyncio.create_task(self._writer.finish())
        blob = await asyncio.shield(self._finishing)
        await self._md5.end()
        return blob

    async def abort(self) -> None:
        """Forget what was written, once no thread touches the file any more."""
        for strand in (self._md5, self._all_else):
            await strand.stop()
        if self._finishing is None:
            await self._writer.abort()
            return
        await asyncio.gather(self._finishing, return_exceptions=True)
        if self._finishing.exception() is None:
            await self._blobs.discard(self._finishing.result())
        else:
            await self._writer.abort()

    async def _give(self) -> None:
        piece, self._arrived, self._size = self._arrived, [], 0
        await self._md5.give(piece)
        await self._all_else.give(piece)

    def _take_md5(self, piece: _Piece) -> None:
        for chunk in piece:
            self._digests.take_md5(chunk)

    def _write(self, piece: _Piece) -> None:
        self._writer.write_here(self._digests.seal(b"".join(piece)))


class _Strand:
    """One kind of work on the pieces of a body: in their order, in a thread while there are any.

    A thread of its own would be held by each slow client, and a job for each piece would wait for
    the loop before the next.
    """

    def __init__(self, blobs: Blobs, work: Callable[[_Piece], None]) -> None:
        self._blobs = blobs
        self._work = work
        self._pieces: deque[_Piece] = deque()
        self._job: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._has_taken = asyncio.Event()

    async def give(self, piece: _Piece) -> None:
        """Have a piece worked; waits until few enough are waiting.

        Raises:
            what the work raised.
        """
        self._pieces.append(piece)
        while True:
            self._begin()
            if len(self._pieces) <= _WAITING_MAX:
                return
            self._has_taken.clear()
            await self._has_taken.wait()

    async def end(self) -> None:
        """Wait until all pieces have been worked.

        Raises:
            what the work raised.
        """
        while self._job is not None or self._pieces:
            self._begin()
            if self._job is not None:
                await asyncio.shield(self._job)

    async def stop(self) -> None:
        """Forget what waits, and wait for the piece that is being worked."""
        self._pieces.clear()
        if self._job is not None:
            await asyncio.gather(self._job, return_exceptions=True)

    def _begin(self) -> None:
        if self._job is not None and self._job.done():
            job, self._job = self._job, None
            job.result()
        if self._job is None and self._pieces:
            self._job = asyncio.create_task(self._blobs.in_thread(self._drain))
            self._job.add_done_callback(lambda _: self._has_taken.set())

    def _drain(self) -> None:
        """In a thread: what has been given so far, and what comes meanwhile."""
        while True:
            try:
                piece = self._pieces.popleft()
            except IndexError:  # none has come, or `stop` has forgotten it
                return
            self._loop.call_soon_threadsafe(self._has_taken.set)
            self._work(piece)
            del piece
