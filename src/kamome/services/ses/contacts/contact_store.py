"""Contact lists and their contacts in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.storage.engine import Engine, Row

if TYPE_CHECKING:
    from kamome.services.ses.store import Owner

# All by the primary key of ses_contact_list, or a range of it.
UPSERT_LIST = """
INSERT INTO ses_contact_list (account, region, name, created_at_ms, updated_at_ms, list)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, name)
DO UPDATE SET updated_at_ms = excluded.updated_at_ms, list = excluded.list
"""
SELECT_LIST = """
SELECT name, created_at_ms, updated_at_ms, list FROM ses_contact_list
WHERE account = ? AND region = ? AND name = ?
"""
SELECT_LISTS = """
SELECT name, created_at_ms, updated_at_ms, list FROM ses_contact_list
WHERE account = ? AND region = ? AND name > ? ORDER BY name LIMIT ?
"""
DELETE_LIST = "DELETE FROM ses_contact_list WHERE account = ? AND region = ? AND name = ?"
# All by the primary key of ses_contact, or a range of it.
UPSERT_CONTACT = """
INSERT INTO ses_contact
  (account, region, list_name, address, created_at_ms, updated_at_ms, contact)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, list_name, address)
DO UPDATE SET updated_at_ms = excluded.updated_at_ms, contact = excluded.contact
"""
SELECT_CONTACT = """
SELECT address, created_at_ms, updated_at_ms, contact FROM ses_contact
WHERE account = ? AND region = ? AND list_name = ? AND address = ?
"""
SELECT_CONTACTS = """
SELECT address, created_at_ms, updated_at_ms, contact FROM ses_contact
WHERE account = ? AND region = ? AND list_name = ? AND address > ? ORDER BY address LIMIT ?
"""
DELETE_CONTACT = """
DELETE FROM ses_contact WHERE account = ? AND region = ? AND list_name = ? AND address = ?
"""
DELETE_CONTACTS = "DELETE FROM ses_contact WHERE account = ? AND region = ? AND list_name = ?"


class Topic(msgspec.Struct, frozen=True):
    """A theme of a list. AWS: SES API v2 Reference, Topic."""

    name: str
    display_name: str
    description: str | None
    default: str


class ContactList(msgspec.Struct, frozen=True):
    """A list. AWS: SES API v2 Reference, GetContactList."""

    name: str
    description: str | None
    topics: tuple[Topic, ...]
    created_at_ms: int
    updated_at_ms: int

    @property
    def defaults(self) -> dict[str, str]:
        """What holds for contacts who have not said otherwise, by topic."""
        return {topic.name: topic.default for topic in self.topics}


class Contact(msgspec.Struct, frozen=True):
    """An address on a list. `preferences` are OPT_IN or OPT_OUT by topic, as the contact said."""

    address: str
    preferences: dict[str, str]
    is_unsubscribed_from_all: bool
    attributes_data: str | None
    created_at_ms: int
    updated_at_ms: int


class _Listed(msgspec.Struct, frozen=True):
    description: str | None
    topics: tuple[Topic, ...]


class _Kept(msgspec.Struct, frozen=True):
    preferences: dict[str, str]
    is_unsubscribed_from_all: bool
    attributes_data: str | None


class ContactStore:
    """All rows of contact lists. Writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put_list(self, owner: Owner, kept: ContactList) -> None:
        """Keep a list, in place of one of its name; the time of its making stays."""
        body = msgspec.json.encode(_Listed(kept.description, kept.topics))
        times = (kept.created_at_ms, kept.updated_at_ms)
        self._engine.write(UPSERT_LIST, (owner.account, owner.region, kept.name, *times, body))

    def find_list(self, owner: Owner, name: str) -> ContactList | None:
        """A list by its name."""
        row = self._engine.one(SELECT_LIST, (owner.account, owner.region, name))
        return None if row is None else _list(row)

    def lists(self, owner: Owner, after: str, limit: int) -> list[ContactList]:
        """Lists by name, those behind `after`."""
        rows = self._engine.all(SELECT_LISTS, (owner.account, owner.region, after, limit))
        return [_list(row) for row in rows]

    def delete_list(self, owner: Owner, name: str) -> bool:
        """Forget a list and its contacts; False where there was none."""
        key = (owner.account, owner.region, name)
        with self._engine.atomic():
            self._engine.write(DELETE_CONTACTS, key)
            return self._engine.write(DELETE_LIST, key) == 1

    def put(self, owner: Owner, list_name: str, contact: Contact) -> None:
        """Keep a contact, in place of one of his address; the time of his coming stays."""
        kept = _Kept(contact.preferences, contact.is_unsubscribed_from_all, contact.attributes_data)
        key = (owner.account, owner.region, list_name, contact.address)
        times = (contact.created_at_ms, contact.updated_at_ms)
        self._engine.write(UPSERT_CONTACT, (*key, *times, msgspec.json.encode(kept)))

    def find(self, owner: Owner, list_name: str, address: str) -> Contact | None:
        """A contact by his address."""
        key = (owner.account, owner.region, list_name, address)
        row = self._engine.one(SELECT_CONTACT, key)
        return None if row is None else _contact(row)

    def page(self, owner: Owner, list_name: str, after: str, limit: int) -> list[Contact]:
        """Contacts by address, those behind `after`."""
        key = (owner.account, owner.region, list_name, after, limit)
        return [_contact(row) for row in self._engine.all(SELECT_CONTACTS, key)]

    def delete(self, owner: Owner, list_name: str, address: str) -> bool:
        """Forget a contact; False where there was none."""
        key = (owner.account, owner.region, list_name, address)
        return self._engine.write(DELETE_CONTACT, key) == 1


def _list(row: Row) -> ContactList:
    name, created_at_ms, updated_at_ms, body = row
    assert isinstance(created_at_ms, int)
    assert isinstance(updated_at_ms, int)
    assert isinstance(body, bytes)
    kept = msgspec.json.decode(body, type=_Listed)
    return ContactList(str(name), kept.description, kept.topics, created_at_ms, updated_at_ms)


def _contact(row: Row) -> Contact:
    address, created_at_ms, updated_at_ms, body = row
    assert isinstance(created_at_ms, int)
    assert isinstance(updated_at_ms, int)
    assert isinstance(body, bytes)
    kept = msgspec.json.decode(body, type=_Kept)
    return Contact(
        str(address),
        kept.preferences,
        kept.is_unsubscribed_from_all,
        kept.attributes_data,
        created_at_ms,
        updated_at_ms,
    )
