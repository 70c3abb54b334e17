"""`multipart/form-data` as it arrives: fields in memory, the file as a stream.

The file is the last field that counts; what a form sends behind it is read and ignored.

RFC 7578; RFC 2046 §5.1.1. AWS: S3 API Reference, POST Object, Form fields.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping

import msgspec

from kamome.services.s3.edge.edge_errors import (
    IncorrectNumberOfFilesInPostRequest,
    MalformedPOSTRequest,
    MaxPostPreDataLengthExceededError,
)
from kamome.services.s3.limits import FORM_FIELDS_BYTES_MAX

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE)
_PARAMETER = re.compile(rb';\s*(name|filename)=(?:"((?:[^"\\]|\\.)*)"|([^;\s"]*))', re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")
_FILE = "file"
# What may come behind the file: a few fields, such as the name of the button.
_BEHIND_BYTES_MAX = 64 * 1024


class Form(msgspec.Struct, frozen=True):
    """The fields by lower-case name, the file's name as the browser tells it, and its bytes."""

    fields: Mapping[str, str]
    file_name: str
    file: AsyncIterator[bytes]


def boundary_of(content_type: str) -> bytes:
    """The boundary of a form.

    Raises:
        MalformedPOSTRequest: there is none.

    RFC 2046 §5.1.1.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise MalformedPOSTRequest
    return (found[1] or found[2]).encode("latin-1")


async def read_form(chunks: AsyncIterator[bytes], boundary: bytes) -> Form:
    """Read up to the first byte of the file; the file is read by whoever gets the form.

    Raises:
        MalformedPOSTRequest: the body is no form.
        IncorrectNumberOfFilesInPostRequest: it has no file.
        MaxPostPreDataLengthExceededError: the fields take more than 20 KB.

    AWS: S3 API Reference, POST Object.
    """
    reader = _Reader(chunks, b"\r\n--" + boundary)
    await reader.begin()
    fields: dict[str, str] = {}
    while True:
        if await reader.is_last():
            raise IncorrectNumberOfFilesInPostRequest
        head = await reader.until(b"\r\n\r\n")
        name, file_name = _named(head)
        if name.lower() == _FILE:
            return Form(fields, file_name, reader.file())
        value = await reader.until(reader.delimiter)
        fields.setdefault(name.lower(), _text(value))


def _named(head: bytes) -> tuple[str, str]:
    """The name of a part, and of its file."""
    for line in head.split(b"\r\n"):
        header, _, value = line.partition(b":")
        if header.strip().lower() == b"content-disposition":
            found = {m[1].lower(): _text(m[2] or m[3] or b"") for m in _PARAMETER.finditer(value)}
            if b"name" in found:
                return _unescaped(found[b"name"]), _unescaped(found.get(b"filename", ""))
    raise MalformedPOSTRequest


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(r"\1", value)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise MalformedPOSTRequest from None


class _Reader:
    """What has arrived of a body and is not read yet."""

    def __init__(self, chunks: AsyncIterator[bytes], delimiter: bytes) -> None:
        self.delimiter = delimiter
        self._chunks = chunks
        # The first delimiter stands at the very beginning, without its line break.
        self._buffer = bytearray(b"\r\n")
        self._read = 0

    async def begin(self) -> None:
        """Pass the first delimiter."""
        await self.until(self.delimiter)

    async def is_last(self) -> bool:
        """Behind a delimiter: whether it is the last one. Else a line break and a head follow."""
        while len(self._buffer) < 2:
            await self._more()
        return self._buffer.startswith(b"--")

    async def until(self, mark: bytes) -> bytes:
        """The bytes up to a mark, which is passed, among the fields before the file."""
        start = 0
        while (at := self._buffer.find(mark, start)) < 0:
            start = max(0, len(self._buffer) - len(mark) + 1)
            await self._more()
        found = bytes(self._buffer[:at])
        del self._buffer[: at + len(mark)]
        self._count(at + len(mark))
        return found

    async def file(self) -> AsyncIterator[bytes]:
        """The bytes of the file, then the rest of the body is passed over.

        Raises:
            MalformedPOSTRequest: the body ends before the file, or goes on and on behind it.
        """
        while (at := self._buffer.find(self.delimiter)) < 0:
            sure = len(self._buffer) - len(self.delimiter) + 1
            if sure > 0:
                yield bytes(self._buffer[:sure])
                del self._buffer[:sure]
            await self._add()
        if at:
            yield bytes(self._buffer[:at])
        self._buffer.clear()
        behind = 0
        async for chunk in self._chunks:
            behind += len(chunk)
            if behind > _BEHIND_BYTES_MAX:
                raise MalformedPOSTRequest

    async def _more(self) -> None:
        if len(self._buffer) > FORM_FIELDS_BYTES_MAX:
            raise MaxPostPreDataLengthExceededError(FORM_FIELDS_BYTES_MAX)
        await self._add()

    def _count(self, size: int) -> None:
        self._read += size
        if self._read > FORM_FIELDS_BYTES_MAX:
            raise MaxPostPreDataLengthExceededError(FORM_FIELDS_BYTES_MAX)

    async def _add(self) -> None:
        chunk = await anext(self._chunks, b"")
        if not chunk:
            raise MalformedPOSTRequest
        self._buffer += chunk
