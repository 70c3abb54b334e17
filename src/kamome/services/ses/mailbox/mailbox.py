"""The mailbox: mails that were received and sent, listed, searched and read, newest first.

Received mails belong to nobody until rules take them, and sent ones to the account that sent them;
here they are shown together. Nothing changes by looking.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import TypeVar

import msgspec

from kamome.mail.envelope import Mail
from kamome.mail.header_fields import decode_words, first, split_fields
from kamome.mail.mime_tree import attachments, read_tree, text, text_part
from kamome.mail.search import Query, Searched
from kamome.mail.spool import Spool
from kamome.mail.store import MailGone, MailStore
from kamome.services.ses.feedback.event_store import EventStore, MailEvent
from kamome.services.ses.mailbox.mailbox_store import MailboxStore, ShownStep
from kamome.services.ses.sending.sent_mails import SentMail
from kamome.services.ses.sending.sent_store import SentStore

RECEIVED = "received"
SENT = "sent"
# Of SES itself: verification mails, feedback that it forwards.
SYSTEM = "system"

# One search looks through so many mails, and reads so much of them; it can be gone on with.
SCANNED_MAX = 2_000
SCANNED_BYTES_MAX = 64 * 1024 * 1024
_PAGE = 100
_HEAD_BYTES = 64 * 1024
# Smaller mails are taken apart faster than a thread is asked to.
_AT_ONCE_BYTES_MAX = 64 * 1024
_SEARCHED_CHARACTERS_MAX = 1_000_000
_TAG = re.compile(r"<[^>]{0,2000}>")
# Of the events that SES tells of, those that say how a mail stands.
_STATE_OF_EVENT = {
    "Delivery": "delivered",
    "Bounce": "bounced",
    "Complaint": "complained",
    "Reject": "rejected",
}

Result = TypeVar("Result")
Place = tuple[int, str]
LAST: Place = (1 << 62, "")


class Listed(msgspec.Struct, frozen=True):
    """A mail as a line of a list.

    `direction` is received or sent. `senders` are the From field and the envelope's sender,
    `recipients` those of the envelope. `states` are the direction and, for a sent mail, how its
    recipients stand (captured, waiting, delivered, bounced, expired, complained, rejected), and
    `system` where it is SES's own; a received one is `pending` while its rules have work left.
    """

    mail_id: str
    direction: str
    at_ms: int
    account: str
    region: str
    senders: tuple[str, ...]
    recipients: tuple[str, ...]
    subject: str
    raw_bytes: int
    states: tuple[str, ...]
    tags: dict[str, list[str]]
    configuration_set: str
    trace: str

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return self.at_ms, self.mail_id


class Page(msgspec.Struct, frozen=True):
    """A part of a list. `after` is where the next part begins, None at the end of all."""

    mails: tuple[Listed, ...]
    after: Place | None


class Mailbox:
    """Looks into the stores."""

    def __init__(self, mails: MailStore, sent: SentStore, spool: Spool, events: EventStore) -> None:
        self.mails = mails
        self.sent = sent
        self.spool = spool
        self._events = events
        self._steps = MailboxStore(mails.engine)

    # ------------------------------------------------------------------ lists

    async def search(self, query: Query, limit: int, after: Place = LAST) -> Page:
        """The newest mails behind `after` that match, `limit` at most.

        The page may have fewer, or none, and there be more all the same: then 2,000 mails or 64 MB
        have been looked through. Go on with its `after`.
        """
        if query.before_ms is not None:
            after = min(after, (query.before_ms, ""))
        found: list[Listed] = []
        read_bytes = 0
        for scanned, (_, mail) in enumerate(self._newest(after), 1):
            listed = await self._listed(mail)
            if query.after_ms is not None and listed.at_ms < query.after_ms:
                return Page(tuple(found), None)
            if query.may_match(searched(listed)):
                if query.needs_content:
                    read_bytes += listed.raw_bytes
                if not query.needs_content or await self._matches(query, listed):
                    found.append(listed)
            is_full = len(found) == limit
            if is_full or scanned == SCANNED_MAX or read_bytes > SCANNED_BYTES_MAX:
                return Page(tuple(found), listed.place)
            await asyncio.sleep(0)  # others have their turn between two mails
        return Page(tuple(found), None)

    async def find(self, mail_id: str) -> Listed | None:
        """One mail by its id; None where it is not (or no longer) kept."""
        mail = self.mails.find(mail_id) or self.sent.find(mail_id)
        return None if mail is None else await self._listed(mail)

    def _newest(self, after: Place) -> Iterator[tuple[Place, Mail | SentMail]]:
        """All mails behind a place, newest first, in pages from either store."""
        return merge(
            self._newest_received(after), self._newest_sent(after), key=itemgetter(0), reverse=True
        )

    def _newest_received(self, after: Place) -> Iterator[tuple[Place, Mail | SentMail]]:
        while page := self.mails.latest(_PAGE, before=after):
            for mail in page:
                after = (mail.received_at_ms, mail.mail_id)
                yield after, mail

    def _newest_sent(self, after: Place) -> Iterator[tuple[Place, Mail | SentMail]]:
        while page := self.sent.latest(_PAGE, before=after):
            for mail in page:
                after = (mail.sent_at_ms, mail.message_id)
                yield after, mail

    async def _listed(self, mail: Mail | SentMail) -> Listed:
        if isinstance(mail, SentMail):
            return self._listed_sent(mail)
        return await self._listed_received(mail)

    def _listed_sent(self, sent: SentMail) -> Listed:
        system = () if sent.identity else (SYSTEM,)
        author = sent.common_headers.get("from", [])
        authors = [author] if isinstance(author, str) else author
        return Listed(
            sent.message_id,
            SENT,
            sent.sent_at_ms,
            sent.account,
            sent.region,
            tuple(dict.fromkeys([*authors, sent.source])),
            sent.destinations,
            sent.subject,
            sent.raw_bytes,
            (SENT, *system, *self._sent_states(sent.message_id)),
            sent.tags,
            sent.configuration_set,
            sent.trace,
        )

    def _sent_states(self, message_id: str) -> list[str]:
        """How the recipients stand: by the spool, and by events of those that never entered it."""
        spooled = self.spool.find(message_id)
        states = {each.state for each in spooled.recipients} if spooled is not None else set()
        known = {each.recipient for each in spooled.recipients} if spooled is not None else set()
        for event in self._events.events(message_id):
            state = _STATE_OF_EVENT.get(event.type)
            if state and (event.recipient not in known or state in ("complained", "rejected")):
                states.add(state)
        return sorted("waiting" if state == "sending" else state for state in states)

    async def _listed_received(self, mail: Mail) -> Listed:
        fields = split_fields(await self._head(mail.mail_id))
        steps = self._steps.steps(mail.mail_id)
        author = decode_words(first(fields, "From") or "")
        owner = steps[0].owner if steps else None
        is_pending = any(step.done_at_ms is None for step in steps)
        return Listed(
            mail.mail_id,
            RECEIVED,
            mail.received_at_ms,
            owner.account if owner is not None else "",
            owner.region if owner is not None else "",
            tuple(dict.fromkeys(filter(None, (author, mail.envelope.reverse_path)))),
            mail.envelope.recipients,
            decode_words(first(fields, "Subject") or ""),
            mail.raw_bytes,
            (RECEIVED, "pending") if is_pending else (RECEIVED,),
            {},
            "",
            mail.trace,
        )

    async def _head(self, mail_id: str) -> bytes:
        try:
            return b"".join([p async for p in self.mails.read(mail_id, 0, _HEAD_BYTES)])
        except MailGone:
            return b""

    async def _matches(self, query: Query, listed: Listed) -> bool:
        raw = await self.raw(listed.mail_id)
        if raw is None:
            return False
        words, has = await apart(_searched_content, raw)
        return query.matches(searched(listed), words, has)

    # ------------------------------------------------------------------ one mail

    async def raw(self, mail_id: str) -> bytes | None:
        """The content of a mail, byte for byte; None where it is not kept."""
        try:
            return b"".join([piece async for piece in self.mails.read(mail_id)])
        except MailGone:
            return await self.sent.content(mail_id)

    def ids(self, beginning: str) -> list[str]:
        """Ids that begin like this, two of either kind at most."""
        return [*self.mails.ids(beginning, 2), *self._steps.sent_ids(beginning, 2)]

    def received(self, mail_id: str) -> Mail | None:
        """The envelope of a received mail."""
        return self.mails.find(mail_id)

    def steps(self, mail_id: str) -> list[ShownStep]:
        """What rules do with a received mail."""
        return self._steps.steps(mail_id)

    def events(self, mail_id: str) -> list[MailEvent]:
        """What happened to a sent mail."""
        return self._events.events(mail_id)


async def apart(work: Callable[[bytes], Result], raw: bytes) -> Result:
    """Take a mail apart: at once if it is small, else in a thread."""
    if len(raw) <= _AT_ONCE_BYTES_MAX:
        return work(raw)
    return await asyncio.to_thread(work, raw)


def searched(listed: Listed) -> Searched:
    """What a mail can be found by."""
    return Searched(
        listed.mail_id,
        listed.at_ms,
        listed.senders,
        listed.recipients,
        listed.subject,
        frozenset(listed.states),
        listed.tags,
    )


def _searched_content(raw: bytes) -> tuple[str, frozenset[str]]:
    tree = read_tree(raw)
    plain, html = text_part(tree, "text/plain"), text_part(tree, "text/html")
    texts = [text(raw, plain)] if plain is not None else []
    if html is not None:
        texts.append(_TAG.sub(" ", text(raw, html)[:_SEARCHED_CHARACTERS_MAX]))
    names = [part.filename for part in attachments(tree)]
    has = {
        word
        for word, is_there in (("attachment", names), ("html", html), ("text", plain))
        if is_there
    }
    words = "\n".join(chain((each[:_SEARCHED_CHARACTERS_MAX] for each in texts), names))
    return words, frozenset(has)
