"""One SMTP session, on aiosmtpd: commands in order, one transaction at a time.

aiosmtpd brings the connection, the hand-over to TLS and its rule to forget what came before it
(RFC 3207 §4.2). Its reading of commands and of DATA is replaced, for three reasons: it takes bare
LF for a line end in commands, it holds a whole mail as a list of lines, and it gives up what has
been sent when the client has closed his half of the connection. Its replies are replaced by ours
with enhanced status codes.

Commands and DATA are cut from one buffer (`_pending`), so pipelined commands behind the end of a
mail are found (RFC 2920), and none survives STARTTLS.

This module is imported with the first session: aiosmtpd costs 30 ms.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec
from aiosmtpd.smtp import SMTP, TLSSetupException

from kamome.errors import ServiceUnavailable
from kamome.mail import replies
from kamome.mail.chunking import ChunkedMail, parse_bdat
from kamome.mail.commands import BadCommand, parse_helo, parse_mail, parse_rcpt
from kamome.mail.envelope import (
    Envelope,
    MailFailsPolicy,
    MailLoops,
    MailRefused,
    MailTooLarge,
    RecipientVerdict,
)
from kamome.mail.inbound import Inbound, IncomingMail
from kamome.mail.intake_checks import Objection, no_objection
from kamome.mail.limits import COMMAND_BYTES_MAX, OVERRUN_BYTES_MAX, SessionLimits
from kamome.mail.mail_data import Fault, MailData
from kamome.mail.replies import Reply
from kamome.mail.stage_faults import StageFaults, no_faults

logger = logging.getLogger(__name__)
# aiosmtpd tells of every connection, and of AUTH, which is not served.
logging.getLogger("mail.log").setLevel(logging.WARNING)

# One read of the socket; a session holds at most three of these and 100 KB of its mail.
_READ_BYTES = 64 * 1024
# Browsers made to speak to this port say these; nothing good follows them.
_NOT_SMTP = frozenset((b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"USER"))

_VERDICT_REPLIES = {
    RecipientVerdict.TAKEN: replies.RECIPIENT_OK,
    RecipientVerdict.NOT_OURS: replies.RELAYING_DENIED,
    RecipientVerdict.UNKNOWN: replies.UNKNOWN_RECIPIENT,
    RecipientVerdict.BLOCKED: replies.BLOCKED,
    RecipientVerdict.NEEDS_TLS: replies.TLS_REQUIRED,
}
_REFUSAL_REPLIES: Mapping[type[MailRefused], Reply] = {
    MailTooLarge: replies.MAIL_TOO_LARGE,
    MailFailsPolicy: replies.POLICY_REFUSED,
    MailLoops: replies.MAIL_LOOPS,
}


class Cancellable(Protocol):
    """A timer that has been set."""

    def cancel(self) -> object:
        """It will not go off."""


class SessionPorts(msgspec.Struct, frozen=True):
    """What a session asks of its listener.

    `accepts` judges a recipient, given whether the connection is encrypted and the client's
    address. `call_later` sets a timer in seconds on the machine's clock. `entered` says whether
    there is room for the session. `objection` may refuse a client, given the reverse path and the
    recipient, or put it off; it is bounded in time. `fault` says what has been ordered to go wrong
    at a stage.
    """

    hostname: str
    limits: SessionLimits
    inbound: Inbound
    accepts: Callable[[str, bool, str], RecipientVerdict]
    tls_context: Callable[[], Awaitable[ssl.SSLContext]]
    call_later: Callable[[float, Callable[[], None]], Cancellable]
    entered: Callable[[SmtpSession], bool]
    left: Callable[[SmtpSession], None]
    fault: StageFaults = no_faults
    objection: Objection = no_objection


class _Transaction(msgspec.Struct):
    """From MAIL to the end of DATA. RFC 5321 §3.3."""

    reverse_path: str
    is_smtputf8: bool
    recipients: dict[str, None] = msgspec.field(default_factory=dict)  # in order, each once
    chunked: ChunkedMail | None = None  # what has come by BDAT


class _NoHooks:
    """aiosmtpd asks a handler for its hooks; this session has none."""


class SmtpSession(SMTP):
    """One session. `end` closes it politely; its task is `_handler_coroutine`."""

    # The reader's buffer: flow control begins at twice this.
    line_length_limit = _READ_BYTES
    # Whether users log in here.
    has_auth = False

    def __init__(self, ports: SessionPorts, loop: asyncio.AbstractEventLoop) -> None:
        self._ports = ports
        self._limits = ports.limits
        self._pending = bytearray()
        self._transaction: _Transaction | None = None
        self._helo = ""
        self._commands = 0
        self._errors = 0
        self._is_ending = False  # the listener stops
        self._is_over = False  # nothing more is heard from this client
        self._is_waiting = False
        self._session_timer: Cancellable | None = None
        self.client_ip = ""
        super().__init__(
            _NoHooks(),
            hostname=ports.hostname,
            enable_SMTPUTF8=True,
            timeout=ports.limits.command_s,
            loop=loop,
        )

    # ------------------------------------------------------------------ the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client has connected, or TLS has been set up over the connection."""
        peer = transport.get_extra_info("peername")
        self.client_ip = str(peer[0]) if peer else ""
        if self._session_timer is None:
            self._session_timer = self._ports.call_later(
                self._limits.session_s, lambda: self._cut(replies.SESSION_TOO_LONG)
            )
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone; what has been committed stays."""
        if self._session_timer is not None:
            self._session_timer.cancel()
        super().connection_lost(error)

    def eof_received(self) -> bool | None:
        """The client sends no more; what he has sent is still worked and answered."""
        self._reader.feed_eof()
        return not self.is_encrypted

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS protects the connection, from its start or after STARTTLS."""
        transport = self.transport
        return transport is not None and transport.get_extra_info("ssl_object") is not None

    def end(self) -> None:
        """Close the session: at once when it waits for a command, else after the present one."""
        self._is_ending = True
        if self._is_waiting:
            self._cut(replies.SHUTTING_DOWN)

    async def ended(self) -> None:
        """Return when the session's task has ended."""
        if self._handler_coroutine is not None:
            await asyncio.wait({self._handler_coroutine})

    def _reset_timeout(self, duration: float | None = None) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self._timeout_handle = self._ports.call_later(  # type: ignore[assignment] # only cancelled
            duration or self._limits.command_s, lambda: self._cut(replies.IDLE_TOO_LONG)
        )

    def _cut(self, reply: Reply) -> None:
        """Say why, and close without waiting for the client."""
        transport = self.transport
        if transport is not None and not transport.is_closing():
            self._writer.write(reply.line())
            transport.close()
        self._reader.feed_eof()

    async def push(self, status: Reply | str | bytes) -> None:
        """Send a reply. The one that aiosmtpd gives itself, before TLS, is turned into ours."""
        if isinstance(status, str):
            assert status == "220 Ready to start TLS", "aiosmtpd answers nothing else"
            status = replies.READY_FOR_TLS
        self._writer.write(status.line() if isinstance(status, Reply) else status)
        await self._writer.drain()

    # ------------------------------------------------------------------ commands

    async def _handle_client(self) -> None:
        is_in = self._ports.entered(self)
        try:
            if not is_in:
                await self.push(replies.TOO_MANY_SESSIONS)
                return
            refusal = await self._at("connect", self.client_ip, self._greet)
            if refusal is None:
                await self._converse()
            else:
                await self.push(refusal)
        except (ConnectionError, TLSSetupException, ssl.SSLError) as error:
            logger.debug("session of %s ended: %r", self.client_ip, error)
        finally:
            self._forget_transaction()
            if is_in:
                self._ports.left(self)
            if self.transport is not None:
                self.transport.close()

    async def _greet(self) -> None:
        await self.push(replies.greeting(self.hostname))

    async def _at(
        self, stage: str, about: str, work: Callable[[], Awaitable[Reply | None]]
    ) -> Reply | None:
        """Work one stage of the session, or let happen what has been ordered for it."""
        fault = self._ports.fault(stage, about)
        if fault is None:
            return await work()
        if fault.latency_s:
            await asyncio.sleep(fault.latency_s)
        if fault.reply is not None:
            return fault.reply
        if not fault.is_cut:
            return await work()
        if fault.is_lost:
            await work()
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        raise ConnectionAbortedError("a fault was ordered")

    async def _converse(self) -> None:
        while not self._is_ending:
            line = await self._read_command()
            if line is None:
                return
            self._commands += 1
            reply = await self._answer(line)
            if reply is not None:
                await self.push(reply)
                self._errors += reply.is_error
                if self._is_over or reply.code in (221, 421):
                    return
            if self._errors > self._limits.errors:
                await self.push(replies.TOO_MANY_ERRORS)
                return
            if self._commands > self._limits.commands:
                await self.push(replies.TOO_MANY_COMMANDS)
                return
        await self.push(replies.SHUTTING_DOWN)

    async def _read_command(self) -> bytes | None:
        """The next line with its end, None where no more come. At most one piece too long."""
        self._reset_timeout()
        searched = 0
        while (end := self._pending.find(b"\n", searched)) < 0:
            searched = len(self._pending)
            if searched > COMMAND_BYTES_MAX:
                # The start is enough to refuse it; the end is waited for piece by piece.
                del self._pending[COMMAND_BYTES_MAX + 1 :]
                searched = len(self._pending)
            self._is_waiting = True
            piece = await self._reader.read(_READ_BYTES)
            self._is_waiting = False
            if not piece:
                return None
            self._pending += piece
        line = bytes(self._pending[: end + 1])
        del self._pending[: end + 1]
        return line

    async def _answer(self, line: bytes) -> Reply | None:
        """Work one command. None where the reply has been given already."""
        if len(line) > COMMAND_BYTES_MAX:
            return replies.COMMAND_TOO_LONG
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            return replies.BARE_LF_IN_COMMAND
        verb, _, argument = line[:-2].partition(b" ")
        verb = verb.upper()
        if verb in _NOT_SMTP:
            return replies.NOT_SMTP
        work = _COMMANDS.get(verb)
        if work is None or b"\0" in argument:
            return replies.SYNTAX if work else replies.UNKNOWN_COMMAND
        try:
            text = argument.decode("utf-8", "surrogateescape").strip(" \t")
            stage = _STAGES.get(verb)
            if stage is None:
                return await work(self, text)
            return await self._at(stage, _about(text), lambda: work(self, text))
        except BadCommand as refused:
            return refused.reply
        except (ConnectionError, TLSSetupException, ssl.SSLError):
            raise
        except Exception:
            logger.exception("SMTP %s of %s failed", verb.decode(), self.client_ip)
            self._forget_transaction()
            return replies.LOCAL_ERROR

    async def _helo_command(self, argument: str) -> Reply:
        self._helo = parse_helo(argument)
        self._forget_transaction()
        return Reply(250, "", self.hostname)

    async def _ehlo_command(self, argument: str) -> Reply | None:
        self._helo = parse_helo(argument)
        self._forget_transaction()
        await self.push(replies.hello(self.hostname, tuple(self._extensions())))
        return None

    def _extensions(self) -> list[str]:
        extensions = [
            f"SIZE {self._limits.mail_bytes}",
            "8BITMIME",
            "SMTPUTF8",
            "PIPELINING",
            "CHUNKING",
            "ENHANCEDSTATUSCODES",
            "HELP",
        ]
        return extensions if self.is_encrypted else ["STARTTLS", *extensions]

    async def _starttls_command(self, argument: str) -> Reply | None:
        if argument:
            return replies.BAD_ARGUMENTS
        if self.is_encrypted:
            return replies.TLS_ACTIVE
        try:
            self.tls_context = await self._ports.tls_context()
        except Exception:
            logger.exception("no certificate for STARTTLS")
            return replies.TLS_NOT_AVAILABLE
        # What came in plain text behind the command must not be taken for what TLS protects, and
        # the client introduces himself again (RFC 3207 §4.2).
        self._pending.clear()
        self._helo = ""
        self._forget_transaction()
        await super().smtp_STARTTLS("")
        self._pending.clear()
        return None

    async def _mail_command(self, argument: str) -> Reply:
        if not self._helo:
            return replies.HELO_FIRST
        if self._transaction is not None:
            return replies.NESTED_MAIL
        command = parse_mail(argument, has_auth=self.has_auth)
        if command.size > self._limits.mail_bytes:
            return replies.MAIL_TOO_LARGE
        self._transaction = _Transaction(command.reverse_path, command.is_smtputf8)
        return replies.SENDER_OK

    async def _rcpt_command(self, argument: str) -> Reply:
        if self._transaction is None:
            return replies.MAIL_FIRST
        transaction = self._transaction
        if transaction.chunked is not None:
            return replies.CHUNKS_BEGUN
        recipient = parse_rcpt(argument, is_smtputf8=transaction.is_smtputf8)
        if "@" not in recipient:
            recipient = f"{recipient}@{self.hostname}"  # <Postmaster> is this server's: §4.5.1
        if len(transaction.recipients) >= self._limits.recipients:
            return replies.TOO_MANY_RECIPIENTS
        verdict = self._ports.accepts(recipient, self.is_encrypted, self.client_ip)
        if verdict is not RecipientVerdict.TAKEN:
            return _VERDICT_REPLIES[verdict]
        # Who is refused for another reason learns nothing of greylists, and makes no work for them.
        objection = await self._ports.objection(self.client_ip, transaction.reverse_path, recipient)
        if objection is not None:
            return objection
        transaction.recipients[recipient] = None
        return replies.RECIPIENT_OK

    async def _data_command(self, argument: str) -> Reply | None:
        if argument:
            return replies.BAD_ARGUMENTS
        if self._transaction is None:
            return replies.MAIL_FIRST
        if not self._transaction.recipients:
            return replies.RCPT_FIRST
        if self._transaction.chunked is not None:
            return replies.CHUNKS_BEGUN
        transaction, self._transaction = self._transaction, None
        await self.push(replies.START_MAIL)
        return await self._receive(transaction)

    async def _bdat_command(self, argument: str) -> Reply | None:
        """One chunk. Its octets are read whatever the reply, for they are no commands. RFC 3030."""
        parsed = parse_bdat(argument)
        if parsed is None or parsed[0] > self._limits.mail_bytes + OVERRUN_BYTES_MAX:
            # What follows cannot be told from commands, or is more than anybody would read.
            self._is_over = True
            return replies.BAD_ARGUMENTS if parsed is None else replies.MAIL_TOO_LARGE
        octets, is_last = parsed
        transaction = self._transaction
        chunked = None
        if transaction is not None and transaction.recipients:
            if transaction.chunked is None:
                incoming = self._ports.inbound.open()
                transaction.chunked = ChunkedMail(incoming, self._limits.mail_bytes)
            chunked = transaction.chunked
        if not await self._read_chunk(octets, chunked):
            return None
        if transaction is None or chunked is None:
            return replies.MAIL_FIRST if transaction is None else replies.RCPT_FIRST
        if is_last:
            await chunked.finish()
        if chunked.failure is not None:
            self._forget_transaction()
            return chunked.failure
        if not is_last:
            return replies.chunk_received(octets)
        self._transaction = None
        return await self._hand_over(chunked.incoming, transaction)

    async def _read_chunk(self, octets: int, chunked: ChunkedMail | None) -> bool:
        """Read a chunk to its end. False where the client is gone before."""
        while octets:
            if not self._pending:
                self._reset_timeout(self._limits.data_s)
                self._pending += await self._reader.read(min(_READ_BYTES, octets))
                if not self._pending:
                    return False
            piece = bytes(self._pending[:octets])
            del self._pending[:octets]
            octets -= len(piece)
            if chunked is not None:
                await chunked.take(piece)
        return True

    def _forget_transaction(self) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is not None and transaction.chunked is not None:
            self._ports.inbound.discard(transaction.chunked.incoming)

    async def _rset_command(self, argument: str) -> Reply:
        if argument:
            return replies.BAD_ARGUMENTS
        self._forget_transaction()
        return replies.OK

    async def _quit_command(self, argument: str) -> Reply:
        return replies.BAD_ARGUMENTS if argument else replies.GOODBYE

    async def _noop_command(self, _argument: str) -> Reply:
        return replies.OK

    async def _help_command(self, _argument: str) -> Reply:
        return replies.HELP

    async def _vrfy_command(self, argument: str) -> Reply:
        return replies.CANNOT_VERIFY if argument else replies.BAD_ARGUMENTS

    async def _auth_command(self, _argument: str) -> Reply | None:
        """Nobody logs in where mail comes in."""
        return replies.NOT_IMPLEMENTED

    async def _unserved_command(self, _argument: str) -> Reply:
        return replies.NOT_IMPLEMENTED

    # ------------------------------------------------------------------ DATA

    async def _receive(self, transaction: _Transaction) -> Reply | None:
        """The mail after 354, to its reply. None where the client is gone."""
        incoming = self._ports.inbound.open()
        is_complete = False
        try:
            data = MailData(self._limits.mail_bytes)
            failure = await self._collect(data, incoming)
            if failure is not None or not data.is_complete:
                return failure
            if data.fault is not None:
                # Whoever sent a bare line end may think the mail ended elsewhere than we do:
                # what follows is not taken for commands.
                self._is_over = data.fault is Fault.BARE_LINE_END
                return replies.OF_FAULTS[data.fault.name]
            is_complete = True
        finally:
            if not is_complete:
                self._ports.inbound.discard(incoming)
        return await self._hand_over(incoming, transaction)

    async def _hand_over(self, incoming: IncomingMail, transaction: _Transaction) -> Reply | None:
        """A mail that has come whole, to its reply."""
        is_handed_over = False

        async def accept() -> Reply:
            nonlocal is_handed_over
            is_handed_over = True
            return await self._accept(incoming, self._envelope(transaction))

        try:
            return await self._at("end-of-data", ",".join(transaction.recipients), accept)
        finally:
            if not is_handed_over:
                self._ports.inbound.discard(incoming)

    async def _collect(self, data: MailData, incoming: IncomingMail) -> Reply | None:
        """Read to the end of the mail. A reply where it cannot be kept, else None."""
        failure: Reply | None = None
        piece = bytes(self._pending)
        self._pending.clear()
        while True:
            taken = data.feed(piece) if piece else b""
            if taken and failure is None:
                try:
                    await incoming.write(taken)
                except OSError:
                    logger.exception("a mail of %s could not be written", self.client_ip)
                    failure = replies.NO_STORAGE
            if data.is_complete:
                self._pending += data.rest
                return failure
            if data.size > self._limits.mail_bytes + OVERRUN_BYTES_MAX:
                self._is_over = True
                return replies.MAIL_TOO_LARGE
            self._reset_timeout(self._limits.data_s)
            piece = await self._reader.read(_READ_BYTES)
            if not piece:
                return None

    def _envelope(self, transaction: _Transaction) -> Envelope:
        tls = self.transport.get_extra_info("ssl_object") if self.transport is not None else None
        return Envelope(
            transaction.reverse_path,
            tuple(transaction.recipients),
            self._helo,
            self.client_ip,
            tls.version() or "" if tls is not None else "",
            transaction.is_smtputf8,
        )

    async def _accept(self, incoming: IncomingMail, envelope: Envelope) -> Reply:
        try:
            mail = await self._ports.inbound.accept(incoming, envelope)
        except MailRefused as refused:
            return _REFUSAL_REPLIES.get(type(refused), replies.UNKNOWN_RECIPIENT)
        except (ServiceUnavailable, OSError):
            logger.warning("a mail of %s was put off: no storage", self.client_ip)
            return replies.NO_STORAGE
        return replies.accepted(mail.mail_id)


def _about(argument: str) -> str:
    """The path in an argument of MAIL or RCPT, or the name in one of HELO."""
    before, bracket, rest = argument.partition("<")
    return rest.partition(">")[0] if bracket else before.partition(" ")[0]


_STAGES = {b"HELO": "helo", b"EHLO": "helo", b"MAIL": "mail", b"RCPT": "rcpt", b"DATA": "data"}
# By name at the time of the call, so that a kind of session can have commands of its own.
_COMMANDS: dict[bytes, Callable[[SmtpSession, str], Awaitable[Reply | None]]] = {
    b"HELO": lambda session, text: session._helo_command(text),
    b"EHLO": lambda session, text: session._ehlo_command(text),
    b"STARTTLS": lambda session, text: session._starttls_command(text),
    b"MAIL": lambda session, text: session._mail_command(text),
    b"RCPT": lambda session, text: session._rcpt_command(text),
    b"DATA": lambda session, text: session._data_command(text),
    b"RSET": lambda session, text: session._rset_command(text),
    b"NOOP": lambda session, text: session._noop_command(text),
    b"HELP": lambda session, text: session._help_command(text),
    b"VRFY": lambda session, text: session._vrfy_command(text),
    b"EXPN": lambda session, text: session._unserved_command(text),
    b"AUTH": lambda session, text: session._auth_command(text),
    b"BDAT": lambda session, text: session._bdat_command(text),
    b"QUIT": lambda session, text: session._quit_command(text),
}
