"""One SMTP connection to another server, on aiosmtplib: opened, used for transactions, closed.

aiosmtplib brings the connection, the reading of replies and the switch to TLS, after which nothing
is believed that came before (RFC 3207 §4.2); it refuses control characters in commands. Which reply
means what is decided here, for each recipient by itself.

What comes before a transaction and fails is a `ConnectFailed`; a transaction always ends with an
answer for each recipient. Imported with the first mail that leaves.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Iterator
from enum import Enum
from functools import cache

import aiosmtplib
import msgspec
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from kamome.mail.outgoing import OutgoingMail, printable
from kamome.mail.transports import Answer

_ENHANCED = re.compile(r"(?m)^([245]\.\d{1,3}\.\d{1,3})(?:[ \t]+|$)")
# A connection carries this many transactions before it is closed: some servers refuse more.
TRANSACTIONS_MAX = 100
_START_MAIL = 354
_PIECE_BYTES = 128 * 1024


class Tls(Enum):
    """How much encryption a connection needs. The last two end the attempt where it is missing."""

    NONE = "none"
    OPPORTUNISTIC = "opportunistic"  # where it is offered, whatever the certificate (RFC 7435)
    REQUIRED = "required"  # encrypted, whatever the certificate
    VERIFIED = "verified"  # encrypted, and the certificate is the host's
    IMPLICIT = "implicit"  # as VERIFIED, from the first byte (RFC 8314 §3)


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds on the machine's clock. RFC 5321 §4.5.3.2: 5 minutes a command, 3 for each block of
    the mail, 10 for the reply behind it.
    """

    connect_s: float = 30
    command_s: float = 300
    block_s: float = 180
    data_s: float = 600
    quit_s: float = 2


class Server(msgspec.Struct, frozen=True):
    """Where to connect: the name that is spoken to (and verified), one address of it, the port."""

    host: str
    address: str
    port: int


class Login(msgspec.Struct, frozen=True):
    """User name and password for AUTH."""

    user: str
    password: str


class ConnectFailed(Exception):
    """No transaction can begin. `code` is the server's, or 451 where there was no reply."""

    def __init__(self, code: int, enhanced: str, text: str, *, is_tls: bool = False) -> None:
        super().__init__(f"{code} {enhanced} {text}")
        self.code = code
        self.enhanced = enhanced
        self.text = text
        self.is_tls = is_tls  # TLS failed, and a connection without may do


class Stale(Exception):
    """A connection that was kept has been closed meanwhile; nothing has been said over it."""


class _Reply(msgspec.Struct, frozen=True):
    code: int
    enhanced: str
    text: str


class _Broken(Exception):
    """The connection is gone, or what came over it makes no sense; the reply that stands for it."""

    def __init__(self, reply: _Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


class SmtpConnection:
    """A connection that has been greeted, encrypted and logged in as its caller wants."""

    def __init__(self, client: aiosmtplib.SMTP, server: Server, timeouts: Timeouts) -> None:
        self.server = server
        self.transactions = 0
        self.is_encrypted = client.get_transport_info("sslcontext") is not None
        self._client = client
        self._timeouts = timeouts

    @property
    def is_open(self) -> bool:
        """Whether another transaction can be begun."""
        return self._client.is_connected and self.transactions < TRANSACTIONS_MAX

    async def transact(
        self, mail: OutgoingMail, recipients: tuple[str, ...], content: bytes
    ) -> list[Answer]:
        """One transaction; an answer for each recipient in their order.

        Where the connection breaks behind the content, the server may have taken the mail: the
        answer is "try again" all the same, for a mail must not be lost (RFC 5321 §4.5.4.1).

        Raises:
            Stale: the connection has served before, and is gone.
        """
        refusal = self._unfit(mail, content)
        if refusal is not None:
            return self._same(recipients, refusal)
        is_reused = self.transactions > 0
        self.transactions += 1
        reply = await self._say(b"MAIL", self._mail_argument(mail, content))
        if is_reused and (reply.code == 421 or reply.enhanced == "4.4.2"):
            self.close()
            raise Stale
        if reply.code >= 400:
            await self._reset()
            return self._same(recipients, reply)
        return await self._send_to(recipients, content, mail.is_smtputf8)

    async def quit(self) -> None:
        """Say goodbye, and close whatever the server says."""
        try:
            if self._client.is_connected:
                await self._client.quit(timeout=self._timeouts.quit_s)
        except (SMTPException, OSError):
            pass
        finally:
            self._client.close()

    def close(self) -> None:
        """Close without a word."""
        self._client.close()

    # ------------------------------------------------------------------ the transaction

    async def _send_to(
        self, recipients: tuple[str, ...], content: bytes, is_smtputf8: bool
    ) -> list[Answer]:
        encoding = "utf-8" if is_smtputf8 else "ascii"
        replies: dict[str, _Reply] = {}
        taken = []
        for recipient in recipients:
            reply = await self._say(b"RCPT", f"TO:<{recipient}>".encode(encoding))
            replies[recipient] = reply
            if reply.code < 400:
                taken.append(recipient)
            if not self._client.is_connected:
                return self._all_off(recipients, replies, reply)
        if not taken:
            await self._reset()
        else:
            final = await self._data(content)
            replies |= dict.fromkeys(taken, final)
            if final.code >= 400:
                await self._reset()
        return [self._answer(each, replies[each]) for each in recipients]

    def _all_off(
        self, recipients: tuple[str, ...], replies: dict[str, _Reply], last: _Reply
    ) -> list[Answer]:
        """The connection ended among the recipients: nobody is delivered to, and a no stays."""
        final = {each: reply for each, reply in replies.items() if reply.code >= 500}
        return [self._answer(each, final.get(each, last)) for each in recipients]

    async def _say(self, *words: bytes) -> _Reply:
        """One command, to its reply."""
        try:
            response = await self._exchange(*words)
        except _Broken as broken:
            return broken.reply
        return _reply(response.code, response.message)

    async def _exchange(self, *words: bytes) -> aiosmtplib.SMTPResponse:
        try:
            response = await self._client.execute_command(*words, timeout=self._timeouts.command_s)
        except (SMTPException, OSError) as error:
            self.close()  # whatever comes now is the reply to nothing
            raise _Broken(_broken(error, f"in {words[0].decode()}")) from error
        if not 200 <= response.code < 600:
            self.close()
        return response

    async def _data(self, content: bytes) -> _Reply:
        """DATA and the mail, to the reply behind it."""
        try:
            response = await self._exchange(b"DATA")
            if response.code == _START_MAIL:
                response = await self._send_content(content)
            elif response.code < 400:
                self.close()
                return _Reply(451, "4.5.0", f"unexpected reply to DATA: {response.code}")
        except _Broken as broken:
            return broken.reply
        return _reply(response.code, response.message)

    async def _send_content(self, content: bytes) -> aiosmtplib.SMTPResponse:
        """The mail and its end, piece by piece, as fast as the server takes it.

        Not by aiosmtplib, which looks at every line of a mail and gives it to the socket whole:
        40 MB held up the loop for 2.4 s there, and do for 0.1 s here (November 2026).
        """
        protocol = self._client.protocol
        try:
            if protocol is None:
                raise SMTPServerDisconnected("Connection lost")
            protocol._response_pending = True  # it may come while the mail is still on its way
            for piece in stuffed(content):
                protocol.write(piece)
                async with asyncio.timeout(self._timeouts.block_s):
                    await protocol._drain_helper()
            response = await protocol.read_response(timeout=self._timeouts.data_s)
        except (SMTPException, OSError) as error:
            self.close()
            raise _Broken(_broken(error, "at the end of DATA")) from error
        if not 200 <= response.code < 600:
            self.close()
        return response

    async def _reset(self) -> None:
        """Leave the connection fit for another transaction, or closed."""
        if self._client.is_connected and (await self._say(b"RSET")).code >= 400:
            self.close()

    def _unfit(self, mail: OutgoingMail, content: bytes) -> _Reply | None:
        """What the server's extensions say about this mail before it is told of it."""
        if mail.is_smtputf8 and not self._client.supports_extension("smtputf8"):
            # RFC 6531 §3.5; RFC 5248 registers X.6.7.
            return _Reply(553, "5.6.7", "the server takes no internationalized mail (SMTPUTF8)")
        size = self._client.esmtp_extensions.get("size", "")
        if size.isdecimal() and 0 < int(size) < len(content):
            return _Reply(552, "5.3.4", f"the server takes mails of {size} octets at most")
        return None

    def _mail_argument(self, mail: OutgoingMail, content: bytes) -> bytes:
        """`FROM:<…>` with the parameters that the server offers. RFC 1870, RFC 6152, RFC 6531."""
        argument = f"FROM:<{mail.reverse_path}>"
        if self._client.supports_extension("size"):
            argument += f" SIZE={len(content)}"
        # Servers without 8BITMIME get the octets as they are: to recode them would break
        # signatures, and all that are left take them.
        if not content.isascii() and self._client.supports_extension("8bitmime"):
            argument += " BODY=8BITMIME"
        if mail.is_smtputf8:
            argument += " SMTPUTF8"
        return argument.encode("utf-8" if mail.is_smtputf8 else "ascii")

    def _same(self, recipients: tuple[str, ...], reply: _Reply) -> list[Answer]:
        return [self._answer(recipient, reply) for recipient in recipients]

    def _answer(self, recipient: str, reply: _Reply) -> Answer:
        return Answer(
            recipient,
            reply.code,
            reply.enhanced,
            reply.text,
            self.server.host,
            self.server.address,
        )


def stuffed(content: bytes) -> Iterator[bytes]:
    """A content as it goes over the wire, in pieces: dots doubled, and its end. RFC 5321 §4.5.2."""
    start, is_line_start = 0, True
    while start < len(content):
        end = min(start + _PIECE_BYTES, len(content))
        if end < len(content):
            # Cut behind a line, or inside one, but never between its CR and LF.
            line_end = content.rfind(b"\r\n", start, end)
            end = line_end + 2 if line_end >= 0 else end + content.startswith(b"\n", end)
        piece = content[start:end].replace(b"\r\n.", b"\r\n..")
        yield b"." + piece if is_line_start and piece.startswith(b".") else piece
        start, is_line_start = end, piece.endswith(b"\r\n")
    yield b".\r\n" if is_line_start else b"\r\n.\r\n"


async def connect(
    server: Server,
    *,
    hostname: str,
    tls: Tls,
    timeouts: Timeouts,
    context: ssl.SSLContext | None = None,
    login: Login | None = None,
) -> SmtpConnection:
    """Open a connection to the point where a transaction can begin. `hostname` is for EHLO.

    `context` verifies certificates where `tls` wants that; by default by the system's authorities.

    Raises:
        ConnectFailed: it cannot be had.
    """
    tls_context = await _context(tls, context)
    # The socket is the client's from here on, who closes it.
    client = aiosmtplib.SMTP(
        hostname=server.host,
        local_hostname=hostname,
        timeout=timeouts.command_s,
        sock=await _socket(server, timeouts.connect_s),
        port=None,
        use_tls=tls is Tls.IMPLICIT,
        start_tls=False,
        tls_context=tls_context,
    )
    try:
        await client.connect()
        await client._ehlo_or_helo_if_needed()
        if tls not in (Tls.NONE, Tls.IMPLICIT):
            await _start_tls(client, server, tls, timeouts)
        if login is not None:
            await _log_in(client, login)
        return SmtpConnection(client, server, timeouts)
    except BaseException as error:
        client.close()
        if isinstance(error, (SMTPException, OSError, ssl.CertificateError)):
            raise _failure(error) from error
        raise


async def _socket(server: Server, connect_s: float) -> socket.socket:
    try:
        ip = ipaddress.ip_address(server.address)
        family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
        endpoint = socket.socket(family, socket.SOCK_STREAM)
    except (ValueError, OSError) as error:
        raise ConnectFailed(451, "4.4.1", f"{server.address}: {error}") from error
    try:
        endpoint.setblocking(False)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(connect_s):
            await loop.sock_connect(endpoint, (server.address, server.port))
    except BaseException as error:
        endpoint.close()
        if isinstance(error, OSError):  # TimeoutError is one
            reason = str(error) or "connection timed out"
            raise ConnectFailed(
                451, "4.4.1", f"connect to {server.host}[{server.address}]: {reason}"
            ) from error
        raise
    return endpoint


async def _context(tls: Tls, context: ssl.SSLContext | None) -> ssl.SSLContext | None:
    if tls is Tls.NONE:
        return None
    if tls in (Tls.VERIFIED, Tls.IMPLICIT):
        # Reading the authorities takes 20 ms.
        return context or await asyncio.to_thread(_verifying_context)
    return _trusting_context()


@cache
def _verifying_context() -> ssl.SSLContext:
    return ssl.create_default_context()


@cache
def _trusting_context() -> ssl.SSLContext:
    """Encrypts and asks nobody for his name: better than none, RFC 7435."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _start_tls(client: aiosmtplib.SMTP, server: Server, tls: Tls, timeouts: Timeouts) -> None:
    if not client.supports_extension("starttls"):
        if tls is Tls.OPPORTUNISTIC:
            return
        text = f"{server.host} offers no STARTTLS"
        if tls is Tls.VERIFIED:
            # The domain promises TLS: somebody may be in between, for now (RFC 8461 §5).
            raise ConnectFailed(451, "4.7.5", text, is_tls=True)
        # RFC 5248 registers X.7.10, "encryption needed".
        raise ConnectFailed(550, "5.7.10", text, is_tls=True)
    try:
        await client.starttls(server_hostname=server.host, timeout=timeouts.connect_s)
    except (SMTPException, OSError, ssl.CertificateError) as error:
        reason = printable(str(error) or type(error).__name__)
        raise ConnectFailed(
            451, "4.7.5", f"TLS with {server.host} failed: {reason}", is_tls=True
        ) from error
    await client._ehlo_or_helo_if_needed()


async def _log_in(client: aiosmtplib.SMTP, login: Login) -> None:
    """AUTH. A no is taken as temporary: it is a setting that is wrong, and not the mail."""
    try:
        await client.login(login.user, login.password)
    except SMTPAuthenticationError as error:
        raise ConnectFailed(
            451, "4.7.8", f"the relay refuses the user: {error.code} {printable(error.message)}"
        ) from error
    except SMTPResponseException as error:
        raise ConnectFailed(451, "4.7.8", f"{error.code} {printable(error.message)}") from error
    except SMTPException as error:
        raise ConnectFailed(451, "4.7.8", printable(str(error))) from error


def _failure(error: BaseException) -> ConnectFailed:
    if isinstance(error, ConnectFailed):
        return error
    if isinstance(error, SMTPResponseException):
        reply = _reply(error.code, error.message)
        if reply.code < 400:
            return ConnectFailed(451, "4.5.0", f"unexpected reply: {reply.code} {reply.text}")
        return ConnectFailed(reply.code, reply.enhanced, reply.text)
    if isinstance(error, (ssl.SSLError, ssl.CertificateError)):
        return ConnectFailed(451, "4.7.5", f"TLS failed: {printable(str(error))}", is_tls=True)
    reply = _broken(error, "before the transaction")
    return ConnectFailed(reply.code, reply.enhanced, reply.text)


def _broken(error: BaseException, when: str) -> _Reply:
    if isinstance(error, SMTPResponseException):  # a reply that is none
        return _Reply(451, "4.5.0", f"malformed reply {when}: {printable(error.message)}")
    if isinstance(error, (SMTPTimeoutError, TimeoutError)):
        return _Reply(451, "4.4.2", f"timed out {when}")
    return _Reply(451, "4.4.2", f"connection lost {when}")


def _reply(code: int, message: str) -> _Reply:
    """The server's words on one line, the enhanced code apart where it gave one that fits.

    A code that SMTP does not know is taken as temporary, RFC 5321 §4.3.2.
    """
    text = message.encode("utf-8", "replace").decode()
    found = _ENHANCED.search(text)
    words = printable(_ENHANCED.sub("", text))
    if not 200 <= code < 600 or 300 <= code < 400:
        return _Reply(451, "4.5.0", f"unexpected reply {code}: {words}")
    if found is None or found[1][0] != str(code)[0]:
        return _Reply(code, "", printable(text))
    return _Reply(code, found[1], words)
