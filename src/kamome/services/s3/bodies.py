"""Bodies on their way in and out: small ones into the database, large ones into blobs.

Both ways a body passes in blocks, of which two at most are in memory. A CRC-32C is kept of each
block and compared before the block is given out, also where only a range is read: a damaged or
missing file gives an error, never wrong bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing
from functools import partial

import msgspec

from kamome.errors import ServiceUnavailable
from kamome.services.s3.checksums import Digest, crc32c, digest_of, new_digest
from kamome.services.s3.encryption import cipher_at, decrypted
from kamome.services.s3.errors import EntityTooLarge, IncompleteBody, InternalError
from kamome.services.s3.limits import (
    BLOCK_BYTES,
    INLINE_BYTES_MAX,
    PIECE_BYTES,
    PUT_BYTES_MAX,
)
from kamome.services.s3.store import StoredBody
from kamome.storage.blobs import Blob, BlobDamaged, Blobs, BlobWriter
from kamome.wire import BodyStream

_CRC_BYTES = 4


class ReceivedBody(msgspec.Struct, frozen=True):
    """A body that has arrived whole: its digests, and its bytes or the file they are in.

    `etag` is the MD5 of what is stored: for an encrypted body not that of its plain bytes.
    """

    size: int
    md5: bytes
    etag: str
    checksum: bytes
    crcs: bytes
    content: bytes | None
    blob: Blob | None
    nonce: bytes = b""
    second_checksum: bytes = b""

    def stored(self) -> StoredBody:
        """The row that leads to the bytes."""
        return StoredBody(self.content, self.blob.id if self.blob else None, self.crcs, self.nonce)


class Sealing(msgspec.Struct, frozen=True):
    """How a body is encrypted on its way in: with whose key, from which counter block on."""

    key: bytes
    nonce: bytes


class _Digests:
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

    def seal(self, block: bytes) -> bytes:
        """The next block as it is stored. Blocks come in order."""
        return block if self._cipher is None else self._cipher.update(block)

    def take_md5(self, block: bytes, sealed: bytes) -> None:
        """The next bytes, for the MD5 that clients see and that of what is stored."""
        self.md5.update(block)
        if self.stored_md5 is not self.md5:
            self.stored_md5.update(sealed)

    def take(self, block: bytes, sealed: bytes) -> None:
        """The next bytes: whole blocks, but for the last. Nothing is one block, too."""
        self.checksum.update(block)
        if self.second is not None:
            self.second.update(block)
        if self.promised is not None:
            self.promised.update(block)
        view = memoryview(sealed)
        for at in range(0, len(sealed) or 1, BLOCK_BYTES):
            self.crcs += crc32c(view[at : at + BLOCK_BYTES]).to_bytes(_CRC_BYTES, "big")


async def pieces_of(content: bytes) -> AsyncIterator[bytes]:
    """A body that is in memory already, as a stream."""
    for at in range(0, len(content), BLOCK_BYTES):
        yield content[at : at + BLOCK_BYTES]


async def receive(
    blobs: Blobs,
    chunks: AsyncIterable[bytes],
    length: int | None,
    algorithm: str,
    sealing: Sealing | None = None,
    *,
    inline_bytes_max: int = INLINE_BYTES_MAX,
    second_algorithm: str = "",
    bytes_max: int = PUT_BYTES_MAX,
) -> ReceivedBody:
    """Take in a body of `length` bytes. A blob is durable on return, but no row keeps it yet.

    Where the length is None, the body ends where the stream does, or at `bytes_max`.

    Digests are those of the plain bytes, the CRCs of blocks those of what is stored. A second
    checksum is taken where the client's is not the one that is kept.

    Raises:
        IncompleteBody: more or fewer bytes came.
        EntityTooLarge: a body of unknown length has more than `bytes_max`.
        ServiceUnavailable: there is no room on the disk.
        and whatever the stream raises; nothing is left behind then.
    """
    if length is None:
        chunks, length = await _measured(_bounded(chunks, bytes_max), inline_bytes_max)
    if length is not None and length <= inline_bytes_max:
        plain = chunks.at_once() if isinstance(chunks, BodyStream) else None
        if plain is None:
            plain = await _gathered(chunks, length)
        return _in_memory(plain, algorithm, sealing, second_algorithm)
    digests = _Digests(algorithm, sealing, second_algorithm)
    blob = await _written(blobs, chunks, length, digests)
    return _received(blob.size, digests, None, blob)


def _in_memory(
    plain: bytes, algorithm: str, sealing: Sealing | None, second_algorithm: str
) -> ReceivedBody:
    if sealing is not None or second_algorithm:
        digests = _Digests(algorithm, sealing, second_algorithm)
        content = digests.seal(plain)
        digests.take_md5(plain, content)
        digests.take(plain, content)
        return _received(len(plain), digests, content, None)
    md5 = hashlib.md5(plain, usedforsecurity=False)
    return ReceivedBody(
        len(plain),
        md5.digest(),
        md5.hexdigest(),
        digest_of(algorithm, plain),
        crc32c(plain).to_bytes(_CRC_BYTES, "big"),
        plain,
        None,
    )


def _received(
    size: int, digests: _Digests, content: bytes | None, blob: Blob | None
) -> ReceivedBody:
    return ReceivedBody(
        size,
        digests.md5.digest(),
        digests.stored_md5.hexdigest(),
        digests.checksum.digest(),
        bytes(digests.crcs),
        content,
        blob,
        digests.nonce,
        digests.second.digest() if digests.second is not None else b"",
    )


async def _bounded(chunks: AsyncIterable[bytes], bytes_max: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > bytes_max:
            raise EntityTooLarge(size, bytes_max)
        yield chunk


async def _measured(
    chunks: AsyncGenerator[bytes, None], inline_bytes_max: int
) -> tuple[AsyncGenerator[bytes, None], int | None]:
    """The same body and its length, where that is small enough to be known before it is kept."""
    head = bytearray()
    async for chunk in chunks:
        head += chunk
        if len(head) > inline_bytes_max:
            return _resumed(bytes(head), chunks), None
    return _resumed(bytes(head), chunks), len(head)


async def _gathered(chunks: AsyncIterable[bytes], length: int) -> bytes:
    gathered = bytearray()
    async for chunk in chunks:
        gathered += chunk
        if len(gathered) > length:
            raise IncompleteBody
    if len(gathered) != length:
        raise IncompleteBody
    return bytes(gathered)


async def _written(
    blobs: Blobs, chunks: AsyncIterable[bytes], length: int | None, digests: _Digests
) -> Blob:
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
    """Writes and hashes one piece in threads while the next one arrives.

    Pieces are some blocks: with single ones the loop and the threads wait for each other's turns
    most of the time.
    """

    def __init__(self, blobs: Blobs, digests: _Digests) -> None:
        self._blobs = blobs
        self._digests = digests
        self._writer: BlobWriter = blobs.writer()
        self._arrived: list[bytes | memoryview] = []
        self._size = 0
        self._under_way: asyncio.Task[None] | None = None
        self._blob: Blob | None = None

    async def add(self, chunk: bytes) -> None:
        """Take the next bytes; waits while two pieces are in memory."""
        view = memoryview(chunk)
        while self._size + len(view) >= PIECE_BYTES:
            room = PIECE_BYTES - self._size
            await self._begin(b"".join((*self._arrived, view[:room])))
            self._arrived.clear()
            self._size = 0
            view = view[room:]
        if view:
            self._arrived.append(view)
            self._size += len(view)

    async def finish(self) -> Blob:
        """Write what is left; the blob is durable on return."""
        if self._size:
            await self._begin(b"".join(self._arrived))
        await self._settled()
        self._under_way = asyncio.create_task(self._finish())
        await self._settled()
        assert self._blob is not None
        return self._blob

    async def abort(self) -> None:
        """Forget what was written, once no thread touches the file any more."""
        if self._under_way is not None:
            await asyncio.gather(self._under_way, return_exceptions=True)
        if self._blob is not None:
            await self._blobs.discard(self._blob)
        else:
            await self._writer.abort()

    async def _begin(self, block: bytes) -> None:
        await self._settled()
        sealed = self._digests.seal(block)
        self._under_way = asyncio.create_task(self._take(block, sealed))

    async def _settled(self) -> None:
        """A cancelled caller must not cancel the thread's work: the file is in its hands."""
        if self._under_way is not None:
            await asyncio.shield(self._under_way)
            self._under_way = None

    async def _take(self, block: bytes, sealed: bytes) -> None:
        """Side by side in two threads: MD5 takes longer than all else together."""
        in_thread = self._blobs.in_thread
        await asyncio.gather(
            in_thread(partial(self._digests.take_md5, block, sealed)),
            in_thread(partial(self._keep, block, sealed)),
        )

    def _keep(self, block: bytes, sealed: bytes) -> None:
        self._writer.write_here(sealed)
        self._digests.take(block, sealed)

    async def _finish(self) -> None:
        self._blob = await self._writer.finish()


async def open_body(
    blobs: Blobs, body: StoredBody, first: int, length: int, key: bytes | None = None
) -> AsyncGenerator[bytes, None]:
    """Bytes `first` to `first + length - 1` of a body, verified. The first piece has been read:
    what is missing is told before an answer begins, and the file stays open if it is replaced.

    Raises:
        InternalError: the bytes are missing or damaged (also while the result is read).
    """
    pieces = await open_stored(blobs, body, first, length)
    if not body.nonce:
        return pieces
    assert key is not None, "the key is checked before a body is opened"
    return decrypted(pieces, cipher_at(key, body.nonce, first))


def inline_bytes(body: StoredBody, first: int, length: int, key: bytes | None) -> bytes:
    """Bytes `first` to `first + length - 1` of a body that lies in the database, verified.

    Small answers leave in one piece: a stream costs the server a watcher and three sends.

    Raises:
        InternalError: the bytes are damaged.
    """
    assert body.content is not None
    if crc32c(body.content).to_bytes(_CRC_BYTES, "big") != body.crcs:
        raise InternalError
    piece = body.content[first : first + length]
    if not body.nonce:
        return piece
    assert key is not None, "the key is checked before a body is opened"
    return cipher_at(key, body.nonce, first).update(piece)


async def open_stored(
    blobs: Blobs, body: StoredBody, first: int, length: int
) -> AsyncGenerator[bytes, None]:
    """The bytes of a body as they are stored, verified, maybe encrypted.

    Raises:
        InternalError: the bytes are missing or damaged (also while the result is read).
    """
    if body.content is not None:
        return _from_content(body.content, body.crcs, first, length)
    assert body.blob_id is not None
    pieces = _verified(blobs, body.blob_id, body.crcs, first, length)
    try:
        head = await anext(pieces, b"")
    except BlobDamaged as error:
        raise InternalError from error
    return _resumed(head, pieces)


def _from_content(
    content: bytes, crcs: bytes, first: int, length: int
) -> AsyncGenerator[bytes, None]:
    if crc32c(content).to_bytes(_CRC_BYTES, "big") != crcs:
        raise InternalError

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield content[first : first + length]

    return pieces()


async def _resumed(head: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(pieces):
        if head:
            yield head
        try:
            async for piece in pieces:
                yield piece
        except BlobDamaged as error:
            raise InternalError from error


async def _verified(
    blobs: Blobs, blob_id: str, crcs: bytes, first: int, length: int
) -> AsyncGenerator[bytes, None]:
    """Read whole blocks, compare each with its CRC, give out what was asked for."""
    start = first // BLOCK_BYTES * BLOCK_BYTES
    end = -(-(first + length) // BLOCK_BYTES) * BLOCK_BYTES
    at, skip, left = start, first - start, length
    async with aclosing(_read_ahead(blobs, blob_id, start, end - start)) as pieces:
        async for piece in pieces:
            _compare(blob_id, piece, crcs, at // BLOCK_BYTES)
            at += len(piece)
            given = piece if not skip and left >= len(piece) else piece[skip : skip + left]
            left -= len(given)
            skip = 0
            yield given
    if left:
        raise BlobDamaged(f"blob {blob_id} ends {left} bytes early")


def _compare(blob_id: str, piece: bytes, crcs: bytes, number: int) -> None:
    """Each block of a piece with its CRC; `number` is that of the first."""
    view = memoryview(piece)
    for start in range(0, len(piece), BLOCK_BYTES):
        expected = crcs[number * _CRC_BYTES : (number + 1) * _CRC_BYTES]
        if crc32c(view[start : start + BLOCK_BYTES]).to_bytes(_CRC_BYTES, "big") != expected:
            raise BlobDamaged(f"block {number} of blob {blob_id} is not what was written")
        number += 1


async def _read_ahead(
    blobs: Blobs, blob_id: str, start: int, length: int
) -> AsyncGenerator[bytes, None]:
    """The pieces of a file: the next one is read while the present one is on its way out."""
    pieces = blobs.read(blob_id, start, length, piece_bytes=PIECE_BYTES)
    piece = await anext(pieces, b"")
    ahead: asyncio.Task[bytes] | None = None
    try:
        while piece:
            ahead = asyncio.ensure_future(anext(pieces, b"")) if len(piece) == PIECE_BYTES else None
            yield piece
            piece = await ahead if ahead is not None else b""
    finally:
        if ahead is not None and not ahead.done():
            await asyncio.wait((ahead,))
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
