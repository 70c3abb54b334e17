"""How an identity becomes verified: at once, by DNS, or by the link in a mail.

In the mode of development an identity is verified the moment it is asked for. Otherwise a domain
waits for its TXT record or for its DKIM keys, and an address for a click, as at AWS. DNS is asked
on the server's clock: each minute for an hour, then every quarter of an hour, for 72 hours.

A domain's DKIM is there when its public key is found at the first token's name, directly or by the
CNAME that AWS asks for: receivers will look for just that.

AWS: SES Developer Guide, Verifying a DKIM domain identity with your DNS provider; Troubleshooting
identity verification (72 hours).
"""

from __future__ import annotations

import msgspec

from kamome.mail.dns import NameNotFound, NameServerFailed
from kamome.services.ses.identities.dkim_keys import key_of
from kamome.services.ses.identities.identity_store import Dkim, Identity, MailFrom
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.storage.outbox import Entry

OUTBOX_KIND = "ses.verification"
# Links in verification mails; a token follows.
LINK_PATH = "/_kamome/ses/verify/"
DOMAIN = "domain"
DKIM = "dkim"
MAIL_FROM = "mail_from"
# AWS: SES Developer Guide, Verifying a DKIM domain identity: up to 72 hours.
_GIVEN_UP_AFTER_MS = 72 * 3_600_000
_OFTEN_FOR_MS = 3_600_000
_OFTEN_MS = 60_000
_SELDOM_MS = 15 * 60_000


class Found(msgspec.Struct, frozen=True):
    """What one look into the DNS has shown; `error` is AWS's VerificationError, empty if found."""

    error: str

    @property
    def is_found(self) -> bool:
        """Is the record there?"""
        return not self.error


def first_status(ses: Ses) -> str:
    """The status of what has just been asked for.

    AWS: SES API Reference, IdentityVerificationAttributes.
    """
    return "Success" if ses.settings.are_identities_verified_at_once else "Pending"


def look_for(ses: Ses, owner: Owner, identity: Identity, aspect: str) -> None:
    """Begin to look for the records of a domain, as part of the caller's step.

    What is looked for goes along: once the identity wants something else, this search is over, and
    neither its result nor its end is the other's.

    Nothing happens where identities are verified at once.
    """
    if ses.settings.are_identities_verified_at_once:
        return
    now_ms = ses.clock.now_ms()
    payload = {
        "account": owner.account,
        "region": owner.region,
        "identity": identity.identity,
        "aspect": aspect,
        "wanted": _wanted(identity, aspect),
        "until_ms": now_ms + _GIVEN_UP_AFTER_MS,
        "began_ms": now_ms,
    }
    ses.outbox.put(OUTBOX_KIND, payload)


async def work_verification(ses: Ses, entry: Entry) -> None:
    """Look once, record what was found, and plan the next look where it is still missing."""
    payload = entry.payload
    owner = Owner(str(payload["account"]), str(payload["region"]))
    aspect = str(payload["aspect"])
    identity = ses.identities.find(owner, str(payload["identity"]))
    found: Found | None = None
    if identity is not None and _wanted(identity, aspect) == payload["wanted"]:
        found = await _look(ses, owner, identity, aspect)
    now_ms = ses.clock.now_ms()
    until_ms, began_ms = payload["until_ms"], payload["began_ms"]
    assert isinstance(until_ms, int)
    assert isinstance(began_ms, int)
    with ses.store.engine.atomic():
        ses.outbox.done(entry)
        current = ses.identities.find(owner, str(payload["identity"]))
        if current is None or found is None or not _is_waiting(current, aspect):
            return
        if _wanted(current, aspect) != payload["wanted"]:
            return
        is_over = not found.is_found and now_ms >= until_ms
        ses.identities.put(owner, _recorded(current, aspect, found, now_ms, is_over=is_over))
        if not found.is_found and not is_over:
            delay_ms = _OFTEN_MS if now_ms - began_ms < _OFTEN_FOR_MS else _SELDOM_MS
            ses.outbox.put(OUTBOX_KIND, payload, at_ms=now_ms + delay_ms)


def verified(identity: Identity, now_ms: int) -> Identity:
    """The identity once it is proven.

    AWS: SES API v2 Reference, VerificationInfo.
    """
    return msgspec.structs.replace(
        identity, status="Success", error="", checked_at_ms=now_ms, verified_at_ms=now_ms
    )


def expected_txt(identity: Identity) -> tuple[str, str]:
    """Name and value of the TXT record that proves a domain.

    AWS: SES API Reference, VerifyDomainIdentity.
    """
    return f"_amazonses.{identity.identity}", identity.token


def expected_dkim_name(identity: Identity) -> str:
    """Where receivers look for the public key of a domain.

    RFC 6376 §3.6.2.1.
    """
    selector = identity.dkim.selector or next(iter(identity.dkim.tokens), "")
    return f"{selector}._domainkey.{identity.identity}"


def expected_mx(region: str) -> str:
    """The mail exchanger of a custom MAIL FROM domain.

    AWS: SES Developer Guide, Using a custom MAIL FROM domain.
    """
    return f"feedback-smtp.{region}.amazonses.com"


def _wanted(identity: Identity, aspect: str) -> str:
    """What tells the records that an identity waits for from those that it waited for before."""
    if aspect == DOMAIN:
        return identity.token
    if aspect == MAIL_FROM:
        return identity.mail_from.domain
    dkim = identity.dkim
    return " ".join((str(dkim.key_made_at_ms), dkim.selector, *dkim.tokens))


async def _look(ses: Ses, owner: Owner, identity: Identity, aspect: str) -> Found:
    try:
        if aspect == DOMAIN:
            name, value = expected_txt(identity)
            return _among(value, await ses.ports.resolver.txt(name))
        if aspect == DKIM:
            key = await key_of(ses, owner, identity)
            records = await ses.ports.resolver.txt(expected_dkim_name(identity))
            return _key_among(key.public_key if key else "", records)
        hosts = [host for _, host in await ses.ports.resolver.mx(identity.mail_from.domain)]
        wanted = {expected_mx(owner.region), ses.settings.mail_hostname.lower()}
        return Found("" if any(host.lower() in wanted for host in hosts) else "INVALID_VALUE")
    except NameNotFound as missing:
        return Found("TYPE_NOT_FOUND" if missing.exists else "HOST_NOT_FOUND")
    except NameServerFailed:
        return Found("DNS_SERVER_ERROR")


def _among(value: str, records: list[str]) -> Found:
    return Found("" if value in records else "INVALID_VALUE")


def _key_among(public_key: str, records: list[str]) -> Found:
    keys = [_tag_p(record) for record in records]
    return Found("" if public_key and public_key in keys else "INVALID_VALUE")


def _tag_p(record: str) -> str:
    """The key in a DKIM record. RFC 6376 §3.6.1."""
    for tag in record.split(";"):
        name, _, value = tag.partition("=")
        if name.strip() == "p":
            return "".join(value.split())
    return ""


def _is_waiting(identity: Identity, aspect: str) -> bool:
    if aspect == DOMAIN:
        return identity.status == "Pending"
    if aspect == DKIM:
        return identity.dkim.status == "Pending"
    return bool(identity.mail_from.domain) and identity.mail_from.status == "Pending"


def _recorded(
    identity: Identity, aspect: str, found: Found, now_ms: int, *, is_over: bool
) -> Identity:
    status = "Success" if found.is_found else "Failed" if is_over else "Pending"
    checked = msgspec.structs.replace(identity, checked_at_ms=now_ms, error=found.error)
    if aspect == MAIL_FROM:
        mail_from: MailFrom = msgspec.structs.replace(identity.mail_from, status=status)
        return msgspec.structs.replace(checked, mail_from=mail_from)
    if aspect == DKIM:
        dkim: Dkim = msgspec.structs.replace(identity.dkim, status=status)
        checked = msgspec.structs.replace(checked, dkim=dkim)
    if found.is_found:
        return verified(checked, now_ms)
    if aspect == DOMAIN or (is_over and identity.status == "Pending"):
        return msgspec.structs.replace(checked, status=status)
    return checked
