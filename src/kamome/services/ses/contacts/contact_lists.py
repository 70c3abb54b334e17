"""Contact lists by the SES API v2, in the order of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.ses.configuration_sets.configuration_sets import is_name
from kamome.services.ses.configuration_sets.configuration_sets_v2 import page_size
from kamome.services.ses.contacts.contact_store import ContactList, ContactStore, Topic
from kamome.services.ses.errors_v2 import (
    AlreadyExistsException,
    BadRequestException,
    LimitExceededException,
    NotFoundException,
)
from kamome.services.ses.limits import CONTACT_LISTS_MAX, TOPICS_MAX
from kamome.services.ses.pages import after_token, next_token
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.services.ses.tags import add_tags, forget_tags, tags_of

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2


async def create_contact_list(
    ses: Ses, ctx: RequestContext, request: shapes_v2.CreateContactListRequest
) -> shapes_v2.CreateContactListResult:
    """Make a list with its topics. An account has one in a region.

    Raises:
        BadRequestException: a name is not allowed, a topic is given twice, or there are more than
            20 of them.
        AlreadyExistsException: a list of this name exists.
        LimitExceededException: the account has another list.

    AWS: SES API v2 Reference, CreateContactList.
    """
    owner, name = Owner(ctx.account, ctx.region), request["ContactListName"]
    if not is_name(name):
        raise BadRequestException(f"Invalid contact list name <{name}>.")
    kept = contacts_of(ses)
    if kept.find_list(owner, name) is not None:
        raise AlreadyExistsException(f"List with name: {name} already exists.")
    if len(kept.lists(owner, "", CONTACT_LISTS_MAX)) >= CONTACT_LISTS_MAX:
        raise LimitExceededException("The account has a contact list already.")
    now_ms = ses.clock.now_ms()
    topics = _checked_topics(request.get("Topics", []))
    made = ContactList(name, request.get("Description"), topics, now_ms, now_ms)
    kept.put_list(owner, made)
    add_tags(ses, _arn(ctx, name), request.get("Tags", []))
    return {}


async def delete_contact_list(
    ses: Ses, ctx: RequestContext, request: shapes_v2.DeleteContactListRequest
) -> shapes_v2.DeleteContactListResult:
    """Forget a list and all its contacts.

    Raises:
        NotFoundException: no such list.

    AWS: SES API v2 Reference, DeleteContactList.
    """
    name = request["ContactListName"]
    if not contacts_of(ses).delete_list(Owner(ctx.account, ctx.region), name):
        raise _no_list(name)
    forget_tags(ses, _arn(ctx, name))
    return {}


async def get_contact_list(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetContactListRequest
) -> shapes_v2.GetContactListResult:
    """A list with its topics, not its contacts.

    Raises:
        NotFoundException: no such list.

    AWS: SES API v2 Reference, GetContactList.
    """
    found = found_list(ses, Owner(ctx.account, ctx.region), request["ContactListName"])
    shown: shapes_v2.GetContactListResult = {
        "ContactListName": found.name,
        "Topics": [_described(topic) for topic in found.topics],
        "CreatedTimestamp": found.created_at_ms / 1000,
        "LastUpdatedTimestamp": found.updated_at_ms / 1000,
        "Tags": tags_of(ses, _arn(ctx, found.name)),
    }
    if found.description is not None:
        shown["Description"] = found.description
    return shown


async def list_contact_lists(
    ses: Ses, ctx: RequestContext, request: shapes_v2.ListContactListsRequest
) -> shapes_v2.ListContactListsResult:
    """Names of lists, 1,000 at a time or `PageSize`.

    Raises:
        BadRequestException: `PageSize` is not 1 to 1,000.
        InvalidNextTokenException: the token is not ours.

    AWS: SES API v2 Reference, ListContactLists.
    """
    limit = page_size(request.get("PageSize"))
    after = after_token(request.get("NextToken", ""))
    found = contacts_of(ses).lists(Owner(ctx.account, ctx.region), after, limit + 1)
    shown: shapes_v2.ListContactListsResult = {
        "ContactLists": [
            {"ContactListName": each.name, "LastUpdatedTimestamp": each.updated_at_ms / 1000}
            for each in found[:limit]
        ]
    }
    if len(found) > limit:
        shown["NextToken"] = next_token(found[limit - 1].name)
    return shown


async def update_contact_list(
    ses: Ses, ctx: RequestContext, request: shapes_v2.UpdateContactListRequest
) -> shapes_v2.UpdateContactListResult:
    """Put new topics and a new description in place of a list's; what is not given goes.

    Contacts keep what they have said, also about topics that are gone, which are not shown.

    Raises:
        NotFoundException: no such list.
        BadRequestException: as for CreateContactList.

    AWS: SES API v2 Reference, UpdateContactList.
    """
    owner = Owner(ctx.account, ctx.region)
    found = found_list(ses, owner, request["ContactListName"])
    topics = _checked_topics(request.get("Topics", []))
    now_ms = ses.clock.now_ms()
    description = request.get("Description")
    changed = ContactList(found.name, description, topics, found.created_at_ms, now_ms)
    contacts_of(ses).put_list(owner, changed)
    return {}


def contacts_of(ses: Ses) -> ContactStore:
    """The rows of lists and contacts."""
    return ContactStore(ses.store.engine)


def found_list(ses: Ses, owner: Owner, name: str) -> ContactList:
    """A list by its name.

    Raises:
        NotFoundException: no such list.

    AWS: SES API v2 Reference, GetContactList.
    """
    found = contacts_of(ses).find_list(owner, name)
    if found is None:
        raise _no_list(name)
    return found


def _checked_topics(given: list[shapes_v2.Topic]) -> tuple[Topic, ...]:
    names = [topic["TopicName"] for topic in given]
    if len(names) > TOPICS_MAX:
        raise BadRequestException(f"A contact list has at most {TOPICS_MAX} topics.")
    if len(set(names)) != len(names):
        raise BadRequestException("A topic is given twice.")
    if not all(is_name(name) for name in names):
        raise BadRequestException("The name of a topic is not valid.")
    return tuple(
        Topic(
            topic["TopicName"],
            topic["DisplayName"],
            topic.get("Description"),
            topic["DefaultSubscriptionStatus"],
        )
        for topic in given
    )


def _described(topic: Topic) -> shapes_v2.Topic:
    shown: shapes_v2.Topic = {
        "TopicName": topic.name,
        "DisplayName": topic.display_name,
        "DefaultSubscriptionStatus": topic.default,
    }
    if topic.description is not None:
        shown["Description"] = topic.description
    return shown


def _arn(ctx: RequestContext, name: str) -> str:
    return ctx.arn("ses", f"contact-list/{name}")


def _no_list(name: str) -> NotFoundException:
    return NotFoundException(f"List with name: {name} doesn't exist.")
