"""Contacts of a list by the SES API v2, in the order of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kamome.context import RequestContext
from kamome.services.ses.configuration_sets.configuration_sets_v2 import page_size
from kamome.services.ses.contacts.contact_lists import contacts_of, found_list
from kamome.services.ses.contacts.contact_store import Contact, ContactList
from kamome.services.ses.contacts.subscriptions import OPT_IN
from kamome.services.ses.errors_v2 import (
    AlreadyExistsException,
    BadRequestException,
    NotFoundException,
)
from kamome.services.ses.feedback.suppression import normal_address
from kamome.services.ses.limits import ADDRESS_CHARACTERS_MAX, ATTRIBUTES_CHARACTERS_MAX
from kamome.services.ses.pages import after_token, next_token
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2

# Contacts that are looked at in one call; the page may come out shorter, its token goes on.
_LOOKED_AT_MAX = 5_000


async def create_contact(
    ses: Ses, ctx: RequestContext, request: shapes_v2.CreateContactRequest
) -> shapes_v2.CreateContactResult:
    """Put an address on a list.

    Raises:
        NotFoundException: no such list.
        AlreadyExistsException: the address is on it.
        BadRequestException: it is no address, a topic is unknown, or the attributes are no JSON.

    AWS: SES API v2 Reference, CreateContact.
    """
    owner = Owner(ctx.account, ctx.region)
    found = found_list(ses, owner, request["ContactListName"])
    address = _checked_address(request["EmailAddress"])
    if contacts_of(ses).find(owner, found.name, address) is not None:
        raise AlreadyExistsException(f"Email: {address} already exists in List: {found.name}.")
    now_ms = ses.clock.now_ms()
    contact = Contact(
        address,
        _preferences(found, request.get("TopicPreferences", [])),
        request.get("UnsubscribeAll", False),
        _checked_attributes(request.get("AttributesData")),
        now_ms,
        now_ms,
    )
    contacts_of(ses).put(owner, found.name, contact)
    return {}


async def delete_contact(
    ses: Ses, ctx: RequestContext, request: shapes_v2.DeleteContactRequest
) -> shapes_v2.DeleteContactResult:
    """Take an address off a list.

    Raises:
        NotFoundException: no such list, or the address is not on it.

    AWS: SES API v2 Reference, DeleteContact.
    """
    owner = Owner(ctx.account, ctx.region)
    found = found_list(ses, owner, request["ContactListName"])
    address = normal_address(request["EmailAddress"])
    if not contacts_of(ses).delete(owner, found.name, address):
        raise _no_contact(found.name, address)
    return {}


async def get_contact(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetContactRequest
) -> shapes_v2.GetContactResult:
    """What an address on a list has said, and what holds for the other topics.

    Raises:
        NotFoundException: no such list, or the address is not on it.

    AWS: SES API v2 Reference, GetContact.
    """
    owner = Owner(ctx.account, ctx.region)
    found = found_list(ses, owner, request["ContactListName"])
    contact = _found(ses, owner, found.name, request["EmailAddress"])
    shown: shapes_v2.GetContactResult = {
        "ContactListName": found.name,
        "EmailAddress": contact.address,
        "TopicPreferences": _stated(found, contact),
        "TopicDefaultPreferences": _unstated(found, contact),
        "UnsubscribeAll": contact.is_unsubscribed_from_all,
        "CreatedTimestamp": contact.created_at_ms / 1000,
        "LastUpdatedTimestamp": contact.updated_at_ms / 1000,
    }
    if contact.attributes_data is not None:
        shown["AttributesData"] = contact.attributes_data
    return shown


async def list_contacts(
    ses: Ses, ctx: RequestContext, request: shapes_v2.ListContactsRequest
) -> shapes_v2.ListContactsResult:
    """Contacts by address, filtered by what they want; a page may have fewer than it could.

    Raises:
        NotFoundException: no such list.
        BadRequestException: `PageSize` is not 1 to 1,000, or the filter's topic is unknown.
        InvalidNextTokenException: the token is not ours.

    AWS: SES API v2 Reference, ListContacts.
    """
    owner = Owner(ctx.account, ctx.region)
    found = found_list(ses, owner, request["ContactListName"])
    limit = page_size(request.get("PageSize"))
    wanted = request.get("Filter", {})
    topic = wanted.get("TopicFilter", {}).get("TopicName", "")
    if topic and topic not in found.defaults:
        raise _no_topic(found, topic)
    after = after_token(request.get("NextToken", ""))
    looked_at = contacts_of(ses).page(owner, found.name, after, _LOOKED_AT_MAX + 1)
    shown: list[shapes_v2.Contact] = []
    last = ""
    for contact in looked_at[:_LOOKED_AT_MAX]:
        if len(shown) == limit:
            break
        last = contact.address
        if _is_wanted(found, contact, wanted):
            shown.append(_described(found, contact))
    if not looked_at or last == looked_at[-1].address:
        return {"Contacts": shown}
    return {"Contacts": shown, "NextToken": next_token(last)}


async def update_contact(
    ses: Ses, ctx: RequestContext, request: shapes_v2.UpdateContactRequest
) -> shapes_v2.UpdateContactResult:
    """Put new preferences in place of a contact's; all of them, as AWS does.

    Attributes that are not given stay.

    Raises:
        NotFoundException: no such list, or the address is not on it.
        BadRequestException: a topic is unknown, or the attributes are no JSON.

    AWS: SES API v2 Reference, UpdateContact.
    """
    owner = Owner(ctx.account, ctx.region)
    found = found_list(ses, owner, request["ContactListName"])
    before = _found(ses, owner, found.name, request["EmailAddress"])
    attributes = _checked_attributes(request.get("AttributesData"))
    changed = Contact(
        before.address,
        _preferences(found, request.get("TopicPreferences", [])),
        request.get("UnsubscribeAll", False),
        before.attributes_data if attributes is None else attributes,
        before.created_at_ms,
        ses.clock.now_ms(),
    )
    contacts_of(ses).put(owner, found.name, changed)
    return {}


def _is_wanted(found: ContactList, contact: Contact, wanted: shapes_v2.ListContactsFilter) -> bool:
    """AWS: SES API v2 Reference, ListContactsFilter, TopicFilter."""
    if "FilteredStatus" not in wanted:
        return True
    status = wanted["FilteredStatus"]
    chosen = wanted.get("TopicFilter", {})
    topic = chosen.get("TopicName", "")
    if not topic:
        return contact.is_unsubscribed_from_all == (status != OPT_IN)
    said = contact.preferences.get(topic)
    if said is None and chosen.get("UseDefaultIfPreferenceUnavailable", False):
        said = found.defaults[topic]
    if status == OPT_IN and contact.is_unsubscribed_from_all:
        return False
    return said == status or (status != OPT_IN and contact.is_unsubscribed_from_all)


def _described(found: ContactList, contact: Contact) -> shapes_v2.Contact:
    return {
        "EmailAddress": contact.address,
        "TopicPreferences": _stated(found, contact),
        "TopicDefaultPreferences": _unstated(found, contact),
        "UnsubscribeAll": contact.is_unsubscribed_from_all,
        "LastUpdatedTimestamp": contact.updated_at_ms / 1000,
    }


def _stated(found: ContactList, contact: Contact) -> list[shapes_v2.TopicPreference]:
    """Of the topics that the list has now: UpdateContact takes what GetContact has shown."""
    return [
        {"TopicName": name, "SubscriptionStatus": status}
        for name, status in contact.preferences.items()
        if name in found.defaults
    ]


def _unstated(found: ContactList, contact: Contact) -> list[shapes_v2.TopicPreference]:
    return [
        {"TopicName": name, "SubscriptionStatus": status}
        for name, status in found.defaults.items()
        if name not in contact.preferences
    ]


def _preferences(found: ContactList, given: list[shapes_v2.TopicPreference]) -> dict[str, str]:
    for preference in given:
        if preference["TopicName"] not in found.defaults:
            raise _no_topic(found, preference["TopicName"])
    return {each["TopicName"]: each["SubscriptionStatus"] for each in given}


def _checked_address(address: str) -> str:
    from kamome.mail.commands import is_mailbox

    normal = normal_address(address)
    if len(normal) > ADDRESS_CHARACTERS_MAX or not is_mailbox(normal, is_smtputf8=True):
        raise BadRequestException(f"Email address <{address}> is not valid.")
    return normal


def _checked_attributes(attributes: str | None) -> str | None:
    """AWS: SES Developer Guide, Using list management: a valid JSON object."""
    if attributes is None:
        return None
    try:
        is_good = isinstance(orjson.loads(attributes), dict)
    except orjson.JSONDecodeError:
        is_good = False
    if not is_good or len(attributes) > ATTRIBUTES_CHARACTERS_MAX:
        raise BadRequestException("AttributesData is not a JSON object, or too long.")
    return attributes


def _found(ses: Ses, owner: Owner, list_name: str, address: str) -> Contact:
    normal = normal_address(address)
    contact = contacts_of(ses).find(owner, list_name, normal)
    if contact is None:
        raise _no_contact(list_name, normal)
    return contact


def _no_contact(list_name: str, address: str) -> NotFoundException:
    return NotFoundException(f"Email: {address} doesn't exist in List: {list_name}.")


def _no_topic(found: ContactList, topic: str) -> BadRequestException:
    return BadRequestException(f"Topic: {topic} doesn't exist in List: {found.name}.")
