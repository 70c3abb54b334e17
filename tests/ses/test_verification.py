"""Identities that have to be proven: by DNS, by the link in a mail, or not in time."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tests.mail.dns_server import DnsServer, running_dns_server

from kamome.services.ses.identities import dkim_keys, verification
from kamome.services.ses.identities.dkim_keys import dns_record, key_of
from kamome.services.ses.identities.verification import Found
from kamome.services.ses.identities.verification_mail import follow_link
from kamome.services.ses.slice import SesSettings
from kamome.services.ses.store import Owner
from kamome.wire import HttpRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.ses.conftest import World

OWNER = Owner("000000000000", "us-east-1")
HOUR_MS = 3_600_000


@pytest.fixture
def settings() -> SesSettings:
    return SesSettings(are_identities_verified_at_once=False)


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with running_dns_server() as server:
        server.ttl_s = 0
        yield server


@pytest.fixture
def name_servers(dns: DnsServer) -> str:
    return dns.setting


async def status(world: World, identity: str) -> str:
    found = await world.call("GetIdentityVerificationAttributes", Identities=[identity])
    return str(found["VerificationAttributes"][identity]["VerificationStatus"])


async def advance(world: World, ms: int) -> None:
    await world.clock.advance(ms)
    await world.settle()


async def test_domain_is_verified_when_its_record_appears(world: World, dns: DnsServer) -> None:
    token = (await world.call("VerifyDomainIdentity", Domain="example.com"))["VerificationToken"]
    await world.settle()

    before = await status(world, "example.com")
    dns.add("_amazonses.example.com", "TXT", token)
    await advance(world, 60_000)

    assert (before, await status(world, "example.com")) == ("Pending", "Success")


async def test_domain_without_its_record_fails_after_72_hours(world: World) -> None:
    await world.call("VerifyDomainIdentity", Domain="example.com")

    await advance(world, 71 * HOUR_MS)
    before = await status(world, "example.com")
    await advance(world, 2 * HOUR_MS)

    assert (before, await status(world, "example.com")) == ("Pending", "Failed")


async def test_dkim_that_was_not_found_in_time_is_looked_for_again(
    world: World, dns: DnsServer
) -> None:
    tokens = (await world.call("VerifyDomainDkim", Domain="example.com"))["DkimTokens"]
    await advance(world, 73 * HOUR_MS)
    failed = await world.call("GetIdentityDkimAttributes", Identities=["example.com"])

    identity = world.ses.identities.find(OWNER, "example.com")
    assert identity is not None
    key = await key_of(world.ses, OWNER, identity)
    assert key is not None
    name, value = dns_record(identity, key)
    dns.add(name, "TXT", value)
    again = (await world.call("VerifyDomainDkim", Domain="example.com"))["DkimTokens"]
    await world.settle()
    found = await world.call("GetIdentityDkimAttributes", Identities=["example.com"])

    states = [
        each["DkimAttributes"]["example.com"]["DkimVerificationStatus"] for each in (failed, found)
    ]
    assert states == ["Failed", "Success"]
    assert again == tokens


async def test_domain_is_verified_by_its_dkim_key(world: World, dns: DnsServer) -> None:
    await world.call_v2("CreateEmailIdentity", EmailIdentity="example.com")
    identity = world.ses.identities.find(OWNER, "example.com")
    assert identity is not None
    key = await key_of(world.ses, OWNER, identity)
    assert key is not None
    await advance(world, 60_000)
    before = await world.call_v2("GetEmailIdentity", EmailIdentity="example.com")

    name, value = dns_record(identity, key)
    alias = name.replace("._domainkey.example.com", ".dkim.example.net")
    dns.add(name, "CNAME", f"{alias}.")
    dns.add(alias, "TXT", value)
    await advance(world, 60_000)
    after = await world.call_v2("GetEmailIdentity", EmailIdentity="example.com")

    assert before["DkimAttributes"]["Status"] == "PENDING"
    assert before["VerificationInfo"]["ErrorType"] == "HOST_NOT_FOUND"
    assert after["DkimAttributes"]["Status"] == "SUCCESS"
    assert after["VerifiedForSendingStatus"] is True


async def test_mail_from_domain_needs_its_mail_exchanger(world: World, dns: DnsServer) -> None:
    await world.call("VerifyDomainIdentity", Domain="example.com")
    await world.call(
        "SetIdentityMailFromDomain", Identity="example.com", MailFromDomain="bounce.example.com"
    )
    await world.settle()
    ask = "GetIdentityMailFromDomainAttributes"
    before = await world.call(ask, Identities=["example.com"])

    dns.add("bounce.example.com", "MX", "10 feedback-smtp.us-east-1.amazonses.com.")
    await advance(world, 60_000)
    after = await world.call(ask, Identities=["example.com"])

    states = [
        each["MailFromDomainAttributes"]["example.com"]["MailFromDomainStatus"]
        for each in (before, after)
    ]
    assert states == ["Pending", "Success"]


async def mail_from(world: World, domain: str = "") -> str:
    """The state of the MAIL FROM domain, which is set before if one is given."""
    if domain:
        await world.call("SetIdentityMailFromDomain", Identity="example.com", MailFromDomain=domain)
    found = await world.call("GetIdentityMailFromDomainAttributes", Identities=["example.com"])
    return str(found["MailFromDomainAttributes"]["example.com"]["MailFromDomainStatus"])


async def test_mail_from_domain_has_72_hours_of_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look(*_: object) -> Found:
        return Found("HOST_NOT_FOUND")

    monkeypatch.setattr(verification, "_look", look)
    await world.call("VerifyDomainIdentity", Domain="example.com")
    await mail_from(world, "first.example.com")
    await advance(world, 71 * HOUR_MS)
    await mail_from(world, "second.example.com")

    await advance(world, 2 * HOUR_MS)
    before = await mail_from(world)
    await advance(world, 71 * HOUR_MS)

    assert (before, await mail_from(world)) == ("Pending", "Failed")


async def test_records_of_the_domain_before_prove_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [Found(""), Found("HOST_NOT_FOUND")]

    async def look(*_: object) -> Found:
        """The first answer comes when another domain is wanted already."""
        if len(answers) == 2:
            await mail_from(world, "second.example.com")
        return answers.pop(0)

    await world.call("VerifyDomainIdentity", Domain="example.com")
    await world.settle()
    monkeypatch.setattr(verification, "_look", look)

    await mail_from(world, "first.example.com")
    await world.settle()

    assert (await mail_from(world), answers) == ("Pending", [])


async def test_domain_that_waits_for_its_dkim_keys_can_be_proven_by_its_token(
    world: World, dns: DnsServer
) -> None:
    await world.call("VerifyDomainDkim", Domain="example.com")
    token = (await world.call("VerifyDomainIdentity", Domain="example.com"))["VerificationToken"]
    dns.add("_amazonses.example.com", "TXT", token)

    await advance(world, 60_000)

    assert await status(world, "example.com") == "Success"


async def test_key_has_the_length_that_is_wanted_when_it_is_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def make(_: object, bits: int) -> tuple[str, str]:
        """While a key of 2,048 bits is made, one of 1,024 is asked for."""
        if bits == 2048:
            await world.call_v2(
                "PutEmailIdentityDkimSigningAttributes",
                EmailIdentity="example.com",
                SigningAttributesOrigin="AWS_SES",
                SigningAttributes={"NextSigningKeyLength": "RSA_1024_BIT"},
            )
        return f"{bits} bits", "public"

    await world.call_v2("CreateEmailIdentity", EmailIdentity="example.com")
    monkeypatch.setattr(dkim_keys, "asyncio", SimpleNamespace(to_thread=make))
    identity = world.ses.identities.find(OWNER, "example.com")
    assert identity is not None

    key = await key_of(world.ses, OWNER, identity)

    assert key is not None
    assert key.private_key_pem == "1024 bits"
    assert world.ses.identities.key(OWNER, "example.com") == key


async def without_mail_exchanger(world: World, dns: DnsServer, behavior: str) -> dict[str, Any]:
    """A verified domain whose MAIL FROM domain has no MX record; a mail of it."""
    token = (await world.call("VerifyDomainIdentity", Domain="example.com"))["VerificationToken"]
    dns.add("_amazonses.example.com", "TXT", token)
    await advance(world, 60_000)
    await world.call(
        "SetIdentityMailFromDomain",
        Identity="example.com",
        MailFromDomain="bounce.example.com",
        BehaviorOnMXFailure=behavior,
    )
    return {
        "Source": "news@example.com",
        "Destination": {"ToAddresses": ["a@example.net"]},
        "Message": {"Subject": {"Data": "hi"}, "Body": {"Text": {"Data": "hello"}}},
    }


async def test_mail_goes_by_the_default_domain_where_the_exchanger_is_missing(
    world: World, dns: DnsServer
) -> None:
    mail = await without_mail_exchanger(world, dns, "UseDefaultValue")

    await world.call("SendEmail", **mail)

    assert world.neighbours.spooled[-1].reverse_path.endswith("@amazonses.com")


async def test_mail_is_refused_where_the_exchanger_is_missing_and_must_not(
    world: World, dns: DnsServer
) -> None:
    mail = await without_mail_exchanger(world, dns, "RejectMessage")

    refused = await world.refused("SendEmail", **mail)

    assert type(refused).__name__ == "MailFromDomainNotVerifiedException"
    assert world.neighbours.spooled == []


async def link_of(world: World, address: str) -> str:
    """The link in the mail that was sent to an address last."""
    mail = world.neighbours.spooled[-1]
    assert mail.recipients == (address,)
    content = await world.ses.sent.content(mail.mail_id)
    assert content is not None
    found = re.search(rb"http://\S+(/_kamome/ses/verify/[0-9a-f]+)", content)
    assert found is not None
    return found[1].decode()


async def follow(world: World, link: str) -> int:
    request = HttpRequest(method="GET", raw_path=link, raw_query="", headers=[])
    return (await follow_link(world.ses, request)).status


async def test_address_is_verified_by_the_link_in_its_mail(world: World) -> None:
    await world.call("VerifyEmailIdentity", EmailAddress="user@example.com")
    before = await status(world, "user@example.com")

    answered = await follow(world, await link_of(world, "user@example.com"))

    assert before == "Pending"
    assert answered == 200
    assert await status(world, "user@example.com") == "Success"


async def test_link_holds_for_a_day(world: World) -> None:
    await world.call_v2("CreateEmailIdentity", EmailIdentity="user@example.com")
    link = await link_of(world, "user@example.com")

    await advance(world, 24 * HOUR_MS)

    assert await follow(world, link) == 404
    assert await status(world, "user@example.com") == "Pending"


async def test_link_that_was_never_sent_verifies_nothing(world: World) -> None:
    assert await follow(world, "/_kamome/ses/verify/0123") == 404
