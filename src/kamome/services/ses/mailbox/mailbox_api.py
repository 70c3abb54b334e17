"""`/_kamome/mails`: the mailbox for people, programs and the web console; `/_aws/ses` for tests.

    GET    /_kamome/mails?q=QUERY&limit=50&after=PLACE   newest first; `next` goes on
    POST   /_kamome/mails                                inject a mail as inbound
    GET    /_kamome/mails/ID                             all about one mail
    GET    /_kamome/mails/ID/raw                         as it was received or sent
    GET    /_kamome/mails/ID/html                        its HTML, in a sandbox
    GET    /_kamome/mails/ID/attachments/NUMBER          one attachment
    POST   /_kamome/mails/ID/release                     send a captured mail on
    POST   /_kamome/mails/ID/rerun                       work a received mail by the rules again
    GET    /_aws/ses?id=ID&email=SOURCE                  sent mails, the oldest first
    DELETE /_aws/ses?id=ID                               forget one, or all

ID may be the beginning of one, from 8 characters on. Fields and examples: docs/mail.md.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from kamome.mail.checks import Checks
from kamome.mail.search import QueryError, parse_query
from kamome.observe.answers import json_response, refusal
from kamome.services.ses.mailbox import mailbox_shown as shown
from kamome.services.ses.mailbox.mailbox import LAST, Mailbox, Place, apart
from kamome.services.ses.mailbox.mailbox_actions import CannotBeDone, Injected, MailboxActions
from kamome.services.ses.receiving.ordered_verdicts import checks_of
from kamome.services.ses.receiving.recipients import domain_of
from kamome.services.ses.slice import Ses
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from kamome.services.ses.mailbox.mailbox import Listed

PREFIX = "/_kamome/mails"
FEED_PREFIX = "/_aws/ses"

_LISTED_MAX = 500
_LISTED_BY_DEFAULT = 50
# So much of an id names a mail where no other begins like it.
_ID_CHARACTERS_MIN = 8
_FED_MAX = 1_000
_FORGOTTEN_AT_ONCE = 500
_NUMBER = re.compile(r"[0-9]{1,4}")
_PLACE = re.compile(r"([0-9]{1,19})-([A-Za-z0-9-]{1,80})")
_PATH = re.compile(
    r"/(?P<mail_id>[A-Za-z0-9-]{1,80})(?:/(?P<what>raw|html|release|rerun|attachments/[0-9]{1,4}))?"
)
# What a mail says is shown and nothing in it runs, nor is anything fetched from elsewhere.
_SANDBOX = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class InjectOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The body of an injection: `raw` in base 64, or the fields of a simple mail."""

    sender: str = msgspec.field(name="from", default="")
    to: list[str] = []
    raw: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    tls: bool = False
    verdicts: dict[str, str] = {}
    dmarc_policy: str = "reject"


class ReleaseOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a release: by which transport, empty for the server's own."""

    transport: str = ""


class MailboxApi:
    """The routes below `/_kamome/mails`."""

    def __init__(self, ses: Ses, mailbox: Mailbox, actions: MailboxActions) -> None:
        self._ses = ses
        self._mailbox = mailbox
        self._actions = actions

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        method = "GET" if request.method == "HEAD" else request.method
        try:
            handler = self._handler(method, request)
            if handler is None:
                return refusal(404, f"There is nothing at {request.method} {request.raw_path}.")
            return await handler()
        except CannotBeDone as error:
            return refusal(error.status, str(error))
        except (QueryError, msgspec.MsgspecError) as error:
            return refusal(400, f"{error}.")

    def _handler(
        self, method: str, request: HttpRequest
    ) -> Callable[[], Awaitable[HttpResponse]] | None:
        path = request.raw_path.removeprefix(PREFIX).rstrip("/")
        if path == "":
            whole = {"GET": self._list, "POST": self._inject}.get(method)
            return None if whole is None else partial(whole, request)
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        mail_id = self._whole_id(found["mail_id"])
        what, slash, number = (found["what"] or "").partition("/")
        routes = {
            ("GET", ""): partial(self._show, mail_id),
            ("GET", "raw"): partial(self._raw, mail_id),
            ("GET", "html"): partial(self._html, mail_id),
            ("POST", "release"): partial(self._release, mail_id, request),
            ("POST", "rerun"): partial(self._rerun, mail_id),
        }
        if slash:
            routes["GET", "attachments"] = partial(self._attachment, mail_id, int(number))
        return routes.get((method, what))

    def _whole_id(self, given: str) -> str:
        """The id itself, or the one mail's whose id begins like this."""
        if len(given) < _ID_CHARACTERS_MIN:
            return given
        found = self._mailbox.ids(given)
        if len(found) > 1 and given not in found:
            raise CannotBeDone(f"Several ids begin with {given}: {', '.join(found)}.")
        return found[0] if len(found) == 1 else given

    # ------------------------------------------------------------------ looking

    async def _list(self, request: HttpRequest) -> HttpResponse:
        limit = request.query_value("limit") or str(_LISTED_BY_DEFAULT)
        if not _NUMBER.fullmatch(limit) or not 1 <= int(limit) <= _LISTED_MAX:
            return refusal(400, f"limit is 1 to {_LISTED_MAX}.")
        query = parse_query(request.query_value("q") or "", self._ses.clock.now_ms())
        after = _place(request.query_value("after"))
        page = await self._mailbox.search(query, int(limit), after)
        answer: dict[str, object] = {"mails": [shown.line(mail) for mail in page.mails]}
        if page.after is not None:
            answer["next"] = f"{page.after[0]}-{page.after[1]}"
        return json_response(answer)

    async def _show(self, mail_id: str) -> HttpResponse:
        listed, raw = await self._found(mail_id)
        read = await apart(shown.read_content, raw)
        answer = shown.line(listed) | msgspec.structs.asdict(read)
        received = self._mailbox.received(mail_id)
        if received is not None:
            answer |= shown.envelope(received)
            answer["steps"] = shown.steps(self._mailbox.steps(mail_id))
        else:
            spooled = self._mailbox.spool.find(mail_id)
            answer["delivery"] = shown.recipients(spooled)
            answer["reverse_path"] = spooled.mail.reverse_path if spooled is not None else ""
            answer["events"] = shown.events(self._mailbox.events(mail_id))
        return json_response(answer)

    async def _raw(self, mail_id: str) -> HttpResponse:
        _, raw = await self._found(mail_id)
        return _download(raw, "message/rfc822", f"{mail_id}.eml")

    async def _html(self, mail_id: str) -> HttpResponse:
        _, raw = await self._found(mail_id)
        html = await apart(shown.html_of, raw)
        if html is None:
            raise CannotBeDone("This mail has no HTML.", 404)
        headers = [
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", _SANDBOX),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ]
        return HttpResponse(200, headers, html.encode("utf-8", "replace"))

    async def _attachment(self, mail_id: str, number: int) -> HttpResponse:
        _, raw = await self._found(mail_id)
        found = await apart(partial(_attachment, number), raw)
        if found is None:
            raise CannotBeDone(f"This mail has no attachment {number}.", 404)
        return _download(found.content, found.content_type, found.filename or f"{number}.bin")

    async def _found(self, mail_id: str) -> tuple[Listed, bytes]:
        listed = await self._mailbox.find(mail_id)
        raw = await self._mailbox.raw(mail_id) if listed is not None else None
        if listed is None or raw is None:
            raise CannotBeDone(f"There is no mail {mail_id}.", 404)
        return listed, raw

    # ------------------------------------------------------------------ doing

    async def _inject(self, request: HttpRequest) -> HttpResponse:
        order = msgspec.json.decode(request.body, type=InjectOrder)
        recipients = tuple(dict.fromkeys(order.to))
        raw = _given_raw(order, self._ses.clock.now_ms())
        injected = Injected(order.sender, recipients, raw, order.tls, _ordered(order))
        mail = await self._actions.inject(injected)
        return json_response({"id": mail.mail_id, "trace": mail.trace}, 201)

    async def _release(self, mail_id: str, request: HttpRequest) -> HttpResponse:
        order = msgspec.json.decode(request.body or b"{}", type=ReleaseOrder)
        count = await self._actions.release(mail_id, order.transport)
        return json_response({"id": mail_id, "released": count})

    async def _rerun(self, mail_id: str) -> HttpResponse:
        return json_response({"id": mail_id, "actions": await self._actions.rerun(mail_id)})


def _ordered(order: InjectOrder) -> Checks | None:
    if not order.verdicts:
        return None
    try:
        return checks_of(order.verdicts, domain_of(order.sender), order.dmarc_policy)
    except ValueError as error:
        raise CannotBeDone(f"{error}.", 400) from None


class SentFeed:
    """`/_aws/ses`: sent mails as tests of the field read them."""

    def __init__(self, ses: Ses, forget: Callable[[list[str]], None]) -> None:
        self._ses = ses
        self._forget = forget

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """GET shows the newest 1,000, the oldest of them first; DELETE forgets."""
        if request.raw_path.rstrip("/") != FEED_PREFIX:
            return refusal(404, f"There is nothing at {request.raw_path}.")
        if request.method == "DELETE":
            return await self._clear(request.query_value("id"))
        if request.method not in ("GET", "HEAD"):
            return refusal(405, f"{FEED_PREFIX} takes GET and DELETE.")
        wanted, source = request.query_value("id"), request.query_value("email")
        messages = []
        for sent in reversed(self._ses.sent.latest(_FED_MAX)):
            # Mails of the service itself (verification, forwarded feedback) are nobody's sending.
            if not sent.identity or (wanted and sent.message_id != wanted):
                continue
            if source and sent.source.lower() != source.lower():
                continue
            raw = await self._ses.sent.content(sent.message_id)
            if raw is not None:
                messages.append(await apart(partial(shown.feed_entry, sent), raw))
        return json_response({"messages": messages})

    async def _clear(self, message_id: str | None) -> HttpResponse:
        engine = self._ses.store.engine
        lost = engine.lost_transactions
        while ids := self._next(message_id):
            with engine.atomic():
                self._forget(ids)
            await engine.durable(lost)
        return HttpResponse(204, [], b"")

    def _next(self, message_id: str | None) -> list[str]:
        if message_id is not None:
            return [message_id] if self._ses.sent.find(message_id) is not None else []
        return [sent.message_id for sent in self._ses.sent.latest(_FORGOTTEN_AT_ONCE)]


def _attachment(number: int, raw: bytes) -> shown.Body | None:
    return shown.attachment(raw, number)


def _download(content: bytes, content_type: str, filename: str) -> HttpResponse:
    """For saving: no browser shows it in the place of a page of ours."""
    plain = re.sub(r"[^ !#-\[\]-~]", "_", filename)
    headers = [
        ("content-type", content_type),
        (
            "content-disposition",
            f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}",
        ),
        ("content-security-policy", _SANDBOX),
        ("x-content-type-options", "nosniff"),
    ]
    return HttpResponse(200, headers, content)


def _place(text: str | None) -> Place:
    if text is None:
        return LAST
    found = _PLACE.fullmatch(text)
    if found is None or int(found[1]) > LAST[0]:
        raise CannotBeDone("after is the next of an answer.", 400)
    return int(found[1]), found[2]


def _given_raw(order: InjectOrder, now_ms: int) -> bytes:
    if order.raw:
        try:
            return base64.b64decode(order.raw, validate=True)
        except binascii.Error as error:
            raise CannotBeDone(f"raw is not base 64: {error}.", 400) from None
    return _composed(order, now_ms)


def _composed(order: InjectOrder, now_ms: int) -> bytes:
    from email.message import EmailMessage
    from email.policy import SMTP
    from email.utils import formatdate

    mail = EmailMessage(SMTP)
    fields: Mapping[str, str] = {
        "From": order.sender,
        "To": ", ".join(order.to),
        "Subject": order.subject,
        "Date": formatdate(now_ms / 1000),
    }
    try:
        for name, value in fields.items():
            mail[name] = value
        mail.set_content(order.text)
        if order.html:
            mail.add_alternative(order.html, subtype="html")
        return mail.as_bytes()
    except (ValueError, UnicodeError) as error:
        raise CannotBeDone(f"No mail can be made of this: {error}.", 400) from None
