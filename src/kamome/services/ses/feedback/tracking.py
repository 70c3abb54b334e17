"""What recipients' clients call: the pixel, tracked links, and the page to unsubscribe.

AWS: SES Developer Guide, Amazon SES email sending metrics FAQs; Using subscription management.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from kamome.services.ses.contacts.unsubscribing import unsubscribe
from kamome.services.ses.entries import LINKS_PATH
from kamome.services.ses.exports import downloads
from kamome.services.ses.feedback import engagement, events, link_keys
from kamome.services.ses.feedback.event_publishing import publish
from kamome.services.ses.feedback.events import Event, Visit
from kamome.services.ses.limits import TRACKED_MS
from kamome.services.ses.sending.sent_mails import find_sent
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kamome.services.ses.sending.sent_mails import SentMail
    from kamome.services.ses.slice import Ses

# A GIF of one transparent pixel. GIF89a, §18 to §22.
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_NOT_CACHED = ("cache-control", "no-cache, no-store, private")
_USER_AGENT_CHARACTERS_MAX = 512


async def answer(ses: Ses, request: HttpRequest) -> HttpResponse:
    """Answer a recipient's client. What is not signed by this server is not found.

    The event is durable before the answer leaves.

    AWS: SES Developer Guide, Amazon SES email sending metrics FAQs.
    """
    kind, _, token = request.raw_path.removeprefix(LINKS_PATH).partition("/")
    content = link_keys.read(ses, kind, token)
    if content is None:
        return not_found()
    if kind == engagement.UNSUBSCRIBE:
        response = unsubscribe(ses, request, content)
    elif request.method not in ("GET", "HEAD"):
        return HttpResponse(405, [("allow", "GET, HEAD")], b"")
    elif kind == downloads.EXPORT:
        response = downloads.answer(ses, content)
    elif kind == engagement.OPENED:
        response = _open(ses, request, content)
    else:
        response = _click(ses, request, content)
    await ses.store.engine.durable()
    return response


def not_found() -> HttpResponse:
    """Nothing is there."""
    return HttpResponse(404, [("content-type", "text/plain")], b"There is nothing here.\n")


def _open(ses: Ses, request: HttpRequest, content: Mapping[str, object]) -> HttpResponse:
    _record(ses, request, content, events.opened)
    headers = [("content-type", "image/gif"), _NOT_CACHED]
    return HttpResponse(200, headers, _PIXEL if request.method == "GET" else b"")


def _click(ses: Ses, request: HttpRequest, content: Mapping[str, object]) -> HttpResponse:
    url, tags = str(content["u"]), content.get("t")
    link_tags = tags if isinstance(tags, dict) else None
    _record(ses, request, content, lambda sent, visit: events.clicked(sent, visit, url, link_tags))
    return HttpResponse(302, [("location", url), _NOT_CACHED], b"")


def _record(
    ses: Ses,
    request: HttpRequest,
    content: Mapping[str, object],
    event_of: Callable[[SentMail, Visit], Event],
) -> None:
    """Publish the event, for 60 days after the mail was sent and as long as it is known.

    HEAD is a scanner's question, not a person's.
    """
    sent = find_sent(ses, str(content["m"]))
    now_ms = ses.clock.now_ms()
    if sent is None or request.method != "GET" or now_ms - sent.sent_at_ms > TRACKED_MS:
        return
    agent = request.header("user-agent")[:_USER_AGENT_CHARACTERS_MAX]
    with ses.store.engine.atomic():
        publish(ses, sent, event_of(sent, Visit(request.client_ip, agent, now_ms)))
