"""What is done with a mail by hand: sent on after all, worked by the rules again, put in as new."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from kamome.mail.checks import Checks
from kamome.mail.commands import is_mailbox
from kamome.mail.envelope import Envelope, Mail, MailRefused, RecipientVerdict
from kamome.mail.inbound import Inbound
from kamome.mail.limits import LINE_BYTES_MAX, MAIL_BYTES_MAX, RECIPIENTS_MAX
from kamome.mail.outgoing import MailUnfit
from kamome.mail.transports import CAPTURE
from kamome.services.ses.mailbox.mailbox import Mailbox
from kamome.services.ses.receiving import intake
from kamome.services.ses.slice import Ses

_HERE = "127.0.0.1"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_NO_WAY_OUT = (
    "No mail leaves this server: mail_transport is capture. Start it with --mail-transport relay or"
    " direct, then captured mails can be released."
)
_WHY_NOT = {
    RecipientVerdict.NOT_OURS: "no account has verified its domain",
    RecipientVerdict.BLOCKED: f"an IP address filter blocks {_HERE}",
    RecipientVerdict.UNKNOWN: "no receipt rule takes it",
    RecipientVerdict.NEEDS_TLS: "its rule takes mail over TLS only; say that it comes so",
}


class CannotBeDone(Exception):
    """A mail is not there (404), in no state for it (409), or not well formed (400)."""

    def __init__(self, message: str, status: int = 409) -> None:
        super().__init__(message)
        self.status = status


class Injected(msgspec.Struct, frozen=True):
    """A mail to be taken in as if it had come by SMTP."""

    reverse_path: str
    recipients: tuple[str, ...]
    raw: bytes
    is_tls: bool = False
    checks: Checks | None = None  # what is to have been found about it; None: it is examined


class MailboxActions:
    """Writes; durable on return. `inbound` is there once the server listens."""

    def __init__(self, ses: Ses, mailbox: Mailbox, inbound: Callable[[], Inbound]) -> None:
        self._ses = ses
        self._mailbox = mailbox
        self._inbound = inbound

    async def release(self, mail_id: str, transport: str = "") -> int:
        """Send a captured mail on; how many recipients it now goes to.

        Without a transport it is the server's own, or the only one that leads out.

        Raises:
            CannotBeDone: it is not captured, or the server has no way out.
        """
        sent = self._ses.sent.find(mail_id)
        if sent is None:
            raise CannotBeDone(f"There is no sent mail {mail_id}.", 404)
        if all(each == CAPTURE for each in self._mailbox.spool.transports):
            raise CannotBeDone(_NO_WAY_OUT)
        engine = self._ses.store.engine
        lost = engine.lost_transactions
        try:
            with engine.atomic():
                count = self._mailbox.spool.release(mail_id, transport or self._way_out())
                if count == 0:
                    raise CannotBeDone("No recipient of this mail is captured.")
                self._note(sent.trace, "Release", mail_id, f"to {count} recipients")
        except MailUnfit as error:
            raise CannotBeDone(str(error)) from None
        await engine.durable(lost)
        return count

    def _way_out(self) -> str:
        ways = [each for each in self._mailbox.spool.transports if each != CAPTURE]
        return ways[0] if len(ways) == 1 else ""

    async def rerun(self, mail_id: str) -> int:
        """Work a received mail by the rules as they are now; how many actions that makes.

        What an earlier run did is not undone.

        Raises:
            CannotBeDone: the rules are still working it, or none takes it now.
        """
        mail = self._mailbox.received(mail_id)
        if mail is None:
            raise CannotBeDone(f"There is no received mail {mail_id}.", 404)
        if any(step.done_at_ms is None for step in self._mailbox.steps(mail_id)):
            raise CannotBeDone("The receipt rules have not finished with this mail yet.")
        engine = self._ses.store.engine
        lost = engine.lost_transactions
        try:
            with engine.atomic():
                self._ses.store.forget_mails([mail_id])
                intake.receive(self._ses, mail)
                self._note(mail.trace, "Rerun", mail_id, "by the rules as they are now")
        except MailRefused:
            raise CannotBeDone("No receipt rule takes this mail now.") from None
        await engine.durable(lost)
        return len(self._mailbox.steps(mail_id))

    async def inject(self, injected: Injected) -> Mail:
        """Take a mail in as if it had come by SMTP: rules, checks and limits are the same.

        Lines are ended with CRLF where they are not.

        Raises:
            CannotBeDone: an address is none or nothing takes it; the mail is none or too large.
        """
        raw = _LINE_END.sub(b"\r\n", injected.raw)
        _check(injected, raw)
        for recipient in injected.recipients:
            verdict = intake.accepts(self._ses, recipient, injected.is_tls, _HERE)
            if verdict is not RecipientVerdict.TAKEN:
                raise CannotBeDone(f"{recipient} is not taken: {_WHY_NOT[verdict]}.")
        inbound = self._inbound()
        incoming = inbound.open()
        try:
            await incoming.write(raw)
        except BaseException:
            inbound.discard(incoming)
            raise
        envelope = Envelope(
            injected.reverse_path,
            injected.recipients,
            "localhost",
            _HERE,
            "TLSv1.3" if injected.is_tls else "",
            not all(map(str.isascii, injected.recipients)),
        )
        try:
            return await inbound.accept(incoming, envelope, checks=injected.checks)
        except MailRefused as refusal:
            why = f"{type(refusal).__name__} {refusal}".strip()
            raise CannotBeDone(f"The mail is refused: {why}.") from None

    def _note(self, trace: str, action: str, mail_id: str, detail: str) -> None:
        self._ses.journeys.step(
            trace, service="mailbox", action=action, resource=mail_id, detail=detail
        )


def _check(injected: Injected, raw: bytes) -> None:
    if not 1 <= len(injected.recipients) <= RECIPIENTS_MAX:
        raise CannotBeDone(f"A mail has 1 to {RECIPIENTS_MAX} recipients.", 400)
    for address in _addresses(injected):
        if not is_mailbox(address, is_smtputf8=True):
            raise CannotBeDone(f"{address!r} is no address.", 400)
    if not raw:
        raise CannotBeDone("The mail is empty.", 400)
    if len(raw) > MAIL_BYTES_MAX:
        raise CannotBeDone(f"The mail has more than {MAIL_BYTES_MAX} octets.", 400)
    if max(map(len, raw.split(b"\n"))) >= LINE_BYTES_MAX:
        raise CannotBeDone(f"A line of the mail has more than {LINE_BYTES_MAX - 2} octets.", 400)


def _addresses(injected: Injected) -> Sequence[str]:
    sender = (injected.reverse_path,) if injected.reverse_path else ()
    return (*sender, *injected.recipients)
