"""Leaving a contact list: by one click of the mail client, or on a page with all topics.

AWS: SES Developer Guide, Using subscription management. RFC 8058.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

from kamome.services.ses.contacts.contact_store import Contact, ContactList, ContactStore
from kamome.services.ses.contacts.subscriptions import OPT_IN, OPT_OUT, is_subscribed
from kamome.services.ses.feedback import events
from kamome.services.ses.feedback.event_publishing import publish
from kamome.services.ses.feedback.suppression import normal_address
from kamome.services.ses.sending.sent_mails import find_sent
from kamome.services.ses.store import Owner
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.services.ses.slice import Ses

# RFC 8058 §3.1: the body of the client's request.
_ONE_CLICK = ("List-Unsubscribe", "One-Click")
# `source` of the event: AWS's word for the header, ours for the page.
_BY_HEADER = "UnsubscribeHeader"
_BY_PAGE = "UnsubscribePage"
_MULTIPART_CLICK = re.compile(rb'name="?List-Unsubscribe"?\s*\r?\n\r?\nOne-Click\s')
_FIELDS_MAX = 100
_ALL = "all"
_STATUSES = {OPT_IN: "OptIn", OPT_OUT: "OptOut"}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Subscriptions</title>
<meta name="viewport" content="width=device-width"></head>
<body><h1>Subscriptions</h1>{said}
<form method="post"><p>Mails to {address}:</p>{topics}
<p><label><input type="checkbox" name="{all}" value="1"{off}>
Unsubscribe from everything</label></p>
<p><button>Save</button></p></form></body></html>
"""
# Nothing from elsewhere, no scripts, and in no frame. The page is made of names that others chose.
_POLICY = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


class _Subscriber(msgspec.Struct, frozen=True):
    """Whom a link is about: an address on a list, and the topic of the mail."""

    owner: Owner
    message_id: str
    address: str
    list_name: str
    topic: str


def unsubscribe(ses: Ses, request: HttpRequest, content: Mapping[str, object]) -> HttpResponse:
    """Answer what a signed link to unsubscribe asks. GET shows the page and changes nothing.

    A POST as mail clients send it unsubscribes from the mail's topic, or from the whole list where
    the mail had none; the page's own POST sets all topics as they were ticked.

    AWS: SES Developer Guide, Using subscription management. RFC 8058 §3.2.
    """
    owner = content["o"]
    assert isinstance(owner, list)
    who = _Subscriber(
        Owner(str(owner[0]), str(owner[1])),
        str(content["m"]),
        normal_address(str(content["a"])),
        str(content["l"]),
        str(content["t"]),
    )
    found = ContactStore(ses.store.engine).find_list(who.owner, who.list_name)
    if found is None:
        return _answered(404, "<p>This list is no longer there.</p>")
    if request.method in ("GET", "HEAD"):
        return _shown(found, _contact(ses, who), "")
    if request.method != "POST":
        return HttpResponse(405, [("allow", "GET, HEAD, POST")], b"")
    form = _form(request)
    if _ONE_CLICK in form:
        _change(ses, found, who, _without(found, _contact(ses, who), who.topic), _BY_HEADER)
        return _answered(200, "<p>You are unsubscribed.</p>")
    changed = _ticked(found, _contact(ses, who), dict(form))
    _change(ses, found, who, changed, _BY_PAGE)
    return _shown(found, changed, "<p>Saved.</p>")


def _form(request: HttpRequest) -> list[tuple[str, str]]:
    """What is posted; clients may send one click as a form of either kind. RFC 8058 §3.2."""
    if _MULTIPART_CLICK.search(request.body):
        return [_ONE_CLICK]
    try:
        text = request.body.decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        return []  # too many fields: none of ours


def _contact(ses: Ses, who: _Subscriber) -> Contact:
    now_ms = ses.clock.now_ms()
    found = ContactStore(ses.store.engine).find(who.owner, who.list_name, who.address)
    return found or Contact(who.address, {}, False, None, now_ms, now_ms)


def _without(found: ContactList, contact: Contact, topic: str) -> Contact:
    """The contact without one topic, or without any."""
    if topic not in found.defaults:
        return msgspec.structs.replace(contact, is_unsubscribed_from_all=True)
    return msgspec.structs.replace(contact, preferences={**contact.preferences, topic: OPT_OUT})


def _ticked(found: ContactList, contact: Contact, form: Mapping[str, str]) -> Contact:
    preferences = {
        topic.name: OPT_IN if f"topic-{number}" in form else OPT_OUT
        for number, topic in enumerate(found.topics)
    }
    return msgspec.structs.replace(
        contact, preferences=preferences, is_unsubscribed_from_all=_ALL in form
    )


def _change(ses: Ses, found: ContactList, who: _Subscriber, changed: Contact, source: str) -> None:
    """Keep what the contact has chosen and tell of it, in one step; the mail may be forgotten."""
    before, now_ms = _contact(ses, who), ses.clock.now_ms()
    sent = find_sent(ses, who.message_id)
    with ses.store.engine.atomic():
        kept = msgspec.structs.replace(changed, updated_at_ms=now_ms)
        ContactStore(ses.store.engine).put(who.owner, who.list_name, kept)
        if sent is not None:
            event = events.subscription(
                sent,
                now_ms,
                contact_list=who.list_name,
                source=source,
                preferences=(_preferences(found, before), _preferences(found, changed)),
            )
            publish(ses, sent, event)


def _preferences(found: ContactList, contact: Contact) -> dict[str, object]:
    """AWS: SES Developer Guide, Contents of event data, Subscription object."""
    return {
        "unsubscribeAll": contact.is_unsubscribed_from_all,
        "topicSubscriptionStatus": [
            {
                "topicName": name,
                "subscriptionStatus": _STATUSES[contact.preferences.get(name, default)],
            }
            for name, default in found.defaults.items()
        ],
    }


def _shown(found: ContactList, contact: Contact, said: str) -> HttpResponse:
    import html

    open_contact = msgspec.structs.replace(contact, is_unsubscribed_from_all=False)
    topics = "".join(
        f'<p><label><input type="checkbox" name="topic-{number}" value="1"'
        f"{' checked' if is_subscribed(found, open_contact, topic.name) else ''}> "
        f"{html.escape(topic.display_name)}</label></p>"
        for number, topic in enumerate(found.topics)
    )
    off = " checked" if contact.is_unsubscribed_from_all else ""
    page = _PAGE.format(
        said=said, address=html.escape(contact.address), topics=topics, all=_ALL, off=off
    )
    return _answered(200, page)


def _answered(status: int, page: str) -> HttpResponse:
    headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", _POLICY),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ]
    return HttpResponse(status, headers, page.encode())
