"""Who wants mails of a contact list, or of one of its topics.

AWS: SES Developer Guide, Using list management; Using subscription management.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.ses.contacts.contact_store import Contact, ContactList, ContactStore
from kamome.services.ses.feedback.suppression import normal_address
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses.sending.sent_mails import SentMail
    from kamome.services.ses.slice import Ses

OPT_IN = "OPT_IN"
OPT_OUT = "OPT_OUT"


def is_subscribed(contact_list: ContactList, contact: Contact, topic: str) -> bool:
    """Whether a contact wants mails of the list, or of a topic of it.

    Without a topic all but who has left the whole list do. What the contact has not said about a
    topic, the topic's default says.

    AWS: SES API v2 Reference, Contact, TopicPreference.
    """
    if contact.is_unsubscribed_from_all:
        return False
    default = contact_list.defaults.get(topic, OPT_IN)
    return not topic or contact.preferences.get(topic, default) == OPT_IN


def unsubscribed(ses: Ses, sent: SentMail) -> list[str]:
    """The recipients who do not want a mail of its list and topic; others come on the list.

    Part of the step that sends the mail.

    AWS: SES Developer Guide, Using list management: mails to unsubscribed contacts bounce, and an
    address that is not on the list becomes a contact.
    """
    if not sent.list_name:
        return []
    owner, contacts = Owner(sent.account, sent.region), ContactStore(ses.store.engine)
    found = contacts.find_list(owner, sent.list_name)
    if found is None:
        return []
    refused = []
    for address in sent.destinations:
        contact = contacts.find(owner, sent.list_name, normal_address(address))
        if contact is None:
            now_ms = ses.clock.now_ms()
            fresh = Contact(normal_address(address), {}, False, None, now_ms, now_ms)
            contacts.put(owner, sent.list_name, fresh)
        elif not is_subscribed(found, contact, sent.topic_name):
            refused.append(address)
    return refused
