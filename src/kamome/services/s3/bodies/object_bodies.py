"""The bytes of an object, in one body or in the bodies of its parts.

A reader keeps the body he began with: while he reads, the files of its parts stay, even if the
object is replaced.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from kamome.services.s3.bodies.bodies import open_body
from kamome.services.s3.errors import InternalError
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.slice import S3
from kamome.services.s3.store import StoredBody

_Piece = tuple[StoredBody, int, int]


async def open_object(
    s3: S3, stored: StoredObject, first: int, length: int, key: bytes | None
) -> AsyncGenerator[bytes, None]:
    """Bytes `first` to `first + length - 1` of an object, verified and decrypted.

    What is missing is told before the answer begins, as far as the first body goes.

    Raises:
        InternalError: bytes are missing or damaged (also while the result is read).
    """
    if not stored.part_count:
        body = s3.store.body(stored.body_id)
        if body is None:
            raise InternalError
        return await open_body(s3.blobs, body, first, length, key)
    pieces = _pieces(s3, stored, first, length)
    held = [body.blob_id for body, _, _ in pieces if body.blob_id is not None]
    s3.blobs.hold(held)
    try:
        opened = await _open_piece(s3, pieces[0], key) if pieces else None
    except BaseException:
        s3.blobs.release(held)
        raise
    return _HeldBody(s3, pieces, opened, key, held).read()


def _pieces(s3: S3, stored: StoredObject, first: int, length: int) -> list[_Piece]:
    """The parts that the range touches: body, first byte within it, bytes of it."""
    end = first + length
    pieces: list[_Piece] = []
    for part in s3.store.body_parts(stored.body_id):
        start, stop = max(first, part.first), min(end, part.first + part.size)
        if start >= stop:
            continue
        body = s3.store.body(part.body_id)
        if body is None:
            raise InternalError
        pieces.append((body, start - part.first, stop - start))
    if sum(piece[2] for piece in pieces) != length:
        raise InternalError
    return pieces


async def _open_piece(s3: S3, piece: _Piece, key: bytes | None) -> AsyncGenerator[bytes, None]:
    body, first, length = piece
    return await open_body(s3.blobs, body, first, length, key)


class _HeldBody:
    """Reads the bodies of parts one behind the other, and lets their files go at the end."""

    def __init__(
        self,
        s3: S3,
        pieces: Sequence[_Piece],
        opened: AsyncGenerator[bytes, None] | None,
        key: bytes | None,
        held: list[str],
    ) -> None:
        self._s3 = s3
        self._pieces = pieces
        self._opened = opened
        self._key = key
        self._held: list[str] | None = held

    def __del__(self) -> None:
        self._release()  # of an answer that nobody began to read

    async def read(self) -> AsyncGenerator[bytes, None]:
        """All bytes, in order."""
        try:
            for number, piece in enumerate(self._pieces):
                opened = self._opened if number == 0 else None
                if opened is None:
                    opened = await _open_piece(self._s3, piece, self._key)
                async with aclosing(opened):
                    async for chunk in opened:
                        yield chunk
        finally:
            self._release()

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._s3.blobs.release(held)
