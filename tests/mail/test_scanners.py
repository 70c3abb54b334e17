"""Scanners: peers that speak their protocols, and the real ones where they are installed."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket as socket_module
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.file_events import until_files

from kamome.mail.checks import ScanCheck
from kamome.mail.envelope import Envelope
from kamome.mail.scanners import SPAM_SCAN_BYTES_MAX, Scanner, Scanners, parse_scanner

ENVELOPE = Envelope("a@example.com\r\nEvil: 1", ("b@example.net",), "mail", "192.0.2.10")
MAIL = b"From: a@example.com\r\n\r\n" + b"body\r\n" * 20_000
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
# SpamAssassin's test for unsolicited bulk mail.
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def peer(talk: Talk) -> AsyncIterator[int]:
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await talk(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for task in talks:
            task.cancel()
        if talks:
            await asyncio.wait(talks)


def content(mail: bytes = MAIL) -> Callable[[], AsyncIterator[bytes]]:
    async def read() -> AsyncIterator[bytes]:
        for at in range(0, len(mail), 70_000):
            yield mail[at : at + 70_000]

    return read


async def spam(protocol: str, talk: Talk, *, scan_s: float = 5) -> ScanCheck | None:
    async with peer(talk) as port:
        scanners = Scanners(Scanner(protocol, host="127.0.0.1", port=port), None, scan_s=scan_s)
        return await scanners.spam(ENVELOPE, content(), len(MAIL))


async def virus(answer: bytes, mail: bytes = MAIL) -> tuple[ScanCheck | None, bytes]:
    received = bytearray()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            received.extend(await reader.readexactly(length))
        writer.write(answer)

    async with peer(talk) as port:
        scanners = Scanners(None, Scanner("clamd", host="127.0.0.1", port=port), scan_s=5)
        return await scanners.virus(ENVELOPE, content(mail)), bytes(received)


def spamd_says(answer: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"CHECK SPAMC/1.5\r\n")
        mail = await reader.readexactly(int(head.split(b"Content-length: ")[1].split(b"\r\n")[0]))
        assert mail.endswith(MAIL)
        assert b"\r\nEvil" not in mail
        writer.write(answer)

    return talk


def rspamd_says(answer: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"POST /checkv2 HTTP/1.1\r\n")
        assert b"\r\nIP: 192.0.2.10\r\n" in head
        assert b"\r\nEvil" not in head
        assert await reader.readexactly(len(MAIL)) == MAIL
        writer.write(answer)

    return talk


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (b"SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nSpam: True ; 15.0 / 5.0\r\n\r\n", "found"),
        (b"SPAMD/1.1 0 EX_OK\r\nSpam: False ; -1.2 / 5.0\r\n\r\n", "clean"),
        (b"SPAMD/1.1 0 EX_OK\r\n\r\n", "failed"),
        (b"SPAMD/1.0 76 Bad header line\r\n", "failed"),
        (b"", "failed"),
    ],
)
async def test_spamd_is_understood(answer: bytes, result: str) -> None:
    found = await spam("spamd", spamd_says(answer))

    assert found is not None
    assert found.result == result


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b'{"action": "reject", "score": 20, "required_score": 15}', "found"),
        (b'{"action": "add header"}', "found"),
        (b'{"action": "greylist"}', "unsure"),
        (b'{"action": "no action", "score": 0.1}', "clean"),
        (b"[]", "failed"),
        (b"not json", "failed"),
    ],
)
async def test_rspamd_is_understood(body: bytes, result: str) -> None:
    found = await spam("rspamd", rspamd_says(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n" + body))

    assert found is not None
    assert found.result == result


async def test_rspamd_that_refuses_has_failed() -> None:
    found = await spam("rspamd", rspamd_says(b"HTTP/1.1 500 Oops\r\n\r\n"))

    assert found == ScanCheck("failed", "rspamd: HTTP/1.1 500 Oops")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b"stream: OK\0", ScanCheck("clean")),
        (b"stream: Eicar-Test FOUND\0", ScanCheck("found", "Eicar-Test")),
        (
            b"INSTREAM size limit exceeded. ERROR\0",
            ScanCheck("unsure", "too large to be scanned for viruses"),
        ),
        (b"stream: broken ERROR\0", ScanCheck("failed", "clamd: stream: broken ERROR")),
    ],
)
async def test_clamd_is_understood(answer: bytes, found: ScanCheck) -> None:
    check, received = await virus(answer)

    assert check == found
    assert received == MAIL


async def test_scanner_that_breaks_off_has_failed() -> None:
    check, _ = await virus(b"stream: O")

    assert check is not None
    assert check.result == "failed"


async def test_scanner_that_says_nothing_ends_in_time() -> None:
    async def talk(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    assert await spam("spamd", talk, scan_s=0.05) == ScanCheck("failed", "spamd took too long")


async def test_scanner_that_never_ends_is_cut_off() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    found = await spam("spamd", talk)

    assert found is not None
    assert found.result == "failed"


async def test_scanner_that_is_not_there_has_failed() -> None:
    async with peer(spamd_says(b"")) as port:
        pass
    scanners = Scanners(None, Scanner("clamd", host="127.0.0.1", port=port))

    found = await scanners.virus(ENVELOPE, content())

    assert found is not None
    assert found.result == "failed"


async def test_large_mail_is_not_scanned_for_spam() -> None:
    scanners = Scanners(Scanner("spamd", path="/nonexistent"), None)

    found = await scanners.spam(ENVELOPE, content(), SPAM_SCAN_BYTES_MAX + 1)

    assert found is not None
    assert found.result == "unsure"


async def test_no_scanner_says_nothing() -> None:
    scanners = Scanners(None, None)

    assert await scanners.spam(ENVELOPE, content(), 10) is None
    assert await scanners.virus(ENVELOPE, content()) is None


@pytest.mark.parametrize(
    ("text", "scanner"),
    [
        ("", None),
        ("spamd:127.0.0.1:783", Scanner("spamd", host="127.0.0.1", port=783)),
        ("rspamd:[::1]:11333", Scanner("rspamd", host="::1", port=11_333)),
        ("spamd:/run/spamd.sock", Scanner("spamd", path="/run/spamd.sock")),
    ],
)
def test_setting_names_a_scanner(text: str, scanner: Scanner | None) -> None:
    assert parse_scanner(text, ("spamd", "rspamd")) == scanner


@pytest.mark.parametrize("text", ["clamd:127.0.0.1:1", "spamd", "spamd:host", "spamd:host:0"])
def test_setting_that_names_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="spamd"):
        parse_scanner(text, ("spamd", "rspamd"))


# ---------------------------------------------------------------------- the real ones


def is_listening(path: Path) -> bool:
    with socket_module.socket(socket_module.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def has_logged(words: str) -> Callable[[Path], bool]:
    """Whether the file `log` beside the socket has these words."""

    def is_ready(socket: Path) -> bool:
        log = socket.with_name("log")
        return log.exists() and words in log.read_text(errors="replace")

    return is_ready


@contextlib.asynccontextmanager
async def program(
    *arguments: str, socket: Path, is_ready: Callable[[Path], bool]
) -> AsyncIterator[None]:
    """A scanner that has opened its socket, until the block ends."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await until_files(socket.parent, lambda: is_ready(socket))
        yield
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("clamd"), reason="clamd is not installed")
async def test_real_clamd_finds_the_test_file(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    # A signature of our own: name, any file, any offset, the octets.
    (tmp_path / "db" / "eicar.ndb").write_text(f"Test-Eicar:0:*:{EICAR[30:].hex()}\n")
    socket = tmp_path / "clamd.sock"
    settings = tmp_path / "clamd.conf"
    settings.write_text(
        f"LocalSocket {socket}\nDatabaseDirectory {tmp_path / 'db'}\nForeground yes\nUser root\n"
        f"LogFile {tmp_path / 'log'}\n"
    )

    async with program(
        *("clamd", "-c", str(settings)), socket=socket, is_ready=has_logged("Self checking")
    ):
        scanners = Scanners(None, Scanner("clamd", path=str(socket)))
        infected = await scanners.virus(ENVELOPE, content(b"Subject: hi\r\n\r\n" + EICAR + b"\r\n"))
        clean = await scanners.virus(ENVELOPE, content())

    assert infected is not None
    assert (infected.result, infected.detail) == ("found", "Test-Eicar.UNOFFICIAL")
    assert clean == ScanCheck("clean")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("spamd"), reason="spamd is not installed")
async def test_real_spamd_finds_the_test_mail(tmp_path: Path) -> None:
    socket = tmp_path / "spamd.sock"

    async with program(
        *("spamd", "--local", f"--socketpath={socket}", "--max-children=1", "--nouser-config"),
        f"--syslog={tmp_path / 'log'}",
        socket=socket,
        is_ready=has_logged("server started on"),
    ):
        scanners = Scanners(Scanner("spamd", path=str(socket)), None)
        mail = (
            b"From: Ann <a@example.com>\r\nTo: Bob <b@example.net>\r\nSubject: Dinner on Friday\r\n"
            b"Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n"
            b"Message-ID: <20261122.4711@example.com>\r\n\r\n"
        )
        # An address of a documentation network would be held against the mail.
        envelope = Envelope(
            "a@example.com", ("b@example.net",), "mail.example.com", "93.184.216.34"
        )
        junk = await scanners.spam(envelope, content(mail + GTUBE + b"\r\n"), 100)
        clean = await scanners.spam(envelope, content(mail + b"Dinner at eight?\r\n"), 100)

    assert junk is not None
    assert clean is not None
    assert (junk.result, clean.result) == ("found", "clean")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("rspamd"), reason="rspamd is not installed")
async def test_real_rspamd_finds_the_test_mail(tmp_path: Path) -> None:
    socket, settings = tmp_path / "rspamd.sock", tmp_path / "rspamd.conf"
    settings.write_text(
        # No rules but its own test pattern; and no name server that could be waited for.
        f'options {{ pidfile = "{tmp_path}/pid"; filters = ""; dns {{ nameserver = "127.0.0.1:9" }}'
        f' }}\nlogging {{ type = "file"; filename = "{tmp_path}/log"; level = "info"; }}\n'
        "actions { reject = 15; add_header = 6; }\n"
        f'worker "normal" {{ bind_socket = "{socket} mode=0600"; count = 1; }}\n'
    )

    arguments = ("rspamd", "-i", "-f", "-c", str(settings))
    # It makes its socket long before it listens, and writes lines to its log in between.
    async with program(*arguments, socket=socket, is_ready=is_listening):
        scanners = Scanners(Scanner("rspamd", path=str(socket)), None)
        mail = b"From: a@example.com\r\nTo: b@example.net\r\nSubject: Dinner\r\n\r\n"
        junk = await scanners.spam(ENVELOPE, content(mail + GTUBE + b"\r\n"), 100)
        clean = await scanners.spam(ENVELOPE, content(mail + b"At eight?\r\n"), 100)

    assert junk == ScanCheck("found", "reject: 15.0 of 15.0")
    assert clean == ScanCheck("clean", "no action: 0.0 of 15.0")
