"""Bodies on their way in and out: small ones into the database, large ones into blobs.

Both ways a body passes in blocks, of which two at most are in memory. A CRC-32C is kept of each
block and compared before the block is given out, also where only a range is read: a damaged or
missing file gives an error, never wrong bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing
from functools import partial

import msgspec

from kamome.services.s3.bodies.body_pump import Digests, Sealing, written
from kamome.services.s3.bodies.checksums import crc32c, digest_of
from kamome.services.s3.encryption.encryption import cipher_at, decrypted
from kamome.services.s3.errors import EntityTooLarge, IncompleteBody, InternalError
from kamome.services.s3.limits import (
    BLOCK_BYTES,
    INLINE_BYTES_MAX,
    PIECE_BYTES,
    PUT_BYTES_MAX,
)
from kamome.services.s3.store import StoredBody
from kamome.storage.blobs import Blob, BlobDamaged, Blobs
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
    digests = Digests(algorithm, sealing, second_algorithm)
    blob = await written(blobs, chunks, length, digests)
    return _received(blob.size, digests, None, blob)


def _in_memory(
    plain: bytes, algorithm: str, sealing: Sealing | None, second_algorithm: str
) -> ReceivedBody:
    if sealing is not None or second_algorithm:
        digests = Digests(algorithm, sealing, second_algorithm)
        digests.take_md5(plain)
        content = digests.seal(plain)
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
    size: int, digests: Digests, content: bytes | None, blob: Blob | None
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
    skip, left = first - start, length
    check = partial(_compare, blob_id, crcs)
    read = blobs.read(blob_id, start, end - start, piece_bytes=PIECE_BYTES, check=check)
    async with aclosing(read) as pieces:
        async for piece in pieces:
            given = piece if not skip and left >= len(piece) else piece[skip : skip + left]
            left -= len(given)
            skip = 0
            yield given
    if left:
        raise BlobDamaged(f"blob {blob_id} ends {left} bytes early")


def _compare(blob_id: str, crcs: bytes, start: int, piece: bytes) -> None:
    """Each block of a piece that begins at byte `start` with its CRC."""
    view = memoryview(piece)
    for at in range(0, len(piece), BLOCK_BYTES):
        number = (start + at) // BLOCK_BYTES
        expected = crcs[number * _CRC_BYTES : (number + 1) * _CRC_BYTES]
        if crc32c(view[at : at + BLOCK_BYTES]).to_bytes(_CRC_BYTES, "big") != expected:
            raise BlobDamaged(f"block {number} of blob {blob_id} is not what was written")
