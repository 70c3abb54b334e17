"""Spam and virus scanners beside the server: spamd, rspamd and clamd, each by its own protocol.

A scan has an end in time, and what a scanner answers is bounded. A scanner that fails or is not
there says so in the result; no mail is lost by it, and none is called clean.

SpamAssassin: spamd/PROTOCOL (SPAMC 1.5). rspamd: HTTP protocol (`/checkv2`). ClamAV: clamd(8),
INSTREAM.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import msgspec

from kamome.mail.checks import ScanCheck
from kamome.mail.envelope import Envelope

SCAN_S = 30.0
# spamc passes on 500 KB by default, for SpamAssassin takes long over more.
SPAM_SCAN_BYTES_MAX = 500 * 1024
_ANSWER_BYTES_MAX = 1024 * 1024
_CHUNK_BYTES = 64 * 1024
# Scans under way for one scanner; others wait, within their time.
_SCANS_MAX = 8
_SPAM_LINE = re.compile(r"(True|Yes|False|No)\s*;\s*(-?[0-9.]+)\s*/\s*(-?[0-9.]+)", re.IGNORECASE)
_RSPAMD_FINDS = frozenset(("add header", "rewrite subject", "reject"))
_RSPAMD_DOUBTS = frozenset(("greylist", "soft reject"))

Content = Callable[[], AsyncIterator[bytes]]


class _Wire(NamedTuple):
    """A connection to a scanner."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


_Scan = Callable[[_Wire, Envelope, Content], Awaitable[ScanCheck]]


class ScannerFailed(Exception):
    """The scanner gave no verdict."""


class Scanner(msgspec.Struct, frozen=True):
    """Where a scanner listens: a path, or host and port; and which protocol it speaks."""

    protocol: str
    path: str = ""
    host: str = ""
    port: int = 0


def parse_scanner(text: str, protocols: tuple[str, ...]) -> Scanner | None:
    """A setting `PROTOCOL:HOST:PORT` or `PROTOCOL:/path/of/socket`; None where it is empty.

    Raises:
        ValueError: it is something else.
    """
    if not text:
        return None
    protocol, _, place = text.partition(":")
    if protocol not in protocols:
        raise ValueError(f"{text!r} does not begin with {' or '.join(protocols)}")
    if place.startswith("/"):
        return Scanner(protocol, path=place)
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65_535:
        raise ValueError(f"{text!r} names neither HOST:PORT nor a path")
    return Scanner(protocol, host=host.strip("[]"), port=int(port))


class Scanners:
    """The scanners of the settings."""

    def __init__(self, spam: Scanner | None, virus: Scanner | None, *, scan_s: float = SCAN_S):
        self._spam = spam
        self._virus = virus
        self._scan_s = scan_s
        self._room = {"spam": asyncio.Semaphore(_SCANS_MAX), "virus": asyncio.Semaphore(_SCANS_MAX)}

    async def spam(self, envelope: Envelope, content: Content, size: int) -> ScanCheck | None:
        """Whether a mail is spam; None where no scanner is set. Never raises for the scanner."""
        if self._spam is None:
            return None
        if size > SPAM_SCAN_BYTES_MAX:
            return ScanCheck("unsure", "too large to be scanned for spam")
        scan = _spamd if self._spam.protocol == "spamd" else _rspamd
        return await self._within("spam", self._spam, scan, envelope, content)

    async def virus(self, envelope: Envelope, content: Content) -> ScanCheck | None:
        """Whether a mail holds a virus; None where no scanner is set."""
        if self._virus is None:
            return None
        return await self._within("virus", self._virus, _clamd, envelope, content)

    async def _within(
        self,
        kind: str,
        scanner: Scanner,
        scan: _Scan,
        envelope: Envelope,
        content: Content,
    ) -> ScanCheck:
        try:
            async with asyncio.timeout(self._scan_s), self._room[kind], _connected(scanner) as wire:
                return await scan(wire, envelope, content)
        except TimeoutError:
            return ScanCheck("failed", f"{scanner.protocol} took too long")
        except (ScannerFailed, OSError, EOFError, ValueError) as error:
            return ScanCheck("failed", f"{scanner.protocol}: {error}"[:200])


@contextlib.asynccontextmanager
async def _connected(scanner: Scanner) -> AsyncIterator[_Wire]:
    if scanner.path:
        streams = await asyncio.open_unix_connection(scanner.path)
    else:
        streams = await asyncio.open_connection(scanner.host, scanner.port)
    wire = _Wire(*streams)
    try:
        yield wire
    finally:
        wire.writer.close()
        with contextlib.suppress(OSError):
            await wire.writer.wait_closed()


async def _answer(wire: _Wire) -> bytes:
    """All that the scanner says until it closes."""
    answer = bytearray()
    while piece := await wire.reader.read(_CHUNK_BYTES):
        answer += piece
        if len(answer) > _ANSWER_BYTES_MAX:
            raise ScannerFailed("its answer does not end")
    return bytes(answer)


async def _spamd(wire: _Wire, envelope: Envelope, content: Content) -> ScanCheck:
    """CHECK: only whether it is spam, and its score. The trace of the client is put before it."""
    mail = b"".join([piece async for piece in content()])
    trace = (
        f"Return-Path: <{_line(envelope.reverse_path)}>\r\n"
        f"Received: from {_line(envelope.helo)} (unknown [{envelope.client_ip}])\r\n"
        " by localhost with SMTP\r\n"
    ).encode("utf-8", "replace")
    length = len(trace) + len(mail)
    wire.writer.write(f"CHECK SPAMC/1.5\r\nContent-length: {length}\r\n\r\n".encode())
    wire.writer.write(trace + mail)
    await wire.writer.drain()
    head = (await _answer(wire)).decode("latin-1")
    status, *fields = head.split("\r\n")
    if not re.match(r"SPAMD/\S+ 0 ", status + " "):
        raise ScannerFailed(status or "no answer")
    for field in fields:
        name, _, value = field.partition(":")
        found = _SPAM_LINE.fullmatch(value.strip()) if name.lower() == "spam" else None
        if found is not None:
            is_spam = found[1].lower() in ("true", "yes")
            return ScanCheck("found" if is_spam else "clean", f"{found[2]} of {found[3]}")
    raise ScannerFailed("no verdict in its answer")


async def _rspamd(wire: _Wire, envelope: Envelope, content: Content) -> ScanCheck:
    """POST /checkv2 with the envelope in fields."""
    mail = b"".join([piece async for piece in content()])
    fields = [
        "POST /checkv2 HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        f"Content-Length: {len(mail)}",
        f"IP: {envelope.client_ip}",
        f"Helo: {_line(envelope.helo)}",
        f"From: {_line(envelope.reverse_path)}",
        *(f"Rcpt: {_line(recipient)}" for recipient in envelope.recipients[:50]),
    ]
    wire.writer.write("\r\n".join([*fields, "", ""]).encode("utf-8", "replace") + mail)
    await wire.writer.drain()
    head, _, body = (await _answer(wire)).partition(b"\r\n\r\n")
    status = head.split(b"\r\n")[0].decode("latin-1")
    if not re.match(r"HTTP/1\.[01] 200 ", status + " "):
        raise ScannerFailed(status or "no answer")
    found = json.loads(body)
    action = found.get("action") if isinstance(found, dict) else None
    if not isinstance(action, str):
        raise ScannerFailed("no action in its answer")
    words = f"{action}: {found.get('score')} of {found.get('required_score')}"[:100]
    if action in _RSPAMD_FINDS:
        return ScanCheck("found", words)
    return ScanCheck("unsure" if action in _RSPAMD_DOUBTS else "clean", words)


async def _clamd(wire: _Wire, _envelope: Envelope, content: Content) -> ScanCheck:
    """INSTREAM: chunks with their length before them, an empty one at the end."""
    wire.writer.write(b"zINSTREAM\0")
    async for piece in content():
        for at in range(0, len(piece), _CHUNK_BYTES):
            chunk = piece[at : at + _CHUNK_BYTES]
            wire.writer.write(len(chunk).to_bytes(4, "big") + chunk)
        await wire.writer.drain()
    wire.writer.write((0).to_bytes(4, "big"))
    await wire.writer.drain()
    words = (await wire.reader.readuntil(b"\0"))[:-1].decode("utf-8", "replace")
    if words == "stream: OK":
        return ScanCheck("clean")
    if words.startswith("stream: ") and words.endswith(" FOUND"):
        return ScanCheck("found", words[len("stream: ") : -len(" FOUND")][:200])
    if "size limit exceeded" in words:
        return ScanCheck("unsure", "too large to be scanned for viruses")
    raise ScannerFailed(words or "no answer")


def _line(text: str) -> str:
    """A stranger's text without what could end the line."""
    return "".join(character for character in text[:512] if character.isprintable())
