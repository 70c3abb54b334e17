"""The spool: mails that wait to leave, each recipient with its own state, kept until settled.

A mail enters inside its owner's step (`put`). `lanes.py` takes deliveries that are due, hands them
to a transport outside any step, and brings the answers back here (`record`): the new state and what
the owner makes of it (`on_outcome`) are one step. What a crash interrupts is sent again, for a mail
that may have been taken must not be lost: the window is between the remote's 250 and our commit
(RFC 5321 §6.1 leaves it to every server).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from kamome.clock import Clock
from kamome.mail.outgoing import (
    BOUNCED,
    DELAYED,
    DELIVERED,
    EXPIRED,
    MailUnfit,
    Outcome,
    OutgoingMail,
    SpooledMail,
    check_mail,
    printable,
)
from kamome.mail.retention import next_sweep_ms
from kamome.mail.retry_schedule import next_attempt_ms
from kamome.mail.spool_store import Settled, SpoolStore, Taken, TakenRecipient
from kamome.mail.transports import CAPTURE, Answer
from kamome.observe.journeys import Journeys
from kamome.storage.blobs import Blob
from kamome.storage.outbox import Entry, Outbox

logger = logging.getLogger(__name__)

OUTBOX_KIND = "mail outcome"
# As long as received mails. A captured mail can be released until then.
RETENTION_MS = 7 * 24 * 3600 * 1000
_SWEEP_MS = 3600 * 1000
_SWEEP_ROWS = 500
_DOMAINS_PER_STEP = 100


class SpoolPorts(msgspec.Struct):
    """What the owners of mails make of outcomes: called inside the step that records one."""

    on_outcome: Callable[[Outcome], None] = lambda _outcome: None


class Spool:
    """Mails that leave. `wake` is filled by what works the spool."""

    def __init__(
        self, store: SpoolStore, clock: Clock, outbox: Outbox, journeys: Journeys | None = None
    ) -> None:
        self.store = store
        self.ports = SpoolPorts()
        self.wake: Callable[[], None] = lambda: None
        self.transports: Sequence[str] = (CAPTURE,)
        self._clock = clock
        self._outbox = outbox
        self._journeys = journeys
        self._swept: tuple[int, str] = (0, "")
        outbox.register(OUTBOX_KIND, self._tell_later)

    # ------------------------------------------------------------------ what owners ask

    def put(self, mail: OutgoingMail, content: bytes | Blob) -> None:
        """Take a mail to be sent, as part of the caller's step. It leaves after the step is kept.

        `content` is final: the octets that are sent, signatures and all. A `Blob` belongs to the
        spool from now on, which keeps and drops it.

        Raises:
            MailUnfit: an address or the content cannot be sent by SMTP. Nothing is kept.
        """
        check_mail(mail, content if isinstance(content, bytes) else None)
        self.store.insert(mail, content, self._clock.now_ms())
        self.wake()

    def find(self, mail_id: str) -> SpooledMail | None:
        """How the recipients of a mail stand; None for one that is not (or no longer) kept."""
        return self.store.find(mail_id)

    def read(self, mail_id: str) -> AsyncIterator[bytes]:
        """The content of a mail that is not settled, or is captured, in pieces.

        Raises:
            OutgoingContentGone: it is not kept any more.
        """
        return self.store.read(mail_id)

    def release(self, mail_id: str, transport: str = "") -> int:
        """Send a captured mail on after all, by `transport` or the server's own; how many wait now.

        Part of the caller's step. The time in which it is tried begins anew. What comes of it is
        told to its owner like any outcome.

        Raises:
            MailUnfit: there is no such transport here, or it is the one that keeps mails.
        """
        chosen = transport or self.transports[0]
        if chosen == CAPTURE or chosen not in self.transports:
            ways = [each for each in self.transports if each != CAPTURE]
            raise MailUnfit(
                f"There is no transport {chosen} to send the mail by; "
                + (f"there is {', '.join(ways)}." if ways else "set mail_transport.")
            )
        now_ms = self._clock.now_ms()
        spooled = self.store.find(mail_id)
        if spooled is None:
            return 0
        give_up_at_ms = now_ms + spooled.mail.max_age_ms
        count = self.store.release(mail_id, chosen, now_ms, give_up_at_ms)
        self.wake()
        return count

    def retry_now(self, domain: str = "") -> int:
        """Try what waits for a domain (for all, where none is given) now; how many recipients.

        For the moment when what stood in the way has been mended. Steps of its own.
        """
        now_ms = self._clock.now_ms()
        count, after = 0, ""
        while domains := [domain] if domain else self.store.domains(after, _DOMAINS_PER_STEP):
            with self.store.engine.atomic():
                count += sum(self.store.bring_forward(each, now_ms) for each in domains)
            after = domains[-1]
            if domain:
                break
        self.wake()
        return count

    # ------------------------------------------------------------------ what became of a delivery

    def record(self, taken: Taken, answers: Sequence[Answer], transport: str) -> None:
        """Write what an attempt has brought, and tell the owner, in one step of the caller's."""
        now_ms = self._clock.now_ms()
        assert [each.recipient for each in answers] == [each.recipient for each in taken.recipients]
        for recipient, answer in zip(taken.recipients, answers, strict=True):
            outcome = _outcome(taken, recipient, answer, now_ms, transport)
            due_ms = 0
            if outcome.kind == DELAYED:
                due_ms = next_attempt_ms(taken.give_up_at_ms, taken.mail.max_age_ms, now_ms)
            state = outcome.kind
            if outcome.kind == DELAYED:
                state = "waiting"
            elif transport == CAPTURE:
                state = "captured"
            settled = Settled(
                state,
                taken.transport if state == "waiting" else transport,
                due_ms,
                now_ms,
                outcome.code,
                outcome.enhanced,
                outcome.text,
                outcome.remote_host,
                outcome.remote_ip,
            )
            self.store.settle(taken, recipient.ordinal, settled)
            self._note_in_journey(outcome)
            self._tell(outcome)
        if self.store.is_settled(taken.mail.mail_id):
            self.store.drop_content(taken.mail.mail_id)

    def _note_in_journey(self, outcome: Outcome) -> None:
        if self._journeys is None:
            return
        where = f" by {outcome.remote_host}" if outcome.remote_host else ""
        said = " ".join(filter(None, (str(outcome.code), outcome.enhanced, outcome.text)))
        self._journeys.step(
            outcome.trace,
            service="smtp",
            action="deliver",
            resource=outcome.recipient,
            result=outcome.kind,
            detail=f"{said}{where}",
        )

    def _tell(self, outcome: Outcome) -> None:
        """The owner hears of it in this step; where he fails, by an entry that is tried again.

        What a remote server has been told cannot be undone, so the outcome is kept in any case.
        """
        try:
            with self.store.engine.atomic():
                self.ports.on_outcome(outcome)
        except Exception:
            logger.exception("the outcome of %s could not be told at once", outcome.mail_id)
            payload = {"outcome": msgspec.to_builtins(outcome)}
            self._outbox.put(OUTBOX_KIND, payload, trace=outcome.trace)

    def _tell_later(self, entry: Entry) -> None:
        self.ports.on_outcome(msgspec.convert(entry.payload["outcome"], Outcome))

    # ------------------------------------------------------------------ retention

    def start_retention(self) -> None:
        """Forget settled and captured mails past their retention now, and when the oldest is."""
        self._sweep()

    def _sweep(self) -> None:
        now_ms = self._clock.now_ms()
        next_ms = now_ms + _SWEEP_MS
        try:
            with self.store.engine.atomic():
                old = self.store.old(self._swept, now_ms - RETENTION_MS, _SWEEP_ROWS)
                spooled = [each for each in map(self.store.find, old) if each is not None]
                for each in spooled:
                    if all(one.state not in ("waiting", "sending") for one in each.recipients):
                        self.store.remove(each.mail.mail_id)
            if len(old) == _SWEEP_ROWS:
                last = spooled[-1].mail
                self._swept = (last.queued_at_ms, last.mail_id)
                next_ms = now_ms
            else:
                self._swept = (0, "")
                next_ms = next_sweep_ms(now_ms, self.store.oldest_ms(), RETENTION_MS)
        finally:
            # Also where the store refuses (a full disk): the next sweep may succeed.
            self._clock.call_at(next_ms, self._sweep)


def _outcome(
    taken: Taken, recipient: TakenRecipient, answer: Answer, now_ms: int, transport: str
) -> Outcome:
    mail = taken.mail
    if answer.code < 400:
        kind = DELIVERED
    elif answer.code >= 500:
        kind = BOUNCED
    else:
        kind = EXPIRED if now_ms >= taken.give_up_at_ms else DELAYED
    return Outcome(
        mail_id=mail.mail_id,
        owner=mail.owner,
        recipient=recipient.recipient,
        kind=kind,
        at_ms=now_ms,
        attempts=recipient.attempts,
        code=answer.code,
        enhanced=answer.enhanced,
        text=printable(answer.text),
        remote_host=printable(answer.remote_host),
        remote_ip=answer.remote_ip,
        processing_ms=now_ms - mail.queued_at_ms,
        is_permanent=answer.code >= 500,
        trace=mail.trace,
        transport=transport,
    )
