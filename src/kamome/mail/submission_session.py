"""A session on a submission port: EHLO, TLS, AUTH, and then mail to anyone.

AUTH is offered and taken on encrypted connections alone, but for clients on this machine where the
listener allows that. Recipients are not judged here: whether the user may send to them is said at
the end of DATA by the owner, as SES does. RFC 6409; RFC 4954; RFC 4616 (PLAIN).

AWS: SES Developer Guide, Using the Amazon SES SMTP interface: AUTH PLAIN and LOGIN after STARTTLS.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
import logging

from kamome.errors import ServiceUnavailable
from kamome.mail import replies
from kamome.mail.commands import parse_rcpt
from kamome.mail.envelope import Envelope
from kamome.mail.inbound import IncomingMail
from kamome.mail.limits import COMMAND_BYTES_MAX
from kamome.mail.outgoing import printable
from kamome.mail.replies import Reply
from kamome.mail.session import SessionPorts, SmtpSession
from kamome.mail.submission import (
    FAILURES_PER_SESSION_MAX,
    LARGE_BYTES,
    SubmissionRefused,
    SubmissionService,
    Submitter,
)
from kamome.storage.blobs import Blob

logger = logging.getLogger(__name__)

_USERNAME_PROMPT = base64.b64encode(b"Username:").decode()
_PASSWORD_PROMPT = base64.b64encode(b"Password:").decode()


class SubmissionSession(SmtpSession):
    """One session of a user."""

    has_auth = True

    def __init__(
        self,
        ports: SessionPorts,
        loop: asyncio.AbstractEventLoop,
        service: SubmissionService,
    ) -> None:
        self._service = service
        self._submitter: Submitter | None = None
        self._failed_logins = 0
        super().__init__(ports, loop)

    # ------------------------------------------------------------------ commands

    def _extensions(self) -> list[str]:
        """As for mail that comes in, without the enhanced codes that SES's replies do not have."""
        names = [name for name in super()._extensions() if name != "ENHANCEDSTATUSCODES"]
        if self._may_log_in() and self._submitter is None:
            names.append("AUTH PLAIN LOGIN")
        return names

    async def _starttls_command(self, argument: str) -> Reply | None:
        self._submitter = None
        return await super()._starttls_command(argument)

    async def _mail_command(self, argument: str) -> Reply:
        if self._submitter is None:
            return replies.LOGIN_FIRST if self._may_log_in() else replies.TLS_REQUIRED
        return await super()._mail_command(argument)

    async def _rcpt_command(self, argument: str) -> Reply:
        if self._transaction is None:
            return replies.MAIL_FIRST
        transaction = self._transaction
        if transaction.chunked is not None:
            return replies.CHUNKS_BEGUN
        recipient = parse_rcpt(argument, is_smtputf8=transaction.is_smtputf8)
        if "@" not in recipient:
            return replies.BAD_RECIPIENT  # <Postmaster> is somebody's only where mail comes in
        if len(transaction.recipients) >= self._limits.recipients:
            return replies.TOO_MANY_RECIPIENTS
        transaction.recipients[recipient] = None
        return replies.RECIPIENT_OK

    async def _auth_command(self, argument: str) -> Reply | None:
        refusal = self._login_refusal()
        if refusal is not None:
            return refusal
        mechanism, _, initial = argument.partition(" ")
        ask = _MECHANISMS.get(mechanism.upper())
        if ask is None:
            return replies.UNKNOWN_MECHANISM
        given = await ask(self, initial.strip())
        if isinstance(given, Reply):
            return given
        return self._log_in(*given)

    def _login_refusal(self) -> Reply | None:
        if not self._may_log_in():
            return replies.ENCRYPTION_FIRST
        if not self._helo:
            return replies.HELO_FIRST
        if self._submitter is not None or self._transaction is not None:
            return replies.LOGIN_NOT_NOW
        if self._service.failures.is_blocked(self.client_ip):
            return replies.LOGIN_LATER
        return None

    def _may_log_in(self) -> bool:
        if self.is_encrypted:
            return True
        return self._service.is_plain_auth_allowed and _is_loopback(self.client_ip)

    # ------------------------------------------------------------------ AUTH

    def _log_in(self, user: str, password: str) -> Reply:
        self._submitter = self._service.ports.authenticate(user, password)
        if self._submitter is not None:
            return replies.LOGGED_IN
        self._failed_logins += 1
        self._service.failures.note(self.client_ip)
        # The name may be a password in the wrong field: it is not logged.
        logger.info("a login from %s failed", self.client_ip)
        if self._failed_logins >= FAILURES_PER_SESSION_MAX:
            return replies.TOO_MANY_LOGINS
        return replies.LOGIN_WRONG

    async def _ask_plain(self, initial: str) -> tuple[str, str] | Reply:
        """RFC 4616 §2: authorization identity, NUL, name, NUL, password."""
        response = initial or await self._challenge("")
        if isinstance(response, Reply):
            return response
        text = _decoded(response)
        if text is None or text.count("\0") != 2:
            return replies.LOGIN_SYNTAX
        identity, user, password = text.split("\0")
        if identity not in ("", user):
            return replies.LOGIN_WRONG
        return user, password

    async def _ask_login(self, initial: str) -> tuple[str, str] | Reply:
        """LOGIN was never a standard; every client speaks it."""
        given = []
        first = initial or await self._challenge(_USERNAME_PROMPT)
        for response in (first, None):
            said = await self._challenge(_PASSWORD_PROMPT) if response is None else response
            if isinstance(said, Reply):
                return said
            text = _decoded(said)
            if text is None or "\0" in text:
                return replies.LOGIN_SYNTAX
            given.append(text)
        return given[0], given[1]

    async def _challenge(self, prompt: str) -> str | Reply:
        await self.push(Reply(334, "", prompt))
        line = await self._read_command()
        if line is None:
            raise ConnectionAbortedError("the client has gone while it logged in")
        if len(line) > COMMAND_BYTES_MAX or not line.endswith(b"\r\n"):
            return replies.LOGIN_SYNTAX
        text = line[:-2].decode("ascii", "replace")
        return replies.LOGIN_CANCELLED if text == "*" else text

    # ------------------------------------------------------------------ the mail

    async def _accept(self, incoming: IncomingMail, envelope: Envelope) -> Reply:
        assert self._submitter is not None, "MAIL needs a login"
        try:
            if incoming.size <= LARGE_BYTES:
                mail_id = await self._submit(self._submitter, envelope, incoming)
            else:
                async with self._service.large:
                    mail_id = await self._submit(self._submitter, envelope, incoming)
        except SubmissionRefused as refused:
            return Reply(refused.code, "", printable(refused.text))
        except (ServiceUnavailable, OSError):
            logger.warning("a mail of %s was put off: no storage", self.client_ip)
            return replies.NO_STORAGE
        # The words of SES, from which clients take the id.
        return Reply(250, "", f"Ok {mail_id}")

    async def _submit(
        self, submitter: Submitter, envelope: Envelope, incoming: IncomingMail
    ) -> str:
        content = await self._whole(incoming)
        return await self._service.ports.submit(submitter, envelope, content)

    async def _whole(self, incoming: IncomingMail) -> bytes:
        """The content in memory: it is taken apart, signed and put together again."""
        content = await incoming.finish()
        if not isinstance(content, Blob):
            return content
        try:
            path = self._ports.inbound.store.blobs.path(content.id)
            return await asyncio.to_thread(path.read_bytes)
        finally:
            self._ports.inbound.discard(incoming)


def _decoded(response: str) -> str | None:
    if response == "=":
        return ""  # RFC 4954 §4: an empty initial response
    try:
        return base64.b64decode(response, validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _is_loopback(client_ip: str) -> bool:
    try:
        return ipaddress.ip_address(client_ip).is_loopback
    except ValueError:
        return False


_MECHANISMS = {"PLAIN": SubmissionSession._ask_plain, "LOGIN": SubmissionSession._ask_login}
