"""A mail server on loopback that says what the test wants, and writes down what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from kamome.mail.certificate import self_signed

# What is said instead of a reply.
CLOSE = b"close"
RESET_AFTER = b"lost"  # close after the content, without its reply


@dataclass
class Session:
    commands: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    is_encrypted: bool = False


@dataclass
class SmtpPeer:
    """`say` replies to a command by its verb and line, None for the usual reply."""

    extensions: list[str] = field(
        default_factory=lambda: ["PIPELINING", "8BITMIME", "SIZE 1000000"]
    )
    greeting: bytes = b"220 peer.example.net ESMTP\r\n"
    say: Callable[[str, str], bytes | None] = lambda _verb, _line: None
    tls: ssl.SSLContext | None = None
    is_tls_broken: bool = False
    sessions: list[Session] = field(default_factory=list)
    port: int = 0
    open_now: int = 0
    most_open: int = 0
    accept_login: str = ""

    @property
    def mails(self) -> list[bytes]:
        return [mail for session in self.sessions for mail in session.mails]

    @property
    def commands(self) -> list[str]:
        return [command for session in self.sessions for command in session.commands]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session()
        self.sessions.append(session)
        session.is_encrypted = writer.get_extra_info("ssl_object") is not None
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            await self._converse(session, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            self.open_now -= 1
            writer.close()

    async def _converse(
        self, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(self.greeting)
        while True:
            line = (await reader.readuntil(b"\r\n")).decode().rstrip("\r\n")
            session.commands.append(line)
            verb = line.split(" ")[0].upper()
            reply = self.say(verb, line)
            if reply == CLOSE:
                return
            if reply is None:
                reply = await self._usual(verb, line, session, reader, writer)
            if reply == CLOSE:
                return
            writer.write(reply)
            await writer.drain()
            if verb == "QUIT" or reply.startswith(b"421"):
                return

    async def _usual(
        self,
        verb: str,
        line: str,
        session: Session,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bytes:
        if verb == "EHLO":
            names = ["peer.example.net", *self.extensions]
            if (self.tls or self.is_tls_broken) and not session.is_encrypted:
                names.append("STARTTLS")
            return b"".join(f"250-{name}\r\n".encode() for name in names[:-1]) + (
                f"250 {names[-1]}\r\n".encode()
            )
        if verb == "STARTTLS":
            writer.write(b"220 2.0.0 go on\r\n")
            await writer.drain()
            if self.tls is None:
                writer.write(b"this is no TLS at all\r\n")
                return CLOSE
            await writer.start_tls(self.tls)
            session.is_encrypted = True
            return b""
        if verb == "DATA":
            return await self._data(session, reader, writer)
        if verb == "AUTH":
            if self.accept_login and line == f"AUTH PLAIN {self.accept_login}":
                return b"235 2.7.0 welcome\r\n"
            return b"535 5.7.8 wrong\r\n"
        return b"221 2.0.0 bye\r\n" if verb == "QUIT" else b"250 2.1.0 ok\r\n"

    async def _data(
        self, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes:
        writer.write(b"354 go on\r\n")
        raw = await reader.readuntil(b"\r\n.\r\n")
        mail = raw[:-3].replace(b"\r\n..", b"\r\n.")
        reply = self.say(".", "")
        if reply is None or reply.startswith(b"2"):
            session.mails.append(mail)
        if reply == RESET_AFTER:
            session.mails.append(mail)
            return CLOSE
        return b"250 2.0.0 queued as 4711\r\n" if reply is None else reply


@contextlib.asynccontextmanager
async def running_peer(
    *, implicit_tls: bool = False, host: str = "127.0.0.1", at_port: int = 0, **settings: object
) -> AsyncIterator[SmtpPeer]:
    """A peer until the block ends, on an address and port of loopback."""
    peer = SmtpPeer(**settings)  # type: ignore[arg-type] # the test knows the fields
    server = await asyncio.start_server(
        peer.serve, host, at_port, ssl=peer.tls if implicit_tls else None
    )
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        await server.wait_closed()


def certificate(folder: Path, hostname: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of its own, and a client's that trusts it."""
    path = folder / f"{hostname}.pem"
    path.write_bytes(self_signed(hostname, 1_760_000_000_000))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    client = ssl.create_default_context(cafile=str(path))
    return server, client
