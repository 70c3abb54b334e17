"""Identities in the store: how each is verified, signs, and what belongs to it."""

from __future__ import annotations

import msgspec

from kamome.services.ses.store import Owner
from kamome.storage.engine import Engine, Row

# Primary key of ses_identity.
UPSERT_IDENTITY = """
INSERT INTO ses_identity (account, region, identity, type, status, facts)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, identity)
DO UPDATE SET status = excluded.status, facts = excluded.facts
"""
SELECT_IDENTITY = """
SELECT facts FROM ses_identity WHERE account = ? AND region = ? AND identity = ?
"""
DELETE_IDENTITY = "DELETE FROM ses_identity WHERE account = ? AND region = ? AND identity = ?"
# Primary key, as a range that begins after the last one given out.
SELECT_IDENTITIES = """
SELECT facts FROM ses_identity
WHERE account = ? AND region = ? AND identity > ? ORDER BY identity LIMIT ?
"""
# Index ses_identity_type, as such a range of one type.
SELECT_IDENTITIES_OF_TYPE = """
SELECT facts FROM ses_identity
WHERE account = ? AND region = ? AND type = ? AND identity > ? ORDER BY identity LIMIT ?
"""
# Index ses_identity_name.
SELECT_OWNERS = """
SELECT account, region FROM ses_identity WHERE identity = ? AND status = 'Success'
ORDER BY account, region LIMIT ?
"""
# Primary key, as a covering range.
COUNT_IDENTITIES = "SELECT count(*) FROM ses_identity WHERE account = ? AND region = ?"

# All by the primary key of ses_dkim_key.
UPSERT_KEY = """
INSERT INTO ses_dkim_key (account, region, identity, selector, algorithm, private_key, public_key)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, identity)
DO UPDATE SET selector = excluded.selector, algorithm = excluded.algorithm,
  private_key = excluded.private_key, public_key = excluded.public_key
"""
SELECT_KEY = """
SELECT selector, algorithm, private_key, public_key FROM ses_dkim_key
WHERE account = ? AND region = ? AND identity = ?
"""
DELETE_KEY = "DELETE FROM ses_dkim_key WHERE account = ? AND region = ? AND identity = ?"

# All by the primary key of ses_identity_policy, or a range of it.
UPSERT_POLICY = """
INSERT INTO ses_identity_policy (account, region, identity, name, policy) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (account, region, identity, name) DO UPDATE SET policy = excluded.policy
"""
SELECT_POLICIES = """
SELECT name, policy FROM ses_identity_policy
WHERE account = ? AND region = ? AND identity = ? ORDER BY name LIMIT ?
"""
DELETE_POLICY = """
DELETE FROM ses_identity_policy WHERE account = ? AND region = ? AND identity = ? AND name = ?
"""
DELETE_POLICIES = """
DELETE FROM ses_identity_policy WHERE account = ? AND region = ? AND identity = ?
"""

# All by the primary key of ses_verification_link.
INSERT_LINK = """
INSERT INTO ses_verification_link
  (token, account, region, identity, expires_at_ms, success_url, failure_url)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
SELECT_LINK = """
SELECT account, region, identity, expires_at_ms, success_url, failure_url
FROM ses_verification_link WHERE token = ?
"""
# Index ses_verification_link_expiry.
DELETE_OLD_LINKS = "DELETE FROM ses_verification_link WHERE expires_at_ms < ?"

# A domain is verified in one or a few accounts; a mail goes to no more than these.
_OWNERS_MAX = 100
# Domains of recipients whose owners are kept in memory: each mail asks for them, and for those
# above. Strangers may name any, so more than these begin anew.
_DOMAINS_MAX = 4_096
# An identity has 20 policies at most.
_POLICIES_MAX = 100


class Dkim(msgspec.Struct, frozen=True):
    """How an identity signs.

    `origin` is AWS_SES (Easy DKIM: `tokens` are the three selectors) or EXTERNAL (the customer's
    own key under `selector`). `status` is a VerificationStatus in the words of the first API.
    `key_length` is RSA_1024_BIT or RSA_2048_BIT, of the current key and of the next one.
    """

    is_enabled: bool = True
    origin: str = "AWS_SES"
    status: str = "NotStarted"
    tokens: tuple[str, ...] = ()
    selector: str = ""
    key_length: str = "RSA_2048_BIT"
    next_key_length: str = "RSA_2048_BIT"
    key_made_at_ms: int = 0


class MailFrom(msgspec.Struct, frozen=True):
    """The custom MAIL FROM domain; without one, `domain` is empty.

    `behavior` is what is done when its MX record is missing: UseDefaultValue or RejectMessage.
    """

    domain: str = ""
    status: str = "Pending"
    behavior: str = "UseDefaultValue"


class Identity(msgspec.Struct, frozen=True):
    """An address or a domain, and how its verification stands.

    `status` is a VerificationStatus in the words of the first API; only `Success` may send. `error`
    is AWS's reason where the last check found none (VerificationInfo.ErrorType).
    """

    identity: str
    type: str  # Domain or EmailAddress
    status: str
    token: str = ""
    created_at_ms: int = 0
    checked_at_ms: int = 0
    verified_at_ms: int = 0
    error: str = ""
    dkim: Dkim = Dkim()
    mail_from: MailFrom = MailFrom()
    configuration_set: str = ""

    @property
    def is_verified(self) -> bool:
        """May it send?"""
        return self.status == "Success"


class DkimKey(msgspec.Struct, frozen=True):
    """What an identity signs with: rsa-sha256 or ed25519-sha256; `public_key` is its `p=`."""

    selector: str
    algorithm: str
    private_key_pem: str
    public_key: str


class VerificationLink(msgspec.Struct, frozen=True):
    """The link in a verification mail, and where it leads on to (empty: nowhere)."""

    token: str
    owner: Owner
    identity: str
    expires_at_ms: int
    success_url: str = ""
    failure_url: str = ""


class IdentityStore:
    """All rows of identities. Reads see what was written before them; writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._owners: dict[str, tuple[Owner, ...]] = {}
        engine.on_rollback(self._owners.clear)

    def owners_of(self, domain: str) -> tuple[Owner, ...]:
        """The accounts and regions that have verified exactly this domain.

        From memory where no identity of this name has changed.
        """
        found = self._owners.get(domain)
        if found is None:
            rows = self.engine.all(SELECT_OWNERS, (domain, _OWNERS_MAX))
            if len(self._owners) >= _DOMAINS_MAX:
                self._owners.clear()
            found = tuple(Owner(str(account), str(region)) for account, region in rows)
            self._owners[domain] = found
        return found

    def put(self, owner: Owner, identity: Identity) -> None:
        """Keep an identity as it is now."""
        self._owners.pop(identity.identity, None)
        key = (owner.account, owner.region, identity.identity)
        facts = msgspec.json.encode(identity)
        self.engine.write(UPSERT_IDENTITY, (*key, identity.type, identity.status, facts))

    def find(self, owner: Owner, identity: str) -> Identity | None:
        """One identity by its name."""
        row = self.engine.one(SELECT_IDENTITY, (owner.account, owner.region, identity))
        return None if row is None else _identity(row)

    def page(self, owner: Owner, after: str, limit: int, *, kind: str = "") -> list[Identity]:
        """Identities in the order of their names, those behind `after`; of one type, or all."""
        if kind:
            values = (owner.account, owner.region, kind, after, limit)
            return [_identity(row) for row in self.engine.all(SELECT_IDENTITIES_OF_TYPE, values)]
        rows = self.engine.all(SELECT_IDENTITIES, (owner.account, owner.region, after, limit))
        return [_identity(row) for row in rows]

    def count(self, owner: Owner) -> int:
        """How many identities the account has in the region."""
        row = self.engine.one(COUNT_IDENTITIES, (owner.account, owner.region))
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]

    def delete(self, owner: Owner, identity: str) -> None:
        """Forget an identity with its key and policies; nothing happens where there is none."""
        self._owners.pop(identity, None)
        key = (owner.account, owner.region, identity)
        with self.engine.atomic():
            self.engine.write(DELETE_POLICIES, key)
            self.engine.write(DELETE_KEY, key)
            self.engine.write(DELETE_IDENTITY, key)

    # ------------------------------------------------------------------ keys

    def put_key(self, owner: Owner, identity: str, key: DkimKey) -> None:
        """The identity signs with this from now on."""
        values = (key.selector, key.algorithm, key.private_key_pem, key.public_key)
        self.engine.write(UPSERT_KEY, (owner.account, owner.region, identity, *values))

    def key(self, owner: Owner, identity: str) -> DkimKey | None:
        """What the identity signs with, None while it has no key."""
        row = self.engine.one(SELECT_KEY, (owner.account, owner.region, identity))
        if row is None:
            return None
        selector, algorithm, private_key, public_key = row
        return DkimKey(str(selector), str(algorithm), str(private_key), str(public_key))

    def delete_key(self, owner: Owner, identity: str) -> None:
        """A new key is made when one is needed."""
        self.engine.write(DELETE_KEY, (owner.account, owner.region, identity))

    # ------------------------------------------------------------------ policies

    def put_policy(self, owner: Owner, identity: str, name: str, policy: str) -> None:
        """Keep a sending authorization policy, in place of one of the same name."""
        self.engine.write(UPSERT_POLICY, (owner.account, owner.region, identity, name, policy))

    def policies(self, owner: Owner, identity: str) -> dict[str, str]:
        """The policies of an identity by their names."""
        key = (owner.account, owner.region, identity, _POLICIES_MAX)
        return {str(name): str(policy) for name, policy in self.engine.all(SELECT_POLICIES, key)}

    def delete_policy(self, owner: Owner, identity: str, name: str) -> None:
        """Forget a policy; nothing happens where there is none."""
        self.engine.write(DELETE_POLICY, (owner.account, owner.region, identity, name))

    # ------------------------------------------------------------------ links

    def add_link(self, link: VerificationLink, now_ms: int) -> None:
        """Keep a link until it expires. Those that have are removed."""
        self.engine.write(DELETE_OLD_LINKS, (now_ms,))
        values = (link.identity, link.expires_at_ms, link.success_url, link.failure_url)
        key = (link.token, link.owner.account, link.owner.region)
        self.engine.write(INSERT_LINK, (*key, *values))

    def link(self, token: str) -> VerificationLink | None:
        """The link of a token, None where there is none."""
        row = self.engine.one(SELECT_LINK, (token,))
        if row is None:
            return None
        account, region, identity, expires_at_ms, success_url, failure_url = row
        assert isinstance(expires_at_ms, int)
        owner = Owner(str(account), str(region))
        urls = (str(success_url), str(failure_url))
        return VerificationLink(token, owner, str(identity), expires_at_ms, *urls)


def _identity(row: Row) -> Identity:
    assert isinstance(row[0], bytes)
    return msgspec.json.decode(row[0], type=Identity)
